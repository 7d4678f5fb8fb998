"""Distances of a recording from a run: shifts are found, chance counts as none."""

import numpy as np
import pytest

from core.compare import align, coincidences, residual, rms
from core.units import us

TIME = np.arange(400) * 0.5 * us
WAVE = 80 + 20 * np.sin(TIME / (17 * us)) * np.exp(-TIME / (90 * us))


def test_the_residual_of_a_trace_with_itself_is_nothing_and_of_a_step_its_height():
    assert rms(residual(TIME, WAVE, TIME, WAVE)) == 0
    assert rms(residual(TIME, WAVE + 3, TIME, WAVE)) == pytest.approx(3)


def test_only_what_both_have_is_compared():
    later = TIME + 150 * us
    assert len(residual(later, WAVE, TIME, WAVE)) == 100
    assert np.isnan(rms(residual(later + 1, WAVE, TIME, WAVE)))


@pytest.mark.parametrize("shift", [-13.2 * us, 0.0, 21.7 * us])
def test_a_shift_a_scale_and_an_offset_are_found(shift, rng):
    recorded = (WAVE - 12) / 0.8 + rng.normal(0, 0.3, len(WAVE))
    found = align(TIME - shift, recorded, TIME, WAVE)
    assert found.shift == pytest.approx(shift, abs=0.2 * us)  # less than half a sample
    assert found.scale == pytest.approx(0.8, rel=0.01)
    assert found.offset == pytest.approx(12, abs=1)
    assert found.rms == pytest.approx(0.24, rel=0.15)  # the noise, times the scale


def test_a_trace_that_stands_still_or_is_upside_down_is_not_fitted():
    assert align(TIME, np.full(400, 3.0), TIME, WAVE) is None
    rising = np.linspace(0, 1, 400)
    assert align(TIME, -rising, TIME, rising) is None


def trains(rng, count, neurons=20, duration=1e-3):
    return rng.uniform(0, duration, count), rng.integers(0, neurons, count)


def test_equal_trains_coincide_and_unrelated_ones_only_by_chance(rng):
    one, other = trains(rng, 400), trains(rng, 400)
    same = coincidences(one, one, 2 * us, 1e-3)
    assert (same.count, same.lag) == (400, 0)
    # Chance is taken off, so equal trains have 1 but for neurons' unequal rates.
    assert same.factor == pytest.approx(1, abs=0.02)
    apart = coincidences(one, other, 2 * us, 1e-3)
    assert apart.factor == pytest.approx(0, abs=0.06)  # 3 sigma of 32 chance pairs


def test_each_spike_has_one_partner_and_the_lag_has_a_sign():
    found = np.array([10.0, 20.0]) * us, np.array([0, 0])
    recorded = np.array([10.5, 11.0, 21.5, 40.0]) * us, np.array([0, 0, 0, 0])
    pairs = coincidences(recorded, found, 2 * us, 100 * us)
    assert (pairs.count, pairs.recorded, pairs.found) == (2, 4, 2)
    assert pairs.lag == pytest.approx(1 * us)
    other = coincidences((recorded[0], recorded[1] + 1), found, 2 * us, 100 * us)
    assert other.count == 0
