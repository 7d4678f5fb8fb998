"""What weights lose when they become whole numbers −63…63 on the chip.

A model weight times ``weight_scale`` is rounded and saturated::

    lsb     = clip(round(weight · scale), −63, 63)
    error   = lsb / scale − weight              model units
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.on_chip import weight_scale
from core.spec.experiment import ExperimentSpec
from core.spec.network import ProjectionSpec
from core.units import WEIGHT_MAX


@dataclass(frozen=True)
class Rounding:
    """What one projection loses.

    :param weights: number of weights
    :param clipped: weights cut off at 63 LSB
    :param vanished: weights that are not 0 and became 0
    :param error: root mean square of the error, in weight LSB
    :param relative: the same, relative to the root mean square of the weights
    :param levels: how many of the 127 weight values are in use
    :param fit: weight scale at which the largest weight is just held; None if all are 0
    """

    projection: str
    weights: int
    clipped: int
    vanished: int
    error: float
    relative: float
    levels: int
    fit: float | None

    @property
    def worth_a_fix(self) -> bool:
        """Whether ``fit`` would lose less: weights are clipped or resolved poorly."""
        return self.clipped > 0 or (self.fit is not None and self.relative > 0.1)


def chip_weights(projection: ProjectionSpec, spec: ExperimentSpec) -> NDArray[np.int64]:
    """Return the weights as the chip gets them, shape (target, source), −63…63."""
    lsb = wanted(projection, spec)
    away = np.sign(lsb) * np.floor(np.abs(lsb) + 0.5)  # halves, as a run rounds them
    kept: NDArray[np.int64] = np.clip(away, -WEIGHT_MAX, WEIGHT_MAX).astype(np.int64)
    return kept


def rounding(projection: ProjectionSpec, spec: ExperimentSpec) -> Rounding:
    """Return what the weights of ``projection`` lose on the chip."""
    lsb, kept = wanted(projection, spec), chip_weights(projection, spec)
    size = float(np.sqrt(np.mean(lsb**2))) if lsb.size else 0.0
    error = float(np.sqrt(np.mean((kept - lsb) ** 2))) if lsb.size else 0.0
    return Rounding(
        projection.name,
        lsb.size,
        clipped=clipped(lsb),
        vanished=int(((kept == 0) & (lsb != 0)).sum()),
        error=error,
        relative=error / size if size else 0.0,
        levels=len(np.unique(kept)),
        fit=fitting_scale(projection, lsb),
    )


def clipped(lsb: NDArray[Any]) -> int:
    """Return how many weights are cut off; half an LSB above is rounded down."""
    return int((np.abs(lsb) > WEIGHT_MAX + 0.5).sum())


def fitting_scale(projection: ProjectionSpec, lsb: NDArray[Any]) -> float | None:
    """Return the largest weight scale that holds all weights, None if all are 0.

    :param lsb: what the weights want to be, LSB
    """
    largest = float(np.abs(lsb).max(initial=0.0))
    return projection.weight_scale * WEIGHT_MAX / largest if largest else None


def roundings(spec: ExperimentSpec) -> tuple[Rounding, ...]:
    """Return what each projection of ``spec`` loses, if its weights are numbers."""
    known = {p.name for p in spec.network.populations}
    return tuple(
        rounding(p, spec)
        for p in spec.network.projections
        if np.isfinite(p.weights).all() and p.target in known
    )


def wanted(projection: ProjectionSpec, spec: ExperimentSpec) -> NDArray[np.float64]:
    """Return the weights in LSB before they are rounded, shape (target, source)."""
    # In the precision of a run, or halves would be rounded the other way.
    lsb = projection.weights * np.float32(weight_scale(projection, spec))
    return np.asarray(lsb, np.float64)
