"""Ways to damage a file: its bytes, its text, and what HDF5 can be told to hold.

Each takes a random generator and the content of a valid file, and returns the content
of a damaged one.
"""

import io
import zlib
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np

Rng = np.random.Generator
Bytes = Callable[[Rng, bytes], bytes]


# --- bytes ----------------------------------------------------------------------------


def flip(rng: Rng, raw: bytes) -> bytes:
    """Change 1 to 32 bytes anywhere."""
    data = np.frombuffer(raw, np.uint8).copy()
    places = rng.integers(0, len(data), 1 << rng.integers(0, 6))
    data[places] = rng.integers(0, 256, len(places))
    return data.tobytes()


def flip_head(rng: Rng, raw: bytes) -> bytes:
    """Change bytes at the start, where the structure lies."""
    return flip(rng, raw[:2048]) + raw[2048:]


def truncate(rng: Rng, raw: bytes) -> bytes:
    """Cut the end off."""
    return raw[: rng.integers(0, len(raw))]


def extreme(rng: Rng, raw: bytes) -> bytes:
    """Set a word of 1 to 8 bytes to zeros or ones."""
    size, start = int(rng.integers(1, 9)), int(rng.integers(0, len(raw)))
    word = rng.choice([b"\x00", b"\xff", b"\x7f", b"\x80"]) * size
    return raw[:start] + bytes(word) + raw[start + size :]


def move(rng: Rng, raw: bytes) -> bytes:
    """Copy a block over another one."""
    size = int(rng.integers(8, 513))
    a, b = (int(n) for n in rng.integers(0, max(1, len(raw) - size), 2))
    return raw[:a] + raw[b : b + size] + raw[a + size :]


def insert(rng: Rng, raw: bytes) -> bytes:
    """Insert or drop a few bytes, so that all that follows is misplaced."""
    at, size = int(rng.integers(0, len(raw))), int(rng.integers(1, 65))
    if rng.random() < 0.5:
        return raw[:at] + raw[at + size :]
    return raw[:at] + rng.bytes(size) + raw[at:]


BYTES: dict[str, Bytes] = {
    f.__name__: f for f in (flip, flip_head, truncate, extreme, move, insert)
}


# --- text -----------------------------------------------------------------------------

_WORDS = ["NaN", "-1", "1e999", "1" * 400, "{", "[" * 2000, '"', "null", "true", "\x00"]


def word(rng: Rng, raw: bytes) -> bytes:
    """Put a hostile word in the place of another one."""
    text = raw.decode(errors="replace")
    parts = text.replace(",", " , ").split(" ")
    for _ in range(int(rng.integers(1, 4))):
        parts[int(rng.integers(0, len(parts)))] = str(rng.choice(_WORDS))
    return " ".join(parts).encode(errors="replace")


