from typing import Any

import pytest
import torch

from core.functional.adjoint import adjoint
from core.functional.trajectory import Neuron, integrate, neuron, response

VALUES = {"leak": 0.0, "reset": 0.0, "threshold": 1.0, "tau_syn": 6e-6, "tau_mem": 9e-6}


def neurons(x: torch.Tensor, dt: float = 1e-6, **changes: Any) -> Neuron:
    return neuron(x, dt=dt, **{**VALUES, **changes})


def drive(*shape: int) -> torch.Tensor:
    rng = torch.Generator().manual_seed(5)
    return torch.rand(shape, generator=rng, dtype=torch.float64)


@pytest.mark.parametrize("tau_mem", [6e-6, 9e-6, 3e-6])
def test_interpolated_membranes_without_spikes_are_exact(tau_mem: float) -> None:
    x = torch.zeros(40, 1, 1, dtype=torch.float64)
    x[3] = 2.0
    n = neurons(x, tau_mem=tau_mem, leak=0.1, threshold=9.0)
    found = integrate(x, n, "interpolated")
    time = (torch.arange(40, dtype=torch.float64) - 3).clamp(min=0) * 1e-6
    if tau_mem == 6e-6:
        exact = 0.1 + 2 * time / 6e-6 * torch.exp(-time / 6e-6)
    else:
        fast, slow = torch.exp(-time / 6e-6), torch.exp(-time / tau_mem)
        exact = 0.1 + 2 * 6e-6 / (6e-6 - tau_mem) * (fast - slow)
    torch.testing.assert_close(found.membrane[:, 0, 0], exact, rtol=1e-12, atol=1e-12)
    # an input in row 3 is seen in the current of row 4
    assert found.current[:5, 0, 0].tolist() == [0, 0, 0, 0, 2]
    assert (found.moment == 1).all()


def test_response_is_smooth_where_the_time_constants_are_equal() -> None:
    a = torch.tensor([0.5, 0.5, 0.5], dtype=torch.float64)
    b = a + torch.tensor([-1e-9, 0.0, 1e-9], dtype=torch.float64)
    exact = torch.full_like(a, 0.5 * torch.exp(torch.tensor(-0.5)))
    torch.testing.assert_close(response(a, b), exact, rtol=1e-7, atol=0)
    assert torch.isfinite(response(torch.tensor(1e4), torch.tensor(1e-3)))


def test_a_leak_over_the_threshold_spikes_at_the_known_moment() -> None:
    # literature: tau_mem ln((leak - 0) / (leak - threshold)) = 20 ln 2 = 13.8629436
    x = torch.zeros(60, 1, 1, dtype=torch.float64)
    n = neurons(x, tau_mem=20e-6, leak=2.0)
    # the first membrane is the leak: it spikes at once, and then from the reset at 0
    found = integrate(x, n, "interpolated")
    rows = found.spikes[:, 0, 0].nonzero().flatten()
    assert rows.tolist() == [1, 14, 28, 42, 56]
    times = rows - 1 + found.moment[rows, 0, 0]
    exact = torch.arange(5) * 20 * torch.log(torch.tensor(2.0, dtype=torch.float64))
    # the parabola errs by (dt / tau)² / 40 = 6e-5 steps for each spike
    torch.testing.assert_close(times, exact, rtol=0, atol=3e-4)


def test_the_two_schemes_meet_for_small_steps() -> None:
    spikes = {}
    for crossing in ("grid", "interpolated"):
        # the same input in time: one every microsecond
        x = torch.zeros(4000, 1, 3, dtype=torch.float64)
        x[::100] = 0.7 * drive(40, 1, 3)
        n = neurons(x, dt=1e-8)
        # neuron and step of each spike
        spikes[crossing] = integrate(x, n, crossing).spikes[:, 0].T.nonzero()
    grid, interpolated = spikes["grid"], spikes["interpolated"]
    assert len(grid) == len(interpolated) == 15
    # Euler steps err by about half a step for each spike, up to six in a row
    assert (grid - interpolated).abs().max() <= 3


@pytest.mark.parametrize("tau_mem", [6e-6, 9e-6])
def test_adjoint_equals_finite_differences_of_several_spike_times(
    tau_mem: float,
) -> None:
    dt = 0.25e-6
    x = 0.6 * drive(120, 2, 3) * (drive(120, 2, 3).flip(0) > 0.6)
    n = neurons(x, dt=dt, tau_mem=tau_mem, reset=-0.2, leak=0.05)

    def times(x: torch.Tensor) -> torch.Tensor:
        found = integrate(x, n, "interpolated")
        rows = torch.arange(len(x))[:, None, None]
        return torch.where(found.spikes > 0, (rows - 1 + found.moment) * dt, 0.0)

    trajectory = integrate(x, n, "interpolated")
    assert trajectory.spikes.sum(0).min() > 2
    weights = torch.arange(x.numel()).reshape(x.shape).to(x).cos()
    # the gradient of a spike is minus the derivative by its time
    found = -adjoint(weights, trajectory, n)[0]
    step = 1e-5
    for place in ((0, 0, 0), (17, 0, 1), (50, 1, 2), (80, 1, 0)):
        move = torch.zeros_like(x)
        move[place] = step
        change = times(x + move) - times(x - move)
        difference = (change * weights).sum() / (2 * step)
        # the parabola errs by (dt / tau)² / 40 = 4e-5, slow crossings by more
        assert found[place] == pytest.approx(float(difference), rel=3e-3)
