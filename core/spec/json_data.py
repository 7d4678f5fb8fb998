"""Specs as plain data that JSON can hold, and back, by the types the fields declare.

A spec becomes an object with all its fields, and with its "kind" where classes come in
kinds; a tuple a list; a small array nested lists, another array ``{"shape", "dtype",
"base64"}`` in little-endian order: weights in float32, values of neurons in float64. On
the way back missing fields take their default, and everything that does not fit is
listed in one error. Weights that their rule draws are ``{"shape", "drawn": true}``.
"""

import base64
import binascii
import dataclasses
import functools
import json
import math
import sys
import typing
from types import NoneType, UnionType
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.errors import ConversionError, HXError, Problem, did_you_mean
from core.spec.fields import Spec, frozen_array
from core.spec.network import KINDS, PopulationSpec, ProjectionSpec, WeightRule
from core.spec.stimulus import STIMULI, Stimulus

#: Larger arrays and integers are refused; a JSON number is exact up to 2**53.
MAX_ENTRIES = 4_000_000
MAX_INT = 2**53
#: Arrays up to this size are written as lists that a person can read.
LIST_ENTRIES = 64
#: More problems than this are counted, not listed.
MAX_PROBLEMS = 50

#: Classes that come in kinds: the field "kind" says which.
_KINDS: dict[type, dict[str, Any]] = {PopulationSpec: KINDS, Stimulus: STIMULI}
#: Types of arrays by name, and how they lie in the file.
_DTYPES: Final = {"float32": "<f4", "float64": "<f8", "int64": "<i8"}
_BAD: Final = object()

S = TypeVar("S", bound=Spec)


def to_data(value: Spec) -> dict[str, Any]:
    """Return ``value`` as objects, lists and numbers that JSON can hold.

    :raises ConversionError: if it holds what JSON cannot; lists all problems
    """
    problems: list[Problem] = []
    data: dict[str, Any] = _write(value, "", problems)
    _raise(problems)
    return data


def from_data(cls: type[S], data: Any) -> S:
    """Return the value of class ``cls`` that `to_data` wrote as ``data``.

    :raises ConversionError: if it is none; lists all problems
    """
    reader = _Reader()
    value = reader.read(cls, data, "")
    _raise(reader.problems)
    return typing.cast(S, value)


def _raise(problems: list[Problem]) -> None:
    if len(problems) > MAX_PROBLEMS:
        more = f"{len(problems) - MAX_PROBLEMS} more problems are not listed."
        problems = [*problems[:MAX_PROBLEMS], Problem("document", more)]
    if problems:
        raise ConversionError.of(problems)


def _write(value: Any, where: str, problems: list[Problem]) -> Any:
    if isinstance(value, Spec):
        head: dict[str, Any] = {}
        if isinstance(value, PopulationSpec | Stimulus):
            head["kind"] = value.kind
        drawn = isinstance(value, ProjectionSpec) and value.drawn
        if isinstance(value, ProjectionSpec) and drawn:
            shape = list(value.weights.shape)
            head["weights"] = {"shape": shape, "drawn": True}
        return head | {
            f.name: _write(getattr(value, f.name), _join(where, f.name), problems)
            for f in dataclasses.fields(value)
            if not (drawn and f.name == "weights")
        }
    if isinstance(value, tuple | list):
        return [_write(v, f"{where}[{n}]", problems) for n, v in enumerate(value)]
    if isinstance(value, np.ndarray):
        return _write_array(value, where, problems)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        fix = "Set it to a finite number."
        problems.append(Problem(where, f"{value} cannot be saved.", fix))
    elif isinstance(value, str) and not _is_text(value):
        what, fix = "half a character cannot be saved.", "Type the text again."
        problems.append(Problem(where, what, fix))
    elif not isinstance(value, str | int | float | NoneType):
        what = f"{type(value).__name__} cannot be saved."
        problems.append(Problem(where, what, "Set it to a plain value."))
    return value


def _write_array(array: NDArray[Any], where: str, problems: list[Problem]) -> Any:
    if not np.isfinite(array).all():
        fix = "Set them to numbers."
        problems.append(Problem(where, "some entries are not finite.", fix))
    if array.ndim and 0 < array.size <= LIST_ENTRIES:
        flat = np.array([_short(x) for x in array.flat])
        return flat.reshape(array.shape).tolist()
    raw = np.ascontiguousarray(array, dtype=_DTYPES[array.dtype.name]).tobytes()
    text = base64.b64encode(raw).decode("ascii")
    return {"shape": list(array.shape), "dtype": array.dtype.name, "base64": text}


def _short(x: Any) -> Any:
    """Return the number of fewest digits that is ``x`` in its own precision."""
    if not isinstance(x, np.float32):
        return x.item()
    short = float(str(x))
    return short if np.float32(short) == x else float(x)


