"""Spikes as a table: CSV and NPZ, one row for each spike.

Columns ``time_s`` (seconds) and ``neuron`` (counted from 0) and, where several
populations were recorded, ``population`` (its name)::

    time_s,neuron,population
    1.2e-05,3,hidden

An NPZ file holds the columns as arrays; NumPy can read it without pickle. A table knows
neither silent neurons after the last active one nor what follows the last spike.
"""

import csv
import io
import math
import zipfile
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from core.errors import ConversionError
from core.spec.recordings import MAX_SPIKES, Recording, checked

COLUMNS: Final = ("time_s", "neuron", "population")
#: Limits of an NPZ file: its arrays, their bytes, bytes of the name of a population.
MAX_ARRAYS: Final = 16
MAX_UNPACKED: Final = 64_000_000
#: Bytes of the head of an array: far more than a shape of two numbers takes.
_HEAD: Final = 4_096


def to_csv(recordings: Sequence[Recording]) -> str:
    """Return the table as text; times are written exactly."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for recording in recordings:
        name = "".join(c if c.isprintable() else "_" for c in recording.name)
        pairs = zip(recording.times.tolist(), recording.neurons.tolist(), strict=True)
        writer.writerows((repr(t), n, name) for t, n in pairs)
    return text.getvalue()


def from_csv(text: str) -> tuple[Recording, ...]:
    """Return the recordings in a table.

    :raises ConversionError: if it is none; names the line
    """
    lines = (line for line in io.StringIO(text) if line.strip()[:1] not in ("", "#"))
    rows = csv.reader(lines, strict=True)
    try:
        head = [cell.strip().lower() for cell in next(rows, [])]
        columns = _columns(head)
        table: list[tuple[float, int, str]] = []
        for row in rows:
            if len(table) >= MAX_SPIKES:
                what = f"it has more than {MAX_SPIKES} rows."
                raise ConversionError("CSV file", what, "Record less.")
            table.append(_row(row, columns, rows.line_num))
    except csv.Error as error:
        raise ConversionError(
            f"line {rows.line_num}", f"{error}.", "Write a plain table."
        ) from None
    times = np.array([row[0] for row in table], float)
    neurons = np.array([row[1] for row in table], np.int64)
    return _grouped(times, neurons, [row[2] for row in table])


def _columns(head: list[str]) -> dict[str, int]:
    missing = [name for name in COLUMNS[:2] if name not in head]
    if missing:
        raise ConversionError(
            "CSV file",
            f"the column {' and '.join(missing)} is missing.",
            "Write the first line 'time_s,neuron', or 'time_s,neuron,population'.",
        )
    return {name: head.index(name) for name in COLUMNS if name in head}


def _row(row: list[str], columns: dict[str, int], line: int) -> tuple[float, int, str]:
    try:
        cells = {name: row[place] for name, place in columns.items()}
        time, neuron = float(cells["time_s"]), int(cells["neuron"])
    except (IndexError, ValueError):
        what = f"row {line} is {','.join(row)[:60]!r}."
        raise ConversionError(
            "CSV file", what, "Write a time in seconds and a whole number."
        ) from None
    if not math.isfinite(time) or abs(neuron) > 2**53:
        what = f"row {line} holds a number that is too large."
        raise ConversionError("CSV file", what, "Write seconds and an index.")
    return time, neuron, cells.get("population", "")


def _grouped(
    times: NDArray[np.float64], neurons: NDArray[np.int64], names: Sequence[str]
) -> tuple[Recording, ...]:
    kinds, which = np.unique(np.array(names, dtype=object), return_inverse=True)
    found = []
    for number, name in enumerate(kinds):
        mine = which == number
        size = max(0, int(neurons[mine].max())) + 1
        duration = max(0.0, float(times[mine].max()))
        found.append(Recording(str(name), size, duration, times[mine], neurons[mine]))
    if not found:
        raise ConversionError("table", "it holds no spike.", "Record some.")
    return checked(found)


def to_npz(recordings: Sequence[Recording]) -> bytes:
    """Return the table as the content of an NPZ file."""
    names = [name for r in recordings for name in [r.name] * len(r.times)]
    return write_npz(
        time_s=np.concatenate([np.zeros(0), *(r.times for r in recordings)]),
        neuron=np.concatenate([np.zeros(0, int), *(r.neurons for r in recordings)]),
        population=np.array(names, dtype=np.str_),
    )


def from_npz(raw: bytes) -> tuple[Recording, ...]:
    """Return the recordings in an NPZ file.

    :raises ConversionError: if it holds none, or more than is allowed
    """
    arrays = read_npz(raw)
    if not {"time_s", "neuron"} <= arrays.keys():
        what = f"it holds {', '.join(sorted(arrays)) or 'nothing'}."
        raise ConversionError("NPZ file", what, "Save arrays time_s and neuron.")
    times, neurons = arrays["time_s"], arrays["neuron"]
    names = arrays.get("population", np.full(times.shape, ""))
    if not times.shape == neurons.shape == names.shape or times.ndim != 1:
        what = f"time_s has the shape {times.shape}, neuron {neurons.shape}."
        raise ConversionError("NPZ file", what, "Save one entry for each spike.")
    right = times.dtype.kind in "fiu", neurons.dtype.kind in "iu", names.dtype.kind
    if right[:2] != (True, True) or right[2] != "U":
        what = f"the types are {times.dtype}, {neurons.dtype} and {names.dtype}."
        raise ConversionError("NPZ file", what, "Save floats, integers and texts.")
    if len(times) > MAX_SPIKES:
        what = f"it holds {len(times)} spikes, {MAX_SPIKES} are allowed."
        raise ConversionError("NPZ file", what, "Record less.")
    try:
        texts = [str(name) for name in names.tolist()]
    except ValueError:  # code points beyond Unicode
        what = "the name of a population is no text."
        raise ConversionError("NPZ file", what, "Save it again.") from None
    return _grouped(times.astype(float), neurons.astype(np.int64), texts)


def write_npz(**arrays: NDArray[Any]) -> bytes:
    """Return the content of an NPZ file."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def read_npz(
    raw: bytes, limit: int = MAX_UNPACKED, most: int = MAX_ARRAYS
) -> dict[str, NDArray[Any]]:
    """Return the arrays in an NPZ file; sizes are checked before they are allocated.

    :param limit: bytes that all arrays may take
    :param most: number of arrays
    :raises ConversionError: if it is damaged, or holds more than numbers and texts
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = archive.infolist()
            if len(members) > most:
                what = f"it holds {len(members)} arrays, {most} are allowed."
                raise ConversionError("NPZ file", what, "Save fewer.")
            if sum(member.file_size for member in members) > limit:
                what = f"it unpacks to more than {limit / 1e6:g} MB."
                raise ConversionError("NPZ file", what, "Save less.")
            return {
                m.filename.removesuffix(".npy"): _array(archive, m) for m in members
            }
    except (ConversionError, MemoryError):
        raise
    except Exception as error:  # zipfile and zlib raise many kinds
        what = f"it is damaged ({type(error).__name__})."
        raise ConversionError("NPZ file", what, "Save it with numpy.savez.") from None


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    """Return one array, from no more bytes than the archive announced."""
    with archive.open(member) as file:
        content = io.BytesIO(file.read(member.file_size))
    size = content.getbuffer().nbytes
    version = npy.read_magic(content)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    shape, in_columns, dtype = read[version](content, max_header_size=_HEAD)
    if dtype.kind not in "biufU" or dtype.names or dtype.subdtype:
        what = f"'{member.filename[:40]}' has the type {dtype.kind!r}."
        raise ConversionError("NPZ file", what, "Save numbers and texts.")
    count = math.prod(shape)
    if count < 0 or count * dtype.itemsize != size - content.tell():
        what = f"'{member.filename[:40]}' announces another size than it has."
        raise ConversionError("NPZ file", what, "Save it again.")
    flat = np.frombuffer(content.getbuffer()[content.tell() :], dtype, count)
    return flat.reshape(shape, order="F" if in_columns else "C")
