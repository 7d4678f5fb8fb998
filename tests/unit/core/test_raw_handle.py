"""Raw recordings as lists, and what becomes of them."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core import observables
from core.chip.results import Events
from core.compat.hxtorch_core import extract_n_spikes
from core.errors import NotEmulatedError, ParameterError, ShapeError
from core.raw_handle import CADCHandle, MADCHandle, SpikeHandle

us = 1e-6


def test_spikes_become_bytes_at_the_nearest_step() -> None:
    # 62 cycles are 0.496 µs, 63 are 0.504 µs; two spikes of a bin count once.
    data = [[[62], [63]], [[], [250, 251, 2000]]]
    dense = SpikeHandle(data, 2, 2).to_dense(3 * us, 1 * us)
    assert dense.dtype == torch.uint8
    assert dense.shape == (4, 2, 2)
    assert dense.nonzero().tolist() == [[0, 0, 0], [1, 0, 1], [2, 1, 1]]
    assert dense.max() == 1


def test_raw_spikes_are_in_the_order_of_time() -> None:
    handle = SpikeHandle([[[7], [5, 9]], [[8], []]], 2, 2)
    assert handle.to_raw().T.tolist() == [[5, 0, 1], [7, 0, 0], [8, 1, 0], [9, 0, 1]]
    index, time = extract_n_spikes(handle, 2)  # type: ignore[arg-type]
    assert index.tolist() == [[1, 0], [0, -1]]
    assert time[1].tolist() == [pytest.approx(64e-9), math.inf]
    assert SpikeHandle([[[]]], 1, 1).to_raw().shape == (3, 0)


@given(
    st.lists(
        st.lists(st.lists(st.integers(0, 900), max_size=4), min_size=3, max_size=3),
        min_size=2,
        max_size=2,
    )
)
def test_lists_and_arrays_of_spikes_give_the_same_tensor(data: Any) -> None:
    handle = SpikeHandle(data, 2, 3)
    flat = [(c, b, n) for b in range(2) for n in range(3) for c in data[b][n]]
    arrays = np.array(flat, np.int64).reshape(-1, 3).T
    dense = observables.SpikeHandle(Events(*arrays), 2, 3).to_dense(5 * us, 1 * us)
    assert torch.equal(handle.to_dense(5 * us, 1 * us).float(), dense)
    assert handle.get_data() == data


def cadc() -> CADCHandle:
    """Two entries of one neuron, which has one sample more in the second."""
    first, second = [(125, -48), (375, -40)], [(0, 0), (250, 8), (500, 4)]
    return CADCHandle([[first], [second]], 2, 1)


def test_samples_are_interpolated_for_each_entry_by_its_own_times() -> None:
    dense = cadc().to_dense(4 * us, 1 * us)
    assert dense.dtype == torch.float32
    assert dense[:, 0, 0].tolist() == [-48, -48, -44, -40, -40]
    assert dense[:, 1, 0].tolist() == [0, 4, 8, 6, 4]
    nearest = cadc().to_dense(4 * us, 1 * us, "nn")  # ties go to the later sample
    assert nearest[:, 0, 0].tolist() == [-48, -48, -40, -40, -40]
    assert nearest[:, 1, 0].tolist() == [0, 8, 8, 4, 4]


@pytest.mark.parametrize("mode", ["linear", "nn"])
def test_without_a_step_the_mean_one_is_taken_and_returned(mode: str) -> None:
    dense, dt = cadc().to_dense(4 * us, mode)
    assert dt == pytest.approx(2 * us)
    assert torch.equal(dense, cadc().to_dense(4 * us, 2 * us, mode))
    if mode == "linear":
        assert torch.equal(cadc().to_dense(4 * us)[0], dense)


def test_the_mean_step_weighs_all_distances_alike() -> None:
    handle = CADCHandle([[[(0, 0), (100, 0)], [(0, 0), (100, 0), (500, 0)]]], 1, 2)
    _, dt = handle.to_dense(4 * us)
    assert dt == pytest.approx((100 + 500) / 3 * 8e-9)


def test_raw_samples_are_cut_to_the_fewest() -> None:
    values, cycles = cadc().to_raw()
    assert values.dtype == torch.int8
    assert values[:, :, 0].tolist() == [[-48, 0], [-40, 8]]
    assert cycles[:, :, 0].tolist() == [[125, 0], [375, 250]]
    values, cycles = CADCHandle([[[], [(1, 1)]]], 1, 2).to_raw()
    assert values.shape == cycles.shape == (0, 1, 2)


def test_madc_samples_are_cycles_and_values_cut_to_the_fewest() -> None:
    raw = MADCHandle([[(4, 305), (8, 306)], [(5, 1023)]], 2, 7).to_raw()
    assert raw.dtype == torch.float32
    assert raw.tolist() == [[[4, 5]], [[305, 1023]]]
    with pytest.raises(NotEmulatedError, match=r"Use to_raw\(\)"):
        MADCHandle([[]], 1, 1).to_dense(1 * us, 1 * us)


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        (SpikeHandle, [[[1], []]], [[[], [2, 3]]]),
        (CADCHandle, [[[(1, 2)], []]], [[[], [(3, 4)]]]),
        (MADCHandle, [[(1, 2)]], [[(3, 4)]]),
    ],
)
def test_data_can_be_replaced(kind: Any, old: Any, new: Any) -> None:
    handle = kind(old, 1, 2)
    assert handle.get_data() == old
    handle.set_data(new)
    assert handle.get_data() == new
    with pytest.raises(ShapeError, match="the data have 2 batch entries"):
        handle.set_data(new * 2)
    assert handle.get_data() == new


def test_what_does_not_fit_is_refused() -> None:
    for kind in (SpikeHandle, CADCHandle):
        with pytest.raises(ShapeError, match="have 1 neurons instead of 2"):
            kind([[[]]], 1, 2)
    with pytest.raises(ParameterError, match=r"value is 128\. Give values from -128"):
        CADCHandle([[[(0, 128)]]], 1, 1)
    with pytest.raises(ParameterError, match="Give values from 0 to 1023"):
        MADCHandle([[(0, -1)]], 1, 1)
    one = CADCHandle([[[(0, 5)]]], 1, 1)
    assert one.to_dense(2 * us, 1 * us).flatten().tolist() == [5, 5, 5]
    with pytest.raises(ShapeError, match=r"fewer than 2 samples\..*or give dt"):
        one.to_dense(2 * us)
    with pytest.raises(ShapeError, match=r"fewer than 1 samples\. Record"):
        CADCHandle([[[]]], 1, 1).to_dense(2 * us, 1 * us)
    with pytest.raises(RuntimeError, match="Mode 'cubic' is not supported yet"):
        one.to_dense(2 * us, 1 * us, "cubic")
