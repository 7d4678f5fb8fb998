"""Exercise 10: the firing rate over the current, all of it in one run."""

import numpy as np
from numpy.typing import NDArray

from core.demo import Condition, Demo, Observation, number
from core.measures import firing_rates
from core.simulate import RunResult
from core.spec.experiment import ExperimentSpec, RecordingSpec, RunSpec, ViewSpec
from core.spec.network import LIFSpec, NetworkSpec, Value, VoltageScale
from core.spec.stimulus import ConstantCurrent
from core.sweep import with_value
from core.units import us

#: Code of the current into each neuron, and of how many codes one model unit is.
CODES = np.arange(0, 801, 25)
CODES_PER_UNIT = 100.0
Floats = NDArray[np.float64]


def spec() -> ExperimentSpec:
    """Return 33 equal neurons, each with 25 codes of current more than the last."""
    neurons = LIFSpec(
        "neurons",
        len(CODES),
        position=(60, 60),
        leak=Value(0.0),
        reset=Value(0.0),
        threshold=Value(1.0),
        tau_mem=10 * us,
        refractory_time=1 * us,
        scale=VoltageScale(offset=78, gain=30),
    )
    current = ConstantCurrent("neurons", current=CODES / CODES_PER_UNIT)
    return ExperimentSpec(
        network=NetworkSpec((neurons,), (), ("neurons",)),
        stimuli=(current,),
        recording=RecordingSpec(madc_population="neurons", madc_neuron=16),
        run=RunSpec(mode="both", runtime=500 * us, dt=0.5 * us),
        view=ViewSpec(selected="neurons"),
    )


def solution(start: ExperimentSpec) -> ExperimentSpec:
    """Lower the threshold to where a code of 235 brings the membrane."""
    return with_value(start, ("neurons", "threshold"), 2.2)


def rates(result: RunResult) -> Floats:
    """Return the firing rate of each neuron, Hz."""
    found = result.populations["neurons"]
    assert found.spikes is not None, "the population spikes"
    return firing_rates(found.spikes, found.size, result.duration)


def rheobase(spec: ExperimentSpec, result: RunResult) -> float:
    """Return the code between the last silent and the first firing neuron."""
    fires = rates(result) > 0
    silent = CODES[~fires]
    if not fires.any() or not len(silent):
        return float("nan")
    # Neurons differ: take the code that as many lie below as are silent.
    return float(np.interp(len(silent) - 0.5, np.arange(len(CODES)), CODES))


def straightness(spec: ExperimentSpec, result: RunResult) -> float:
    """Return the squared correlation of rate and current above 1.2 rheobases."""
    above = 1.2 * rheobase(spec, result) < CODES
    found = np.corrcoef(CODES[above], rates(result)[above])[0, 1]
    return float(found**2)


DEMO = Demo(
    order=3,
    title="f–I curve",
    sentence="Thirty-three neurons under rising current draw their rate in one run.",
    spec=spec,
    plots=("model", "cadc", "ghost", "rates"),
    controls=(
        number(("neurons", "threshold"), "threshold", 0.3, 3.0, 0.02),
        number(
            ("neurons", "tau_mem"),
            "membrane time constant",
            4,
            30,
            0.1,
            unit="µs",
            scale=1e6,
        ),
        number(
            ("neurons", "refractory_time"),
            "refractory time",
            0.5,
            20,
            0.1,
            unit="µs",
            scale=1e6,
        ),
    ),
    task=(
        "Neuron *n* gets a constant current of the code 25 *n*, from 0 to 800: the "
        "raster is the f–I curve lying on its side. The weakest current that makes a "
        "neuron fire is the **rheobase**.\n\n"
        "Move the rheobase to a code of **200 to 270**. Which control moves it, which "
        "one only bends the curve at the top?"
    ),
    goal=(Condition(rheobase, "rheobase at code {}", 200, 270),),
    hint="A steady current lifts the membrane by I·τ/C. It has to reach the threshold.",
    solution=solution,
    observations=(
        Observation(
            "rheobase inside the window of codes 200 to 270",
            Condition(rheobase, "code {}", 200, 270),
        ),
        Observation(
            "zero, then almost linear",
            Condition(straightness, "R² of rate over current {}", 0.93),
        ),
    ),
    source="f–I curve (fp and cns_02 of the BrainScaleS-2 tutorials)",
    equivalents=(
        "The exercise sets leak 530, threshold 250 and reset 300 on one circuit and "
        "repeats the run for each current. Here 33 calibrated neurons share one run. "
        "The strength of the current source is assumed, not published; the threshold "
        "lies 66 LSB over the leak instead of about 17 for the same rheobase."
    ),
)
