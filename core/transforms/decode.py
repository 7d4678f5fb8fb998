"""From traces to one number per neuron; time is axis 0."""

import torch
from torch import Tensor


class MaxOverTime(torch.nn.Module):
    """Largest value over time; equal ones share the gradient.

    >>> MaxOverTime()(torch.tensor([[[1.0, 5.0]], [[2.0, 3.0]]]))
    tensor([[2., 5.]])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return the maximum, (time, batch, neurons) -> (batch, neurons)."""
        return input.amax(0)


class SumOverTime(torch.nn.Module):
    """Sum over time.

    >>> SumOverTime()(torch.tensor([[[1.0, 5.0]], [[2.0, 3.0]]]))
    tensor([[3., 8.]])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return the sum, (time, batch, neurons) -> (batch, neurons)."""
        return input.sum(0)


class MeanOverTime(torch.nn.Module):
    """Mean over time.

    >>> MeanOverTime()(torch.tensor([[[1.0, 5.0]], [[2.0, 3.0]]]))
    tensor([[1.5000, 4.0000]])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return the mean, (time, batch, neurons) -> (batch, neurons)."""
        return input.mean(0)
