"""Refuse HDF5 that is more than plain groups and arrays of reasonable size.

Runs in the child process that reads uploads, before `nir` does, and reads no data but
texts. What is not refused has bounded depth, objects, attributes, bytes and texts, and
lies in the file itself.
"""

import math
from typing import Any, NoReturn

import h5py

from core.errors import ConversionError

#: What an honest file of 20 MB stays below.
MAX_UNPACKED = 128_000_000
MAX_OBJECTS = 20_000
MAX_DEPTH = 8
MAX_AXES = 8
MAX_TEXTS = 100_000
MAX_ATTRIBUTES = 64
MAX_ATTRIBUTE_ENTRIES = 1_024
#: gzip, shuffle, fletcher32, szip, lzf.
_FILTERS = (1, 2, 3, 4, 32000)
MAGIC = b"\x89HDF\r\n\x1a\n"


def check_hdf5(raw: bytes) -> str:
    """Refuse what is no plain file; return what its root says it is, or "".

    :raises ConversionError: with the first reason
    """
    if not raw.startswith(MAGIC):
        what = "it is no HDF5 file, as NIR files are."
        raise ConversionError("NIR file", what, "Write it with nir.write.")
    try:
        with h5py.File(h5py.h5f.open_file_image(raw)) as file:
            root = file["/"].id
            walk = _Walk(len(raw))
            walk.attributes(root, "/")
            walk.group(root, "", 0)
            kind = file.attrs.get("__type__", "")
            return kind if isinstance(kind, str) else ""
    except (ConversionError, MemoryError):
        raise
    except Exception as error:  # h5py raises almost anything on a damaged file
        what = f"it is damaged ({type(error).__name__})."
        raise ConversionError("NIR file", what, "Save it again.") from error


class _Walk:
    """A visit of all objects of a file of ``length`` bytes.

    With the low-level calls of h5py, which take a fifth of the time.
    """

    def __init__(self, length: int) -> None:
        self.seen: set[Any] = set()
        self.bytes = self.texts = 0
        #: No text is longer than the file, so that many texts fit into the limit.
        self.at_once = max(1, MAX_UNPACKED // length)

    def group(self, group: Any, path: str, depth: int) -> None:
        if depth > MAX_DEPTH:
            _refuse(path, f"groups lie in groups too deeply, {MAX_DEPTH} at most.")
        for name in group:
            where = f"{path}/{name.decode(errors='replace')}"
            link = group.links.get_info(name)
            if link.type != h5py.h5l.TYPE_HARD:
                _refuse(where, "it links to another place or file.")
            item = h5py.h5o.open(group, name)
            address = link.u
            if address in self.seen:
                _refuse(where, "it appears twice in the file.")
            self.seen.add(address)
            if len(self.seen) > MAX_OBJECTS:
                _refuse("file", f"it has more than {MAX_OBJECTS} objects.")
            if isinstance(item, h5py.h5g.GroupID):
                self.attributes(item, where)
                self.group(item, where, depth + 1)
            elif isinstance(item, h5py.h5d.DatasetID):
                self.attributes(item, where)
                self.dataset(item, where)
            else:
                _refuse(where, "it is neither a group nor an array.")

    def dataset(self, item: Any, where: str) -> None:
        plan = item.get_create_plist()
        layout = plan.get_layout()
        if layout == h5py.h5d.VIRTUAL or plan.get_external_count():
            _refuse(where, "its data lie in another file.")
        codes = [plan.get_filter(n)[0] for n in range(plan.get_nfilters())]
        if any(code not in _FILTERS for code in codes):
            _refuse(where, "it is packed in an unusual way.")
        dtype, shape = item.dtype, item.shape or ()
        if dtype.kind not in "biufSO" or dtype.names:
            _refuse(where, f"its type {dtype} is unusual.")
        if dtype.kind == "O" and h5py.check_string_dtype(dtype) is None:
            _refuse(where, "it holds neither numbers nor texts.")
        if len(shape) > MAX_AXES:
            _refuse(where, f"it has more than {MAX_AXES} axes.")
        chunk = math.prod(plan.get_chunk()) if layout == h5py.h5d.CHUNKED else 0
        self.add(max(math.prod(shape), chunk) * dtype.itemsize, where)
        if dtype.kind == "O" and item.shape is not None:
            self.read_texts(h5py.Dataset(item), where)

    def read_texts(self, item: Any, where: str) -> None:
        """Count texts, whose lengths only their content tells."""
        self.texts += item.size
        if self.texts > MAX_TEXTS:
            _refuse("file", f"it has more than {MAX_TEXTS} texts.")
        if not item.shape:
            self.add(len(item[()]), where)
            return
        rows = max(1, self.at_once // max(1, math.prod(item.shape[1:])))
        for start in range(0, item.shape[0], rows):
            part = item[start : start + rows]
            self.add(sum(len(text) for text in part.flat), where)

    def attributes(self, item: Any, where: str) -> None:
        count = h5py.h5a.get_num_attrs(item)
        if count > MAX_ATTRIBUTES:
            what = f"it has {count} attributes, {MAX_ATTRIBUTES} are allowed."
            _refuse(where, what)
        for number in range(count):
            attribute = h5py.h5a.open(item, index=number)
            size, dtype = math.prod(attribute.shape or ()), attribute.dtype
            text = h5py.check_string_dtype(dtype) is not None
            if dtype.kind not in "biufSO" or dtype.names or (dtype.kind == "O") > text:
                _refuse(where, "the type of an attribute is unusual.")
            if size > (1 if text else MAX_ATTRIBUTE_ENTRIES):
                _refuse(where, f"an attribute has {size} entries.")

    def add(self, amount: int, where: str) -> None:
        self.bytes += amount
        if self.bytes > MAX_UNPACKED:
            _refuse(where, f"the file unpacks to more than {MAX_UNPACKED // 10**6} MB.")


def _refuse(where: str, what: str) -> NoReturn:
    raise ConversionError(where, what, "Write the file anew with nir.write.")
