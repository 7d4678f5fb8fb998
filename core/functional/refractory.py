"""Refractoriness: after a spike the membrane is held at reset for some steps."""

from typing import Any

import torch
from torch import Tensor

from core.functional.unterjubel import inject

#: More steps than any run has: longer times are the same.
_FOREVER = 1e9


def refractory_steps(refractory_time: Any, dt: float) -> Any:
    """Return the refractory time in steps, free of rounding noise, at most 1e9.

    :param refractory_time: s, number or tensor
    :param dt: step width, s
    """
    steps = refractory_time / dt
    # 3 µs / 1 µs may be 3.0000002, which would hold the membrane a fourth step.
    if torch.is_tensor(steps):
        return torch.round(steps.clamp_max(_FOREVER), decimals=3)
    return round(min(steps, _FOREVER), 3)


def refractory_mask(
    z: Tensor, v: Tensor, counter: Tensor, reset: Any
) -> tuple[Tensor, Tensor, Tensor]:
    """Silence and reset the neurons whose ``counter`` still runs.

    :param z: spikes, shape (batch, neurons)
    :param v: membrane, same shape, model units
    :param counter: steps left, shape (neurons,) or (batch, neurons)
    :param reset: reset potential, model units
    :returns: spikes, membrane, and the counter one step later
    """
    refractory = counter > 0
    v = torch.where(refractory, reset, v)
    z = torch.where(refractory, 0.0, z)
    return z, v, torch.relu(counter - refractory.to(counter.dtype))


def refractory_restart(z: Tensor, counter: Tensor, steps: Any) -> Tensor:
    """Return the counter, set to ``steps`` for the neurons that spiked.

    :param z: spikes, shape (batch, neurons), 0 or 1
    :param counter: steps left, shape (neurons,) or (batch, neurons)
    :param steps: refractory time in steps
    """
    return torch.where(z.detach() > 0, steps, counter)


def refractory_update(
    z: Tensor,
    v: Tensor,
    ref_state: Tensor,
    spikes_hw: Tensor | None,
    membrane_hw: Tensor | None,
    *,
    reset: Any,
    refractory_time: Any,
    dt: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Apply refractoriness for one step; measured data overrides it.

    :param z: spikes before refractoriness, shape (batch, neurons)
    :param v: membrane, same shape, model units
    :param ref_state: refractory steps left, shape (neurons,) or (batch, neurons)
    :param spikes_hw: measured spikes of this step, or None
    :param membrane_hw: measured membrane of this step, model units, or None
    :param reset: reset potential, model units
    :param refractory_time: s
    :param dt: step width, s
    :returns: spikes, membrane and refractory steps left

    >>> spiked, rest = torch.ones(1, 1), torch.zeros(1)
    >>> *_, left = refractory_update(
    ...     spiked, spiked, rest, None, None, reset=0, refractory_time=2e-6, dt=1e-6
    ... )
    >>> left.item()
    2.0
    """
    z, v, counter = refractory_mask(z, v, ref_state.float(), reset)
    z, v = inject(z, spikes_hw), inject(v, membrane_hw)
    steps = refractory_steps(refractory_time, dt)
    return z, v, refractory_restart(z, counter, steps)
