"""Stand-in of `quantities`: arrays with a unit.

It is used where the package of that name cannot be imported. What has another unit is
converted when it is added, compared or assigned::

    (a u) + (b v) = (a + b v / u) u        (a u) (b v) = (a b) (u v)

What is left without a unit is a number: 1 ms / 1 us is 1000. Lists of quantities are
converted, too. Where a number is asked for, as by ``float(8 * us)`` and by
``np.array([5 * us, 6 * us])``, the unit is dropped with a warning.

>>> (8 * us + 1 * ms).rescale("ms")
array(1.008) * ms
"""

import warnings
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from core.compat.unit import UNITS, Unit, UnitError, named
from core.compat.writers import WRITERS, with_written

_BASE = ("s", "V", "A")
_NUMBER = UNITS["dimensionless"]

# NumPy's functions, by what they do with units.
_SAME = {"add", "subtract", "maximum", "minimum", "fmax", "fmin", "hypot", "clip"} | {
    "remainder",
    "fmod",
}
_ASK = {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"} | {
    "floor_divide"
}
_KEEP = {"negative", "positive", "absolute", "fabs", "rint", "floor", "ceil", "trunc"}
_DROP = {"isfinite", "isnan", "isinf", "signbit", "sign"}
_JOIN = (np.concatenate, np.stack, np.hstack, np.vstack)
_POWERS = {"square": 2.0, "sqrt": 0.5, "cbrt": 1 / 3, "reciprocal": -1.0}


class UnitStrippedWarning(UserWarning):
    """A quantity became a number and lost its unit."""


class Quantity(np.ndarray[Any, np.dtype[Any]]):
    """An array with a unit.

    :param data: numbers, or a quantity or a list of them, which is converted
    :param units: name of a unit, or a quantity; empty keeps the unit of ``data``
    :raises UnitError: if the unit of ``data`` is of another kind
    :raises UnknownUnitError: if there is no such unit

    >>> times = Quantity([1.0, 2.0, 3.0], "us")
    >>> times[:2] = 500 * ns
    >>> times * 2
    array([1., 1., 6.]) * us
    """

    unit: Unit

    def __new__(cls, data: Any, units: Any = "", dtype: Any = None) -> "Quantity":
        data = _gathered(data)
        own = data.unit if isinstance(data, Quantity) else _NUMBER
        wanted = own if isinstance(units, str) and not units else _unit(units)
        numbers = _numbers(data, wanted) if isinstance(data, Quantity) else data
        return _with(np.array(numbers, dtype=dtype), wanted, cls)

    def __array_finalize__(self, source: Any) -> None:
        self.unit = getattr(source, "unit", _NUMBER)

    def __reduce__(self) -> Any:
        return _with, (np.array(self.magnitude), self.unit, type(self))

    def __deepcopy__(self, memo: Any) -> "Quantity":
        return self.copy()

    @property
    def magnitude(self) -> Any:
        """The numbers without the unit; who changes them changes the quantity."""
        return self.view(np.ndarray)

    @property
    def units(self) -> "Quantity":
        """One of the unit."""
        return _with(1.0, self.unit)

    @property
    def dimensionality(self) -> Unit:
        """The unit; its ``string`` is its name."""
        return self.unit

    @property
    def simplified(self) -> "Quantity":
        """The same in seconds, volts and amperes."""
        names = [
            name if power == 1 else f"{name}**{power:g}"
            for name, power in zip(_BASE, self.unit.powers, strict=True)
            if power
        ]
        base = Unit("*".join(names) or _NUMBER.string, 0.0, self.unit.powers)
        return _with(_numbers(self, base), base)

    def rescale(self, units: Any) -> "Quantity":
        """Return the same in other units.

        :param units: name of a unit, or a quantity
        :raises UnitError: if the units are of another kind
        :raises UnknownUnitError: if there is no such unit
        """
        return Quantity(self, units)

    def fill(self, value: Any) -> None:
        """Assign ``value``, converted, to all elements."""
        self[...] = value

    def put(self, indices: Any, values: Any, mode: Any = "raise") -> None:
        """Assign ``values``, converted, to the elements with flat ``indices``."""
        self.magnitude.put(indices, _numbers(values, self.unit), mode)

    def __float__(self) -> float:
        return float(_stripped(self))

    def __int__(self) -> int:
        return int(_stripped(self))

    def __complex__(self) -> complex:
        return complex(_stripped(self))

    def __getitem__(self, key: Any) -> Any:
        return _with(self.magnitude[key], self.unit, type(self))

    def __setitem__(self, key: Any, value: Any) -> None:
        self.magnitude[key] = _numbers(value, self.unit)

    def __iter__(self) -> Iterator[Any]:
        return (_with(part, self.unit) for part in self.magnitude)

    def __eq__(self, other: object) -> Any:
        try:
            return super().__eq__(other)
        except UnitError:
            return np.zeros(self.shape, bool)

    def __ne__(self, other: object) -> Any:
        return ~np.asarray(self == other)

    __hash__ = None  # as that of arrays

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any
    ) -> Any:
        numbers, unit = _prepared(ufunc.__name__, method, inputs)
        target, *_ = options.get("out", (None,))
        if target is None:
            result = getattr(ufunc, method)(*numbers, **options)
            return result if unit is None else _with(result, unit)
        getattr(ufunc, method)(*numbers, **options | {"out": np.asarray(target)})
        if isinstance(target, Quantity):
            target.unit = unit or _NUMBER
        return target

    def __array_function__(
        self, function: Any, types: Any, arguments: Any, options: Any
    ) -> Any:
        if function is np.where and len(arguments) == 3:
            values = [_numbers(value, self.unit) for value in arguments[1:]]
            return _with(function(np.asarray(arguments[0]), *values), self.unit)
        if function in WRITERS and arguments:
            unit = getattr(arguments[0], "unit", None)
            arguments, options = with_written(
                function, arguments, options, lambda value: _written(value, unit)
            )
        if function not in _JOIN:
            return super().__array_function__(function, types, arguments, options)
        numbers = [_numbers(part, self.unit) for part in arguments[0]]
        return _with(function(numbers, *arguments[1:], **options), self.unit)

    def __repr__(self) -> str:
        return f"{np.array(self.magnitude)!r} * {self.unit}"

    def __str__(self) -> str:
        return f"{self.magnitude} {self.unit}"

    def __format__(self, spec: str) -> str:
        return f"{format(self.magnitude[()], spec)} {self.unit}"


