"""From model weights to weights on the chip."""

from torch import Tensor

from core.units import WEIGHT_MAX


def linear_saturating(
    weight: Tensor,
    scale: float = 1.0,
    min_weight: float = -float(WEIGHT_MAX),
    max_weight: float = float(WEIGHT_MAX),
) -> Tensor:
    """Scale ``weight`` and clip it to what the chip can hold.

    :param weight: model units, any shape
    :param scale: weight LSB of a model weight of 1
    :param min_weight: LSB
    :param max_weight: LSB
    :returns: LSB, same shape

    >>> import torch
    >>> linear_saturating(torch.tensor([-2.0, 0.5, 2.0]), scale=50)
    tensor([-63.,  25.,  63.])
    """
    return (scale * weight).clamp(min_weight, max_weight)
