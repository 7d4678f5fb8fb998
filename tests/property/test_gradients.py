"""Gradients of neurons: against a second implementation, and against differences.

Losses have the shape (batch, neurons), and neurons do not see each other. So one
difference, which moves a parameter of all neurons at once, gives all its derivatives.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from core import (
    AELIF,
    LI,
    LIF,
    Experiment,
    HXParameter,
    SynapseHandle,
    TrainableHXParameter,
    TrainableHXTransformedModelParameter,
    TrainableMixedHXModelParameter,
    TrainableModelParameter,
    run,
)
from core.functional import cuba_aelif_integration
from tests.property.second_loop import (
    ALPHA,
    BATCH,
    DT,
    HOLD,
    MODELS,
    NEURONS,
    PARAMETERS,
    STEPS,
    TRACES,
    draw,
    second_loop,
    soft,
)


def in_core(x: Tensor, p: dict[str, Tensor], model: str) -> dict[str, Tensor]:
    membrane, _, current, adaptation, _, spikes = cuba_aelif_integration(
        x,
        **p,
        refractory_time=HOLD,
        method="superspike",
        alpha=ALPHA,
        dt=DT,
        **MODELS[model],
    )
    return dict(zip(TRACES, (membrane, current, adaptation, spikes), strict=True))


def losses(traces: dict[str, Tensor], seed: int) -> Tensor:
    """Return one loss for each neuron: a random sum over the time of all traces."""
    rng = torch.Generator().manual_seed(seed)
    shape = (STEPS, BATCH, NEURONS)
    weights = {n: torch.randn(shape, generator=rng).double() for n in TRACES}
    return sum((weights[n] * trace).sum(0) for n, trace in traces.items())


def gradients(
    function: Callable[..., Any], x: Tensor, p: dict[str, Tensor], model: str, seed: int
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the traces and the gradient by input and each parameter."""
    x = x.clone().requires_grad_()
    p = {n: v.clone().requires_grad_() for n, v in p.items()}
    traces = {n: t for n, t in function(x, p, model).items() if n in TRACES}
    losses(traces, seed).sum().backward()
    found = {n: p[n].grad for n in PARAMETERS[model]}
    return traces, {"input": x.grad, **found}


def assert_gradient(
    found: Tensor, expected: Tensor, tolerance: float, name: str
) -> None:
    scale = float(expected.abs().max())
    assert scale > 0, name
    error = float((found.double() - expected).abs().max()) / scale
    assert error < tolerance, f"{name}: {error}"


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("model", MODELS)
def test_single_precision_gradients_equal_those_of_a_second_loop(
    model: str, seed: int
) -> None:
    x, p = draw(seed, 3.0)
    expected, by = gradients(second_loop, x, p, model, seed)
    single = {n: v.float() for n, v in p.items()}
    found, single_by = gradients(in_core, x.float(), single, model, seed)
    for name in TRACES:
        # float32 has 1e-7; errors grow with the steps and the exponential
        torch.testing.assert_close(
            found[name].double(), expected[name], rtol=1e-5, atol=1e-5
        )
    assert model == "LI" or found["spikes"].sum() > 10
    for name in by:
        # the same, times the slope of the surrogate, at each of some 10 spikes
        assert_gradient(single_by[name], by[name], 1e-4, name)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("model", MODELS)
def test_gradients_equal_differences_of_the_smoothed_model(
    model: str, seed: int
) -> None:
    x, p = draw(seed, 3.0)
    _, by = gradients(in_core, x, p, model, seed)
    frozen = second_loop(x, p, model)

    def difference(x_move: Any, name: str | None, h: Any) -> Tensor:
        both = []
        for sign in (1, -1):
            moved = dict(p) if name is None else {**p, name: p[name] + sign * h}
            traces = second_loop(x + sign * x_move, moved, model, frozen)
            both.append(losses({n: traces[n] for n in TRACES}, seed))
        return both[0] - both[1]

    for name in PARAMETERS[model]:
        h = 1e-6 * p[name].abs()
        expected = difference(0, name, h).sum(0) / (2 * h)
        # 1e-12 of truncation, 1e-16 / 1e-6 of rounding, and room for curvature
        assert_gradient(by[name], expected, 1e-7, name)
    rng = torch.Generator().manual_seed(seed)
    for _ in range(3):
        move = torch.randn(x.shape, generator=rng).double()
        expected = difference(1e-6 * move, None, None) / 2e-6
        assert_gradient((by["input"] * move).sum(0), expected, 1e-7, "input")


