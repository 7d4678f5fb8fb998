"""Recordings that are given as lists, checked and turned into numbers.

What a list is for is named by ``where``, one of `FORMS`.
"""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from core.chip.network import Integers
from core.errors import ParameterError, ShapeError

#: A cycle and a value.
Sample = tuple[int, int]
#: What lists of each kind of recording are.
FORMS: Final = {
    "SpikeHandle": "data[batch][neuron] lists cycles",
    "CADCHandle": "data[batch][neuron] lists pairs of cycle and value",
    "MADCHandle": "data[batch] lists pairs of cycle and value",
}


def by_neuron(
    where: str, data: Any, batch_size: int, population_size: int
) -> list[Any]:
    """Return what is listed for the neurons, one batch entry after the other.

    :raises ShapeError: if there are others
    """
    return [
        column
        for entry in listed(where, "batch entries", data, batch_size)
        for column in listed(where, "neurons", entry, population_size)
    ]


def listed(where: str, what: str, data: Any, wanted: int | None = None) -> list[Any]:
    """Return ``data`` as a list.

    :raises ShapeError: if it is none, or has not ``wanted`` items
    """
    if isinstance(data, str) or not isinstance(data, Iterable):
        raise ShapeError(
            where, f"the {what} are {data!r}.", f"Give a list: {FORMS[where]}."
        )
    found = list(data)
    if wanted is not None and len(found) != wanted:
        raise ShapeError(
            where,
            f"the data have {len(found)} {what} instead of {wanted}.",
            "Give a list for each of them; it may be empty.",
        )
    return found


def samples(where: str, data: Any, low: int, high: int) -> list[Sample]:
    """Return pairs of cycle and value, in the order of time.

    :raises ShapeError: if they are no pairs
    :raises ParameterError: if a value is not from ``low`` to ``high``, or a cycle wrong

    >>> samples("CADCHandle", [(250, 8), (0, 0)], -128, 127)
    [(0, 0), (250, 8)]
    """
    pairs = []
    for sample in listed(where, "samples", data):
        pair = list(sample) if isinstance(sample, Iterable) else []
        if len(pair) != 2:
            raise ShapeError(
                where, f"a sample is {sample!r}.", f"Give pairs: {FORMS[where]}."
            )
        value = _whole(pair[1])
        if value is None or not low <= value <= high:
            raise ParameterError(
                where, f"a value is {pair[1]}.", f"Give values from {low} to {high}."
            )
        pairs.append((cycle(where, pair[0]), value))
    return sorted(pairs, key=lambda pair: pair[0])


def cycle(where: str, number: Any) -> int:
    """Return an FPGA cycle as an int.

    :raises ParameterError: if it is no whole number of 0 or more
    """
    found = _whole(number)
    if found is None or found < 0:
        raise ParameterError(
            where,
            f"a cycle is {number!r}.",
            "Give FPGA cycles of 8 ns: whole numbers, 0 or more.",
        )
    return found


def _whole(number: Any) -> int | None:
    """Return ``number`` as an int, None if it is no whole number."""
    try:
        found = int(number)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found == number else None


def padded(columns: list[list[Sample]]) -> tuple[Integers, Integers, Integers]:
    """Return cycles and values, shape (samples, columns), and counts, (columns,).

    A column with fewer samples repeats its last one: a trace holds its last value.
    """
    counts = np.array([len(column) for column in columns], np.int64)
    longest = int(counts.max(initial=0))
    full = [c + (c[-1:] or [(0, 0)]) * (longest - len(c)) for c in columns]
    pairs = np.array(full, np.int64).reshape(len(columns), longest, 2)
    return pairs[..., 0].T, pairs[..., 1].T, counts
