"""Spike times and their gradients converge to closed forms, with first order in dt.

200 trials (the batch axis) have inputs at random times between the grid points; the
first two spikes are compared with those of `tests.peer.closed_forms`.
"""

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from core.functional import cuba_aelif_integration
from core.functional.eventprop import EventPropLIFFunction, EventPropSynapseFunction
from tests.peer.closed_forms import Spike, lambert_w, leak_over_threshold, spikes

pytestmark = pytest.mark.peer

TRIALS = 200
TAU_SYN = 5e-6
THRESHOLD, RESET = 1.0, 0.3
DURATION = 12e-6
#: Steps, each half of the one before.
STEPS = (0.2e-6, 0.1e-6, 0.05e-6, 0.025e-6)
#: By ``tau_mem / tau_syn``; one input inhibits. No spike of any trial almost misses the
#: threshold: such times depend without bound on the inputs.
WEIGHTS = {
    1: np.array([1.3, 0.9, -0.3, 2.4]),
    2: np.array([1.0, 0.7, -0.3, 2.4]),
}
#: Each input comes up to `LATE`, ten of the longest steps, after its time.
TIMES = np.array([1.0e-6, 2.2e-6, 2.8e-6, 4.0e-6])
LATE = 2e-6
RATIOS = pytest.mark.parametrize("ratio", [1, 2])


@pytest.mark.parametrize(
    ("tau_mem", "time", "by_weight", "by_input"),
    [
        (
            1,
            0.847358733659,
            (-0.40582784, -0.35386281, -0.24684094),
            (0.09503637, 0.26336589, 0.64159774),
        ),
        (
            2,
            0.726411555094,
            (-0.25854775, -0.18938299, -0.09435997),
            (0.21569337, 0.27339824, 0.51090840),
        ),
    ],
)
def test_closed_form_gives_the_golden_numbers_of_three_inputs(
    tau_mem: float, time: float, by_weight: Any, by_input: Any
) -> None:
    (found,) = spikes(
        (1.3, 0.9, 1.1), (0, 0.3, 0.55), tau_mem=tau_mem, tau_syn=1, threshold=1
    )
    # half of the last digit given
    assert found.time == pytest.approx(time, abs=5e-13)
    np.testing.assert_allclose(found.by_weight, by_weight, rtol=0, atol=5e-9)
    np.testing.assert_allclose(found.by_input, by_input, rtol=0, atol=5e-9)


@pytest.mark.parametrize(
    ("tau_mem", "time", "slope", "least"),
    [
        (10e-3, 3.2350713115745e-3, -6.1803399e-3, 2.4),
        (5e-3, 1.2958555090954e-3, -1.7491968e-3, 0.6 * np.e),
    ],
)
def test_closed_form_gives_the_golden_numbers_of_one_input(
    tau_mem: float, time: float, slope: float, least: float
) -> None:
    def spike(strength: float) -> list[Spike]:
        # tau_mem dv/dt = -v + i is a capacitance of tau_mem
        fixed = {"tau_mem": tau_mem, "tau_syn": 5e-3, "threshold": 0.6}
        return spikes([strength], [0.0], **fixed, capacitance=tau_mem)

    (found,) = spike(3.0)
    assert found.time == pytest.approx(time, abs=5e-17)  # half of the last digit
    # the weight scales a strength of 3
    assert 3 * found.by_weight[0] == pytest.approx(slope, abs=5e-11)
    assert spike(least * 1.000001)
    assert not spike(least * 0.999999)


def test_closed_form_gives_the_golden_numbers_of_a_leak_over_the_threshold() -> None:
    times = leak_over_threshold(
        tau_mem=20e-3, leak=2.0, threshold=1.0, start=np.array([0.0, 0.3])
    )
    golden = [13.862943611e-3, 10.612565021e-3]
    # half of the last digit given
    np.testing.assert_allclose(times, golden, rtol=0, atol=5e-13)


@settings(deadline=None)
@given(st.floats(-1 / np.e, 100))
def test_lambert_w_solves_its_equation(x: float) -> None:
    W = lambert_w(x)
    assert W >= -1
    # two roundings of each factor; the exponential multiplies that of W by W
    assert W * np.exp(W) == pytest.approx(x, rel=1e-14, abs=1e-15)


