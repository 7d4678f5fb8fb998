from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from core.functional.measured import Measured, MeasuredDataError

TRACE = torch.zeros(3, 1, 2)


def trace(cadc: Any) -> Any:
    return SimpleNamespace(cadc=cadc, madc=None)


def test_parts_may_be_absent() -> None:
    found = Measured.of(SimpleNamespace(spikes=TRACE))
    assert found.spikes is TRACE
    assert found.voltage is None


@pytest.mark.parametrize(
    ("hw_data", "text"),
    [
        (TRACE, "is a Tensor"),
        ({"spikes": TRACE}, "is a dict"),
        (SimpleNamespace(spikes=np.zeros((3, 1, 2))), "has spikes of type ndarray"),
        (SimpleNamespace(voltage=TRACE), "has voltage of type Tensor"),
        (SimpleNamespace(voltage=trace([0.0])), "has voltage.cadc of type list"),
        (SimpleNamespace(adaptation=trace(1.0)), "has adaptation.cadc of type float"),
    ],
)
def test_what_would_be_ignored_is_refused(hw_data: Any, text: str) -> None:
    with pytest.raises(MeasuredDataError, match="measured data") as e:
        Measured.of(hw_data)
    assert text in str(e.value)
    assert "voltage, adaptation (each with cadc and madc) and spikes" in str(e.value)
