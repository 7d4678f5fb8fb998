import numpy as np
import pytest

from core.datasets import YinYangDataset


@pytest.mark.parametrize(
    ("r_small", "r_big"),
    [(0.3, 0.5), (0.25, 0.5), (0.0, 0.5), (-0.1, 0.5), (0.1, np.nan), (0.1, np.inf)],
)
def test_dots_that_do_not_fit_are_refused(r_small, r_big):
    message = f"radius {r_small} do not fit into a sign of radius {r_big}"
    with pytest.raises(ValueError, match=message):
        YinYangDataset(r_small, r_big)


def test_an_item_is_a_point_its_mirror_image_and_its_class():
    dataset = YinYangDataset(size=50, seed=3)
    for sample, target in dataset:
        assert sample.dtype == np.float64
        x, y = sample[:2]
        np.testing.assert_array_equal(sample, [x, y, 1 - x, 1 - y])
        assert np.hypot(x - 0.5, y - 0.5) <= 0.5
        assert type(target) is int
        assert dataset.which_class(x, y) == target
    with pytest.raises(IndexError):
        dataset[50]


def test_the_same_seed_gives_the_same_samples():
    first, second, other = (YinYangDataset(size=20, seed=s) for s in (7, 7, 8))
    assert all((a == b).all() for (a, _), (b, _) in zip(first, second, strict=True))
    assert any((a != b).any() for (a, _), (b, _) in zip(first, other, strict=True))


def test_transform_is_applied_to_the_sample_only():
    sample, target = YinYangDataset(size=3, transform=lambda x: x * 0)[1]
    assert not sample.any()
    assert target in (0, 1, 2)


def test_sample_is_a_copy():
    dataset = YinYangDataset(size=2)
    dataset[0][0][:] = 5
    assert dataset[0][0].max() <= 1


def test_classes_are_drawn_evenly():
    dataset = YinYangDataset(size=600)
    counts = np.bincount([target for _, target in dataset])
    # 200 each; 50 are more than four standard deviations of a binomial count.
    assert counts.min() > 150
    assert len(dataset) == 600


def test_points_are_drawn_for_a_class_or_for_any():
    dataset = YinYangDataset(size=1)
    for goal in (None, 0, 1, 2):
        x, y, target = dataset.get_sample(goal)
        assert dataset.which_class(x, y) == target
        assert goal in (None, target)
    with pytest.raises(ValueError, match="there is no class 3"):
        dataset.get_sample(3)


@pytest.mark.parametrize(
    ("x", "y", "name"),
    [
        (0.75, 0.5, "dot"),
        (0.25, 0.55, "dot"),
        (0.25, 0.7, "yang"),  # around the left dot
        (0.75, 0.7, "yin"),  # around the right dot
        (0.5, 0.95, "yang"),
        (0.5, 0.05, "yin"),
    ],
)
def test_classes_of_known_points(x, y, name):
    dataset = YinYangDataset(size=1)
    assert dataset.class_names[dataset.which_class(x, y)] == name


def test_distances_are_those_to_the_centres_of_the_dots():
    dataset = YinYangDataset(size=1)
    assert dataset.dist_to_right_dot(0.75, 0.5) == 0
    assert dataset.dist_to_left_dot(0.25, 0.5) == 0
    assert dataset.dist_to_left_dot(0.55, 0.9) == pytest.approx(0.5)
