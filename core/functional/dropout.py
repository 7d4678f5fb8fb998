"""Dropout with one mask for the whole batch."""

from torch import Tensor

from core.errors import ShapeError


def batch_dropout(input: Tensor, mask: Tensor) -> Tensor:
    """Return the spikes of the neurons that are left; they are not scaled up.

    :param input: spikes, shape (time, batch, neurons)
    :param mask: bool, shape (neurons,), False where a neuron is silenced
    :returns: same shape as ``input``
    :raises ShapeError: if the number of neurons differs

    >>> import torch
    >>> batch_dropout(torch.ones(1, 1, 3), torch.tensor([True, False, True]))
    tensor([[[1., 0., 1.]]])
    """
    if mask.shape != input.shape[-1:]:
        raise ShapeError(
            "dropout",
            f"the mask has shape {tuple(mask.shape)}, the spikes have "
            f"{tuple(input.shape)}.",
            f"Give a mask of shape ({input.shape[-1]},).",
        )
    return input * mask
