"""What the converters read: potentials at the time of a sample, and their codes."""

from typing import Any

import numpy as np
from numba import float32
from numpy.typing import NDArray

from core.kernels.compile import kernel
from core.kernels.emulation_rows import LEAK, PAD, STEP_CYCLES, V1, Counts, V, Values
from core.kernels.noise import CADC, WORDS, draw, lane_word
from core.kernels.normal import normal


@kernel
def sample(
    p: Values,
    first: int,
    last: int,
    cycles: Counts,
    hemisphere: int,
    done: int,
    step: int,
    out: Values,
    b: int,
) -> int:
    """Read the lanes of a hemisphere at all its samples inside the sub-step.

    :param cycles: shape (samples, 2)
    :param done: number of samples taken before
    :param out: shape (samples, batch, n)
    :returns: number of samples taken by now
    """
    start = step * STEP_CYCLES
    while done < cycles.shape[0] and cycles[done, hemisphere] < start + STEP_CYCLES:
        x = float32((cycles[done, hemisphere] - start) / STEP_CYCLES)
        for j in range(first, last):
            out[done, b, j] = p[LEAK, j] + p[V, j] + x * (p[V1, j] - p[V, j])
        done += 1
    return done


@kernel
def digitise(
    values: Values,
    offset: NDArray[np.float64],
    sigma: float,
    lane_circuit: Counts,
    chip: int,
    trial: int,
    out: Any,
) -> None:
    """Turn potentials into CADC codes: offset, noise, rounding, clipping.

    :param values: shape (samples, batch, n), LSB, float32
    :param offset: shape (n,), LSB
    :param sigma: noise of one sample, LSB
    :param out: shape (samples, batch, circuits), set at the circuits of the lanes
    """
    samples, batch, n = values.shape
    words = np.empty((WORDS, n + PAD), np.uint32)
    names = np.empty(n, np.uint32)
    for j in range(n):
        names[j] = lane_word(lane_circuit[j], CADC)
    for b in range(batch):
        for k in range(samples):
            if k % WORDS == 0:
                draw(words, n, names, k, b, chip, trial)
            for j in range(n):
                x = values[k, b, j] + offset[j] + sigma * normal(words[k % WORDS, j])
                out[k, b, lane_circuit[j]] = int(min(max(x + 0.5, 0.0), 255.0))
