"""Exercises 49 and 50: two converters, and the model laid over the chip."""

import numpy as np
from numpy.typing import NDArray

from core.demo import (
    MEASURED_ON_CHIP,
    Condition,
    Demo,
    Observable,
    Observation,
    number,
)
from core.simulate import RunResult, StageMemory, simulate
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
from core.sweep import with_value
from core.units import us

#: When the input spikes, and until when model and chip are compared, s: then a spike.
TIMES, COMPARED = (10 * us, 15 * us, 20 * us, 30 * us), 30 * us
#: LSB of the CADC from leak to threshold: what one model unit is.
GAIN = 45.0
Floats = NDArray[np.float64]
#: CADC samples are shown with a sign, the MADC has an offset.
SIGNED, MADC_ZERO, MADC = 128.0, 65.0, 3.0


def spec() -> ExperimentSpec:
    """Return a neuron whose model and chip do not agree."""
    neuron = LIFSpec(
        "neuron",
        1,
        position=(145, 60),
        leak=Value(0.0, hardware=80),
        reset=Value(0.0, hardware=80),
        threshold=Value(1.0, hardware=125),
        scale=VoltageScale(offset=80, gain=60),
    )
    return ExperimentSpec(
        network=NetworkSpec(
            (InputSpec("input", 1, position=(0, 60)), neuron),
            (ProjectionSpec("synapse", "input", "neuron", np.full((1, 1), 0.9), 30),),
            ("neuron",),
        ),
        stimuli=(SpikeTimes("input", (TIMES,)),),
        recording=RecordingSpec(madc_population="neuron"),
        run=RunSpec(mode="both", runtime=50 * us),
        view=ViewSpec(selected="synapse"),
    )


def compared(result: RunResult, end: float) -> tuple[Floats, Floats]:
    """Return model and CADC at the times of the CADC until ``end``, model units."""
    found = result.populations["neuron"]
    if found.membrane is None or found.cadc is None:
        return np.array([np.nan]), np.array([np.nan])
    time = np.ravel(found.cadc.time)
    early = time < end
    at = np.interp(time[early], found.membrane.time, found.membrane.values[:, 0])
    return at, found.cadc.values[early, 0].astype(float)


def difference(spec: ExperimentSpec, result: RunResult) -> float:
    """Return the mean difference of model and CADC over the height of the model."""
    model, chip = compared(result, COMPARED)
    return float(np.abs(model - chip).mean() / np.abs(model).max())


def solution(start: ExperimentSpec) -> ExperimentSpec:
    """Read the chip in model units, then scale its synapse until both are as high."""
    start = start.replace(run=start.run.replace(mode="both"))
    start = with_value(start, ("neuron", "scale", "gain"), GAIN)
    points = [SYNAPSE.put(start, scale) for scale in range(42, 64)]
    memory = StageMemory()
    return min(points, key=lambda point: difference(point, simulate(point, memory)))


def cadc(highest: bool) -> Observable:
    """Return the observable of the highest or lowest CADC sample, signed LSB."""

    def observe(spec: ExperimentSpec, result: RunResult) -> float:
        found = result.populations["neuron"].cadc
        if found is None:
            return float("nan")
        values = found.values.max() if highest else found.values.min()
        return float(values) * GAIN + 80 - SIGNED

    return observe


def madc(highest: bool) -> Observable:
    """Return the observable of the highest or lowest MADC sample, LSB."""

    def observe(spec: ExperimentSpec, result: RunResult) -> float:
        found = result.populations["neuron"].madc
        if found is None:
            return float("nan")
        values = found.values.max() if highest else found.values.min()
        return MADC_ZERO + MADC * (80 + GAIN * float(values))

    return observe


SYNAPSE = number(
    ("synapse", "weight_scale"),
    "weight scale",
    10,
    70,
    0.5,
    unit="LSB",
    help="Weight on the chip of a model weight of 1.",
)

DEMO = Demo(
    order=9,
    title="Align model and chip",
    sentence="Two converters read one membrane, and the model learns its units.",
    spec=spec,
    plots=("model", "cadc", "madc"),
    controls=(
        number(
            ("neuron", "scale", "gain"),
            "trace scale",
            20,
            80,
            0.5,
            unit="LSB",
            help="CADC readings of one model unit.",
        ),
        SYNAPSE,
    ),
    task=(
        "Four spikes reach the neuron. The **CADC** reads every membrane, once in "
        "1.7 µs; the **MADC** reads one, thirty times per µs. The model knows neither: "
        "its threshold is 1.\n\n"
        "Lay the chip over the model, to **at most 8 %** on average until 30 µs. The "
        "*trace scale* says how many LSB one model unit is, the *weight scale* how "
        "strong a weight of 1 is. Threshold minus leak are 125 − 80 LSB."
    ),
    goal=(
        MEASURED_ON_CHIP,
        Condition(difference, "model and chip differ by {} %", high=0.08, scale=100),
    ),
    hint="First the trace scale: 45 LSB. Then compare the bumps of the first spikes.",
    solution=solution,
    observations=(
        Observation("CADC from −49", Condition(cadc(False), "{} LSB", -54, -44)),
        Observation("CADC to −3", Condition(cadc(True), "{} LSB", -13, 3)),
        Observation("MADC from 305", Condition(madc(False), "{} LSB", 285, 315)),
        Observation("MADC to 440", Condition(madc(True), "{} LSB", 410, 455)),
        Observation(
            "curves agree to about 10 %",
            Condition(difference, "{} %", high=0.1, scale=100),
        ),
        Observation(
            "weight scale 55", Condition(lambda s, r: SYNAPSE.read(s), "{} LSB", 44, 66)
        ),
    ),
    source="CADC against MADC, aligning model and chip (ts_12 of the tutorials)",
    equivalents=(
        "As in the exercise, leak 80, reset 80 and threshold 125 LSB. The weight "
        "is 0.9 in the model; its LSB follow from the weight scale (63 there)."
    ),
    needs_chip=True,
)
