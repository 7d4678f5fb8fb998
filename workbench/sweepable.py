"""What of a document can be swept: its parameters in words, each with a range."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.spec.experiment import ExperimentSpec
from core.spec.fields import FieldInfo, Spec
from core.spec.network import LISpec, Value
from core.sweep import Axis, Path, label
from core.units import display_unit

#: Settings of the run and of the chip that are worth a sweep.
_RUN = ("runtime", "dt", "synapse_dac_bias")
_CHIP = ("mismatch", "noise")
#: Numbers of a population that are nothing to sweep.
_COUNTS = ("size", "first_circuit")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a document.

    :param words: what it is called: population and name
    :param unit: in which it is shown; ``""`` for plain numbers
    :param size: of that unit, in the unit of the document
    :param value: now, mean over neurons or weights, in the unit of the document
    """

    path: Path
    words: str
    unit: str
    size: float
    value: float
    low: float | None
    high: float | None
    whole: bool

    @property
    def label(self) -> str:
        """Words and unit, for an axis."""
        unit = {"model": "model units"}.get(self.unit, self.unit)
        return f"{self.words} ({unit})" if unit else self.words

    def range(self) -> tuple[float, float]:
        """Return a range around the value, in what is shown, within its bounds."""
        value = self.value
        low, high = (0.5 * value, 1.5 * value) if value > 0 else (0.0, 1.0)
        if value < 0:
            low, high = 1.5 * value, 0.5 * value
        low = low if self.low is None else max(low, self.low)
        high = high if self.high is None else min(high, self.high)
        return float(f"{low / self.size:.4g}"), float(f"{high / self.size:.4g}")

    def axis(self, low: float, high: float, count: int) -> Axis:
        """Return an axis of evenly spaced values; ``low`` and ``high`` as shown."""
        values = np.linspace(low, high, count) * self.size
        return Axis(self.path, np.unique(np.rint(values)) if self.whole else values)


def sweepable(spec: ExperimentSpec) -> dict[str, Parameter]:
    """Return the parameters by their words, populations first."""
    found: dict[str, Parameter] = {}
    network = spec.network
    parts: list[tuple[str, Spec, tuple[str, ...] | None]] = [
        *((p.name, p, None) for p in network.populations if isinstance(p, LISpec)),
        *((p.name, p, ("weights", "weight_scale")) for p in network.projections),
        *((s.population, s, None) for s in spec.stimuli),
        ("run", spec.run, _RUN),
        ("chip", spec.chip, _CHIP),
    ]
    for head, part, names in parts:
        for name, info in part.infos().items():
            value = _number(getattr(part, name), info, name)
            if value is None or (names is not None and name not in names):
                continue
            path = (head, name)
            unit, size = display_unit(info.unit)
            words = label(spec, Axis(path, [0.0]))
            if name == "weights":
                unit = "model"
            made = Parameter(
                path, words, unit, size, value, info.low, info.high, bool(info.whole)
            )
            found.setdefault(words, made)
    return found


def _number(value: Any, info: FieldInfo, name: str) -> float | None:
    """Return a value as one number; None if it has none to sweep."""
    if isinstance(value, Value):
        return float(np.mean(value.model))
    if name == "weights":
        return float(np.mean(value)) if np.size(value) else 0.0
    if name in _COUNTS or isinstance(value, bool | str | Spec) or value is None:
        return None
    numeric = isinstance(value, int | float | np.ndarray)
    return float(np.mean(value)) if numeric and info.low is not None else None
