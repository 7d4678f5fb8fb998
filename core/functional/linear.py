"""Synapses: weighted sums over the sources, in model units."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from core.units import WEIGHT_MAX


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return ``input @ weight.T + bias``.

    :param input: shape (time, batch, source), or any other leading shape
    :param weight: shape (target, source)
    :param bias: shape (target,)
    :returns: shape (time, batch, target)
    """
    return F.linear(input, weight, bias)


def linear_sparse(
    input: Tensor,
    weight: Tensor,
    connections: Tensor | None = None,
    bias: Tensor | None = None,
) -> Tensor:
    """Return the weighted sum over existing connections.

    The weights of missing connections are set to zero in place.

    :param input: shape (time, batch, source)
    :param weight: shape (target, source)
    :param connections: bool, shape (target, source); None keeps all
    :param bias: shape (target,)
    :returns: shape (time, batch, target)
    """
    if connections is not None:
        weight.data[~connections] = 0
    return F.linear(input, weight, bias)


class WeightRounding(torch.autograd.Function):
    """Round weights to the steps of the chip, with identity gradient."""

    @staticmethod
    def forward(ctx: Any, cap: float, weight: Tensor) -> Tensor:
        """Return ``weight`` in multiples of ``cap / 63``."""
        return torch.round(weight * WEIGHT_MAX / cap) * cap / WEIGHT_MAX

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[None, Tensor]:
        """Pass the gradient to the weights."""
        return None, grad_outputs[0]


def linear_exponential_clamp(
    inputs: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    cap: float = 1.5,
    start_weight: float = 61.0,
    quantize: bool = False,
) -> Tensor:
    """Return the weighted sum, with large weights rolled off towards ``cap``.

    :param inputs: shape (time, batch, source)
    :param weight: shape (target, source)
    :param bias: shape (target,)
    :param cap: largest weight, model units
    :param start_weight: where the roll-off starts, LSB, less than 63
    :param quantize: round to the steps of the chip, ``cap / 63``
    :returns: shape (time, batch, target)
    """
    start = start_weight / WEIGHT_MAX
    k = 1 / (1 - start)
    excess = weight.abs() / cap - start
    rolled = torch.sign(weight) * cap * (1 - torch.exp(-k * excess) / k)
    weight = torch.where(excess > 0, rolled, weight)
    if quantize:
        weight = WeightRounding.apply(cap, weight)  # type: ignore[no-untyped-call]
    return F.linear(inputs, weight, bias)
