"""The compiled kernels against the reference loop."""

import math
from contextlib import nullcontext
from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.autograd import forward_ad

from core.errors import ParameterError
from core.functional import checkpointing, cuba_aelif_integration, reference
from core.functional.compiled import applies, reason
from core.handle import Handle
from core.observables import AnalogObservable

STEPS, BATCH, NEURONS = 60, 3, 5
SEEDS = st.integers(0, 2**31)

#: Terms and what was measured. A kernel is compiled for each, so they are few.
NAMES = ("leaky", "fire", "refractory", "exponential")
ADAPTATION = ("subthreshold_adaptation", "spike_triggered_adaptation")
VARIANTS = {
    "lif": ({"leaky", "fire"}, ()),
    "refractory": ({"leaky", "fire", "refractory"}, ()),
    "li": ({"leaky"}, ()),
    "not leaky": ({"fire", "refractory"}, ()),
    "adaptive": ({"leaky", "fire", "refractory", *ADAPTATION}, ()),
    "membrane": ({"leaky", "fire", "refractory"}, ("voltage",)),
    "spikes": ({"leaky", "fire", "refractory"}, ("spikes",)),
    "all": (
        {"leaky", "fire", "refractory", *ADAPTATION},
        ("voltage", "adaptation", "spikes"),
    ),
}


def drawn(
    seed: int, per_neuron: bool, dtype: torch.dtype = torch.float32
) -> dict[str, Any]:
    """Return an input and parameters that need gradients, model units and s."""
    rng = torch.Generator().manual_seed(seed)
    x = torch.randn(STEPS, BATCH, NEURONS, generator=rng) * 0.6 + 0.1
    x = x * (torch.rand(x.shape, generator=rng) < 0.3)

    def parameter(low: float, high: float) -> Tensor:
        value = torch.rand(NEURONS if per_neuron else 1, generator=rng)
        return (low + (high - low) * value).to(dtype).requires_grad_()

    return {
        "input": x.to(dtype).requires_grad_(),
        "leak": parameter(-0.1, 0.2),
        "reset": parameter(-0.3, 0.0),
        "threshold": parameter(0.3, 0.6),
        "tau_syn": parameter(4e-6, 8e-6),
        "c_mem": parameter(5e-6, 1e-5),
        "g_l": parameter(0.8, 1.2),
        # The onset is above the threshold, so that membranes do not run away.
        "exp_slope": parameter(0.1, 0.3),
        "exp_threshold": parameter(1.5, 1.6),
        "subthreshold_adaptation_strength": parameter(0.2, 0.6),
        "spike_triggered_adaptation_increment": parameter(0.1, 0.3),
        "tau_adap": parameter(2e-5, 4e-5),
    }


def measured(seed: int, names: tuple[str, ...]) -> Any:
    if not names:
        return None
    rng = torch.Generator().manual_seed(seed + 1)
    data = {n: torch.rand(STEPS, BATCH, NEURONS, generator=rng) for n in names}
    if "spikes" in data:
        data["spikes"] = (data["spikes"] > 0.8).float()
    return Handle(
        voltage=AnalogObservable(data.get("voltage")),
        adaptation=AnalogObservable(data.get("adaptation")),
        spikes=data.get("spikes"),
    )


def integrate(
    values: dict[str, Any], terms: set[str], hw: Any = None, **more: Any
) -> tuple[Tensor, ...]:
    """Return membrane, current, adaptation and spikes."""
    flags = {name: name in terms for name in (*NAMES, *ADAPTATION)}
    call = {"method": "superspike", "alpha": 10.0, "refractory_time": 2.5e-6} | values
    v, _, i, w, _, z = cuba_aelif_integration(
        call.pop("input"), hw_data=hw, **call, **flags, **more
    )
    return v, i, w, z


def gradients(values: dict[str, Any], states: tuple[Tensor, ...]) -> dict[str, Tensor]:
    """Return the gradients of a loss that weighs all states, of what has one.

    Those of times are by a typical time, so that all are of the same size.
    """
    rng = torch.Generator().manual_seed(9)
    loss = torch.zeros(())
    for state in states:
        weight = torch.randn(state.shape, generator=rng).to(state)
        loss = loss + (state * weight).sum()
    loss.backward()
    times = {"tau_syn": 6e-6, "c_mem": 7e-6, "tau_adap": 3e-5}
    return {
        n: v.grad * times.get(n, 1.0)
        for n, v in values.items()
        if getattr(v, "grad", None) is not None
    }


