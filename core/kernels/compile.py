"""How kernels are compiled: numba, releasing the interpreter lock, cached on disk."""

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])

#: Reordering and fused operations are fine, infinities and NaN do not occur. Never
#: ``parallel=True``: its default layer aborts the process when two threads call it.
SETTINGS: Final[dict[str, Any]] = {
    "nogil": True,
    "error_model": "numpy",
    "boundscheck": False,
    "fastmath": {"contract", "nnan", "ninf", "nsz", "arcp"},
}


def kernel(function: F) -> F:
    """Compile ``function`` at its first call and keep the result on disk.

    Without a writable cache directory it is compiled in every process.
    """
    return _cached(function, SETTINGS)


def exact(function: F) -> F:
    """Compile ``function`` so that it rounds every operation as it is written.

    For kernels that must be equal to a reference to the last bit.
    """
    return _cached(function, {**SETTINGS, "fastmath": False})


def _cached(function: F, settings: dict[str, Any]) -> F:
    try:
        return cast(F, njit(cache=True, **settings)(function))
    except RuntimeError:  # numba: no locator for the cache file
        return cast(F, njit(**settings)(function))


def inlined(function: F) -> F:
    """Mark ``function`` as a part of the loops in its own file, so that they vectorise.

    Keep it there: the cache of a kernel notices changes of its own file only.
    """
    return cast(F, njit(inline="always", **SETTINGS)(function))
