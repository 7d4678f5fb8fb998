"""Membranes of several circuits: each keeps its inputs, one lane has the membrane.

The currents of the other lanes add to the potential of the one that has the membrane,
each with the response of the common membrane to its own synaptic time constants.
"""

import numpy as np
from numba import float32, uint8
from numpy.typing import NDArray

from core.kernels.compile import kernel
from core.kernels.emulation_response import mean_passed
from core.kernels.emulation_rows import (
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
    JOIN_V,
    KEEP_E,
    KEEP_I,
    KEEP_V,
    LOW,
    N_TO_V,
    NOISE,
    PASS_E,
    PASS_E1,
    PASS_I,
    PASS_I1,
    RATE,
    RELEASE,
    REPLAY,
    RESET,
    RESET_RATE,
    STEP_US,
    THRESHOLD,
    V1,
    W1,
    Counts,
    E,
    I,
    V,
    Values,
    W,
)
from core.kernels.emulation_step import highest_over


@kernel
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
        more_v = float32(0)
        before = float32(0)
        after = float32(0)
        for k in range(member_start[j], member_start[j + 1]):
            m = member[k]
            if m != j:
                v, first, last = contribution(p, m)
                more_v += v
                before += first
                after += last
        p[JOIN_V, j] = more_v
        p[JOIN_0, j] = before
        p[JOIN_1, j] = after
        if p[ADEX, j] > 0:
            continue  # its own loop takes these sums
        own, first, last = contribution(p, j)
        v = p[V, j]
        v1 = v * p[KEEP_V, j] + p[NOISE, j] * p[N_TO_V, j] + own + more_v
        before += first + p[NOISE, j] - p[RATE, j] * v
        after += last + p[NOISE, j] - p[RATE, j] * v1
        over = highest_over(v, v1, before, after, p[THRESHOLD, j])
        if p[RELEASE, j] >= float32(STEP_US):
            p[V1, j] = p[RESET, j]
            flags[j] = uint8(HELD) if p[RESET_RATE, j] > 0 else uint8(0)
        else:
            p[V1, j] = min(max(v1, p[LOW, j]), p[HIGH, j])
            flags[j] = uint8(REPLAY) if max(over, p[RELEASE, j]) > 0 else uint8(0)


@kernel
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


@kernel
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
