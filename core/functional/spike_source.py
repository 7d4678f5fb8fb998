"""Sources of spikes: what was sent, or what was recorded of it."""

from torch import Tensor

from core.functional.unterjubel import inject


def input_neuron(input: Tensor, hw_data: Tensor | None = None) -> Tensor:
    """Return ``input``, or the recorded spikes with the gradient of ``input``.

    :param input: spikes, shape (time, batch, neurons)
    :param hw_data: recorded spikes, or None; rows after the last input are dropped
    :returns: shape (time, batch, neurons), with as many steps as both have

    >>> import torch
    >>> input_neuron(torch.ones(3, 1, 1), torch.zeros(4, 1, 1)).flatten().tolist()
    [0.0, 0.0, 0.0]
    """
    if hw_data is None:
        return input
    length = min(len(input), len(hw_data))
    return inject(input[:length], hw_data[:length])
