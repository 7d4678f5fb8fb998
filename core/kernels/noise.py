"""Random numbers that are a function of what they are for, not of what came before.

Six counters name a number. Philox4x32-10 (Salmon et al., 2011) turns a counter of four
words of 32 bits, under a key of two, into four random words::

    counter = (circuit + 2¹⁶ source, step div 4, entry, trial mod 2³²)
    key     = (chip, trial div 2³²)
    number  = word (step mod 4)

Under one key the map is one to one: different names never share a block of four words.
So a number depends neither on threads, nor on the split of a batch, nor on what else
runs. Circuits and sources are below 2¹⁶, chips and entries below 2³², steps below 2³⁴;
larger ones are taken modulo that.
"""

from typing import Any, Final

import numpy as np
from numba import uint32, uint64
from numpy.typing import ArrayLike, NDArray

from core.kernels.compile import inlined, kernel
from core.kernels.normal import normal

Bits = NDArray[np.uint32]
Values = NDArray[np.float32]

#: What a number is for. A new use takes a new number; none is ever used twice.
MEMBRANE: Final = 0  # the noise current of a circuit; a step is 1 µs
CADC: Final = 1  # one CADC sample; a step is a sample
CADC_PHASE: Final = 2  # when a CADC (a hemisphere) begins, step 0, and its k-th period
MADC: Final = 3  # one MADC sample; a step is a sample
CELL: Final = 4  # a write to an analog cell; the entry is the cell, a step is its line
READING: Final = 5  # a measurement on the bench; the entry numbers it
EVENT_LOSS: Final = 6  # whether an event is lost on the link; a step is its cycle
MADC_LOSS: Final = 7  # whether a MADC sample is lost; a step is a sample

#: Numbers that one block holds: four steps in a row.
WORDS: Final = 4

_ROUNDS = 10
_LOW = uint64(0xFFFFFFFF)
_HALF = uint64(32)
_MULTIPLIER_0, _MULTIPLIER_1 = uint64(0xD2511F53), uint64(0xCD9E8D57)
_WEYL_0, _WEYL_1 = uint64(0x9E3779B9), uint64(0xBB67AE85)


def bits(
    chip: ArrayLike,
    trial: ArrayLike,
    entry: ArrayLike,
    circuit: ArrayLike,
    step: ArrayLike,
    source: ArrayLike,
) -> Bits:
    """Return 32 random bits for each name; the six counters broadcast.

    >>> bits(1, 0, 0, [3, 4], 0, MEMBRANE).shape
    (2,)
    """
    names = np.broadcast_arrays(chip, trial, entry, circuit, step, source)
    out = np.empty(names[0].shape, np.uint32)
    flat = [np.array(name, np.int64).ravel() for name in names]
    _bits(flat[0], flat[1], flat[2], flat[3], flat[4], flat[5], out.reshape(-1))
    return out


def uniforms(
    chip: ArrayLike,
    trial: ArrayLike,
    entry: ArrayLike,
    circuit: ArrayLike,
    step: ArrayLike,
    source: ArrayLike,
) -> NDArray[np.float64]:
    """Return numbers between 0 and 1, neither included, as `bits`.

    >>> bool(0 < uniforms(1, 0, 0, 0, 0, CADC_PHASE) < 1)
    True
    """
    words = bits(chip, trial, entry, circuit, step, source).astype(np.float64)
    return (words + 0.5) * 2.0**-32


def normals(
    chip: ArrayLike,
    trial: ArrayLike,
    entry: ArrayLike,
    circuit: ArrayLike,
    step: ArrayLike,
    source: ArrayLike,
) -> Values:
    """Return standard normal numbers, as `bits`; none is beyond 5.42.

    >>> x = normals(1, 0, 0, 3, np.arange(10_000), MADC)
    >>> bool(abs(x.mean()) < 0.04 and abs(x.std() - 1) < 0.03)  # four standard errors
    True
    """
    words = bits(chip, trial, entry, circuit, step, source)
    out = np.empty(words.shape, np.float32)
    _normals(words.reshape(-1), out.reshape(-1))
    return out


@inlined
def block(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """Return the four words of Philox4x32-10 for a counter and a key, all below 2³².

    The words are held in 64 bits: a product of two needs them.
    """
    c0, c1, c2, c3 = uint64(c0), uint64(c1), uint64(c2), uint64(c3)
    k0, k1 = uint64(k0), uint64(k1)
    for _ in range(_ROUNDS):
        x = _MULTIPLIER_0 * c0
        y = _MULTIPLIER_1 * c2
        c0 = (y >> _HALF) ^ c1 ^ k0
        c2 = (x >> _HALF) ^ c3 ^ k1
        c1 = y & _LOW
        c3 = x & _LOW
        k0 = (k0 + _WEYL_0) & _LOW
        k1 = (k1 + _WEYL_1) & _LOW
    return c0, c1, c2, c3


@inlined
def lane_word(circuit: Any, source: Any) -> Any:
    """Return the first word of the counter."""
    return uint32((uint64(circuit) & uint64(0xFFFF)) | (uint64(source) << uint64(16)))


@kernel
def draw(
    words: Bits, n: int, lane_words: Bits, step: int, entry: int, chip: int, trial: int
) -> None:
    """Draw the numbers of steps ``step`` … ``step + 3`` for all lanes.

    :param words: shape (4, at least n), set
    :param lane_words: shape (n,), see `lane_word`
    :param step: a multiple of 4
    """
    c1 = (uint64(step) >> uint64(2)) & _LOW
    c2 = uint64(entry) & _LOW
    c3 = uint64(trial) & _LOW
    k0 = uint64(chip) & _LOW
    k1 = uint64(trial) >> _HALF
    for j in range(n):
        w0, w1, w2, w3 = block(lane_words[j], c1, c2, c3, k0, k1)
        words[0, j] = uint32(w0)
        words[1, j] = uint32(w1)
        words[2, j] = uint32(w2)
        words[3, j] = uint32(w3)


@kernel
def _bits(
    chip: NDArray[np.int64],
    trial: NDArray[np.int64],
    entry: NDArray[np.int64],
    circuit: NDArray[np.int64],
    step: NDArray[np.int64],
    source: NDArray[np.int64],
    out: Bits,
) -> None:
    for j in range(out.shape[0]):
        c0 = lane_word(circuit[j], source[j])
        c1 = (uint64(step[j]) >> uint64(2)) & _LOW
        c2 = uint64(entry[j]) & _LOW
        c3 = uint64(trial[j]) & _LOW
        k0 = uint64(chip[j]) & _LOW
        k1 = uint64(trial[j]) >> _HALF
        w0, w1, w2, w3 = block(c0, c1, c2, c3, k0, k1)
        word = uint64(step[j]) & uint64(3)
        low = w1 if word & uint64(1) else w0
        high = w3 if word & uint64(1) else w2
        out[j] = uint32(high if word & uint64(2) else low)


@kernel
def _normals(words: Bits, out: Values) -> None:
    for j in range(out.shape[0]):
        out[j] = normal(words[j])
