"""Noise passes a statistical battery, and the battery tells bad noise from good."""

import numpy as np
import pytest

from core.kernels import noise
from tests.unit.core.kernels.battery import (
    ALPHA,
    AXES,
    NORMAL_TESTS,
    SIZES,
    TESTS,
    gf2_rank,
    poisson,
)


def by_name(tests):
    return pytest.mark.parametrize("test", tests, ids=lambda test: test.__name__)


@by_name(TESTS)
def test_the_bits_pass(test):
    assert test(noise.bits, 1) > ALPHA


@pytest.mark.slow
@by_name(TESTS)
def test_twenty_times_as_many_bits_pass(test):
    assert test(noise.bits, 20) > ALPHA


def draw(entries):
    """Return half a million numbers for each entry."""
    step, entry = np.arange(1000)[:, None], np.arange(entries)[:, None, None]
    return noise.normals(1, 0, entry, np.arange(512), step, 0).ravel()


@by_name(NORMAL_TESTS)
def test_the_normal_numbers_pass(test):
    assert test(draw(4).astype(float)) > ALPHA


@pytest.mark.slow
@by_name(NORMAL_TESTS)
def test_many_normal_numbers_pass(test):
    assert test(draw(80).astype(float)) > ALPHA


# Generators that the battery has to reject.


def mixed(x):
    """Return well mixed words: as good as 32 bits that depend on 32 bits can be."""
    x = np.atleast_1d(x).astype(np.uint32)
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x21F0AAAD)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0xD35A2D97)
    return x ^ (x >> np.uint32(15))


def congruential(*counters):
    """Number the names and take that member of a linear congruential sequence."""
    index = np.zeros(1, np.uint32)
    for counter, size in zip(counters, SIZES, strict=True):
        word = np.asarray(counter).astype(np.uint32)
        index = index * np.uint32(size) + word
    return index * np.uint32(1664525) + np.uint32(1013904223)


def mixed_apart(*counters):
    """Mix each counter well, but join them without another round."""
    word = np.uint32(0)
    for k, counter in enumerate(counters):
        word = word ^ mixed(np.asarray(counter) + (k << 24))
    return word


def one_word_of_state(chip, trial, entry, circuit, step, source):
    """Fold all but the circuit into 32 bits, and add a multiple of the step to it."""
    seed = mixed(mixed(mixed(source) + np.asarray(trial)) + np.asarray(chip))
    key = mixed(seed ^ mixed(entry))
    key = mixed(key + np.asarray(step).astype(np.uint32) * np.uint32(0x9E3779B9))
    return mixed(mixed(circuit) ^ key)


@pytest.mark.parametrize(
    ("weak", "rejecting"),
    [
        (congruential, {"bits_of_a_word_are_independent"} | {
            f"neighbours_along_the_{axis}_are_independent" for axis in AXES
        } | {"matrices_of_bits_have_the_right_ranks", "the_spectrum_of_a_run_is_flat",
             "birthday_spacings_along_the_step",
             "an_input_bit_flips_half_of_the_output_bits"}),
        (mixed_apart, {"circuit_and_step_do_not_mix_up", "entry_and_step_do_not_mix_up",
                       "matrices_of_bits_have_the_right_ranks"}),
        (one_word_of_state, {"no_entry_repeats_a_part_of_another"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)  # fmt: skip
def test_the_battery_rejects(weak, rejecting):
    tests = [test for test in TESTS if test.__name__ in rejecting]
    assert len(tests) == len(rejecting)
    passed = {test.__name__ for test in tests if test(weak, 1) > ALPHA}
    assert not passed


@pytest.mark.parametrize(
    "damage",
    [
        lambda x: x + 0.01,
        lambda x: x * 1.01,
        lambda x: np.clip(x, -4, 4),
        lambda x: np.where(x == x.max(), 600.0, x),  # one in a million
        lambda x: np.where(np.arange(len(x)) % 50 == 0, np.round(x), x),
    ],
    ids=["mean", "width", "tails", "outlier", "coarse"],
)
def test_the_battery_rejects_normal_numbers_with(damage):
    x = damage(draw(2).astype(float))
    assert min(test(x) for test in NORMAL_TESTS) < ALPHA


def test_the_rank_counts_independent_rows():
    unit = np.uint32(1) << np.arange(32, dtype=np.uint32)
    dependent = unit.copy()
    dependent[7] = unit[1] ^ unit[30]
    matrices = np.stack([unit, dependent, np.full(32, 3, np.uint32)])
    assert gf2_rank(matrices).tolist() == [32, 31, 1]


def test_tails_of_a_poisson_count():
    assert poisson(0, 3.0) == pytest.approx(2 * np.exp(-3))
    assert poisson(3, 3.0) == 1.0
    assert poisson(5000, 4000.0) < ALPHA
