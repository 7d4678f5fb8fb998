"""Neurons over time, forward; the equations are those of `core.kernels.neuron`.

Every operation is rounded to single precision in the order of the reference loop, so
that results agree with it to the last bit; numbers below `TINY` become 0. With the
exponential term, whose function is our own, they agree to about 1e-7.
"""

from functools import cache
from typing import Any

import numpy as np
from numba import float32

from core.kernels.compile import exact
from core.kernels.lanes import BLOCK, PAD, ROW, TINY
from core.kernels.neuron import (
    COUNTER,
    DECAY,
    DECAY_W,
    HOLD,
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
    I,
    K,
    Kernel,
    Terms,
    V,
    W,
    entries,
    exp2,
)
from core.kernels.recurrence import add_spikes, list_spikes


@cache
def forward(terms: Terms) -> Kernel:
    """Return the kernel that integrates lanes with these terms.

    Its arguments, all float32: ``x`` (time, lanes), graded spikes in model units;
    weights of the feedback (source, target); ``parameters`` (`PARAMETERS`, lanes), or
    one lane for all; measured membrane, adaptation and spikes, and the results
    membrane, current, adaptation and spikes, (time, lanes), anything of two dimensions
    if there is no such term; first and last + 1 lane, of a recurrent layer batch entry.
    """
    leaky, fire, refractory, exponential, subthreshold, triggered = terms[:6]
    v_measured, w_measured, z_measured, recurrent, prompt = terms[6:]
    adaptive = subthreshold or triggered

    @exact
    def integrate(
        x: Any,
        weight: Any,
        parameters: Any,
        v_hw: Any,
        w_hw: Any,
        z_hw: Any,
        membrane: Any,
        current: Any,
        adaptation: Any,
        spikes: Any,
        first: int,
        last: int,
    ) -> None:
        one, zero = float32(1), float32(0)
        neurons, block, row_length = weight.shape[0], BLOCK, ROW
        if recurrent:
            first, last, block = first * neurons, last * neurons, entries(neurons)
            block, row_length = block * neurons, block * neurons + PAD
            fed = np.empty(block, np.float32)
            index = np.empty((block // neurons, neurons + 1), np.int32)
        p = np.empty((ROWS, row_length), np.float32)
        each = 0 if parameters.shape[1] == 1 else 1
        for low in range(first, last, block):
            high = min(low + block, last)
            n = high - low
            if recurrent:
                many = np.zeros(n // neurons, np.int32)
            for row in range(PARAMETERS):
                for j in range(n):
                    p[row, j] = parameters[row, (low + j) * each]
            for j in range(n):
                p[V, j] = p[START, j]
                p[I, j] = zero
                p[W, j] = zero
                p[COUNTER, j] = zero
            for t in range(x.shape[0]):
                x_t = x[t, low:high]
                v_t, i_t = membrane[t, low:high], current[t, low:high]
                if adaptive:
                    w_t = adaptation[t, low:high]
                if fire:
                    z_t = spikes[t, low:high]
                if v_measured:
                    v_m = v_hw[t, low:high]
                if w_measured:
                    w_m = w_hw[t, low:high]
                if z_measured:
                    z_m = z_hw[t, low:high]
                if recurrent:
                    add_spikes(fed, x_t, index, many, weight)
                    x_t = fed[:n]
                for j in range(n):
                    v, i, w, left = p[V, j], p[I, j], p[W, j], p[COUNTER, j]
                    # Loaded before any decision, or the stores would become scattered.
                    reset, hold = p[RESET, j], p[HOLD, j]
                    if prompt:
                        i = i * p[DECAY, j] + x_t[j]
                        i = zero if abs(i) < TINY else i
                    drive = i
                    if leaky:
                        drive = drive + p[G, j] * (p[LEAK, j] - v)
                    if exponential:
                        e = exp2((v - p[ONSET, j]) * p[STEEPNESS, j])
                        drive = drive + p[STRENGTH, j] * e
                    if adaptive:
                        drive = drive - w
                    u = v + p[K, j] * drive
                    u = zero if abs(u) < TINY else u
                    if v_measured:
                        u = v_m[j]
                    if not prompt:
                        i = i * p[DECAY, j] + x_t[j]
                        i = zero if abs(i) < TINY else i
                    z = zero
                    if fire:
                        z = one if u > p[THRESHOLD, j] else zero
                        if z_measured:
                            z = z_m[j]
                    if adaptive:
                        w = w * p[DECAY_W, j]
                        if subthreshold:
                            w = w + p[RATE, j] * (u - p[LEAK, j])
                        if triggered:
                            w = w + p[INCREMENT, j] * z
                        w = zero if abs(w) < TINY else w
                        if w_measured:
                            w = w_m[j]
                        p[W, j] = w
                        w_t[j] = w
                    if fire:
                        if not v_measured:
                            u = reset if z > zero else u
                        if refractory:
                            held = left > zero
                            if not v_measured:
                                u = reset if held else u
                            if not z_measured:
                                z = zero if held else z
                            left = max(left - one, zero)
                            p[COUNTER, j] = hold if z > zero else left
                        z_t[j] = z
                    p[V, j] = u
                    p[I, j] = i
                    v_t[j] = u
                    i_t[j] = i
                if recurrent:
                    list_spikes(z_t, index, many, neurons)

    return integrate