def assert_gradients_agree(
    found: dict[str, Tensor], expected: dict[str, Tensor], tolerance: float
) -> None:
    for name, gradient in expected.items():
        # A sum of 900 terms of both signs and size 1 may cancel: to 1 % of its spread.
        scale = gradient.abs().max().clamp_min(0.3)
        got = found.get(name, torch.zeros(()))
        error = ((got - gradient).abs().max() / scale).item()
        assert error < tolerance, f"{name}: {error:.1e} of the largest gradient"


@pytest.mark.parametrize("variant", VARIANTS)
@settings(max_examples=8, deadline=None)
@given(
    seed=SEEDS,
    per_neuron=st.booleans(),
    hold=st.sampled_from([0.0, 1e-6, 2.5e-6, [0.0, 1e-6, 2e-6, 3.5e-6, 9e-6]]),
    dt=st.sampled_from([0.5e-6, 1e-6]),
)
def test_kernels_equal_the_reference_loop_to_the_last_bit(
    variant: str, seed: int, per_neuron: bool, hold: Any, dt: float
) -> None:
    terms, names = VARIANTS[variant]
    hw = measured(seed, names)
    more = {"refractory_time": torch.tensor(hold), "dt": dt}
    kernel, loop = drawn(seed, per_neuron), drawn(seed, per_neuron)
    found = integrate(kernel | more, terms, hw)
    with reference():
        expected = integrate(loop | more, terms, hw)
    for name, a, b in zip("viwz", found, expected, strict=True):
        assert torch.equal(a, b), f"{name}: {(a != b).sum()} values differ"
    # Both are single precision, summed in another order over 60 steps and 15 lanes.
    assert_gradients_agree(
        gradients(kernel, found), gradients(loop, expected), tolerance=1e-4
    )


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, per_neuron=st.booleans())
def test_adex_agrees_until_a_membrane_comes_too_close_to_the_threshold(
    seed: int, per_neuron: bool
) -> None:
    terms = {*NAMES, *ADAPTATION}
    kernel, loop = drawn(seed, per_neuron), drawn(seed, per_neuron)
    found = integrate(kernel, terms)
    with reference():
        expected = integrate(loop, terms)
    gap = (expected[0] - loop["threshold"]).abs().flatten(1).amin(1)
    close = (gap < 1e-5).nonzero()
    steps = int(close[0]) if len(close) else STEPS
    for a, b in zip(found, expected, strict=True):
        # The exponential functions differ by 2e-7 of their value in each step.
        torch.testing.assert_close(a[:steps], b[:steps], rtol=1e-4, atol=1e-5)
    if steps == STEPS and torch.equal(found[3], expected[3]):
        assert_gradients_agree(
            gradients(kernel, found), gradients(loop, expected), tolerance=1e-3
        )


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, per_neuron=st.booleans())
def test_gradients_are_those_of_double_precision(seed: int, per_neuron: bool) -> None:
    terms = VARIANTS["refractory"][0]
    kernel = drawn(seed, per_neuron)
    exact = {n: v.detach().double().requires_grad_() for n, v in kernel.items()}
    found, expected = integrate(kernel, terms), integrate(exact, terms)
    assume(torch.equal(found[3], expected[3].float()))  # rounding moves few spikes
    # Surrogate slopes of 10 amplify rounding over 60 steps.
    assert_gradients_agree(
        gradients(kernel, found),
        {n: g.float() for n, g in gradients(exact, expected).items()},
        tolerance=1e-3,
    )


@settings(max_examples=8, deadline=None)
@given(
    seed=SEEDS,
    batch=st.integers(1, 6),
    neurons=st.integers(1, 40),
    delay=st.integers(0, 1),
)
def test_recurrence_agrees_with_the_reference_loop(
    seed: int, batch: int, neurons: int, delay: int
) -> None:
    results, late = [], {"recurrent_delay": delay}
    for compiled in (True, False):
        rng = torch.Generator().manual_seed(seed)
        x = torch.rand(STEPS, batch, neurons, generator=rng)
        x = (x * (x < 0.2) * 3).requires_grad_()
        weight = torch.randn(neurons, neurons, generator=rng) * 0.4 / neurons**0.5
        values = {
            name: value.detach()[:1]
            for name, value in drawn(seed, False).items()
            if name != "input"
        }
        values |= {"input": x, "recurrent_weight": weight.requires_grad_()}
        if compiled:
            states = integrate(values, VARIANTS["refractory"][0], **late)
        else:
            with reference():
                states = integrate(values, VARIANTS["refractory"][0], **late)
        results.append((states, gradients(values, states)))
    (found, g_found), (expected, g_expected) = results
    assume(torch.equal(found[3], expected[3]))  # the order of sums moves few spikes
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)  # order of the sums
    assert_gradients_agree(g_found, g_expected, tolerance=1e-4)


