"""Recorded potentials as a table: CSV and NPZ, one row for each sample.

Columns are a time, ``time_s`` or ``time_us``; a value, whose name tells its unit
(``value_lsb``, ``value_model``; ``value``, ``cadc`` and ``madc`` count steps of a
converter); and where there are several traces ``neuron`` (from 0) and ``trace`` (in
words)::

    time_us,value_lsb
    0.5,81

So what the membrane plot saves is read, too.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import ConversionError
from core.spec.spike_table import read_npz
from core.units import us

#: More samples than this are refused: the page draws a few thousand.
MAX_SAMPLES: Final = 500_000
#: Traces in one table.
MAX_TRACES: Final = 1_000
#: Seconds that a time of each column counts.
TIMES: Final = {"time_s": 1.0, "time_us": us}
#: Whether a value of each column is in LSB, else in model units.
VALUES: Final = {
    "value_lsb": True,
    "value_model": False,
    "value": True,
    "cadc": True,
    "madc": True,
}


@dataclass(frozen=True, eq=False)
class TraceRecording:
    """Samples of one potential.

    :param name: what it is, in words; may be empty
    :param neuron: which neuron of its population
    :param lsb: in steps of a converter, else in model units
    :param time: shape (samples,), ascending, s
    :param values: same shape
    """

    name: str
    neuron: int
    lsb: bool
    time: NDArray[np.float64]
    values: NDArray[np.float64]


def holds_traces(columns: Iterable[str]) -> bool:
    """Return whether a table with these columns is one of potentials."""
    return not VALUES.keys().isdisjoint(columns)


def head_of(text: str) -> list[str]:
    """Return the names of the columns of a CSV file."""
    first = next((line for line in text.splitlines() if _counts(line)), "")
    return [cell.strip().lower() for cell in first.split(",")]


def traces_from_csv(text: str) -> tuple[TraceRecording, ...]:
    """Return the traces in a table.

    :raises ConversionError: if it is none; names the row
    """
    rows = csv.reader(filter(_counts, io.StringIO(text)), strict=True)
    columns: dict[str, list[Any]] = {}
    try:
        head = [cell.strip().lower() for cell in next(rows, [])]
        _needed(head)
        columns = {name: [] for name in head}
        for number, row in enumerate(rows):
            if number >= MAX_SAMPLES:
                raise _too_many(f"more than {MAX_SAMPLES}")
            for name, cell in zip(head, row, strict=True):
                columns[name].append(cell.strip())
    except (csv.Error, ValueError) as error:
        what = f"row {rows.line_num} does not fit the first line ({error})."
        raise ConversionError("CSV file", what, "Write a plain table.") from None
    return _grouped({name: np.array(cells, str) for name, cells in columns.items()})


def traces_from_npz(raw: bytes) -> tuple[TraceRecording, ...]:
    """Return the traces in an NPZ file.

    :raises ConversionError: if it holds none, or more than is allowed
    """
    return _grouped(read_npz(raw))


def _counts(line: str) -> bool:
    return line.strip()[:1] not in ("", "#")


def _needed(head: Sequence[str]) -> tuple[str, str]:
    """Return the columns of time and value.

    :raises ConversionError: if one is missing
    """
    time = next((name for name in TIMES if name in head), None)
    value = next((name for name in VALUES if name in head), None)
    if time is None or value is None:
        what = f"its columns are {', '.join(head)[:120] or 'nothing'}."
        fix = (
            "Write the first line 'time_s,value_lsb' (or time_us, value_model), for"
            " spikes 'time_s,neuron'."
        )
        raise ConversionError("table", what, fix)
    return time, value


def _grouped(columns: Mapping[str, NDArray[Any]]) -> tuple[TraceRecording, ...]:
    time_name, value_name = _needed(list(columns))
    times = _numbers(columns, time_name) * TIMES[time_name]
    values = _numbers(columns, value_name)
    whole = np.zeros(len(times))
    neurons = _numbers(columns, "neuron") if "neuron" in columns else whole
    names = columns.get("trace", np.full(times.shape, ""))
    lengths = {len(times), len(values), len(neurons), len(names)}
    if len(lengths) > 1 or names.ndim != 1:
        what = f"its columns have {', '.join(map(str, sorted(lengths)))} entries."
        raise ConversionError("table", what, "Write one of each for each sample.")
    if len(times) > MAX_SAMPLES:
        raise _too_many(str(len(times)))
    if not len(times):
        raise ConversionError("table", "it holds no sample.", "Record some.")
    texts = [str(name)[:80] for name in names.tolist()]
    found: dict[tuple[str, int], list[int]] = {}
    for row, key in enumerate(zip(texts, neurons.astype(int).tolist(), strict=True)):
        found.setdefault(key, []).append(row)
    if len(found) > MAX_TRACES:
        what = f"it holds {len(found)} traces, {MAX_TRACES} are allowed."
        raise ConversionError("table", what, "Record fewer neurons.")
    return tuple(
        _trace(name, neuron, VALUES[value_name], times[rows], values[rows])
        for (name, neuron), rows in found.items()
    )


def _trace(
    name: str, neuron: int, lsb: bool, time: NDArray[Any], values: NDArray[Any]
) -> TraceRecording:
    order = np.argsort(time, kind="stable")
    return TraceRecording(name, neuron, lsb, time[order], values[order])


def _numbers(columns: Mapping[str, NDArray[Any]], name: str) -> NDArray[np.float64]:
    """Return a column as finite numbers.

    :raises ConversionError: if it has others
    """
    try:
        numbers = np.asarray(columns[name]).astype(float)
    except (TypeError, ValueError) as error:
        what = f"the column {name} has something that is no number ({error})."
        raise ConversionError("table", what[:200], "Write numbers.") from None
    # An index must be a number that an integer can hold.
    if numbers.ndim != 1 or not np.all(np.abs(numbers) < 2**53):
        what = f"the column {name} has numbers that are none, or are too large."
        raise ConversionError("table", what, "Write one finite number a row.")
    return numbers


def checked_traces(traces: Sequence[TraceRecording]) -> tuple[TraceRecording, ...]:
    """Return ``traces`` if each is one.

    :raises ConversionError: if not
    """
    for trace in traces:
        finite = np.isfinite(trace.time).all() and np.isfinite(trace.values).all()
        if trace.time.shape != trace.values.shape or trace.time.ndim != 1:
            what = f"it has {trace.time.size} times and {trace.values.size} values."
            raise ConversionError("trace", what, "Write one of each.")
        if not finite:
            what = "it has numbers that are not finite."
            raise ConversionError("trace", what, "Save it again.")
    return tuple(traces)


def _too_many(count: str) -> ConversionError:
    what = f"it has {count} samples, {MAX_SAMPLES} are allowed."
    return ConversionError("table", what, "Record fewer neurons or less time.")
