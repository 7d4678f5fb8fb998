"""Synapses: weighted sums over the sources, in model units."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from core.errors import ParameterError, ShapeError
from core.functional.parameters import check_parameter
from core.functional.projection import project
from core.units import WEIGHT_MAX


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return ``input @ weight.T + bias``.

    :param input: shape (time, batch, source), or any other leading shape
    :param weight: shape (target, source)
    :param bias: shape (target,)
    :returns: shape (time, batch, target)

    >>> linear(torch.ones(4, 1, 2), torch.ones(3, 2)).shape
    torch.Size([4, 1, 3])
    """
    y = project(input, weight)
    return y if bias is None else y + bias


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
    :raises ShapeError: if ``connections`` has not the shape of ``weight``

    >>> weight = torch.ones(2, 2)
    >>> linear_sparse(torch.ones(1, 1, 2), weight, torch.eye(2).bool())
    tensor([[[1., 1.]]])
    >>> weight.tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    if connections is not None:
        if connections.shape != weight.shape:
            raise ShapeError(
                "sparse synapses",
                f"connections have shape {tuple(connections.shape)}, weights "
                f"{tuple(weight.shape)}.",
                "Give both the shape (target, source).",
            )
        weight.data[~connections] = 0
    return linear(input, weight, bias)


class WeightRounding(torch.autograd.Function):
    """Round weights to the steps of the chip, with identity gradient.

    >>> WeightRounding.apply(63.0, torch.tensor([1.4, -1.6]))
    tensor([ 1., -2.])
    """

    @staticmethod
    def forward(ctx: Any, cap: float, weight: Tensor) -> Tensor:
        """Return ``weight`` in multiples of ``cap / 63``."""
        return torch.round(weight * WEIGHT_MAX / cap) * cap / WEIGHT_MAX

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[None, Tensor]:
        """Pass the gradient to the weights."""
        return None, grad_outputs[0]


def linear_mock(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    weight_step: float = 1.0,
    weight_bounds: tuple[float, float] = (-WEIGHT_MAX, WEIGHT_MAX),
) -> Tensor:
    """Return the weighted sum with weights as a chip has them: in steps, and bounded.

    Gradients pass the rounding; weights out of bounds have none.

    :param input: shape (time, batch, source)
    :param weight: shape (target, source)
    :param bias: shape (target,)
    :param weight_step: distance of two weights, above 0
    :param weight_bounds: smallest and largest weight, in steps
    :returns: shape (time, batch, target)
    :raises ParameterError: if the step is not above 0

    >>> weight = torch.tensor([[0.26], [9.0]])
    >>> linear_mock(torch.ones(1, 1, 1), weight, None, 0.1, (-63, 63)).flatten()
    tensor([0.3000, 6.3000])
    """
    step = check_parameter("weight_step", weight_step, above=0)
    steps = (weight / step).clamp(*weight_bounds)
    rounded = steps + (steps.round() - steps).detach()
    return F.linear(input, rounded * step, bias)


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
    :param start_weight: where the roll-off starts, LSB, 0…63 but not 63 itself
    :param quantize: round to the steps of the chip, ``cap / 63``
    :returns: shape (time, batch, target)
    :raises ParameterError: if ``cap`` or ``start_weight`` is out of range

    >>> y = linear_exponential_clamp(torch.ones(1, 1, 1), torch.tensor([[1.0], [9.0]]))
    >>> y.flatten().tolist()
    [1.0, 1.5]
    """
    if not cap > 0 or not 0 <= start_weight < WEIGHT_MAX:
        raise ParameterError(
            "exponential clamp",
            f"cap is {cap}, start_weight is {start_weight}.",
            f"Give a cap above 0, and a start_weight from 0 to below {WEIGHT_MAX}.",
        )
    start = start_weight / WEIGHT_MAX
    k = 1 / (1 - start)
    excess = weight.abs() / cap - start
    rolled = torch.sign(weight) * cap * (1 - torch.exp(-k * excess) / k)
    weight = torch.where(excess > 0, rolled, weight)
    if quantize:
        weight = WeightRounding.apply(cap, weight)  # type: ignore[no-untyped-call]
    return F.linear(inputs, weight, bias)
