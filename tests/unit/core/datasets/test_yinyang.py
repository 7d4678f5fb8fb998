import numpy as np
import pytest

from core.datasets import YinYangDataset
from core.errors import ParameterError


def test_dots_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"radius 0.3 do not fit into.*0.5"):
        YinYangDataset(r_small=0.3)


def test_transform_is_applied_to_the_sample_only() -> None:
    sample, target = YinYangDataset(size=3, transform=lambda x: x * 0)[1]
    assert not sample.any()
    assert target in (0, 1, 2)


def test_sample_is_a_copy() -> None:
    dataset = YinYangDataset(size=2)
    dataset[0][0][:] = 5
    assert dataset[0][0].max() <= 1


def test_classes_are_drawn_evenly() -> None:
    dataset = YinYangDataset(size=600)
    counts = np.bincount([target for _, target in dataset])
    assert counts.min() > 150
    assert len(dataset) == 600


def test_any_class_is_drawn_without_a_goal() -> None:
    x, y, target = YinYangDataset(size=1).get_sample()
    assert YinYangDataset(size=1).which_class(x, y) == target
