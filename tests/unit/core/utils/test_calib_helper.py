"""Calibration files that are always there."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import numpy as np
import pytest

from core import ExecutionInstance
from core.chip.calibration_io import CalibrationFileError
from core.errors import CalibrationError, ParameterError
from core.spec.chip import TYPICAL
from core.units import us
from core.utils import calib_helper
from core.utils.calib_helper import (
    calib_from_calix_native,
    chip_from_file,
    chip_from_portable_binary,
    fixture_calibration_from_chip,
    fixture_calibration_from_file,
    nightly_calib_path,
    nightly_calix_native_path,
    target_from_calix_native,
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Give each test a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    calib_helper._process_cache.cache_clear()
    return tmp_path / "cache"


@pytest.mark.parametrize("name", ["spiking", "spiking2", "hagen"])
def test_files_of_all_names_exist_and_can_be_read(name, cache):
    binary, native = nightly_calib_path(name), nightly_calix_native_path(name)
    assert binary.name == f"{name}_cocolist.pbin"
    assert native.name == f"{name}_calix-native.pkl"
    for path in (binary, native):
        assert path.is_relative_to(cache)
        stored = calib_from_calix_native(path)
        assert stored.chip == TYPICAL
        # A circuit in a hundred may miss the slow membrane of an integrator.
        assert stored.result.success.mean() > 0.95


@pytest.mark.parametrize(
    ("name", "tau_mem", "tau_syn", "reset"),
    [
        ("spiking", 10 * us, 10 * us, 70),
        ("spiking2", 6 * us, 6 * us, 70),
        ("hagen", 60 * us, 1 * us, 80),
    ],
)
def test_calibrations_differ_in_their_targets(name, tau_mem, tau_syn, reset):
    path = nightly_calix_native_path(name)
    target = target_from_calix_native(path).neuron_target
    assert target.tau_mem == pytest.approx(np.full(512, tau_mem))
    assert target.tau_syn == pytest.approx(np.full((2, 512), tau_syn))
    assert target.reset.tolist() == [reset] * 512
    achieved = calib_from_calix_native(path).result.achieved
    for found, wanted in (("tau_mem", tau_mem), ("tau_syn", tau_syn)):
        # The median of 512 circuits is far closer than the 20 % a circuit may be off.
        assert np.median(achieved[found]) == pytest.approx(wanted, rel=0.05)


def test_an_unknown_name_is_refused_with_the_known():
    with pytest.raises(ValueError, match="Use one of: spiking, spiking2, hagen") as e:
        nightly_calib_path("spikin")
    assert "Did you mean 'spiking'?" in str(e.value)
    for name in ("../../etc/passwd", None, 3, ["spiking"]):
        with pytest.raises(ParameterError, match="there is none of this name"):
            nightly_calix_native_path(name)


def test_a_file_is_made_once():
    path = nightly_calib_path()
    written = path.stat().st_mtime_ns
    assert nightly_calib_path() == path
    assert path.stat().st_mtime_ns == written


def test_other_chips_and_other_versions_have_other_files(monkeypatch):
    first = nightly_calib_path()
    other = nightly_calib_path(chip=TYPICAL.replace(number=2))
    assert other.parent != first.parent
    assert calib_from_calix_native(other).chip.number == 2
    monkeypatch.setattr(calib_helper, "_version_key", lambda: "another")
    assert nightly_calib_path().parent != first.parent


def test_a_damaged_file_is_made_again(caplog):
    path = nightly_calib_path()
    path.write_bytes(path.read_bytes()[:100])
    assert calib_from_calix_native(nightly_calib_path()).has_target
    assert "a calibration is made again" in caplog.text


def test_without_a_cache_directory_a_file_lasts_as_long_as_the_process(
    tmp_path, monkeypatch
):
    # A file in its place: permissions would not stop the super-user.
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    path = nightly_calib_path()
    assert not path.is_relative_to(tmp_path)
    assert calib_from_calix_native(path).has_target
    assert nightly_calib_path() == path
    monkeypatch.setattr(calib_helper, "_process_cache", lambda: tmp_path / "file")
    with pytest.raises(CalibrationFileError, match="Set XDG_CACHE_HOME or TMPDIR"):
        nightly_calib_path()


def test_the_temporary_directory_is_removed_when_the_process_ends(
    tmp_path, monkeypatch
):
    at_exit = []
    monkeypatch.setattr(
        calib_helper.atexit,
        "register",
        lambda f, *a, **k: at_exit.append(partial(f, *a, **k)),
    )
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    path = nightly_calib_path()
    assert path.exists()
    (remove,) = at_exit
    remove()
    assert not path.exists()
    assert not path.parent.parent.exists()


def test_threads_that_start_together_get_one_whole_file():
    ready = Barrier(4)

    def use(_):
        ready.wait()
        path = nightly_calix_native_path()
        assert calib_from_calix_native(path).has_target
        return path

    with ThreadPoolExecutor(4) as pool:
        (path,) = {*pool.map(use, range(4))}
    assert [p.name for p in path.parent.iterdir()] == ["spiking_calix-native.pkl"]


def test_settings_and_targets_are_read():
    path = nightly_calix_native_path()
    calib = calib_from_calix_native(path)
    target = calib.target.neuron_target
    assert target.leak.tolist() == [80.0] * 512
    assert target.reset.tolist() == [70.0] * 512
    assert target.i_synin_gm.tolist() == [500, 500]
    assert target.tau_syn == pytest.approx(np.full((2, 512), 10 * us))
    for chip in (chip_from_file(path), chip_from_portable_binary(path.read_bytes())):
        circuit = chip.neuron_block.atomic_neurons[5]
        assert int(circuit.leak.v_leak) == calib.result.codes["leak"][5]
        assert int(circuit.membrane_capacitance.capacitance) == 63


def test_fixtures_are_calibrations():
    path = nightly_calix_native_path()
    assert fixture_calibration_from_file(path).has_target
    chip = chip_from_file(path)
    chip.neuron_block.atomic_neurons[5].leak.v_leak = 123
    fixture = fixture_calibration_from_chip(chip)
    assert fixture.result.codes["leak"][5] == 123
    assert not fixture.has_target


def test_a_copy_of_the_file_can_be_loaded_onto_a_chip(tmp_path):
    copy = tmp_path / "mine.pkl"
    copy.write_bytes(nightly_calix_native_path("spiking2").read_bytes())
    instance = ExecutionInstance()
    chip = instance.load_calib(copy)
    assert chip is instance.chip
    assert instance.calib.target.neuron_target.tau_mem[0] == pytest.approx(6 * us)


@pytest.mark.parametrize("wrong", [None, 0, 1.5, ["a"]])
def test_what_is_no_path_is_refused(wrong):
    # The numbers 0 to 2 would open the streams of the process.
    with pytest.raises(CalibrationFileError, match=r"Give a string or a pathlib\.Path"):
        chip_from_file(wrong)


@pytest.mark.parametrize("wrong", ["path", None, 5])
def test_what_are_no_bytes_is_refused(wrong):
    with pytest.raises(
        CalibrationFileError, match=r"content is a \w+\. Give the bytes"
    ):
        chip_from_portable_binary(wrong)


@pytest.mark.parametrize("wrong", [None, "chip"])
def test_what_is_no_chip_is_refused(wrong):
    with pytest.raises(CalibrationError, match=r"settings are a \w+\. Give a chip"):
        fixture_calibration_from_chip(wrong)
