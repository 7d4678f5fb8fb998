"""How kernels share out their lanes: blocks that fit the cache, threads, result arrays.

A lane is one neuron of one batch entry. Arrays over time have the shape (time, lanes);
a kernel takes a range of lanes and walks through time once for each block of them, so
that the state stays in the cache. Kernels release the interpreter lock: ranges run on
a pool of threads, and give the same numbers however the lanes are split.
"""

import os
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from math import prod
from threading import RLock
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

#: Lanes of a block. Narrower ones jump between more memory pages per step.
BLOCK: Final = 1024
#: Between the rows of a block's state; at a power of two they would share cache sets.
PAD: Final = 80
ROW: Final = BLOCK + PAD
#: Numbers below it become 0: a silent network would else decay into denormal numbers,
#: with which a processor computes ten times slower.
TINY: Final = np.float32(1e-30)

#: Stands for an array that a kernel does not read or write.
NOTHING: Final[F32] = np.zeros((1, 1), np.float32)

#: Steps times lanes that are worth a thread; handing them over takes about 50 µs.
_WORTH_A_THREAD = 1 << 16
#: Bytes of arrays that are kept for the next results, at most.
_KEPT_BYTES = 512 << 20
#: Smaller arrays come from the memory that NumPy keeps.
_LARGE_BYTES = 1 << 16

_lock = RLock()  # a finalizer may run while the lock is held
_pools: dict[int, ThreadPoolExecutor] = {}  # by process: threads do not survive a fork
_kept: OrderedDict[int, list[F32]] = OrderedDict()  # by size, the last used last
_kept_bytes = 0


def run_lanes(
    kernel: Callable[..., Any],
    arguments: Sequence[Any],
    steps: int,
    lanes: int,
    threads: int,
    align: int = 16,
) -> None:
    """Call ``kernel(*arguments, first, last)`` for ranges that cover all lanes.

    :param steps: number of time steps, which says whether threads are worth while
    :param threads: how many ranges run at once, at most
    :param align: what the ends of ranges are multiples of; 16 lanes are a cache line
    """
    parts = max(1, min(threads, steps * lanes // _WORTH_A_THREAD, lanes // align))
    width = max(1, -(-lanes // parts // align)) * align
    (first, *others) = [
        (low, min(low + width, lanes)) for low in range(0, max(lanes, 1), width)
    ]
    run_parts(lambda part: kernel(*arguments, *part), [first, *others])


def run_parts(work: Callable[[Any], Any], parts: Sequence[Any]) -> list[Any]:
    """Return ``work(part)`` of each part; the first runs here, the others in the pool.

    When the interpreter ends, while threads of the user still run, all run here.
    """
    started: list[Future[Any]] = []
    with suppress(RuntimeError):  # the pool takes no more work
        started += (pool().submit(work, part) for part in parts[1:])
    here = [parts[0], *parts[1 + len(started) :]]
    try:
        (first, *rest) = [work(part) for part in here]
    finally:
        done = [part.result() for part in started]
    return [first, *done, *rest]


def threads() -> int:
    """Return how many threads this process should use.

    Not more than it may run on, nor than ``OMP_NUM_THREADS`` says, which torch obeys.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return min(cores, int(wanted)) if wanted.isdigit() and int(wanted) else cores


def pool() -> ThreadPoolExecutor:
    """Return the threads of this process: one pool for all kernels, whoever calls."""
    with _lock:
        found = _pools.get(os.getpid())
        if found is None:
            _pools.clear()
            found = ThreadPoolExecutor(os.cpu_count() or 1, "lanes")
            _pools[os.getpid()] = found
        return found


def empty(shape: tuple[int, ...]) -> F32:
    """Return an array of float32 with any content.

    Memory of large arrays is used again as soon as nothing refers to them any more: to
    touch fresh memory for the first time takes longer than to compute what goes there.
    """
    global _kept_bytes
    size = 4 * prod(shape)
    if size < _LARGE_BYTES:
        return np.empty(shape, np.float32)
    with _lock:
        base = _kept[size].pop() if _kept.get(size) else None
        _kept_bytes -= 0 if base is None else size
    if base is None:
        base = _aligned(size // 4)
    loan = _Loan(base)
    weakref.finalize(loan, _keep, base).atexit = False
    return np.asarray(loan).reshape(shape)


def _aligned(count: int) -> F32:
    """Return numbers that begin with a cache line."""
    raw = np.empty(count + 16, np.float32)
    first = -raw.ctypes.data % 64 // 4
    return raw[first : first + count]


class _Loan:
    """What all views of an array refer to in the end: it dies with the last of them."""

    def __init__(self, base: F32) -> None:
        self.__array_interface__ = base.__array_interface__


def _keep(base: F32) -> None:
    global _kept_bytes
    with _lock:
        _kept.setdefault(base.nbytes, []).append(base)
        _kept.move_to_end(base.nbytes)
        _kept_bytes += base.nbytes
        while _kept_bytes > _KEPT_BYTES:
            oldest, arrays = next(iter(_kept.items()))
            if arrays:
                arrays.pop()
                _kept_bytes -= oldest
            else:
                del _kept[oldest]


def _forget_lock() -> None:
    """Give a forked process a lock that no other thread holds."""
    global _lock
    _lock = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_lock)
