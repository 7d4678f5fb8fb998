"""How far calibrated virtual chips are like the published real ones, in numbers.

Every function takes one chip and returns a flat ``{name: number}``; `pooled` joins the
dicts of many chips. The bands are asserted by the tests and shown by the report. The
truth is looked up in the emulated circuits, after a write that no search has seen.

    python -m benchmarks.fidelity.calibration 20
"""

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.chip import calibration
from core.chip.bench import Bench
from core.chip.calibration import calibrate, calibrate_by_search
from core.chip.calibration_target import NeuronCalibTarget
from core.chip.capmem import write
from core.chip.characterisation import characterise
from core.chip.circuit import physical
from core.chip.geometry import CIRCUITS, quadrant_of
from core.chip.mismatch import sample_mismatch
from core.chip.nominal import psp_height
from core.chip.results import CalibResult
from core.chip.stored_calibration import whole_chip
from core.spec.chip import ChipSpec, chip_number
from core.units import us

Numbers = dict[str, float]
Calibrate = Callable[..., CalibResult]
#: What the two published calibrations were made for.
PUBLISHED = NeuronCalibTarget(
    leak=80, reset=80, threshold=150, tau_mem=6 * us, tau_syn=6 * us
)
#: One target each, as a slider moves it.
_CHANGES = {
    "leak": 95,
    "reset": 60,
    "threshold": 140,
    "tau_mem": 20 * us,
    "tau_syn": 6 * us,
    "membrane_capacitance": 40,
    "i_synin_gm": 400,
    "synapse_dac_bias": 800,
}
#: Trimmed deviations that a calibration leaves, lowest and highest: LSB, or relative.
RESIDUALS = {
    "leak": (0.8, 2.0),
    "reset": (0.8, 2.0),
    "threshold": (1.5, 2.5),
    "tau_mem": (0.02, 0.08),
    "tau_syn_exc": (0.015, 0.05),
    "tau_syn_inh": (0.015, 0.05),
    "psp": (0.04, 0.10),
    "psp_by_rows": (0.04, 0.10),
    "failed": (0.01, 0.05),
}
#: Largest ratio of the spread with to the spread without calibration that calix accepts
#: on real chips, with the default targets.
RATIOS = {
    "leak": 0.30,
    "reset": 0.20,
    "threshold": 0.35,
    "tau_mem": 0.45,
    "tau_syn_exc": 0.20,
    "tau_syn_inh": 0.20,
}
#: Of the published calibrations A and B: coefficient of variation of each code.
VARIATION = {
    "leak": (39 / 668, 39 / 629),
    "reset": (37 / 673, 40 / 625),
    "threshold": (20 / 411, 17.5 / 389),
    "tau_mem": (0.131, 0.133),
    "tau_syn_exc": (0.23, 0.26),
    "tau_syn_inh": (0.21, 0.25),
    "gm_exc": (0.10, 0.24),
    "gm_inh": (0.10, 0.24),
}
#: Correlations of codes, lowest and highest, and those of A and B.
CORRELATIONS = {
    "leak-reset": (0.55, 0.85, "0.68, 0.72"),
    "leak-threshold": (0.2, 0.6, "0.35, 0.44"),
    "gm exc-inh": (0.6, 1.0, "0.76, 0.97"),
    "tau exc-inh": (0.05, 0.55, "0.13, 0.40"),
}
_WRITES = 8
_TRIAL = 1000  # writes of the tests and of the page have lower numbers


def trimmed_std(values: NDArray[Any]) -> float:
    """Return the deviation without 5 % at both ends, as the hardware tests do."""
    flat = np.sort(np.ravel(values))
    cut = len(flat) // 20
    return float(flat[cut : len(flat) - cut].std())


def result(
    chip: ChipSpec,
    target: NeuronCalibTarget,
    how: Calibrate = calibrate,
    calibrated: bool = True,
) -> CalibResult:
    """Calibrate all circuits of ``chip``."""
    network, placement, _ = whole_chip(target, calibrated)
    return how(network, placement, chip, sample_mismatch(chip))


