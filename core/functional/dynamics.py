"""Terms of the adaptive exponential integrate-and-fire equations.

In model units::

    C dv/dt      = i + g (E - v) + g D exp((v - V) / D) - w
    tau_w dw/dt  = a (v - E) - w,   and w jumps by b at each spike
    tau_s di/dt  = -i,              and i jumps by the input

The terms are functions that are chosen before the time loop starts, so that the loop
itself has few decisions. Potentials have shape (batch, neurons); parameters are scalars
or broadcast to that shape.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

#: Current into the membrane, from the membrane and the adaptation.
Current = Callable[[Tensor, Tensor], Tensor]
#: The adaptation one step later, from itself, the membrane and the spikes.
AdaptationStep = Callable[[Tensor, Tensor, Tensor], Tensor]


def currents(
    conductance: Any,
    *,
    leak: Any | None,
    exponential: tuple[Any, Any] | None,
    adaptive: bool,
) -> list[Current]:
    """Return the currents that add to the synaptic one.

    :param leak: ``E``, None switches the leak off
    :param exponential: ``D`` and ``V``, None switches the exponential off
    :param adaptive: whether the adaptation is subtracted
    """
    chosen: list[Current] = []
    if leak is not None:
        chosen.append(lambda v, w: conductance * (leak - v))
    if exponential is not None:
        slope, onset = exponential
        strength = conductance * slope
        chosen.append(lambda v, w: strength * torch.exp((v - onset) / slope))
    if adaptive:
        chosen.append(lambda v, w: -w)
    return chosen


def adaptation_step(
    dt: float,
    tau: Any,
    leak: Any,
    *,
    strength: Any | None,
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
