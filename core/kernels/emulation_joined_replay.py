"""A membrane of several circuits, one sub-step, from event to event.

As `emulation_replay`, but the currents of all its circuits flow onto it.
"""

import numpy as np
from numba import float64
from numpy.typing import NDArray

from core.kernels.compile import lean
from core.kernels.emulation_response import crossing, fading, passes, response
from core.kernels.emulation_rows import (
    CURVE_EXC,
    CYCLE_US,
    HIGH,
    HOLDOFF,
    LEVEL,
    LOW,
    NOISE,
    RATE,
    RATE_EXC,
    RATE_INH,
    RELEASE,
    RESET,
    RESET_RATE,
    STEP_CYCLES,
    STEP_US,
    THRESHOLD,
    TILT_EXC,
    V1,
    Counts,
    E,
    I,
    V,
    Values,
)
from core.kernels.emulation_step import arch, bent


@lean
def replay_joined(
    p: Values,
    j: int,
    tau_ref: float,
    first: int,
    last: int,
    member: Counts,
    drive: Values,
    left: Counts,
    source: Counts,
    events: int,
    step: int,
    found: Counts,
    lane_of: Counts,
    n_found: int,
    scratch: NDArray[np.float64],
) -> int:
    """Advance a membrane of several circuits by one sub-step, and note its spikes.

    :param p: parameters and states, row by lane; the rows V1, RELEASE are set
    :param j: the lane that has the membrane
    :param tau_ref: how long the reset holds, µs; the holdoff follows
    :param first: where in ``member`` the lanes that feed it begin, ``last`` where they
        end; it is one of them
    :param left: cycles from each event to the end of the sub-step, falling
    :param found: cycles of the spikes of this sub-step, from ``n_found`` on
    :param scratch: shape (4, at least n): currents of the members, what is left of them
    :returns: the new number of spikes
    """
    a = float64(p[RATE, j])
    n = float64(p[NOISE, j])
    th = float64(p[THRESHOLD, j])
    reset = float64(p[RESET, j])
    pull = float64(p[RESET_RATE, j])
    holdoff = float64(p[HOLDOFF, j])
    low = float64(p[LOW, j])
    high = float64(p[HIGH, j])
    level = float64(p[LEVEL, j])
    v = float64(p[V, j])
    for k in range(first, last):
        scratch[0, k] = p[E, member[k]]
        scratch[1, k] = p[I, member[k]]
    release = float64(p[RELEASE, j])
    now = 0.0
    q = 0
    while now < STEP_US - 1e-9:
        end = STEP_US
        if q < events:
            end = min(end, STEP_US - left[q] * CYCLE_US)
        held = release > now + 1e-9
        if held:
            end = min(end, release)
        deaf = release + holdoff > now + 1e-9
        if deaf and not held:
            end = min(end, release + holdoff)
        d = end - now
        if d > 1e-9:
            rate = a + pull if held else a
            drift = n + pull * reset if held else n
            keep = fading(rate * d)
            vn = v * keep + drift * (1 - keep) / rate
            before = drift - rate * v
            after = drift
            bend = before_bend = after_bend = 0.0
            for k in range(first, last):
                m = member[k]
                for line in range(2):
                    b = float64(p[RATE_EXC + line, m])
                    fades = fading(b * d)
                    scratch[2 + line, k] = fades
                    sign = 1.0 - 2.0 * line
                    x = sign * scratch[line, k]
                    y = x * fades
                    curve = float64(p[CURVE_EXC + line, m])
                    sx = passes(x, curve)
                    sy = passes(y, curve)
                    height = 0.5 * (sx + sy) * x * response(d, rate, b, keep, fades)
                    vn += height
                    before += x * sx
                    after += y * sy
                    tilt = sign * float64(p[TILT_EXC + line, m])
                    bend += tilt * height
                    before_bend += tilt * x * sx
                    after_bend += tilt * y * sy
            b = float64(p[RATE_EXC, j])
            above = arch(d, before, after - rate * vn, rate, b, vn - v)
            vn = bent(v, vn, bend, level, above)
            before -= before_bend * (v - level)
            after -= after_bend * (vn - level)
            share = 2.0
            if held:
                if pull == 0:
                    vn = reset
            elif not deaf:
                da = before * d
                db = (after - rate * vn) * d
                share = 0.0 if v > th else crossing(v, da, vn, db, th)
            if share <= 1.0:
                x = share * d
                for k in range(first, last):
                    scratch[0, k] *= fading(float64(p[RATE_EXC, member[k]]) * x)
                    scratch[1, k] *= fading(float64(p[RATE_INH, member[k]]) * x)
                now += x
                if pull == 0:
                    v = reset
                elif share > 0:
                    v = th
                release = now + tau_ref
                if n_found < found.shape[0]:
                    found[n_found] = step * STEP_CYCLES + round(now / CYCLE_US)
                    lane_of[n_found] = j
                    n_found += 1
                continue
            v = min(max(vn, low), high)
            for k in range(first, last):
                scratch[0, k] *= scratch[2, k]
                scratch[1, k] *= scratch[3, k]
        now = end
        while q < events and STEP_US - left[q] * CYCLE_US <= now + 1e-9:
            for k in range(first, last):
                scratch[0, k] += drive[0, source[q], member[k]]
                scratch[1, k] += drive[1, source[q], member[k]]
            q += 1
    p[V1, j] = v
    p[RELEASE, j] = release
    return n_found
