"""Exercise 40: a synfire chain, open or closed."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.demo import Condition, Demo, Observation, weight
from core.simulate import RunResult
from core.spec.experiment import ExperimentSpec, RecordingSpec, RunSpec, ViewSpec
from core.spec.network import (
    InputSpec,
    LIFSpec,
    NetworkSpec,
    ProjectionSpec,
    Value,
    VoltageScale,
)
from core.spec.stimulus import SpikeTimes
from core.units import us

#: Links of the chain; neurons of each kind in a link; channels of the stimulus.
LINKS, WIDTH = 8, 7
SIZE = LINKS * WIDTH
#: Time of the stimulus, s; LSB of a model weight of 1.
START, SCALE = 10 * us, 50.0


def links(step: int, lsb: float) -> NDArray[Any]:
    """Return weights from each link to the one that is ``step`` further."""
    link = np.arange(SIZE) // WIDTH
    return np.where(link[:, None] == link[None, :] + step, lsb / SCALE, 0.0)


def spec() -> ExperimentSpec:
    """Return a chain in which excitation is too weak to reach the end."""
    shared: dict[str, Any] = {
        "leak": Value(0.0),
        "reset": Value(-0.2),
        "threshold": Value(1.06),
        "tau_mem": 10 * us,
        "tau_syn": 5 * us,
        "refractory_time": 2 * us,
        "scale": VoltageScale(offset=80, gain=45),
    }
    first = np.where(np.arange(SIZE)[:, None] < WIDTH, 1 / SCALE, 0.0)
    first = np.tile(first, (1, WIDTH))
    parts = {
        "stim_exc": ("stimulus", "excitatory", 60 * first),
        "stim_inh": ("stimulus", "inhibitory", 40 * first),
        "exc_exc": ("excitatory", "excitatory", links(1, 20)),
        "exc_inh": ("excitatory", "inhibitory", links(1, 40)),
        "inh_exc": ("inhibitory", "excitatory", links(0, -60)),
    }
    network = NetworkSpec(
        (
            InputSpec("stimulus", WIDTH, position=(0, 60)),
            LIFSpec("excitatory", SIZE, position=(160, 10), **shared),
            LIFSpec("inhibitory", SIZE, position=(160, 120), **shared),
        ),
        tuple(ProjectionSpec(name, *part, SCALE) for name, part in parts.items()),
        ("excitatory",),
    )
    return ExperimentSpec(
        network=network,
        stimuli=(SpikeTimes("stimulus", ((START,),) * WIDTH),),
        recording=RecordingSpec(madc_population="excitatory"),
        run=RunSpec(mode="both", runtime=60 * us, dt=0.1 * us),
        view=ViewSpec(selected="exc_exc"),
    )


def solution(start: ExperimentSpec) -> ExperimentSpec:
    """Let each link excite the next with 60 LSB."""
    return weight("exc_exc", "").put(start, 60)


def first_times(result: RunResult) -> NDArray[np.float64]:
    """Return when half of each link has fired, shape (links,), s; NaN: it has not."""
    spikes = result.populations["excitatory"].spikes
    assert spikes is not None, "the population spikes"
    first = np.full(SIZE, np.inf)
    np.minimum.at(first, spikes.neuron, spikes.time)
    half = np.sort(first.reshape(LINKS, WIDTH))[:, WIDTH // 2]
    return np.where(np.isinf(half), np.nan, half)


def reached(spec: ExperimentSpec, result: RunResult) -> float:
    """Return how many links fire, one after the other."""
    times = first_times(result)
    later = np.diff(times, prepend=0) > 0
    return float(np.argmin([*later, False]))


def spikes_each(spec: ExperimentSpec, result: RunResult) -> float:
    """Return spikes per excitatory neuron."""
    spikes = result.populations["excitatory"].spikes
    assert spikes is not None, "the population spikes"
    return len(spikes.time) / SIZE


def pace(spec: ExperimentSpec, result: RunResult) -> float:
    """Return the time from link to link, s."""
    return float(np.diff(first_times(result)).mean())


ALL = Condition(reached, "{} links fire", LINKS, LINKS)
ONCE = Condition(spikes_each, "{} spikes per neuron", 0.9, 1.15)

DEMO = Demo(
    order=7,
    title="Synfire chain",
    sentence="A volley of spikes runs from link to link, kept sharp by inhibition.",
    spec=spec,
    plots=("model", "cadc", "ghost"),
    controls=(
        weight("exc_exc", "excitation of the next link"),
        weight("exc_inh", "excitation of its inhibition"),
        weight("inh_exc", "inhibition within a link"),
        weight("stim_exc", "stimulus"),
    ),
    task=(
        "Eight links of 7 excitatory and 7 inhibitory neurons. A stimulus wakes the "
        "first link, each link excites the next, and its inhibitory neurons silence it "
        "again.\n\n"
        "Bring the volley to the **last link** with about **one spike per neuron**: a "
        "clean staircase. Then take the inhibition out and look again, on a chip."
    ),
    goal=(ALL, ONCE),
    hint="The volley dies because the next link is excited too weakly: try 60.",
    solution=solution,
    observations=(
        Observation("all links fire, a clean staircase", ALL),
        Observation("one volley", ONCE),
        Observation(
            "about 2.5 µs per link",
            Condition(pace, "{} µs per link", 1.7 * us, 3.2 * us, 1e6),
        ),
    ),
    source="Synfire chain (fp and gs_04-1 of the BrainScaleS-2 tutorials)",
    equivalents=(
        "Calibrated neurons; weights in LSB as in the exercise (60 from link to link, "
        "40 and 60 for the inhibition of a synapse that is weaker than there). The "
        "first link is excited by 7 channels of 60 LSB, its inhibition of 40."
    ),
)
