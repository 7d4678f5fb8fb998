"""Put measured data in place of computed data and let the gradient pass."""

from typing import Any

import torch
from torch import Tensor


class Unterjubel(torch.autograd.Function):
    """Forward the second argument, pass the gradient to the first.

    >>> computed = torch.tensor([1.0], requires_grad=True)
    >>> measured = Unterjubel.apply(computed, torch.tensor([5.0]))
    >>> measured.backward()
    >>> measured.item(), computed.grad.item()
    (5.0, 1.0)
    """

    @staticmethod
    def forward(ctx: Any, input: Tensor, input_prime: Tensor) -> Tensor:
        """Return the values of ``input_prime``."""
        return input_prime.to(input, copy=True)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None]:
        """Return the gradient of ``input``; the measured data has none."""
        return grad_outputs[0], None


def inject(computed: Tensor, measured: Tensor | None) -> Tensor:
    """Return ``measured`` with the gradient of ``computed``, or ``computed``.

    :param computed: any shape
    :param measured: same shape, or None if nothing was measured
    """
    if measured is None:
        return computed
    injected: Tensor = Unterjubel.apply(computed, measured)  # type: ignore[no-untyped-call]
    return injected
