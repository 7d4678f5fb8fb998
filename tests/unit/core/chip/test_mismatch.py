import numpy as np
import pytest

from core.chip.mismatch import sample_mismatch
from core.spec.chip import IDEAL, TYPICAL


def test_the_same_number_gives_the_same_chip():
    a, b = sample_mismatch(TYPICAL), sample_mismatch(TYPICAL)
    np.testing.assert_array_equal(a.leak, b.leak)
    np.testing.assert_array_equal(a.rows, b.rows)


def test_another_number_gives_another_chip():
    other = sample_mismatch(TYPICAL.replace(number=2))
    assert not np.allclose(sample_mismatch(TYPICAL).leak, other.leak)


def test_noise_does_not_change_the_fixed_pattern():
    other = sample_mismatch(TYPICAL.replace(noise=0.0, write_noise=0.0))
    np.testing.assert_array_equal(sample_mismatch(TYPICAL).tau_syn, other.tau_syn)


def test_the_ideal_chip_has_no_pattern():
    ideal = sample_mismatch(IDEAL)
    assert not ideal.leak.any()
    assert np.all(ideal.conductance == 1)
    assert np.all(ideal.strength == 1)
    assert np.all(ideal.rows == 1)


@pytest.mark.parametrize(
    ("name", "low", "high"), [("reset", 0.55, 0.85), ("threshold", 0.2, 0.65)]
)
def test_potentials_of_a_circuit_are_off_in_the_same_direction(name, low, high):
    # Codes of two real chips: leak and reset 0.68…0.72, leak and threshold 0.35…0.44.
    correlation = []
    for number in range(8):
        chip = sample_mismatch(TYPICAL.replace(number=number))
        correlation.append(np.corrcoef(chip.leak, getattr(chip, name))[0, 1])
    assert low < np.mean(correlation) < high


def test_twice_the_mismatch_is_twice_the_offset():
    one, two = (sample_mismatch(TYPICAL.replace(mismatch=m)) for m in (1.0, 2.0))
    np.testing.assert_allclose(two.leak, 2 * one.leak)
    np.testing.assert_allclose(two.conductance, one.conductance**2)
