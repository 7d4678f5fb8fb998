"""Calibrated virtual chips against published numbers of real ones.

Every number of ``benchmarks/fidelity_calibration.py`` on TYPICAL: on 20 chips in the
full stage, on 5 in the quick one. Bands on a single chip hold for each of them; those
on statistics of four quadrants, which one chip does not know, for their mean.
"""

from functools import cache

import numpy as np
import pytest

from benchmarks.fidelity_calibration import (
    PUBLISHED,
    cadc,
    codes,
    pooled,
    residuals,
    thresholds,
)
from core.chip.calibration import calibrate, calibrate_by_search
from core.spec.chip import WORST, chip_number

CHIPS = [5, pytest.param(20, marks=pytest.mark.slow)]
EACH = pytest.mark.parametrize("count", CHIPS)


@cache
def left(count, default, how=calibrate):
    target = None if default else PUBLISHED
    return pooled(residuals(chip_number(n), target, how) for n in range(1, count + 1))


@cache
def found(count):
    return pooled(codes(chip_number(n)) for n in range(1, count + 1))


#: Trimmed deviations after a calibration, lowest and highest: LSB, or relative.
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


@EACH
@pytest.mark.parametrize("default", [True, False], ids=["10 µs", "6 µs"])
@pytest.mark.parametrize("name", RESIDUALS)
def test_a_calibration_leaves_as_much_as_on_real_chips(count, default, name):
    low, high = RESIDUALS[name]
    row = left(count, default)[name]
    assert low <= row["min"] <= row["max"] <= high


@pytest.mark.parametrize("name", RESIDUALS)
def test_a_search_without_curves_leaves_as_much(name):
    low, high = RESIDUALS[name]
    row = left(3, True, calibrate_by_search)[name]
    assert low <= row["min"] <= row["max"] <= high


# Largest ratio of the spread with to the spread without calibration that calix accepts
# on real chips, with the default targets.
RATIOS = {
    "leak": 0.30,
    "reset": 0.20,
    "threshold": 0.35,
    "tau_mem": 0.45,
    "tau_syn_exc": 0.20,
    "tau_syn_inh": 0.20,
}


@EACH
@pytest.mark.parametrize("default", [True, False], ids=["10 µs", "6 µs"])
@pytest.mark.parametrize("name", RATIOS)
def test_every_spread_is_narrowed_as_on_a_real_chip(count, default, name):
    assert left(count, default)[f"{name}.ratio"]["max"] < RATIOS[name]


@EACH
def test_few_thresholds_are_far_off(count):
    # calix: not more than 5 % beyond 8 LSB.
    assert left(count, True)["threshold.beyond_8"]["max"] < 0.05


@EACH
@pytest.mark.parametrize("name", ["leak", "reset", "threshold"])
def test_potentials_are_on_target_up_to_the_shift_of_a_run(count, name):
    # The median follows the shifts of four quadrants, 0.8 LSB each: 0.4 LSB, three of
    # it; the mean over the chips knows it to 0.4 / √count.
    row = left(count, True)[f"{name}.error"]
    assert max(-row["min"], row["max"]) < 1.3
    assert abs(row["mean"]) < 3 * 0.4 / np.sqrt(count)


@EACH
@pytest.mark.parametrize("name", ["tau_mem", "tau_syn_exc"])
def test_time_constants_are_on_target(count, name):
    # A spread of 4 % over 512 circuits leaves 0.2 % to the median.
    row = left(count, True)[f"{name}.error"]
    assert max(-row["min"], row["max"]) < 0.01


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


@EACH
@pytest.mark.parametrize("name", VARIATION)
def test_codes_vary_as_in_published_calibrations(count, name):
    a, b = VARIATION[name]
    row = found(count)[f"{name}.cv"]
    assert 0.7 * (a + b) / 2 < row["mean"] < 1.3 * (a + b) / 2
    assert 0.7 * min(a, b) < row["min"] <= row["max"] < 1.3 * max(a, b)


@EACH
@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("leak-reset", 0.55, 0.85),  # published: 0.68 and 0.72
        ("leak-threshold", 0.2, 0.6),  # 0.35 and 0.44
        ("gm exc-inh", 0.6, 1.0),  # 0.76 and 0.97
        ("tau exc-inh", 0.05, 0.55),  # 0.13 and 0.40
    ],
)
def test_codes_of_a_circuit_correlate_as_published(count, name, low, high):
    row = found(count)[name]
    assert low < row["min"] <= row["max"] < high


@EACH
def test_quadrants_make_most_of_the_spread_of_strengths(count):
    shares = [codes(chip_number(n))["gm quadrant share"] for n in range(1, count + 1)]
    assert np.mean(np.array(shares) > 0.5) >= 0.25


@EACH
def test_thresholds_have_the_published_fixed_pattern_and_noise_of_a_batch(count):
    row = pooled(thresholds(chip_number(n)) for n in range(1, count + 1))
    assert row["threshold fixed"]["min"] > 0.02
    assert row["threshold fixed"]["max"] < 0.04
    # Eight batches with shifts of four quadrants: 18 % on one chip, so the mean counts.
    assert 0.01 < row["threshold batch"]["mean"] < 0.02


@EACH
def test_channels_of_the_cadc_differ_by_less_than_calix_accepts(count):
    row = pooled(cadc(chip_number(n)) for n in range(1, count + 1))["cadc"]
    assert 0.5 < row["min"] <= row["max"] < 3


def test_the_worst_chip_can_be_calibrated_and_is_worse():
    worst, typical = residuals(WORST), left(5, True)
    for name in ("leak", "threshold", "tau_mem", "psp", "failed"):
        assert worst[name] > 1.5 * typical[name]["mean"], name
    assert worst["failed"] < 0.5  # twice the weak cells, and twice the noise of all
