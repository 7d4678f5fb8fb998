"""Spike functions with surrogate gradients.

Forward, a spike is the step function of the distance to the threshold. Backward, the
superspike surrogate is used (Zenke and Ganguli, 2018)::

    dz/dx = 1 / (alpha |x| + 1)²
"""

from typing import Any

import torch
from torch import Tensor

from core.errors import ParameterError, did_you_mean
from core.functional.parameters import check_parameter


class SuperSpike(torch.autograd.Function):
    """Step function with the superspike gradient.

    >>> x = torch.tensor([-0.1, 0.1], requires_grad=True)
    >>> spikes = SuperSpike.apply(x, 10.0)
    >>> spikes.sum().backward()
    >>> spikes.tolist(), x.grad.tolist()
    ([0.0, 1.0], [0.25, 0.25])
    """

    @staticmethod
    def forward(ctx: Any, input: Tensor, alpha: float) -> Tensor:
        """Return 1 where ``input`` is greater than 0, else 0, in its dtype."""
        ctx.save_for_backward(input)
        ctx.alpha = alpha
        return (input > 0).to(input.dtype)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None]:
        """Return the surrogate gradient of ``input``; ``alpha`` has none."""
        (input,) = ctx.saved_tensors
        return grad_outputs[0] / (ctx.alpha * input.abs() + 1).square(), None


def superspike_func(input: Tensor, alpha: float = 50.0) -> Tensor:
    """Return the spikes of ``input`` with the superspike gradient.

    :param input: membrane minus threshold, any shape, model units
    :param alpha: steepness of the surrogate, 1 / model units
    :returns: same shape, 0 or 1

    >>> superspike_func(torch.tensor([-0.1, 0.1]))
    tensor([0., 1.])
    """
    spikes: Tensor = SuperSpike.apply(input, alpha)  # type: ignore[no-untyped-call]
    return spikes


METHODS = {"superspike": superspike_func}


def threshold(input: Tensor, method: str, alpha: float) -> Tensor:
    """Return the spikes of ``input`` with the surrogate gradient ``method``.

    :param input: membrane minus threshold, any shape, model units
    :param method: ``"superspike"``
    :param alpha: steepness of the surrogate, 1 / model units
    :returns: same shape, 0 or 1
    :raises ParameterError: if there is no such method

    >>> threshold(torch.tensor([-0.1, 0.0, 0.1]), "superspike", 50.0)
    tensor([0., 0., 1.])
    """
    check_method(method)
    return METHODS[method](input, alpha)


def check_method(method: str) -> None:
    """Raise if there is no surrogate gradient called ``method``.

    :raises ParameterError: naming the known ones
    """
    if method not in METHODS:
        raise ParameterError(
            "surrogate gradient",
            f"Threshold function '{method}' is not implemented yet.",
            f"Use one of {sorted(METHODS)}.{did_you_mean(str(method), METHODS)}",
        )


def check_alpha(where: str, alpha: Any) -> Any:
    """Return the steepness of a surrogate gradient, a number or a tensor.

    :param where: what it is of
    :raises ParameterError: if it is no number, not finite or negative
    """
    name = f"{where}.alpha"
    checked = check_parameter(name, alpha)
    if isinstance(checked, Tensor) and checked.numel() == 1:
        checked = checked.item()
    negative = checked < 0
    if bool(negative.any() if isinstance(negative, Tensor) else negative):
        raise ParameterError(name, f"is {alpha}.", "Give 0 or more, 50 for example.")
    return checked