def _prepared(
    name: str, method: str, inputs: tuple[Any, ...]
) -> tuple[list[Any], Unit | None]:
    """Return the numbers that a function of NumPy gets, and the unit of its result."""
    first = next((i.unit for i in inputs if isinstance(i, Quantity)), _NUMBER)
    if name in _SAME | _ASK:
        return [_numbers(i, first) for i in inputs], first if name in _SAME else None
    bare = [np.asarray(i) for i in inputs]
    if name in _KEEP | _DROP:
        return bare, first if name in _KEEP else None
    if name in _POWERS:
        return bare, first ** _POWERS[name]
    if name in ("multiply", "divide", "power") and method == "__call__":
        return _product(name, inputs, bare)
    return [_numbers(i, _NUMBER) for i in inputs], None  # exp, sin, …


def _product(
    name: str, inputs: tuple[Any, ...], bare: list[Any]
) -> tuple[list[Any], Unit]:
    """Return the numbers of a product and its unit; 1 ms / us is 1000."""
    one, two = (getattr(i, "unit", _NUMBER) for i in inputs)
    if name == "power":
        return [bare[0], _numbers(inputs[1], _NUMBER)], one ** float(bare[1])
    unit = one * two if name == "multiply" else one / two
    if any(unit.powers):
        return bare, unit
    return [_shifted(bare[0], unit.ten), bare[1]], _NUMBER


def _numbers(value: Any, unit: Unit) -> Any:
    """Return the numbers of ``value`` in ``unit``."""
    value = _gathered(value)
    own = value.unit if isinstance(value, Quantity) else _NUMBER
    if own.powers != unit.powers:
        raise UnitError(
            "quantity",
            f'Unable to convert between units of "{own}" and "{unit}".',
            "Give a quantity of the same kind.",
        )
    return _shifted(np.asarray(value), own.ten - unit.ten)


def _gathered(value: Any) -> Any:
    """Return a list of quantities as a quantity; anything else stays as it is."""
    if not isinstance(value, (list, tuple)):
        return value
    parts = [_gathered(part) for part in value]
    unit = next((part.unit for part in parts if isinstance(part, Quantity)), None)
    if unit is None:
        return value
    return _with(np.array([_numbers(part, unit) for part in parts]), unit)


def _stripped(quantity: Quantity) -> Any:
    """Return the numbers of ``quantity``, and warn of the unit that is lost."""
    if quantity.unit != _NUMBER:
        warnings.warn(
            f"the unit of {quantity} is dropped. For numbers take .magnitude, after"
            " .rescale if need be; for an array with a unit write [5, 6] * pq.us, as"
            " np.array([5 * pq.us, 6 * pq.us]) has none.",
            UnitStrippedWarning,
            stacklevel=3,
        )
    return quantity.magnitude


def _written(value: Any, unit: Unit | None) -> Any:
    """Return the numbers to write into an array in ``unit``; None: it has none.

    Bare numbers are written as they are: NumPy does so when it makes an array.
    """
    value = _gathered(value)
    if not isinstance(value, Quantity):
        return value
    return _stripped(value) if unit is None else _numbers(value, unit)


def _shifted(numbers: Any, ten: float) -> Any:
    """Return ``numbers`` times a power of ten, rounded once."""
    if ten < 0:
        return numbers / 10.0**-ten
    return numbers * 10.0**ten if ten else numbers


def _with(numbers: Any, unit: Unit, kind: type[Quantity] = Quantity) -> Quantity:
    made = np.asarray(numbers).view(kind)
    made.unit = unit
    return made


def _unit(units: Any) -> Unit:
    """Return the unit of a quantity, or the one with a name such as ``"us"``."""
    if isinstance(units, Unit):
        return units
    if isinstance(units, Quantity):
        return units.unit
    return named(str(units))


def package() -> ModuleType:
    """Return the package `quantities` of this machine; without one, its stand-in."""
    try:
        return import_module("quantities")
    except Exception:  # a release older than NumPy is: an AttributeError and others
        return import_module(__name__)


_CONSTANTS = {name: _with(1.0, unit) for name, unit in UNITS.items()}
for _constant in _CONSTANTS.values():
    _constant.setflags(write=False)
globals().update(_CONSTANTS)
