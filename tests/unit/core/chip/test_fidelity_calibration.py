"""Calibrated virtual chips against published numbers of real ones.

Every number of ``benchmarks/fidelity/calibration.py`` on TYPICAL: on 20 chips in the
full stage, on 5 in the quick one. Bands on a single chip hold for each of them; those
on statistics of four quadrants, which one chip does not know, for their mean.
"""

from functools import cache

import numpy as np
import pytest

from benchmarks.fidelity.calibration import (
    CORRELATIONS,
    PUBLISHED,
    RATIOS,
    RESIDUALS,
    VARIATION,
    cadc,
    codes,
    pooled,
    residuals,
    thresholds,
)
from core.chip.calibration import calibrate, calibrate_by_search
from core.chip.lanes import tilts
from core.chip.mismatch import sample_mismatch
from core.chip.nominal import FULL_RESPONSE
from core.spec.chip import TYPICAL, WORST, chip_number

CHIPS = [5, pytest.param(20, marks=pytest.mark.slow)]
EACH = pytest.mark.parametrize("count", CHIPS)


@cache
def left(count, default, how=calibrate):
    target = None if default else PUBLISHED
    return pooled(residuals(chip_number(n), target, how) for n in range(1, count + 1))


@cache
def found(count):
    return pooled(codes(chip_number(n)) for n in range(1, count + 1))


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
    miss = TYPICAL.threshold_miss if name == "threshold" else 0.0
    assert max(miss - row["min"], row["max"] - miss) < 1.3
    assert abs(row["mean"] - miss) < 3 * 0.4 / np.sqrt(count)


@EACH
@pytest.mark.parametrize("name", ["tau_mem", "tau_syn_exc"])
def test_time_constants_are_on_target(count, name):
    # A spread of 4 % over 512 circuits leaves 0.2 % to the median.
    row = left(count, True)[f"{name}.error"]
    assert max(-row["min"], row["max"]) < 0.01


@EACH
@pytest.mark.parametrize("name", VARIATION)
def test_codes_vary_as_in_published_calibrations(count, name):
    a, b = VARIATION[name]
    row = found(count)[f"{name}.cv"]
    assert 0.7 * (a + b) / 2 < row["mean"] < 1.3 * (a + b) / 2
    assert 0.7 * min(a, b) < row["min"] <= row["max"] < 1.3 * max(a, b)


@EACH
@pytest.mark.parametrize("name", CORRELATIONS)
def test_codes_of_a_circuit_correlate_as_published(count, name):
    low, high, _ = CORRELATIONS[name]
    row = found(count)[name]
    assert low < row["min"] <= row["max"] < high


@EACH
def test_quadrants_make_most_of_the_spread_of_strengths(count):
    shares = [codes(chip_number(n))["gm quadrant share"] for n in range(1, count + 1)]
    assert np.mean(np.array(shares) > 0.5) >= 0.25


@EACH
def test_thresholds_have_the_published_mean_fixed_pattern_and_noise(count):
    row = pooled(thresholds(chip_number(n)) for n in range(1, count + 1))
    # Published 5.0 %; the shifts of four quadrants move a chip by 0.6 %, all less.
    assert 0.04 < row["threshold mean"]["mean"] < 0.06
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


@EACH
def test_responses_depend_as_little_on_the_membrane_as_on_real_chips(count):
    # calix: a slope below 0.08 for 90 % of the circuits, which it measures one chip at
    # a time; a chip of ours has four quadrants, each off by 0.4 of the spread.
    below = []
    for number in range(1, count + 1):
        chip = chip_number(number)
        slopes = tilts(chip, sample_mismatch(chip)) * FULL_RESPONSE
        below.append((np.abs(slopes) < 0.08).mean())
    assert 0.9 < np.mean(below) < 0.97
