"""Both integrations with exponential decays."""

from typing import Any

import numpy as np
import pytest
import torch

from core.errors import ParameterError, ShapeError
from core.functional import exp_cuba_li_integration, exp_cuba_lif_integration
from core.handle import Handle
from core.observables import AnalogObservable

SPIKING: dict[str, Any] = {
    "reset": -0.2,
    "threshold": 0.7,
    "method": "superspike",
    "alpha": 50.0,
}
quiet = pytest.mark.filterwarnings("ignore:exp_cuba_li:DeprecationWarning")


def lif(x: torch.Tensor, **changes: Any) -> Any:
    values = {"leak": 0.1, "tau_syn_exp": 0.8, "tau_mem_exp": 0.9, **SPIKING, **changes}
    return exp_cuba_lif_integration(x, **values)


def li(x: torch.Tensor, **changes: Any) -> Any:
    values = {"leak": 0.1, "tau_syn_exp": 0.8, "tau_mem_exp": 0.9, **changes}
    return exp_cuba_li_integration(x, **values)


def drive(steps: int = 20, dtype: Any = torch.float32) -> torch.Tensor:
    rng = torch.Generator().manual_seed(6)
    return torch.rand(steps, 2, 3, generator=rng, dtype=dtype)


def measured(voltage: Any = None, spikes: Any = None, madc: Any = None) -> Any:
    return Handle(
        voltage=AnalogObservable(voltage, madc), adaptation=None, spikes=spikes
    )


@pytest.mark.parametrize("function", [lif, li])
def test_both_are_deprecated(function: Any) -> None:
    with pytest.warns(DeprecationWarning, match="exp_cuba_li.* is deprecated: use"):
        function(drive())


@quiet
def test_integrators_follow_their_exact_solution() -> None:
    x = torch.zeros(30, 1, 1, dtype=torch.float64)
    x[0] = 1
    membrane, current, madc = li(x, leak=0.5)
    steps = torch.arange(30, dtype=torch.float64)
    torch.testing.assert_close(current[:, 0, 0], 0.8**steps)
    # v' = 0.9 v + 0.1 i one step later: the geometric sum of both decays
    expected = 0.5 + 0.1 * (0.9**steps - 0.8**steps) / (0.9 - 0.8)
    torch.testing.assert_close(membrane[:, 0, 0], expected)
    assert madc is None


@quiet
def test_without_a_threshold_in_reach_neurons_are_integrators() -> None:
    spikes, membrane, current, _ = lif(drive(), threshold=100.0)
    assert not spikes.any()
    for found, expected in zip((membrane, current), li(drive()), strict=False):
        assert torch.equal(found, expected)


@quiet
def test_spikes_reset_the_membrane() -> None:
    spikes, membrane, *_ = lif(drive())
    assert spikes.any()
    assert (membrane[spikes > 0] == -0.2).all()
    assert (membrane <= 0.7).all()


@quiet
@pytest.mark.parametrize("rows", [15, 25])
@pytest.mark.parametrize("function", [lif, li])
def test_measured_membranes_replace_the_computed(function: Any, rows: int) -> None:
    x = drive().requires_grad_()
    voltage = torch.rand(rows, 2, 3)
    results = function(x, hw_data=measured(voltage, madc="samples"))
    membrane, current, madc = results[-3:]
    length = min(rows, 20)
    assert torch.equal(membrane, voltage[:length])  # no reset either
    assert len(current) == length
    assert madc == "samples"
    membrane.sum().backward()
    assert x.grad is not None
    assert x.grad[: length - 1].any()


@quiet
def test_measured_spikes_replace_the_computed() -> None:
    hw = (torch.rand(20, 2, 3) > 0.5).float()
    spikes, membrane, *_ = lif(drive(), hw_data=measured(spikes=hw))
    assert torch.equal(spikes, hw)
    assert (membrane[hw > 0] == -0.2).all()


@quiet
def test_integrators_without_measured_membranes_are_computed() -> None:
    hw = measured()
    for found, expected in zip(li(drive(), hw_data=hw), li(drive()), strict=True):
        assert found is expected is None or torch.equal(found, expected)


@quiet
@pytest.mark.parametrize("function", [lif, li])
@pytest.mark.parametrize("steps", [0, 1])
def test_very_short_inputs_work(function: Any, steps: int) -> None:
    membrane = function(drive(steps))[-3]
    torch.testing.assert_close(membrane, torch.full((steps, 2, 3), 0.1))


@quiet
@pytest.mark.parametrize("function", [lif, li])
def test_decays_may_be_numpy_scalars_or_trained(function: Any) -> None:
    x = drive(dtype=torch.float64)
    numbers = function(x, tau_mem_exp=np.float64(0.7), tau_syn_exp=np.float64(0.6))
    decays = [torch.tensor(v, requires_grad=True) for v in (0.7, 0.6)]
    trained = function(x, tau_mem_exp=decays[0], tau_syn_exp=decays[1])
    membrane = trained[-3]
    # 0.7 in single precision
    torch.testing.assert_close(membrane, numbers[-3], rtol=0, atol=1e-6)
    assert membrane.dtype == torch.float64
    membrane.sum().backward()
    assert all(decay.grad != 0 for decay in decays)


@quiet
@pytest.mark.parametrize("function", [lif, li])
@pytest.mark.parametrize("name", ["leak", "tau_mem_exp", "tau_syn_exp"])
def test_parameters_that_are_not_finite_are_refused(function: Any, name: str) -> None:
    with pytest.raises(ParameterError, match=f"{name}: is nan"):
        function(drive(), **{name: float("nan")})


@quiet
def test_other_wrong_arguments_are_refused() -> None:
    with pytest.raises(ShapeError, match="time, batch, neurons"):
        li(torch.zeros(3, 4))
    with pytest.raises(ParameterError, match="Threshold function 'sigmoid' is not"):
        lif(drive(), method="sigmoid")
