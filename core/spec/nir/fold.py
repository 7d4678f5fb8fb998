"""Chains of linear nodes between two populations become one matrix of weights.

A `Path` runs from one population to the next. Parallel paths add up, because each is a
projection of its own; what a bias adds is counted once, however many paths lead to it.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import ConversionError
from core.spec.nir.operators import MAX_WORK, Floats, Operator, matrix_size

#: More paths through linear nodes than this are no network of anybody's.
MAX_PATHS = 10_000
#: Numbers that are held at once.
_CHUNK = 2**22


class Path(NamedTuple):
    """The linear nodes between two populations, in order."""

    source: str
    nodes: tuple[str, ...]
    target: str


def paths(
    start: str, after: Mapping[str, Sequence[str]], ends: Callable[[str], bool]
) -> Iterator[Path]:
    """Yield all paths from ``start`` to nodes that end a path.

    :param after: the nodes after each node
    :raises ConversionError: if linear nodes form a loop, or there are too many paths

    >>> list(paths("a", {"a": ["w"], "w": ["b"], "b": []}, lambda n: n in "ab"))
    [Path(source='a', nodes=('w',), target='b')]
    """
    count = 0
    stack: list[tuple[tuple[str, ...], str]] = [
        ((), node) for node in reversed(after.get(start, ()))
    ]
    while stack:
        before, node = stack.pop()
        if ends(node):
            count += 1
            if count > MAX_PATHS:
                what = f"more than {MAX_PATHS} paths start here."
                raise ConversionError(f"node '{start}'", what, "Simplify the graph.")
            yield Path(start, before, node)
        elif node in before:
            first = min(before[before.index(node) :])
            what = "it is in a loop without neurons."
            fix = "Put neurons into the loop, or remove an edge."
            raise ConversionError(f"node '{first}'", what, fix)
        else:
            stack += [((*before, node), n) for n in reversed(after.get(node, ()))]


def unrolled(where: str, operators: Sequence[Operator], size: int) -> NDArray[Any]:
    """Return the weights of ``operators`` one after the other, (target, source).

    :param size: number of sources
    :raises ConversionError: if there are too many, or unrolling takes too long
    """
    working = [op for op in operators if op.work]
    target = math.prod(operators[-1].shape_out) if operators else size
    matrix_size(where, target, size)
    if len(working) == 1 and working[0].matrix is not None:
        return working[0].matrix
    if size * sum(op.work for op in working) > MAX_WORK:
        what = f"unrolling it for {size} inputs takes too long."
        raise ConversionError(where, what, "Use fewer neurons or smaller kernels.")
    found = np.empty((target, size), np.float32)
    widest = max([size, *(math.prod(op.shape_out) for op in operators)])
    step = max(1, _CHUNK // widest)
    for first in range(0, size, step):
        rows = np.arange(first, min(first + step, size))
        x = np.zeros((len(rows), size))
        x[np.arange(len(rows)), rows] = 1
        with np.errstate(over="ignore"):
            found[:, rows] = _through(x, operators).T
    return found


def carried(bias: Floats, operators: Sequence[Operator]) -> Floats:
    """Return what a bias before ``operators`` adds to each target, flat."""
    return _through(bias.reshape(1, -1), operators).reshape(-1)


def _through(x: Floats, operators: Sequence[Operator]) -> Floats:
    """Return (batch, target) for ``x`` of shape (batch, source)."""
    for op in operators:
        x = op.apply(x.reshape(len(x), *op.shape_in))
    return x.reshape(len(x), -1)