def wide(seed: int = 1) -> dict[str, Any]:
    """Return an input that is worth several threads, and plain parameters."""
    values = {n: v[0].item() for n, v in drawn(seed, False).items() if n != "input"}
    rng = torch.Generator().manual_seed(seed)
    x = torch.rand(100, 6, 400, generator=rng)
    return values | {"input": (5 * x * (x < 0.2)).requires_grad_()}


@pytest.fixture
def threads() -> Any:
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize("saving", [False, True])
def test_measured_data_may_be_overwritten_before_the_gradient(saving: bool) -> None:
    def gradient(overwrite: bool) -> Tensor:
        values = wide()
        voltage = torch.rand(100, 6, 400, generator=torch.Generator().manual_seed(2))
        voltage *= 1.5
        hw = Handle(voltage=AnalogObservable(voltage), adaptation=None, spikes=None)
        with checkpointing() if saving else nullcontext():
            states = integrate(values, VARIANTS["refractory"][0], hw)
        if overwrite:
            voltage.zero_()
        states[3].sum().backward()
        found: Tensor = values["input"].grad
        return found

    assert gradient(False).any()
    assert torch.equal(gradient(True), gradient(False))


@pytest.mark.filterwarnings("ignore:`torch.jit.script`:DeprecationWarning")  # torch's
def test_derivatives_in_forward_mode_take_the_reference_loop() -> None:
    values = {n: v[0].item() for n, v in drawn(1, False).items() if n != "input"}
    values["input"] = torch.zeros(5, 1, 1)
    with forward_ad.dual_level():
        values["leak"] = forward_ad.make_dual(torch.tensor(0.1), torch.tensor(1.0))
        membrane = integrate(values, VARIANTS["li"][0])[0]
        tangent = forward_ad.unpack_dual(membrane).tangent
    # A membrane that rests at its leak follows it.
    torch.testing.assert_close(tangent, torch.ones(5, 1, 1))


def test_transforms_of_functions_take_the_reference_loop_or_say_why_not() -> None:
    values = wide()
    x = values.pop("input").detach()[:20, :1, :3]

    def total(x: Tensor, variant: str = "li") -> Tensor:
        return integrate(values | {"input": x}, VARIANTS[variant][0])[0].sum()

    own = x.clone().requires_grad_()
    total(own).backward()
    assert own.grad is not None
    torch.testing.assert_close(torch.func.grad(total)(x), own.grad)
    several = torch.func.vmap(total)(torch.stack([x, 2 * x]))
    torch.testing.assert_close(several[1], total(2 * x))
    with pytest.raises(ParameterError, match=r"Use loss\.backward"):
        torch.func.grad(lambda x: total(x, "lif"))(x)


def test_a_recurrent_layer_without_neurons_works() -> None:
    values = wide() | {"input": torch.zeros(5, 2, 0)}
    values["recurrent_weight"] = torch.zeros(0, 0)
    assert integrate(values, VARIANTS["refractory"][0])[3].shape == (5, 2, 0)


def test_recurrent_neurons_refuse_measured_spikes_that_are_counts() -> None:
    values = wide() | {"input": torch.zeros(5, 1, 3)}
    values["recurrent_weight"] = torch.zeros(3, 3)
    counts = torch.full((5, 1, 3), 2.0)
    hw = Handle(voltage=None, adaptation=None, spikes=counts)
    with pytest.raises(ParameterError, match="neither 0 nor 1"):
        integrate(values, VARIANTS["refractory"][0], hw)


@pytest.mark.parametrize("compiled", [True, False])
def test_a_refractory_time_without_end_holds_for_ever(compiled: bool) -> None:
    values = wide() | {"refractory_time": 1e33}
    with nullcontext() if compiled else reference():
        spikes = integrate(values, VARIANTS["refractory"][0])[3]
    assert spikes.sum(0).max() == 1


@pytest.mark.parametrize("recurrent", [False, True])
def test_threads_and_splits_change_no_bit(threads: Any, recurrent: bool) -> None:
    weight = torch.randn(400, 400, generator=torch.Generator().manual_seed(2)) / 50
    more = {"recurrent_weight": weight} if recurrent else {}
    terms = VARIANTS["refractory"][0]
    results = []
    for count in (1, 2, 2):
        threads(count)
        values = wide() | more
        states = integrate(values, terms)
        gradients(values, states)
        results.append((*states, values["input"].grad))
    for other in results[1:]:
        assert all(map(torch.equal, results[0], other))
    alone = wide() | more
    alone["input"] = alone["input"].detach()[:, 2:3]
    for a, b in zip(integrate(alone, terms), results[0], strict=False):
        assert torch.equal(a, b[:, 2:3])


