"""Measured data of one population, step by step beside its input."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from core.errors import HXError, ShapeError

_PARTS = ("voltage", "adaptation", "spikes")
_ABSENT = object()


class MeasuredDataError(HXError, TypeError):
    """What was given as measured data is something else."""


@dataclass(frozen=True)
class Measured:
    """What the chip recorded of a population; None is what it did not record.

    :param voltage: membranes, shape (time, batch, neurons), model units
    :param adaptation: adaptation currents, same shape, model units
    :param spikes: same shape, 0 or 1
    :param voltage_madc: samples of the MADC, passed through
    :param adaptation_madc: the same of the adaptation
    """

    voltage: Tensor | None = None
    adaptation: Tensor | None = None
    spikes: Tensor | None = None
    voltage_madc: Any = None
    adaptation_madc: Any = None

    @classmethod
    def of(cls, hw_data: Any) -> "Measured":
        """Return the parts of a handle with ``voltage``, ``adaptation``, ``spikes``.

        :param hw_data: the handle, each part may be None; None is nothing measured.
            The first two have ``cadc`` and ``madc``
        :raises MeasuredDataError: if it is something else

        >>> Measured.of(None).spikes is None
        True
        """
        if hw_data is None:
            return cls()
        parts = [getattr(hw_data, name, _ABSENT) for name in _PARTS]
        if all(part is _ABSENT for part in parts):
            raise _wrong(f"is a {type(hw_data).__name__}")
        voltage, adaptation, spikes = (None if p is _ABSENT else p for p in parts)
        return cls(
            voltage=_tensor("voltage.cadc", _trace("voltage", voltage, "cadc")),
            adaptation=_tensor(
                "adaptation.cadc", _trace("adaptation", adaptation, "cadc")
            ),
            spikes=_tensor("spikes", spikes),
            voltage_madc=_trace("voltage", voltage, "madc"),
            adaptation_madc=_trace("adaptation", adaptation, "madc"),
        )

    def length(self, input: Tensor) -> int:
        """Return for how many steps there is input and all that was measured.

        :param input: shape (time, batch, neurons)
        :raises ShapeError: if batch size or number of neurons differ
        """
        parts = [p for p in self.parts() if p is not None]
        for part in parts:
            if part.shape[1:] != input.shape[1:]:
                raise ShapeError(
                    "measured data",
                    f"has shape {tuple(part.shape)}, the input {tuple(input.shape)}.",
                    "Give both the same batch entries and neurons.",
                )
        return min([len(input), *(len(part) for part in parts)])

    def steps(self, input: Tensor) -> Iterator[tuple[Tensor, Any, Any, Any]]:
        """Yield input, membrane, adaptation and spikes of each step."""
        length = self.length(input)
        return zip(
            input[:length].unbind(0),
            *(
                [None] * length if p is None else p[:length].unbind(0)
                for p in self.parts()
            ),
            strict=True,
        )

    def parts(self) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """Return membrane, adaptation and spikes."""
        return self.voltage, self.adaptation, self.spikes


def _trace(name: str, recorded: Any, converter: str) -> Any:
    if recorded is None:
        return None
    if not hasattr(recorded, "cadc") and not hasattr(recorded, "madc"):
        raise _wrong(f"has {name} of type {type(recorded).__name__}")
    return getattr(recorded, converter, None)


def _tensor(name: str, data: Any) -> Tensor | None:
    if data is None or isinstance(data, Tensor):
        return data
    raise _wrong(f"has {name} of type {type(data).__name__}")


def _wrong(what: str) -> MeasuredDataError:
    return MeasuredDataError(
        "measured data",
        f"{what}.",
        "Give an object with voltage, adaptation (each with cadc and madc) and "
        "spikes; each is a tensor or None.",
    )
