"""All lanes, one sub-step: the exact response of the membranes and currents."""

import math

import numpy as np
from numba import float32
from numpy.typing import NDArray

from core.kernels.compile import kernel
from core.kernels.emulation_rows import (
    ADD_E,
    ADD_I,
    ADD_V,
    E1,
    E_TO_V,
    HIGH,
    I1,
    I_TO_V,
    KEEP_E,
    KEEP_I,
    KEEP_V,
    LANE_ROWS,
    LOW,
    N_TO_V,
    NOISE,
    PAST,
    RATE,
    RELEASE,
    RESET,
    ROWS,
    SIGMA,
    STEP_CYCLES,
    STEP_US,
    THRESHOLD,
    V1,
    Bits,
    E,
    I,
    V,
    Values,
)
from core.kernels.normal import normal


@kernel
def prepare(p: Values, n: int, lanes: Values, table: Values) -> None:
    """Set a fresh entry up: membranes at rest, no current, nothing refractory."""
    for j in range(n):
        for row in range(LANE_ROWS):
            p[row, j] = lanes[row, j]
        for row in range(LANE_ROWS, ROWS):
            p[row, j] = float32(0)
        rest = min(max(float32(0), p[LOW, j]), p[HIGH, j])
        p[V, j] = min(rest, p[THRESHOLD, j])  # where it fires, it is never above
        p[RELEASE, j] = float32(PAST)
        keep = math.exp(-float(lanes[RATE, j]) * STEP_US)
        p[KEEP_V, j] = keep
        p[N_TO_V, j] = (1 - keep) / lanes[RATE, j]
        p[E_TO_V, j] = table[0, 0, STEP_CYCLES, j]
        p[I_TO_V, j] = table[0, 1, STEP_CYCLES, j]
        p[KEEP_E, j] = table[1, 0, STEP_CYCLES, j]
        p[KEEP_I, j] = table[1, 1, STEP_CYCLES, j]


@kernel
def advance(p: Values, n: int, flags: NDArray[np.uint8]) -> None:
    """Advance all lanes by one sub-step; flag those that need a replay."""
    h = float32(STEP_US)
    half = float32(0.5 * STEP_US)
    zero = float32(0)
    for j in range(n):
        v = p[V, j]
        e = p[E, j]
        i = p[I, j]
        r = p[RELEASE, j]
        x = p[NOISE, j]
        v1 = v * p[KEEP_V, j] + (e * p[E_TO_V, j] - i * p[I_TO_V, j])
        v1 = v1 + (x * p[N_TO_V, j] + p[ADD_V, j])
        e1 = e * p[KEEP_E, j] + p[ADD_E, j]
        i1 = i * p[KEEP_I, j] + p[ADD_I, j]
        # The slope turns from up to down inside: the peak may be above both ends.
        d0 = x + e - i - p[RATE, j] * v
        d1 = x + e1 - i1 - p[RATE, j] * v1
        peak = v + half * d0 * d0 / (d0 - d1)
        top = peak if (d0 > zero and d1 < zero) else v1
        top = max(top, max(v, v1))
        v1 = min(max(v1, p[LOW, j]), p[HIGH, j])
        held = r >= h
        flags[j] = (top > p[THRESHOLD, j] or r > zero) and not held
        p[V1, j] = p[RESET, j] if held else v1
        p[E1, j] = e1
        p[I1, j] = i1


@kernel
def commit(p: Values, n: int) -> None:
    """Make the state after the sub-step the state now."""
    h = float32(STEP_US)
    past = float32(PAST)
    for j in range(n):
        p[V, j] = p[V1, j]
        p[E, j] = p[E1, j]
        p[I, j] = p[I1, j]
        p[RELEASE, j] = max(p[RELEASE, j] - h, past)


@kernel
def set_noise(p: Values, n: int, words: Bits) -> None:
    """Set the noise current of the next microsecond from the random ``words``."""
    for j in range(n):
        p[NOISE, j] = p[SIGMA, j] * normal(words[j])
