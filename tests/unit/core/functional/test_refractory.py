import math
from typing import Any

import pytest
import torch

from core.functional.refractory import refractory_steps, refractory_update

ZERO = torch.zeros(1, 2)
ONE = torch.ones(1, 2)


def update(z: torch.Tensor, v: torch.Tensor, state: torch.Tensor, **hw: torch.Tensor):  # type: ignore[no-untyped-def]
    return refractory_update(
        z,
        v,
        state,
        hw.get("spikes"),
        hw.get("membrane"),
        reset=-1.0,
        refractory_time=2e-6,
        dt=1e-6,
    )


def test_spike_starts_the_counter() -> None:
    z, v, state = update(ONE, ONE, torch.zeros(2, dtype=torch.int64))
    assert (z.tolist(), v.tolist(), state.tolist()) == ([[1, 1]], [[1, 1]], [[2, 2]])


def test_refractory_neuron_is_silent_and_reset() -> None:
    z, v, state = update(ONE, ONE, 2 * ONE)
    assert (z.tolist(), v.tolist(), state.tolist()) == ([[0, 0]], [[-1, -1]], [[1, 1]])


def test_measured_data_overrides_refractoriness() -> None:
    z, v, state = update(ZERO, ONE, ONE, spikes=ONE, membrane=5 * ONE)
    assert (z.tolist(), v.tolist(), state.tolist()) == ([[1, 1]], [[5, 5]], [[2, 2]])


@pytest.mark.parametrize(
    ("time", "dt"),
    [
        (31e-6, 1e-6),
        (1.1e-6, 0.1e-6),
        (3e-6, 0.1e-6),
        (torch.tensor(56e-9), 8e-9),
        (torch.tensor(0.4e-6), 8e-9),
    ],
)
def test_rounding_noise_holds_no_further_step(time: Any, dt: float) -> None:
    whole = round(float(time) / dt)
    assert math.ceil(time / dt) == whole + 1, "without care it would be a step more"
    assert math.ceil(refractory_steps(time, dt)) == whole
