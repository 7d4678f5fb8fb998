"""Stand-in of `hxtorch`: the connection to the chip, loggers, and packages below."""

from dataclasses import dataclass
from pathlib import Path

from core import connection
from core.compat import pylogging as logger
from core.compat.hxtorch import ann, perceptron
from core.errors import HXError

__all__ = [
    "CalibrationPath",
    "HWDBPath",
    "ann",
    "get_unique_identifier",
    "init_hardware",
    "init_hardware_minimal",
    "logger",
    "perceptron",
    "release_hardware",
]


class CalibrationPathError(HXError, RuntimeError):
    """A calibration cannot be opened."""


@dataclass(frozen=True)
class HWDBPath:
    """Where the list of setups lies; the emulator needs none."""

    path: str | Path | None = None
    version: str = "stable/latest"


@dataclass(frozen=True)
class CalibrationPath:
    """Where a calibration lies."""

    value: str | Path


def init_hardware(
    hwdb_path: HWDBPath | CalibrationPath | None = None,
    ann: bool = False,
    *,
    calibration_path: CalibrationPath | None = None,
) -> None:
    """Open the connection to the emulated chip; nothing happens if it is open.

    :param hwdb_path: unused, or a calibration
    :param ann: unused
    :param calibration_path: a calibration; the spiking modules do not use it, they read
        the one of their execution instance
    :raises CalibrationPathError: if it cannot be opened
    """
    given = calibration_path if calibration_path is not None else hwdb_path
    if isinstance(given, CalibrationPath):
        try:
            Path(given.value).open("rb").close()
        except OSError as error:
            raise CalibrationPathError(
                "init_hardware",
                f"Failed to open calibration at {given.value}.",
                f"Give the path of a calibration file ({error.strerror}).",
            ) from None
    connection.open()


def init_hardware_minimal() -> None:
    """Open the connection to the emulated chip."""
    connection.open()


def release_hardware() -> None:
    """Close the connection; nothing happens if there is none."""
    connection.close()


def get_unique_identifier(hwdb_path: HWDBPath | None = None) -> list[str]:
    """Return the names of the chips."""
    return ["emulated-hicann-x-0"]