def truth(found: CalibResult, chip: ChipSpec, trial: int) -> dict[str, NDArray[Any]]:
    """Return what the circuits do after one more write; potentials as the CADC sees."""
    mismatch = sample_mismatch(chip)
    do = physical(write(found.codes, chip, trial), mismatch, np.full(CIRCUITS, 63.0))
    peak = do.strength * psp_height(do.tau_mem, do.tau_syn)
    rows = mismatch.rows.ravel()  # each circuit by a row of its own
    return {
        "leak": do.leak + mismatch.cadc_offset,
        "reset": do.reset + mismatch.cadc_offset,
        "threshold": do.threshold,
        "tau_mem": do.tau_mem,
        "tau_syn_exc": do.tau_syn[0],
        "tau_syn_inh": do.tau_syn[1],
        "psp": peak[0],
        "psp_by_rows": peak[0] * rows,
    }


def residuals(
    chip: ChipSpec,
    target: NeuronCalibTarget | None = None,
    how: Calibrate = calibrate,
) -> Numbers:
    """Return what a calibration leaves, its ratio to no calibration, and the failures.

    ``<name>`` is a trimmed deviation, LSB for potentials, else relative to the mean;
    ``<name>.ratio`` that to the deviation with the median codes everywhere;
    ``<name>.error`` how far the median is from the target.
    """
    target = NeuronCalibTarget() if target is None else target
    found = result(chip, target, how)
    median = {
        name: np.where(
            code >= 0, np.round(np.median(code, axis=-1, keepdims=True)), -1
        ).astype(np.int64)
        for name, code in found.codes.items()
    }
    after = truth(found, chip, _TRIAL)
    uncalibrated = CalibResult(found.target, median, found.achieved, found.success)
    before = truth(uncalibrated, chip, _TRIAL)
    numbers: Numbers = {"failed": 1 - float(found.success.mean())}
    goals = {"leak": target.leak, "reset": target.reset, "threshold": target.threshold}
    goals |= {"tau_mem": target.tau_mem / us, "tau_syn_exc": target.tau_syn / us}
    for name, values in after.items():
        scale = 1.0 if name in ("leak", "reset", "threshold") else values.mean()
        spread = trimmed_std(values)
        numbers[name] = spread / scale
        numbers[f"{name}.ratio"] = spread / trimmed_std(before[name])
        if name in goals:
            error = float(np.median(values)) - goals[name]
            numbers[f"{name}.error"] = error / (1.0 if scale == 1.0 else goals[name])
    off = np.abs(after["threshold"] - np.median(after["threshold"]))
    numbers["threshold.beyond_8"] = float((off > 8).mean())
    return numbers


def codes(chip: ChipSpec, how: Calibrate = calibrate) -> Numbers:
    """Return the statistics of calibrated codes, for the published targets."""
    found = result(chip, PUBLISHED, how).codes
    tau, gm = found["tau_syn"], found["strength"]
    cells = {
        "leak": found["leak"],
        "reset": found["reset"],
        "threshold": found["threshold"],
        "tau_mem": found["tau_mem"],
        "tau_syn_exc": tau[0],
        "tau_syn_inh": tau[1],
        "gm_exc": gm[0],
        "gm_inh": gm[1],
    }
    numbers: Numbers = {}
    for name, code in cells.items():
        numbers[f"{name}.mean"] = float(code.mean())
        numbers[f"{name}.std"] = float(code.std())
        numbers[f"{name}.cv"] = float(code.std() / code.mean())

    def correlation(a: str, b: str) -> float:
        return float(np.corrcoef(cells[a], cells[b])[0, 1])

    quadrant = quadrant_of(np.arange(CIRCUITS))
    means = np.array([gm[0][quadrant == q].mean() for q in range(4)])
    return numbers | {
        "leak-reset": correlation("leak", "reset"),
        "leak-threshold": correlation("leak", "threshold"),
        "gm exc-inh": correlation("gm_exc", "gm_inh"),
        "tau exc-inh": correlation("tau_syn_exc", "tau_syn_inh"),
        "gm quadrant share": float(means.var() / gm[0].var()),
    }


