"""Curves of a chip: what they predict, and how they are kept."""

import dataclasses
import logging
import os
from functools import partial

import numpy as np
import pytest

from core.chip import calibration, curve_store
from core.chip.bench import SHOWN
from core.chip.calibration import characterised
from core.chip.characterisation import Characterisation, Curve
from core.chip.circuit import physical
from core.chip.curve_store import from_bytes, path_of, to_bytes
from core.chip.mismatch import sample_mismatch
from core.spec.chip import IDEAL, TYPICAL, ChipSpec


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Give a test a directory of its own, and nothing in memory."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    curve_store.memory().clear()
    yield tmp_path / "hx-workbench"
    curve_store.memory().clear()


@pytest.fixture
def measured(monkeypatch):
    """Collect the chips that are really measured."""
    found = []
    characterise = calibration.characterise

    def once(*arguments):
        found.append(arguments)
        return characterise(*arguments)

    monkeypatch.setattr(calibration, "characterise", once)
    return found


def curves_of(chip: ChipSpec) -> Characterisation:
    return characterised(chip, sample_mismatch(chip))


@pytest.mark.parametrize("mismatch", [0.0, 1.0])
def test_curves_predict_what_circuits_do(mismatch):
    # No noise but that of reading; biases are what a reading cannot see.
    chip = IDEAL.replace(
        mismatch=mismatch, threshold_bias=0.0, tau_bias=0.0, gain_bias=0.0
    )
    hidden = sample_mismatch(chip)
    known = curves_of(chip)
    count = np.ones(512)
    codes = {
        "leak": 700 * count,
        "reset": 620 * count,
        "threshold": 450 * count,
        "tau_mem": 120 * count,
        "tau_mem_range": 0 * count,
        "tau_syn": np.full((2, 512), 60.0),
        "tau_syn_range": np.zeros((2, 512)),
        "strength": np.full((2, 512), 400.0),
        "synapse_dac": 600 * count,
    }
    found = physical(codes, hidden, 63 * count)
    # A parabola follows the bend at 110 LSB to 0.2 LSB, powers with a floor to 1 %.
    for name in ("reset", "threshold"):
        error = known.curves[name].value(codes[name]) - getattr(found, name)
        assert np.abs(error).max() < 0.5, name
    leak = known.curves["leak"].value(codes["leak"])
    leak = leak + known.leakage * (found.tau_mem - known.leak_tau)
    assert np.abs(leak - found.leak).max() < 0.7
    for name in ("tau_mem", "tau_syn", "strength"):
        ratio = known.curves[name].value(codes[name]) / getattr(found, name)
        np.testing.assert_allclose(ratio, 1, rtol=0.02, err_msg=name)


@pytest.mark.parametrize("log_scale", [False, True])
def test_a_code_is_the_inverse_of_a_value(log_scale, rng):
    a, b, c = 4 + rng.random(50), -1 - rng.random(50), 0.2 * rng.standard_normal(50)
    curve = Curve(log_scale, 5.0, 1.5, np.stack([a, b, c]))
    codes = np.exp(4 + 2 * rng.random(50)) if log_scale else 4 + 2 * rng.random(50)
    np.testing.assert_allclose(curve.code(curve.value(codes)), codes, rtol=1e-9)


def test_a_value_out_of_reach_gives_a_code_that_can_be_written():
    known = curves_of(TYPICAL)
    for curve in known.curves.values():
        for value in (1e-9, 1e6):
            shape = curve.coefficients.shape[1:]
            code = curve.code(np.full(shape, value))
            assert np.isfinite(code).all()
            assert code.min() >= 0
            assert code.max() <= 1022.001


def test_a_chip_is_measured_once_and_kept(cache, measured):
    first = curves_of(TYPICAL)
    assert curves_of(TYPICAL) is first
    assert len(measured) == 1
    (file,) = cache.iterdir()
    assert file == path_of(TYPICAL)
    assert file.stat().st_size < 200_000
    curve_store.memory().clear()  # another process
    again = curves_of(TYPICAL)
    assert len(measured) == 1
    for name, curve in first.curves.items():
        np.testing.assert_array_equal(
            curve.coefficients, again.curves[name].coefficients
        )
        assert (curve.log, curve.centre, curve.width) == (
            again.curves[name].log,
            again.curves[name].centre,
            again.curves[name].width,
        )
    curves_of(TYPICAL.replace(number=2))
    assert len(measured) == 2


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw[:100],
        lambda raw: b"",
        lambda raw: b"\x80\x04." + raw,
        lambda raw: raw.replace(b"leakage", b"leekage"),
        lambda raw: bytes(3_000_000),
    ],
)
def test_a_file_that_cannot_be_read_is_made_again(cache, measured, caplog, spoil):
    first = curves_of(TYPICAL)
    path = path_of(TYPICAL)
    path.write_bytes(spoil(path.read_bytes()))
    curve_store.memory().clear()
    again = curves_of(TYPICAL)
    assert len(measured) == 2
    np.testing.assert_array_equal(first.leakage, again.leakage)
    assert "the curves of chip 1 are measured again" in caplog.text
    assert from_bytes(path.read_bytes()).leakage.shape == (512,)


