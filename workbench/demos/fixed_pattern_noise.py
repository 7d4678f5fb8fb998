"""Exercise 28: the same codes on ten neurons, and ten different neurons."""

from core.demo import (
    MEASURED_ON_CHIP,
    Condition,
    Demo,
    Observation,
    coded,
    number,
    of,
)
from core.simulate import RunResult, simulate
from core.spec.experiment import ExperimentSpec, RecordingSpec, RunSpec, ViewSpec
from core.spec.network import LIFSpec, NetworkSpec, VoltageScale
from core.sweep import with_value
from core.units import us

CODES = {"leak": 900, "threshold": 300, "reset": 600}
#: MADC reading of 0 LSB of the CADC, and per LSB of it.
MADC_ZERO, MADC = 65.0, 3.0


def spec() -> ExperimentSpec:
    """Return ten neurons with the same codes on uncalibrated circuits."""
    scale = VoltageScale(offset=80, gain=60)
    bare = LIFSpec("neurons", 10, position=(60, 60), tau_mem=22 * us, scale=scale)
    same = bare.replace(**{name: coded(name, c, bare) for name, c in CODES.items()})
    return ExperimentSpec(
        network=NetworkSpec((same,), (), ("neurons",)),
        recording=RecordingSpec(madc_population="neurons"),
        run=RunSpec(mode="both", runtime=100 * us, calibration="uncalibrated"),
        view=ViewSpec(selected="neurons", lsb=True, neurons=(1, 2, 3, 4)),
    )


def solution(start: ExperimentSpec) -> ExperimentSpec:
    """Take the fixed pattern out of the chip, which no real one allows."""
    start = start.replace(run=start.run.replace(mode="both"))
    return with_value(start, ("chip", "mismatch"), 0.0)


SPREAD = of("neurons", "mean interval", "spread")


def with_pattern(spec: ExperimentSpec, result: RunResult) -> float:
    """Return the spread of the periods with the fixed pattern of the chip."""
    real = with_value(spec, ("chip", "mismatch"), 1.0)
    return SPREAD(real, simulate(real))


def peak(spec: ExperimentSpec, result: RunResult) -> float:
    """Return the mean peak of the membranes, LSB of the MADC."""
    scale = VoltageScale(offset=80, gain=60)
    highest = of("neurons", "highest membrane")(spec, result)
    return MADC_ZERO + MADC * (scale.offset + scale.gain * highest)


DEMO = Demo(
    order=6,
    title="Fixed-pattern noise",
    sentence="Ten neurons get the same codes. On no chip do they do the same.",
    spec=spec,
    plots=("cadc", "madc", "rates"),
    controls=(
        number(("chip", "mismatch"), "mismatch", 0, 2, 0.05),
        number(("chip", "number"), "chip", 1, 999, 1),
        number(("chip", "noise"), "temporal noise", 0, 2, 0.1),
    ),
    task=(
        "All ten neurons are set to **the same codes**, and nothing is calibrated. "
        "What differs is how the circuits were made: the *fixed pattern* of this "
        "chip.\n\n"
        "Pull the mismatch out, which no real chip allows, until the periods differ by "
        "**at most 8 %**. Then take other chips: which of the differences stay?"
    ),
    goal=(
        MEASURED_ON_CHIP,
        Condition(SPREAD, "periods differ by {} %", high=0.08, scale=100),
    ),
    hint="The model has no mismatch: run on a chip. There, go below 0.3.",
    solution=solution,
    observations=(
        Observation(
            "periods of ten neurons differ by some 10 %",
            Condition(with_pattern, "they differ by {} %", 0.15, 0.6, 100),
            "Ours differ two to four times as much. The emulated spread of the "
            "voltages follows the published spread of calibrated codes (37 to 40 codes "
            "of leak and reset, 17 to 20 of the threshold), which is 15 LSB of a swing "
            "of 50 LSB; the figure shows ten neurons of one chip. A mismatch of 0.3 "
            "gives its 10 %.",
        ),
        Observation(
            "peaks at 398 to 435 LSB (MADC)",
            Condition(peak, "{} LSB in the mean", 380, 440),
        ),
    ),
    source="Fixed-pattern noise of neurons (ts_00 of the BrainScaleS-2 tutorials)",
    equivalents=(
        "Leak code 900, threshold 300, reset 600 instead of 1000, 500 and 400: the "
        "emulated chip has the transfer curves of its own data sheet. With these the "
        "saw-tooth spans what the published figure shows."
    ),
    needs_chip=True,
)
