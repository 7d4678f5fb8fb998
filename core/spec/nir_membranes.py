"""Recorded membranes of NIRData: what nodes have beside their spikes, as traces.

A time grid (`nir.TimeGriddedData`) or events with values (`nir.ValuedEventData`), the
first sample of each, in model units. The unit of foreign files is not known; scale and
offset of an overlay set it right.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import nir
import numpy as np

from core.spec.nir_recordings import SPIKES
from core.spec.trace_table import MAX_SAMPLES, TraceRecording, checked_traces

#: Traces that are read from one file; a plot shows one at a time.
MOST: Final = 256


def membranes(data: nir.NIRGraphData, factor: float) -> tuple[TraceRecording, ...]:
    """Return the traces of all nodes, at most `MOST`.

    :param factor: number in the file × this = seconds on the chip
    :raises ConversionError: if a trace is damaged
    """
    found = (
        trace
        for name, node in data.nodes.items()
        for what, observed in node.observables.items()
        if what != SPIKES
        for trace in _traces(f"{name}, {what.replace('_', ' ')}", observed, factor)
    )
    return checked_traces(list(islice(found, MOST)))


def _traces(name: str, data: Any, factor: float) -> Iterator[TraceRecording]:
    if isinstance(data, nir.TimeGriddedData) and data.n_samples:
        grid = np.asarray(data.data[0], np.float64)
        time = np.arange(len(grid), dtype=np.float64) * (float(data.dt) * factor)
        if grid.ndim == 2 and len(grid) <= MAX_SAMPLES:
            for neuron in range(grid.shape[1]):
                yield TraceRecording(name, neuron, False, time, grid[:, neuron])
    elif isinstance(data, nir.ValuedEventData) and len(data.idx):
        idx = np.asarray(data.idx)[0]
        times = np.asarray(data.time)[0].astype(float) * factor
        values = np.asarray(data.value)[0].astype(float)
        for neuron in np.unique(idx[idx >= 0]).tolist():
            mine = idx == neuron
            yield TraceRecording(name, int(neuron), False, times[mine], values[mine])
