"""Units of time, voltage and current, and what they are called."""

from dataclasses import dataclass

from core.errors import HXError, ParameterError, did_you_mean


class UnitError(ParameterError):
    """Units are not of one kind."""


class UnknownUnitError(HXError, LookupError):
    """There is no such unit."""


@dataclass(frozen=True)
class Unit:
    """A unit: a power of ten of powers of seconds, volts and amperes.

    >>> str(UNITS["us"] / UNITS["mV"])
    'us/mV'
    """

    string: str
    ten: float = 0.0
    powers: tuple[float, ...] = (0, 0, 0)

    def __mul__(self, other: "Unit") -> "Unit":
        name = "*".join(n for n in (self.string, other.string) if n != _NONE)
        powers = zip(self.powers, other.powers, strict=True)
        return _known(name, self.ten + other.ten, tuple(a + b for a, b in powers))

    def __pow__(self, exponent: float) -> "Unit":
        powers = tuple(power * exponent for power in self.powers)
        return _known(f"({self})**{exponent:g}", self.ten * exponent, powers)

    def __truediv__(self, other: "Unit") -> "Unit":
        inverse = self * other**-1
        name = f"{'1' if self.string == _NONE else self}/{other}"
        return _known(name, inverse.ten, inverse.powers)

    def __str__(self) -> str:
        return self.string


_NONE = "dimensionless"
_KINDS = {
    "s": (1, 0, 0),
    "Hz": (-1, 0, 0),
    "V": (0, 1, 0),
    "A": (0, 0, 1),
    "F": (1, -1, 1),
    "ohm": (0, 1, -1),
}
_PREFIXES = {"": 0, "M": 6, "k": 3, "m": -3, "u": -6, "n": -9, "p": -12}
_WORDS = {
    "second": "s",
    "millisecond": "ms",
    "microsecond": "us",
    "nanosecond": "ns",
    "volt": "V",
    "ampere": "A",
    "hertz": "Hz",
}
UNITS = {_NONE: Unit(_NONE)} | {
    prefix + kind: Unit(prefix + kind, ten, powers)
    for kind, powers in _KINDS.items()
    for prefix, ten in _PREFIXES.items()
}
UNITS |= {word: UNITS[name] for word, name in _WORDS.items()}
UNITS |= {f"{word}s": UNITS[name] for word, name in _WORDS.items()}


def _known(name: str, ten: float, powers: tuple[float, ...]) -> Unit:
    """Return a unit; one that is known is called as it is known."""
    made = Unit(name or _NONE, ten, powers)
    like = (u for u in UNITS.values() if (u.ten, u.powers) == (ten, powers))
    return next(like, made)


def named(name: str) -> Unit:
    """Return the unit with a name.

    :raises UnknownUnitError: if there is no such unit

    >>> named("mV/us").powers
    (-1, 1, 0)
    """
    above, _, below = name.rpartition("/")
    if above:
        return (UNITS[_NONE] if above == "1" else named(above)) / named(below)
    if name not in UNITS:
        raise UnknownUnitError(
            "quantity",
            f'Unable to parse units: "{name}".{did_you_mean(name, UNITS)}',
            "Seconds, volts, amperes, farads, ohms and hertz are known.",
        )
    return UNITS[name]
