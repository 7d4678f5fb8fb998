"""Ready documents for the gallery, the tests and the notebooks."""

from collections.abc import Callable

import numpy as np

from core.spec.experiment import ExperimentSpec, RecordingSpec, RunSpec, ViewSpec
from core.spec.network import (
    InputSpec,
    LIFSpec,
    LISpec,
    NetworkSpec,
    ProjectionSpec,
    Value,
    VoltageScale,
)
from core.spec.stimulus import PoissonSpikes, RegularSpikes, YinYangSample
from core.units import us


def first_steps() -> ExperimentSpec:
    """Random spikes make eight neurons fire, and two integrators listen."""
    rng = np.random.default_rng(7)
    into = rng.uniform(0.15, 0.75, (8, 6))
    out = rng.choice([-0.35, 0.35], (2, 8))
    return ExperimentSpec(
        title="First steps",
        network=NetworkSpec(
            populations=(
                InputSpec("input", 6, position=(0, 60)),
                LIFSpec("hidden", 8, position=(145, 60)),
                LISpec("out", 2, position=(290, 60)),
            ),
            projections=(
                ProjectionSpec("input_hidden", "input", "hidden", into),
                ProjectionSpec("hidden_out", "hidden", "out", out),
            ),
            outputs=("out",),
        ),
        stimuli=(PoissonSpikes("input", rate=30e3, seed=3),),
        recording=RecordingSpec(madc_population="hidden", madc_neuron=0),
        run=RunSpec(runtime=200 * us),
        view=ViewSpec(selected="hidden"),
    )


def leak_over_threshold() -> ExperimentSpec:
    """One neuron with its leak potential above its threshold fires regularly."""
    return ExperimentSpec(
        title="Leak above threshold",
        network=NetworkSpec(
            populations=(
                LIFSpec(
                    "neuron", 1, position=(60, 60), leak=Value(1.3), threshold=Value(1)
                ),
            ),
            outputs=("neuron",),
        ),
        recording=RecordingSpec(madc_population="neuron"),
        run=RunSpec(runtime=200 * us),
        view=ViewSpec(selected="neuron"),
    )


def psp() -> ExperimentSpec:
    """One spike every 60 µs makes a post-synaptic potential on an integrator."""
    return ExperimentSpec(
        title="Post-synaptic potential",
        network=NetworkSpec(
            populations=(
                InputSpec("input", 1, position=(0, 60)),
                LISpec("membrane", 1, position=(145, 60)),
            ),
            projections=(
                ProjectionSpec(
                    "input_membrane", "input", "membrane", np.full((1, 1), 1.0)
                ),
            ),
            outputs=("membrane",),
        ),
        stimuli=(RegularSpikes("input", period=60 * us, start=20 * us),),
        recording=RecordingSpec(madc_population="membrane"),
        run=RunSpec(runtime=200 * us),
        view=ViewSpec(selected="input_membrane"),
    )


def yin_yang(index: int = 0, seed: int = 0) -> ExperimentSpec:
    """One sample of the Yin-Yang set on an untrained 5-120-3 network."""
    rng = np.random.default_rng(seed)
    scale = VoltageScale(offset=80, gain=70)
    tau = 6 * us
    return ExperimentSpec(
        title="Yin-Yang",
        network=NetworkSpec(
            populations=(
                InputSpec("input", 5, position=(0, 60)),
                LIFSpec(
                    "hidden",
                    120,
                    position=(145, 60),
                    tau_mem=tau,
                    tau_syn=tau,
                    membrane_capacitance=tau,
                    capacitance_lsb=63,
                    scale=scale,
                ),
                LISpec(
                    "label",
                    3,
                    position=(290, 60),
                    tau_mem=tau,
                    tau_syn=tau,
                    membrane_capacitance=tau,
                    capacitance_lsb=63,
                    scale=scale,
                ),
            ),
            projections=(
                ProjectionSpec(
                    "input_hidden",
                    "input",
                    "hidden",
                    rng.normal(0.8, 0.25, (120, 5)),
                    weight_scale=66,
                ),
                ProjectionSpec(
                    "hidden_label",
                    "hidden",
                    "label",
                    rng.normal(0, 0.1, (3, 120)),
                    weight_scale=66,
                ),
            ),
            outputs=("label",),
        ),
        stimuli=(YinYangSample("input", index=index),),
        recording=RecordingSpec(madc_population="label", madc_neuron=0),
        run=RunSpec(runtime=60 * us, synapse_dac_bias=1000),
        view=ViewSpec(selected="hidden"),
    )


#: The examples by title, in the order of the gallery.
EXAMPLES: dict[str, Callable[[], ExperimentSpec]] = {
    make().title: make for make in (first_steps, leak_over_threshold, psp, yin_yang)
}
