"""Closed forms of a membrane: its response to a current, its crossing of a level."""

import math
from typing import Any

from numba import float32

from core.kernels.compile import inlined, lean

#: A step of Newton's method below which the next would be about its square.
_CLOSE = 1e-6


@inlined
def fading(x: Any) -> Any:
    """Return exp(−x); for the short times of a replay faster than the library."""
    if x > 0.3 or x < 0:
        return math.exp(-x)
    # Each factor of x is ready before y is: one operation per line is waited for.
    y = 1 - x * (1 / 8)
    y = 1 - (x * (1 / 7)) * y
    y = 1 - (x * (1 / 6)) * y
    y = 1 - (x * (1 / 5)) * y
    y = 1 - (x * (1 / 4)) * y
    y = 1 - (x * (1 / 3)) * y
    y = 1 - (x * (1 / 2)) * y
    return 1 - x * y


@lean
def response(d: float, a: float, b: float, keep_a: float, keep_b: float) -> float:
    """Return the potential ``d`` µs after a unit current that decays with rate ``b``.

    The difference of two exponentials over a − b; near a = b in a form without a pole.

    :param keep_a: exp(−a d), and ``keep_b`` likewise
    """
    x = 0.5 * d * (a - b)
    y = x * x
    if y > 0.3:
        return (keep_b - keep_a) / (a - b)
    ratio = 1 + y * (1 / 6) * (1 + y * (1 / 20) * (1 + y * (1 / 42)))
    return d * math.sqrt(keep_a * keep_b) * ratio


@lean
def passes(current: float, curve: float) -> float:
    """Return the share of a current that an input with the limit 1 / √curve passes."""
    return 1 / math.sqrt(1 + curve * current * current) if curve > 0 else 1.0


@inlined
def mean_passed(current: Any, share: Any, keep: Any) -> Any:
    """Return the mean that a limited input passes in a sub-step, to first order.

    While the current decays by 1 − keep, its share s grows by s (1 − s²) (1 − keep).
    """
    half = float32(0.5)
    one = float32(1)
    return current * share * (one + half * (one - share * share) * (one - keep))


@lean
def crossing(v: float, da: float, vn: float, db: float, th: float) -> float:
    """Return where a cubic first exceeds ``th``, as a fraction, or 2 if nowhere.

    :param v: value at 0, below ``th``
    :param da: slope at 0
    :param vn: value at 1
    :param db: slope at 1
    """
    A = 2 * v + da - 2 * vn + db
    B = -3 * v - 2 * da + 3 * vn - db
    top = 1.0
    if vn <= th:
        if da <= 0 or db >= 0:
            return 2.0
        top = da / (da - db)  # the peak, if the slope were linear
        if ((A * top + B) * top + da) * top + v <= th:
            return 2.0
    low = 0.0
    high = top
    x = top * (th - v) / (((A * top + B) * top + da) * top)
    for _ in range(5):
        if not (low <= x <= high):
            x = 0.5 * (low + high)
        f = ((A * x + B) * x + da) * x + v - th
        if f > 0:
            high = x
        else:
            low = x
        slope = (3 * A * x + 2 * B) * x + da
        last = x
        x = x - f / slope if slope > 1e-9 else 0.5 * (low + high)
        if abs(x - last) < _CLOSE:
            break
    if not (low <= x <= high):
        x = 0.5 * (low + high)
    return x
