"""One lane, one sub-step, from event to event: where it spikes, to the cycle."""

import math

import numpy as np
from numpy.typing import NDArray

from core.kernels.compile import kernel
from core.kernels.emulation_rows import (
    CYCLE_US,
    E1,
    HIGH,
    I1,
    LOW,
    NOISE,
    RATE,
    RATE_EXC,
    RATE_INH,
    RELEASE,
    RESET,
    STEP_CYCLES,
    STEP_US,
    THRESHOLD,
    V1,
    Counts,
    E,
    I,
    V,
    Values,
)


@kernel
def replay_flagged(
    p: Values,
    n: int,
    flags: NDArray[np.uint8],
    flags8: NDArray[np.uint64],
    tau_ref: NDArray[np.float64],
    emits: NDArray[np.bool_],
    drive: Values,
    left: Counts,
    source: Counts,
    events: int,
    step: int,
    found: Counts,
    lane_of: Counts,
) -> int:
    """Replay all flagged lanes; return how many spikes left their circuits."""
    count = 0
    for g in range(flags8.shape[0]):
        if flags8[g] == 0:
            continue
        for j in range(8 * g, min(8 * g + 8, n)):
            if flags[j] == 0:
                continue
            before = count
            count = replay(
                p, j, tau_ref[j], drive, left, source, events, step,
                found, lane_of, count,
            )  # fmt: skip
            if not emits[j]:
                count = before
    return count


@kernel
def replay(
    p: Values,
    j: int,
    tau_ref: float,
    drive: Values,
    left: Counts,
    source: Counts,
    events: int,
    step: int,
    found: Counts,
    lane_of: Counts,
    n_found: int,
) -> int:
    """Advance one lane by one sub-step, from event to event, and note its spikes.

    :param p: parameters and states, row by lane; the rows V1, E1, I1, RELEASE are set
    :param tau_ref: refractory time, µs
    :param left: cycles from each event to the end of the sub-step, falling
    :param found: cycles of the spikes of this sub-step, from ``n_found`` on
    :returns: the new number of spikes
    """
    a = float(p[RATE, j])
    b_e = float(p[RATE_EXC, j])
    b_i = float(p[RATE_INH, j])
    n = float(p[NOISE, j])
    th = float(p[THRESHOLD, j])
    reset = float(p[RESET, j])
    v = float(p[V, j])
    e = float(p[E, j])
    i = float(p[I, j])
    release = float(p[RELEASE, j])
    now = 0.0
    q = 0
    while now < STEP_US - 1e-9:
        end = STEP_US
        if q < events:
            end = min(end, STEP_US - left[q] * CYCLE_US)
        held = release > now + 1e-9
        if held:
            end = min(end, release)
        d = end - now
        if d > 1e-9:
            share = 2.0
            vn = reset
            keep_e = math.exp(-b_e * d)
            keep_i = math.exp(-b_i * d)
            if not held:
                keep = math.exp(-a * d)
                vn = v * keep + n * (1 - keep) / a
                vn += e * response(d, a, b_e, keep, keep_e)
                vn -= i * response(d, a, b_i, keep, keep_i)
                if v > th:
                    share = 0.0
                else:
                    da = (-a * v + e - i + n) * d
                    db = (-a * vn + e * keep_e - i * keep_i + n) * d
                    share = crossing(v, da, vn, db, th)
            if share <= 1.0:
                x = share * d
                e *= math.exp(-b_e * x)
                i *= math.exp(-b_i * x)
                now += x
                v = reset
                release = now + tau_ref
                if n_found < found.shape[0]:
                    found[n_found] = step * STEP_CYCLES + round(now / CYCLE_US)
                    lane_of[n_found] = j
                    n_found += 1
                continue
            v = min(max(vn, float(p[LOW, j])), float(p[HIGH, j]))
            if held:
                v = reset
            e *= keep_e
            i *= keep_i
        now = end
        while q < events and STEP_US - left[q] * CYCLE_US <= now + 1e-9:
            e += drive[0, source[q], j]
            i += drive[1, source[q], j]
            q += 1
    while q < events:
        e += drive[0, source[q], j]
        i += drive[1, source[q], j]
        q += 1
    p[V1, j] = v
    p[E1, j] = e
    p[I1, j] = i
    p[RELEASE, j] = release
    return n_found


@kernel
def response(d: float, a: float, b: float, keep_a: float, keep_b: float) -> float:
    """Return the potential ``d`` µs after a unit current that decays with rate ``b``.

    The difference of two exponentials over a − b, in a form without a pole at a = b.

    :param keep_a: exp(−a d), and ``keep_b`` likewise
    """
    x = 0.5 * d * (a - b)
    y = x * x
    ratio = 1 + y / 6 * (1 + y / 20 * (1 + y / 42)) if y < 0.3 else math.sinh(x) / x
    return d * math.sqrt(keep_a * keep_b) * ratio


@kernel
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
        x = x - f / slope if slope > 1e-9 else 0.5 * (low + high)
    if not (low <= x <= high):
        x = 0.5 * (low + high)
    return x
