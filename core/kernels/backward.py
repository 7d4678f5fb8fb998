"""Neurons over time, backward; the equations are those of `core.kernels.neuron`.

Only what was recorded is read: ``u`` is computed again from the row before. A lane is
refractory if it spiked in the last ``ceil(hold)`` steps.
"""

import math
from functools import cache
from typing import Any, Final

import numpy as np
from numba import float32

from core.kernels.compile import exact
from core.kernels.lanes import BLOCK, PAD, ROW, TINY
from core.kernels.neuron import (
    DECAY,
    DECAY_W,
    INCREMENT,
    LEAK,
    ONSET,
    PARAMETERS,
    RATE,
    RESET,
    ROWS,
    START,
    STEEPNESS,
    STRENGTH,
    THRESHOLD,
    G,
    K,
    Kernel,
    Terms,
    entries,
    exp2,
)
from core.kernels.recurrence import feed_back

LN2: Final = float32(math.log(2))


@cache
def backward(terms: Terms, parameter_gradients: bool) -> Kernel:
    """Return the kernel of the adjoint equations, with superspike as surrogate.

    Its arguments: weights of the feedback (target, source); ``parameters``, measured
    data and results as of `forward`; steepness of the surrogate; refractory steps,
    whole, by lane, and the one number if all lanes have the same, else −1; the
    gradients of membrane, current, adaptation and spikes, (time, lanes) or (1, lanes)
    for the same in all steps; and the results: gradients of ``x`` (time, lanes) and of
    the parameters (`PARAMETERS`, lanes), set if ``parameter_gradients``; first and last
    + 1 lane, of a recurrent layer batch entry.
    """
    leaky, fire, refractory, exponential, subthreshold, triggered = terms[:6]
    v_measured, _, z_measured, recurrent, prompt = terms[6:]
    adaptive = subthreshold or triggered
    LV, LI, LW = ROWS, ROWS + 1, ROWS + 2  # the adjoint state
    HELD, SUMS = ROWS + 3, ROWS + 4

    @exact
    def sweep(
        weight: Any,
        parameters: Any,
        v_hw: Any,
        w_hw: Any,
        z_hw: Any,
        membrane: Any,
        current: Any,
        adaptation: Any,
        spikes: Any,
        steepness: float,
        hold: Any,
        same_hold: int,
        g_membrane: Any,
        g_current: Any,
        g_adaptation: Any,
        g_spikes: Any,
        g_x: Any,
        g_parameters: Any,
        first: int,
        last: int,
    ) -> None:
        steps = g_x.shape[0]
        one, zero, alpha = float32(1), float32(0), float32(steepness)
        neurons, block, row_length = weight.shape[0], BLOCK, ROW
        if recurrent:
            first, last, block = first * neurons, last * neurons, entries(neurons)
            block, row_length = block * neurons, block * neurons + PAD
            g_z = np.zeros(block, np.float32)
        rows = SUMS + (PARAMETERS if parameter_gradients else 0)
        p = np.empty((rows, row_length), np.float32)
        each = 0 if parameters.shape[1] == 1 else 1
        # Apart from p, or the loop has too many arrays that might overlap.
        nothing, start = np.zeros(block, np.float32), np.empty(block, np.float32)
        dv = 1 if g_membrane.shape[0] == steps else 0
        di = 1 if g_current.shape[0] == steps else 0
        dw = 1 if g_adaptation.shape[0] == steps else 0
        dz = 1 if g_spikes.shape[0] == steps else 0
        for low in range(first, last, block):
            high = min(low + block, last)
            n = high - low
            if recurrent:
                for j in range(n):
                    g_z[j] = zero
            for row in range(PARAMETERS):
                for j in range(n):
                    p[row, j] = parameters[row, (low + j) * each]
            for j in range(n):
                start[j] = p[START, j]
            for row in range(LV, p.shape[0]):
                for j in range(n):
                    p[row, j] = zero
            if refractory:
                for j in range(n):
                    for t in range(
                        max(steps - 1 - hold[(low + j) * each], 0), steps - 1
                    ):
                        p[HELD, j] += one if spikes[t, low + j] > zero else zero
            for t in range(steps - 1, -1, -1):
                v_b = start[:n] if t == 0 else membrane[t - 1, low:high]
                i_b = nothing[:n] if t == 0 else current[t - 1, low:high]
                if adaptive:
                    w_b = nothing[:n] if t == 0 else adaptation[t - 1, low:high]
                    gw_t = g_adaptation[t * dw, low:high]
                if prompt:
                    i_now = current[t, low:high]
                if v_measured:
                    v_m = v_hw[t, low:high]
                if fire:
                    z_t, gz_t = spikes[t, low:high], g_spikes[t * dz, low:high]
                gv_t, gi_t = g_membrane[t * dv, low:high], g_current[t * di, low:high]
                gx_t = g_x[t, low:high]
                for j in range(n):
                    v, i = v_b[j], i_b[j]
                    k, g, leak, decay = p[K, j], p[G, j], p[LEAK, j], p[DECAY, j]
                    gv = gv_t[j] + p[LV, j]
                    gi = gi_t[j] + p[LI, j]
                    drive = i
                    if prompt:
                        drive = i_now[j]
                    pull = leak - v
                    if leaky:
                        drive = drive + g * pull
                    if exponential:
                        ahead = (v - p[ONSET, j]) * p[STEEPNESS, j]
                        e = exp2(ahead)
                        drive = drive + p[STRENGTH, j] * e
                    if adaptive:
                        w = w_b[j]
                        gw = gw_t[j] + p[LW, j]
                        drive = drive - w
                    u = v + k * drive
                    u = zero if abs(u) < TINY else u
                    if v_measured:
                        u = v_m[j]
                    gu = gv
                    z, gz = zero, zero
                    if fire:
                        over = u - p[THRESHOLD, j]
                        z = z_t[j]
                        gz = gz_t[j]
                        if recurrent:
                            gz = gz + g_z[j]
                        if refractory:
                            held = p[HELD, j] > zero
                            gz = zero if held else gz
                            gu = zero if held else gu
                            if not z_measured:
                                z = one if over > zero else zero
                        if not v_measured:
                            gu = zero if z > zero else gu
                    g_reset = gv - gu
                    if adaptive:
                        if subthreshold:
                            gu = gu + p[RATE, j] * gw
                        if triggered:
                            gz = gz + p[INCREMENT, j] * gw
                    if fire:
                        s = one / (alpha * abs(over) + one)
                        gz = gz * (s * s)
                        gu = gu + gz
                    gu = zero if abs(gu) < TINY else gu
                    gk = gu * k
                    if prompt:
                        gi = gi + gk
                    gi = zero if abs(gi) < TINY else gi
                    gx_t[j] = gi
                    rate = zero
                    if leaky:
                        rate = g
                    if exponential:
                        rate = rate - p[STRENGTH, j] * p[STEEPNESS, j] * LN2 * e
                    p[LV, j] = gu - gk * rate
                    p[LI, j] = gi * decay
                    if not prompt:
                        p[LI, j] += gk
                    if adaptive:
                        lw = gw * p[DECAY_W, j] - gk
                        p[LW, j] = zero if abs(lw) < TINY else lw
                    if parameter_gradients:
                        p[SUMS + K, j] += gu * drive
                        p[SUMS + DECAY, j] += gi * i
                        if leaky:
                            p[SUMS + G, j] += gk * pull
                            p[SUMS + LEAK, j] += gk * g
                        if exponential:
                            ge = gk * e
                            slope = LN2 * p[STRENGTH, j]
                            p[SUMS + STRENGTH, j] += ge
                            p[SUMS + STEEPNESS, j] += ge * slope * (v - p[ONSET, j])
                            p[SUMS + ONSET, j] -= ge * slope * p[STEEPNESS, j]
                        if fire:
                            p[SUMS + THRESHOLD, j] -= gz
                            p[SUMS + RESET, j] += g_reset
                        if adaptive:
                            p[SUMS + DECAY_W, j] += gw * w
                        if subthreshold:
                            p[SUMS + RATE, j] += gw * (u - leak)
                            p[SUMS + LEAK, j] -= gw * p[RATE, j]
                        if triggered:
                            p[SUMS + INCREMENT, j] += gw * z
                if recurrent and t > 0:
                    feed_back(g_z, gx_t, weight, n // neurons)
                if refractory and t > 0:
                    if same_hold >= 0:
                        out = t - 1
                        into = t - 1 - same_hold
                        if same_hold > 0:
                            z_out = spikes[out, low:high]
                            for j in range(n):
                                p[HELD, j] -= one if z_out[j] > zero else zero
                            if into >= 0:
                                z_in = spikes[into, low:high]
                                for j in range(n):
                                    p[HELD, j] += one if z_in[j] > zero else zero
                    else:
                        for j in range(n):
                            steps_held = hold[(low + j) * each]
                            if steps_held > 0:
                                if spikes[t - 1, low + j] > zero:
                                    p[HELD, j] -= one
                                into = t - 1 - steps_held
                                if into >= 0 and spikes[into, low + j] > zero:
                                    p[HELD, j] += one
            if parameter_gradients:
                for j in range(n):
                    p[SUMS + START, j] = p[LV, j]
                    for row in range(PARAMETERS):
                        g_parameters[row, low + j] = p[SUMS + row, j]

    return sweep