#: Kinds of trained parameters, each made of its model value.
KINDS: dict[str, Callable[[Tensor], Any]] = {
    "HX made trainable": lambda value: HXParameter(value).make_trainable(),
    "HX": TrainableHXParameter,
    "Model": TrainableModelParameter,
    "Mixed": lambda value: TrainableMixedHXModelParameter(value, 80),
    "Transformed": lambda v: TrainableHXTransformedModelParameter(v, lambda v: 2 * v),
}
OF_LI = {
    "leak": 0.1,
    "tau_mem": 8e-6,
    "tau_syn": 5e-6,
    "membrane_capacitance": 10e-6,
}
OF_LIF = {**OF_LI, "threshold": 1.0}
OF_AELIF = {
    **OF_LIF,
    "exponential_slope": 0.3,
    "exponential_threshold": 0.8,
    "subthreshold_adaptation_strength": 0.4,
    "tau_adap": 30e-6,
}
NEURON_TYPES = {"LI": (LI, OF_LI), "LIF": (LIF, OF_LIF), "AELIF": (AELIF, OF_AELIF)}


def run_neuron(kind: str, x: Tensor, values: dict[str, Any]) -> tuple[Any, Any]:
    """Return a neuron after a run in mock, and its traces."""
    experiment = Experiment(mock=True, dt=DT)
    fixed: dict[str, Any] = {"alpha": ALPHA}
    if kind != "LI":
        fixed |= {"refractory_time": HOLD if "reset" in values else 0.0}
    if kind == "AELIF":
        fixed |= {"spike_triggered_adaptation": False}
    neuron = NEURON_TYPES[kind][0](x.shape[-1], experiment, **values, **fixed)
    out = neuron(SynapseHandle(graded_spikes=x))
    run(experiment, None)
    traces = {"membrane": out.membrane_cadc, "current": out.current}
    if kind != "LI":
        traces["spikes"] = out.spikes
    if kind == "AELIF":
        traces["adaptation"] = out.adaptation_cadc
    return neuron, traces


