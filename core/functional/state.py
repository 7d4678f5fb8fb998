"""The state of neurons: before the first step, and over all steps."""

from typing import Any

import torch
from torch import Tensor

#: membrane, current, adaptation and spikes
States = tuple[Tensor, Tensor, Tensor, Tensor]


def initial_membrane(input: Tensor, potential: Any) -> Tensor:
    """Return membranes at ``potential``, shape (batch, neurons).

    :param input: graded spikes, shape (time, batch, neurons)
    """
    membrane: Tensor = input.new_zeros(input.shape[1:]) + potential
    return membrane


def stacked(trace: list[States], like: Tensor) -> States:
    """Return the states of all steps.

    :param trace: states of each step, shape (batch, neurons)
    :param like: of shape (time, batch, neurons), for a trace without steps
    :returns: each of shape (time, batch, neurons)
    """
    if not trace:
        v, i, w, z = (torch.zeros_like(like[:0]) for _ in range(4))
    else:
        v, i, w, z = map(torch.stack, zip(*trace, strict=True))
    return v, i, w, z
