"""Errors and problems: where, what, and how to fix it.

A `Problem` is the one shape of a complaint. An exception carries problems, and the
page shows the same problems as badges, so a user reads the same words everywhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class Problem:
    """What is wrong, where, and how to fix it.

    :param where: the thing that has the problem, e.g. ``"population 'hidden'"``
    :param what: one sentence that states the fact
    :param fix: one sentence that says what to do
    :param severity: ``"error"`` stops a run, ``"note"`` informs
    :param subject: name of the population, projection or setting that it belongs to
    :param parameter: name of the field of the subject
    """

    where: str
    what: str
    fix: str = ""
    severity: str = "error"
    subject: str = ""
    parameter: str = ""

    @property
    def is_error(self) -> bool:
        """Whether it stops a run."""
        return self.severity == "error"

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}"
        return f"{text} {self.fix}" if self.fix else text


class HXError(Exception):
    """Base of all errors of this package; carries one or more problems."""

    def __init__(self, where: str, what: str = "", fix: str = "") -> None:
        self.problems: tuple[Problem, ...] = (Problem(where, what, fix),)
        super().__init__(str(self.problems[0]) if what else where)

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> "HXError":
        """Return one error that lists all ``problems``."""
        problems = tuple(problems)
        error = cls("\n".join(str(problem) for problem in problems))
        error.problems = problems
        return error


class ParameterError(HXError, ValueError):
    """A value is out of range or of the wrong kind."""


class ShapeError(HXError, ValueError):
    """Tensors or sizes do not fit together."""


class NetworkError(HXError, ValueError):
    """A network cannot be built."""


class PlacementError(HXError, RuntimeError):
    """The populations do not fit the neuron circuits of the chip."""


class RoutingError(HXError, RuntimeError):
    """The network does not fit the routing resources of the chip."""


class CalibrationError(HXError, RuntimeError):
    """A calibration target cannot be reached at all."""


class RecordingError(HXError, RuntimeError, ValueError):
    """The chip cannot record what was asked for."""


class SharedValueError(HXError, AttributeError):
    """Populations differ in a value that the chip has only once."""


class ConversionError(HXError, ValueError):
    """A NIR or JSON document cannot be read or written."""


class NotEmulatedError(HXError, NotImplementedError):
    """The real hardware has it, the emulator has not."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the nearest of ``known``, else ``""``."""
    near = get_close_matches(name, list(known), n=1)
    return f" Did you mean '{near[0]}'?" if near else ""