@settings(max_examples=100, deadline=None)
@given(ratio=st.sampled_from([1, 2]), seed=st.integers(0, 2**32 - 1))
def test_closed_form_solves_the_equation_of_the_membrane(ratio: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    w, s = rng.uniform(-0.5, 2.5, 5), rng.uniform(0, 2, 5)
    found = spikes(
        w, s, tau_mem=ratio, tau_syn=1, threshold=0.7, leak=0.1, reset=0.2, count=3
    )
    for number, spike in enumerate(found):
        late = spike.time - s
        earlier = [f.time for f in found[:number]]
        psp = late * np.exp(-late)
        if ratio == 2:
            psp = 2 * (np.exp(-late / 2) - np.exp(-late))
        v = 0.1 + w @ np.where(late > 0, psp, 0)
        v -= sum((0.7 - 0.2) * np.exp(-(spike.time - t) / ratio) for t in earlier)
        # a sum of eight terms, each below 10
        assert v == pytest.approx(0.7, abs=1e-12)
        # a shift of all inputs shifts the spike; 1e-9: section 4.1 of the literature
        scale = 1 + np.abs(spike.by_input).max()
        assert spike.by_input.sum() == pytest.approx(1, abs=1e-9 * scale)
        assert not spike.by_weight[late < 0].any()


@RATIOS
def test_closed_form_derivatives_equal_central_differences(ratio: int) -> None:
    times, exact = trials(ratio)
    for row, both in zip(times[:20], exact[:20], strict=True):
        for place, one in enumerate(1e-5 * np.eye(len(row))):
            moves = {"by_weight": (one, 0 * one), "by_input": (0 * one, TAU_SYN * one)}
            for name, (w, s) in moves.items():
                up, down = (
                    closed_form(ratio, row + s, w),
                    closed_form(ratio, row - s, -w),
                )
                for later, sooner, spike in zip(up, down, both, strict=True):
                    found = (later.time - sooner.time) / (2 * (w + s)[place])
                    derivatives = getattr(spike, name)
                    # 1e-10 of truncation, 1e-11 of rounding, and room for steep ones
                    allowed = 1e-7 * np.abs(derivatives).max()
                    assert found == pytest.approx(derivatives[place], abs=allowed)


def closed_form(ratio: int, times: Any, more: Any = 0.0) -> list[Spike]:
    return spikes(
        WEIGHTS[ratio] + more,
        times,
        tau_mem=ratio * TAU_SYN,
        tau_syn=TAU_SYN,
        threshold=THRESHOLD,
        reset=RESET,
        capacitance=TAU_SYN,
        count=2,
    )


@cache
def trials(ratio: int) -> tuple[Any, list[list[Spike]]]:
    """Return input times, shape (trials, inputs), and both spikes of each trial."""
    rng = np.random.default_rng(20)
    times = TIMES + rng.uniform(0, LATE, (TRIALS, len(TIMES)))
    exact = [closed_form(ratio, row) for row in times]
    assert all(len(found) == 2 for found in exact)
    return times, exact


def stacked(exact: list[list[Spike]], name: str) -> Any:
    """Return a field of all spikes, shape (2, trials) or (2, trials, inputs)."""
    return np.array([[getattr(both[k], name) for both in exact] for k in range(2)])


def steps_of(times: Any, dt: float) -> Tensor:
    """Return the last step that does not start after each time."""
    return torch.as_tensor(times / dt + 1e-6).long()  # free of rounding noise


def on_grid(bins: Tensor, dt: float) -> Tensor:
    """Return a spike at each step in ``bins``, shape (time, trials, inputs)."""
    inputs = torch.zeros(round(DURATION / dt), *bins.shape, dtype=torch.float64)
    return inputs.scatter_(0, bins.unsqueeze(0), 1.0)


def first_two(z: Tensor) -> Tensor:
    """Return the steps of the first two spikes of one neuron, shape (2, trials)."""
    number = z[..., 0].cumsum(0)
    assert (number[-1] >= 2).all()
    return torch.stack([(number < k).sum(0) for k in (1, 2)])


def order(errors: Any) -> float:
    """Return the slope of log(error) against log(dt)."""
    return float(np.polyfit(np.log(STEPS), np.log(errors), 1)[0])


def integrate(x: Tensor, dt: float, tau_mem: float, **changes: Any) -> Tensor:
    values: dict[str, Any] = {
        "leak": 0.0,
        "reset": RESET,
        "threshold": THRESHOLD,
        "tau_syn": TAU_SYN,
        "c_mem": TAU_SYN,
        "g_l": TAU_SYN / tau_mem,
        "refractory_time": 0.0,
        "method": "superspike",
        "alpha": 50.0,
        "exp_slope": None,
        "exp_threshold": None,
        "subthreshold_adaptation_strength": None,
        "spike_triggered_adaptation_increment": None,
        "tau_adap": None,
    }
    return cuba_aelif_integration(x, **{**values, **changes}, dt=dt)[5]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@RATIOS
def test_spike_times_of_lif_converge_with_first_order(
    ratio: int, dtype: torch.dtype
) -> None:
    times, exact = trials(ratio)
    errors = []
    for dt in STEPS:
        x = on_grid(steps_of(times, dt), dt) @ torch.as_tensor(WEIGHTS[ratio])
        z = integrate(x[..., None].to(dtype), dt, ratio * TAU_SYN)
        found = first_two(z).numpy() * dt
        errors.append(np.abs(found - stacked(exact, "time")).mean(1))
    for error in np.transpose(errors):
        assert order(error) == pytest.approx(1, abs=0.2)
        assert (error < STEPS).all()  # a grid cannot do better than a step


def test_interspike_interval_under_a_leak_converges_with_first_order() -> None:
    rng = np.random.default_rng(3)
    leak, threshold = rng.uniform(1.5, 3, TRIALS), rng.uniform(0.8, 1.2, TRIALS)
    reset, rest = rng.uniform(-0.5, 0.5, TRIALS), rng.uniform(0.5e-6, 2e-6, TRIALS)
    exact = rest + leak_over_threshold(
        tau_mem=8e-6, leak=leak, threshold=threshold, start=reset
    )
    errors = []
    for dt in STEPS:
        z = integrate(
            torch.zeros(round(2.2 * exact.max() / dt), TRIALS, 1),
            dt,
            8e-6,
            leak=torch.as_tensor(leak)[:, None],
            reset=torch.as_tensor(reset)[:, None],
            threshold=torch.as_tensor(threshold)[:, None],
            refractory_time=torch.as_tensor(rest)[:, None],
            refractory=True,
        )
        first, second = first_two(z)
        errors.append(np.abs((second - first).numpy() * dt - exact).mean())
    assert order(errors) == pytest.approx(1, abs=0.2)


# EventProp: a weight moves the membrane at the time of the spike, and the spike by as
# much over the slope dv/dt. The recursion of the specification starts with
# ``lv = g / before`` at a spike, where ``before = tau_mem dv/dt`` and ``g`` is the
# gradient of the spike. It returns ``tau_syn li``: what the weight adds to the membrane
# at the spike, times ``g / (dv/dt)``. That is dT/dw for ``g = -1``. So a loss L(T) has
# the gradient -dL/dT at the step of the spike and none at others. By the same rule a
# synapse hands on -dL/ds at the step of an input.


def eventprop(ratio: int, times: Any, dt: float, crossing: str) -> dict[str, Any]:
    """Return the fields of both spikes, shaped as by `stacked`."""
    bins = steps_of(times, dt)  # (trials, inputs)
    trial, place = torch.arange(TRIALS)[:, None], torch.arange(len(TIMES))
    x = on_grid(bins, dt).requires_grad_()
    # C is tau_mem here, so the weights are ratio times as large
    weight = torch.as_tensor(ratio * WEIGHTS[ratio])[None].requires_grad_()
    graded = EventPropSynapseFunction.apply(x, weight)
    z, _, _ = EventPropLIFFunction.apply(
        graded, 0.0, RESET, THRESHOLD, TAU_SYN, ratio * TAU_SYN, None, dt, crossing
    )
    found: dict[str, Any] = {"time": [], "by_weight": [], "by_input": []}
    for step in first_two(z):
        spike = torch.zeros_like(z)
        spike[step, trial[:, 0], 0] = 1
        by_x, by_weight, by_graded = torch.autograd.grad(
            z, (x, weight, graded), -spike, retain_graph=True
        )
        by_strength = by_graded[0, bins, trial, 0]  # of each trial
        torch.testing.assert_close(by_weight[0], by_strength.sum(0))
        found["time"].append(step.numpy() * dt)
        found["by_weight"].append(ratio * by_strength.numpy())
        found["by_input"].append(-by_x[bins, trial, place].numpy())
    return {name: np.array(values) for name, values in found.items()}


def eventprop_errors(
    ratio: int, times: Any, exact: list[list[Spike]], crossing: str
) -> dict[str, Any]:
    """Return the mean errors of both spikes, each of shape (steps, 2)."""
    found = [eventprop(ratio, times, dt, crossing) for dt in STEPS]
    errors = {}
    for name in found[0]:
        error = np.abs([one[name] - stacked(exact, name) for one in found])
        errors[name] = error.reshape(len(STEPS), 2, -1).mean(2)
    return errors


@RATIOS
def test_eventprop_spikes_and_gradients_converge_with_first_order(ratio: int) -> None:
    times, exact = trials(ratio)
    for name, errors in eventprop_errors(ratio, times, exact, "grid").items():
        for error in errors.T:
            assert order(error) == pytest.approx(1, abs=0.2), name


@RATIOS
def test_interpolated_eventprop_gradients_converge_with_third_order(ratio: int) -> None:
    times = trials(ratio)[0] // STEPS[0] * STEPS[0]  # inputs on all grids
    exact = [closed_form(ratio, row) for row in times]
    errors = eventprop_errors(ratio, times, exact, "interpolated")
    for name in ("by_weight", "by_input"):
        for error in errors[name].T:
            # all is exact but the crossing, and a parabola leaves the third power of dt
            assert order(error) == pytest.approx(3, abs=0.3), name
