"""How kernels are compiled: numba, releasing the interpreter lock, cached on disk.

The cache is ``NUMBA_CACHE_DIR`` or the cache directory of the user, and in it a
directory named by a hash of all sources beside this file. numba itself notices changes
of a kernel's own file only; with this a kernel may use helpers of other files.
"""

import functools
import hashlib
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, Final, TypeVar, cast

import numba
from numba import njit
from numba.core import event
from numba.core.caching import FunctionCache

log = logging.getLogger(__name__)
F = TypeVar("F", bound=Callable[..., Any])

#: Reordering and fused operations are fine, infinities and NaN do not occur. Never
#: ``parallel=True``: its default layer aborts the process when two threads call it.
SETTINGS: Final[dict[str, Any]] = {
    "nogil": True,
    "error_model": "numpy",
    "boundscheck": False,
    "fastmath": {"contract", "nnan", "ninf", "nsz", "arcp"},
}

#: What compiling all kernels of one run takes on one core, for the announcement.
_SECONDS = 30
#: Directories of other sources that are kept: other versions, other checkouts.
_KEPT = 3
_PREFIX = "kernels-"
_lock = Lock()


def kernel(function: F) -> F:
    """Compile ``function`` at its first call and keep the result on disk.

    Without a writable cache directory it is compiled in every process.
    """
    return _cached(function, SETTINGS)


def lean(function: F) -> F:
    """Compile ``function``, which creates no array, as a part that kernels often call.

    It counts no references to its arrays: the kernel that calls it holds them. For
    each array that saves two atomic operations a call, some 15 ns.
    """
    return _cached(function, {**SETTINGS, "_nrt": False})


def exact(function: F) -> F:
    """Compile ``function`` so that it rounds every operation as it is written.

    For kernels that must be equal to a reference to the last bit.
    """
    return _cached(function, {**SETTINGS, "fastmath": False})


def careful(function: F) -> F:
    """Compile ``function`` for data that may hold infinities and NaN."""
    return _cached(function, {**SETTINGS, "fastmath": {"contract"}})


def inlined(function: F) -> F:
    """Mark ``function`` as a part of the loops that call it, so that they vectorise.

    Keep it beside the kernels: their cache notices changes in this directory only.
    """
    return cast(F, njit(inline="always", **SETTINGS)(function))


def _cached(function: F, settings: dict[str, Any]) -> F:
    _listen()
    dispatcher = njit(**settings)(function)
    folder = cache_folder()
    if folder is not None:
        with _lock:  # numba takes the place of a cache from its settings, once
            before = numba.config.CACHE_DIR
            numba.config.CACHE_DIR = str(folder)
            try:
                dispatcher._cache = _Cache(function)
            except RuntimeError as error:  # e.g. sources inside an archive
                log.debug("%s is not kept on disk: %s", function.__name__, error)
            finally:
                numba.config.CACHE_DIR = before
    return cast(F, dispatcher)


class _Cache(FunctionCache):  # type: ignore[misc]
    """The cache of numba, which survives a full disk and damaged files."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return a compiled function, None if it is not there or damaged."""
        try:
            return super().load_overload(sig, target_context)
        except Exception as error:  # whatever a damaged pickle raises
            log.warning("compiled kernels are damaged, compiling anew: %s", error)
            with suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled function if that is possible."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _say_not_kept(str(error))


@functools.cache
def cache_folder() -> Path | None:
    """Return where compiled kernels are kept; None if nothing can be written."""
    try:
        parent = _parent()
        folder = parent / (_PREFIX + _hash_of_sources())
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
        os.utime(folder)  # in use: its age counts from now
    except (OSError, RuntimeError) as error:  # read-only, full, or no home
        _say_not_kept(str(error))
        return None
    with suppress(OSError):  # another process does the same
        _remove_old(parent, folder)
    return folder


def _parent() -> Path:
    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        if given := os.environ.get(name):
            return Path(given) / "hx-workbench"
    caches = Path("Library", "Caches") if sys.platform == "darwin" else ".cache"
    return Path.home() / caches / "hx-workbench"


def _hash_of_sources() -> str:
    """Return a name for the sources of this directory and the compiler."""
    known = hashlib.sha256(numba.__version__.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        known.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return known.hexdigest()[:16]


def _remove_old(parent: Path, folder: Path) -> None:
    """Remove all directories of other sources but those used last."""
    others = [path for path in parent.glob(_PREFIX + "*") if path != folder]
    others.sort(key=lambda path: path.stat().st_mtime)
    for path in others[: max(0, len(others) - _KEPT)]:
        shutil.rmtree(path, ignore_errors=True)


@functools.cache
def _listen() -> None:
    """Hear of everything that numba compiles; what it loads from disk is silent."""
    event.register("numba:compile", _Listener())


class _Listener(event.Listener):  # type: ignore[misc]
    """Announces the first of our kernels that is compiled."""

    def on_start(self, event: Any) -> None:
        """Announce it, if it is ours."""
        if event.data["dispatcher"].py_func.__module__.startswith("core.kernels."):
            _say_compiling()

    def on_end(self, event: Any) -> None:
        """Say nothing."""


@functools.cache
def _say_compiling() -> None:
    often = "each once" if cache_folder() else "in each process"
    # A warning, because everyone waits for it and few see what is below.
    log.warning("compiling kernels (up to %d s, %s)", _SECONDS, often)


@functools.cache
def _say_not_kept(reason: str) -> None:
    log.warning(
        "compiled kernels cannot be kept, so each process compiles them anew: %s."
        " Set NUMBA_CACHE_DIR to a directory that can be written.",
        reason,
    )
