"""Process CPU time of several steps in turn, and what can be said of it.

Each round takes one sample of each step, in alternating order, so that a slow minute of
the machine meets all of them. Estimates are medians with an interval from the order
statistics, which assumes nothing about the distribution; ratios are formed within a
round before the median is taken.
"""

import gc
import math
import statistics
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

Step = Callable[[], object]
Name = TypeVar("Name", bound=Hashable)

#: A step above this time is measured in SLOW_ROUNDS rounds only, s.
SLOW = 20.0
SLOW_ROUNDS = 3
#: A sample repeats a short step until it takes about this long, s.
SAMPLE = 0.03


@dataclass(frozen=True)
class Estimate:
    """A median and its 95 % interval, in the unit of the samples."""

    median: float
    low: float
    high: float

    @staticmethod
    def of(samples: Iterable[float]) -> "Estimate":
        """Return the median of ``samples`` and its interval.

        The interval lies between the k-th smallest and the k-th largest sample, with
        the largest k that covers the median of the population in 95 % of all cases. Up
        to five samples cover less: all of them are the interval then.

        >>> Estimate.of(range(15))
        Estimate(median=7, low=3, high=11)
        >>> Estimate.of([3.0, 1.0, 2.0])
        Estimate(median=2.0, low=1.0, high=3.0)
        """
        ordered = sorted(samples)
        n, middle = len(ordered), statistics.median(ordered)
        below, outside = 0, 1.0  # how many samples lie outside on one side
        while outside <= 0.025 * 2**n:
            below += 1
            outside += math.comb(n, below)
        last = max(below - 1, 0)
        return Estimate(middle, ordered[last], ordered[n - 1 - last])


@dataclass(frozen=True)
class Samples:
    """Times of one step, one for each round, s."""

    seconds: tuple[float, ...]
    slow: bool = False

    @property
    def estimate(self) -> Estimate:
        """The median time and its interval, s."""
        return Estimate.of(self.seconds)

    def over(self, other: "Samples") -> Estimate:
        """Return this time over that of ``other``, in the rounds that both have."""
        pairs = zip(self.seconds, other.seconds, strict=False)
        return Estimate.of(ours / theirs for ours, theirs in pairs)

    def plus(self, other: "Samples") -> "Samples":
        """Return the sum of both, round by round."""
        pairs = zip(self.seconds, other.seconds, strict=True)
        return Samples(tuple(a + b for a, b in pairs))

    def times(self, factor: float) -> "Samples":
        """Return all times multiplied by ``factor``."""
        return Samples(tuple(factor * time for time in self.seconds), self.slow)


def interleave(
    steps: Mapping[Name, Step],
    rounds: int,
    clock: Callable[[], float] = time.process_time,
) -> dict[Name, Samples]:
    """Time ``steps`` in turn.

    The first call of each step is not counted: it compiles and fills caches. Garbage is
    collected before a sample and not during it.

    :param rounds: samples of each step; of those above 20 s there are three
    :param clock: what is read, s
    """
    calls = {name: _calls(step, clock) for name, step in steps.items()}
    taken: dict[Name, list[float]] = {name: [] for name in steps}
    order = list(steps)
    gc.freeze()  # what is there already need not be looked through for each sample
    try:
        for _ in range(rounds):
            for name in order:
                samples = taken[name]
                if len(samples) < SLOW_ROUNDS or min(samples) <= SLOW:
                    samples.append(_sample(steps[name], calls[name], clock))
            order.reverse()
    finally:
        gc.unfreeze()
    return {n: Samples(tuple(taken[n]), min(taken[n]) > SLOW) for n in steps}


def _calls(step: Step, clock: Callable[[], float]) -> int:
    """Return how many calls make a sample, after the call that is not counted."""
    started = clock()
    step()
    first = clock() - started
    if first > SLOW:
        return 1
    return max(1, math.ceil(SAMPLE / max(_sample(step, 1, clock), SAMPLE / 200)))


def _sample(step: Step, calls: int, clock: Callable[[], float]) -> float:
    """Return the mean time of some calls, s."""
    gc.collect()
    gc.disable()
    try:
        started = clock()
        for _ in range(calls):
            step()
        return (clock() - started) / calls
    finally:
        gc.enable()


def saved_bytes(step: Step) -> int:
    """Return how many bytes torch keeps from the forward to the backward pass.

    Each storage counts once, however many tensors view it; outputs count. What a
    library keeps elsewhere than in saved tensors is not seen.
    """
    storages: dict[int, torch.UntypedStorage] = {}  # kept, or an address may return

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage
        return tensor.detach()

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        step()
    return sum(storage.nbytes() for storage in storages.values())


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Return k of the power law ``seconds ~ sizes ** k`` by least squares.

    >>> round(exponent([1, 2, 4], [3.0, 6.0, 12.0]), 3)
    1.0
    """
    x, y = [[math.log(value) for value in values] for values in (sizes, seconds)]
    return statistics.linear_regression(x, y).slope
