"""Settings of one circuit as attributes of an object, over arrays of all circuits.

A `View` belongs to one circuit. Its attributes are declared as `Setting`, which reads
and writes a number of that circuit, or as `Part`, a view of some of the settings.
Names that are not declared are refused: on a chip a mistyped setting would do nothing.
"""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

from core.errors import NotEmulatedError, ParameterError, did_you_mean

V = TypeVar("V")


class SettingNameError(NotEmulatedError, AttributeError):
    """The emulated chip has no such setting."""


class View:
    """The settings of one circuit, or a part of them.

    :param settings: arrays of all circuits
    :param circuit: 0…511
    :param section: name of the part, empty for the whole circuit
    """

    __slots__ = ("circuit", "section", "settings")

    settings: Any
    circuit: int
    section: str

    def __init__(self, settings: Any, circuit: int, section: str = "") -> None:
        self.settings = settings
        self.circuit = circuit
        self.section = section

    def assign(self, other: "View") -> None:
        """Take over all settings of ``other``.

        :raises ParameterError: if it is of another kind
        """
        if type(other) is not type(self):
            raise ParameterError(
                type(self).__name__,
                f"cannot take the settings of {type(other).__name__}.",
                f"Assign another {type(self).__name__}.",
            )
        for name in self.names():
            setattr(self, name, getattr(other, name))

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of all settings."""
        return [n for n, v in vars(cls).items() if isinstance(v, Setting | Part)]

    def __getattr__(self, name: str) -> Any:
        raise self._unknown(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in View.__slots__ and name not in self.names():
            raise self._unknown(name)
        super().__setattr__(name, value)

    def _unknown(self, name: str) -> SettingNameError:
        known = self.names()
        return SettingNameError(
            type(self).__name__,
            f"the emulated chip has no setting '{name}'.{did_you_mean(name, known)}",
            f"It has: {', '.join(known)}.",
        )

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.names())
        return f"{type(self).__name__}({values})"


class Setting(Generic[V]):
    """A number of one circuit as an attribute of a `View`.

    :param kind: turns the number into the value that is read, and checks what is set
    :param array: from a view to the array of this setting, shape (circuits,); None
        stores the number under its name, without effect
    """

    name: str

    def __init__(
        self, kind: Callable[[Any], V], array: Callable[[Any], Any] | None = None
    ) -> None:
        self.kind = kind
        self.array = array

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def full_name(self, view: View) -> str:
        """Return the name of the part and of the setting in it."""
        return f"{view.section}.{self.name}"

    def read(self, view: View) -> int:
        """Return the number in the array; an unused circuit has −1, which is 0 here."""
        if self.array is None:
            return int(view.settings.read_stored(self.full_name(view), view.circuit))
        return max(round(float(self.array(view)[view.circuit])), 0)

    def write(self, view: View, number: int) -> None:
        """Write the number to the array."""
        if self.array is None:
            view.settings.write_stored(self.full_name(view), view.circuit, number)
        else:
            self.array(view)[view.circuit] = number

    @overload
    def __get__(self, view: None, owner: type) -> Self: ...
    @overload
    def __get__(self, view: View, owner: type) -> V: ...
    def __get__(self, view: View | None, owner: type) -> Self | V:
        return self if view is None else self.kind(self.read(view))

    def __set__(self, view: View, value: Any) -> None:
        try:
            number = int(self.kind(value))  # type: ignore[call-overload]
        except ValueError as error:
            problem = getattr(error, "problems", [None])[0]
            raise ParameterError(
                f"circuit {view.circuit}, {self.full_name(view)}",
                problem.what if problem else f"{error}.",
                problem.fix if problem else "Use one of its named values.",
            ) from None
        self.write(view, number)


W = TypeVar("W", bound=View)


class Part(Generic[W]):
    """Some settings of one circuit as an attribute of a `View`."""

    name: str

    def __init__(self, kind: type[W]) -> None:
        self.kind = kind

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, view: None, owner: type) -> Self: ...
    @overload
    def __get__(self, view: View, owner: type) -> W: ...
    def __get__(self, view: View | None, owner: type) -> Self | W:
        if view is None:
            return self
        return self.kind(view.settings, view.circuit, self.name)

    def __set__(self, view: View, value: Any) -> None:
        self.__get__(view, type(view)).assign(value)
