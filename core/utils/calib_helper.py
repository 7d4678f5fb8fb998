"""Calibrations that are always there, and what is read from calibration files.

The files that `nightly_calib_path` and `nightly_calix_native_path` name are made at the
first call and kept in the cache directory of the user, ``$XDG_CACHE_HOME/hx-workbench``
or ``~/.cache/hx-workbench``, by the version of this program and the chip. If that
cannot be written, they last as long as the process.

Both kinds of file have the same content; where a script loads them, a name ``*.pkl``
says that the targets are read into the populations, too.
"""

import atexit
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import core.chip
from core.chip.calibration_io import (
    CalibrationFileError,
    StoredCalibration,
    calibrate_whole_chip,
    from_bytes,
    load,
    save,
)
from core.chip.calibration_target import NeuronCalibTarget, SpikingCalibTarget
from core.chip.curve_store import user_cache
from core.chip.neuron_block import Chip
from core.errors import ParameterError, did_you_mean
from core.spec.chip import TYPICAL, ChipSpec
from core.spec.fields import fingerprint
from core.units import us

log = logging.getLogger(__name__)

#: What each calibration is for.
_TARGETS: Final[dict[str, Callable[[], NeuronCalibTarget]]] = {
    "spiking": NeuronCalibTarget,
    # The time constants of the Yin-Yang and pattern tasks.
    "spiking2": lambda: NeuronCalibTarget(tau_mem=6 * us, tau_syn=6 * us),
    # Integrators: a slow membrane, fast inputs.
    "hagen": lambda: NeuronCalibTarget(reset=80, tau_mem=60 * us, tau_syn=1 * us),
}


def nightly_calib_path(name: str = "spiking", chip: ChipSpec = TYPICAL) -> Path:
    """Return the path of a calibration that holds the settings of the chip.

    :param name: ``"spiking"``, ``"spiking2"`` (τ = 6 µs) or ``"hagen"`` (integrators)
    :param chip: the chip that it is for
    :raises ParameterError: if there is no such calibration

    >>> nightly_calib_path("spiking").name
    'spiking_cocolist.pbin'
    """
    return _kept(name, f"{name}_cocolist.pbin", chip)


def nightly_calix_native_path(name: str = "spiking", chip: ChipSpec = TYPICAL) -> Path:
    """Return the path of a calibration that holds its targets, too.

    :param name: as of `nightly_calib_path`
    :param chip: the chip that it is for
    :raises ParameterError: if there is no such calibration

    >>> nightly_calix_native_path("spiking2").name
    'spiking2_calix-native.pkl'
    """
    return _kept(name, f"{name}_calix-native.pkl", chip)


def chip_from_file(path: str | os.PathLike[str]) -> Chip:
    """Return the settings of the chip in the calibration file ``path``.

    :raises FileNotFoundError: if there is no such file
    :raises CalibrationFileError: if it is no calibration of ours

    >>> type(chip_from_file(nightly_calib_path())).__name__
    'Chip'
    """
    return load(path).chip_settings()


def chip_from_portable_binary(data: bytes) -> Chip:
    """Return the settings of the chip in the content of a calibration file.

    :raises CalibrationFileError: if it is no calibration of ours

    >>> chip = chip_from_portable_binary(nightly_calib_path().read_bytes())
    """
    return from_bytes(data).chip_settings()


def calib_from_calix_native(path: str | os.PathLike[str]) -> StoredCalibration:
    """Return the calibration in the file ``path``; its ``target`` says what it is for.

    :raises FileNotFoundError: if there is no such file
    :raises CalibrationFileError: if it is no calibration of ours

    >>> calib = calib_from_calix_native(nightly_calix_native_path())
    >>> calib.target.neuron_target.threshold.shape
    (512,)
    """
    return load(path)


def target_from_calix_native(path: str | os.PathLike[str]) -> SpikingCalibTarget:
    """Return what the calibration in the file ``path`` is for; times are seconds.

    :raises FileNotFoundError: if there is no such file
    :raises CalibrationFileError: if it is no calibration of ours

    >>> target_from_calix_native(nightly_calix_native_path()).neuron_target.reset[0]
    np.float64(70.0)
    """
    return load(path).target


def fixture_calibration_from_file(path: str | os.PathLike[str]) -> StoredCalibration:
    """Return a calibration to assign to ``experiment.calibration``.

    :raises FileNotFoundError: if there is no such file
    :raises CalibrationFileError: if it is no calibration of ours

    >>> fixture_calibration_from_file(nightly_calix_native_path()).has_target
    True
    """
    return load(path)


def fixture_calibration_from_chip(chip: Chip) -> StoredCalibration:
    """Return settings to assign to ``experiment.calibration``; its target is unknown.

    >>> fixture_calibration_from_chip(chip_from_file(nightly_calib_path())).has_target
    False
    """
    return StoredCalibration.from_chip(chip)


def _kept(name: str, file_name: str, chip: ChipSpec) -> Path:
    """Return the path of a calibration in the cache, made if it is not there."""
    if not isinstance(name, str) or name not in _TARGETS:
        raise ParameterError(
            f"calibration '{name}'",
            f"there is none of this name.{did_you_mean(str(name), _TARGETS)}",
            f"Use one of: {', '.join(_TARGETS)}.",
        )
    target = _TARGETS[name]()
    key = f"calibration-{_version_key()}-{fingerprint((chip, target))}"
    for folder in (user_cache, _process_cache):
        try:
            path = folder() / key / file_name
            _make(path, target, chip)
        except (OSError, RuntimeError) as error:  # read-only, full, or no home
            log.info("no calibration can be kept in the user's cache: %s", error)
        else:
            return path
    raise CalibrationFileError(
        file_name,
        "neither the cache directory nor the one for temporary files can be written.",
        "Set XDG_CACHE_HOME or TMPDIR to a directory that can.",
    )


def _make(path: Path, target: NeuronCalibTarget, chip: ChipSpec) -> None:
    """Write the calibration to ``path`` unless it is there and can be read.

    Processes that do so at once write the same.
    """
    if path.exists():
        try:
            load(path)
        except CalibrationFileError as error:
            log.warning("a calibration is made again: %s", error)
        else:
            return
    path.parent.mkdir(parents=True, exist_ok=True)
    save(path, calibrate_whole_chip(target, chip))


@cache
def _process_cache() -> Path:
    """Return a directory that is removed when the process ends."""
    folder = tempfile.mkdtemp(prefix="hx-workbench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@cache
def _version_key() -> str:
    """Return a hash of the version and of the code that makes a calibration."""
    digest = blake2b(digest_size=8)
    try:
        digest.update(version("hx-workbench").encode())
    except PackageNotFoundError:  # run from a folder
        digest.update(b"not installed")
    for file in sorted(Path(core.chip.__path__[0]).glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
