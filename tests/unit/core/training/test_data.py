import numpy as np
import pytest
import torch

from core.datasets import PlaneDataset, SpikePatternDataset, YinYangDataset
from core.datasets.plane import SHAPES
from core.errors import ParameterError, ShapeError
from core.training import DATA_SETS, Samples, SpikePatternData, ToyData, YinYangData
from core.units import us

STEPS, DT = 38, us


def small(cls, **changes):
    return cls(train_size=30, validation_size=20, test_size=10, **changes)


@pytest.mark.parametrize("kind", DATA_SETS)
def test_a_data_set_draws_the_same_disjoint_splits_each_time(kind):
    data = small(DATA_SETS[kind])
    one, other = data.splits(STEPS, DT), data.splits(STEPS, DT)
    for name, size in (("train", 30), ("validation", 20), ("test", 10)):
        samples = getattr(one, name)
        assert torch.equal(samples.spikes, getattr(other, name).spikes)
        assert len(samples) == size
        assert samples.spikes.shape[0] == STEPS
        assert torch.equal(samples.spikes.sum(0), torch.ones(samples.spikes.shape[1:]))
        assert set(samples.labels.tolist()) <= set(range(len(one.classes)))
    assert not torch.equal(one.train.spikes[:, :10], one.test.spikes)


def test_the_canonical_splits_are_those_of_the_published_seeds():
    data = YinYangData()
    sizes = (data.train_size, data.validation_size, data.test_size)
    assert sizes == (5000, 1000, 1000)
    splits = small(YinYangData).splits(STEPS, DT)
    for name, seed in (("train", 42), ("validation", 41), ("test", 40)):
        samples = getattr(splits, name)
        points = YinYangDataset(size=len(samples), seed=seed)
        times = samples.spikes.argmax(0) * DT
        for index, (point, label) in enumerate(points):
            if index == len(samples):
                break
            assert samples.labels[index] == label
            exact = 2 * us + point * 24 * us
            # spikes lie on the grid of 1 µs
            assert np.abs(times[index, :4].numpy() - exact).max() <= DT / 2 + 1e-12
            assert times[index, 4] == pytest.approx(2 * us)


def test_splits_with_equal_seeds_are_refused():
    with pytest.raises(ParameterError, match="two splits would hold the same samples"):
        YinYangData(test_seed=42).splits(STEPS, DT)


def test_a_size_out_of_range_is_refused_with_its_bounds():
    with pytest.raises(
        ParameterError, match=r"training samples is 0\. Use 1 to 100000"
    ):
        YinYangData(train_size=0).splits(STEPS, DT)


def test_spikes_after_the_end_of_the_run_are_refused():
    with pytest.raises(ParameterError, match="t_early and t_late within seq_length"):
        small(YinYangData).splits(20, DT)


def test_the_grid_of_a_plane_runs_along_x_first():
    grid = YinYangData().grid(3, STEPS, DT)
    x, y = (grid.spikes.argmax(0)[:, channel].reshape(3, 3) for channel in (0, 1))
    assert x.tolist() == [[2, 14, 26]] * 3
    assert y.T.tolist() == [[2, 14, 26]] * 3
    assert SpikePatternData().grid(3, STEPS, DT) is None


@pytest.mark.parametrize("shape", SHAPES)
def test_a_toy_has_both_classes_within_the_square(shape):
    data = PlaneDataset(shape, size=500, seed=3)
    assert 200 < data.classes.sum() < 300  # 250 ± 11
    assert data.points.min() >= 0
    assert data.points.max() <= 1
    # a class is not where the other is: the nearest other sample mostly shares it
    gap = np.linalg.norm(data.points[:, None] - data.points, axis=2)
    np.fill_diagonal(gap, np.inf)
    assert (data.classes[gap.argmin(1)] == data.classes).mean() > 0.97


def test_an_unknown_toy_is_named_with_the_nearest():
    with pytest.raises(ParameterError, match="Did you mean 'circle'"):
        PlaneDataset("circel")


def test_patterns_are_common_to_all_seeds_and_jitter_is_as_wide_as_asked():
    one, other = (SpikePatternDataset(9, 2, 0.02, 4000, seed) for seed in (1, 2))
    assert np.array_equal(one.patterns, other.patterns)
    inner = (one.patterns > 0.1) & (one.patterns < 0.9)  # not clipped at the ends
    off = (one.times - one.patterns[one.classes])[inner[one.classes]]
    assert off.std() == pytest.approx(0.02, rel=0.03)  # 3 s.e. of 20000 samples


def test_patterns_need_two_classes():
    with pytest.raises(ParameterError, match="at least one channel and two classes"):
        SpikePatternDataset(classes=1)


def test_samples_need_a_label_each():
    with pytest.raises(ShapeError, match="a label for each"):
        Samples(torch.zeros(5, 3, 2), torch.zeros(4))


def test_noise_moves_the_points_of_a_toy():
    still, moved = (ToyData(noise=n).raw(50, 1).points for n in (0.0, 0.1))
    assert np.abs(still - moved).max() > 0.1
