"""All lanes, one sub-step: the exact response of the membranes and currents.

With a limit the input of a lane passes the share ``s = 1 / √(1 + (e / limit)²)`` of its
current ``e``. The share hardly changes within a sub-step, so the exact response is
multiplied by its mean, to first order in the decay.

With a tilt k an input loses the share ``k`` of its current per LSB that the membrane
moves its way, above or below the level L::

    v' = … + e (1 − k_e (v − L)) − i (1 + k_i (v − L))
       = … + e − i − (k_e e + k_i i) (v − L)

The sub-step is taken without, then loses ``bend (v̄ − L)``: bend is what the same step
has of ``k_e e + k_i i``, and v̄ the mean potential as the excitatory current counts it.
"""

import math
from typing import Any

import numpy as np
from numba import float32, uint8
from numpy.typing import NDArray

from core.kernels.compile import inlined, lean
from core.kernels.emulation_response import mean_passed, response
from core.kernels.emulation_rows import (
    ADD_BEND,
    ADD_E,
    ADD_I,
    ADD_V,
    CURVE_EXC,
    CURVE_INH,
    E1,
    E_TO_V,
    HIGH,
    HOLD_C,
    HOLD_E,
    HOLD_N,
    HOLD_V,
    I1,
    I_TO_V,
    KEEP_E,
    KEEP_I,
    KEEP_V,
    LANE_ROWS,
    LEVEL,
    LOW,
    N_TO_V,
    NEVER,
    NOISE,
    PASS_E,
    PASS_E1,
    PASS_I,
    PASS_I1,
    PAST,
    RATE,
    RATE_EXC,
    RELEASE,
    REPLAY,
    RESET,
    RESET_RATE,
    SIGMA,
    STEP_CYCLES,
    STEP_US,
    STRIDE,
    THRESHOLD,
    TILT_EXC,
    TILT_INH,
    V1,
    W1,
    WIDTH,
    Bits,
    E,
    I,
    V,
    Values,
    W,
)
from core.kernels.normal import fast_rsqrt, normal


@lean
def prepare(p: Values, n: int, lanes: Values, table: Values) -> None:
    """Set the parameters of all lanes, which are those of all entries."""
    for j in range(n, whole(n)):
        p[THRESHOLD, j] = float32(NEVER)
    for j in range(n):
        for row in range(LANE_ROWS):
            p[row, j] = lanes[row, j]
        keep = math.exp(-float(lanes[RATE, j]) * STEP_US)
        p[KEEP_V, j] = keep
        p[N_TO_V, j] = (1 - keep) / lanes[RATE, j]
        p[E_TO_V, j] = table[0, 0, STEP_CYCLES, j]
        p[I_TO_V, j] = table[0, 1, STEP_CYCLES, j]
        p[KEEP_E, j] = table[1, 0, STEP_CYCLES, j]
        p[KEEP_I, j] = table[1, 1, STEP_CYCLES, j]
        if lanes[RESET_RATE, j] == 0:  # at once
            p[HOLD_C, j] = lanes[RESET, j]
            continue
        rate = float(lanes[RATE, j]) + float(lanes[RESET_RATE, j])
        keep = math.exp(-rate * STEP_US)
        p[HOLD_V, j] = keep
        p[HOLD_N, j] = (1 - keep) / rate
        p[HOLD_C, j] = lanes[RESET_RATE, j] * lanes[RESET, j] * p[HOLD_N, j]
        for line in range(2):
            b = float(lanes[RATE_EXC + line, j])
            fades = math.exp(-b * STEP_US)
            p[HOLD_E + line, j] = response(STEP_US, rate, b, keep, fades)