@cache
def below_threshold(kind: str, shape: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """Return input, values and their derivatives by differences; nothing spikes."""
    rng = torch.Generator().manual_seed(len(kind) + len(shape))
    spread = {
        n: v * (0.8 + 0.4 * torch.rand(shape, generator=rng).double())
        for n, v in NEURON_TYPES[kind][1].items()
    }
    x, _ = draw(4, 0.5)

    def loss(name: str, h: Tensor) -> Tensor:
        values = {**spread, name: spread[name] + h}
        _, traces = run_neuron(kind, x, values)
        if "spikes" in traces:
            assert not traces["spikes"].any()
            traces["spikes"] = soft(traces["membrane"] - values["threshold"])
        return losses(traces, 1)

    expected = {}
    for name, value in spread.items():
        h = 1e-6 * value
        slope = (loss(name, h) - loss(name, -h)) / (2 * h)
        expected[name] = slope.sum_to_size(shape)
    return x, spread, expected


@pytest.mark.parametrize("shape", [(), (NEURONS,), (BATCH, NEURONS)])
@pytest.mark.parametrize("made", KINDS)
@pytest.mark.parametrize("kind", NEURON_TYPES)
def test_trained_parameters_below_threshold_get_the_gradient_of_differences(
    kind: str, made: str, shape: tuple[int, ...]
) -> None:
    x, values, expected = below_threshold(kind, shape)
    trained = {name: KINDS[made](value) for name, value in values.items()}
    neuron, traces = run_neuron(kind, x, trained)
    losses(traces, 1).sum().backward()
    for name in values:
        found = getattr(neuron, name).model_value.grad
        assert found.shape == shape
        # as above
        assert_gradient(found, expected[name], 1e-7, name)


@pytest.mark.parametrize("made", KINDS)
def test_membranes_of_spiking_neurons_are_differentiated_at_fixed_spikes(
    made: str,
) -> None:
    x, _ = draw(6, 4.0)
    values = {
        **{n: torch.tensor(v).double() for n, v in OF_LIF.items()},
        "reset": torch.linspace(-0.6, -0.2, NEURONS).double(),
    }

    def loss(values: dict[str, Any]) -> tuple[Any, Tensor, Tensor]:
        neuron, traces = run_neuron("LIF", x, values)
        spikes = traces.pop("spikes")
        return neuron, losses(traces, 2), spikes

    neuron, found, spikes = loss({n: KINDS[made](v) for n, v in values.items()})
    assert spikes.sum() > 20
    found.sum().backward()
    for name, value in values.items():
        h = 1e-7 * value
        _, up, more = loss({**values, name: value + h})
        _, down, less = loss({**values, name: value - h})
        assert torch.equal(more, spikes)
        assert torch.equal(less, spikes)
        slope = ((up - down) / (2 * h)).sum_to_size(value.shape)
        by = getattr(neuron, name).model_value.grad
        if name == "threshold":  # it acts through the spikes alone
            assert not slope.any()
            assert by is None or not by.any()
        else:
            # 1e-16 / 1e-7 of rounding, and room for curvature
            assert_gradient(by, slope, 1e-6, name)


def spike_trains(size: int, strength: float) -> Tensor:
    rng = torch.Generator().manual_seed(11)
    return strength * (torch.rand(STEPS, 8, size, generator=rng) < 0.15)


def train(parameter: Any, rate: float, loss: Callable[[Any], Tensor]) -> float:
    """Return the loss after 100 steps of Adam."""
    optimizer = torch.optim.Adam(parameter.parameters(), lr=rate)
    for _ in range(100):
        optimizer.zero_grad()
        loss(parameter).backward()
        optimizer.step()
    return float(loss(parameter).detach())


@pytest.mark.parametrize(
    ("name", "start", "target"),
    [
        ("tau_mem", 4e-6, 9.9e-6),
        ("tau_syn", 9e-6, 4.5e-6),
        ("membrane_capacitance", 15e-6, 8e-6),
    ],
)
def test_training_recovers_a_parameter_of_li_from_its_trace(
    name: str, start: float, target: float
) -> None:
    x = spike_trains(1, 1.0)

    def trace(value: Any) -> Tensor:
        return run_neuron("LI", x, {"leak": 0.0, name: value})[1]["membrane"]

    wanted = trace(target)

    def loss(value: Any) -> Tensor:
        return (trace(value) - wanted).square().mean()

    assert loss(start) > 1e-2
    parameter = TrainableModelParameter(start)
    assert train(parameter, 2e-7, loss) < 4e-4  # the bound of hxtorch
    # 1 % of the smallest is a quarter of a step of Adam, which swings less in the end
    assert float(parameter.model_value_detach()) == pytest.approx(target, rel=0.01)


@pytest.mark.parametrize("start", [0.8, 2.0])
def test_training_recovers_the_threshold_of_lif_from_its_rates(start: float) -> None:
    x = spike_trains(16, 4.0)

    def rates(value: Any) -> Tensor:
        values = {"leak": 0.0, "reset": 0.0, "threshold": value}
        return run_neuron("LIF", x, values)[1]["spikes"].sum(0)

    wanted = rates(1.3)
    parameter = HXParameter(start).make_trainable()
    error = train(parameter, 0.02, lambda p: (rates(p) - wanted).square().mean())
    # of 128 spike counts, about 12 each, few differ by one
    assert error < 0.1
    assert float(parameter.model_value_detach()) == pytest.approx(1.3, rel=0.01)
