"""What a run recorded, as the content of a file: NIRData, CSV or NPZ.

Spikes are those of the chip if it ran, else those of the model. NIRData also holds the
membranes: that of the model on the time grid (``membrane``), samples of the chip as
values with times of their own (``membrane_cadc``, ``membrane_madc``), in model units.
Its times are those of the NIR file of the network; those of CSV and NPZ are seconds.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import numpy as np

from core.simulate import PopulationResult, RunResult, Signal
from core.spec.nir.times import check_time_factor
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
#: What is in each, in words as short as a tooltip.
FORM_HELP: Final[Mapping[str, str]] = {
    "NIRData": "and membranes",
    "CSV": "a table",
    "NPZ": "NumPy arrays",
}


def spike_file(result: RunResult | None, form: str, time_factor: float = 1) -> bytes:
    """Return the content of the file with the spikes of ``result``.

    :param time_factor: of the network: a time in NIRData × this = seconds on the chip
    """
    write: dict[str, Callable[[RunResult], bytes]] = {
        "NIRData": partial(nir_data, time_factor=time_factor),
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


def nir_data(result: RunResult, time_factor: float = 1.0) -> bytes:
    """Return spikes and membranes as a file of `nir.read_data`.

    :raises ConversionError: if ``time_factor`` is none
    """
    check_time_factor(time_factor)
    traces = {
        name: _traces(found, result.duration, time_factor)
        for name, found in result.populations.items()
    }
    traces = {name: found for name, found in traces.items() if found}
    data = to_graph_data(recordings(result), traces, time_factor=time_factor)
    return write_nir_data_bytes(data)


def _traces(found: PopulationResult, duration: float, factor: float) -> dict[str, Any]:
    """Return the membranes of a population, in the time of the file."""
    duration /= factor
    traces: dict[str, Any] = {}
    if found.membrane is not None:
        values = found.membrane.values
        traces["membrane"] = gridded_trace(values, duration / max(1, len(values)))
    if found.cadc is not None and found.cadc.values.size:
        neurons = np.arange(found.size)
        traces["membrane_cadc"] = _events(
            found.cadc, neurons, found.size, duration, factor
        )
    if found.madc is not None and found.madc.values.size:
        neurons = np.array([found.madc_neuron])
        traces["membrane_madc"] = _events(
            found.madc, neurons, found.size, duration, factor
        )
    return traces


def _events(
    signal: Signal, neurons: Any, size: int, duration: float, factor: float
) -> Any:
    times = signal.time / factor
    if times.ndim == 1:
        times = np.broadcast_to(times[:, None], signal.values.shape)
    return valued_events(times, signal.values, neurons, size=size, duration=duration)