def thresholds(chip: ChipSpec) -> Numbers:
    """Return how far thresholds are above their target, relative to threshold − leak.

    Their mean, fixed pattern and batch-to-batch noise.
    """
    found = result(chip, PUBLISHED)
    written = np.stack(
        [truth(found, chip, _TRIAL + k)["threshold"] for k in range(_WRITES)]
    )
    distance = float(PUBLISHED.threshold - PUBLISHED.leak)
    mean = written.mean(0)
    again = written - mean
    # The mean of a few writes still holds a part of their noise; weak cells are left
    # out by trimming, as in every other number.
    noise = trimmed_std(again) / 0.79 * np.sqrt(_WRITES / (_WRITES - 1))
    fixed = np.sqrt(max((trimmed_std(mean) / 0.79) ** 2 - noise**2 / _WRITES, 0.0))
    return {
        "threshold mean": float(mean.mean() - PUBLISHED.threshold) / distance,
        "threshold fixed": float(fixed) / distance,
        "threshold batch": float(noise) / distance,
    }


def cadc(chip: ChipSpec) -> Numbers:
    """Return how far channels differ that read the same potential, LSB."""
    return {"cadc": float(sample_mismatch(chip).cadc_offset.std())}


def seconds(chip: ChipSpec) -> Numbers:
    """Return process CPU time of each way to calibrate all circuits, s.

    A changed target finds all steps of the other targets in memory.
    """
    mismatch = sample_mismatch(chip)
    network, placement, _ = whole_chip(NeuronCalibTarget())
    bench = Bench(chip, mismatch, np.arange(CIRCUITS), 0)
    found = {
        "characterise": _time(lambda: characterise(bench)),
        "by search": _time(
            lambda: calibrate_by_search(network, placement, chip, mismatch)
        ),
    }

    def all_steps() -> None:
        calibration.forget()
        calibrate(network, placement, chip, mismatch)

    calibrate(network, placement, chip, mismatch)
    found["all targets from curves"] = _time(all_steps)
    for name, value in _CHANGES.items():
        moved = whole_chip(replace(NeuronCalibTarget(), **{name: value}))[0]
        found[f"changed {name}"] = _time(
            partial(calibrate, moved, placement, chip, mismatch), all_steps
        )
    return found


def _time(work: Callable[[], object], before: Callable[[], object] = int) -> float:
    """Return the best of three, s; ``before`` is not counted."""
    taken = []
    for _ in range(3):
        before()
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def pooled(numbers: Iterable[Numbers]) -> dict[str, Numbers]:
    """Return mean, lowest and highest of each number over chips."""
    chips = list(numbers)
    return {
        name: {
            "mean": float(np.mean([chip[name] for chip in chips])),
            "min": min(chip[name] for chip in chips),
            "max": max(chip[name] for chip in chips),
        }
        for name in chips[0]
    }


def measure(chip: ChipSpec) -> Numbers:
    """Return everything about one chip; names as in the functions of this module."""
    slow = residuals(chip)
    fast = {f"6 µs {k}": v for k, v in residuals(chip, PUBLISHED).items()}
    return slow | fast | codes(chip) | thresholds(chip) | cadc(chip)


def main(count: int) -> None:
    """Print the numbers of so many chips."""
    table = pooled(measure(chip_number(n)) for n in range(1, count + 1))
    print(f"{'':26s} {'mean':>9s} {'min':>9s} {'max':>9s}   ({count} chips)")
    for name, row in table.items():
        print(f"{name:26s} {row['mean']:9.4g} {row['min']:9.4g} {row['max']:9.4g}")
    for name, taken in seconds(chip_number(1)).items():
        print(f"{name:26s} {taken * 1e3:9.1f} ms of one core")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
