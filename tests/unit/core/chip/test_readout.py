import numpy as np
import pytest

from core.chip.readout import (
    CADC_MEMORY,
    cadc_codes,
    cadc_cycles,
    madc_codes,
    madc_cycles,
)
from core.spec.chip import IDEAL, TYPICAL


def test_110_us_are_3235_madc_samples():
    # The number that hardware tests assert.
    cycles = madc_cycles(110 * 125)
    assert len(cycles) == 3235
    assert np.diff(cycles).mean() == pytest.approx(4.25, abs=1e-3)


def test_cadc_samples_are_a_period_apart():
    cycles = cadc_cycles(TYPICAL, 100 * 125, 0)
    spacing = np.diff(cycles, axis=0)
    assert set(np.unique(spacing)) <= {212, 213}  # 1.7 µs are 212.5 cycles
    assert cycles.min() >= 0
    assert cycles.max() < 100 * 125


def test_hemispheres_sample_at_different_times():
    cycles = cadc_cycles(TYPICAL, 100 * 125, 0)
    assert np.any(cycles[:, 0] != cycles[:, 1])


def test_the_cadc_memory_holds_a_hundred_samples():
    assert len(cadc_cycles(TYPICAL, 1000 * 125, 0)) == CADC_MEMORY == 100


def test_no_runtime_gives_no_samples():
    assert len(cadc_cycles(TYPICAL, 0, 0)) == 0
    assert len(madc_cycles(0)) == 0


def test_cadc_rounds_clips_and_leaves_unused_circuits_at_zero():
    values = np.array([[[80.4, -5.0, 300.0]]], np.float32)
    codes = cadc_codes(values, np.array([0, 5, 511]), np.zeros(3), IDEAL, 0)
    assert codes.shape == (1, 1, 512)
    assert codes[0, 0, [0, 5, 511]].tolist() == [80, 0, 255]
    assert codes.sum() == 335


def test_cadc_noise_has_the_given_size_and_no_mean():
    values = np.full((500, 4, 8), 100.5, np.float32)
    chip = TYPICAL.replace(cadc_noise=3.0)
    codes = cadc_codes(values, np.arange(8), np.zeros(8), chip, 0)[..., :8]
    codes = codes.astype(float)
    assert codes.mean() == pytest.approx(101.0 - 0.5, abs=0.1)  # 16000 samples
    assert codes.std() == pytest.approx(np.hypot(3.0, 12**-0.5), rel=0.03)


def test_madc_is_three_times_finer_and_offset():
    trace = np.full((2, 501), 80.0, np.float32)
    codes = madc_codes(trace, 12500, 0, IDEAL, 0)
    assert codes.shape == (len(madc_cycles(12500)), 2)
    assert np.all(codes == 305)


def test_madc_clips_at_ten_bits():
    trace = np.full((1, 11), 400.0, np.float32)
    assert madc_codes(trace, 250, 0, IDEAL, 0).max() == 1023
