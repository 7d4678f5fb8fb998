"""The compiled EventProp kernels against the loops of torch."""

import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from core.functional import EventPropLIFFunction, reference
from core.observables import AnalogObservable

STEPS, BATCH = 80, 3
CROSSINGS = pytest.mark.parametrize("crossing", ["grid", "interpolated"])


def run(
    seed: int, crossing: str, *, compiled: bool, neurons: int = 5, **more: Any
) -> tuple[Tensor, ...]:
    """Return spikes, membrane, current and the gradient of the input."""
    rng = torch.Generator().manual_seed(seed)
    x = torch.zeros(2, STEPS, BATCH, neurons)
    x[0] = torch.rand(STEPS, BATCH, neurons, generator=rng)
    x = (x * (x > 0.8)).requires_grad_()

    def per_neuron(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(neurons, generator=rng)

    arguments = (
        per_neuron(-0.1, 0.1),
        per_neuron(-0.2, 0.0),
        per_neuron(0.7, 1.2),
        per_neuron(4e-6, 9e-6),
        per_neuron(4e-6, 9e-6),
        more.get("hw"),
        1e-6,
        crossing,
    )
    if compiled:
        z, v, i = EventPropLIFFunction.apply(x, *arguments)
    else:
        with reference():
            z, v, i = EventPropLIFFunction.apply(x, *arguments)
    (z * torch.randn(z.shape, generator=rng)).sum().backward()
    return z.detach(), v, i, x.grad


@CROSSINGS
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31), neurons=st.integers(1, 40))
def test_kernels_agree_with_the_loops(crossing: str, seed: int, neurons: int) -> None:
    z, v, i, g = run(seed, crossing, compiled=True, neurons=neurons)
    expected = run(seed, crossing, compiled=False, neurons=neurons)
    if crossing == "grid":
        assert torch.equal(v, expected[1])
        assert torch.equal(i, expected[2])
    else:  # the exponential functions differ in the last bit, which moves few spikes
        assume(torch.equal(z, expected[0]))
    assert torch.equal(z, expected[0])
    # Where a membrane hardly crosses, its moment is the root of a difference of 1e-7,
    # so 3e-4 of a step, in which it is driven by about one unit.
    torch.testing.assert_close(v, expected[1], rtol=1e-5, atol=5e-4)
    torch.testing.assert_close(i, expected[2], rtol=1e-5, atol=1e-5)
    # There the gradient is as uncertain as the slope, which it is divided by.
    scale = expected[3].abs().max().clamp_min(1e-6)
    torch.testing.assert_close(g / scale, expected[3] / scale, rtol=0, atol=1e-2)


@CROSSINGS
@pytest.mark.parametrize(
    ("leak", "reset", "due"),
    [(2.0, 0.0, 5 * math.log(2)), (1.5, 0.0, 5 * math.log(3)), (3.0, 1.2, 0.0)],
)
def test_neurons_that_fire_by_themselves_do_so_in_time(
    crossing: str, leak: float, reset: float, due: float
) -> None:
    """From reset to threshold 1 with τ = 5 µs; one that resets above fires at once."""
    arguments = (leak, reset, 1.0, 5e-6, 5e-6, None, 1e-6, crossing)
    x = torch.zeros(2, 200, 1, 1)
    z, *_ = EventPropLIFFunction.apply(x, *arguments)
    with reference():
        expected, *_ = EventPropLIFFunction.apply(x, *arguments)
    assert torch.equal(z, expected)
    if crossing == "interpolated":
        # The first spike is late by up to a step, and each is noted in whole steps.
        assert abs(int(z.sum()) - 200 / max(due, 1.0)) <= 2


@CROSSINGS
def test_measured_spikes_are_taken_instead(crossing: str) -> None:
    rng = torch.Generator().manual_seed(3)
    spikes = (torch.rand(STEPS - 4, BATCH, 5, generator=rng) < 0.05).float()
    hw = SimpleNamespace(voltage=AnalogObservable(None), spikes=spikes)
    z, _, _, g = run(1, crossing, compiled=True, hw=hw)
    _, _, _, expected = run(1, crossing, compiled=False, hw=hw)
    assert torch.equal(z, spikes)
    assert g[:, STEPS - 4 :].eq(0).all()
    torch.testing.assert_close(g, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("steps", [0, 1])
@CROSSINGS
def test_short_inputs_work(crossing: str, steps: int) -> None:
    x = torch.ones(2, steps, 1, 2, requires_grad=True)
    z, v, i = EventPropLIFFunction.apply(
        x, 0.5, 0.0, 1.0, 5e-6, 5e-6, None, 1e-6, crossing
    )
    assert z.shape == v.shape == i.shape == (steps, 1, 2)
    assert v.eq(0.5).all()
    z.sum().backward()
    assert x.grad.eq(0).all()
