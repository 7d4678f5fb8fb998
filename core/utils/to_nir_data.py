"""From spikes of a model to recordings in the format of NIR."""

from collections.abc import Mapping
from typing import Any

import nir
import torch
from torch import Tensor

from core.errors import ConversionError, Problem, ShapeError
from core.utils.from_nir_data import step_and_factor


def to_nir_data(
    hxtorch_dict: Mapping[str, Tensor], hxtorch_model: torch.nn.Module
) -> nir.NIRGraphData:
    """Return spikes as recordings on the time grid of a model.

    The step is that of the experiment in the unit of the graph: seconds divided by the
    ``time_factor`` of the model (1e-3 if it has none).

    :param hxtorch_dict: spikes by node, shape (time, batch, neurons); what is not 0 is
        one spike
    :param hxtorch_model: model with an experiment ``exp``
    :returns: data of type bool, shape (batch, time, neurons)
    :raises ConversionError: if spikes are no dense tensors; lists all
    :raises ShapeError: if spikes have another number of axes; lists all
    :raises NetworkError: if the model has no experiment

    >>> from core.utils.to_nir import SNN
    >>> data = to_nir_data({"input": torch.ones(30, 2, 4)}, SNN(dt=1e-6))
    >>> spikes = data.nodes["input"].observables["spikes"]
    >>> spikes.shape, spikes.dt
    ((2, 30, 4), 0.001)
    """
    if not isinstance(hxtorch_dict, Mapping):
        raise ConversionError(
            "NIR data",
            f"the spikes are a {type(hxtorch_dict).__name__}.",
            "Give a dict of tensors by the name of their node.",
        )
    wrong = [
        Problem(
            f"spikes of '{name}'",
            f"they are a {_kind(spikes)}.",
            "Give a dense tensor of shape (time, batch, neurons).",
        )
        for name, spikes in hxtorch_dict.items()
        if _kind(spikes) != "tensor"
    ]
    if wrong:
        raise ConversionError.of(wrong)
    problems = [
        Problem(
            f"spikes of '{name}'",
            f"they have the shape {tuple(spikes.shape)}.",
            "Give them the shape (time, batch, neurons).",
        )
        for name, spikes in hxtorch_dict.items()
        if spikes.ndim != 3
    ]
    if problems:
        raise ShapeError.of(problems)
    dt, factor = step_and_factor(hxtorch_model)
    step = float(f"{dt / factor:.15g}")  # without the rounding error of the division
    nodes: dict[str, Any] = {
        name: nir.NIRNodeData({"spikes": nir.TimeGriddedData(_gridded(spikes), step)})
        for name, spikes in hxtorch_dict.items()
    }
    return nir.NIRGraphData(nodes)


def _kind(spikes: Any) -> str:
    if not isinstance(spikes, Tensor):
        return type(spikes).__name__
    return "tensor" if spikes.layout is torch.strided else "sparse tensor"


def _gridded(spikes: Tensor) -> Any:
    """Return True where there is a spike, shape (batch, time, neurons)."""
    return (spikes.detach() != 0).transpose(0, 1).contiguous().cpu().numpy()
