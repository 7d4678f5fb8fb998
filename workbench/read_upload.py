"""Read one uploaded file from standard input and write our JSON to standard output.

Run by `workbench.uploads` as a process of its own. It first limits its own memory, time
and output and, before it looks at the file, gives up the right to open any other one.
"""

import io
import json
import math
import sys
from contextlib import suppress
from typing import Any, NoReturn

import h5py

from core.errors import ConversionError, Problem
from core.spec.json_data import to_data
from core.spec.json_io import from_json, to_json
from core.spec.network import InputSpec, NetworkSpec
from core.spec.nir_io import from_nir, read_nir_bytes, to_nir, write_nir_bytes
from workbench.uploads import CPU_SECONDS, MEMORY, OUTPUT, as_answer, decoded

#: What an honest file of 20 MB stays below.
MAX_UNPACKED = 128_000_000
MAX_OBJECTS = 20_000
MAX_DEPTH = 8
#: gzip, shuffle, fletcher32, szip, lzf.
_FILTERS = (1, 2, 3, 4, 32000)
_MAGIC = b"\x89HDF\r\n\x1a\n"


def main() -> None:
    """Read, convert and answer."""
    load_all()
    limit()
    kind, *rest = sys.argv[1:]
    raw = sys.stdin.buffer.read()
    try:
        answer = read(kind, raw, float(rest[0]) if rest else None)
    except ConversionError as error:
        answer = {"problems": as_answer(error.problems)}
    except MemoryError:
        what, fix = "it needs too much memory.", "Save a smaller network."
        answer = {"problems": as_answer((Problem("file", what, fix),))}
    sys.stdout.write(json.dumps(answer))


def load_all() -> None:
    """Read a file of our own, so that no module remains to be loaded."""
    read(".nir", write_nir_bytes(to_nir(NetworkSpec((InputSpec(name="a"),)))), None)
    with suppress(ConversionError):
        read(".nir", _MAGIC, None)


def limit() -> None:
    """Limit this process, for good."""
    import resource  # not on Windows, where nothing is read here

    def at_most(name: int, amount: int) -> None:
        with suppress(ValueError, OSError):  # macOS refuses some limits
            resource.setrlimit(name, (amount, amount))

    at_most(resource.RLIMIT_AS, MEMORY)
    at_most(resource.RLIMIT_CPU, CPU_SECONDS)
    at_most(resource.RLIMIT_FSIZE, OUTPUT)
    at_most(resource.RLIMIT_CORE, 0)
    # No file can be opened from here on: only input, output and errors are open.
    at_most(resource.RLIMIT_NOFILE, 3)


def read(kind: str, raw: bytes, time_factor: float | None) -> dict[str, Any]:
    """Return what the file holds, in our words.

    :raises ConversionError: if it cannot be read
    """
    if kind == ".json":
        return {"document": to_json(from_json(decoded(raw)))}
    check_hdf5(raw)
    found = from_nir(read_nir_bytes(raw), time_factor)
    return {
        "network": to_data(found.network),
        "notes": as_answer(found.notes),
        "time_factor": found.time_factor,
        "dt": found.dt,
    }


def check_hdf5(raw: bytes) -> None:
    """Refuse HDF5 that is more than plain groups and arrays of reasonable size.

    :raises ConversionError: with the first reason
    """
    if not raw.startswith(_MAGIC):
        what = "it is no HDF5 file, as NIR files are."
        raise ConversionError("NIR file", what, "Write it with nir.write.")
    try:
        with h5py.File(io.BytesIO(raw), "r") as file:
            _Walk().group(file, 0)
    except (ConversionError, MemoryError):
        raise
    except Exception as error:  # h5py raises almost anything on a damaged file
        what = f"it is damaged ({type(error).__name__})."
        raise ConversionError("NIR file", what, "Save it again.") from error


class _Walk:
    """A visit of all objects of a file, without reading data."""

    def __init__(self) -> None:
        self.seen: set[Any] = set()
        self.bytes = 0

    def group(self, group: h5py.Group, depth: int) -> None:
        if depth > MAX_DEPTH:
            _refuse(group.name, "groups lie in groups too deeply.")
        for name in group:
            where = f"{group.name.rstrip('/')}/{name}"
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                _refuse(where, "it links to another place or file.")
            item = group[name]
            address = h5py.h5o.get_info(item.id).addr
            if address in self.seen:
                _refuse(where, "it appears twice in the file.")
            self.seen.add(address)
            if len(self.seen) > MAX_OBJECTS:
                _refuse("file", f"it has more than {MAX_OBJECTS} objects.")
            if isinstance(item, h5py.Group):
                self.group(item, depth + 1)
            else:
                self.dataset(item, where)

    def dataset(self, item: Any, where: str) -> None:
        if not isinstance(item, h5py.Dataset):
            _refuse(where, "it is neither a group nor an array.")
        if item.is_virtual or item.external:
            _refuse(where, "its data lie in another file.")
        filters = item.id.get_create_plist()
        codes = [filters.get_filter(n)[0] for n in range(filters.get_nfilters())]
        if any(code not in _FILTERS for code in codes):
            _refuse(where, "it is packed in an unusual way.")
        if item.dtype.kind not in "biufSO" or item.dtype.names:
            _refuse(where, f"its type {item.dtype} is unusual.")
        if item.dtype.kind == "O" and h5py.check_string_dtype(item.dtype) is None:
            _refuse(where, "it holds neither numbers nor texts.")
        chunk = math.prod(item.chunks or ())
        self.bytes += max(item.size or 0, chunk) * item.dtype.itemsize
        if self.bytes > MAX_UNPACKED:
            _refuse(where, f"the file unpacks to more than {MAX_UNPACKED // 10**6} MB.")


def _refuse(where: str, what: str) -> NoReturn:
    raise ConversionError(where, what, "Write the file anew with nir.write.")
