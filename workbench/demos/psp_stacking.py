"""Exercise 30: post-synaptic potentials that stack up to a spike."""

import numpy as np

from core.demo import Condition, Control, Demo, Observation, of, weight
from core.measures import membrane
from core.simulate import RunResult, simulate
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

#: First of the six spikes, the second of which is inhibitory; s.
FIRST, SPIKES = 10 * us, 6
#: Excitatory sources that spike together.
SOURCES = 2
#: LSB of a model weight of 1: so it is on typical circuits.
SCALE = 50.0
#: LSB of the MADC per LSB of the CADC.
MADC = 3.0


def with_interval(spec: ExperimentSpec, interval_us: float) -> ExperimentSpec:
    """Return ``spec`` with another time between the six spikes."""
    times = [round(FIRST + k * interval_us * us, 9) for k in range(SPIKES)]
    train = tuple(times[:1] + times[2:])
    return spec.replace(
        stimuli=(
            SpikeTimes("excitatory", (train,) * SOURCES),
            SpikeTimes("inhibitory", ((times[1],),)),
        )
    )


def interval(spec: ExperimentSpec) -> float:
    """Return the time between the six spikes, µs."""
    stimulus = spec.stimulus("inhibitory")
    assert isinstance(stimulus, SpikeTimes), "the demo sends given times"
    return (stimulus.times[0][0] - FIRST) / us


def spec() -> ExperimentSpec:
    """Return a neuron that hears six spikes, far apart."""
    neuron = LIFSpec(
        "neuron",
        1,
        position=(180, 60),
        leak=Value(0.0),
        reset=Value(0.0),
        threshold=Value(0.58),
        tau_mem=20 * us,
        tau_syn=4 * us,
        scale=VoltageScale(offset=85, gain=45),
    )
    network = NetworkSpec(
        (
            InputSpec("excitatory", SOURCES, position=(0, 20)),
            InputSpec("inhibitory", 1, position=(0, 110)),
            neuron,
        ),
        (
            ProjectionSpec(
                "excite",
                "excitatory",
                "neuron",
                np.full((1, SOURCES), 31 / SCALE),
                SCALE,
            ),
            ProjectionSpec(
                "inhibit", "inhibitory", "neuron", np.full((1, 1), -31 / SCALE), SCALE
            ),
        ),
        ("neuron",),
    )
    bare = ExperimentSpec(
        network=network,
        recording=RecordingSpec(madc_population="neuron"),
        run=RunSpec(mode="both", runtime=600 * us),
        view=ViewSpec(selected="neuron", lsb=True),
    )
    return with_interval(bare, 90)


def solution(start: ExperimentSpec) -> ExperimentSpec:
    """Send the spikes so close that each meets the last."""
    return with_interval(start, 12)


def bump(spec: ExperimentSpec, result: RunResult) -> float:
    """Return the height of the first bump at wide intervals, LSB of the MADC."""
    wide = with_interval(spec, 90)
    signal = membrane(simulate(wide).populations["neuron"])
    time, values = np.ravel(signal.time), signal.values[:, 0]
    gain = 45.0
    rest = values[time < FIRST].mean()
    return float(MADC * gain * (values[(time > FIRST) & (time < 60 * us)].max() - rest))


COUNT = of("neuron", "spike count")

DEMO = Demo(
    order=5,
    title="PSP stacking",
    sentence="Small potentials add up, if they come soon enough.",
    spec=spec,
    plots=("model", "cadc", "madc", "ghost"),
    controls=(
        Control(
            "time between spikes",
            interval,
            with_interval,
            10,
            100,
            1,
            "µs",
            "The second of the six spikes is inhibitory.",
        ),
        weight("excite", "excitatory weight", help="Of each of the two sources."),
        weight("inhibit", "inhibitory weight"),
    ),
    task=(
        "Six spikes reach the neuron, the second one is inhibitory. Far apart, each "
        "makes a bump of its own and the membrane forgets it.\n\n"
        "Make the neuron **fire** without touching the weights. How does it depend on "
        "the membrane time constant how close is close enough?"
    ),
    goal=(
        Condition(COUNT, "{} spikes", 1),
        Condition(
            lambda spec, result: interval(spec), "{} µs between the inputs", 10, 40
        ),
    ),
    hint="A bump is gone after about three membrane time constants, 60 µs.",
    solution=solution,
    observations=(
        Observation(
            "separate bumps of about 45 LSB (MADC) at wide intervals",
            Condition(bump, "{} LSB", 33, 60),
        ),
        Observation(
            "at narrow ones they stack and the neuron fires",
            Condition(COUNT, "{} spikes", 1),
        ),
    ),
    source="PSP stacking (ts_00 and fp of the BrainScaleS-2 tutorials)",
    equivalents=(
        "The exercise sets raw codes of the synaptic input (tau 26, gm 1022). Here the "
        "circuit is calibrated and weights are given in LSB, 31 as there."
    ),
)
