"""Adaptive exponential circuits, in a form in which the onset of a spike is not stiff.

Per lane, relative to its leak potential, with the slope D and the onset v_T::

    v' = −a v + a D exp((v − v_T) / D) − w + e − i + n
    w' = (A v − w) / τ_w                                 at a spike: w → w + b

With y = exp((v_T − v) / D) the first equation is linear in y. A sub-step takes the
exact linear step of v and w without the exponential, then the closed form of y under
the mean slope of this step; what the exponential does to the leak, and the change of
the slope within the step, are corrected to second order. The rest is as for other
lanes. While the reset pulls, the exponential current is off (assumed: the reset wins).
"""

import math

import numpy as np
from numba import float32, float64, uint8
from numpy.typing import NDArray

from core.kernels.compile import lean
from core.kernels.emulation_response import crossing, fading, passes, response
from core.kernels.emulation_rows import (
    ADD_BEND,
    ADD_V,
    ADEX,
    ADEX_ROWS,
    BIAS,
    COUPLING,
    CURVE_EXC,
    CYCLE_US,
    E1,
    E_TO_V,
    HIGH,
    HOLDOFF,
    I1,
    I_TO_V,
    JOIN_0,
    JOIN_1,
    JOIN_BEND,
    JOIN_BEND_0,
    JOIN_BEND_1,
    JOIN_V,
    JUMP,
    KEEP_E,
    KEEP_I,
    LEVEL,
    LOW,
    N_TO_V,
    NEVER,
    NOISE,
    ONSET,
    PASS_E,
    PASS_E1,
    PASS_I,
    PASS_I1,
    RATE,
    RATE_EXC,
    RATE_INH,
    RATE_W,
    RELEASE,
    REPLAY,
    RESET,
    RESET_RATE,
    SLOPE,
    STEP_CYCLES,
    STEP_US,
    STRIDE,
    THRESHOLD,
    TILT_EXC,
    TILT_INH,
    V1,
    V_TO_V,
    V_TO_W,
    W1,
    W_TO_V,
    W_TO_W,
    Counts,
    E,
    I,
    V,
    Values,
    W,
)
from core.kernels.emulation_step import arch, bent, highest_over
from core.kernels.normal import fast_exp, fast_log

#: Where y ends: v_T − v beyond 60 D has no exponential current.
_FAR = 60.0
#: Pieces of a sub-step in a replay.
_PIECES = 2


@lean
def prepare_adex(p: Values, n: int, adex: Values) -> None:
    """Set the parameters up, and rest where leak and adaptation balance.

    ``w`` is kept without its constant part, which is ``BIAS``: it follows A v.
    """
    for j in range(n):
        for row in range(ADEX_ROWS):
            p[ADEX + row, j] = adex[row, j]
        p[W, j] = p[W1, j] = float32(0)
        total = p[RATE, j] + p[COUPLING, j]
        if p[ADEX, j] > 0 and total > 0:
            rest = min(max(p[BIAS, j] / total, p[LOW, j]), p[HIGH, j])
            p[V, j] = min(rest, p[THRESHOLD, j])
            p[W, j] = p[COUPLING, j] * p[V, j]