def repeat(rng: Rng, raw: bytes) -> bytes:
    """Repeat a part up to thousands of times."""
    a, b = sorted(int(n) for n in rng.integers(0, len(raw), 2))
    return raw[:a] + raw[a:b] * min(2000, 200_000 // max(1, b - a)) + raw[b:]


TEXT: dict[str, Bytes] = {f.__name__: f for f in (word, repeat)}


# --- HDF5 -----------------------------------------------------------------------------


def _arrays(file: h5py.File) -> list[str]:
    found: list[str] = []
    file.visititems(
        lambda name, item: (
            found.append(name) if isinstance(item, h5py.Dataset) else None
        )
    )
    return found


def _groups(file: h5py.File) -> list[str]:
    found = ["/"]
    file.visititems(
        lambda name, item: found.append(name) if isinstance(item, h5py.Group) else None
    )
    return found


def _pick(rng: Rng, names: list[str]) -> str:
    return names[int(rng.integers(0, len(names)))]


def _replaced(file: h5py.File, rng: Rng, **options: Any) -> None:
    """Put another array in the place of one."""
    name = _pick(rng, _arrays(file))
    del file[name]
    file.create_dataset(name, **options)


def other_type(file: h5py.File, rng: Rng) -> None:
    """Write numbers of another type, texts for numbers, numbers for texts."""
    values = [
        np.zeros(3, complex),
        np.float16(1),
        np.array([True, False]),
        np.bytes_(b"abc"),
        np.array([1, -1], np.int8),
        np.uint64(2**64 - 1),
        "text",
        np.zeros(2, [("a", "f4")]),
        np.array(["a", "b"], dtype=object),
    ]
    value = values[int(rng.integers(0, len(values)))]
    text = isinstance(value, np.ndarray) and value.dtype == object
    _replaced(file, rng, data=value, **({"dtype": h5py.string_dtype()} if text else {}))


def other_shape(file: h5py.File, rng: Rng) -> None:
    """Put in an array of 0 to 9 axes of 0 to 3 entries."""
    shape = tuple(rng.integers(0, 4, rng.integers(0, 10)).tolist())
    _replaced(file, rng, data=rng.normal(size=shape))


def hostile_numbers(file: h5py.File, rng: Rng) -> None:
    """Mix NaN, infinity and extremes into the numbers of an array."""
    names = [n for n in _arrays(file) if file[n].dtype.kind in "fiu" and file[n].size]
    if not names:
        return
    item = file[_pick(rng, names)]
    kinds = [np.nan, np.inf, -np.inf, -1.0, 0.0, 1e300, 1e-300]
    value = kinds[int(rng.integers(0, 7))] if item.dtype.kind == "f" else 2**31 - 1
    data = np.atleast_1d(item[()]).copy()
    limit = np.finfo(item.dtype).max if item.dtype.kind == "f" else 127
    number = value if not np.isfinite(value) else min(value, float(limit))
    data.flat[rng.integers(0, data.size)] = number
    item[()] = data.reshape(item.shape)


def huge(file: h5py.File, rng: Rng) -> None:
    """Announce gigabytes and hold none."""
    _replaced(file, rng, shape=(1 << int(rng.integers(25, 50)),), dtype="f8")


def bomb(file: h5py.File, rng: Rng) -> None:
    """Pack zeros that unpack to much."""
    count, size = int(rng.choice([1, 16, 200])), 1 << 20
    name = _pick(rng, _arrays(file))
    del file[name]
    options = {"chunks": (size,), "compression": "gzip"}
    item = file.create_dataset(name, (count * size,), "u1", **options)
    packed = zlib.compress(bytes(size))
    for number in range(count):
        item.id.write_direct_chunk((number * size,), packed)


def big_chunk(file: h5py.File, rng: Rng) -> None:
    """Put one entry in a chunk of almost 4 GB."""
    options = {"maxshape": (None,), "chunks": ((1 << 29) - 1,), "dtype": "f8"}
    _replaced(file, rng, shape=(1,), **options)


def long_text(file: h5py.File, rng: Rng) -> None:
    """Write a long text, or many."""
    if rng.random() < 0.5:
        _replaced(file, rng, data="x" * (1 << 20))
    else:
        data = np.array(["x" * 1000] * 2000, dtype=object)
        _replaced(file, rng, data=data, dtype=h5py.string_dtype(), compression="gzip")


def link(file: h5py.File, rng: Rng) -> None:
    """Add a soft, external or second hard link, maybe in a circle."""
    group = file[_pick(rng, _groups(file))]
    target = _pick(rng, [*_groups(file), *_arrays(file)])
    links = [
        h5py.SoftLink(f"/{target}"),
        h5py.SoftLink("/again"),
        h5py.ExternalLink("/etc/passwd", "/"),
        file[target],
    ]
    group["again"] = links[int(rng.integers(0, 4))]


def elsewhere(file: h5py.File, rng: Rng) -> None:
    """Name another file for the data."""
    if rng.random() < 0.5:
        source = [("/etc/passwd", 0, 64)]
        _replaced(file, rng, shape=(8,), dtype="f8", external=source)
        return
    layout = h5py.VirtualLayout((4,), "f8")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4,))
    file.create_virtual_dataset("virtual", layout)


def missing(file: h5py.File, rng: Rng) -> None:
    """Remove something."""
    del file[_pick(rng, [*_arrays(file), *_groups(file)[1:]])]


def unknown_kind(file: h5py.File, rng: Rng) -> None:
    """Make a node one of an unknown or another type."""
    names = [name for name in _arrays(file) if name.endswith("type")]
    kinds = ["Nonsense", "", "NIRGraph", "Conv2d", "Input", "Output", "CubaLIF", "IF"]
    if names:
        file[_pick(rng, names)][()] = kinds[int(rng.integers(0, len(kinds)))]
    else:
        group = file[_pick(rng, _groups(file))]
        group.attrs["__type__"] = kinds[int(rng.integers(0, len(kinds)))]


