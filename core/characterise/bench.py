"""One population of a document, alone: what all measurements share."""

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from core.chip.pipeline import StageMemory
from core.errors import NetworkError, ParameterError
from core.measures import membrane
from core.simulate import Signal, simulate
from core.spec.experiment import ExperimentSpec, RecordingSpec
from core.spec.network import (
    InputSpec,
    LIFSpec,
    LISpec,
    NetworkSpec,
    PopulationSpec,
    ProjectionSpec,
)
from core.spec.stimulus import SpikeTimes

Floats = NDArray[np.float64]


def alone(
    spec: ExperimentSpec, population: PopulationSpec, runtime: float
) -> ExperimentSpec:
    """Return the document with one population and nothing that drives it."""
    mode = "chip" if spec.run.mode == "both" else spec.run.mode
    return spec.replace(
        network=NetworkSpec((population,), (), (population.name,)),
        stimuli=(),
        recording=RecordingSpec(),
        run=spec.run.replace(mode=mode, runtime=runtime),
    )


def with_input(
    spec: ExperimentSpec,
    population: LISpec,
    times: Sequence[float],
    weight: float,
    scale: float,
    channels: int = 1,
) -> ExperimentSpec:
    """Return ``spec`` with channels that reach all neurons with one weight.

    :param times: when each channel spikes, s
    :param weight: model units
    :param scale: LSB of a weight of 1
    """
    source = "spike" if population.name != "spike" else "spikes"
    weights = np.full((population.size, channels), weight)
    projection = ProjectionSpec(
        "synapse" if population.name != "synapse" else "synapses",
        source,
        population.name,
        weights,
        scale,
    )
    stimulus = SpikeTimes(source, (tuple(times),) * channels)
    network = NetworkSpec(
        (InputSpec(source, channels), population), (projection,), (population.name,)
    )
    return spec.replace(network=network, stimuli=(stimulus,))


def neurons_of(spec: ExperimentSpec, name: str) -> LISpec:
    """Return the population ``name``.

    :raises NetworkError: if it is an input, or does not exist
    """
    population = spec.network.population(name)
    if not isinstance(population, LISpec):
        raise NetworkError(
            f"population '{name}'", "is an input.", "Take a population of neurons."
        )
    return population


def spiking_of(spec: ExperimentSpec, name: str) -> LIFSpec:
    """Return the population ``name``.

    :raises NetworkError: if it does not spike, or does not exist
    """
    population = neurons_of(spec, name)
    if not isinstance(population, LIFSpec):
        raise NetworkError(
            f"population '{name}'", "does not spike.", "Take one that does."
        )
    return population


def integrators(population: LISpec) -> LISpec:
    """Return the same neurons without their threshold."""
    return LISpec(**{f.name: getattr(population, f.name) for f in fields(LISpec)})


def averaged(
    spec: ExperimentSpec, population: str, trials: int, memory: StageMemory
) -> tuple[Floats, Floats]:
    """Return time and membranes, shape (samples, neurons), on the grid of steps."""
    if trials < 1:
        raise ParameterError("characterisation", f"{trials} trials.", "Give 1 or more.")
    time: Floats = np.arange(spec.run.steps, dtype=np.float64) * spec.run.dt
    total = np.zeros((len(time), spec.network.population(population).size))
    for trial in range(trials):
        run = spec.run.replace(trial=spec.run.trial + trial)
        result = simulate(spec.replace(run=run), memory)
        total += _on_grid(membrane(result.populations[population]), time)
    return time, total / trials


def _on_grid(signal: Signal, time: Floats) -> Floats:
    size = signal.values.shape[1]
    times = np.broadcast_to(
        signal.time.reshape(len(signal.time), -1), (len(signal.time), size)
    )
    columns = [np.interp(time, times[:, n], signal.values[:, n]) for n in range(size)]
    return np.stack(columns, 1)
