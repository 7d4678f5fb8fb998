"""Where the curves of characterised chips are kept: in memory and on disk.

A file is an npz archive of plain arrays (nothing in it is ever executed) in the cache
directory of the user, named by the values of the chip and by the sources that made it.
It is written whole or not at all, with a digest of its numbers. A file that cannot be
read, or whose numbers are not those of its digest, is made again; without a directory
that can be written, each process measures for itself.
"""

import io
import logging
import os
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.chip.bench import shown
from core.chip.characterisation import Characterisation, Curve
from core.chip.geometry import CIRCUITS
from core.chip.last_used import LastUsed
from core.spec.chip import ChipSpec
from core.spec.fields import fingerprint

log = logging.getLogger(__name__)

#: Number of the format of a file.
VERSION: Final = 2
_PREFIX: Final = "chip-curves-"
_DIGEST: Final = "digest"
#: Files that are kept, those used last; each has 150 kB.
_KEPT: Final = 50
_CHIPS: Final = 8  # in memory
_MAX_BYTES: Final = 2_000_000


@cache
def memory() -> LastUsed[Characterisation]:
    """Return the curves of this process."""
    return LastUsed(_CHIPS)


def recall(chip: ChipSpec, measure: Callable[[], Characterisation]) -> Characterisation:
    """Return the curves of ``chip`` from memory or disk, measured if there are none."""
    return memory().recall(shown(chip), lambda: _from_disk(chip, measure))


def known(chip: ChipSpec) -> Characterisation | None:
    """Return the curves of ``chip`` if this process has them already."""
    return memory().known(shown(chip))


def path_of(chip: ChipSpec) -> Path:
    """Return where the curves of ``chip`` are kept.

    :raises RuntimeError: if the user has no home
    """
    name = f"{_PREFIX}{VERSION}-{_sources()}-{fingerprint(shown(chip))}.npz"
    return user_cache() / name


def user_cache() -> Path:
    """Return ``$XDG_CACHE_HOME/hx-workbench`` or ``~/.cache/hx-workbench``."""
    given = os.environ.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path.home() / ".cache") / "hx-workbench"


def to_bytes(known: Characterisation) -> bytes:
    """Return the content of a file."""
    arrays: dict[str, NDArray[Any]] = {
        "leakage": known.leakage,
        "leak_tau": known.leak_tau,
    }
    for name, curve in known.curves.items():
        arrays[name] = curve.coefficients
        arrays[f"{name}.x"] = np.array([curve.log, curve.centre, curve.width])
    arrays[_DIGEST] = _digest(arrays)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]  # its stub wants a bool
    return buffer.getvalue()


def from_bytes(raw: bytes) -> Characterisation:
    """Return the curves in the content of a file.

    :raises ValueError: if it holds none; a damaged archive raises others, too
    """
    with np.load(io.BytesIO(raw), allow_pickle=False) as file:
        numbers = {name: file[name] for name in file.files if name != _DIGEST}
        if not np.array_equal(file[_DIGEST], _digest(numbers)):
            raise ValueError("its numbers are not those that were measured")

        def array(name: str, *shape: int) -> Any:
            found = numbers[name]
            if found.shape != shape or found.dtype != float:
                raise ValueError(f"{name} has shape {found.shape}")
            if not np.isfinite(found).all():
                raise ValueError(f"{name} is not finite")
            return found

        curves = {}
        for name, lines in _LINES.items():
            log_scale, centre, width = array(f"{name}.x", 3)
            shape = (3, *lines, CIRCUITS)
            curves[name] = Curve(
                bool(log_scale), float(centre), float(width), array(name, *shape)
            )
        return Characterisation(
            curves, array("leakage", CIRCUITS), array("leak_tau", CIRCUITS)
        )


def _digest(arrays: dict[str, NDArray[Any]]) -> NDArray[np.uint8]:
    """Return what changes with any number, shape (16,)."""
    known = blake2b(digest_size=16)
    for name in sorted(arrays):
        known.update(name.encode() + b"\0" + arrays[name].tobytes() + b"\0")
    return np.frombuffer(known.digest(), np.uint8)


#: What a damaged file or a user without a home can raise.
_UNREADABLE: Final = (
    OSError,
    RuntimeError,
    ValueError,
    KeyError,
    EOFError,
    zipfile.BadZipFile,
)
#: Axes of each curve between its three numbers and the circuits.
_LINES: Final[dict[str, tuple[int, ...]]] = {
    **dict.fromkeys(("tau_mem", "leak", "reset", "threshold"), ()),
    **dict.fromkeys(("tau_syn", "strength"), (2,)),
}


def _from_disk(
    chip: ChipSpec, measure: Callable[[], Characterisation]
) -> Characterisation:
    try:
        path = path_of(chip)
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError("it is too long")
        known = from_bytes(path.read_bytes())
        os.utime(path)  # in use: its age counts from now
        return known
    except FileNotFoundError:
        pass
    except _UNREADABLE as error:
        log.warning("the curves of chip %d are measured again: %s", chip.number, error)
    known = measure()
    try:
        _save(path_of(chip), to_bytes(known))
    except (OSError, RuntimeError) as error:  # read-only, full, or no home
        log.info("the curves of chip %d are not kept: %s", chip.number, error)
    return known


def _save(path: Path, raw: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{_PREFIX}")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
    with suppress(OSError):  # another process does the same
        files = sorted(
            path.parent.glob(f"{_PREFIX}*"), key=lambda file: file.stat().st_mtime
        )
        for old in files[:-_KEPT]:
            old.unlink()


@cache
def _sources() -> str:
    """Return a name for the code that a measurement depends on."""
    known = blake2b(digest_size=6)
    chip = Path(__file__).parent
    for path in [
        *sorted(chip.glob("*.py")),
        *sorted((chip.parent / "kernels").glob("no*.py")),
    ]:
        known.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return known.hexdigest()
