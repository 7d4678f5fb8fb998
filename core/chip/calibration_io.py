"""Calibrations of a whole chip: made for one target, kept in a file, read back.

A file begins with the line ``HXCALIB1``, whatever its name; an npz archive follows: a
zip of plain NumPy arrays, with one part that is text (JSON). Nothing in it is ever
executed. The files of real chips, pickles among them, are not read.

>>> raw = to_bytes(calibrate_whole_chip())
>>> raw.startswith(MAGIC), from_bytes(raw).i_synin_gm
(True, 500)
"""

import io
import json
import os
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.chip.geometry import CIRCUITS
from core.chip.results import CalibResult
from core.chip.stored_calibration import StoredCalibration, calibrate_whole_chip
from core.errors import CalibrationError, ConversionError, HXError
from core.spec.chip import ChipSpec
from core.spec.json_data import from_data, to_data
from core.units import CODE_MAX

__all__ = [
    "CalibrationFileError",
    "NoCalibrationFileError",
    "StoredCalibration",
    "calibrate_whole_chip",
    "from_bytes",
    "load",
    "save",
    "to_bytes",
]

MAGIC: Final = b"HXCALIB1\n"
#: Bytes of a file, and of one part of it when unpacked.
MAX_BYTES: Final = 4_000_000
_MAX_MEMBER: Final = 100_000

_SHAPES: Final[dict[str, tuple[int, ...]]] = {
    **dict.fromkeys(("leak", "reset", "threshold", "tau_mem"), (CIRCUITS,)),
    **dict.fromkeys(("tau_syn", "strength"), (2, CIRCUITS)),
}
_SWITCHES: Final[dict[str, tuple[int, ...]]] = {
    "tau_mem_range": (CIRCUITS,),
    "tau_syn_range": (2, CIRCUITS),
    "synapse_dac": (CIRCUITS,),
}
#: Every array of a file: its shape and the kind of its numbers.
_ARRAYS: Final[dict[str, tuple[tuple[int, ...], str]]] = {
    **{f"target.{name}": (shape, "f") for name, shape in _SHAPES.items()},
    **{f"achieved.{name}": (shape, "f") for name, shape in _SHAPES.items()},
    **{f"codes.{name}": (s, "i") for name, s in (_SHAPES | _SWITCHES).items()},
    "success": ((CIRCUITS,), "b"),
    "capacitance": ((CIRCUITS,), "f"),
    "refractory_time": ((CIRCUITS,), "f"),
    "holdoff_time": ((CIRCUITS,), "f"),
}
_HEADER: Final = "header.json"


class CalibrationFileError(CalibrationError, ConversionError):
    """A file holds no calibration that can be read."""


class NoCalibrationFileError(CalibrationFileError, FileNotFoundError):
    """There is no such file."""

    __str__ = HXError.__str__


