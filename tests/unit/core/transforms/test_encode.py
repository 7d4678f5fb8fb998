import math
import re

import numpy as np
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


@pytest.mark.parametrize(("value", "step"), [(1.5, 13), (-1.0, -7)])
def test_coordinates_outside_the_time_steps_are_refused(value, step):
    encode = CoordinatesToSpikes(10, 1e-6, 9e-6, t_bias=1e-6)
    said = f"the spike of {value:g} falls into step {step}, there are steps 0 to 9"
    with pytest.raises(ValueError, match=re.escape(said)):
        encode(torch.tensor([[0.5, value]]))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_refused(value):
    for encode, what in (
        (CoordinatesToSpikes(10, 1e-6, 9e-6), "coordinates"),
        (PixelsToSpikeTimes(), "pixels"),
    ):
        said = f"{what}: hold {value}, as 1 of 2 values"
        with pytest.raises(ParameterError, match=said):
            encode(torch.tensor([[0.5, value]]))


@pytest.mark.parametrize(
    "convert", [np.asarray, np.ndarray.tolist, lambda a: torch.as_tensor(a).to_sparse()]
)
def test_arrays_lists_and_sparse_tensors_are_read_like_tensors(convert):
    values = np.array([[0.25, 0.5], [1.0, 0.75]])
    for encode, scale in (
        (CoordinatesToSpikes(10, 1e-6, 9e-6, t_bias=1e-6), 1),
        (PixelsToSpikeTimes(), 1),
        (SpikeTimesToDense(1e-6, 3), 2e-6),
    ):
        found = encode(convert(values * scale))
        expected = encode(torch.tensor(values * scale))
        # torch reads lists as float32, arrays as what they are
        torch.testing.assert_close(found.to(expected), expected)


@pytest.mark.parametrize("values", [None, "0.5", [["a"]], {}])
def test_what_is_no_number_is_refused(values):
    for encode, what in (
        (CoordinatesToSpikes(10, 1e-6, 9e-6), "coordinates"),
        (PixelsToSpikeTimes(), "pixels"),
        (SpikeTimesToDense(1e-6), "spike times"),
    ):
        said = f"{what}: are a {type(values).__name__}. Give a tensor of numbers."
        with pytest.raises(ParameterError, match=re.escape(said)):
            encode(values)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: CoordinatesToSpikes(28.0, 0, 1), "CoordinatesToSpikes.seq_length: is"),
        (lambda: CoordinatesToSpikes(0, 0, 1), "seq_length: is 0. Give a whole"),
        (lambda: CoordinatesToSpikes(9, None, 1), "t_early: is None. Give a finite"),
        (lambda: CoordinatesToSpikes(9, 0, math.inf), "t_late: is inf. Give a finite"),
        (lambda: CoordinatesToSpikes(9, 0, 1, dt=0), "dt: is 0. Give a finite number"),
        (lambda: CoordinatesToSpikes(9, 0, 1, t_bias="1"), "t_bias: is '1'."),
        (lambda: SpikeTimesToDense(0.0), "SpikeTimesToDense.bin_width: is 0.0."),
        (lambda: SpikeTimesToSparseTensor(math.nan), "bin_width: is nan."),
        (lambda: SpikeTimesToDense(1e-6, size=10.0), "size: is 10.0. Give a whole"),
        (lambda: PixelsToSpikeTimes(tau=0), "tau: is 0. Give a finite number above 0."),
        (lambda: PixelsToSpikeTimes(t_max=-1), "t_max: is -1. Give a number above 0."),
        (lambda: PixelsToSpikeTimes(threshold=math.nan), "threshold: is nan."),
    ],
)
def test_settings_out_of_range_are_refused_at_once(make, said):
    with pytest.raises(ParameterError, match=re.escape(said)):
        make()


def test_dark_pixels_may_never_spike_and_settings_may_be_tensors():
    encode = PixelsToSpikeTimes(tau=torch.tensor(2.0), t_max=math.inf)
    assert encode(torch.tensor([0.1, 0.4])).tolist() == [
        math.inf,
        pytest.approx(2 * math.log(2)),
    ]


@pytest.mark.parametrize("t_bias", [10e-6, 20e-6, -1e-6])
def test_a_bias_outside_the_time_steps_is_an_index_error(t_bias):
    encode = CoordinatesToSpikes(10, 1e-6, 9e-6, t_bias=t_bias)
    with pytest.raises(IndexError, match="t_bias: its spike falls into step") as e:
        encode(torch.tensor([[0.5]]))
    assert isinstance(e.value, ParameterError)
