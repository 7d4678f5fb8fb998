"""Exercise 6: a neuron whose leak potential lies above its threshold."""

from core.chip.nominal import tau_mem_of
from core.demo import (
    Condition,
    Demo,
    Observation,
    coded,
    leak_bias,
    of,
    tuned,
    voltage_code,
)
from core.spec.experiment import ExperimentSpec, RecordingSpec, RunSpec, ViewSpec
from core.spec.network import LIFSpec, NetworkSpec, VoltageScale
from core.units import us

CODES = {"leak": 600, "threshold": 300, "reset": 590}


def spec() -> ExperimentSpec:
    """Return one silent neuron on an uncalibrated circuit."""
    scale = VoltageScale(offset=80, gain=60)
    bare = LIFSpec(
        "neuron", 1, position=(60, 60), tau_mem=float(tau_mem_of(40)) * us, scale=scale
    )
    neuron = bare.replace(**{name: coded(name, c, bare) for name, c in CODES.items()})
    return ExperimentSpec(
        network=NetworkSpec((neuron,), (), ("neuron",)),
        recording=RecordingSpec(madc_population="neuron"),
        run=RunSpec(mode="both", runtime=200 * us, calibration="uncalibrated"),
        view=ViewSpec(selected="neuron", lsb=True),
    )


def solution(start: ExperimentSpec) -> ExperimentSpec:
    """Lift the leak above the threshold, as far as this circuit needs it."""
    return tuned(start, LEAK, PERIOD, 13 * us, rising=False)


PERIOD = of("neuron", "mean interval")
LEAK = voltage_code("neuron", "leak", "leak code", 510, 1022)

DEMO = Demo(
    order=1,
    title="Leak over threshold",
    sentence="A neuron that never rests: it fires without any input.",
    spec=spec,
    plots=("model", "cadc", "madc", "ghost"),
    controls=(
        LEAK,
        voltage_code("neuron", "threshold", "threshold code", 200, 500),
        voltage_code("neuron", "reset", "reset code", 510, 700),
        leak_bias("neuron"),
    ),
    task=(
        "The membrane always moves towards its **leak potential**. Here that lies "
        "below the **threshold**, so nothing happens.\n\n"
        "Raise the leak until the neuron fires, then make it fire every **10 to "
        "16 µs**. Which two other codes make it faster?"
    ),
    goal=(Condition(PERIOD, "{} µs between spikes", 10 * us, 16 * us, 1e6),),
    hint=(
        "It fires once the leak lies above the threshold: on a typical circuit from a "
        "code of about 720. The higher the leak, the shorter the period."
    ),
    solution=solution,
    observations=(
        Observation(
            "saw-tooth with a period of 13 µs, 15 spikes in 0.2 ms",
            Condition(PERIOD, "{} µs", 10 * us, 16 * us, 1e6),
        ),
    ),
    equivalents=(
        "Reset code 590 instead of 400, leak bias 40 instead of 150: the emulated chip "
        "has the transfer curves of its own data sheet. With the threshold code of the "
        "exercise, 300, the saw-tooth spans what the published figure shows."
    ),
    source="Leak over threshold (ts_00 and fp of the BrainScaleS-2 tutorials)",
)
