from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from core.errors import ParameterError, ShapeError
from core.functional import eventprop
from core.functional.adjoint import adjoint
from core.functional.eventprop import (
    CUBALIFParams,
    EventPropLIFFunction,
    EventPropNeuron,
    EventPropSynapseFunction,
)
from core.functional.trajectory import Neuron, Trajectory, currents
from core.handle import Handle
from core.observables import AnalogObservable
from tests.peer import closed_forms

#: leak, reset, threshold, tau_syn, tau_mem
VALUES = (0.0, 0.0, 1.0, 6e-6, 6e-6)


def graded(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Return random input with some spikes, shape (2, time, batch, neurons)."""
    rng = torch.Generator().manual_seed(7)
    x = torch.zeros(2, *shape, dtype=dtype)
    x[0] = torch.rand(shape, generator=rng, dtype=dtype)
    return x.requires_grad_()


def measured(spikes: Any = None, cadc: Any = None, madc: Any = None) -> Any:
    return Handle(
        voltage=AnalogObservable(cadc, madc),
        adaptation=AnalogObservable(),
        spikes=spikes,
    )


def gradient(x: torch.Tensor, *arguments: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Return spikes and the gradient of a loss with other weights at each spike."""
    x = x.detach().clone().requires_grad_()
    spikes, *_ = EventPropLIFFunction.apply(x, *arguments)
    (spikes * torch.arange(spikes.numel()).reshape(spikes.shape).cos()).sum().backward()
    assert x.grad is not None
    return spikes.detach(), x.grad


# Closed forms. The loss is the time of one spike: its gradient is -1 at this spike,
# because the gradient of a spike counts as minus the derivative by its time.

DT, TAU_SYN, INPUTS, TRIALS = 1e-6, 6e-6, 5, 60


@cache
def trials(ratio: int) -> tuple[np.ndarray, np.ndarray, list[Any]]:
    """Return weights, input steps and closed forms of neurons with two spikes."""
    rng = np.random.default_rng(11)
    weights, steps, exact = [], [], []
    while len(exact) < TRIALS:
        w = rng.uniform(-0.5, 4, INPUTS)
        s = np.sort(rng.choice(np.arange(15), INPUTS, replace=False))
        found = closed_forms.spikes(
            w,
            s * DT,
            tau_mem=ratio * TAU_SYN,
            tau_syn=TAU_SYN,
            threshold=1.0,
            capacitance=ratio * TAU_SYN,  # tau_mem dv/dt = leak - v + i
            count=2,
        )
        # two spikes of one step are one on the grid
        if len(found) == 2 and found[1].time - found[0].time > 2 * DT:
            weights.append(w)
            steps.append(s)
            exact.append(found)
    return np.array(weights), np.array(steps), exact


def errors(ratio: int, spike: int, crossing: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the errors of dT/dw, relative to the largest, and of dT/ds."""
    weights, steps, exact = trials(ratio)
    place = torch.as_tensor(steps), torch.arange(TRIALS)[:, None]
    x = torch.zeros(2, 60, TRIALS, 1, dtype=torch.float64)
    x[0, *place, 0] = torch.as_tensor(weights)
    x.requires_grad_()
    z, *_ = EventPropLIFFunction.apply(
        x, 0.0, 0.0, 1.0, TAU_SYN, ratio * TAU_SYN, None, DT, crossing
    )
    grad = torch.zeros_like(z)
    for trial in range(TRIALS):
        fired = z[:, trial, 0].nonzero().flatten()
        if len(fired) > spike:  # Euler steps may miss it, the gradient is 0 then
            grad[fired[spike], trial, 0] = -1
    z.backward(grad)
    assert x.grad is not None
    by_weight = x.grad[0, *place, 0].numpy()
    by_input = -x.grad[1, *place, 0].numpy() * weights
    found = [e[spike] for e in exact]
    wanted = np.array([e.by_weight for e in found])
    scale = np.abs(wanted).max(1)
    return (
        np.abs(by_weight - wanted).max(1) / scale,
        np.abs(by_input - [e.by_input for e in found]).max(1),
    )


@pytest.mark.parametrize("ratio", [1, 2])
@pytest.mark.parametrize("spike", [0, 1])
def test_interpolated_crossings_make_the_gradients_far_more_exact(
    ratio: int, spike: int
) -> None:
    by_weight, by_input = errors(ratio, spike, "interpolated")
    on_the_grid, _ = errors(ratio, spike, "grid")
    # the parabola errs by (dt / tau)² / 40 = 7e-4 of a step; slow crossings by more
    assert np.median(by_weight) < 2e-3
    assert np.median(by_input) < 2e-3
    assert by_weight.max() < 0.1
    assert np.median(by_weight) < np.median(on_the_grid) / 100


@pytest.mark.parametrize(
    ("ratio", "by_weight", "by_input"),
    [
        (
            1,
            (-0.40582784, -0.35386281, -0.24684094),
            (0.09503637, 0.26336589, 0.64159774),
        ),
        (
            2,
            (-0.25854775, -0.18938299, -0.09435997),
            (0.21569337, 0.27339824, 0.51090840),
        ),
    ],
)
def test_golden_gradients(ratio: int, by_weight: Any, by_input: Any) -> None:
    tau = 20e-6  # puts the inputs at 0, 0.3 and 0.55 tau on the grid
    steps = [0, 6, 11]
    weights = ratio * torch.tensor([1.3, 0.9, 1.1])  # C = 1 there, tau_mem here
    x = torch.zeros(2, 30, 1, 1)
    x[0, steps, 0, 0] = weights
    x.requires_grad_()
    z, *_ = EventPropLIFFunction.apply(
        x, 0.0, 0.0, 1.0, tau, ratio * tau, None, 1e-6, "interpolated"
    )
    grad = torch.zeros_like(z)
    grad[z[:, 0, 0].argmax()] = -1  # the first spike
    z.backward(grad)
    assert x.grad is not None
    found = ratio * x.grad[0, steps, 0, 0] / tau
    # the parabola errs by (dt / tau)² / 40 = 6e-5 of a step, a twentieth of tau
    torch.testing.assert_close(found, torch.tensor(by_weight), rtol=0, atol=2e-5)
    found = -x.grad[1, steps, 0, 0] * weights
    torch.testing.assert_close(found, torch.tensor(by_input), rtol=0, atol=2e-5)
    assert float(found.sum()) == pytest.approx(1, abs=1e-4)


# The interface.


@pytest.mark.parametrize("crossing", ["grid", "interpolated"])
def test_batch_entries_and_neurons_do_not_see_each_other(crossing: str) -> None:
    x = graded(40, 3, 4)
    spikes, grad = gradient(x, *VALUES, None, 1e-6, crossing)
    assert spikes.any()
    alone = x.detach()[:, :, 1:2, 2:3].clone().requires_grad_()
    z, *_ = EventPropLIFFunction.apply(alone, *VALUES, None, 1e-6, crossing)
    assert torch.equal(z, spikes[:, 1:2, 2:3])
    weights = torch.arange(spikes.numel()).reshape(spikes.shape).cos()
    z.backward(weights[:, 1:2, 2:3])
    assert alone.grad is not None
    # vectors of another length round differently
    torch.testing.assert_close(alone.grad, grad[:, :, 1:2, 2:3])


@pytest.mark.parametrize("crossing", ["grid", "interpolated"])
def test_parameters_of_each_neuron_and_batch_entry(crossing: str) -> None:
    x = graded(40, 2, 3)
    leak, threshold = torch.tensor([0.0, 0.1, 0.2]), torch.tensor([[1.0], [1.3]])
    tau_mem = torch.tensor([[6e-6, 7e-6, 8e-6], [9e-6, 1e-5, 6e-6]])
    together = gradient(x, leak, -0.1, threshold, 5e-6, tau_mem, None, 1e-6, crossing)
    for b in range(2):
        for n in range(3):
            z, *_ = EventPropLIFFunction.apply(
                x[:, :, b : b + 1, n : n + 1],
                float(leak[n]),
                -0.1,
                float(threshold[b, 0]),
                5e-6,
                float(tau_mem[b, n]),
                None,
                1e-6,
                crossing,
            )
            assert torch.equal(z, together[0][:, b : b + 1, n : n + 1])
    assert torch.isfinite(together[1]).all()


@pytest.mark.parametrize("crossing", ["grid", "interpolated"])
def test_single_precision_is_as_good_as_double(crossing: str) -> None:
    x = graded(40, 3, 4, dtype=torch.float64)
    spikes, grad = gradient(x, *VALUES, None, 1e-6, crossing)
    assert (spikes.dtype, grad.dtype) == (torch.float64, torch.float64)
    single, grad_single = gradient(x.float(), *VALUES, None, 1e-6, crossing)
    assert torch.equal(single, spikes.float())
    # each of the 40 steps adds an error of 6e-8, slow crossings enlarge it
    error = (grad_single - grad).abs().max() / grad.abs().max()
    assert error < 1e-4


@pytest.mark.parametrize("crossing", ["grid", "interpolated"])
def test_two_runs_are_equal_to_the_last_bit(crossing: str) -> None:
    first = gradient(graded(40, 3, 4), *VALUES, None, 1e-6, crossing)
    again = gradient(graded(40, 3, 4), *VALUES, None, 1e-6, crossing)
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])


def test_one_input_may_feed_two_layers() -> None:
    x, weight = torch.ones(30, 2, 3, requires_grad=True), torch.full((4, 3), 0.2)
    weight.requires_grad_()
    stacked = EventPropSynapseFunction.apply(x, weight)
    first, *_ = EventPropLIFFunction.apply(stacked, *VALUES)
    second, *_ = EventPropLIFFunction.apply(stacked, *VALUES[:2], 1.5, *VALUES[3:])
    (first.sum() + second.sum()).backward()
    assert weight.grad is not None
    both = weight.grad.clone()
    weight.grad = None
    for threshold in (1.0, 1.5):  # the same in two graphs
        stacked = EventPropSynapseFunction.apply(x, weight)
        values = (*VALUES[:2], threshold, *VALUES[3:])
        EventPropLIFFunction.apply(stacked, *values)[0].sum().backward()
    torch.testing.assert_close(weight.grad, both)


@pytest.mark.parametrize("crossing", ["grid", "interpolated"])
@pytest.mark.parametrize("steps", [0, 1])
def test_very_short_inputs_rest_at_the_leak(steps: int, crossing: str) -> None:
    x = torch.ones(2, steps, 2, 3, requires_grad=True)
    spikes, membrane, current = EventPropLIFFunction.apply(
        x, 0.5, 0.0, 1.0, 6e-6, 6e-6, None, 1e-6, crossing
    )
    assert spikes.shape == membrane.shape == current.shape == (steps, 2, 3)
    assert (membrane == 0.5).all()
    assert not spikes.any()
    assert not current.any()
    spikes.sum().backward()
    assert x.grad is not None
    assert not x.grad.any()


@pytest.mark.parametrize("crossing", ["grid", "interpolated"])
def test_longer_recordings_are_cut_to_the_input(crossing: str) -> None:
    x = graded(20, 2, 3)
    hw = (torch.rand(21, 2, 3) > 0.8).float()
    spikes, grad = gradient(x, *VALUES, measured(hw), 1e-6, crossing)
    assert torch.equal(spikes, hw[:20])
    exact = gradient(x, *VALUES, measured(hw[:20]), 1e-6, crossing)[1]
    assert torch.equal(grad, exact)
    assert grad.any()


@pytest.mark.parametrize("crossing", ["grid", "interpolated"])
def test_shorter_recordings_shorten_the_result(crossing: str) -> None:
    x = graded(20, 2, 3)
    hw = (torch.rand(12, 2, 3) > 0.5).float()
    spikes, grad = gradient(x, *VALUES, measured(hw), 1e-6, crossing)
    assert torch.equal(spikes, hw)
    assert grad.shape == x.shape
    assert grad[:, :11].any()
    assert not grad[:, 11:].any()  # nothing that was measured comes after it


def test_measured_spikes_happen_at_the_end_of_their_step() -> None:
    x, hw = graded(20, 1, 2), torch.zeros(20, 1, 2)
    hw[8:9] = 1
    spikes, *_ = EventPropLIFFunction.apply(
        x, *VALUES, measured(hw), 1e-6, "interpolated"
    )
    spikes.sum().backward()
    leak, reset, threshold, tau_syn, tau_mem = VALUES
    n = Neuron(leak, reset, threshold, tau_syn, tau_mem, 1e-6)
    current = currents(x[0].detach(), n, "interpolated")
    ends = Trajectory(hw, None, current, moment=torch.ones_like(hw))
    expected = adjoint(torch.ones_like(hw), ends, n)
    torch.testing.assert_close(x.grad, expected)


def test_measured_data_is_passed_on_as_a_copy() -> None:
    x = graded(5, 1, 2)
    hw, cadc = torch.ones(6, 1, 2, dtype=torch.uint8), torch.rand(6, 1, 2)
    spikes, membrane, current = EventPropLIFFunction.apply(
        x, *VALUES, measured(hw, cadc)
    )
    assert spikes.dtype == torch.float32
    assert torch.equal(membrane, cadc[:5])
    assert current is None
    assert not cadc.requires_grad
    membrane.detach().zero_()
    assert cadc.any()


def test_spikes_that_were_not_recorded_are_computed() -> None:
    x, cadc = graded(20, 1, 2), torch.rand(21, 1, 2)
    spikes, membrane, current = EventPropLIFFunction.apply(
        x, *VALUES, measured(cadc=cadc)
    )
    computed = EventPropLIFFunction.apply(x, *VALUES)
    assert torch.equal(membrane, cadc[:20])
    assert torch.equal(spikes, computed[0])
    assert torch.equal(current, computed[2])


def test_neuron_of_the_older_interface_returns_what_was_measured() -> None:
    x = graded(20, 1, 2)
    params = CUBALIFParams(tau_mem=6e-6, tau_syn=6e-6)
    hw = (torch.ones(21, 1, 2), torch.rand(21, 1, 2), torch.rand(2, 50, 1))
    spikes, membrane, madc = EventPropNeuron.apply(x, params, 1e-6, hw)
    assert torch.equal(spikes, hw[0][:20])
    assert torch.equal(membrane, hw[1][:20])
    assert torch.equal(madc, hw[2])
    spikes.sum().backward()
    found, x.grad = x.grad, None
    # the samples of the MADC are no current
    EventPropLIFFunction.apply(x, *VALUES, measured(hw[0]))[0].sum().backward()
    assert torch.equal(found, x.grad)


def test_names_and_fields_of_the_older_interface() -> None:
    assert eventprop.EventPropSynapse is EventPropSynapseFunction
    assert CUBALIFParams._fields == (
        "tau_mem",
        "tau_syn",
        "refractory_time",
        "leak",
        "threshold",
        "reset",
        "alpha",
        "method",
    )
    defaults = CUBALIFParams(1, 2)[2:]
    assert defaults == (0, 0, 1, 0, 50.0, "superspike")


def test_traces_give_no_gradient() -> None:
    x = graded(20, 1, 2)
    spikes, membrane, current = EventPropLIFFunction.apply(x, *VALUES)
    (spikes.sum() + membrane.sum() + current.sum()).backward()
    found, x.grad = x.grad, None
    EventPropLIFFunction.apply(x, *VALUES)[0].sum().backward()
    assert torch.equal(found, x.grad)
    EventPropLIFFunction.apply(graded(20, 1, 2), *VALUES)[1].sum().backward()


def test_parameters_have_no_gradient() -> None:
    leak = torch.zeros(2, requires_grad=True)
    x = graded(20, 1, 2)
    EventPropLIFFunction.apply(x, leak, *VALUES[1:])[0].sum().backward()
    assert leak.grad is None


def test_gradients_of_gradients_are_refused() -> None:
    x = graded(20, 1, 2)
    spikes, *_ = EventPropLIFFunction.apply(x, *VALUES)
    weighted = (spikes * torch.ones(2, requires_grad=True)).sum()
    (first,) = torch.autograd.grad(weighted, x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()


def test_touching_the_threshold_has_no_infinite_gradient() -> None:
    x = torch.zeros(2, 4, 1, 1)
    x[0, 0], x[0, 1] = 1.0, 40.0
    # current and threshold are equal one step before the spike: the slope there is 0
    values = (0.0, 0.0, 1.0, 1e30, 6e-6)
    spikes, grad = gradient(x, *values)
    assert spikes.flatten().tolist() == [0, 0, 1, 1]
    assert torch.isfinite(grad).all()


def test_synapse_passes_both_gradients_on() -> None:
    x, weight = torch.rand(6, 2, 3).requires_grad_(), torch.rand(4, 3).requires_grad_()
    stacked = EventPropSynapseFunction.apply(x, weight)
    assert torch.equal(stacked[0], x @ weight.T)
    assert not stacked[1].any()
    g = torch.rand(2, 6, 2, 4)
    stacked.backward(g)
    torch.testing.assert_close(x.grad, g[1] @ weight)
    expected = torch.einsum("tbo,tbi->oi", g[0], x)
    torch.testing.assert_close(weight.grad, expected)


@pytest.mark.parametrize("shape", [(20, 2, 3), (3, 20, 2, 3)])
def test_input_of_a_plain_synapse_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"\(2, time, batch, neurons\), as EventProp"):
        EventPropLIFFunction.apply(torch.zeros(shape), *VALUES)


@pytest.mark.parametrize("place", [3, 4])
@pytest.mark.parametrize("wrong", [0.0, -1e-6, float("nan"), float("inf")])
def test_impossible_time_constants_are_refused(place: int, wrong: float) -> None:
    values = [*VALUES]
    values[place] = wrong
    name = ("tau_syn", "tau_mem")[place - 3]
    with pytest.raises(ParameterError, match=f"{name}: is {wrong:g}.*above 0"):
        EventPropLIFFunction.apply(graded(5, 1, 1), *values)


def test_unknown_crossing_names_the_known() -> None:
    message = r"no scheme 'interpolate'.*\['grid', 'interpolated'\].*Did you mean 'int"
    with pytest.raises(ParameterError, match=message):
        EventPropLIFFunction.apply(graded(5, 1, 1), *VALUES, None, 1e-6, "interpolate")
