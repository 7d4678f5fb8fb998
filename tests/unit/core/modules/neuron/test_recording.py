import numpy as np
import pytest
import torch

import core
from core.errors import ParameterError
from core.modules.neuron.recording import (
    RecordingError,
    TraceScale,
    check_sources,
    madc_neuron,
    observe,
)
from core.observables import (
    CADCHandle,
    HardwareObservables,
    MADCHandle,
    ReadoutSource,
)


def trace() -> torch.Tensor:
    return torch.tensor([1.0, 2.0, 4.0])[:, None, None]


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        (TraceScale(), [1, 2, 4]),
        (TraceScale(offset=1.0, scale=0.5), [0, 0.5, 1.5]),
        (TraceScale(offset=9.0, to_first=True), [0, 1, 3]),
        (TraceScale(time_shift=1), [2, 4, 4]),
        (TraceScale(time_shift=-1), [1, 1, 2]),
        (TraceScale(time_shift=1, to_first=True), [0, 2, 2]),
    ],
)
def test_trace_is_shifted_then_scaled(scale: TraceScale, expected: list[float]) -> None:
    assert scale.apply(trace())[:, 0, 0].tolist() == expected


def test_second_madc_user_is_refused() -> None:
    with pytest.raises(RecordingError, match="Another HXModule already regist") as e:
        madc_neuron("b", 3, 0, taken=True)
    assert isinstance(e.value, RuntimeError)
    assert isinstance(e.value, ValueError)


@pytest.mark.parametrize("neuron", [None, -1, 3])
def test_madc_reads_an_existing_neuron(neuron: int | None) -> None:
    with pytest.raises(ParameterError, match="Give record_neuron_id from 0 to 2"):
        madc_neuron("b", 3, neuron, taken=False)


def test_only_lines_of_a_neuron_can_be_recorded() -> None:
    check_sources("b", *ReadoutSource)
    with pytest.raises(ParameterError, match="its readout source is 'voltage'"):
        check_sources("b", ReadoutSource.VOLTAGE, "voltage")


@pytest.mark.parametrize("cadc", ReadoutSource)
@pytest.mark.parametrize("madc", ReadoutSource)
def test_a_trace_is_of_what_the_converter_read(
    cadc: ReadoutSource, madc: ReadoutSource
) -> None:
    data = HardwareObservables(
        cadc=CADCHandle([[[(0, 3)]]], 1, 1), madc=MADCHandle([[(0, 9)]], 1, 1)
    )
    found = observe(
        data, 1e-6, 1e-6, spikes=False, cadc=True, scale=TraceScale(),
        interpolation_mode="linear", cadc_source=cadc, madc_source=madc,
    )  # fmt: skip
    for source in (ReadoutSource.VOLTAGE, ReadoutSource.ADAPTATION):
        part = getattr(found, source.value)
        assert (part.cadc is not None) == (cadc is source)
        assert (part.madc is not None) == (madc is source)


def test_a_trace_recorded_into_dram_is_longer_and_coarser() -> None:
    long = {}
    for dram in (False, True):
        exp = core.Experiment()
        synapse = core.Synapse(2, 3, exp)
        neuron = core.LI(
            3,
            exp,
            enable_cadc_recording_placement_in_dram=dram,
            cadc_readout_source=ReadoutSource.EXC_SYNIN,
        )
        neuron(synapse(core.LIFObservables(spikes=torch.zeros(400, 2, 2))))
        core.run(exp, 400)
        _, cycles = neuron.hw_observables.cadc.to_raw()
        long[dram] = cycles[-1].max() / 125, np.diff(cycles[:, 0, 0]).mean() / 125
        execution = exp.last_execution
        assert execution is not None
        notes = " ".join(execution.notes)
        assert ("The CADC memory holds 100 samples" in notes) == (not dram)
        assert "The CADC reads exc_synin of 'LI 0'" in notes
    assert long[False] == pytest.approx((165, 1.7), rel=0.04)
    assert long[True] == pytest.approx((396, 6.0), rel=0.04)