class _Reader:
    """Reads data by the types that the fields declare, and collects problems."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._drawn = 0

    def read(self, hint: Any, data: Any, where: str) -> Any:
        """Return the value of type ``hint``, or `_BAD` after noting a problem."""
        origin, args = typing.get_origin(hint), typing.get_args(hint)
        if origin in (UnionType, typing.Union):
            if data is None and NoneType in args:
                return None
            inner = [arg for arg in args if arg is not NoneType]
            several = isinstance(data, list | dict)  # of a number or one per neuron
            return self.read(inner[-1] if several else inner[0], data, where)
        if origin is tuple:
            return self._tuple(args, data, where)
        if origin is np.ndarray:
            (dtype,) = typing.get_args(args[1])
            name = "float32" if dtype is Any else np.dtype(dtype).name
            return self._array(data, where, name)
        if issubclass(hint, Spec):
            return self._spec(hint, data, where)
        return self._plain(hint, data, where)

    def _bad(self, where: str, what: str, fix: str) -> Any:
        self.problems.append(Problem(where or "document", what, fix))
        return _BAD

    def _plain(self, hint: type, data: Any, where: str) -> Any:
        right = type(data) is hint or (hint is float and type(data) is int)
        if not right:
            what = f"{_shown(data)} is {kind_word(data)}."
            return self._bad(where, what, f"Write {_WORDS[hint]}.")
        if isinstance(data, str) and not _is_text(data):
            return self._bad(where, "it holds half a character.", "Type it again.")
        if type(data) is float and not math.isfinite(data):
            return self._bad(where, "the number is too large.", "Write a smaller one.")
        if type(data) is int and abs(data) > MAX_INT:
            return self._bad(where, "the number is too large.", "Write a smaller one.")
        return data

    def _tuple(self, args: tuple[Any, ...], data: Any, where: str) -> Any:
        if not isinstance(data, list):
            what = f"{_shown(data)} is {kind_word(data)}."
            return self._bad(where, what, "Write a list.")
        if args[-1] is Ellipsis:
            args = (args[0],) * len(data)
        if len(args) != len(data):
            what = f"the list has {len(data)} entries."
            return self._bad(where, what, f"Write {len(args)}.")
        items = [
            self.read(arg, item, f"{where}[{n}]")
            for n, (arg, item) in enumerate(zip(args, data, strict=True))
        ]
        return _BAD if any(item is _BAD for item in items) else tuple(items)

    def _spec(self, cls: type[Spec], data: Any, where: str) -> Any:
        if not isinstance(data, dict):
            what = f"{_shown(data)} is {kind_word(data)}."
            return self._bad(where, what, "Write an object.")
        known = _KINDS.get(cls)
        if known is not None:
            kind = data.get("kind")
            if not isinstance(kind, str) or kind not in known:
                hint = did_you_mean(str(kind), known).strip()
                names = ", ".join(f'"{name}"' for name in known)
                what = f"the kind {_shown(kind)} is unknown."
                return self._bad(where, what, hint or f"Use one of {names}.")
            cls = known[kind]
            data = {name: value for name, value in data.items() if name != "kind"}
        return self._fields(cls, data, where)

    def _fields(self, cls: type[Spec], data: dict[str, Any], where: str) -> Any:
        fields = {f.name: f for f in dataclasses.fields(cls)}
        key: Any = cls  # mypy takes the hash of its instances for that of the class
        hints = _hints(key)
        values: dict[str, Any] = {}
        if cls is ProjectionSpec and _is_drawn(data.get("weights")):
            values["weights"] = self._draw(data, _join(where, "weights"))
            data = {name: item for name, item in data.items() if name != "weights"}
        for name, item in data.items():
            if name in fields:
                values[name] = self.read(hints[name], item, _join(where, name))
                self._choice(cls, name, values[name], where)
            else:
                hint = did_you_mean(name, fields).strip()
                what = "this field is unknown."
                self._bad(_join(where, name[:80]), what, hint or "Remove it.")
        for name, f in fields.items():
            if name in data or name in values:
                continue
            if f.default is dataclasses.MISSING:
                what = "this field is missing."
                values[name] = self._bad(_join(where, name), what, "Add it.")
        if any(value is _BAD for value in values.values()):
            return _BAD
        try:
            return cls(**values)
        except (HXError, TypeError, ValueError) as error:
            return self._bad(where, f"{error}", "Correct it.")

    def _choice(self, cls: type[Spec], name: str, value: Any, where: str) -> None:
        choices = cls.info(name).choices
        if choices and value is not _BAD and value not in choices:
            hint = did_you_mean(str(value), map(str, choices)).strip()
            names = ", ".join(map(repr, choices))
            what = f"{_shown(value)} is no choice."
            self._bad(_join(where, name), what, hint or f"Use one of {names}.")

    def _array(self, data: Any, where: str, dtype: str) -> Any:
        if isinstance(data, list):
            return self._listed(data, where, dtype)
        if not isinstance(data, dict) or data.keys() != {"shape", "dtype", "base64"}:
            return self._bad(where, "this is no array.", "Write nested lists.")
        shape, text = data["shape"], data["base64"]
        if data["dtype"] != dtype:
            what = f"the type {_shown(data['dtype'])} is unknown."
            return self._bad(where, what, f'Use "{dtype}".')
        if self._shape(shape, where) is _BAD:
            return _BAD
        try:
            raw = base64.b64decode(text, validate=True)
        except (TypeError, ValueError, binascii.Error):
            return self._bad(where, "this is not base64.", "Save the file again.")
        if len(raw) != np.dtype(dtype).itemsize * math.prod(shape):
            what = f"{len(raw)} bytes do not fill an array of shape {tuple(shape)}."
            return self._bad(where, what, "Save the file again.")
        array = np.frombuffer(raw, dtype=_DTYPES[dtype]).reshape(shape)
        return self._finite(array, where)

    def _shape(self, shape: Any, where: str) -> Any:
        if not isinstance(shape, list) or len(shape) > 4:
            return self._bad(where, "this is no shape of an array.", "Correct it.")
        if not all(type(n) is int and 0 <= n <= MAX_ENTRIES for n in shape):
            return self._bad(where, "this is no shape of an array.", "Correct it.")
        if math.prod(shape) > MAX_ENTRIES:
            what = f"the array has {math.prod(shape)} entries."
            return self._bad(where, what, f"At most {MAX_ENTRIES} can be read.")
        return shape

    def _draw(self, data: dict[str, Any], where: str) -> Any:
        """Return the weights that the rule of a projection draws."""
        shape = self._shape(data["weights"]["shape"], where)
        if shape is _BAD or data.get("rule") is None:
            return self._bad(where, "there is no rule to draw them.", "Write them.")
        if len(shape) != 2:
            return self._bad(where, "this is no shape of weights.", "Correct it.")
        # A short text must not fill the memory: all drawn weights count together.
        self._drawn += max(1, math.prod(shape))
        if self._drawn > MAX_ENTRIES:
            what = f"rules draw {self._drawn} weights."
            return self._bad(where, what, f"At most {MAX_ENTRIES} can be read.")
        rule = _Reader().read(WeightRule, data["rule"], "")
        if rule is _BAD:  # said where the rule is read
            return frozen_array(np.zeros((0, 0)))
        targets, sources = shape
        return self._finite(rule.draw(sources, targets), where)

    def _listed(self, data: list[Any], where: str, dtype: str) -> Any:
        shape: list[int] = []
        first: Any = data
        items: list[Any] = [data]
        while isinstance(first, list) and len(shape) < 4:
            shape.append(len(first))
            if any(not isinstance(i, list) or len(i) != len(first) for i in items):
                what = "the rows of the array differ in length."
                return self._bad(where, what, "Give all the same length.")
            items = [entry for item in items for entry in item]
            if not items:
                break
            first = items[0]
        if len(items) > MAX_ENTRIES:
            what = f"the array has {len(items)} entries."
            return self._bad(where, what, f"At most {MAX_ENTRIES} can be read.")
        kinds = (int,) if dtype == "int64" else (int, float)
        wrong = [item for item in items if type(item) not in kinds]
        if wrong:
            what = f"{_shown(wrong[0])} is {kind_word(wrong[0])}."
            fix = "Write whole numbers." if dtype == "int64" else "Write numbers."
            return self._bad(where, what, fix)
        most = {"float32": 1e39, "float64": sys.float_info.max, "int64": MAX_INT}[dtype]
        wide = [item for item in items if not abs(item) <= most]
        with np.errstate(over="ignore"):
            array = np.array([] if wide else items, dtype=float).astype(dtype)
        if wide or not np.isfinite(array).all():
            what = "some entries are too large."
            return self._bad(where, what, "Write smaller numbers.")
        return array.reshape(shape)

    def _finite(self, array: NDArray[Any], where: str) -> Any:
        if not np.isfinite(array).all():
            return self._bad(where, "some entries are not finite.", "Correct them.")
        return array


_WORDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
}


def _is_drawn(data: Any) -> bool:
    return (
        isinstance(data, dict)
        and data.keys() == {"shape", "drawn"}
        and data["drawn"] is True
    )


@functools.cache
def _hints(cls: Any) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(data: Any) -> str:
    if isinstance(data, dict | list):
        return "this"
    text = json.dumps(data)
    return text if len(text) < 40 else f"{text[:36]}…"


def kind_word(data: Any) -> str:
    """Return what ``data`` is, in words."""
    names = {dict: "an object", list: "a list", NoneType: "empty", float: "a fraction"}
    return names.get(type(data)) or _WORDS[type(data)]
