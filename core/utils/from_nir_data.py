"""From recordings in the format of NIR to tensors of a model.

Times are seconds, as ``dt`` of the experiment is; data in another unit come with a
``time_factor``: number × factor = seconds. (The unit cannot be read off the data: 2e-3
is 2 steps of 1 µs in milliseconds and 2000 in seconds.)
"""

import logging
import math
from typing import Any, Final

import nir
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.errors import (
    ConversionError,
    NetworkError,
    ParameterError,
    Problem,
    ShapeError,
)
from core.utils.nir_reading import UnsupportedNodeError

log = logging.getLogger(__name__)

#: Name of the observable that holds spikes, and of all that lie on the time grid.
SPIKES: Final = "spikes"
GRIDDED: Final = (SPIKES, "membrane_cadc", "adaptation_cadc", "current")
#: A time that is computed from steps may miss its step by a rounding error.
_SLACK = 1e-6


def from_nir_data(
    nir_graph_data: nir.NIRGraphData,
    hxtorch_model: torch.nn.Module,
    observable: str | None = None,
    time_factor: float = 1.0,
) -> dict[str, Tensor]:
    """Return what was recorded of all nodes in ``nir_graph_data``.

    :param hxtorch_model: model with an experiment ``exp``, whose steps are the grid
    :param observable: what to read of the nodes that have it; None reads the spikes of
        data that hold nothing else
    :param time_factor: time in the data × this = seconds
    :returns: by node, float, shape (time, batch, neurons)
    :raises UnsupportedNodeError: for graphs in graphs and, unless ``observable`` is
        given, for observables other than spikes; lists all
    :raises ConversionError: if the data are no recordings

    >>> from core.utils.to_nir import SNN
    >>> spikes = nir.TimeGriddedData(np.ones((2, 30, 4), bool), dt=1e-6)
    >>> data = nir.NIRGraphData({"input": nir.NIRNodeData({"spikes": spikes})})
    >>> from_nir_data(data, SNN(dt=1e-6))["input"].shape
    torch.Size([30, 2, 4])
    """
    if not isinstance(nir_graph_data, nir.NIRGraphData):
        what = f"they are a {type(nir_graph_data).__name__}."
        raise ConversionError("NIR data", what, "Give a nir.NIRGraphData.")
    nodes = nir_graph_data.nodes
    problems = [p for n, d in nodes.items() for p in _problems(n, d, observable)]
    if problems:
        raise UnsupportedNodeError.of(problems)
    dt = step(hxtorch_model, time_factor)
    name = observable or SPIKES
    return {
        node: _tensor(node, name, recorded.observables[name], dt)
        for node, recorded in nodes.items()
        if name in recorded.observables
    }


def step(model: torch.nn.Module, time_factor: float) -> float:
    """Return the step of a model in the unit of the data.

    :raises NetworkError: if the model has no experiment
    :raises ParameterError: if the factor is not above 0
    """
    exp: Any = getattr(model, "exp", None)
    if exp is None:
        raise NetworkError(
            type(model).__name__,
            "it has no experiment.",
            "Give it an attribute exp, or derive it from core.utils.to_nir.SNN.",
        )
    if not (math.isfinite(time_factor) and time_factor > 0):
        what = f"the time factor is {time_factor}."
        raise ParameterError("NIR data", what, "Give a number above 0.")
    # Without the rounding error of the division.
    return float(f"{exp.dt / time_factor:.15g}")


def _problems(name: str, node: Any, observable: str | None) -> list[Problem]:
    where = f"node '{name}'"
    if isinstance(node, nir.NIRGraphData):
        return [Problem(where, "it is a graph in the graph.", "Take its nodes out.")]
    others = sorted(node.observables.keys() - {SPIKES})
    if observable is None and (others or not node.observables):
        what = f"it holds {', '.join(others) or 'nothing'}."
        return [Problem(where, what, "Only spikes can be read.")]
    return []


def _tensor(name: str, observable: str, data: Any, dt: float) -> Tensor:
    if isinstance(data, nir.TimeGriddedData):
        if not math.isclose(data.dt, dt, rel_tol=1e-3):
            log.warning(
                "Node '%s' has steps of %g, the model of %g: steps are taken as they"
                " are. Give the model the step of the data.",
                name,
                data.dt,
                dt,
            )
        gridded: NDArray[Any] = data.data
    elif isinstance(data, nir.EventData):
        gridded = _gridded(name, data, dt)
    else:
        raise ConversionError(
            f"node '{name}'",
            f"its {observable} are a {type(data).__name__}.",
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
