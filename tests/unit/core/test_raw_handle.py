"""Raw recordings of lists and of the chip, and what becomes of them."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import core
from core import observables
from core.chip.results import Events
from core.compat import hxtorch_spiking
from core.compat.hxtorch_core import extract_n_spikes
from core.errors import NotEmulatedError, ParameterError, ShapeError
from core.raw_handle import CADCHandle, MADCHandle, ModeError, SpikeHandle, rows
from core.units import us


@pytest.mark.parametrize(
    ("runtime", "dt", "expected"),
    [(100e-6, 1e-6, 101), (30e-6, 0.5e-6, 61), (1e-6, 0.3e-6, 5), (0.7e-4, 1e-6, 71)],
)
def test_rows_cover_the_runtime(runtime: float, dt: float, expected: int) -> None:
    assert rows(runtime, dt) == expected


@pytest.mark.parametrize(
    ("runtime", "dt"), [(1.0, 0.0), (1.0, -1.0), (-1.0, 1.0), (math.nan, 1.0)]
)
def test_what_is_no_time_has_no_rows(runtime: float, dt: float) -> None:
    with pytest.raises(ParameterError, match="Give a runtime of 0 or more"):
        rows(runtime, dt)


def test_a_name_is_one_class() -> None:
    for name in ("SpikeHandle", "CADCHandle", "MADCHandle"):
        kind = getattr(core.raw_handle, name)
        assert getattr(observables, name) is kind
        assert getattr(hxtorch_spiking, name) is kind


# --- spikes ---------------------------------------------------------------------------


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
    index, time = extract_n_spikes(handle, 2)
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
def test_spikes_are_the_same_as_lists_and_as_events_of_the_chip(data: Any) -> None:
    handle = SpikeHandle(data, 2, 3)
    flat = [(c, b, n) for b in range(2) for n in range(3) for c in data[b][n]]
    arrays = np.array(flat, np.int64).reshape(-1, 3).T
    other = SpikeHandle(Events(*arrays), 2, 3)
    assert torch.equal(handle.to_dense(5 * us, us), other.to_dense(5 * us, us))
    assert torch.equal(handle.to_raw(), other.to_raw())
    in_order = [[sorted(neuron) for neuron in entry] for entry in data]
    assert handle.get_data() == other.get_data() == in_order


# --- CADC and MADC --------------------------------------------------------------------


def chip_cadc(cycles: list[list[int]], values: list[list[int]]) -> CADCHandle:
    """Return a recording of the chip with one batch entry."""
    samples = np.array(values, dtype=np.uint8)[:, None]  # (samples, 1, neurons)
    table = np.array(cycles)[:, None]
    return CADCHandle.of_arrays(samples, table, np.arange(table.shape[2]))


def test_samples_of_the_chip_are_signed_and_interpolated() -> None:
    dense = chip_cadc([[125], [375]], [[128], [148]]).to_dense(4 * us, 1 * us)
    torch.testing.assert_close(dense[:, 0, 0], torch.tensor([0.0, 0, 10, 20, 20]))


def test_each_neuron_has_its_sample_times() -> None:
    handle = chip_cadc([[0, 125], [250, 375]], [[128, 128], [148, 148]])
    dense = handle.to_dense(3 * us, 1 * us)
    torch.testing.assert_close(dense[:, 0, 0], torch.tensor([0.0, 10, 20, 20]))
    torch.testing.assert_close(dense[:, 0, 1], torch.tensor([0.0, 0, 10, 20]))


def test_a_single_sample_is_held() -> None:
    dense = chip_cadc([[200]], [[130]]).to_dense(3 * us, 1 * us)
    assert dense.unique().tolist() == [2]


@given(st.data(), st.integers(1, 3), st.integers(1, 3), st.integers(1, 5))
def test_samples_are_the_same_as_lists_and_as_arrays_of_the_chip(
    data: Any, batch: int, size: int, count: int
) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    samples = rng.integers(0, 256, (count, batch, size)).astype(np.uint8)
    cycles = np.sort(rng.integers(0, 500, (count, batch, 2)), axis=0)
    counts = rng.integers(1, count + 1, (batch, 2))
    group = rng.integers(0, 2, size)
    for b, n in np.ndindex(batch, size):  # the last sample is repeated
        last = counts[b, group[n]]
        samples[last:, b, n] = samples[last - 1, b, n]
    for b, g in np.ndindex(batch, 2):
        cycles[counts[b, g] :, b, g] = cycles[counts[b, g] - 1, b, g]
    chip = CADCHandle.of_arrays(samples, cycles, group, counts)
    lists = CADCHandle(chip.get_data(), batch, size)
    assert lists.get_data() == chip.get_data()
    for a, b in zip(lists.to_raw(), chip.to_raw(), strict=True):
        assert a.dtype == b.dtype
        assert torch.equal(a, b)
    for mode in ("linear", "nn"):
        dense = [h.to_dense(5 * us, 1 * us, mode) for h in (lists, chip)]
        assert torch.equal(*dense)


def test_recordings_of_a_run_are_read_and_replaced_like_lists() -> None:
    found: dict[str, Any] = {}

    class Looked(core.LIF):
        def post_process(self, hw_data: Any, runtime: float) -> Any:
            found["spikes"] = hw_data.spikes.get_data()
            found["dense"], found["dt"] = hw_data.cadc.to_dense(runtime, "linear")
            found["cadc"] = hw_data.cadc.get_data()
            found["madc"] = hw_data.madc.get_data()
            hw_data.spikes.set_data([[[125], [], [250, 375]]])
            return super().post_process(hw_data, runtime)

    exp = core.Experiment()
    neurons = Looked(3, exp, enable_madc_recording=True, record_neuron_id=1)
    drive = core.SynapseHandle(graded_spikes=torch.zeros(40, 1, 3))
    out = neurons(drive)
    core.run(exp, 40)
    assert found["spikes"] == [[[], [], []]]
    assert out.spikes.nonzero().tolist() == [[1, 0, 0], [2, 0, 2], [3, 0, 2]]
    assert [len(found["cadc"]), len(found["cadc"][0])] == [1, 3]
    # The leak of 80 LSB reads −48, with 5 LSB of a calibration.
    assert found["cadc"][0][0][5][1] == pytest.approx(-48, abs=5)
    assert len(found["dense"]) == rows(40 * us, found["dt"])
    # One sample each 34 ns, the time between two samples of the MADC
    assert len(found["madc"][0]) == math.floor(40e-6 / 34e-9)


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
    values, cycles = chip_cadc([[10], [20]], [[0], [255]]).to_raw()
    assert values.flatten().tolist() == [-128, 127]
    assert cycles.flatten().tolist() == [10, 20]
    values, cycles = CADCHandle([[[], [(1, 1)]]], 1, 2).to_raw()
    assert values.shape == cycles.shape == (0, 1, 2)


def test_madc_samples_are_cycles_and_values_cut_to_the_fewest() -> None:
    handle = MADCHandle([[(4, 305), (8, 306)], [(5, 1023)]], 2, 7)
    raw = handle.to_raw()
    assert raw.dtype == torch.float32
    assert raw.tolist() == [[[4, 5]], [[305, 1023]]]
    chip = MADCHandle.of_arrays(raw.numpy(), 7)
    assert chip.get_data() == [[(4, 305)], [(5, 1023)]]
    assert torch.equal(chip.to_raw(), raw)
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
    with pytest.raises(ModeError, match="Mode 'cubic' is not supported yet") as error:
        one.to_dense(2 * us, 1 * us, "cubic")
    assert isinstance(error.value, RuntimeError)


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        (SpikeHandle, None, r"the batch entries are None\. Give a list: data\[batch"),
        (SpikeHandle, [3], "the neurons are 3"),
        (SpikeHandle, [[4]], "the spikes are 4"),
        (SpikeHandle, [["a"]], "the spikes are 'a'"),
        (SpikeHandle, [[["a"]]], "a cycle is 'a'"),
        (SpikeHandle, [[[-1]]], "a cycle is -1"),
        (SpikeHandle, [[[1.5]]], r"a cycle is 1\.5.*whole numbers, 0 or more"),
        (SpikeHandle, [[[math.nan]]], "a cycle is nan"),
        (CADCHandle, [[[0, 200]]], r"a sample is 0\. Give pairs"),
        (CADCHandle, [[[(0, 1, 2)]]], r"a sample is \(0, 1, 2\)"),
        (CADCHandle, [[[(0, 0.5)]]], r"a value is 0\.5"),
        (CADCHandle, [[[(-3, 5)]]], "a cycle is -3"),
        (MADCHandle, [[None]], "a sample is None"),
        (MADCHandle, [5], "the samples are 5"),
        (MADCHandle, [[(0, math.inf)]], "a value is inf"),
    ],
)
def test_data_of_another_form_are_refused(kind: Any, data: Any, text: str) -> None:
    with pytest.raises((ShapeError, ParameterError), match=text):
        kind(data, 1, 1)


def test_samples_are_put_in_the_order_of_time() -> None:
    handle = CADCHandle([[[(250, 8), (0, 0)]]], 1, 1)
    assert handle.get_data() == [[[(0, 0), (250, 8)]]]
    assert handle.to_dense(2 * us, 1 * us).flatten().tolist() == [0, 4, 8]
    assert MADCHandle([[(8, 1), (4, 2)]], 1, 1).get_data() == [[(4, 2), (8, 1)]]


def test_numbers_of_numpy_and_torch_are_numbers() -> None:
    handle = SpikeHandle(torch.tensor([[[125.0]]]), 1, 1)  # type: ignore[arg-type]
    assert handle.get_data() == [[[125]]]
    samples = np.array([[[[250, 8]]]])
    assert CADCHandle(samples, 1, 1).get_data() == [[[(250, 8)]]]  # type: ignore[arg-type]
