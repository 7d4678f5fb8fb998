"""One line of a form: label, bounds, unit, value, its scales, and how it is edited."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.spec.experiment import ExperimentSpec
from core.spec.fields import FieldInfo
from core.spec.network import PopulationSpec
from core.units import display_unit
from workbench.forms.calibration_curve import CalibrationCurve

#: No number that a person types is larger.
LARGEST = 1e308
#: Bars of the small histogram of values of single neurons.
BARS = 12

#: Puts what was edited into a document.
Put = Callable[[ExperimentSpec, Any], ExperimentSpec]


@dataclass(frozen=True)
class Scale:
    """A value on one of its scales.

    :param name: ``"model"``, ``"LSB"`` or ``"code"``
    :param text: the value and its unit, as short as can be
    :param chosen: whether this is the one that is edited
    :param open: whether it can be chosen
    :param old: whether it belongs to an earlier value
    """

    name: str
    text: str
    help: str
    chosen: bool = False
    open: bool = False
    old: bool = False


@dataclass(frozen=True)
class Each:
    """Numbers of single neurons, in display units.

    :param values: one for each neuron; empty if one number is for all
    :param text: what they are, in words
    :param bars: heights of a histogram between the smallest and the largest
    """

    size: int
    values: tuple[float, ...] = ()
    text: str = ""
    bars: tuple[int, ...] = ()

    @classmethod
    def of(cls, size: int, value: Any, unit: str = "") -> "Each":
        """Return what a line says about ``value``: a number, or shape (size,)."""
        if not np.ndim(value) or not np.size(value):
            return cls(size)
        numbers: NDArray[np.float64] = np.asarray(value, np.float64)
        ends = f"{numbers.min():.4g} to {numbers.max():.4g}"
        return cls(
            size,
            tuple(float(f"{v:.9g}") for v in numbers),
            f"mean {numbers.mean():.4g} ({ends}) {unit}".strip(),
            tuple(int(n) for n in np.histogram(numbers, BARS)[0]),
        )


@dataclass(frozen=True)
class Line:
    """One line of a form, in display units.

    :param id: unique within the form
    :param value: number, text or switch; of values of single neurons their mean
    :param default: what reset returns to; None: there is no reset
    :param also: what else there is to say about the value
    :param reach: the part of the range that the chip can reach, or None for all
    :param choices: if given, the values to choose from
    :param scales: the value on all its scales, if it has several
    :param each: given where each neuron may have a number of its own
    :param curve: what codes of it do, where that was measured
    :param mixed: whether it stands for several things whose values differ
    :param seed: whether it is a seed, which can be drawn anew
    :param put: puts an edited value into a document
    :param acts: other things to do, by name; what browsers send is checked by them
    """

    id: str
    label: str
    value: Any
    put: Put
    group: str = ""
    unit: str = ""
    low: float = 0.0
    high: float = 1.0
    step: float = 1.0
    default: Any = None
    also: str = ""
    help: str = ""
    reach: tuple[float, float] | None = None
    choices: tuple[str, ...] = ()
    problem: str = ""
    scales: tuple[Scale, ...] = ()
    each: Each | None = None
    curve: CalibrationCurve | None = None
    seed: bool = False
    mixed: bool = False
    acts: Mapping[str, Put] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What control it is: ``number``, ``text``, ``choice`` or ``switch``."""
        if isinstance(self.value, bool):
            return "switch"
        if isinstance(self.value, str):
            return "choice" if self.choices else "text"
        return "number"

    def accepts(self, value: Any) -> bool:
        """Return whether ``value``, which a browser sent, is of the right kind."""
        if self.kind == "switch":
            return isinstance(value, bool)
        if self.kind != "number":
            return isinstance(value, str) and value in (self.choices or (value,))
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return abs(value) < LARGEST  # false for NaN, too

    def shown(self) -> dict[str, Any]:
        """Return what the browser needs."""
        shown = {k: v for k, v in vars(self).items() if k not in ("put", "acts")}
        shown["kind"] = self.kind
        shown["scales"] = [vars(scale) for scale in self.scales]
        for name in ("each", "curve"):
            part = getattr(self, name)
            shown[name] = None if part is None else vars(part)
        return shown


def blank(population: PopulationSpec) -> Any:
    """Return a population of the same kind with all defaults."""
    kind: Any = type(population)  # mypy takes the hash of its instances for its own
    return _blank(kind)


@cache
def _blank(kind: type[PopulationSpec]) -> PopulationSpec:
    return kind("")


def number_line(
    name: str, info: FieldInfo, value: Any, default: Any, put: Put, **more: Any
) -> Line:
    """Return the line of a number, or of one for each neuron (then it has `Each`).

    :param put: takes a number, or one for each neuron, in the units of ``info``
    """
    unit, size = display_unit(info.unit)
    whole = bool(info.whole)

    def scaled(number: Any) -> float:
        return 0.0 if number is None else round(float(np.mean(number)) / size, 9)

    def put_scaled(spec: ExperimentSpec, shown: Any) -> ExperimentSpec:
        if np.ndim(shown):
            return put(spec, np.asarray(shown, float) * size)
        return put(spec, round(shown) if whole else float(shown) * size)

    several = bool(np.ndim(value))
    return Line(
        id=name,
        label=info.label or name.split(".")[-1].replace("_", " "),
        value=value if whole and not several else scaled(value),
        put=put_scaled,
        group=more.pop("group", info.group),
        unit={"model": "", "code": "code"}.get(unit, unit),
        low=scaled(info.low),
        high=scaled(info.high),
        step=scaled(info.step) or _hundredth(info),
        default=None if default is None else scaled(default),
        help=more.pop("help", info.doc),
        seed=name.split(".")[-1] == "seed",
        **more,
    )


def _hundredth(info: FieldInfo) -> float:
    """Return the step of a field that declares none: a hundredth of its range."""
    if info.whole or info.low is None or info.high is None:
        return 1.0
    return round((info.high - info.low) / display_unit(info.unit)[1] / 100, 9)


def switch_line(
    name: str, info: FieldInfo, value: bool, put: Put, *, default: bool | None = None
) -> Line:
    """Return the line of something that is on or off."""
    return Line(
        name,
        info.label or name.split(".")[-1].replace("_", " "),
        value,
        put,
        info.group,
        default=default,
        help=info.doc,
    )
