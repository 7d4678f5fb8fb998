"""From recordings in the format of NIR to spikes of a model.

Times of events are in the unit of the graph: times the ``time_factor`` of the model
(1e-3 if it has none) they are seconds. Events of a recording that would be shorter than
one step that way are in seconds already.
"""

import logging
from typing import Any

import nir
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.errors import ConversionError, NetworkError, Problem, ShapeError
from core.spec.nir.times import TIME_FACTOR, check_time_factor
from core.utils.nir_reading import UnsupportedNodeError

log = logging.getLogger(__name__)

#: A time that is computed from steps may miss its step by a rounding error.
_SLACK = 1e-6


def from_nir_data(
    nir_graph_data: nir.NIRGraphData, hxtorch_model: torch.nn.Module
) -> dict[str, Tensor]:
    """Return the spikes of all nodes in ``nir_graph_data``.

    :param hxtorch_model: model with an experiment ``exp``, whose steps are the grid
    :returns: spikes by node, float, shape (time, batch, neurons)
    :raises UnsupportedNodeError: for observables other than spikes and for graphs in
        graphs; lists all
    :raises ConversionError: if the data are no recordings

    >>> from core.utils.to_nir import SNN
    >>> spikes = nir.TimeGriddedData(np.ones((2, 30, 4), bool), dt=1e-3)
    >>> data = nir.NIRGraphData({"input": nir.NIRNodeData({"spikes": spikes})})
    >>> from_nir_data(data, SNN())["input"].shape
    torch.Size([30, 2, 4])
    """
    if not isinstance(nir_graph_data, nir.NIRGraphData):
        what = f"they are a {type(nir_graph_data).__name__}."
        raise ConversionError("NIR data", what, "Give a nir.NIRGraphData.")
    problems = [p for n, d in nir_graph_data.nodes.items() for p in _problems(n, d)]
    if problems:
        raise UnsupportedNodeError.of(problems)
    dt, factor = step_and_factor(hxtorch_model)
    return {
        name: _spikes(name, node.observables["spikes"], dt, factor)
        for name, node in nir_graph_data.nodes.items()
    }


def step_and_factor(model: torch.nn.Module) -> tuple[float, float]:
    """Return the step of a model, s, and what turns a time in NIR into seconds.

    :raises NetworkError: if the model has no experiment
    """
    exp: Any = getattr(model, "exp", None)
    if exp is None:
        raise NetworkError(
            type(model).__name__,
            "it has no experiment.",
            "Give it an attribute exp, or derive it from core.utils.to_nir.SNN.",
        )
    factor: float = getattr(model, "time_factor", TIME_FACTOR)
    check_time_factor(factor)
    return exp.dt, factor


def _problems(name: str, node: Any) -> list[Problem]:
    where = f"node '{name}'"
    if isinstance(node, nir.NIRGraphData):
        return [Problem(where, "it is a graph in the graph.", "Take its nodes out.")]
    others = sorted(node.observables.keys() - {"spikes"})
    if others or not node.observables:
        what = f"it holds {', '.join(others) or 'nothing'}."
        return [Problem(where, what, "Only spikes can be read.")]
    return []


def _spikes(name: str, data: Any, dt: float, factor: float) -> Tensor:
    if isinstance(data, nir.TimeGriddedData):
        if not any(np.isclose(data.dt, unit, rtol=1e-3) for unit in (dt, dt / factor)):
            log.warning(
                "Node '%s' has steps of %g, the model of %g s: steps are taken as they"
                " are. Give the model the step of the data.",
                name,
                data.dt,
                dt,
            )
        gridded: NDArray[Any] = data.data
    elif isinstance(data, nir.EventData):
        step = dt / factor
        gridded = _gridded(name, data, dt if data.t_max < step * (1 - _SLACK) else step)
    else:
        raise ConversionError(
            f"node '{name}'",
            f"its spikes are a {type(data).__name__}.",
            "Give nir.TimeGriddedData or nir.EventData.",
        )
    # (batch, time, neurons) -> (time, batch, neurons)
    return torch.from_numpy(gridded.astype(np.float32)).transpose(0, 1).contiguous()


def _gridded(name: str, data: Any, step: float) -> NDArray[np.float32]:
    """Return events on the time grid, shape (batch, time, neurons).

    :raises ShapeError: if a neuron or a time is outside of the recording
    """
    steps = int(np.floor(data.t_max / step + _SLACK))
    sample, event = np.nonzero(data.idx != -1)
    neuron = data.idx[sample, event]
    row = np.floor(data.time[sample, event] / step + _SLACK)
    late = ~((row >= 0) & (row < steps))
    if late.any() or (neuron < 0).any() or (neuron >= data.n_neurons).any():
        raise ShapeError(
            f"node '{name}'",
            "an event lies outside of its recording.",
            f"There are neurons 0 to {data.n_neurons - 1} and times from 0 to below"
            f" {data.t_max:g}.",
        )
    dense = np.zeros((len(data.idx), steps, data.n_neurons), np.float32)
    values = getattr(data, "value", None)
    dense[sample, row.astype(int), neuron] = (
        1.0 if values is None else values[sample, event]
    )
    return dense