def test_a_silent_network_has_no_denormal_numbers() -> None:
    x = torch.zeros(2000, 1, 3)
    x[0] = 1e-3
    values = {n: v[0].item() for n, v in drawn(1, False).items() if n != "input"}
    v, i, _, _ = integrate(values | {"input": x, "leak": 0.0}, {"leaky", "fire"})
    smallest = torch.finfo(torch.float32).smallest_normal
    for trace in (v, i):
        assert trace[-1].eq(0).all()
        assert not ((trace != 0) & (trace.abs() < smallest)).any()


def test_what_is_not_a_number_stays_visible() -> None:
    x = torch.zeros(9, 1, 2)
    x[3, 0, 0] = math.nan
    values = {n: v[0].item() for n, v in drawn(1, False).items() if n != "input"}
    v, i, _, _ = integrate(values | {"input": x}, {"leaky"})
    assert i[3:, 0, 0].isnan().all()
    assert v[4:, 0, 0].isnan().all()
    assert torch.isfinite(v[:, 0, 1]).all()


def test_the_input_is_not_touched() -> None:
    values = drawn(5, True)
    before = values["input"].detach().clone()
    gradients(values, integrate(values, VARIANTS["all"][0]))
    assert torch.equal(values["input"].detach(), before)


@pytest.mark.parametrize("steps", [1, 0])
@pytest.mark.parametrize("terms", [{"leaky"}, {"leaky", "fire", "refractory"}])
def test_short_inputs_work(steps: int, terms: set[str]) -> None:
    values = drawn(2, False)
    values["input"] = torch.zeros(steps, 1, 2, requires_grad=True)
    v, _, _, z = integrate(values, terms)
    assert v.shape == (steps, 1, 2)
    (v.sum() + z.sum()).backward()
    assert values["input"].grad.shape == (steps, 1, 2)


def test_an_empty_batch_works() -> None:
    values = drawn(2, True)
    values["input"] = torch.zeros(9, 0, NEURONS, requires_grad=True)
    states = integrate(values, {"leaky", "fire"})
    assert states[0].shape == (9, 0, NEURONS)
    sum(s.sum() for s in states).backward()
    assert values["leak"].grad.tolist() == [0.0] * NEURONS


@pytest.mark.parametrize(
    ("within", "numbers"), [(nullcontext, 3), (checkpointing, 1)], ids=["", "saving"]
)
def test_gradients_need_three_traces_or_the_input_alone(
    within: Any, numbers: int
) -> None:
    saved: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        saved[tensor.data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    values, plain = wide(), wide()
    terms = VARIANTS["refractory"][0]
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t), within():
        states = integrate(values, terms)
    per_number = sum(saved.values()) / values["input"].numel()
    # 4 bytes a number; the missing adaptation is one zero.
    assert per_number == pytest.approx(4 * numbers, abs=0.01)
    expected = integrate(plain, terms)
    gradients(values, states)
    gradients(plain, expected)
    assert torch.equal(values["input"].grad, plain["input"].grad)


def test_a_derivative_of_the_gradient_needs_the_reference_loop() -> None:
    def second(values: dict[str, Any]) -> Tensor:
        loss = integrate(values, {"leaky"})[0].square().sum()
        (g,) = torch.autograd.grad(loss, values["leak"], create_graph=True)
        (h,) = torch.autograd.grad(g.sum(), values["leak"])
        return h

    with pytest.raises(ParameterError, match=r"core\.functional\.reference"):
        second(drawn(1, False))
    with reference():
        found = second(drawn(1, False))
    with reference():
        exact = drawn(1, False, torch.float64)
        torch.testing.assert_close(found, second(exact).float(), rtol=1e-4, atol=0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"input": torch.zeros(3, 1, 2).double()}, "the input is float64"),
        ({"leak": torch.zeros(2).double()}, "the leak is float64"),
        ({"input": torch.zeros(3, 1, 2, device="meta")}, "input is on the device meta"),
        ({"alpha": torch.tensor([1.0, 2.0])}, "alpha differs between neurons"),
    ],
)
def test_where_kernels_do_not_apply_the_reason_is_said(
    changes: dict[str, Any], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    values = {"input": torch.zeros(3, 1, 2), "leak": 1.0} | changes
    input = values.pop("input")
    assert words in str(reason(input, values))
    with caplog.at_level("INFO"):
        assert not applies(input, values)
    assert words in caplog.text or caplog.text == ""  # once in a process
    assert applies(torch.zeros(3, 1, 2), {"leak": 1.0})
