"""What a run recorded, as the content of a file: NIRData, CSV or NPZ.

Spikes are those of the chip if it ran, else those of the model. NIRData also holds the
membranes: that of the model on the time grid (``membrane``), samples of the chip as
values with times of their own (``membrane_cadc``, ``membrane_madc``), in model units.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from core.simulate import PopulationResult, RunResult, Signal
from core.spec.nir_recordings import (
    gridded_trace,
    to_graph_data,
    valued_events,
    write_nir_data_bytes,
)
from core.spec.recordings import Recording
from core.spec.spike_table import to_csv, to_npz

#: The forms of a file and the endings of their names.
FORMS: Final[Mapping[str, str]] = {"NIRData": ".nir", "CSV": ".csv", "NPZ": ".npz"}
#: What each is good for, in words.
FORM_HELP: Final[Mapping[str, str]] = {
    "NIRData": "with membranes, for programs that read NIR",
    "CSV": "a table of time_s, neuron and population",
    "NPZ": "the same table as arrays of NumPy",
}


def spike_file(result: RunResult | None, form: str) -> bytes:
    """Return the content of the file with the spikes of ``result``."""
    write: dict[str, Callable[[RunResult], bytes]] = {
        "NIRData": nir_data,
        "CSV": lambda found: to_csv(recordings(found)).encode(),
        "NPZ": lambda found: to_npz(recordings(found)),
    }
    return b"" if result is None else write[form](result)


def recordings(result: RunResult) -> tuple[Recording, ...]:
    """Return the spikes of all populations that can spike."""
    return tuple(
        Recording(
            found.name,
            found.size,
            result.duration,
            np.asarray(found.spikes.time, float),
            np.asarray(found.spikes.neuron, np.int64),
        )
        for found in result.populations.values()
        if found.spikes is not None
    )


def nir_data(result: RunResult) -> bytes:
    """Return spikes and membranes as a file of `nir.read_data`."""
    traces = {
        name: _traces(found, result.duration)
        for name, found in result.populations.items()
    }
    traces = {name: found for name, found in traces.items() if found}
    return write_nir_data_bytes(to_graph_data(recordings(result), traces))


def _traces(found: PopulationResult, duration: float) -> dict[str, Any]:
    traces: dict[str, Any] = {}
    if found.membrane is not None:
        values = found.membrane.values
        traces["membrane"] = gridded_trace(values, duration / max(1, len(values)))
    if found.cadc is not None and found.cadc.values.size:
        neurons = np.arange(found.size)
        traces["membrane_cadc"] = _events(found.cadc, neurons, found.size, duration)
    if found.madc is not None and found.madc.values.size:
        neurons = np.array([found.madc_neuron])
        traces["membrane_madc"] = _events(found.madc, neurons, found.size, duration)
    return traces


def _events(signal: Signal, neurons: Any, size: int, duration: float) -> Any:
    times = signal.time
    if times.ndim == 1:
        times = np.broadcast_to(times[:, None], signal.values.shape)
    return valued_events(times, signal.values, neurons, size=size, duration=duration)
