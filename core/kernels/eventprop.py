"""Fused time loops of EventProp neurons: trajectories and their adjoint equations.

The equations are those of `core.functional.trajectory` and `core.functional.adjoint`,
for lanes. From row to row everything is linear; only lanes that spike in a step, a few,
are looked at one by one. On the grid the results equal the reference to the last bit
before, and within rounding behind the exponential functions of the exact steps.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
from numba import float32

from core.kernels.compile import exact
from core.kernels.lanes import BLOCK, ROW, TINY

Kernel = Callable[..., None]

#: Rows of the parameters: potentials, ``a = dt / tau_mem``, ``b = dt / tau_syn`` and
#: ``tau_syn``.
LEAK, RESET, THRESHOLD, A, B, TAU_SYN = range(6)
PARAMETERS: Final = 6
#: Rows of a step: what a row keeps of membrane and current, and what flows over.
KEEP_V, KEEP_I, FLOW = range(PARAMETERS, PARAMETERS + 3)
#: Rows of the state, and of what spikes add in the adjoint equations.
V, I, KICK_V, KICK_I = range(PARAMETERS + 3, PARAMETERS + 7)
_ROWS: Final = PARAMETERS + 7


@exact
def response(a: float, b: float) -> float:
    """Return ``a (exp(-b) - exp(-a)) / (a - b)``, also where the two are equal."""
    x = -abs(a - b)
    mean = 1.0 if x == 0 else math.expm1(x) / x
    return a * math.exp(-min(a, b)) * mean


@exact
def crossing(gap: float, slope: float, bend: float) -> float:
    """Return where ``slope x + bend x²`` first reaches ``gap``, 0…1.

    What starts above, with a ``gap`` below 0, crosses at once.
    """
    if gap <= 0:
        return 0.0
    root = math.sqrt(max(slope * slope + 4 * bend * gap, 0.0))
    if slope + root <= 0:
        return 1.0
    return min(max(2 * gap / (slope + root), 0.0), 1.0)


@exact
def load(p: Any, parameters: Any, low: int, n: int, interpolated: bool) -> None:
    """Set the rows of a block: parameters, steps, and a state of zeros."""
    for row in range(PARAMETERS):
        for j in range(n):
            p[row, j] = parameters[row, low + j]
    for row in range(PARAMETERS, _ROWS):
        for j in range(n):
            p[row, j] = float32(0)
    for j in range(n):
        a, b = p[A, j], p[B, j]
        if interpolated:
            p[KEEP_V, j] = math.exp(-float(a))
            p[KEEP_I, j] = math.exp(-float(b))
        else:
            p[KEEP_V, j] = float32(1) - a
            p[KEEP_I, j] = float32(1) - b


@cache
def forward(interpolated: bool) -> Kernel:
    """Return the kernel that integrates lanes from rest.

    Its arguments, all float32: ``x`` (time, lanes), graded spikes in model units;
    ``parameters`` (`PARAMETERS`, lanes); the results spikes, membrane, current and, if
    ``interpolated``, the moments of the spikes, (time, lanes); first and last + 1 lane.
    """

    @exact
    def integrate(
        x: Any,
        parameters: Any,
        spikes: Any,
        membrane: Any,
        current: Any,
        moment: Any,
        first: int,
        last: int,
    ) -> None:
        p = np.empty((_ROWS, ROW), np.float32)
        one, zero = float32(1), float32(0)
        for low in range(first, last, BLOCK):
            high = min(low + BLOCK, last)
            n = high - low
            load(p, parameters, low, n, interpolated)
            for j in range(n):
                p[V, j] = p[LEAK, j]
                if interpolated:
                    p[FLOW, j] = response(float(p[A, j]), float(p[B, j]))
                if x.shape[0] > 0:
                    spikes[0, low + j] = zero
                    membrane[0, low + j] = p[LEAK, j]
                    current[0, low + j] = zero
                    if interpolated:
                        moment[0, low + j] = one
            for t in range(1, x.shape[0]):
                x_t, z_t = x[t - 1, low:high], spikes[t, low:high]
                v_t, i_t = membrane[t, low:high], current[t, low:high]
                for j in range(n):
                    leak, reset = p[LEAK, j], p[RESET, j]
                    v, i = p[V, j], p[I, j] * p[KEEP_I, j] + x_t[j]
                    i = zero if abs(i) < TINY else i
                    if interpolated:
                        u = leak + (v - leak) * p[KEEP_V, j] + i * p[FLOW, j]
                    else:
                        u = v + p[A, j] * (leak - v + i)
                    u = zero if abs(u) < TINY else u
                    fired = u > p[THRESHOLD, j]
                    z_t[j] = one if fired else zero
                    if not interpolated:
                        u = reset if fired else u
                        p[V, j] = u
                    p[I, j] = i
                    i_t[j] = i
                    v_t[j] = u
                if interpolated:
                    m_t = moment[t, low:high]
                    for j in range(n):
                        m_t[j] = one
                        if z_t[j] > zero:
                            v, i = float(p[V, j]), float(i_t[j])
                            a, b, leak = (
                                float(p[A, j]),
                                float(p[B, j]),
                                float(p[LEAK, j]),
                            )
                            slope = a * (leak - v + i)
                            bend = float(v_t[j]) - v - slope
                            m = crossing(float(p[THRESHOLD, j]) - v, slope, bend)
                            rest = 1 - m
                            after = float(p[RESET, j]) - leak
                            after = leak + after * math.exp(-a * rest)
                            i = i * math.exp(-b * m)
                            v_t[j] = after + i * response(a * rest, b * rest)
                            m_t[j] = m
                        p[V, j] = v_t[j]

    return integrate


@cache
def backward(interpolated: bool) -> Kernel:
    """Return the kernel of the adjoint equations.

    Its arguments: ``parameters``; spikes, current and moments as of `forward`; the
    gradient of the spikes, (time, lanes); the results, gradients of the input by weight
    and by time, (time, lanes) each; first and last + 1 lane.
    """

    @exact
    def sweep(
        parameters: Any,
        spikes: Any,
        current: Any,
        moment: Any,
        g_spikes: Any,
        by_weight: Any,
        by_time: Any,
        first: int,
        last: int,
    ) -> None:
        p = np.empty((_ROWS, ROW), np.float32)
        zero = float32(0)
        spiking = np.empty(BLOCK + 1, np.int32)
        steps = spikes.shape[0]
        for low in range(first, last, BLOCK):
            high = min(low + BLOCK, last)
            n = high - low
            load(p, parameters, low, n, interpolated)
            for j in range(n):
                a, b = float(p[A, j]), float(p[B, j])
                p[FLOW, j] = response(b, a) if interpolated else b
            for t in range(steps - 1, -1, -1):
                w_t, s_t = by_weight[t, low:high], by_time[t, low:high]
                for j in range(n):
                    w_t[j] = p[I, j] * p[TAU_SYN, j]
                    s_t[j] = p[V, j] - p[I, j]
                if t == 0:
                    break
                z_t = spikes[t, low:high]
                many = 0
                for j in range(n):
                    spiking[many] = j
                    many += int(z_t[j] > zero)
                for k in range(many):
                    j = spiking[k]
                    a, b, g = (
                        float(p[A, j]),
                        float(p[B, j]),
                        float(g_spikes[t, low + j]),
                    )
                    m = float(moment[t, low + j]) if interpolated else 0.0
                    if interpolated:
                        i = float(current[t, low + j]) * math.exp(-b * m)
                    else:
                        i = float(current[t - 1, low + j])
                    before = i + float(p[LEAK, j] - p[THRESHOLD, j])
                    after = i + float(p[LEAK, j] - p[RESET, j])
                    # A lane that only touches the threshold has no finite gradient.
                    ratio = after / before if before != 0 else 0.0
                    kick = g / before if before != 0 else 0.0
                    p[KEEP_V, j] *= float32(ratio)
                    if interpolated:
                        rest = 1 - m
                        flow = response(b * m, a * m)
                        p[KICK_V, j] = math.exp(-a * m) * kick
                        p[KICK_I, j] = flow * kick
                        p[FLOW, j] = (
                            math.exp(-b * m) * response(b * rest, a * rest)
                            + flow * math.exp(-a * rest) * ratio
                        )
                    else:
                        p[KICK_V, j] = kick
                for j in range(n):
                    lv, li = p[V, j], p[I, j]
                    li = p[KICK_I, j] + p[FLOW, j] * lv + p[KEEP_I, j] * li
                    lv = p[KICK_V, j] + p[KEEP_V, j] * lv
                    p[I, j] = zero if abs(li) < TINY else li
                    p[V, j] = zero if abs(lv) < TINY else lv
                for k in range(many):
                    j = spiking[k]
                    a, b = float(p[A, j]), float(p[B, j])
                    p[KICK_V, j] = zero
                    p[KICK_I, j] = zero
                    p[KEEP_V, j] = (
                        math.exp(-a) if interpolated else float32(1) - p[A, j]
                    )
                    p[FLOW, j] = response(b, a) if interpolated else b

    return sweep
