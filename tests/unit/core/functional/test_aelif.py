from typing import Any

import pytest
import torch

from core.errors import ParameterError, ShapeError
from core.functional.aelif import cuba_aelif_integration
from core.handle import Handle
from core.observables import AnalogObservable

VALUES: dict[str, Any] = {
    "leak": 0.0,
    "reset": 0.0,
    "threshold": 1.0,
    "tau_syn": 5e-6,
    "c_mem": 5e-6,
    "g_l": 1.0,
    "refractory_time": 0.0,
    "method": "superspike",
    "alpha": 50.0,
    "exp_slope": 0.2,
    "exp_threshold": 0.7,
    "subthreshold_adaptation_strength": 0.5,
    "spike_triggered_adaptation_increment": 0.2,
    "tau_adap": 3e-5,
}


def integrate(x: torch.Tensor, **changes: Any) -> Any:
    return cuba_aelif_integration(x, **{**VALUES, **changes})


def pulse(steps: int = 10, step: int = 2, strength: float = 1.0) -> torch.Tensor:
    x = torch.zeros(steps, 1, 1)
    x[step] = strength
    return x


def test_membrane_follows_the_current_one_step_later() -> None:
    membrane, _, current, *_ = integrate(pulse(step=2))
    assert current[:, 0, 0].nonzero()[0] == 2
    assert membrane[:, 0, 0].nonzero()[0] == 3


def test_membrane_decays_exponentially_to_the_leak() -> None:
    dt, tau = 0.05e-6, 5e-6
    rest = torch.zeros(200, 1, 1)
    voltage = torch.ones_like(rest[:1])
    hw = Handle(
        voltage=AnalogObservable(voltage), adaptation=AnalogObservable(), spikes=None
    )
    start = integrate(rest[:1], hw_data=hw, fire=False)[0]
    assert start == 1
    membrane = integrate(rest, leak=0.0, dt=dt, fire=False)[0]
    assert not membrane.any()
    membrane = integrate(pulse(200, 0), dt=dt, fire=False)[0][:, 0, 0]
    time = torch.arange(200) * dt
    exact = dt / tau * (time / dt) * torch.exp(-time / tau)
    torch.testing.assert_close(membrane, exact, rtol=0, atol=dt / tau)  # first order


@pytest.mark.parametrize(
    ("refractory_time", "dt", "silent"),
    [(1e-6, 1e-6, 1), (2.5e-6, 1e-6, 3), (1e-6, 2e-6, 1), (3e-6, 1e-6, 3)],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("as_tensor", [False, True])
def test_refractory_time_is_rounded_up_to_steps(
    refractory_time: float, dt: float, silent: int, dtype: Any, as_tensor: bool
) -> None:
    drive = torch.full((30, 1, 1), 50.0, dtype=dtype)  # spikes whenever it can
    time = torch.tensor(refractory_time) if as_tensor else refractory_time
    spikes = integrate(drive, refractory_time=time, dt=dt, refractory=True)[5]
    first, second = spikes[:, 0, 0].nonzero()[:2, 0].tolist()
    # after the clamped steps the membrane needs one step to rise
    assert second - first - 1 == silent


def test_shorter_measured_data_shortens_the_result() -> None:
    hw = Handle(
        voltage=AnalogObservable(torch.zeros(4, 1, 1)),
        adaptation=AnalogObservable(),
        spikes=torch.zeros(6, 1, 1),
    )
    assert {len(t) for t in integrate(pulse(), hw_data=hw)[::5]} == {4}


def test_madc_samples_are_passed_through() -> None:
    hw = Handle(
        voltage=AnalogObservable(None, torch.ones(2, 5, 1)),
        adaptation=AnalogObservable(None, torch.zeros(2, 5, 1)),
        spikes=None,
    )
    _, voltage, _, _, adaptation, _ = integrate(pulse(), hw_data=hw)
    assert voltage.shape == adaptation.shape == (2, 5, 1)


def test_parameters_take_the_dtype_of_the_input() -> None:
    x = pulse().double()
    assert integrate(x, leak=torch.zeros(1))[0].dtype == torch.float64
    assert integrate(pulse(), leak=torch.zeros(1).double())[0].dtype == torch.float32


def test_switched_off_terms_need_no_parameters() -> None:
    integrate(pulse(), tau_adap=None, exp_slope=None, g_l=None)


def test_trainable_parameters_get_gradients() -> None:
    leak = torch.tensor(0.1, requires_grad=True)
    tau = torch.tensor(5e-6, requires_grad=True)
    integrate(pulse(), leak=leak, tau_syn=tau)[0].sum().backward()
    assert leak.grad != 0
    assert tau.grad != 0


def test_input_without_three_axes_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"have shape \(3, 4\).*time, batch, neurons"):
        integrate(torch.zeros(3, 4))


def test_unknown_method_is_refused() -> None:
    message = "Threshold function 'superspik' is not.*Did you mean 'superspike'"
    with pytest.raises(ParameterError, match=message):
        integrate(pulse(), method="superspik")


ADEX = ("exponential", "subthreshold_adaptation", "spike_triggered_adaptation")


@pytest.mark.parametrize("kind", [float, torch.tensor])
@pytest.mark.parametrize("name", ["c_mem", "tau_syn", "exp_slope", "tau_adap"])
@pytest.mark.parametrize("wrong", [0.0, -1e-6])
def test_what_is_divided_by_must_be_above_zero(
    name: str, wrong: float, kind: Any
) -> None:
    terms = dict.fromkeys(ADEX, True)
    with pytest.raises(ParameterError, match=f"{name}: is {wrong:g}.*above 0"):
        integrate(pulse(), **{name: kind(wrong)}, **terms)
    with pytest.raises(ParameterError, match="dt: is 0"):
        integrate(pulse(), dt=0)


@pytest.mark.parametrize("name", [n for n in VALUES if n not in ("method", "alpha")])
@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_parameters_must_be_finite(name: str, wrong: float) -> None:
    terms = dict.fromkeys((*ADEX, "refractory"), True)
    for value in (wrong, torch.tensor([wrong])):
        with pytest.raises(ParameterError, match=f"{name}: is {wrong}. Give a finite"):
            integrate(pulse(), **{name: value}, **terms)


def test_parameters_of_terms_that_are_off_may_be_anything() -> None:
    values = {"tau_adap": 0.0, "exp_slope": float("nan"), "refractory_time": None}
    on = integrate(pulse(), **values)
    assert torch.equal(on[0], integrate(pulse())[0])
    silent = {"threshold": None, "reset": None}
    assert not integrate(pulse(), fire=False, **silent)[5].any()
    assert integrate(pulse(), leaky=False, leak=None, g_l=None, fire=False)[0].any()


def test_measured_data_of_another_size_is_refused() -> None:
    hw = Handle(voltage=None, adaptation=None, spikes=torch.zeros(10, 2, 1))
    with pytest.raises(ShapeError, match=r"measured.*\(10, 2, 1\).*\(10, 1, 1\)"):
        integrate(pulse(), hw_data=hw)


def test_backward_costs_grow_with_the_steps_not_their_square() -> None:
    def nodes(steps: int) -> int:
        x = pulse(steps).requires_grad_()
        seen, todo = set(), [integrate(x)[0].grad_fn]
        while todo:
            node = todo.pop()
            if node is not None and node not in seen:
                seen.add(node)
                todo += [parent for parent, _ in node.next_functions]
        return sum("Select" in node.name() for node in seen)

    assert nodes(20) == 0  # indexing would allocate the whole input at each step
