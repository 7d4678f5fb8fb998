import pytest
import torch

from core.errors import NotEmulatedError, ParameterError
from core.modules.neuron.recording import (
    RecordingError,
    TraceScale,
    check_voltage,
    madc_neuron,
)
from core.observables import ReadoutSource


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


def test_adaptation_cannot_be_recorded() -> None:
    check_voltage("b", ReadoutSource.VOLTAGE)
    with pytest.raises(NotEmulatedError, match="cannot record the adaptation"):
        check_voltage("b", ReadoutSource.VOLTAGE, ReadoutSource.ADAPTATION)
