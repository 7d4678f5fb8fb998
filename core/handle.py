"""Handles: promises of data that modules return and `core.run` fills.

A handle type is made from the set of its field names; the same names always give the
same type. Tensors in handles have shape (time, batch, neurons).
"""

import copyreg
from copy import deepcopy
from dataclasses import field, fields, is_dataclass, make_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from core.errors import ParameterError


class _HandleType(type):
    """Type of the handle types, by which they can be saved: by their names."""


class DataHandle(metaclass=_HandleType):
    """Base of all handle types: named fields that are None until a run fills them."""

    __hash__ = None  # type: ignore[assignment]  # compared by content, so no key

    _names: ClassVar[tuple[str, ...]] = ()

    if TYPE_CHECKING:

        def __init__(self, *args: Any, **kwargs: Any) -> None: ...
        def __getattr__(self, name: str) -> Any: ...

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of the fields, in alphabetical order."""
        return cls._names

    def holds(self, name: str) -> bool:
        """Return whether the field ``name`` exists and has data."""
        return name in self.names() and getattr(self, name) is not None

    def clear(self) -> None:
        """Forget all data."""
        for name in self.names():
            setattr(self, name, None)

    def clone(self, other: "DataHandle") -> None:
        """Take over all fields of ``other``.

        :raises AssertionError: if the two have different fields
        """
        assert self.names() == other.names(), (
            f"cannot copy fields {other.names()} into {self.names()}"
        )
        for name in self.names():
            setattr(self, name, getattr(other, name))

    def __eq__(self, other: object) -> bool:
        return _equal(self, other)

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)}" for name in self.names())
        return f"{type(self).__name__}({values})"

    def __deepcopy__(self, memo: dict[int, Any]) -> "DataHandle":
        """Return a copy of the data, without its history of gradients."""
        values = {name: getattr(self, name) for name in self.names()}
        return type(self)(
            **{
                name: value.detach().clone()
                if isinstance(value, torch.Tensor)
                else deepcopy(value, memo)
                for name, value in values.items()
            }
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, ({name: getattr(self, name) for name in self.names()},)


if TYPE_CHECKING:

    def Handle(*names: str, **values: Any) -> DataHandle: ...  # noqa: N802, D103

else:

    class Handle:
        """Factory of handles: names give an empty handle, keywords one with data.

        :raises ParameterError: if names and keywords are mixed and do not agree

        >>> handle = Handle("spikes", "current")
        >>> type(handle).__name__, handle.holds("spikes")
        ('Handle_current_spikes', False)
        >>> Handle(current=1, spikes=2) == type(handle)(1, 2)
        True
        """

        def __new__(cls, *names, **values):
            """Return a handle with the fields ``names`` or ``values``."""
            if values and not set(names) <= values.keys():
                missing = sorted(set(names) - values.keys())
                raise ParameterError(
                    "Ambiguous Handle construction mode",
                    f"{', '.join(missing)} has no value, others have one.",
                    "Give either names only, or a value for each name.",
                )
            return handle_type(*(values or names))(**values)


@cache
def _make_type(names: tuple[str, ...]) -> type[DataHandle]:
    made: type[DataHandle] = make_dataclass(
        "Handle_" + "_".join(names),
        [(name, Any, field(default=None)) for name in names],
        bases=(DataHandle,),
        eq=False,
        repr=False,
    )
    made._names = names
    made.__doc__ = f"Handle with the fields {', '.join(names) or 'none'}."
    return made


def handle_type(*names: str) -> type[DataHandle]:
    """Return the handle type with the fields ``names``, in any order."""
    return _make_type(tuple(sorted(set(names))))


def _reduce_type(made: Any) -> Any:
    return "DataHandle" if made is DataHandle else (handle_type, made.names())


copyreg.pickle(_HandleType, _reduce_type)


def _restore(values: dict[str, Any]) -> DataHandle:
    return handle_type(*values)(**values)


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, torch.Tensor) or isinstance(b, torch.Tensor):
        return (
            isinstance(a, torch.Tensor)
            and isinstance(b, torch.Tensor)
            and torch.equal(a, b)
        )
    if is_dataclass(a) and is_dataclass(b):
        return type(a) is type(b) and all(
            _equal(getattr(a, f.name), getattr(b, f.name)) for f in fields(a)
        )
    return bool(a == b) if not isinstance(a, DataHandle) else False


TensorHandle = handle_type("tensor")
SynapseHandle = handle_type("graded_spikes")
LIObservables = handle_type("current", "membrane_cadc", "membrane_madc")
LIFObservables = handle_type("current", "membrane_cadc", "membrane_madc", "spikes")
