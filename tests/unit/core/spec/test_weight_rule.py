import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NetworkError
from core.spec.weight_rule import WeightRule

SIZES = st.integers(1, 30)


@given(SIZES, SIZES, st.integers(0, 99999), st.sampled_from(["dense", "sparse"]))
def test_a_rule_draws_the_same_weights_again(sources, targets, seed, pairs):
    rule = WeightRule(pairs, seed=seed)
    first, second = rule.draw(sources, targets), rule.draw(sources, targets)
    assert first.shape == (targets, sources)
    np.testing.assert_array_equal(first, second)


@given(SIZES, st.integers(0, 99999))
def test_one_to_one_connects_equal_indices_only(size, seed):
    weights = WeightRule("one-to-one", mean=3.0, seed=seed).draw(size, size)
    np.testing.assert_array_equal(weights != 0, np.eye(size, dtype=bool))


def test_one_to_one_needs_equal_sizes_and_says_so():
    with pytest.raises(NetworkError, match="3 neurons, the target 5"):
        WeightRule("one-to-one").draw(3, 5)


def test_a_sparse_rule_connects_its_share_of_the_pairs():
    rule = WeightRule("sparse", probability=0.3, distribution="constant", mean=1.0)
    share = rule.draw(200, 200).mean()
    # 40000 pairs: four standard deviations of the binomial are 0.009
    assert share == pytest.approx(0.3, abs=0.009)


def test_the_pairs_of_a_seed_stay_when_its_weights_change():
    first = WeightRule("sparse", distribution="constant", mean=1.0, seed=4)
    second = WeightRule("sparse", distribution="uniform", mean=2.0, seed=4)
    np.testing.assert_array_equal(first.draw(20, 20) != 0, second.draw(20, 20) != 0)


@pytest.mark.parametrize(
    ("distribution", "spread", "deviation", "largest"),
    [
        ("constant", 0.3, 0.0, 0.0),
        ("normal", 0.3, 0.3, 9.9),
        ("uniform", 0.3, 0.173, 0.3),
    ],
)
def test_weights_are_spread_about_their_mean(distribution, spread, deviation, largest):
    rule = WeightRule(distribution=distribution, mean=-0.5, spread=spread)
    weights = rule.draw(200, 200).astype(float)
    # 40000 draws: four standard errors of mean and deviation are 0.006
    assert weights.mean() == pytest.approx(-0.5, abs=0.006)
    assert weights.std() == pytest.approx(deviation, abs=0.006)
    assert np.abs(weights + 0.5).max() <= largest + 1e-6