@lean
def advance_adex(q: Values, n: int, flags: NDArray[np.uint8]) -> None:
    """Advance ``n`` lanes, after all were advanced without terms.

    :param q: parameters and states, flat, from the first of these lanes on; the
        currents after the sub-step are set
    :param flags: of the same lanes
    """
    h = float32(STEP_US)
    half = float32(0.5)
    one = float32(1)
    zero = float32(0)
    far = float32(_FAR)
    for j in range(n):
        v = q[V * STRIDE + j]
        w = q[W * STRIDE + j]
        a = q[RATE * STRIDE + j]
        r = q[RELEASE * STRIDE + j]
        x = q[NOISE * STRIDE + j] + q[BIAS * STRIDE + j]
        th = q[THRESHOLD * STRIDE + j]
        high = q[HIGH * STRIDE + j]
        low = q[LOW * STRIDE + j]
        reset = q[RESET * STRIDE + j]
        pull = q[RESET_RATE * STRIDE + j]
        D = q[SLOPE * STRIDE + j]
        vt = q[ONSET * STRIDE + j]
        gain = q[COUPLING * STRIDE + j] * q[RATE_W * STRIDE + j]
        se = q[PASS_E * STRIDE + j]
        si = q[PASS_I * STRIDE + j]
        e = q[E * STRIDE + j] * se
        i = q[I * STRIDE + j] * si
        mean_e = e * (one + half * (one - se * se) * (one - q[KEEP_E * STRIDE + j]))
        mean_i = i * (one + half * (one - si * si) * (one - q[KEEP_I * STRIDE + j]))
        to_v_e = mean_e * q[E_TO_V * STRIDE + j]
        to_v_i = mean_i * q[I_TO_V * STRIDE + j]
        after_e = q[E1 * STRIDE + j] * q[PASS_E1 * STRIDE + j]
        after_i = q[I1 * STRIDE + j] * q[PASS_I1 * STRIDE + j]
        drive = to_v_e - to_v_i
        drive += x * q[N_TO_V * STRIDE + j] + q[ADD_V * STRIDE + j]
        drive += q[JOIN_V * STRIDE + j]
        tilt_e = q[TILT_EXC * STRIDE + j]
        tilt_i = q[TILT_INH * STRIDE + j]
        level = q[LEVEL * STRIDE + j]
        bend = tilt_e * to_v_e + tilt_i * to_v_i
        bend += q[ADD_BEND * STRIDE + j] + q[JOIN_BEND * STRIDE + j]
        free = q[V_TO_V * STRIDE + j] * v + q[W_TO_V * STRIDE + j] * w
        drive += bent(v, free + drive, bend, level, zero) - (free + drive)
        bend_0 = tilt_e * e + tilt_i * i + q[JOIN_BEND_0 * STRIDE + j]
        bend_1 = tilt_e * after_e + tilt_i * after_i + q[JOIN_BEND_1 * STRIDE + j]
        # The adaptation that the drive of this sub-step causes, and what it takes back.
        vl = free + drive * (one - gain * h * h * float32(1 / 6))
        wl = q[V_TO_W * STRIDE + j] * v + q[W_TO_W * STRIDE + j] * w
        wl += drive * gain * h * half
        per = one / D
        y = fast_exp(min((vt - v) * per, far))
        slope = x + e - i + q[JOIN_0 * STRIDE + j] - w - a * v
        slope -= bend_0 * (v - level)
        slope1 = x + after_e - after_i + q[JOIN_1 * STRIDE + j] - wl - a * vl
        slope1 -= bend_1 * (vl - level)
        turn = slope1 - slope
        top = min(th, high) - v
        lift = a * h * D / y * (one + half * (vl - v) * per)
        lift = min(max(lift, zero), max(top, zero))
        z = (v - vl + half * a * h * lift) * per
        z = min(max(z, -far), far)
        ez = fast_exp(z)
        small = abs(z) < float32(0.02)
        phi = (ez - one) / (one if small else z)
        phi = one + z * (half + z * float32(1 / 6)) if small else phi
        y1 = y * ez - a * h * phi * (one - h * turn * per * float32(1 / 12))
        blows = y1 <= float32(1e-30)
        v1 = vt - D * fast_log(one if blows else y1)
        # y has an end: from far below, the linear step is exact.
        v1 = vl if (vt - v) * per > far - one else v1
        over = max(highest_over(v, v1, slope, slope1, th), r)
        over = one if blows else over
        flag = uint8(REPLAY) if over > zero else uint8(0)
        held = r >= h
        v1 = min(max(v1, low), high)
        v1 = high if blows else v1
        fades = q[W_TO_W * STRIDE + j]
        w_held = w * fades + q[COUPLING * STRIDE + j] * reset * (one - fades)
        q[V1 * STRIDE + j] = reset if held else v1
        q[W1 * STRIDE + j] = w_held if held else wl + (v1 - vl) * gain * h * half
        flag_held = uint8(REPLAY) if pull > zero else uint8(0)
        flags[j] = flag_held if held else flag


