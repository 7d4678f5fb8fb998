"""What the converters read: the lines of a neuron at the time of a sample, as codes.

A synaptic line rests at `LINE_REST` and falls by `LINE_PER_CURRENT` for each LSB/µs
that it drives onto the membrane. Both numbers, and that it falls, are assumed: nothing
is published.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numba import float32, int32, int64
from numpy.typing import NDArray

from core.kernels.compile import inlined, lean
from core.kernels.emulation_rows import (
    BIAS,
    DITHER,
    E1,
    I1,
    LEAK,
    NEVER,
    SEEN,
    STEP_CYCLES,
    STRIDE,
    V1,
    W1,
    Bits,
    Counts,
    E,
    I,
    V,
    Values,
    W,
)
from core.kernels.noise import WORDS, draw
from core.kernels.normal import normal

#: A synaptic line at rest, LSB, and what it falls by, LSB per LSB/µs.
LINE_REST: Final = float32(150.0)
LINE_PER_CURRENT: Final = float32(5.0)
#: The adaptation without a current, LSB, and LSB per LSB/µs.
ADAPTATION_REST: Final = float32(128.0)
ADAPTATION_PER_CURRENT: Final = float32(5.0)


class Cadc(NamedTuple):
    """The CADC of a run: when it samples, what, and the codes it finds.

    :param cycles: shape (samples, batch, 2), FPGA cycles, per hemisphere
    :param counts: shape (batch, 2), how many of them are taken
    :param late: how much later than the sample ``cycles`` are
    :param last: latest cycle at which there is something to read
    :param source: shape (n,), what is read of a lane, see `reading`
    :param circuit: shape (n,), where the codes of a lane belong; names its noise
    :param offset: shape (n,), LSB, float32
    :param sigma: noise of one sample, LSB
    :param chip: names the noise, with ``trial``
    :param codes: shape (samples, batch, circuits), set at the circuits of the lanes
    """

    cycles: Counts
    counts: Counts
    late: int
    last: int
    source: Counts
    circuit: Counts
    offset: Values
    sigma: float
    chip: int
    trial: int
    codes: NDArray[np.uint8]


@lean
def reading(p: Values, j: int, source: int, x: float) -> Any:
    """Return what a converter sees of a lane, LSB.

    :param source: 0 membrane, 1 excitatory and 2 inhibitory synaptic line, 3 adaptation
    :param x: where in the sub-step, 0…1
    """
    if source == 1:
        return LINE_REST - LINE_PER_CURRENT * (p[E, j] + x * (p[E1, j] - p[E, j]))
    if source == 2:
        return LINE_REST - LINE_PER_CURRENT * (p[I, j] + x * (p[I1, j] - p[I, j]))
    if source == 3:
        w = p[W, j] + x * (p[W1, j] - p[W, j]) - p[BIAS, j]
        return ADAPTATION_REST + ADAPTATION_PER_CURRENT * w
    return p[LEAK, j] + p[V, j] + x * (p[V1, j] - p[V, j])


@inlined
def read_at(cadc: Any, done: Any, hemisphere: Any, b: Any) -> Any:
    """Return the FPGA cycle of the state that a sample reads, late for the last one."""
    at = int64(NEVER)
    if done < cadc.counts[b, hemisphere]:
        at = min(max(cadc.cycles[done, b, hemisphere] - cadc.late, 0), cadc.last)
    return at


@inlined
def due_step(cadc: Any, done: Any, hemisphere: Any, b: Any) -> Any:
    """Return the sub-step in which a hemisphere is sampled next."""
    return read_at(cadc, done, hemisphere, b) // STEP_CYCLES


@lean
def sample(
    p: Values,
    q: Values,
    first: int,
    last: int,
    cadc: Cadc,
    hemisphere: int,
    names: Bits,
    taken: Counts,
    due: Counts,
    words: Bits,
    b: int,
) -> None:
    """Read the lanes of a hemisphere at all its samples inside the sub-step.

    :param q: the same as ``p``, flat
    :param names: shape (n,), of the lanes in the noise
    :param taken: shape (2,), number of samples of a hemisphere before; is counted on
    :param due: shape (2,), this sub-step; becomes that of the next sample
    :param words: shape (4, at least n), keeps the noise of four samples
    """
    step = due[hemisphere]
    done = taken[hemisphere]
    sigma = float32(cadc.sigma)
    half = float32(0.5)
    while due[hemisphere] == step:
        at = read_at(cadc, done, hemisphere, b) - step * STEP_CYCLES
        x = float32(at / STEP_CYCLES)
        if sigma > 0:
            if done % WORDS == 0:
                mine = names[first:last]
                draw(
                    words[:, first:], last - first, mine, done, b, cadc.chip, cadc.trial
                )
            scatter(p[DITHER, first:last], words[done % WORDS, first:last], sigma)
        see_membranes(q[first:], x, cadc.offset[first:last])
        codes = cadc.codes[done, b]
        for j in range(first, last):
            v = p[SEEN, j]
            if cadc.source[j] != 0:
                v = reading(p, j, cadc.source[j], x) + cadc.offset[j] + p[DITHER, j]
            code = np.uint8(int32(min(max(v + half, float32(0)), float32(255))))
            codes[cadc.circuit[j]] = code
        done += 1
        due[hemisphere] = due_step(cadc, done, hemisphere, b)
    taken[hemisphere] = done


@lean
def scatter(out: Values, words: Bits, sigma: float) -> None:
    """Set numbers of the deviation ``sigma``: a loop for itself, which vectorises."""
    for j in range(out.shape[0]):
        out[j] = sigma * normal(words[j])


@lean
def see_membranes(q: Values, x: float, offset: Values) -> None:
    """Set what a sample reads of membranes, with its noise, from a lane on.

    :param q: parameters and states, flat, from the first of these lanes on
    :param x: where in the sub-step, 0…1
    """
    for j in range(offset.shape[0]):
        v = q[V * STRIDE + j]
        v += x * (q[V1 * STRIDE + j] - v)
        q[SEEN * STRIDE + j] = (
            q[LEAK * STRIDE + j] + v + offset[j] + q[DITHER * STRIDE + j]
        )
