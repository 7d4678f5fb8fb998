"""Stand-in of `_hxtorch_core`: lists of connections and of spikes from tensors."""

from typing import Any

import torch
from torch import Tensor

from core.compat.grenade.network.parts import Projection
from core.errors import ShapeError
from core.modules.types import integer_weights
from core.observables import SpikeHandle
from core.units import CYCLE


class TensorError(ShapeError, RuntimeError):
    """A tensor has a shape that cannot be read."""


def weight_to_connection(weight: Tensor, connections: Any = None) -> list[Any]:
    """Return the synapses of a weight matrix, row by row.

    :param weight: shape (target, source), rounded as on the chip; its sign is dropped
    :param connections: indices of the targets and of the sources, shape
        (2, connections); None takes all
    :raises TensorError: if a shape or an index does not fit

    >>> first, second = weight_to_connection(torch.tensor([[3.0, -5.0]]))
    >>> second.weight, second.index_pre[0], second.index_post[0]
    (Weight(5), 1, 0)
    """
    if weight.ndim != 2:
        raise TensorError(
            "weight_to_connection",
            f"the weight has shape {tuple(weight.shape)}.",
            "Give it the shape (target, source).",
        )
    values = abs(integer_weights(weight))
    if connections is None:
        rows, columns = torch.ones_like(weight).nonzero(as_tuple=True)
    else:
        rows, columns = _indices(connections, weight)
    kind = Projection.Connection
    return [
        kind((column, 0), (row, 0), kind.Weight(values[row, column]))
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
    ]


def _indices(connections: Any, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return the rows and columns of ``connections``."""
    indices = torch.as_tensor(connections)
    size = torch.tensor(weight.shape)
    fits = indices.ndim == 2 and len(indices) == 2
    if not fits or ((indices < 0) | (indices >= size[:, None])).any():
        raise TensorError(
            "weight_to_connection",
            f"the connections, of shape {tuple(indices.shape)}, do not name entries of "
            f"a weight of shape {tuple(weight.shape)}.",
            "Give the indices of the targets and of the sources.",
        )
    return indices[0], indices[1]


def dense_spikes_to_list(
    spikes: tuple[Tensor, Tensor], input_size: int
) -> list[list[list[float]]]:
    """Return the times of the spikes of each batch entry and neuron.

    :param spikes: neurons and times, both of shape (batch, spikes); an infinite time is
        no spike
    :param input_size: number of neurons
    :raises TensorError: if the shapes differ or there is no such neuron

    >>> dense_spikes_to_list((torch.tensor([[1, 0]]), torch.tensor([[0.5, 2.0]])), 2)
    [[[2.0], [0.5]]]
    """
    index, time = (torch.as_tensor(part) for part in spikes)
    happened = torch.isfinite(time)
    if index.ndim != 2 or index.shape != time.shape:
        raise TensorError(
            "dense_spikes_to_list",
            f"neurons have shape {tuple(index.shape)}, times {tuple(time.shape)}.",
            "Give both the shape (batch, spikes).",
        )
    if (happened & ((index < 0) | (index >= input_size))).any():
        raise TensorError(
            "dense_spikes_to_list",
            f"a spike is not of neuron 0 to {input_size - 1}.",
            "Check the indices and input_size.",
        )
    lists: list[list[list[float]]] = [[[] for _ in range(input_size)] for _ in index]
    for batch, number in happened.nonzero().tolist():
        neuron = int(index[batch, number])
        lists[batch][neuron].append(float(time[batch, number]))
    return lists


def extract_n_spikes(data: SpikeHandle, n_spikes: int) -> tuple[Tensor, Tensor]:
    """Return the first spikes of each batch entry.

    :param data: recorded spikes of a population
    :param n_spikes: how many
    :returns: neurons and times (s), both of shape (batch, n_spikes); where there are
        fewer, the neuron is −1 and the time infinite
    """
    index = torch.full((data.batch, n_spikes), -1)
    time = torch.full((data.batch, n_spikes), torch.inf)
    for batch in range(data.batch):
        mine = (data.events.batch == batch).nonzero()[0][:n_spikes]
        index[batch, : len(mine)] = torch.as_tensor(data.events.neuron[mine])
        time[batch, : len(mine)] = torch.as_tensor(data.events.cycle[mine] * CYCLE)
    return index, time
