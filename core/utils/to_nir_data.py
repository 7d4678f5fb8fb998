"""From what a model did to recordings in the format of NIR."""

from collections.abc import Mapping
from typing import Any

import nir
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.errors import ConversionError, ParameterError, Problem, ShapeError
from core.handle import DataHandle
from core.utils.from_nir_data import GRIDDED, SPIKES, step

FORMS = ("grid", "events")


def to_nir_data(
    hxtorch_dict: Mapping[str, Any],
    hxtorch_model: torch.nn.Module,
    form: str = "grid",
    time_factor: float = 1.0,
) -> nir.NIRGraphData:
    """Return spikes, and traces, as recordings of nodes.

    :param hxtorch_dict: by node: spikes, shape (time, batch, neurons), of which what is
        not 0 is one spike; or the handle of a neuron, whose spikes, membrane and other
        signals on the time grid become observables of their names; a handle without
        any, as that of a synapse, is left out
    :param hxtorch_model: model with an experiment ``exp``, whose step is the grid
    :param form: of the spikes: ``"grid"`` of type bool, shape (batch, time, neurons),
        or ``"events"`` by time; signals are values on the grid
    :param time_factor: time in the data × this = seconds; 1e-3 writes milliseconds
    :raises ConversionError: if spikes are no dense tensors; lists all
    :raises ShapeError: if they have another number of axes; lists all
    :raises NetworkError: if the model has no experiment

    >>> from core.utils.to_nir import SNN
    >>> data = to_nir_data({"input": torch.ones(30, 2, 4)}, SNN(dt=1e-6))
    >>> spikes = data.nodes["input"].observables["spikes"]
    >>> spikes.shape, spikes.dt
    ((2, 30, 4), 1e-06)
    """
    if form not in FORMS:
        raise ParameterError(
            "NIR data", f"the form is {form!r}.", f"Use one of {', '.join(FORMS)}."
        )
    if not isinstance(hxtorch_dict, Mapping):
        raise ConversionError(
            "NIR data",
            f"the spikes are a {type(hxtorch_dict).__name__}.",
            "Give a dict of tensors by the name of their node.",
        )
    signals = {name: _signals(given) for name, given in hxtorch_dict.items()}
    _refuse_others(signals)
    signals = {name: found for name, found in signals.items() if found}
    dt = step(hxtorch_model, time_factor)
    nodes: dict[str, Any] = {
        name: nir.NIRNodeData(
            {key: _observable(key, x, dt, form) for key, x in recorded.items()}
        )
        for name, recorded in signals.items()
    }
    return nir.NIRGraphData(nodes)


def _signals(given: Any) -> dict[str, Any]:
    """Return what was recorded of a node, by observable."""
    if not isinstance(given, DataHandle):
        return {SPIKES: given}
    return {name: getattr(given, name) for name in GRIDDED if given.holds(name)}


def _refuse_others(signals: Mapping[str, Mapping[str, Any]]) -> None:
    flat = [(n, key, x) for n, found in signals.items() for key, x in found.items()]
    wrong = [
        Problem(
            f"{key} of '{name}'",
            f"they are a {_kind(x)}.",
            "Give a dense tensor of shape (time, batch, neurons).",
        )
        for name, key, x in flat
        if _kind(x) != "tensor"
    ]
    if not any(signals.values()):  # a synapse has none, but then its neurons have
        wrong += [
            Problem(f"node '{name}'", "its handle is empty.", "Run the model first.")
            for name in signals
        ]
    if wrong:
        raise ConversionError.of(wrong)
    problems = [
        Problem(
            f"{key} of '{name}'",
            f"they have the shape {tuple(x.shape)}.",
            "Give them the shape (time, batch, neurons).",
        )
        for name, key, x in flat
        if x.ndim != 3
    ]
    if problems:
        raise ShapeError.of(problems)


def _kind(spikes: Any) -> str:
    if not isinstance(spikes, Tensor):
        return type(spikes).__name__
    return "tensor" if spikes.layout is torch.strided else "sparse tensor"


def _observable(key: str, x: Tensor, dt: float, form: str) -> Any:
    # (time, batch, neurons) -> (batch, time, neurons)
    values = x.detach().transpose(0, 1).contiguous().cpu()
    if key != SPIKES:
        return nir.TimeGriddedData(values.numpy(), dt)
    gridded = (values != 0).numpy()
    return nir.TimeGriddedData(gridded, dt) if form == "grid" else events(gridded, dt)


def events(gridded: NDArray[np.bool_], dt: float) -> nir.EventData:
    """Return spikes on the grid as events, each sample in order of time.

    A time never falls short of its step, so that who divides by ``dt`` and cuts off
    finds it again.

    :param gridded: shape (batch, time, neurons)
    """
    batch, steps, size = gridded.shape
    sample, row, neuron = np.nonzero(gridded)
    counts = np.bincount(sample, minlength=batch)
    place = np.arange(len(sample)) - np.repeat(np.cumsum(counts) - counts, counts)
    shape = batch, max(1, counts.max(initial=0))  # HDF5 packs no empty array
    idx, time = np.full(shape, -1), np.full(shape, np.inf)
    idx[sample, place] = neuron
    exact = row * dt
    time[sample, place] = np.where(exact / dt < row, np.nextafter(exact, 1e300), exact)
    return nir.EventData(idx, time, size, steps * dt)
