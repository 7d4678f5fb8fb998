import math

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


@pytest.mark.parametrize("count", range(1, 40))
def test_steps_of_float32_tensors_are_free_of_rounding_noise(count: int) -> None:
    # 3e-6 / 1e-6 is 3.0000002 in float32, which would hold a fourth step.
    for dt in (1e-6, 0.5e-6):
        steps = refractory_steps(torch.tensor([count * 1e-6]), dt)
        assert math.ceil(steps.item()) == round(count * 1e-6 / dt)