@lean
def whole(n: int) -> int:
    """Return how many lanes loops over all of them take."""
    return -(-n // WIDTH) * WIDTH


@lean
def rest(q: Values, n: int) -> None:
    """Set a fresh entry up: membranes at rest, no current, nothing refractory."""
    zero = float32(0)
    one = float32(1)
    for j in range(n):
        v = min(max(zero, q[LOW * STRIDE + j]), q[HIGH * STRIDE + j])
        # Where it fires, it is never above.
        q[V * STRIDE + j] = min(v, q[THRESHOLD * STRIDE + j])
        q[E * STRIDE + j] = zero
        q[I * STRIDE + j] = zero
        q[NOISE * STRIDE + j] = zero
        q[RELEASE * STRIDE + j] = float32(PAST)
        q[ADD_V * STRIDE + j] = zero
        q[ADD_E * STRIDE + j] = zero
        q[ADD_I * STRIDE + j] = zero
        q[ADD_BEND * STRIDE + j] = zero
        q[PASS_E * STRIDE + j] = one
        q[PASS_I * STRIDE + j] = one
        q[PASS_E1 * STRIDE + j] = one
        q[PASS_I1 * STRIDE + j] = one


@lean
def advance(q: Values, n: int, flags: NDArray[np.uint8]) -> None:
    """Advance all lanes by one sub-step; flag those that need more.

    :param q: parameters and states, flat. A lane that is held stays where it is.
    """
    h = float32(STEP_US)
    zero = float32(0)
    for j in range(n):
        v = q[V * STRIDE + j]
        e = q[E * STRIDE + j]
        i = q[I * STRIDE + j]
        r = q[RELEASE * STRIDE + j]
        x = q[NOISE * STRIDE + j]
        a = q[RATE * STRIDE + j]
        th = q[THRESHOLD * STRIDE + j]
        low = q[LOW * STRIDE + j]
        high = q[HIGH * STRIDE + j]
        v1 = v * q[KEEP_V * STRIDE + j] + x * q[N_TO_V * STRIDE + j]
        v1 += e * q[E_TO_V * STRIDE + j] - i * q[I_TO_V * STRIDE + j]
        v1 += q[ADD_V * STRIDE + j]
        e1 = e * q[KEEP_E * STRIDE + j] + q[ADD_E * STRIDE + j]
        i1 = i * q[KEEP_I * STRIDE + j] + q[ADD_I * STRIDE + j]
        over = highest_over(v, v1, x + e - i - a * v, x + e1 - i1 - a * v1, th)
        held = r >= h
        v1 = min(max(v1, low), high)
        q[V1 * STRIDE + j] = v if held else v1
        q[E1 * STRIDE + j] = e1
        q[I1 * STRIDE + j] = i1
        call = uint8(REPLAY) if max(over, r) > zero else uint8(0)
        flags[j] = uint8(0) if held else call


@lean
def advance_limited(
    q: Values, n: int, flags: NDArray[np.uint8], held_flag: int
) -> None:
    """Advance all lanes as `advance`, with limits of the inputs.

    :param held_flag: flag of lanes that are held all the time: HELD if a reset
        takes time, else 0
    """
    advance_all(q, n, flags, held_flag, False)


@lean
def advance_tilted(q: Values, n: int, flags: NDArray[np.uint8], held_flag: int) -> None:
    """Advance all lanes as `advance_limited`, with inputs that have a tilt."""
    advance_all(q, n, flags, held_flag, True)


@inlined
def advance_all(q: Any, n: Any, flags: Any, held_flag: Any, tilted: Any) -> None:
    """Be the loop of both."""
    h = float32(STEP_US)
    zero = float32(0)
    one = float32(1)
    to_hold = uint8(held_flag)
    for j in range(n):
        v = q[V * STRIDE + j]
        e = q[E * STRIDE + j]
        i = q[I * STRIDE + j]
        r = q[RELEASE * STRIDE + j]
        x = q[NOISE * STRIDE + j]
        a = q[RATE * STRIDE + j]
        th = q[THRESHOLD * STRIDE + j]
        low = q[LOW * STRIDE + j]
        high = q[HIGH * STRIDE + j]
        keep_e = q[KEEP_E * STRIDE + j]
        keep_i = q[KEEP_I * STRIDE + j]
        se = q[PASS_E * STRIDE + j]
        si = q[PASS_I * STRIDE + j]
        curve_e = q[CURVE_EXC * STRIDE + j]
        curve_i = q[CURVE_INH * STRIDE + j]
        through_e = e * se
        through_i = i * si
        to_v_e = mean_passed(e, se, keep_e) * q[E_TO_V * STRIDE + j]
        to_v_i = mean_passed(i, si, keep_i) * q[I_TO_V * STRIDE + j]
        v1 = v * q[KEEP_V * STRIDE + j] + x * q[N_TO_V * STRIDE + j]
        v1 += to_v_e - to_v_i
        v1 += q[ADD_V * STRIDE + j]
        e1 = e * keep_e + q[ADD_E * STRIDE + j]
        i1 = i * keep_i + q[ADD_I * STRIDE + j]
        se1 = fast_rsqrt(one + curve_e * e1 * e1)
        si1 = fast_rsqrt(one + curve_i * i1 * i1)
        after_e = e1 * se1
        after_i = i1 * si1
        before = x + through_e - through_i - a * v
        after = x + after_e - after_i
        if tilted:
            tilt_e = q[TILT_EXC * STRIDE + j]
            tilt_i = q[TILT_INH * STRIDE + j]
            level = q[LEVEL * STRIDE + j]
            bend = tilt_e * to_v_e + tilt_i * to_v_i + q[ADD_BEND * STRIDE + j]
            b = q[RATE_EXC * STRIDE + j]
            above = arch(h, before, after - a * v1, a, b, v1 - v)
            v1 = bent(v, v1, bend, level, above)
            before -= (tilt_e * through_e + tilt_i * through_i) * (v - level)
            after -= (tilt_e * after_e + tilt_i * after_i) * (v1 - level)
        over = highest_over(v, v1, before, after - a * v1, th)
        held = r >= h
        v1 = min(max(v1, low), high)
        q[V1 * STRIDE + j] = v if held else v1
        q[E1 * STRIDE + j] = e1
        q[I1 * STRIDE + j] = i1
        q[PASS_E1 * STRIDE + j] = se1
        q[PASS_I1 * STRIDE + j] = si1
        call = uint8(REPLAY) if max(over, r) > zero else uint8(0)
        flags[j] = to_hold if held else call


@inlined
def bent(v: Any, v1: Any, bend: Any, level: Any, above: Any) -> Any:
    """Return where a membrane ends that would end at ``v1`` if no input had a tilt.

    The loss depends on the mean of both ends, so on itself, and arches the membrane.

    :param above: how far it is above the mean of both ends without it, see `arch`
    """
    x = float32(0.5) * bend
    mean = float32(0.5) * (v + v1) + above - level + bend * (v1 - v) * float32(1 / 12)
    return v1 - bend * mean * (float32(1) - x + x * x)


@inlined
def arch(d: Any, slope: Any, slope1: Any, a: Any, b: Any, rise: Any) -> Any:
    """Return how far a membrane is above the mean of its ends, as an input counts it.

    The mean of a cubic is h/12 (slope − slope1) above; and currents that flow late
    have leaked less of what they bring: their weights grow by (a − b) h.

    :param d: how long it takes
    :param b: rate at which the current decays
    :param rise: from the first to the second end
    """
    return d * float32(1 / 12) * (slope - slope1 + (a - b) * rise)


@inlined
def highest_over(v: Any, v1: Any, d0: Any, d1: Any, th: Any) -> Any:
    """Return something positive if a membrane rises above ``th`` in a sub-step.

    If the slope turns from ``d0`` > 0 to ``d1`` < 0, a parabola peaks above both ends,
    by ½ h d0² / (d0 − d1) above ``v``; here without the division.
    """
    zero = float32(0)
    up = max(d0, zero)
    peak = float32(0.5 * STEP_US) * up * up + (v - th) * (up - d1)
    peak = peak if d1 < zero else -float32(1)
    return max(peak, max(v, v1) - th)


@lean
def commit(q: Values, n: int) -> None:
    """Make the state after the sub-step the state now."""
    h = float32(STEP_US)
    past = float32(PAST)
    for j in range(n):
        q[V * STRIDE + j] = q[V1 * STRIDE + j]
        q[E * STRIDE + j] = q[E1 * STRIDE + j]
        q[I * STRIDE + j] = q[I1 * STRIDE + j]
        r = q[RELEASE * STRIDE + j] - h
        q[RELEASE * STRIDE + j] = max(r, past)


@lean
def commit_rest(q: Values, n: int) -> None:
    """Do the same for the rows that only limited or adapting lanes have."""
    for j in range(n):
        q[PASS_E * STRIDE + j] = q[PASS_E1 * STRIDE + j]
        q[PASS_I * STRIDE + j] = q[PASS_I1 * STRIDE + j]
        q[W * STRIDE + j] = q[W1 * STRIDE + j]


@lean
def set_noise(q: Values, n: int, words: Bits) -> None:
    """Set the noise current of the next microsecond from the random ``words``."""
    for j in range(n):
        sigma = q[SIGMA * STRIDE + j]
        q[NOISE * STRIDE + j] = sigma * normal(words[j])
