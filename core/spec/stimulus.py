"""What drives a network: spikes of input populations, and currents into neurons.

Each stimulus names the population it drives. `spikes` draws it on the time grid; the
same stimulus always gives the same spikes, because its seed is one of its fields.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from core.spec.fields import PerNeuron, Spec, each, plain, quantity


@dataclass(frozen=True, eq=False)
class Stimulus(Spec):
    """Base of all stimuli."""

    kind: ClassVar[str] = ""

    population: str = plain(doc="Name of the population that it drives.")

    @property
    def channels(self) -> int | None:
        """How many channels the input must have; None fits any number."""
        return None


@dataclass(frozen=True, eq=False)
class RegularSpikes(Stimulus):
    """All channels spike together, once every period."""

    kind: ClassVar[str] = "regular"

    period: float = quantity(
        20e-6, "s", low=0.1e-6, high=1e-3, step=1e-6, doc="Time between spikes."
    )
    start: float = quantity(
        10e-6, "s", low=0, high=1, step=1e-6, doc="Time of the first spike."
    )


@dataclass(frozen=True, eq=False)
class PoissonSpikes(Stimulus):
    """Independent Poisson trains, one per channel."""

    kind: ClassVar[str] = "Poisson"

    rate: float = quantity(
        20e3, "Hz", low=0, high=1e6, step=1e3, doc="Mean rate of one channel."
    )
    seed: int = quantity(
        1, "", low=0, high=99999, step=1, doc="Same seed, same spikes."
    )


@dataclass(frozen=True, eq=False)
class SpikeTimes(Stimulus):
    """Given spike times, one tuple of seconds per channel."""

    kind: ClassVar[str] = "times"

    times: tuple[tuple[float, ...], ...] = plain((), doc="Seconds, per channel.")


@dataclass(frozen=True, eq=False)
class YinYangSample(Stimulus):
    """One sample of the Yin-Yang data set, latency coded, plus a bias spike.

    The value is drawn by `core.datasets`; here stands only which one it is.
    """

    kind: ClassVar[str] = "Yin-Yang"

    index: int = quantity(
        0,
        "",
        low=0,
        high=999,
        step=1,
        doc="Which sample of the data set.",
        label="sample",
    )
    seed: int = quantity(
        42, "", low=0, high=99999, step=1, doc="Seed of the data set.", label="set seed"
    )
    t_early: float = quantity(
        2e-6,
        "s",
        low=0,
        high=1e-3,
        step=1e-6,
        doc="Spike time of coordinate 0.",
        label="early spike",
    )
    t_late: float = quantity(
        26e-6,
        "s",
        low=0,
        high=1e-3,
        step=1e-6,
        doc="Spike time of coordinate 1.",
        label="late spike",
    )
    t_bias: float = quantity(
        2e-6,
        "s",
        low=0,
        high=1e-3,
        step=1e-6,
        doc="Time of the bias spike.",
        label="bias spike",
    )

    @property
    def channels(self) -> int:
        """Four coordinates and a bias."""
        return 5


@dataclass(frozen=True, eq=False)
class ConstantCurrent(Stimulus):
    """A current into the membranes of a population of neurons.

    It is added to the synaptic current: ``C dv/dt = ... + i + current``. Several into
    one population add up. A chip has it for whole runs only.
    """

    kind: ClassVar[str] = "current"

    current: PerNeuron = quantity(
        0.5,
        "model",
        low=-100,
        high=100,
        step=0.01,
        doc="Added to the synaptic current, model units.",
        per_neuron=True,
    )
    start: float = quantity(
        0.0, "s", low=0, high=1, step=1e-6, doc="When it is switched on."
    )
    stop: float | None = quantity(
        None,
        "s",
        low=0,
        high=1,
        step=1e-6,
        doc="When it is switched off; empty: never.",
    )


#: The kinds of stimulus that a document can hold, by the name in the file.
STIMULI: dict[str, type[Stimulus]] = {
    cls.kind: cls
    for cls in (
        RegularSpikes,
        PoissonSpikes,
        SpikeTimes,
        YinYangSample,
        ConstantCurrent,
    )
}


def current(
    stimuli: Iterable[Stimulus], population: str, size: int, steps: int, dt: float
) -> NDArray[np.float64] | None:
    """Return the currents into ``population`` on the time grid, None if there are none.

    :param size: neurons of the population
    :param steps: number of time steps
    :param dt: width of a step, s
    :returns: shape (time, neurons), model units
    """
    found = [
        s
        for s in stimuli
        if isinstance(s, ConstantCurrent) and s.population == population
    ]
    if not found:
        return None
    grid = np.zeros((steps, size))
    for stimulus in found:
        stop = steps * dt if stimulus.stop is None else stimulus.stop
        first, last = round(stimulus.start / dt), round(stop / dt)
        grid[first:last] += each(stimulus.current, size)
    return grid


def spikes(stimulus: Stimulus, size: int, steps: int, dt: float) -> NDArray[Any]:
    """Return the spikes of ``stimulus`` on the time grid.

    Data set samples are drawn by `core.simulate`, which knows the data sets.

    :param size: channels of the population
    :param steps: number of time steps
    :param dt: width of a step, s
    :returns: shape (time, neurons), float32, 0 or 1
    """
    grid = np.zeros((steps, size), dtype=np.float32)
    if isinstance(stimulus, RegularSpikes):
        count = max(0, int(np.ceil((steps * dt - stimulus.start) / stimulus.period)))
        times = stimulus.start + stimulus.period * np.arange(count)
        rows = np.rint(times / dt).astype(int)
        grid[rows[rows < steps]] = 1
    elif isinstance(stimulus, PoissonSpikes):
        for channel in range(size):
            rows = np.rint(_poisson(stimulus, channel, steps * dt) / dt).astype(int)
            grid[rows[rows < steps], channel] = 1
    elif isinstance(stimulus, SpikeTimes):
        for channel, train in enumerate(stimulus.times[:size]):
            rows = np.rint(np.asarray(train) / dt).astype(int)
            grid[rows[(rows >= 0) & (rows < steps)], channel] = 1
    else:
        raise TypeError(f"{type(stimulus).__name__} has no spikes of its own")
    return grid


def _poisson(stimulus: PoissonSpikes, channel: int, duration: float) -> NDArray[Any]:
    """Return spike times of one channel, s; they depend on no time step.

    A longer run continues the train of a shorter one.
    """
    if stimulus.rate <= 0:
        return np.zeros(0)
    rng = np.random.default_rng((stimulus.seed, channel))
    times = np.zeros(1)
    while times[-1] < duration:
        intervals = rng.exponential(1 / stimulus.rate, 64)
        times = np.concatenate([times, times[-1] + np.cumsum(intervals)])
    return times[1:]
