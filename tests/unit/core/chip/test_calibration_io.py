"""Calibrations in files: what comes back, and what is refused."""

import io
import os
import pickle
import zipfile
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.chip import calibration_io
from core.chip.calibration_io import (
    MAGIC,
    CalibrationFileError,
    StoredCalibration,
    calibrate_whole_chip,
    from_bytes,
    load,
    save,
    to_bytes,
)
from core.errors import HXError
from core.spec.chip import TYPICAL
from core.spec.fields import fingerprint

STORED = calibrate_whole_chip()
RAW = to_bytes(STORED)


def same(a: StoredCalibration, b: StoredCalibration) -> bool:
    """Return whether all numbers are equal, NaN included."""
    return a.chip == b.chip and all(
        fingerprint(getattr(a, f.name)) == fingerprint(getattr(b, f.name))
        for f in fields(a)
        if f.name != "settings"
    )


def arrays(shape=(512,), **bounds):
    floats = st.floats(**bounds) if bounds else st.floats()
    return hnp.arrays(np.float64, shape, elements=floats)


@st.composite
def calibrations(draw):
    """Return a calibration with any numbers that can be in one."""
    result = STORED.result
    any_float = arrays()
    codes = st.integers(0, 2**31).map(
        lambda seed: np.random.default_rng(seed).integers(-1, 1023, (2, 512))
    )
    return StoredCalibration(
        chip=TYPICAL.replace(
            number=draw(st.integers(0, 99999)), noise=draw(st.floats(0, 3))
        ),
        result=replace(
            result,
            target=result.target | {"leak": draw(any_float)},
            achieved=result.achieved | {"tau_mem": draw(any_float)},
            codes=result.codes | {"tau_syn": draw(codes)},
            success=draw(hnp.arrays(bool, 512)),
        ),
        i_synin_gm=draw(st.integers(0, 1022)),
        synapse_dac_bias=draw(st.integers(0, 1022)),
        capacitance=draw(arrays(min_value=0, max_value=63)),
        refractory_time=draw(arrays(min_value=0, max_value=0.01)),
        holdoff_time=draw(arrays(min_value=0, max_value=0.01)),
    )


@settings(max_examples=30, deadline=None)  # arrays of 512 are drawn
@given(calibrations())
def test_a_calibration_comes_back_equal(stored):
    assert same(from_bytes(to_bytes(stored)), stored)


def test_a_file_is_known_by_its_content_and_may_be_changed_in_memory(tmp_path):
    for name in ("a.pkl", "b.pbin", "c"):
        save(tmp_path / name, STORED)
        found = load(str(tmp_path / name))
        assert same(found, STORED)
        found.result.codes["leak"][0] = 7
    assert (tmp_path / "c").read_bytes().startswith(b"HXCALIB1\n")


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(RAW) - 1), st.integers(1, 255))
def test_a_changed_byte_is_seen_or_does_not_matter(place, change):
    raw = bytearray(RAW)
    raw[place] ^= change
    try:
        found = from_bytes(bytes(raw))
    except CalibrationFileError:
        return
    assert same(found, STORED)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, len(RAW) - 1))
def test_a_part_of_a_file_is_refused(length):
    with pytest.raises(CalibrationFileError):
        from_bytes(RAW[:length])


def test_bytes_of_any_kind_are_refused():
    rng = np.random.default_rng(0)
    for length in (1, 100, 5000):
        with pytest.raises(CalibrationFileError):
            from_bytes(rng.bytes(length))
        with pytest.raises(CalibrationFileError, match="the calibration is damaged"):
            from_bytes(MAGIC + rng.bytes(length))


class Bomb:
    """Runs a program when it is read as a pickle."""

    def __reduce__(self):
        return (os._exit, (99,))


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"", "it is empty"),
        (pickle.dumps(Bomb()), "it is a Python pickle"),
        (pickle.dumps({"a": 1}, protocol=0), "it is a Python pickle"),
        (RAW[len(MAGIC) :], "it is a zip or npz archive"),
        (b"\x89HDF\r\n", "it is an HDF5 file"),
        (b'{"a": 1}', "it is a JSON document"),
        (b"\x1f\x8b\x08", "it is compressed with gzip"),
        (b"HXCALIB9\n", "it was written by another version"),
        (b"cocolist", "it is no calibration of the emulated chip"),
    ],
)
def test_foreign_files_are_named(raw, what, tmp_path):
    path = tmp_path / "theirs.pkl"
    path.write_bytes(raw)
    with pytest.raises(CalibrationFileError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: {what}")
    assert "nightly_calix_native_path()" in str(caught.value)
    for expected in (HXError, RuntimeError, ValueError):
        assert isinstance(caught.value, expected)


def changed(name, content):
    """Return the content of a file with another part ``name``."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(RAW[len(MAGIC) :])) as file,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for part in file.namelist():
            made.writestr(part, content if part == name else file.read(part))
    return MAGIC + out.getvalue()


def npy(array, **options):
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("success.npy", npy(np.array([Bomb()] * 512, object), allow_pickle=True)),
        ("success.npy", npy(np.ones(511, bool))),
        ("target.leak.npy", npy(np.ones(512, int))),
        ("codes.leak.npy", npy(np.full(512, 1023))),
        ("codes.leak.npy", npy(np.full(512, -2))),
        ("capacitance.npy", npy(np.full(512, np.nan))),
        ("capacitance.npy", npy(np.full(512, 64.0))),
        ("capacitance.npy", b"\x93NUMPY" + bytes(200_000)),
        ("header.json", b"[]"),
        ("header.json", b'{"chip": {}, "i_synin_gm": 5000, "synapse_dac_bias": 1}'),
        (
            "header.json",
            b'{"chip": {"noise": 99}, "i_synin_gm": 5, "synapse_dac_bias": 1}',
        ),
    ],
)
def test_parts_that_cannot_be_right_are_refused(name, content):
    with pytest.raises(CalibrationFileError, match="the calibration is damaged"):
        from_bytes(changed(name, content))


def test_a_long_file_is_not_read_to_its_end(tmp_path, monkeypatch):
    path = tmp_path / "long.pkl"
    path.write_bytes(RAW)
    monkeypatch.setattr(calibration_io, "MAX_BYTES", 1000)
    with pytest.raises(CalibrationFileError, match=r"longer than 0\.001 MB"):
        load(path)


def test_a_missing_file_is_a_file_not_found(tmp_path):
    path = tmp_path / "none.pkl"
    with pytest.raises(FileNotFoundError) as caught:
        load(path)
    assert f"Failed to open calibration at {path}" in str(caught.value)
    assert isinstance(caught.value, RuntimeError)
    with pytest.raises(CalibrationFileError, match="Failed to open calibration at"):
        load(tmp_path)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a.pkl"
    path.write_bytes(b"old")

    def refuse(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(calibration_io.os, "replace", refuse)
    with pytest.raises(OSError, match="the disk is full"):
        save(path, STORED)
    assert [p.name for p in tmp_path.iterdir()] == ["a.pkl"]
    assert path.read_bytes() == b"old"