def edges(file: h5py.File, rng: Rng) -> None:
    """Write edges that dangle, repeat, form circles or are no pairs."""
    names = [name for name in _arrays(file) if name.endswith("edges")]
    if not names:
        other_shape(file, rng)
        return
    name = _pick(rng, names)
    old = [[str(x) for x in pair] for pair in file[name].asstr()[()].tolist()]
    pair = old[int(rng.integers(0, len(old)))]
    new = [
        [*old, ["nowhere", pair[0]]],
        [*old, *old],
        [*old, pair[::-1]],
        [*old, [pair[0], pair[0]]],
        [[*p, "x"] for p in old],
        [p for p in old if p is not pair],
        [pair] * 5000,
    ][int(rng.integers(0, 7))]
    del file[name]
    data = np.array(new, dtype=object)
    file.create_dataset(name, data=data, dtype=h5py.string_dtype())


def deep(file: h5py.File, rng: Rng) -> None:
    """Put groups in groups, or many beside each other."""
    group = file[_pick(rng, _groups(file))]
    if rng.random() < 0.7:
        group.create_group("a/" * int(rng.integers(2, 200)))
    else:
        for number in range(int(rng.integers(10, 500))):
            group.create_group(f"many{number}")


def attributes(file: h5py.File, rng: Rng) -> None:
    """Set attributes that are many, large, hostile, or of another type."""
    item = file[_pick(rng, [*_groups(file), *_arrays(file)])]
    known = [f for f in (file[name] for name in _groups(file)) if len(f.attrs)]
    if known and rng.random() < 0.6:
        item = known[int(rng.integers(0, len(known)))]
    names = list(item.attrs) or ["x"]
    values = [
        np.nan,
        -1,
        0,
        1e300,
        "text",
        np.zeros(2),
        np.zeros(3000),
        10**12,
        b"\xff",
    ]
    name = _pick(rng, names)
    if name in item.attrs and rng.random() < 0.2:
        del item.attrs[name]
    else:
        item.attrs[name] = values[int(rng.integers(0, len(values)))]
    if rng.random() < 0.1:
        item.attrs.update({f"a{n}": n for n in range(80)})


def odd_types(file: h5py.File, rng: Rng) -> None:
    """Put in references, sequences, named types, nothing at all."""
    kinds: list[dict[str, Any]] = [
        {"shape": (2,), "dtype": h5py.ref_dtype},
        {"shape": (2,), "dtype": h5py.vlen_dtype(np.int32)},
        {"data": h5py.Empty("f8")},
        {"shape": (2,), "dtype": np.dtype("V16")},
        {"shape": (8,), "dtype": "i4", "chunks": (8,), "scaleoffset": 4},
    ]
    number = int(rng.integers(0, len(kinds) + 1))
    if number == len(kinds):
        file["named"] = np.dtype("f8")
    else:
        _replaced(file, rng, **kinds[number])


def renamed(file: h5py.File, rng: Rng) -> None:
    """Swap two objects, or give one a strange name."""
    names = _arrays(file)
    a, b = _pick(rng, names), _pick(rng, names)
    if a != b and rng.random() < 0.5:
        file.move(a, "between")
        file.move(b, a)
        file.move("between", b)
    else:
        file.move(a, _pick(rng, ["node/\u00e4", "x" * 3000, "node/nodes/.x", "a b"]))


HDF5: dict[str, Callable[[h5py.File, Rng], None]] = {
    f.__name__: f
    for f in (
        other_type,
        other_shape,
        hostile_numbers,
        huge,
        bomb,
        big_chunk,
        long_text,
        link,
        elsewhere,
        missing,
        unknown_kind,
        edges,
        deep,
        attributes,
        odd_types,
        renamed,
    )
}


def damaged(rng: Rng, kind: str, raw: bytes) -> tuple[str, bytes]:
    """Return the name of a way to damage a file, and the damaged file."""
    if kind == ".nir" and rng.random() < 0.6:
        name = _pick(rng, list(HDF5))
        file = io.BytesIO(raw)
        with h5py.File(file, "r+") as opened:
            HDF5[name](opened, rng)
        return name, file.getvalue()
    ways = BYTES if kind in (".nir", ".npz") else BYTES | TEXT
    name = _pick(rng, list(ways))
    return name, ways[name](rng, raw)
