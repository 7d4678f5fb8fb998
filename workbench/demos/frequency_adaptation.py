"""Exercise 20: spike-frequency adaptation of an AdEx neuron."""

import numpy as np

from core.demo import Condition, Demo, Observation, number, of, tuned
from core.simulate import RunResult
from core.spec.experiment import ExperimentSpec, RecordingSpec, RunSpec, ViewSpec
from core.spec.network import AELIFSpec, NetworkSpec, Value, VoltageScale
from core.spec.stimulus import ConstantCurrent
from core.units import us


def spec() -> ExperimentSpec:
    """Return a neuron that fires regularly: its adaptation does not jump."""
    neuron = AELIFSpec(
        "neuron",
        1,
        position=(60, 60),
        tau_mem=20 * us,
        refractory_time=1 * us,
        exponential=False,
        subthreshold_adaptation=False,
        spike_triggered_adaptation_increment=Value(0.0),
        tau_adap=100 * us,
        scale=VoltageScale(offset=80, gain=45),
    )
    return ExperimentSpec(
        network=NetworkSpec((neuron,), (), ("neuron",)),
        stimuli=(ConstantCurrent("neuron", current=0.9),),
        recording=RecordingSpec(madc_population="neuron"),
        run=RunSpec(mode="both", runtime=600 * us, dt=0.5 * us),
        view=ViewSpec(selected="neuron"),
    )


def first_interval(spec: ExperimentSpec, result: RunResult) -> float:
    """Return the first interval between spikes, s."""
    return _intervals(result)[0]


def last_interval(spec: ExperimentSpec, result: RunResult) -> float:
    """Return the last interval between spikes, s."""
    return _intervals(result)[-1]


def _intervals(result: RunResult) -> list[float]:
    spikes = result.populations["neuron"].spikes
    assert spikes is not None, "the population spikes"
    found: list[float] = np.diff(np.sort(spikes.time)).tolist()
    return found or [float("nan")]


COUNT = of("neuron", "spike count")
RATIO = of("neuron", "last / first interval")
JUMP = number(
    ("neuron", "spike_triggered_adaptation_increment"),
    "jump of the adaptation (b)",
    0,
    0.6,
    0.005,
)


def solution(start: ExperimentSpec) -> ExperimentSpec:
    """Let the adaptation jump until 13 spikes are left."""
    return tuned(start, JUMP, COUNT, 12.5, rising=False)


DEMO = Demo(
    order=4,
    title="Spike-frequency adaptation",
    sentence="Each spike tires the neuron: the intervals grow.",
    spec=spec,
    plots=("model", "cadc", "madc", "ghost"),
    controls=(
        JUMP,
        number(
            ("neuron", "tau_adap"),
            "adaptation time constant",
            20,
            300,
            1,
            unit="µs",
            scale=1e6,
        ),
        number(("neuron", "current"), "current", 0, 2, 0.01),
    ),
    task=(
        "A constant current makes the neuron fire at equal intervals. Now let each "
        "spike add **b** to an adaptation current, which pulls the membrane down and "
        "decays slowly.\n\n"
        "Reach **12 to 14 spikes** with the last interval **at least twice** the "
        "first. Look at the phase plane in the drawer: what does a spike do to *w*?"
    ),
    goal=(
        Condition(COUNT, "{} spikes", 12, 14),
        Condition(RATIO, "last interval {} × the first", 2),
    ),
    hint="Leave current and time constant; raise b. It needs about 0.2.",
    solution=solution,
    observations=(
        Observation("13 spikes", Condition(COUNT, "{} spikes", 12, 14)),
        Observation(
            "first interval about 22 µs",
            Condition(first_interval, "{} µs", 18 * us, 27 * us, 1e6),
        ),
        Observation(
            "last interval about 55 µs",
            Condition(last_interval, "{} µs", 45 * us, 66 * us, 1e6),
        ),
    ),
    source="Spike-frequency adaptation (ts_08 and fp_adex of the tutorials)",
    equivalents=(
        "The exercise switches the current on for 0.6 of 1 ms; here it flows for a run "
        "of 0.6 ms, because the current source of the chip is on for whole runs. b is "
        "set in model units, and its code follows by the transfer of a typical circuit "
        "(code 200 of the exercise belongs to another scale). The exponential onset is "
        "off."
    ),
)
