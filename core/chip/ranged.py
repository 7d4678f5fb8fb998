"""Whole numbers of fixed ranges: settings, positions and coordinates.

A `Ranged` number compares like a plain one. A `Coordinate` names a place: two of the
same kind compare like numbers, two of different kinds are never equal and have no
order, so that row 1 is not mistaken for column 1. A `Pair` counts the places of a grid
row by row::

    place = second part · size of the first + first part
"""

from collections.abc import Callable, Iterator, Sequence
from operator import index
from types import new_class
from typing import Any, ClassVar, Self, TypeVar, cast

from core.errors import ParameterError


class RangeError(ParameterError, RuntimeError, OverflowError):
    """A number is outside of its range, or of another kind."""


class Ranged(int):
    """A whole number of a range, 0…size − 1; cannot be changed.

    >>> class Die(Ranged, size=6): ...
    >>> Die(5).value(), Die.max, Die(2) + 1
    (5, 5, 3)
    """

    size: ClassVar[int] = 2**63
    min: ClassVar[int] = 0
    max: ClassVar[int] = size - 1

    def __init_subclass__(cls, size: int | None = None, names: Sequence[str] = ()):
        """Declare a range.

        :param size: how many numbers; None keeps the range of the base
        :param names: attributes of the class for its first values
        """
        super().__init_subclass__()
        if size is not None:
            cls.size, cls.max = size, size - 1
        for number, name in enumerate(names):
            setattr(cls, name, cls(number))

    def __new__(cls, value: Any = 0) -> Self:
        """Return the number ``value``.

        :raises RangeError: if it is outside of the range, or another kind of place
        """
        foreign = isinstance(value, Coordinate) and not isinstance(value, cls)
        try:
            number = None if foreign else index(value)
        except TypeError:
            number = None
        if number is None or not cls.min <= number <= cls.max:
            problem = "no whole number" if number is None else "out of range"
            raise RangeError(
                cls.__qualname__,
                f"{value!r} is {problem}.",
                f"Use {cls.min} to {cls.max}.",
            )
        return super().__new__(cls, number)

    def value(self) -> int:
        """Return the plain number."""
        return int(self)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{self!r} cannot be changed.")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({int(self)})"


class Enum(Ranged):
    """The position of a coordinate in the order of its kind."""


class EnumRanged_256_(Enum, size=256):  # noqa: N801, the name of the interface
    """A position in an order of 256."""


class EnumRanged_512_(Enum, size=512):  # noqa: N801
    """A position in an order of 512."""


def _of_one_kind(compare: Callable[[int, int], Any]) -> Callable[[Any, Any], Any]:
    """Return ``compare``, restricted to plain numbers and coordinates of one kind."""

    def compared(self: "Coordinate", other: Any) -> Any:
        if isinstance(other, Coordinate) and type(other) is not type(self):
            return NotImplemented
        return compare(self, other)

    return compared


class Coordinate(Ranged):
    """A `Ranged` number that names a place.

    >>> Row = ranged("Row", 2, names=("top", "bottom"))
    >>> Row.top < Row(1), Row(1) == ranged("Column", 256)(1), Row(1) == 1
    (True, False, True)
    """

    __eq__ = _of_one_kind(int.__eq__)
    __ne__ = _of_one_kind(int.__ne__)
    __lt__ = _of_one_kind(int.__lt__)
    __le__ = _of_one_kind(int.__le__)
    __gt__ = _of_one_kind(int.__gt__)
    __ge__ = _of_one_kind(int.__ge__)
    __hash__ = int.__hash__

    def toEnum(self) -> Enum:  # noqa: N802
        """Return the position in the order of all coordinates of this kind."""
        return Enum(int(self))


class Pair(Coordinate):
    """A place in a grid: made of its two parts, or of its position.

    The class gets a method for each part, called after the kind of the part.

    >>> Circuit = paired("Circuit", ranged("Column", 256), ranged("Row", 2))
    >>> Circuit(3, 1) == Circuit(259), Circuit(259).toRow()
    (True, Row(1))
    """

    parts: ClassVar[tuple[type[Coordinate], type[Coordinate]]]

    def __init_subclass__(
        cls, parts: tuple[type[Coordinate], type[Coordinate]], **kwargs: Any
    ) -> None:
        """Declare a grid.

        :param parts: kinds of the parts; the first one counts faster
        """
        cls.parts = parts
        super().__init_subclass__(size=parts[0].size * parts[1].size, **kwargs)
        for number, part in enumerate(parts):
            setattr(cls, f"to{part.__name__}", _part(number))

    def __new__(cls, first: Any = 0, second: Any = None) -> Self:
        """Return the place of two parts, or with one argument of a position."""
        if second is None:
            return super().__new__(cls, first)
        x, y = cls.parts[0](first), cls.parts[1](second)
        return super().__new__(cls, y * x.size + x)

    def split(self) -> tuple[Any, Any]:
        """Return the two parts."""
        x, y = self.parts
        return x(self % x.size), y(self // x.size)

    def __repr__(self) -> str:
        x, y = self.split()
        return f"{type(self).__name__}({int(x)}, {int(y)})"


def _part(number: int) -> Callable[[Pair], Coordinate]:
    def part(self: Pair) -> Coordinate:
        """Return this part of the place."""
        found: Coordinate = self.split()[number]
        return found

    return part


C = TypeVar("C", bound=Ranged)


def iter_all(kind: type[C]) -> Iterator[C]:
    """Return all values of a kind in their order.

    >>> list(iter_all(ranged("Row", 2)))
    [Row(0), Row(1)]
    """
    return (kind(number) for number in range(kind.size))


def ranged(name: str, size: int, names: Sequence[str] = ()) -> type[Coordinate]:
    """Return a new kind of coordinate with ``size`` values."""
    made = new_class(name, (Coordinate,), {"size": size, "names": names})
    return cast(type[Coordinate], made)


def paired(name: str, *parts: type[Coordinate]) -> type[Pair]:
    """Return a new kind of place in the grid of two kinds; the first counts faster."""
    return cast(type[Pair], new_class(name, (Pair,), {"parts": parts}))
