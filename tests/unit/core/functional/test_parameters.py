from typing import Any

import numpy as np
import pytest
import torch

from core.errors import ParameterError, ShapeError
from core.functional.parameters import leak_conductance, parameter

LIKE = torch.zeros(5, 2, 3)


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.int64(2), True + 1])
def test_numbers_become_floats(value: Any) -> None:
    found = parameter("p", value, LIKE)
    assert type(found) is float
    assert found == 2


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 1), (1, 3)])
def test_tensors_that_broadcast_take_the_dtype_of_the_input(shape: Any) -> None:
    value = torch.ones(shape, dtype=torch.float64)
    found = parameter("p", value, LIKE)
    assert (found.dtype, found.shape) == (torch.float32, value.shape)
    assert torch.equal(found, parameter("p", value.numpy(), LIKE))


@pytest.mark.parametrize("shape", [(2,), (3, 3), (5, 2, 3), (1, 1, 1)])
def test_tensors_that_do_not_broadcast_are_refused(shape: Any) -> None:
    with pytest.raises(ShapeError, match=r"leak: has shape .*2 batch.*3 neurons.*Giv"):
        parameter("leak", torch.ones(shape), LIKE)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("kind", [float, torch.tensor, np.array])
def test_values_that_are_not_finite_are_refused(wrong: float, kind: Any) -> None:
    with pytest.raises(
        ParameterError, match=f"leak: is {wrong}. Give a finite number."
    ):
        parameter("leak", kind(wrong), LIKE)


@pytest.mark.parametrize("wrong", [0, 0.0, -1e-6])
def test_values_that_are_too_small_are_refused(wrong: float) -> None:
    message = f"tau_mem: is {wrong:g}. Give a finite number above 0."
    with pytest.raises(ParameterError, match=message):
        parameter("tau_mem", wrong, LIKE, above=0)
    with pytest.raises(ParameterError, match=message):
        parameter("tau_mem", torch.tensor([1.0, wrong, 2.0]).double(), LIKE, above=0)


@pytest.mark.parametrize("wrong", [None, "1", [1.0], len, 1j])
def test_what_is_no_number_is_refused(wrong: Any) -> None:
    with pytest.raises(ParameterError, match=r"reset: is .*, not a number.*Give a"):
        parameter("reset", wrong, LIKE)


def test_gradients_pass() -> None:
    value = torch.ones(3, dtype=torch.float64, requires_grad=True)
    parameter("p", value, LIKE, above=0).sum().backward()
    assert value.grad is not None


@pytest.mark.parametrize(
    ("capacitance", "tau", "name"),
    [(0, 1e-6, "membrane_capacitance"), (1e-6, 0, "tau_mem")],
)
@pytest.mark.parametrize("kind", [float, torch.tensor])
def test_no_conductance_without_capacitance_or_time_constant(
    capacitance: float, tau: float, name: str, kind: Any
) -> None:
    with pytest.raises(ParameterError, match=f"{name}: is 0.*above 0"):
        leak_conductance(kind(capacitance), kind(tau))
