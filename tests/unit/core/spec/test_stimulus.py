import numpy as np
import pytest

from core.spec.stimulus import (
    PoissonSpikes,
    RegularSpikes,
    SpikeTimes,
    YinYangSample,
    spikes,
)


def test_regular_spikes_come_at_start_and_after_each_period():
    grid = spikes(RegularSpikes("i", period=20e-6, start=10e-6), 2, 100, 1e-6)
    assert grid.shape == (100, 2)
    assert np.flatnonzero(grid[:, 0]).tolist() == [10, 30, 50, 70, 90]
    np.testing.assert_array_equal(grid[:, 0], grid[:, 1])


def test_poisson_spikes_have_their_rate_and_depend_on_the_seed_alone():
    stimulus = PoissonSpikes("i", rate=20e3, seed=4)
    grid = spikes(stimulus, 50, 4000, 1e-6)
    expected = 50 * 4000 * 1e-6 * 20e3
    # Four standard deviations of a Poisson count, and the bins that hold two spikes.
    assert abs(grid.sum() - expected) < 4 * np.sqrt(expected) + 0.01 * expected
    np.testing.assert_array_equal(grid, spikes(stimulus, 50, 4000, 1e-6))
    other = spikes(stimulus.replace(seed=5), 50, 4000, 1e-6)
    assert not np.array_equal(grid, other)


def test_spike_times_outside_the_run_are_left_out():
    stimulus = SpikeTimes("i", times=((3e-6, 200e-6), (-1e-6, 7.4e-6)))
    grid = spikes(stimulus, 3, 10, 1e-6)
    assert np.argwhere(grid).tolist() == [[3, 0], [7, 1]]


def test_a_data_set_sample_is_not_drawn_without_its_data_set():
    with pytest.raises(TypeError, match="no spikes of its own"):
        spikes(YinYangSample("i"), 5, 10, 1e-6)


def test_a_longer_run_and_a_finer_step_keep_the_same_poisson_spikes():
    stimulus = PoissonSpikes("i", rate=20e3, seed=4)
    short = spikes(stimulus, 3, 100, 1e-6)
    np.testing.assert_array_equal(spikes(stimulus, 3, 400, 1e-6)[:100], short)
    fine = np.argwhere(spikes(stimulus, 3, 1000, 0.1e-6))
    coarse = np.argwhere(short)
    assert abs(len(fine) - len(coarse)) <= 1  # two in one bin, or one at the very end
