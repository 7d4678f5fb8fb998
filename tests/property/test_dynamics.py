"""What holds for all neurons, inputs and parameters: symmetries, clamps and decays."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from core import AELIF, LI, LIF, Experiment, SynapseHandle, run

STEPS, BATCH, NEURONS = 50, 3, 5
DT = 1e-6
SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=15, deadline=None)
PRECISIONS = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])

#: Ranges of the parameters of each type; times in s, potentials in model units.
OF_LI = {
    "leak": (-0.5, 0.5),
    "tau_mem": (5e-6, 20e-6),
    "tau_syn": (3e-6, 20e-6),
    "membrane_capacitance": (5e-6, 20e-6),
}
OF_LIF = {
    **OF_LI,
    "reset": (-1.0, 0.0),
    "threshold": (0.6, 1.5),
    "refractory_time": (0.0, 4e-6),
}
OF_AELIF = {
    **OF_LIF,
    "exponential_slope": (0.2, 0.4),
    "exponential_threshold": (0.5, 0.9),
    "subthreshold_adaptation_strength": (-0.2, 0.5),
    "spike_triggered_adaptation_increment": (0.0, 0.3),
    "tau_adap": (10e-6, 60e-6),
}
POTENTIALS = ("leak", "reset", "threshold", "exponential_threshold")
TIMES = ("tau_mem", "tau_syn", "membrane_capacitance", "refractory_time", "tau_adap")


def draw(seed: int, ranges: Any) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """Return two inputs (time, batch, neurons) and the parameters (neurons,)."""
    rng = torch.Generator().manual_seed(seed)
    shape = (2, STEPS, BATCH, NEURONS)
    strength = 4 * torch.randn(shape, generator=rng).double()
    x, y = strength * (torch.rand(shape, generator=rng) < 0.2)
    return (
        x,
        y,
        {
            name: low + (high - low) * torch.rand(NEURONS, generator=rng).double()
            for name, (low, high) in ranges.items()
        },
    )


def traces(
    kind: Any, x: Tensor, values: dict[str, Any], dt: float = DT
) -> dict[str, Tensor]:
    """Return what a population does in mock, by name."""
    experiment = Experiment(mock=True, dt=dt)
    with torch.no_grad():
        out = kind(x.shape[-1], experiment, **values)(SynapseHandle(graded_spikes=x))
        run(experiment, None)
    found = {name: getattr(out, name) for name in out.names()}
    return {name: trace for name, trace in found.items() if trace is not None}


def assert_same(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    # rounding of double precision, in currents up to 10, with room for the exponential
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


@FEW
@given(SEEDS, st.floats(-3, 3), st.floats(-3, 3))
def test_leaky_integrators_are_linear_in_their_input(
    seed: int, first: float, second: float
) -> None:
    x, y, values = draw(seed, OF_LI)
    found = traces(LI, first * x + second * y, values)
    of_x, of_y = traces(LI, x, values), traces(LI, y, values)
    for of in (found, of_x, of_y):
        of["membrane_cadc"] -= values["leak"]
    assert_same(found, {n: first * of_x[n] + second * of_y[n] for n in of_x})


@FEW
@given(SEEDS, st.integers(1, STEPS - 1))
def test_a_later_input_gives_the_same_response_later(seed: int, steps: int) -> None:
    x, _, values = draw(seed, OF_AELIF)
    # with the exponential the leak is not at rest
    terms = {"exponential": False}
    later = torch.cat([torch.zeros_like(x[:steps]), x])
    found = traces(AELIF, later, {**values, **terms})
    expected = traces(AELIF, x, {**values, **terms})
    for name, trace in found.items():
        rest = values["leak"] if name == "membrane_cadc" else torch.zeros(NEURONS)
        before = trace[:steps]
        assert torch.equal(before, rest.double().expand_as(before)), name
    assert_same({n: trace[steps:] for n, trace in found.items()}, expected)


@FEW
@given(SEEDS)
def test_the_past_does_not_know_the_future(seed: int) -> None:
    x, y, values = draw(seed, OF_AELIF)
    half = STEPS // 2
    found = traces(AELIF, torch.cat([x[:half], y[half:]]), values)
    expected = traces(AELIF, x, values)
    assert_same(*({n: t[:half] for n, t in of.items()} for of in (found, expected)))


@FEW
@given(SEEDS, st.permutations(range(NEURONS)), st.permutations(range(BATCH)))
def test_neurons_and_batch_entries_have_no_order_and_do_not_see_each_other(
    seed: int, neurons: list[int], batch: list[int]
) -> None:
    x, _, values = draw(seed, OF_AELIF)
    expected = traces(AELIF, x, values)
    for places, entries in ((neurons, batch), (neurons[:2], batch[:1])):
        chosen = {name: value[places] for name, value in values.items()}
        found = traces(AELIF, x[:, entries][:, :, places], chosen)
        picked = {n: trace[:, entries][:, :, places] for n, trace in expected.items()}
        assert_same(found, picked)


@FEW
@given(SEEDS, st.integers(-3, 3))
def test_time_has_no_unit_of_its_own(seed: int, power: int) -> None:
    x, _, values = draw(seed, OF_AELIF)
    factor = 2.0**power  # changes no digit
    scaled = {n: v * factor if n in TIMES else v for n, v in values.items()}
    found = traces(AELIF, x, scaled, DT * factor)
    expected = traces(AELIF, x, values)
    for name, trace in found.items():
        assert torch.equal(trace, expected[name]), name


@FEW
@given(SEEDS, st.floats(-10, 10))
def test_potentials_have_no_zero_of_their_own(seed: int, offset: float) -> None:
    x, _, values = draw(seed, OF_AELIF)
    moved = {n: v + offset if n in POTENTIALS else v for n, v in values.items()}
    found, expected = traces(AELIF, x, moved), traces(AELIF, x, values)
    found["membrane_cadc"] -= offset
    assert_same(found, expected)


@PRECISIONS
@FEW
@given(quarters=st.integers(0, 24), dt=st.sampled_from([0.1e-6, 0.3e-6, 1e-6]))
def test_refractory_neurons_rest_at_reset_for_the_time_rounded_up_to_steps(
    dtype: torch.dtype, quarters: int, dt: float
) -> None:
    held = -(-quarters // 4)
    x = torch.full((3 * held + 8, 1, 1), 1e3, dtype=dtype)  # spikes whenever it can
    values = {
        "leak": 0.0,
        "reset": -0.5,
        "threshold": 1.0,
        "tau_syn": 5e-6,
        "refractory_time": quarters / 4 * dt,
    }
    found = traces(LIF, x, values, dt)
    spikes = found["spikes"][:, 0, 0].nonzero()[:, 0]
    assert spikes[0] == 1  # the current of the first step acts in the second
    assert set(spikes.diff().tolist()) == {held + 1}
    assert (found["membrane_cadc"][1:] == -0.5).all()


@PRECISIONS
@FEW
@given(st.floats(0.125, 100, width=32))
def test_only_a_membrane_above_the_threshold_spikes(
    dtype: torch.dtype, level: float
) -> None:
    # powers of two, so that the membrane is `level` to the last digit after one step
    dt, C = 2.0**-20, 2.0**-17
    x = torch.zeros(2, 1, 1, dtype=dtype)
    x[0] = level * C / dt
    below = torch.nextafter(torch.tensor(level, dtype=dtype), torch.tensor(0.0).to(x))
    for threshold, spikes in ((torch.tensor(level), 0), (below, 1)):
        values = {
            "leak": 0.0,
            "reset": 0.0,
            "threshold": threshold,
            "membrane_capacitance": C,
        }
        found = traces(LIF, x, values, dt)
        assert found["spikes"].sum() == spikes
        assert spikes or found["membrane_cadc"][-1] == level


def order(errors: list[float]) -> float:
    """Return the slope of log2(error) by halvings of the step."""
    return float(-np.polyfit(range(len(errors)), np.log2(errors), 1)[0])


@FEW
@given(st.floats(4e-6, 40e-6), st.floats(-2, 2))
def test_free_membranes_decay_exponentially_up_to_first_order(
    tau: float, leak: float
) -> None:
    errors = []
    for halvings in range(4):
        dt = tau / 25 / 2**halvings
        time = torch.arange(100 * 2**halvings).double() * dt
        x = torch.zeros(len(time), 1, 1).double()
        x[0] = tau / dt  # lifts the membrane by 1 in the next step, and is forgotten
        values = {"leak": leak, "tau_mem": tau, "membrane_capacitance": tau}
        found = traces(LI, x, {**values, "tau_syn": dt}, dt)
        membrane = found["membrane_cadc"][1:, 0, 0]
        exact = leak + torch.exp(-time[:-1] / tau)
        errors.append(float((membrane - exact).abs().max()))
        # (1 - dt/tau)^(t/dt) is t dt / (2 tau²) exp(-t/tau) too low, most at t = tau
        leading = dt / (2 * tau * np.e)
        assert errors[-1] == pytest.approx(leading, rel=2 * dt / tau)
    assert order(errors) == pytest.approx(1, abs=0.05)  # the second order: dt / tau


@FEW
@given(st.floats(4e-6, 40e-6), st.floats(0.2, 0.8), st.floats(0.5, 3))
def test_response_to_a_spike_is_the_difference_of_two_exponentials_up_to_first_order(
    tau_mem: float, ratio: float, weight: float
) -> None:
    tau_syn, C = ratio * tau_mem, 10e-6
    errors = []
    for halvings in range(4):
        dt = tau_syn / 20 / 2**halvings
        time = torch.arange(100 * 2**halvings).double() * dt
        x = torch.zeros(len(time), 1, 1).double()
        x[0] = weight
        values = {"leak": 0.0, "tau_mem": tau_mem, "membrane_capacitance": C}
        found = traces(LI, x, {**values, "tau_syn": tau_syn}, dt)
        current = weight * torch.exp(-time / tau_syn)
        height = tau_mem * tau_syn / (tau_mem - tau_syn) / C
        membrane = height * (weight * torch.exp(-time / tau_mem) - current)
        errors.append(
            [
                float((found[name][:, 0, 0] - exact).abs().max())
                for name, exact in (("current", current), ("membrane_cadc", membrane))
            ]
        )
    for of_one in np.transpose(errors):
        assert order(of_one) == pytest.approx(1, abs=0.1)  # the second order: dt / tau
