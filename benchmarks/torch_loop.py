"""The plain torch loop: one operation for each term, one pass of Python for each step.

The honest baseline: it unbinds the input once. A loop over ``x[t]`` allocates a zero
tensor of the whole input in each backward step, so its time grows with the square of T.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.workloads import (
    ADAPTATION,
    ALPHA,
    DT,
    EXP_THRESHOLD,
    INCREMENT,
    REFRACTORY_TIME,
    SLOPE,
    TAU,
    TAU_ADAPTATION,
)

LEAK, THRESHOLD, RESET, CONDUCTANCE = 0.0, 1.0, 0.0, 1.0
Traces = tuple[Tensor, ...]


class SuperSpike(torch.autograd.Function):
    """Spikes with the surrogate gradient ``1 / (alpha |u| + 1)²``."""

    @staticmethod
    def forward(ctx: Any, u: Tensor) -> Tensor:
        """Return 1 where ``u`` is above 0."""
        ctx.save_for_backward(u)
        return (u > 0).to(u.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """Return the surrogate gradient."""
        (u,) = ctx.saved_tensors
        return gradients[0] / (ALPHA * u.abs() + 1).square()


def lif(x: Tensor, weight: Tensor | None = None) -> Traces:
    """Return spikes, membrane and current, each of shape (time, batch, neurons).

    :param x: graded spikes, shape (time, batch, neurons)
    :param weight: recurrent weights, shape (neurons, neurons); None has none
    """
    v = torch.full_like(x[0], LEAK)
    i = z = torch.zeros_like(v)
    trace: list[Traces] = []
    for x_t in x.unbind(0):
        given = x_t if weight is None or not trace else x_t + F.linear(z, weight)
        v = v + DT / TAU * (i + CONDUCTANCE * (LEAK - v))
        i = i * (1 - DT / TAU) + given
        z = SuperSpike.apply(v - THRESHOLD)
        fixed = z.detach()
        v = (1 - fixed) * v + fixed * RESET
        trace.append((z, v, i))
    return tuple(torch.stack(each) for each in zip(*trace, strict=True))


def li(x: Tensor) -> Traces:
    """Return membrane and current of neurons that do not spike."""
    v = torch.full_like(x[0], LEAK)
    i = torch.zeros_like(v)
    trace: list[Traces] = []
    for x_t in x.unbind(0):
        v = v + DT / TAU * (i + CONDUCTANCE * (LEAK - v))
        i = i * (1 - DT / TAU) + x_t
        trace.append((v, i))
    return tuple(torch.stack(each) for each in zip(*trace, strict=True))


def adex(x: Tensor) -> Traces:
    """Return spikes, membrane, current and adaptation; there is no gradient."""
    v = torch.full_like(x[0], LEAK)
    i = w = waiting = torch.zeros_like(v)
    trace: list[Traces] = []
    for x_t in x.unbind(0):
        drive = CONDUCTANCE * SLOPE * torch.exp((v - EXP_THRESHOLD) / SLOPE)
        v = v + DT / TAU * (i + (LEAK - v) + drive - w)
        i = i * (1 - DT / TAU) + x_t
        z = (v > THRESHOLD).to(v.dtype)
        pull = DT / TAU_ADAPTATION * ADAPTATION * (v - LEAK)
        w = w * (1 - DT / TAU_ADAPTATION) + pull + INCREMENT * z
        refractory = (waiting > 0).to(v.dtype)
        held = torch.maximum(z, refractory)
        v = (1 - held) * v + held * RESET
        z = (1 - refractory) * z
        waiting = torch.relu(waiting - refractory)
        waiting = (1 - z) * waiting + z * round(REFRACTORY_TIME / DT)
        trace.append((z, v, i, w))
    return tuple(torch.stack(each) for each in zip(*trace, strict=True))
