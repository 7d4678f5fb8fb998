"""Numbers about spikes: count, rate, intervals and their regularity.

For the intervals ``d`` between the spikes of one neuron, CV is ``std(d) / mean(d)`` and
the adaptation ``d[-1] / d[0]``; both are means over the neurons that have two intervals
or more. The mean interval is that of all intervals of all neurons.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.simulate import Raster


@dataclass(frozen=True)
class SpikeStatistics:
    """What the spikes of one population are like; None is what cannot be said.

    :param rate: spikes per neuron and second, Hz
    :param first: time of the first spike, s
    :param interval: mean interval between spikes of a neuron, s
    :param variation: coefficient of variation (CV) of the intervals
    :param adaptation: last interval over first interval
    """

    count: int
    rate: float
    first: float | None = None
    interval: float | None = None
    variation: float | None = None
    adaptation: float | None = None


def statistics(spikes: Raster, size: int, duration: float) -> SpikeStatistics:
    """Return the numbers of a population.

    :param size: number of neurons
    :param duration: hardware time, s
    """
    count = len(spikes.time)
    rate = count / size / duration
    if not count:
        return SpikeStatistics(0, rate)
    found, owner = intervals(spikes)
    first = float(spikes.time.min())
    if not len(found):
        return SpikeStatistics(count, rate, first)
    number = np.bincount(owner, minlength=size)
    several = np.flatnonzero(number >= 2)
    variation = adaptation = None
    if len(several):
        total = np.bincount(owner, found, size)[several]
        square = np.bincount(owner, found**2, size)[several]
        mean = total / number[several]
        spread = np.sqrt(np.maximum(square / number[several] - mean**2, 0))
        ends = np.cumsum(number)
        last, begin = found[ends[several] - 1], found[(ends - number)[several]]
        variation = float((spread / mean).mean())
        adaptation = float((last / begin).mean())
    mean_interval = float(found.mean())
    return SpikeStatistics(count, rate, first, mean_interval, variation, adaptation)


def intervals(spikes: Raster) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the intervals between the spikes of each neuron.

    :returns: intervals in s, ordered by neuron, then time, shape (intervals,); and the
        neuron of each
    """
    order = np.lexsort((spikes.time, spikes.neuron))
    time, neuron = np.asarray(spikes.time)[order], np.asarray(spikes.neuron)[order]
    same = neuron[1:] == neuron[:-1]
    return np.diff(time)[same], neuron[1:][same]


def histogram(values: NDArray[Any], end: float, bins: int = 40) -> NDArray[np.int64]:
    """Count intervals in equal bins from 0 to ``end``, s; longer ones are left out."""
    kept = values[values < end]
    place = (kept / end * bins).astype(np.int64)
    return np.bincount(place, minlength=bins)
