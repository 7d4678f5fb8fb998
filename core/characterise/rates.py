"""Firing rates over a parameter, and the intervals between spikes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from core.characterise.bench import Floats, alone, spiking_of
from core.chip.pipeline import StageMemory
from core.errors import NetworkError
from core.measures import Intervals, intervals
from core.simulate import RunResult
from core.spec.experiment import ExperimentSpec
from core.spec.stimulus import ConstantCurrent
from core.sweep import Axis, sweep


@dataclass(frozen=True)
class Curve:
    """One number of each neuron, over one parameter.

    :param x: shape (points,)
    :param y: shape (points, neurons), NaN where there is none
    :param x_label: with its unit in brackets
    :param y_label: with its unit in brackets
    """

    x: Floats
    y: Floats
    x_label: str
    y_label: str

    @property
    def mean(self) -> Floats:
        """Mean over the neurons that have a value, shape (points,)."""
        known = ~np.isnan(self.y)
        total = np.where(known, self.y, 0).sum(1)
        return np.where(known.any(1), total / np.maximum(known.sum(1), 1), np.nan)


def f_i_curve(
    spec: ExperimentSpec,
    population: str,
    currents: ArrayLike,
    *,
    runtime: float = 500e-6,
    memory: StageMemory | None = None,
) -> Curve:
    """Return the firing rate under constant currents.

    :param currents: shape (points,), model units, added to the synaptic current
    :param runtime: of each point, s
    :raises NetworkError: if the population does not spike
    """
    bench = alone(spec, spiking_of(spec, population), runtime)
    bench = bench.replace(stimuli=(ConstantCurrent(population),))
    axis = Axis((population, "current"), currents)
    return _rates(bench, population, axis, "current (model units)", memory)


def transfer(
    spec: ExperimentSpec,
    population: str,
    parameter: str,
    values: ArrayLike,
    *,
    runtime: float = 500e-6,
    memory: StageMemory | None = None,
) -> Curve:
    """Return the firing rate over a parameter: ``"leak"`` or ``"threshold"``, say.

    :param values: shape (points,), in the unit of the parameter
    :param runtime: of each point, s
    :raises NetworkError: if the population does not spike, or a value is out of range

    >>> from core.spec.examples import leak_over_threshold
    >>> found = transfer(leak_over_threshold(), "neuron", "leak", [0.9, 1.3, 2.0])
    >>> (found.mean / 1e3).round(1).tolist()  # kHz
    [0.0, 66.7, 125.0]
    """
    bench = alone(spec, spiking_of(spec, population), runtime)
    axis = Axis((population, parameter), values)
    info = axis.info(bench)
    unit = {"model": "model units", "": "1"}.get(info.unit, info.unit)
    name = f"{info.label or parameter} ({unit})"
    return _rates(bench, population, axis, name, memory)


def interval_statistics(result: RunResult, population: str) -> Intervals:
    """Return number of spikes, mean, CV and last / first of the intervals.

    :raises NetworkError: if the population does not spike
    """
    found = result.populations[population]
    if found.spikes is None:
        raise NetworkError(
            f"population '{population}'", "does not spike.", "Take one that does."
        )
    return intervals(found.spikes, found.size)


def _rates(
    spec: ExperimentSpec,
    population: str,
    axis: Axis,
    x_label: str,
    memory: StageMemory | None,
) -> Curve:
    measure = "rate of intervals"
    found = sweep(spec, [axis], [measure], population=population, memory=memory)
    x: Floats = np.asarray(axis.values)
    return Curve(x, found.values[measure][:, 0], x_label, "firing rate (Hz)")
