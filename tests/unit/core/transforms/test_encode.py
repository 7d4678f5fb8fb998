import math

import pytest
import torch

from core.errors import ParameterError, ShapeError
from core.transforms.encode import (
    CoordinatesToSpikes,
    PixelsToSpikeTimes,
    SpikeTimesToDense,
    SpikeTimesToSparseTensor,
)


def test_bright_pixels_spike_early_and_dark_ones_at_the_end():
    encode = PixelsToSpikeTimes(tau=8e-6, threshold=0.2, t_max=3e-5)
    pixels = torch.tensor([[0.0, 0.19999], [0.2, 0.4], [1.0, 5.0]])
    times = encode(pixels)
    assert times.shape == pixels.shape
    assert times[0].tolist() == pytest.approx([3e-5, 3e-5])
    # At the threshold the logarithm of 1 / epsilon is far beyond the end.
    assert times[1].tolist() == pytest.approx([3e-5, 8e-6 * math.log(2)], rel=1e-5)
    assert times[2, 0] > times[2, 1] > 0
    assert (pixels == torch.tensor([[0.0, 0.19999], [0.2, 0.4], [1.0, 5.0]])).all()


def test_pixel_times_are_never_negative_or_late():
    times = PixelsToSpikeTimes()(torch.linspace(-3, 300, 100))
    assert times.min() >= 0
    assert times.max() == 1.0


@pytest.mark.parametrize("encoder", [SpikeTimesToDense, SpikeTimesToSparseTensor])
def test_times_outside_the_grid_are_dropped(encoder):
    times = torch.tensor(
        [[-1e-6, -1e-7, 0.0, 1.9e-6], [3e-6, float("inf"), float("nan"), 2.5e-6]]
    )
    found = encoder(1e-6, size=3)(times)
    dense = found.to_dense()
    assert found.is_sparse is (encoder is SpikeTimesToSparseTensor)
    assert dense.dtype == torch.int64
    assert dense.shape == (3, 2, 4)
    assert dense.nonzero().tolist() == [[0, 0, 2], [1, 0, 3], [2, 1, 3]]
    assert dense.max() == 1


def test_no_times_give_an_empty_grid():
    assert SpikeTimesToDense(1e-6)(torch.zeros(0, 2)).shape == (100, 0, 2)


def test_each_coordinate_is_one_spike_and_the_bias_comes_last():
    encode = CoordinatesToSpikes(12, 2e-6, 10e-6, t_bias=6e-6)
    spikes = encode(torch.tensor([[0.0, 0.5, 1.0], [0.25, 0.3, 1.0]]))
    assert spikes.dtype == torch.float32
    assert spikes.shape == (12, 2, 4)
    assert spikes.sum(0).unique().tolist() == [1]
    # 2 + 0.3 * 8 = 4.4 is rounded; the bias is cut, but 5.9999999 steps are 6.
    assert spikes.argmax(0).tolist() == [[2, 6, 10, 6], [4, 4, 10, 6]]


def test_half_a_step_is_rounded_to_the_even_one():
    encode = CoordinatesToSpikes(8, 0.0, 4.0, dt=1.0)
    spikes = encode(torch.tensor([[0.125, 0.375, 0.625, 0.875]]))
    assert spikes.argmax(0).tolist() == [[0, 2, 2, 4]]


@pytest.mark.parametrize("shape", [(4,), (), (1, 2, 3)])
def test_coordinates_need_two_axes(shape):
    with pytest.raises(ShapeError, match=r"Give them the shape \(batch, coordinates\)"):
        CoordinatesToSpikes(10, 1e-6, 3e-6)(torch.zeros(shape))


@pytest.mark.parametrize("value", [1.5, -1.0, float("nan")])
def test_coordinates_outside_the_time_steps_are_refused(value):
    encode = CoordinatesToSpikes(10, 1e-6, 9e-6, t_bias=1e-6)
    with pytest.raises(ValueError, match="there are steps 0 to 9"):
        encode(torch.tensor([[0.5, value]]))


@pytest.mark.parametrize("t_bias", [10e-6, 20e-6, -1e-6])
def test_a_bias_outside_the_time_steps_is_an_index_error(t_bias):
    encode = CoordinatesToSpikes(10, 1e-6, 9e-6, t_bias=t_bias)
    with pytest.raises(IndexError, match="t_bias: its spike falls into step") as e:
        encode(torch.tensor([[0.5]]))
    assert isinstance(e.value, ParameterError)
