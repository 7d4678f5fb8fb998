"""Membranes of several circuits: each keeps its inputs, one lane has the membrane.

The currents of the other lanes add to the potential of the one that has the membrane,
each with the response of the common membrane to its own synaptic time constants.
"""

import numpy as np
from numba import float32, uint8
from numpy.typing import NDArray

from core.kernels.compile import lean
from core.kernels.emulation_response import mean_passed
from core.kernels.emulation_rows import (
    ADD_BEND,
    ADD_V,
    ADEX,
    E1,
    E_TO_V,
    HELD,
    HIGH,
    I1,
    I_TO_V,
    JOIN_0,
    JOIN_1,
    JOIN_BEND,
    JOIN_BEND_0,
    JOIN_BEND_1,
    JOIN_V,
    KEEP_E,
    KEEP_I,
    KEEP_V,
    LEVEL,
    LOW,
    N_TO_V,
    NOISE,
    PASS_E,
    PASS_E1,
    PASS_I,
    PASS_I1,
    RATE,
    RATE_EXC,
    RELEASE,
    REPLAY,
    RESET,
    RESET_RATE,
    STEP_US,
    THRESHOLD,
    TILT_EXC,
    TILT_INH,
    V1,
    W1,
    Counts,
    E,
    I,
    V,
    Values,
    W,
)
from core.kernels.emulation_step import arch, bent, highest_over


@lean
def advance_joined(
    p: Values,
    heads: Counts,
    member_start: Counts,
    member: Counts,
    flags: NDArray[np.uint8],
) -> None:
    """Advance the membranes of several circuits, after their lanes were advanced.

    :param heads: the lanes that have the membranes
    :param member_start: shape (n + 1,), where the members of a lane begin in ``member``
    """
    for g in range(heads.shape[0]):
        j = heads[g]
        more_v = before = after = float32(0)
        bend = bend_0 = bend_1 = float32(0)
        for k in range(member_start[j], member_start[j + 1]):
            m = member[k]
            if m != j:
                v, first, last = contribution(p, m)
                more_v += v
                before += first
                after += last
                v, first, last = losses(p, m)
                bend += v
                bend_0 += first
                bend_1 += last
        p[JOIN_V, j] = more_v
        p[JOIN_0, j] = before
        p[JOIN_1, j] = after
        p[JOIN_BEND, j] = bend
        p[JOIN_BEND_0, j] = bend_0
        p[JOIN_BEND_1, j] = bend_1
        if p[ADEX, j] > 0:
            continue  # its own loop takes these sums
        own, first, last = contribution(p, j)
        v = p[V, j]
        v1 = v * p[KEEP_V, j] + p[NOISE, j] * p[N_TO_V, j] + own + more_v
        before += first + p[NOISE, j] - p[RATE, j] * v
        after += last + p[NOISE, j]
        own, first, last = losses(p, j)
        end = after - p[RATE, j] * v1
        above = arch(STEP_US, before, end, p[RATE, j], p[RATE_EXC, j], v1 - v)
        v1 = bent(v, v1, bend + own, p[LEVEL, j], above)
        before -= (bend_0 + first) * (v - p[LEVEL, j])
        after -= (bend_1 + last) * (v1 - p[LEVEL, j]) + p[RATE, j] * v1
        over = highest_over(v, v1, before, after, p[THRESHOLD, j])
        if p[RELEASE, j] >= float32(STEP_US):
            p[V1, j] = p[RESET, j]
            flags[j] = uint8(HELD) if p[RESET_RATE, j] > 0 else uint8(0)
        else:
            p[V1, j] = min(max(v1, p[LOW, j]), p[HIGH, j])
            flags[j] = uint8(REPLAY) if max(over, p[RELEASE, j]) > 0 else uint8(0)


@lean
def contribution(p: Values, m: int) -> tuple[float, float, float]:
    """Return what the inputs of a lane add to the end and to both slopes."""
    se = p[PASS_E, m]
    si = p[PASS_I, m]
    e = p[E, m] * se
    i = p[I, m] * si
    mean_e = mean_passed(p[E, m], se, p[KEEP_E, m])
    mean_i = mean_passed(p[I, m], si, p[KEEP_I, m])
    v = mean_e * p[E_TO_V, m] - mean_i * p[I_TO_V, m] + p[ADD_V, m]
    after = p[E1, m] * p[PASS_E1, m] - p[I1, m] * p[PASS_I1, m]
    return v, e - i, after


@lean
def losses(p: Values, m: int) -> tuple[float, float, float]:
    """Return what the end and both slopes lose per LSB by the tilt of its inputs."""
    tilt_e = p[TILT_EXC, m]
    tilt_i = p[TILT_INH, m]
    se = p[PASS_E, m]
    si = p[PASS_I, m]
    v = tilt_e * mean_passed(p[E, m], se, p[KEEP_E, m]) * p[E_TO_V, m]
    v += tilt_i * mean_passed(p[I, m], si, p[KEEP_I, m]) * p[I_TO_V, m]
    before = tilt_e * p[E, m] * se + tilt_i * p[I, m] * si
    after = tilt_e * p[E1, m] * p[PASS_E1, m] + tilt_i * p[I1, m] * p[PASS_I1, m]
    return v + p[ADD_BEND, m], before, after


@lean
def spread(p: Values, heads: Counts, member_start: Counts, member: Counts) -> None:
    """Give all members of a neuron the potential of their membrane."""
    for g in range(heads.shape[0]):
        j = heads[g]
        for k in range(member_start[j], member_start[j + 1]):
            m = member[k]
            p[V, m] = p[V, j]
            p[V1, m] = p[V1, j]
            p[W, m] = p[W, j]
            p[W1, m] = p[W1, j]