def test_a_file_with_other_numbers_is_made_again(cache, measured, caplog):
    first = curves_of(TYPICAL)
    path = path_of(TYPICAL)
    with np.load(path) as file:
        arrays = dict(file)
    arrays["leakage"][7] += 1e-6
    np.savez(path, **arrays)  # a valid archive: only the digest can tell
    curve_store.memory().clear()
    assert curves_of(TYPICAL).leakage[7] == first.leakage[7]
    assert len(measured) == 2
    assert "its numbers are not those that were measured" in caplog.text


@pytest.mark.parametrize("what", ["leakage", "leak"])
def test_curves_of_another_shape_or_without_numbers_are_refused(what):
    known = curves_of(TYPICAL)
    bad = np.full(512, np.nan)
    if what == "leakage":
        spoiled = dataclasses.replace(known, leakage=bad)
    else:
        curve = dataclasses.replace(
            known.curves["leak"], coefficients=np.ones((2, 512))
        )
        spoiled = dataclasses.replace(known, curves=known.curves | {"leak": curve})
    with pytest.raises(ValueError, match=what):
        from_bytes(to_bytes(spoiled))


def test_without_a_directory_each_process_measures(
    tmp_path, monkeypatch, measured, caplog
):
    # A file in its place: permissions would not stop the super-user.
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    curve_store.memory().clear()
    with caplog.at_level(logging.INFO):
        curves_of(TYPICAL)
        curves_of(TYPICAL)
    assert len(measured) == 1
    assert "the curves of chip 1 are not kept" in caplog.text
    curve_store.memory().clear()


def test_files_used_last_are_kept(cache, monkeypatch):
    known = curves_of(TYPICAL)
    monkeypatch.setattr(curve_store, "_KEPT", 3)
    for age in range(5):
        path = cache / f"chip-curves-old{age}"
        path.write_bytes(b"")
        os.utime(path, (1000 + age, 1000 + age))
    curve_store.recall(TYPICAL.replace(number=3), lambda: known)
    left = sorted(path.name for path in cache.iterdir())
    assert len(left) == 3
    assert "chip-curves-old4" in left


def test_other_sources_have_other_files(cache, monkeypatch):
    before = path_of(TYPICAL)
    monkeypatch.setattr(curve_store, "VERSION", 99)
    assert path_of(TYPICAL) != before


def readings(chip: ChipSpec) -> np.ndarray:
    """Everything that the bench can show, after a write."""
    bench = calibration._bench(chip, sample_mismatch(chip), np.arange(512), 3)
    full = partial(np.full, 512)
    bench.write(
        leak=full(650), reset=full(650), threshold=full(400), tau_mem=full(164),
        tau_mem_range=full(0), tau_syn=np.full((2, 512), 82),
        tau_syn_range=np.zeros((2, 512), int), strength=np.full((2, 512), 500),
        synapse_dac=full(600), capacitance=full(63),
    )  # fmt: skip
    window = np.full(512, 24.0)
    return np.concatenate(
        [
            bench.read_leak(),
            bench.read_reset(),
            bench.read_threshold(),
            bench.read_decay(window)[1].ravel(),
            bench.read_synaptic_decay(1, window)[1].ravel(),
            bench.read_psp(0, np.full(512, 60.0)),
        ]
    )


def test_the_bench_shows_the_fields_that_curves_are_kept_by_and_no_others():
    chip = TYPICAL.replace(weak_cells=0.2)
    before = readings(chip)
    for name, info in ChipSpec.infos().items():
        value = getattr(chip, name)
        if info.low is None or info.high is None:
            continue  # the name of a preset
        middle = (info.low + info.high) / 2
        other = info.high if value == middle else type(value)(middle)
        changed = not np.array_equal(before, readings(chip.replace(**{name: other})))
        assert changed == (name in SHOWN), name