@lean
def replay_adex(
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
    """Advance one membrane by one sub-step as `emulation_replay.replay` does."""
    a = float64(p[RATE, j])
    n = float64(p[NOISE, j]) + float64(p[BIAS, j])
    reset = float64(p[RESET, j])
    pull = float64(p[RESET_RATE, j])
    holdoff = float64(p[HOLDOFF, j])
    low = float64(p[LOW, j])
    high = float64(p[HIGH, j])
    fires = p[THRESHOLD, j] < NEVER
    th = float64(p[THRESHOLD, j]) if fires else high
    level = float64(p[LEVEL, j])
    D = float64(p[SLOPE, j])
    vt = float64(p[ONSET, j])
    A = float64(p[COUPLING, j])
    b_w = float64(p[RATE_W, j])
    v = float64(p[V, j])
    w = float64(p[W, j])
    for k in range(first, last):
        scratch[0, k] = p[E, member[k]]
        scratch[1, k] = p[I, member[k]]
    release = float64(p[RELEASE, j])
    now = 0.0
    q = 0
    while now < STEP_US - 1e-9:
        end = min(now + STEP_US / _PIECES, STEP_US)
        held = release > now + 1e-9
        if held:
            end = min(release, STEP_US)
        deaf = release + holdoff > now + 1e-9
        if deaf and not held:
            end = min(end, release + holdoff)
        can_fire = fires and not deaf
        top = high if deaf else th
        if q < events:
            end = min(end, STEP_US - left[q] * CYCLE_US)
        d = end - now
        if d > 1e-9:
            rate = a + pull if held else a
            drift = n + pull * reset if held else n
            keep = fading(rate * d)
            kw = fading(b_w * d)
            vl = v * keep
            before = drift - rate * v - w
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
                    vl += height
                    before += x * sx
                    after += y * sy
                    tilt = sign * float64(p[TILT_EXC + line, m])
                    bend += tilt * height
                    before_bend += tilt * x * sx
                    after_bend += tilt * y * sy
            wl = w * kw + A * v * (1 - kw)
            vl += (drift - 0.5 * (w + wl)) * (1 - keep) / rate
            b = float64(p[RATE_EXC, j])
            above = arch(d, before, after - rate * vl - wl, rate, b, vl - v)
            vl = bent(v, vl, bend, level, above)
            before -= before_bend * (v - level)
            after -= after_bend * (vl - level)
            share = 2.0
            nv = vl
            if held:
                if pull == 0:
                    nv = reset
            elif can_fire and v > th:
                share = 0.0
            elif vt - v > _FAR * D:
                after -= rate * vl + wl
                share = crossing(v, before * d, vl, after * d, top)
            else:
                nv, share = onset(v, vl, d, a, D, vt, top)
            if share <= 1.0 and can_fire:
                x = share * d
                for k in range(first, last):
                    scratch[0, k] *= fading(float64(p[RATE_EXC, member[k]]) * x)
                    scratch[1, k] *= fading(float64(p[RATE_INH, member[k]]) * x)
                w += (wl - w) * share + float64(p[JUMP, j])
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
            nv = min(max(nv, low), high)
            w = w * kw + A * 0.5 * (v + nv) * (1 - kw)
            v = nv
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
    p[W1, j] = w
    p[RELEASE, j] = release
    return n_found


@lean
def onset(
    v: float, vl: float, d: float, a: float, D: float, vt: float, th: float
) -> tuple[float, float]:
    """Return the potential after ``d`` and where it crosses ``th``, as a fraction.

    :param vl: where the linear part alone would end
    :returns: potential, and 2 if it does not cross
    """
    y = math.exp(min((vt - v) / D, _FAR))
    vl -= 0.5 * a * d * min(a * D * d / y, max(th - v, 0.0))
    z = (v - vl) / D
    phi = math.expm1(z) / z if abs(z) > 1e-6 else 1.0
    y1 = y * math.exp(z) - a * d * phi
    nv = vt - D * math.log(y1) if y1 > 0 else 1e9
    if nv <= th:
        return nv, 2.0
    c = (vl - v) / d
    x1 = (th - vt) / D
    x0 = (v - vt) / D
    g = a * D
    end = c + g * math.exp(x1)
    start = c + g * math.exp(x0)
    if abs(c) < 1e-9:
        t = D / g * (math.exp(-x0) - math.exp(-x1))
    elif start <= 0 or end <= 0:
        t = d
    else:
        t = D / c * ((x1 - x0) - math.log(end / start))
    return th, min(max(t, 0.0), d) / d