def save(path: str | os.PathLike[str], stored: StoredCalibration) -> None:
    """Write ``stored`` to ``path``; nobody ever sees half a file.

    :raises OSError: if the file cannot be written
    """
    path = Path(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(to_bytes(stored))
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def load(path: str | os.PathLike[str]) -> StoredCalibration:
    """Return the calibration in the file ``path``.

    :raises NoCalibrationFileError: if there is no such file
    :raises CalibrationFileError: if ``path`` is none, or holds no calibration of ours
    """
    if not isinstance(path, (str, os.PathLike)):  # a number would open a stream
        raise CalibrationFileError(
            "calibration file",
            f"its path is {path!r}.",
            "Give a string or a pathlib.Path.",
        )
    try:
        with open(path, "rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise NoCalibrationFileError(
            str(path),
            f"Failed to open calibration at {path}: there is no such file.",
            "Use a path that calib_helper.nightly_calix_native_path returns.",
        ) from error
    except OSError as error:
        raise CalibrationFileError(
            str(path),
            f"Failed to open calibration at {path}: {error.strerror}.",
            "Give the path of a file that may be read.",
        ) from error
    return from_bytes(raw, str(path))


def to_bytes(stored: StoredCalibration) -> bytes:
    """Return the content of the file that holds ``stored``."""
    result = stored.result
    arrays: dict[str, NDArray[Any]] = {
        name: np.asarray(getattr(stored, name))
        for name in ("capacitance", "refractory_time", "holdoff_time")
    }
    arrays["success"] = result.success
    for part in ("target", "achieved", "codes"):
        values: dict[str, NDArray[Any]] = getattr(result, part)
        arrays |= {f"{part}.{name}": value for name, value in values.items()}
    header = {
        "chip": to_data(stored.chip),
        "i_synin_gm": stored.i_synin_gm,
        "synapse_dac_bias": stored.synapse_dac_bias,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(_HEADER, json.dumps(header))
        for name in _ARRAYS:
            with file.open(f"{name}.npy", "w") as member:
                array = np.ascontiguousarray(arrays[name])
                np.lib.format.write_array(member, array, (1, 0), allow_pickle=False)
    return MAGIC + buffer.getvalue()


def from_bytes(raw: bytes, where: str = "calibration") -> StoredCalibration:
    """Return the calibration in the content ``raw`` of a file.

    :param where: the name of the file, for messages
    :raises CalibrationFileError: if it holds no calibration of ours
    """
    if not isinstance(raw, (bytes, bytearray, memoryview)):
        raise CalibrationFileError(
            where,
            f"its content is a {type(raw).__name__}.",
            "Give the bytes of a file, path.read_bytes() for example.",
        )
    raw = bytes(raw)
    if len(raw) > MAX_BYTES:
        raise CalibrationFileError(
            where,
            f"it is longer than {MAX_BYTES / 1e6:g} MB.",
            "A calibration has a few hundred kB: choose another file.",
        )
    if not raw.startswith(MAGIC):
        raise CalibrationFileError(where, *_foreign(raw))
    try:
        return _unpacked(raw[len(MAGIC) :])
    except Exception as error:  # zipfile and NumPy raise almost anything
        reason = f"{type(error).__name__}: {error}"[:200]
        raise CalibrationFileError(
            where,
            f"the calibration is damaged ({reason}).",
            "Delete it and let it be made again, or copy it once more.",
        ) from error


def _unpacked(raw: bytes) -> StoredCalibration:
    with zipfile.ZipFile(io.BytesIO(raw)) as file:
        header = json.loads(_member(file, _HEADER))
        arrays = {
            name: _array(_member(file, f"{name}.npy"), name, *_ARRAYS[name])
            for name in _ARRAYS
        }

    def part(name: str) -> dict[str, NDArray[Any]]:
        prefix = f"{name}."
        return {
            key.removeprefix(prefix): value
            for key, value in arrays.items()
            if key.startswith(prefix)
        }

    stored = StoredCalibration(
        chip=from_data(ChipSpec, header["chip"]),
        result=CalibResult(
            part("target"), part("codes"), part("achieved"), arrays["success"]
        ),
        i_synin_gm=int(header["i_synin_gm"]),
        synapse_dac_bias=int(header["synapse_dac_bias"]),
        capacitance=arrays["capacitance"],
        refractory_time=arrays["refractory_time"],
        holdoff_time=arrays["holdoff_time"],
    )
    _check(stored)
    return stored


def _member(file: zipfile.ZipFile, name: str) -> bytes:
    with file.open(name) as member:
        raw = member.read(_MAX_MEMBER + 1)
    if len(raw) > _MAX_MEMBER:
        raise ValueError(f"{name} is too long")
    return raw


def _array(raw: bytes, name: str, shape: tuple[int, ...], kind: str) -> NDArray[Any]:
    """Return one array; its shape and type are known before it is made."""
    stream = io.BytesIO(raw)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError(f"{name} has another format")
    found, by_column, dtype = np.lib.format.read_array_header_1_0(stream)
    if found != shape or dtype.kind != kind or by_column:
        raise ValueError(f"{name} has shape {found} of type {dtype}")
    wide: type = {"f": np.float64, "i": np.int64, "b": np.bool_}[kind]
    return np.frombuffer(raw, dtype, offset=stream.tell()).reshape(shape).astype(wide)


def _check(stored: StoredCalibration) -> None:
    """Raise ValueError if a number cannot be right."""
    ranges = {
        "capacitance": (stored.capacitance, 0, 63),
        "refractory_time": (stored.refractory_time, 0, 0.01),
        "holdoff_time": (stored.holdoff_time, 0, 0.01),
        "i_synin_gm": (stored.i_synin_gm, 0, CODE_MAX),
        "synapse_dac_bias": (stored.synapse_dac_bias, 0, CODE_MAX),
        **{name: (c, -1, CODE_MAX) for name, c in stored.result.codes.items()},
        **{
            f"chip.{name}": (getattr(stored.chip, name), info.low, info.high)
            for name, info in ChipSpec.infos().items()
            if info.low is not None and info.high is not None
        },
    }
    for name, (values, low, high) in ranges.items():
        if not np.all((np.asarray(values) >= low) & (np.asarray(values) <= high)):
            raise ValueError(f"{name} is not in {low} to {high}")


def _foreign(raw: bytes) -> tuple[str, str]:
    """Return what a file is that is none of ours, and what to do about it."""
    pickle = "it is a Python pickle, which can run any program when it is read."
    beginnings = {
        **dict.fromkeys((b"\x80", b"(dp", b"(lp", b"ccopy_reg"), pickle),
        b"PK": "it is a zip or npz archive.",
        b"\x1f\x8b": "it is compressed with gzip.",
        b"\x89HDF": "it is an HDF5 file.",
        b"{": "it is a JSON document.",
        b"HXCALIB": "it was written by another version of this program.",
        b"": "it is no calibration of the emulated chip.",
    }
    what = next(text for start, text in beginnings.items() if raw.startswith(start))
    if not raw:
        what = "it is empty."
    fix = (
        "Calibrations of real chips do not fit the emulated one: use the path that "
        "calib_helper.nightly_calix_native_path() returns, or save one with "
        "core.chip.calibration_io."
    )
    return what, fix
