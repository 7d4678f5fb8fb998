"""Sources of spikes: what was sent, or what was recorded of it."""

from torch import Tensor

from core.functional.unterjubel import inject


def input_neuron(input: Tensor, hw_data: Tensor | None = None) -> Tensor:
    """Return ``input``, or the recorded spikes with the gradient of ``input``.

    :param input: spikes, shape (time, batch, neurons)
    :param hw_data: recorded spikes, at least as many time steps, or None
    :returns: shape (time, batch, neurons)
    """
    return inject(input, None if hw_data is None else hw_data[: len(input)])
