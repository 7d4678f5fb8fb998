"""Post-synaptic potentials: what one spike does to the membrane."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from core.characterise.bench import (
    Floats,
    alone,
    averaged,
    integrators,
    neurons_of,
    with_input,
)
from core.chip.pipeline import StageMemory
from core.spec.experiment import ExperimentSpec

#: Before the spike of a PSP the membrane rests for so long, s.
_REST = 20e-6
#: Runs last so many time constants.
_LONG = 8


@dataclass(frozen=True)
class PSP:
    """Post-synaptic potentials of one spike.

    :param weights: shape (weights,), model units
    :param time: from the spike on, shape (samples,), s
    :param traces: from the resting potential, shape (weights, samples, neurons)
    :param amplitude: with its sign, shape (weights, neurons), model units
    :param t_peak: from the spike to the peak, shape (weights, neurons), s
    :param rise: from 10 to 90 % of the peak, s
    :param decay: from the peak to 1 / e of it, s; NaN if the run ends before
    """

    weights: Floats
    time: Floats
    traces: Floats
    amplitude: Floats
    t_peak: Floats
    rise: Floats
    decay: Floats


def psp(
    spec: ExperimentSpec,
    population: str,
    weights: ArrayLike,
    *,
    trials: int = 1,
    memory: StageMemory | None = None,
) -> PSP:
    """Return the potentials that one spike makes, without the threshold.

    :param weights: shape (weights,), model units
    :param trials: runs with other noise that are averaged, on the chip
    :raises ParameterError: if there are no trials

    >>> from core.spec.examples import psp as document
    >>> found = psp(document(), "membrane", [0.5, 1.0])
    >>> (found.amplitude[1] / found.amplitude[0]).round(4).tolist()
    [2.0]
    """
    neurons = integrators(neurons_of(spec, population))
    weights = np.atleast_1d(np.asarray(weights, float))
    memory = StageMemory() if memory is None else memory
    tau = np.max(neurons.tau_mem) + (
        0.0 if neurons.tau_syn is None else np.max(neurons.tau_syn)
    )
    start = round(_REST / spec.run.dt) * spec.run.dt
    bench = alone(spec, neurons, start + _LONG * tau)
    scale = max((p.weight_scale for p in spec.network.incoming(population)), default=50)
    found = []
    for weight in weights:
        driven = with_input(bench, neurons, (start,), weight, scale)
        time, trace = averaged(driven, population, trials, memory)
        rest = trace[time <= start].mean(0)
        found.append((trace - rest)[time >= start])
    traces = np.stack(found)
    after = time[time >= start] - start
    shapes = [_shape(after, trace) for trace in traces]
    amplitude, t_peak, rise, decay = (
        np.stack(part) for part in zip(*shapes, strict=True)
    )
    return PSP(weights, after, traces, amplitude, t_peak, rise, decay)


def _shape(time: Floats, trace: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return amplitude, time of the peak, rise and decay of each neuron."""
    peak = np.abs(trace).argmax(0)
    amplitude = np.take_along_axis(trace, peak[None], 0)[0]
    rise, decay = np.full(len(peak), np.nan), np.full(len(peak), np.nan)
    for neuron, (top, at) in enumerate(zip(amplitude, peak, strict=True)):
        share = trace[:, neuron] / top if top else np.zeros(len(time))
        late, early = (
            _crossing(time[: at + 1], share[: at + 1], x) for x in (0.9, 0.1)
        )
        rise[neuron] = late - early
        decay[neuron] = _crossing(time[at:], -share[at:], -1 / np.e) - time[at]
    return amplitude, time[peak], rise, decay


def _crossing(time: Floats, values: Floats, level: float) -> float:
    """Return when ``values`` first reach ``level``, between samples; NaN if never."""
    reached = np.flatnonzero(values >= level)
    if not len(reached):
        return float("nan")
    first = int(reached[0])
    if first == 0:
        return float(time[0])
    before, after = values[first - 1], values[first]
    share = (level - before) / (after - before)
    return float(time[first - 1] + share * (time[first] - time[first - 1]))
