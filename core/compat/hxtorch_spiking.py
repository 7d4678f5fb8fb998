"""Stand-in of `_hxtorch_spiking`: raw recordings, and inputs as lists of times."""

from typing import Any, NoReturn

from torch import Tensor

from core.compat.hxtorch_core import TensorError
from core.errors import NotEmulatedError
from core.raw_handle import CADCHandle, MADCHandle, SpikeHandle

__all__ = [
    "CADCHandle",
    "MADCHandle",
    "SpikeHandle",
    "run",
    "tensor_to_spike_times",
]


def run(*arguments: Any, **options: Any) -> NoReturn:
    """Raise: only experiments are run.

    :raises NotEmulatedError: always
    """
    raise NotEmulatedError(
        "_hxtorch_spiking.run",
        "networks of the register level are not emulated.",
        "Use hxtorch.spiking.run(experiment, runtime).",
    )


def tensor_to_spike_times(tensor: Tensor, dt: float) -> list[list[list[float]]]:
    """Return the times of the spikes of each batch entry and neuron.

    :param tensor: shape (time, batch, neurons); what is not 0 is a spike
    :param dt: step width; times have its unit
    :raises TensorError: if the tensor is of another shape, empty, or not on the CPU

    >>> import torch
    >>> tensor_to_spike_times(torch.tensor([[[0, 1]], [[1, 1]]]), 0.5)
    [[[0.5], [0.0, 0.5]]]
    """
    if tensor.ndim != 3 or tensor.numel() == 0 or tensor.device.type != "cpu":
        raise TensorError(
            "tensor_to_spike_times",
            f"the tensor has shape {tuple(tensor.shape)} on '{tensor.device}'.",
            "Give spikes of shape (time, batch, neurons), not empty, on the CPU.",
        )
    _, batches, neurons = tensor.shape
    lists: list[list[list[float]]] = [
        [[] for _ in range(neurons)] for _ in range(batches)
    ]
    for step, batch, neuron in tensor.nonzero().tolist():
        lists[batch][neuron].append(step * dt)
    return lists
