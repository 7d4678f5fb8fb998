"""Functions of NumPy that write into their first argument."""

from collections.abc import Callable
from typing import Any

import numpy as np

#: Function -> place and name of the argument that it writes.
WRITERS: dict[Any, tuple[int, str]] = {
    np.copyto: (1, "src"),
    np.fill_diagonal: (1, "val"),
    np.place: (2, "vals"),
    np.putmask: (2, "values"),
}


def with_written(
    function: Any,
    arguments: tuple[Any, ...],
    options: dict[str, Any],
    change: Callable[[Any], Any],
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of one of `WRITERS` with what it writes changed.

    >>> with_written(np.copyto, (np.zeros(2), 3), {"where": True}, float)
    ((array([0., 0.]), 3.0), {'where': True})
    """
    place, name = WRITERS[function]
    if name in options:
        return arguments, options | {name: change(options[name])}
    before, (value, *after) = arguments[:place], arguments[place:]
    return (*before, change(value), *after), options
