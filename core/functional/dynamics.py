"""Terms of the adaptive exponential integrate-and-fire equations.

In model units::

    C dv/dt      = i + g (E - v) + g D exp((v - V) / D) - w
    tau_w dw/dt  = a (v - E) - w,   and w jumps by b at each spike
    tau_s di/dt  = -i,              and i jumps by the input

Each function returns one term as a function, chosen before the time loop starts, so
that the loop itself has no decisions. Potentials have shape (batch, neurons);
parameters are scalars or broadcast to that shape.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

#: Current into the membrane, from the membrane and the adaptation.
Current = Callable[[Tensor, Tensor], Tensor]
#: The adaptation one step later, from itself, the membrane and the spikes.
AdaptationStep = Callable[[Tensor, Tensor, Tensor], Tensor]


def leak_current(conductance: Any, leak: Any) -> Current:
    """Return ``g (E - v)``."""
    return lambda v, w: conductance * (leak - v)


def exponential_current(conductance: Any, slope: Any, onset: Any) -> Current:
    """Return ``g D exp((v - V) / D)`` with slope ``D`` and onset ``V``."""
    strength = conductance * slope
    return lambda v, w: strength * torch.exp((v - onset) / slope)


def adaptation_current() -> Current:
    """Return ``-w``."""
    return lambda v, w: -w


def adaptation_step(
    dt: float,
    tau: Any,
    *,
    strength: Any | None,
    leak: Any,
    increment: Any | None,
) -> AdaptationStep:
    """Return the Euler step of the adaptation.

    :param strength: ``a`` of the subthreshold adaptation, None switches it off
    :param increment: ``b`` of each spike, None switches it off
    """
    rate = dt / tau
    decay = 1 - rate

    def step(w: Tensor, v: Tensor, z: Tensor) -> Tensor:
        w = w * decay
        if strength is not None:
            w = w + rate * strength * (v - leak)
        if increment is not None:
            w = w + increment * z
        return w

    return step
