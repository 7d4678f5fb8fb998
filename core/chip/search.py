"""Finding codes by measurement: a secant search and the fits it needs.

Nothing here knows the circuits; a search sees a `Port` and targets.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.chip.network import Floats, Integers
from core.units import CODE_MAX

#: Share of the error that a step corrects. The last steps are short, so that the noise
#: of a write is averaged and not followed.
GAINS = (1.0, 1.0, 0.5, 0.5, 0.5)


@dataclass(frozen=True)
class Knob:
    """How a code changes what is measured.

    :param slope: change of the measurement per code, or its sign and power if ``log``
    :param log: True if the measurement is a power of the code
    """

    slope: float
    log: bool = False


def secant(
    measure: Callable[[], Floats],
    write: Callable[[Integers], None],
    target: Floats,
    code: Integers,
    knob: Knob,
) -> Integers:
    """Return the codes that bring each circuit to its target, all searched at once.

    :param target: wanted measurement, NaN where the code shall stay
    :param code: where to start
    """
    scale = np.log if knob.log else np.asarray
    wanted = np.isfinite(target)
    goal = scale(np.where(wanted, target, 1.0))
    x = scale(np.maximum(code, 1).astype(float))
    nearest = 0.05 if knob.log else 12.0  # points closer than this give no slope
    slope = np.full(code.shape, knob.slope)
    last_x = last_y = None
    for gain in GAINS:
        write(_codes(x, knob.log, wanted, code))
        y = scale(np.maximum(measure(), 1e-3))
        if last_x is not None and last_y is not None:
            far = np.abs(x - last_x) > nearest
            seen = (y - last_y) / np.where(far, x - last_x, 1.0)
            ratio = seen / knob.slope
            slope = np.where(far & (ratio > 0.4) & (ratio < 2.5), seen, slope)
        last_x, last_y = x, y
        limits = (float(scale(1.0)), float(scale(float(CODE_MAX))))
        x = np.clip(x + gain * (goal - y) / slope, *limits)
    return _codes(x, knob.log, wanted, code)


def _codes(x: Floats, log: bool, wanted: np.ndarray, fixed: Integers) -> Integers:
    found = np.round(np.exp(x) if log else x).astype(np.int64)
    return np.where(wanted, found, fixed)


def fit_time_constant(t: Floats, y: Floats) -> Floats:
    """Return the time constants of decays to an unknown level, in closed form.

    With the running integral S of y, a decay obeys y − y(0) = −(S − t y(∞)) / τ, so it
    is a linear regression of y on S and t.

    :param t: times, shape (points, circuits), µs
    :param y: values, same shape
    """
    total = np.zeros_like(y)
    total[1:] = np.cumsum(0.5 * (y[1:] + y[:-1]) * np.diff(t, axis=0), 0)
    s, u, z = (part - part.mean(0) for part in (total, t, y))
    ss, su, uu = (s * s).sum(0), (s * u).sum(0), (u * u).sum(0)
    slope = ((s * z).sum(0) * uu - (u * z).sum(0) * su) / (ss * uu - su * su)
    return np.asarray(np.clip(-1 / np.minimum(slope, -1e-3), 0.01, 1e3))
