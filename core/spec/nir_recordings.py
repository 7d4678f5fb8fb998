"""Recordings as NIRData, the format of `nir` for what nodes did, and back.

Spikes of a node are its observable ``spikes``: events (`nir.EventData`) or a time grid
(`nir.TimeGriddedData`), each for one or several samples. What else was recorded is
valued data: a time grid of floats where all neurons share their times, else events
with values (`nir.ValuedEventData`).

Time: number in the file × ``time_factor`` = seconds on the chip. The page reads and
writes with the factor of the open network, as its NIR file. Where that makes a
recording longer or shorter than a run can be, and where no network is open, one that a
run can be as long as is taken to be in seconds, another one to be 1000 times slower:
milliseconds, or biological time. A note tells what was taken.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from core.errors import ConversionError, Problem
from core.spec.experiment import RunSpec
from core.spec.recordings import (
    MAX_POPULATIONS,
    MAX_SPIKES,
    Recording,
    checked,
    file_names,
)
from core.units import format_quantity

#: Name of the observable that holds spikes.
SPIKES = "spikes"
#: What notes call a file of recordings.
WHOLE = "NIR data"
#: What turns a recording that is too long for a run into chip seconds.
SLOW = 1e-3


def write_nir_data_bytes(data: nir.NIRGraphData) -> bytes:
    """Return the content of the file that holds ``data``."""
    file = io.BytesIO()
    nir.write_data(file, data)
    return file.getvalue()


def read_nir_data_bytes(raw: bytes) -> nir.NIRGraphData:
    """Return the recordings in the content ``raw`` of a file that you trust.

    :raises ConversionError: if there are none
    """
    try:
        return nir.read_data(io.BytesIO(raw))
    except MemoryError:
        raise
    except Exception as error:  # h5py and nir raise almost anything on a damaged file
        reason = f"{type(error).__name__}: {error}"[:200]
        raise ConversionError(
            "NIR data",
            f"it cannot be read ({reason}).",
            f"Write it with nir.write_data of nir {nir.version}.",
        ) from error


def from_graph_data(
    data: nir.NIRGraphData,
    time_factor: float | None = None,
    *,
    of_network: float | None = None,
) -> tuple[tuple[Recording, ...], tuple[Problem, ...], float]:
    """Return the spikes of the first sample of each node, notes, and the factor used.

    :param time_factor: number in the file × this = seconds on the chip
    :param of_network: taken without ``time_factor``, if a run can be that long
    :raises ConversionError: if there are no spikes, or damaged ones; lists all
    """
    found: list[Recording] = []
    notes: list[Problem] = []
    problems: list[Problem] = []
    if len(data.nodes) > MAX_POPULATIONS:
        what = f"they are of {len(data.nodes)} nodes, {MAX_POPULATIONS} are allowed."
        raise ConversionError("NIR data", what, "Record fewer.")
    for name, node in data.nodes.items():
        where = f"node '{name}'"
        if isinstance(node, nir.NIRGraphData):
            problems.append(
                Problem(where, "it is a graph in the graph.", "Take its nodes out.")
            )
            continue
        others = sorted(node.observables.keys() - {SPIKES})
        if others:
            what = f"only its spikes are used, not {', '.join(others)[:80]}."
            notes.append(Problem(where, what, severity="note"))
        if SPIKES not in node.observables:
            continue
        try:
            recording, samples = _recording(name, node.observables[SPIKES])
        except ConversionError as error:
            problems += error.problems
            continue
        found.append(recording)
        if samples > 1:
            what = f"it holds {samples} samples: the first one is used."
            notes.append(Problem(where, what, severity="note"))
    if problems:
        raise ConversionError.of(problems)
    if not found:
        raise ConversionError("NIR data", "it holds no spikes.", "Record spikes.")
    factor = time_factor
    if factor is None:
        factor = _factor(found, of_network, notes)
    if not (np.isfinite(factor) and factor > 0):
        raise ConversionError("time_factor", f"it is {factor}.", "Give one above 0.")
    in_seconds = [
        Recording(r.name, r.size, r.duration * factor, r.times * factor, r.neurons)
        for r in found
    ]
    return checked(in_seconds), tuple(notes), factor


def _recording(name: str, data: Any) -> tuple[Recording, int]:
    """Return the first sample in the time of the file, and the number of samples."""
    where = f"node '{name}'"
    if isinstance(data, nir.TimeGriddedData):
        if data.data.dtype.kind not in "biuf" or not _above_zero(data.dt):
            what = f"its grid of {data.data.dtype} has steps of {data.dt:g}."
            raise ConversionError(where, what, "Write numbers and a step above 0.")
        if not data.n_samples:
            raise ConversionError(where, "it holds no sample.", "Record one.")
        count = int(np.count_nonzero(data.data[0]))
        if count > MAX_SPIKES:
            what = f"it holds {count} spikes, {MAX_SPIKES} are allowed."
            raise ConversionError(where, what, "Record less.")
        steps, neurons = np.nonzero(data.data[0])
        length = float(data.t_max)
        times = np.asarray(steps * float(data.dt), float)
        return Recording(name, data.n_neurons, length, times, neurons), data.n_samples
    idx, time = np.asarray(data.idx), np.asarray(data.time)
    kinds = idx.dtype.kind in "iu" and time.dtype.kind in "fiu"
    if idx.ndim != 2 or not len(idx) or not kinds:
        what = f"its events have the shape {idx.shape} and types {idx.dtype},"
        raise ConversionError(
            where,
            f"{what} {time.dtype}.",
            "Write whole numbers and times of shape (samples, events).",
        )
    real = idx[0] != -1
    neurons, times = idx[0][real].astype(np.int64), time[0][real].astype(float)
    recording = Recording(name, data.n_neurons, float(data.t_max), times, neurons)
    return checked([recording])[0], len(idx)


def _above_zero(number: Any) -> bool:
    return bool(np.isfinite(number) and number > 0)


def _factor(
    found: Sequence[Recording], of_network: float | None, notes: list[Problem]
) -> float:
    """Return the time factor that fits, and tell it."""
    longest = max(recording.duration for recording in found)
    low, high = (RunSpec.info("runtime").low or 0), (RunSpec.info("runtime").high or 0)
    if of_network is not None:
        lasts = f"it lasts {format_quantity(longest * of_network, 's')}"
        what = f"with the time factor {of_network:g} of the network {lasts}"
        if low * (1 - 1e-9) <= longest * of_network <= high * (1 + 1e-9):
            notes.append(Problem(WHOLE, f"{what}.", severity="note"))
            return of_network
        what = f"{what}, as no run can: it is taken with"
        taken = 1.0 if longest <= high * (1 + 1e-9) else SLOW
        notes.append(Problem(WHOLE, f"{what} {taken:g}.", severity="note"))
        return taken
    if longest <= high * (1 + 1e-9):
        return 1.0
    what = f"its {longest:g} are taken as {longest * SLOW:g} s: a chip is 1000 times"
    notes.append(Problem(WHOLE, f"{what} faster.", severity="note"))
    return SLOW


def to_graph_data(
    recordings: Sequence[Recording],
    traces: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    time_factor: float = 1.0,
) -> nir.NIRGraphData:
    """Return recordings as events.

    :param traces: valued data of nodes by observable, as `gridded_trace` and
        `valued_events` make them, in the time of the file
    :param time_factor: number in the file × this = seconds on the chip
    """
    nodes: dict[str, dict[str, Any]] = {
        name: dict(observables) for name, observables in (traces or {}).items()
    }
    names = file_names([*nodes, *(r.name for r in recordings if r.name not in nodes)])
    for recording in recordings:
        count = max(1, len(recording.times))  # HDF5 packs no empty array
        idx, time = np.full((1, count), -1), np.full((1, count), np.inf)
        order = np.argsort(recording.times, kind="stable")
        idx[0, : len(order)] = recording.neurons[order]
        time[0, : len(order)] = recording.times[order] / time_factor
        duration = recording.duration / time_factor
        events = nir.EventData(idx, time, recording.size, duration)
        nodes.setdefault(recording.name, {})[SPIKES] = events
    return nir.NIRGraphData({names[n]: nir.NIRNodeData(o) for n, o in nodes.items()})


def gridded_trace(values: NDArray[Any], dt: float) -> nir.TimeGriddedData:
    """Return a signal on the time grid.

    :param values: shape (time, neurons)
    """
    return nir.TimeGriddedData(np.asarray(values, np.float32)[None], dt)


def valued_events(
    times: NDArray[Any],
    values: NDArray[Any],
    neurons: NDArray[Any],
    *,
    size: int,
    duration: float,
) -> nir.ValuedEventData:
    """Return samples that neurons took at times of their own.

    :param times: shape (samples, neurons), in the time of the file, as ``duration``
    :param values: the same shape
    :param neurons: which neuron each column is of
    """
    idx = np.broadcast_to(neurons, values.shape)
    order = np.argsort(times, axis=None, kind="stable")

    def sorted_row(array: NDArray[Any]) -> NDArray[Any]:
        return np.ascontiguousarray(array).reshape(-1)[order][None]

    return nir.ValuedEventData(
        sorted_row(idx).astype(np.int64),
        sorted_row(np.broadcast_to(times, values.shape)).astype(float),
        size,
        duration,
        sorted_row(values).astype(np.float32),
    )
