"""Numbers that describe what a population did: spikes, intervals, membranes.

Each function returns one value per neuron, shape (neurons,), NaN where there is none.
`MEASURES` names them, for sweeps and tables. Spikes and membranes are those of the chip
where it ran, else those of the model.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import ParameterError, RecordingError, did_you_mean
from core.simulate import PopulationResult, Raster, RunResult, Signal

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Measure:
    """A number per neuron.

    :param unit: ``"s"``, ``"Hz"``, ``"model"`` or ``""``
    :param doc: one sentence of help
    :param of: takes what a population did and the duration of the run, s
    """

    unit: str
    doc: str
    of: Callable[[PopulationResult, float], Floats]


@dataclass(frozen=True)
class Intervals:
    """Statistics of the intervals between spikes, each of shape (neurons,).

    :param count: number of spikes
    :param mean: s
    :param cv: standard deviation over mean
    :param last_over_first: above 1, firing slows down
    """

    count: Floats
    mean: Floats
    cv: Floats
    last_over_first: Floats


def measured(result: RunResult, population: str, name: str) -> Floats:
    """Return the measure ``name`` of a population, shape (neurons,).

    :raises ParameterError: if there is no such measure
    :raises RecordingError: if what it needs was not recorded
    """
    if name not in MEASURES:
        raise ParameterError(
            "measure",
            f"there is no '{name}'.{did_you_mean(name, MEASURES)}",
            f"Use one of {list(MEASURES)}.",
        )
    return MEASURES[name].of(result.populations[population], result.duration)


def intervals(raster: Raster, size: int) -> Intervals:
    """Return statistics of the intervals between the spikes of each neuron.

    >>> raster = Raster(np.array([0.0, 1.0, 4.0]), np.array([0, 0, 0]))
    >>> found = intervals(raster, 2)
    >>> found.mean.tolist(), found.last_over_first.tolist()
    ([2.0, nan], [3.0, nan])
    """
    empty = np.full(size, np.nan)
    mean, cv, ratio = empty.copy(), empty.copy(), empty.copy()
    for neuron, gaps in enumerate(_gaps(raster, size)):
        if len(gaps):
            mean[neuron] = gaps.mean()
            cv[neuron] = gaps.std() / gaps.mean()
            ratio[neuron] = gaps[-1] / gaps[0]
    return Intervals(counts(raster, size), mean, cv, ratio)


def counts(raster: Raster, size: int) -> Floats:
    """Return the number of spikes of each neuron."""
    return np.bincount(raster.neuron, minlength=size).astype(float)


def first_spikes(raster: Raster, size: int) -> Floats:
    """Return the time of the first spike of each neuron, s."""
    first = np.full(size, np.inf)
    np.minimum.at(first, raster.neuron, raster.time)
    return np.where(np.isinf(first), np.nan, first)


def firing_rates(raster: Raster, size: int, duration: float) -> Floats:
    """Return one over the mean interval, Hz; with fewer spikes their number per time.

    The interval is known better than the number of spikes in a short run.
    """
    found = intervals(raster, size)
    few = found.count < 2
    return np.where(few, found.count / duration, 1 / np.where(few, 1, found.mean))


def membrane(population: PopulationResult) -> Signal:
    """Return the membranes: those read by the CADC where the chip ran.

    :raises RecordingError: if there are none
    """
    found = population.membrane if population.cadc is None else population.cadc
    if found is None:
        raise RecordingError(
            f"population '{population.name}'",
            "its membranes were not recorded.",
            "Record the CADC, and take a population of neurons.",
        )
    return found


def deflection(signal: Signal) -> Floats:
    """Return the largest distance from the first sample, with its sign, model units."""
    off = signal.values - signal.values[0]
    extreme = np.abs(off).argmax(0)
    found: Floats = np.take_along_axis(off, extreme[None], 0)[0].astype(float)
    return found


def _gaps(raster: Raster, size: int) -> list[Floats]:
    return [np.diff(np.sort(raster.time[raster.neuron == n])) for n in range(size)]


def _spikes(population: PopulationResult) -> Raster:
    if population.spikes is None:
        raise RecordingError(
            f"population '{population.name}'",
            "has no spikes.",
            "Take a population that spikes.",
        )
    return population.spikes


#: The measures by name, in the order of a menu.
MEASURES: dict[str, Measure] = {
    "spike count": Measure(
        "", "Number of spikes.", lambda p, _: counts(_spikes(p), p.size)
    ),
    "rate": Measure(
        "Hz",
        "Spikes per second of hardware time.",
        lambda p, duration: counts(_spikes(p), p.size) / duration,
    ),
    "rate of intervals": Measure(
        "Hz",
        "One over the mean interval: finer than the number of spikes.",
        lambda p, duration: firing_rates(_spikes(p), p.size, duration),
    ),
    "first spike": Measure(
        "s", "Time of the first spike.", lambda p, _: first_spikes(_spikes(p), p.size)
    ),
    "mean interval": Measure(
        "s",
        "Mean time between spikes.",
        lambda p, _: intervals(_spikes(p), p.size).mean,
    ),
    "interval CV": Measure(
        "",
        "Standard deviation of the intervals over their mean.",
        lambda p, _: intervals(_spikes(p), p.size).cv,
    ),
    "last / first interval": Measure(
        "",
        "Above 1, firing slows down.",
        lambda p, _: intervals(_spikes(p), p.size).last_over_first,
    ),
    "amplitude": Measure(
        "model",
        "Largest distance of the membrane from where it starts.",
        lambda p, _: deflection(membrane(p)),
    ),
    "mean membrane": Measure(
        "model",
        "Mean of the membrane over the run.",
        lambda p, _: membrane(p).values.mean(0).astype(float),
    ),
    "highest membrane": Measure(
        "model",
        "Largest value of the membrane.",
        lambda p, _: membrane(p).values.max(0).astype(float),
    ),
    "lowest membrane": Measure(
        "model",
        "Smallest value of the membrane.",
        lambda p, _: membrane(p).values.min(0).astype(float),
    ),
}
