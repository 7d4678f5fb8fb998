"""The CapMem codes that the last run on the chip gave the circuits of a population."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.chip.characterisation import Curve
from core.chip.curve_store import known
from core.chip.results import Execution
from core.spec.chip import TYPICAL, ChipSpec


@dataclass(frozen=True)
class Codes:
    """Codes and the targets that they were found for, by the name of the parameter.

    :ivar codes: shape (neurons,), or (2, neurons) for the two synaptic inputs
    :ivar targets: same shapes, LSB or s
    :ivar terms: codes of adaptation and exponential onset, by a typical circuit
    :ivar curves: of these circuits, if the chip is characterised
    """

    codes: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    targets: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    terms: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    curves: dict[str, Curve] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return median and range of the codes, ``"–"`` if there are none."""
        found = self.codes.get(name)
        if found is None or not found.size:
            return "–"
        return " / ".join(_summary(line) for line in np.atleast_2d(found))

    def median(self, name: str) -> int | None:
        """Return the median of the codes."""
        found = self.codes.get(name)
        return None if found is None or not found.size else int(np.median(found))

    def fits(self, name: str, wanted: Any) -> bool:
        """Return whether the codes were found for the target ``wanted``."""
        target = self.targets.get(name)
        if target is None or np.shape(wanted) not in ((), target.shape[-1:]):
            return False
        return bool(np.allclose(target, wanted, rtol=1e-6, atol=0, equal_nan=True))


def _summary(codes: NDArray[np.int64]) -> str:
    low, high = codes.min(), codes.max()
    middle = f"{np.median(codes):.0f}"
    return middle if low == high else f"{middle} ({low}–{high})"


def codes_of(
    execution: Execution | None, population: str, chip: ChipSpec = TYPICAL
) -> Codes:
    """Return the codes of ``population`` in ``execution``; none if it is not there.

    :param chip: of the document: whose curves are shown
    """
    if execution is None or execution.calibration is None:
        return Codes()
    placement, found = execution.placement, execution.calibration
    if placement is None or population not in placement.circuits:
        return Codes()
    circuits = placement.circuits[population]
    measured = known(chip)
    curves = {} if measured is None else measured.curves
    codes = {name: c[..., circuits] for name, c in found.codes.items()}
    return Codes(
        {name: c for name, c in codes.items() if (c >= 0).all()},
        {name: t[..., circuits] for name, t in found.target.items()},
        curves={name: curve.at(circuits) for name, curve in curves.items()},
    )
