"""Immutable values: declared once, compared and identified by content.

A `Spec` is a frozen dataclass. Each field is declared with `quantity` (a number with a
unit and bounds), `choice` or `plain`, and from this one line come the JSON, the check,
the slider and its help. Arrays inside a spec are read-only and shared, never copied, so
an undo stack of specs costs almost nothing.
"""

import dataclasses
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import ShapeError

#: A number for all neurons of a population, or one for each: shape (size,).
PerNeuron = float | NDArray[np.float64]


@dataclass(frozen=True)
class FieldInfo:
    """What a person and a form need to know about a field.

    :param unit: ``"s"``, ``"model"``, ``"LSB"``, ``"Hz"``, ``"code"`` or ``""``
    :param low: smallest allowed value, in ``unit``
    :param high: largest allowed value, in ``unit``
    :param step: one step of an arrow key, in ``unit``
    :param doc: one sentence of help
    :param label: the name in words
    :param group: the circuit block it belongs to
    :param whole: True for counts, None for what is no plain number
    :param cosmetic: True if it does not change what is computed
    :param choices: the allowed values, if they are few
    :param per_neuron: True if it may be an array with a number for each neuron
    """

    doc: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    step: float | None = None
    label: str = ""
    group: str = ""
    whole: bool | None = None
    cosmetic: bool = False
    choices: tuple[Any, ...] = ()
    per_neuron: bool = False


def quantity(
    default: Any,
    unit: str,
    *,
    low: float | None = None,
    high: float | None = None,
    step: float | None = None,
    doc: str,
    label: str = "",
    group: str = "",
    per_neuron: bool = False,
    whole: bool = False,
) -> Any:
    """Declare a number with unit, bounds and meaning.

    :param per_neuron: an array with a number for each neuron is allowed, too
    :param whole: it is a count, which a default of type int says already
    """
    whole = whole or type(default) is int
    info = FieldInfo(
        doc, unit, low, high, step, label, group, whole, per_neuron=per_neuron
    )
    return field(default=default, metadata={"info": info})


def choice(default: Any, choices: tuple[Any, ...], *, doc: str, label: str = "") -> Any:
    """Declare a field that takes one of a few values."""
    info = FieldInfo(doc, label=label, choices=choices)
    return field(default=default, metadata={"info": info})


def plain(
    default: Any = dataclasses.MISSING,
    *,
    doc: str,
    cosmetic: bool = False,
    label: str = "",
    group: str = "",
) -> Any:
    """Declare any other field; ``cosmetic`` ones leave the fingerprint alone."""
    info = FieldInfo(doc, cosmetic=cosmetic, label=label, group=group)
    return field(default=default, metadata={"info": info})


def frozen_array(values: ArrayLike, dtype: Any = np.float32) -> NDArray[Any]:
    """Return ``values`` as a read-only array, shared if it is one already."""
    array = np.asarray(values, dtype=dtype)
    if array.flags.writeable:
        array = array.copy()
        array.flags.writeable = False
    return array


def per_neuron(value: Any, dtype: Any = np.float64) -> Any:
    """Return ``value`` as a number, or as a read-only array if it has several.

    >>> per_neuron([1, 2]), per_neuron(3)
    (array([1., 2.]), 3.0)
    """
    if value is None or np.ndim(value):
        return None if value is None else frozen_array(value, dtype)
    return int(value) if dtype is np.int64 else float(value)


def each(value: Any, size: int) -> NDArray[np.float64]:
    """Return the number of each of ``size`` neurons, shape (size,).

    :raises ShapeError: if ``value`` is an array for another number of neurons

    >>> each(2.0, 3)
    array([2., 2., 2.])
    """
    array = np.asarray(value, dtype=np.float64)
    if array.shape not in ((), (size,)):
        raise ShapeError(
            "values of neurons",
            f"they have shape {array.shape}, there are {size} neurons.",
            "Give one number, or one for each neuron.",
        )
    return np.broadcast_to(array, (size,))


@dataclass(frozen=True, eq=False)
class Spec:
    """An immutable value. Equal if all fields are equal, arrays by content."""

    def __post_init__(self) -> None:
        """Store what is declared as a float as one: 66 and 66.0 are one value."""
        for f in dataclasses.fields(self):
            info: FieldInfo | None = f.metadata.get("info")
            value = getattr(self, f.name)
            if info is None:
                continue
            if info.per_neuron:
                object.__setattr__(self, f.name, per_neuron(value))
            elif info.whole is False and type(value) is int:
                object.__setattr__(self, f.name, float(value))

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed."""
        return dataclasses.replace(self, **changes)

    @classmethod
    def info(cls, name: str) -> FieldInfo:
        """Return unit, bounds and help of the field ``name``."""
        try:
            return cls.infos()[name]
        except KeyError:
            raise KeyError(f"{cls.__name__} has no field {name!r}") from None

    @classmethod
    def infos(cls) -> dict[str, FieldInfo]:
        """Return unit, bounds and help of all fields, in order of declaration."""
        this: Any = cls  # mypy takes the hash of its instances for that of the class
        return _infos(this)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(self) is not type(other):
            return NotImplemented
        return all(
            _same(getattr(self, f.name), getattr(other, f.name))
            for f in dataclasses.fields(self)
        )

    def __hash__(self) -> int:
        return hash(fingerprint(self))


@cache
def _infos(cls: type[Any]) -> dict[str, FieldInfo]:
    fields = dataclasses.fields(cls)
    return {f.name: f.metadata.get("info", FieldInfo("")) for f in fields}


def _same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return type(a) is type(b) and a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    return type(a) is type(b) and bool(a == b)


def fingerprint(value: Any) -> str:
    """Return a hash of everything in ``value`` that is not cosmetic."""
    digest = hashlib.blake2b(digest_size=16)
    for part in _parts(value):
        digest.update(part)
    return digest.hexdigest()


def _parts(value: Any) -> Iterator[bytes]:
    if isinstance(value, np.ndarray):
        yield f"a{value.dtype.str}{value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif dataclasses.is_dataclass(value):
        yield f"{{{type(value).__name__}".encode()
        for f in dataclasses.fields(value):
            info: FieldInfo | None = f.metadata.get("info")
            if info is None or not info.cosmetic:
                yield f.name.encode()
                yield from _parts(getattr(value, f.name))
        yield b"}"
    elif isinstance(value, tuple | list):
        yield f"({len(value)}".encode()
        for item in value:
            yield from _parts(item)
    elif isinstance(value, dict):
        yield f"[{len(value)}".encode()
        for key in sorted(value):
            yield str(key).encode()
            yield from _parts(value[key])
    else:
        yield f"{type(value).__name__}{value!r};".encode()
