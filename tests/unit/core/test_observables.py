import numpy as np
import pytest
import torch

from core.chip.network import ExternalPopulation, Network
from core.chip.results import Events, Execution, Observables
from core.observables import (
    CADCHandle,
    HardwareObservables,
    HardwareObservablesExtractor,
    MADCHandle,
    ModeError,
    SpikeHandle,
    rows,
)
from core.units import us


def events(*entries: tuple[int, int, int]) -> Events:
    cycle, batch, neuron = np.array(entries, dtype=np.int64).reshape(-1, 3).T
    return Events(cycle, batch, neuron)


@pytest.mark.parametrize(
    ("runtime", "dt", "expected"),
    [(100e-6, 1e-6, 101), (30e-6, 0.5e-6, 61), (1e-6, 0.3e-6, 5), (0.7e-4, 1e-6, 71)],
)
def test_rows_cover_the_runtime(runtime: float, dt: float, expected: int) -> None:
    assert rows(runtime, dt) == expected


def test_spikes_are_rounded_to_the_nearest_step() -> None:
    handle = SpikeHandle(
        events((0, 0, 0), (62, 0, 0), (63, 1, 1), (125, 1, 1), (9999, 0, 0)), 2, 2
    )
    dense = handle.to_dense(3 * us, 1 * us)
    assert dense.shape == (4, 2, 2)
    # 62 cycles round down, 63 up; two spikes in one bin count once, late ones not
    assert dense.nonzero().tolist() == [[0, 0, 0], [1, 1, 1]]
    assert dense.max() == 1


def test_no_spikes_give_zeros() -> None:
    assert not SpikeHandle(events(), 1, 2).to_dense(3 * us, 1 * us).any()


def cadc(cycles: list[list[int]], values: list[list[int]]) -> CADCHandle:
    samples = np.array(values, dtype=np.uint8)[:, None]  # (samples, 1, neurons)
    return CADCHandle(samples, np.array(cycles))


def test_cadc_is_signed_and_interpolated() -> None:
    handle = cadc([[125], [375]], [[128], [148]])
    dense = handle.to_dense(4 * us, 1 * us)
    torch.testing.assert_close(dense[:, 0, 0], torch.tensor([0.0, 0, 10, 20, 20]))


def test_each_neuron_has_its_sample_times() -> None:
    handle = cadc([[0, 125], [250, 375]], [[128, 128], [148, 148]])
    dense = handle.to_dense(3 * us, 1 * us)
    torch.testing.assert_close(dense[:, 0, 0], torch.tensor([0.0, 10, 20, 20]))
    torch.testing.assert_close(dense[:, 0, 1], torch.tensor([0.0, 0, 10, 20]))


def test_nearest_sample_takes_the_later_of_two() -> None:
    handle = cadc([[0], [250]], [[128], [148]])
    assert handle.to_dense(2 * us, 1 * us, "nn")[:, 0, 0].tolist() == [0, 20, 20]


def test_single_sample_is_held() -> None:
    assert cadc([[200]], [[130]]).to_dense(3 * us, 1 * us).unique().tolist() == [2]


def test_unknown_mode_is_refused() -> None:
    with pytest.raises(ModeError, match="Mode 'cubic' is not supported yet") as error:
        cadc([[0]], [[128]]).to_dense(1 * us, 1 * us, "cubic")
    assert isinstance(error.value, RuntimeError)


def test_raw_cadc_keeps_the_sample_times() -> None:
    values, cycles = cadc([[10], [20]], [[0], [255]]).to_raw()
    assert values[:, 0, 0].tolist() == [-128, 127]
    assert cycles[:, 0].tolist() == [10, 20]


def test_madc_stays_raw() -> None:
    raw = MADCHandle(np.array([[[10.0]], [[512.0]]])).to_raw()
    assert raw.shape == (2, 1, 1)
    assert raw.dtype == torch.float32


def test_what_was_not_recorded_is_none() -> None:
    nothing = Observables(
        events(), np.zeros((0, 1, 2), np.uint8), np.zeros((0, 2), np.int64)
    )
    network = Network(
        externals=(ExternalPopulation("in", 3), ExternalPopulation("x", 2))
    )
    run = Execution(network, 1, {"in": events()}, observables={"x": nothing})
    extractor = HardwareObservablesExtractor()
    extractor.set_data(network, run)
    assert extractor.get("in").spikes.to_dense(1e-6, 1e-6).shape == (2, 1, 3)
    found = extractor.get("x")
    assert found.spikes is not None
    assert found.cadc is None
    assert found.madc is None
    found.set_data()
    assert found == HardwareObservables()
