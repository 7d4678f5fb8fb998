"""Exercise 4: the step response of a membrane, and its time constant."""

import numpy as np

from core.characterise import fit_exponentials
from core.chip.nominal import tau_mem_of
from core.demo import Condition, Demo, Observation, leak_bias, observed, tuned
from core.simulate import RunResult, Signal, simulate
from core.spec.experiment import ExperimentSpec, RecordingSpec, RunSpec, ViewSpec
from core.spec.network import (
    InputSpec,
    LISpec,
    NetworkSpec,
    ProjectionSpec,
    VoltageScale,
)
from core.spec.stimulus import SpikeTimes
from core.sweep import with_value
from core.units import us

#: When the current flows, and how long it decays after that; s.
ON, OFF, GONE = 200 * us, 300 * us, 4 * us
BIAS = leak_bias("membrane")
#: Bias codes at which the rate of the membrane is compared with a straight line.
CODES = (40, 80, 120, 160, 240, 320)


def spec() -> ExperimentSpec:
    """Return a slow membrane that a current lifts for 0.1 ms."""
    scale = VoltageScale(offset=80, gain=45)
    train = tuple(np.arange(ON, OFF, us).round(9).tolist())
    membrane = LISpec(
        "membrane",
        1,
        position=(145, 60),
        tau_mem=float(tau_mem_of(45)) * us,
        tau_syn=us,
        scale=scale,
    )
    return ExperimentSpec(
        network=NetworkSpec(
            (InputSpec("current", 1, position=(0, 60)), membrane),
            (
                ProjectionSpec(
                    "step", "current", "membrane", np.full((1, 1), 0.7), weight_scale=45
                ),
            ),
            ("membrane",),
        ),
        stimuli=(SpikeTimes("current", (train,)),),
        recording=RecordingSpec(madc_population="membrane"),
        run=RunSpec(mode="both", runtime=500 * us, calibration="uncalibrated"),
        view=ViewSpec(selected="membrane", lsb=True),
    )


def solution(start: ExperimentSpec) -> ExperimentSpec:
    """Raise the bias until the decay of this circuit takes 10 µs."""
    return tuned(start, BIAS, time_constant, 10 * us, rising=False)


def trace(result: RunResult) -> Signal:
    """Return the membrane: of the MADC, since the CADC's memory ends after 0.16 ms."""
    found = result.populations["membrane"]
    signal = found.membrane if found.madc is None else found.madc
    assert signal is not None, "the model has a membrane, the chip its MADC"
    return signal


def time_constant(spec: ExperimentSpec, result: RunResult) -> float:
    """Return the time constant of the exponential that fits the decay best, s."""
    signal = trace(result)
    time = np.ravel(signal.time)
    decay = (time > OFF + GONE) & (time < OFF + 80 * us)
    tau, _ = fit_exponentials(time[decay], signal.values[decay].astype(float))
    return float(tau[0])


def height(spec: ExperimentSpec, result: RunResult) -> float:
    """Return the height of the step, LSB of the MADC."""
    signal = trace(result)
    time, values = np.ravel(signal.time), signal.values[:, 0]
    up = values[(time > OFF - 40 * us) & (time < OFF)].mean()
    gain = spec.network.population("membrane").scale.gain  # type: ignore[attr-defined]
    return float(3 * gain * (up - values[time < ON - 20 * us].mean()))


def straightness(spec: ExperimentSpec, result: RunResult) -> float:
    """Return the squared correlation of 1 / time constant with the bias code."""
    condition = DEMO.goal[0]
    rates = []
    for code in CODES:
        tau = float(tau_mem_of(code)) * us
        point = with_value(spec, ("membrane", "tau_mem"), tau)
        rates.append(1 / observed(condition, point, simulate(point)))
    return float(np.corrcoef(CODES, rates)[0, 1] ** 2)


DEMO = Demo(
    order=2,
    title="Membrane time constant",
    sentence="Switch a current on and off, and read how fast the membrane follows.",
    spec=spec,
    plots=("model", "cadc", "madc", "ghost"),
    controls=(BIAS,),
    task=(
        "From 200 to 300 µs a current lifts the membrane. Afterwards it falls back as "
        "*e*<sup>−t/τ</sup>; a fit to this decay is what the meter shows.\n\n"
        "Set the **leak bias** so that τ is **8.5 to 11.5 µs**. What happens to the "
        "height of the step, and why?"
    ),
    goal=(Condition(time_constant, "time constant {} µs", 8.5 * us, 11.5 * us, 1e6),),
    hint="The conductance grows with the bias: for half the τ, double the code.",
    solution=solution,
    observations=(
        Observation(
            "1/τ rises about linearly with the leak bias",
            Condition(straightness, "R² of 1/τ over code {}", 0.95),
        ),
        Observation(
            "a step of 100 LSB (MADC) is aimed at",
            Condition(height, "{} LSB", 40, 160),
            "The strength of an uncalibrated synapse differs from circuit to circuit "
            "by a factor of three.",
        ),
    ),
    equivalents=(
        "The step is a train of spikes, one per µs, through a fast synapse: the "
        "current source of the chip is on for whole runs and makes no steps. The raw "
        "leak bias goes to 700; beyond, the time constant is shorter than the step."
    ),
    source="Membrane time constant (cns_01 of the BrainScaleS-2 tutorials)",
)
