"""The membrane time constant, from how a membrane decays after a kick.

All channels of an input spike at once through a synapse much faster than the membrane;
once its current is gone the membrane decays as ``exp(-t / tau_mem)``. The published
exercise steps a current instead; the current of a chip flows for whole runs.
"""

from dataclasses import dataclass

import numpy as np

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

#: Synaptic time constant of the kick, s, and after how many of it the fit begins.
_FAST = 1e-6
_GONE = 5
#: Channels that spike together, their weight in model units, its scale in LSB.
_CHANNELS, _WEIGHT, _SCALE = 8, 0.6, 100.0
#: Rest before the kick, s, and length of the decay in time constants.
_REST = 20e-6
_LONG = 6


@dataclass(frozen=True)
class Decay:
    """Membranes that return to rest.

    :param time: from the beginning of the fit on, shape (samples,), s
    :param traces: shape (samples, neurons), model units
    :param tau: time constant of the fit, shape (neurons,), s
    :param fit: the fitted exponentials, shape (samples, neurons)
    :param residual: root mean square of what they leave, shape (neurons,)
    """

    time: Floats
    traces: Floats
    tau: Floats
    fit: Floats
    residual: Floats


def membrane_decay(
    spec: ExperimentSpec,
    population: str,
    *,
    trials: int = 1,
    memory: StageMemory | None = None,
) -> Decay:
    """Return how membranes decay, and their time constants.

    Membranes of less than 4 µs are not much slower than the kick: theirs come out too
    long.

    :param trials: runs with other noise that are averaged, on the chip
    :raises ParameterError: if there are no trials
    """
    neurons = integrators(neurons_of(spec, population)).replace(tau_syn=_FAST)
    dt = spec.run.dt
    kick = round(_REST / dt) * dt
    begin = kick + _GONE * _FAST
    bench = alone(spec, neurons, begin + _LONG * float(np.max(neurons.tau_mem)))
    bench = with_input(bench, neurons, (kick,), _WEIGHT, _SCALE, _CHANNELS)
    memory = StageMemory() if memory is None else memory
    time, traces = averaged(bench, population, trials, memory)
    after = time >= begin - dt / 2
    time, traces = time[after] - time[after][0], traces[after]
    tau, fit = fit_exponentials(time, traces)
    residual = np.sqrt(np.square(traces - fit).mean(0))
    return Decay(time, traces, tau, fit, residual)


def fit_exponentials(time: Floats, traces: Floats) -> tuple[Floats, Floats]:
    """Fit ``a + b exp(-t / tau)`` to each trace by least squares.

    For a given ``tau`` the rest is linear, so only ``tau`` is searched: on a grid of
    its logarithm that becomes ever finer around the best.

    :param traces: shape (samples, neurons)
    :returns: ``tau``, shape (neurons,), s, and the fits, shape (samples, neurons)

    >>> t = np.linspace(0, 50e-6, 60)
    >>> tau, fit = fit_exponentials(t, (1 - np.exp(-t / 8e-6))[:, None])
    >>> float(tau[0].round(9))
    8e-06
    """
    span = time[-1] - time[0]
    low = np.full(traces.shape[1], np.log(span / 1e3))
    high = np.full(traces.shape[1], np.log(span * 10))
    share = np.linspace(0, 1, 17)
    for _ in range(10):
        grid = low + (high - low) * share[:, None]  # (tries, neurons)
        errors = np.stack([_residual(time, traces, np.exp(g))[0] for g in grid])
        best = errors.argmin(0)
        step = (high - low) / (len(share) - 1)
        centre = low + best * step
        low, high = centre - step, centre + step
    tau: Floats = np.exp(centre)
    return tau, _residual(time, traces, tau)[1]


def _residual(time: Floats, traces: Floats, tau: Floats) -> tuple[Floats, Floats]:
    """Return the squared error and the best fit for given ``tau``, shape (neurons,)."""
    decay = np.exp(-(time - time[0])[:, None] / tau)
    x, y = decay - decay.mean(0), traces - traces.mean(0)
    slope = (x * y).sum(0) / np.maximum(np.square(x).sum(0), 1e-300)
    fit = traces.mean(0) + slope * x
    return np.square(traces - fit).sum(0), fit
