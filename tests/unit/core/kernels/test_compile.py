"""Where compiled kernels are kept, in processes of their own: numba is asked once."""

import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.kernels import compile as kernel_compile

SOURCES = Path(kernel_compile.__file__).parent
HELPER = """
from core.kernels.compile import inlined
FACTOR = 2

@inlined
def scaled(x):
    return FACTOR * x
"""
KERNEL = """
from core.kernels.compile import exact, kernel
from core.kernels.helper import scaled

@kernel
def triple(x):
    return scaled(x) + x

@exact
def twice(x):
    return triple(x) - x
"""
PROGRAM = """
import logging, sys
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
from core.kernels.example import twice
print(twice(10), twice(2))
"""


@pytest.fixture
def tree(tmp_path):
    """A package with a kernel and, in another file, its helper."""
    folder = tmp_path / "core" / "kernels"
    folder.mkdir(parents=True)
    shutil.copy(SOURCES / "compile.py", folder)
    (tmp_path / "core" / "__init__.py").touch()
    (folder / "__init__.py").touch()
    (folder / "helper.py").write_text(HELPER)
    (folder / "example.py").write_text(KERNEL)
    return tmp_path


def run(tree, **environment):
    """Return what a program prints, and the lines that it logs."""
    known = ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "PYTHONPATH")
    kept = {k: v for k, v in os.environ.items() if k not in known}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        cwd=tree,
        env={**kept, **{k: str(v) for k, v in environment.items()}},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split(), done.stderr.splitlines()


def test_compiling_is_announced_once_and_kept(tree):
    cache = tree / "cache"
    printed, logged = run(tree, NUMBA_CACHE_DIR=cache)
    assert printed == ["20", "4"]
    (line,) = logged
    assert line.startswith("WARNING compiling kernels (up to ")
    assert line.endswith(" s, each once)")
    assert [path.name for path in cache.iterdir()] == ["hx-workbench"]
    # Both kernels, each for integers; the inlined helper has no code of its own.
    assert len(list(cache.rglob("*.nbc"))) == 2
    assert not list((tree / "core").rglob("*.nb?"))
    assert run(tree, NUMBA_CACHE_DIR=cache) == (["20", "4"], [])


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("left", [0, 40])
def test_damaged_files_are_compiled_anew(tree, ending, left):
    cache = tree / "cache"
    run(tree, NUMBA_CACHE_DIR=cache)
    for path in cache.rglob(f"*.{ending}"):
        path.write_bytes(path.read_bytes()[:left])
    printed, logged = run(tree, NUMBA_CACHE_DIR=cache)
    assert printed == ["20", "4"]
    assert any("damaged, compiling anew" in line for line in logged)
    assert run(tree, NUMBA_CACHE_DIR=cache) == (["20", "4"], [])


def test_a_change_in_the_file_of_a_helper_is_noticed(tree):
    cache = tree / "cache"
    run(tree, XDG_CACHE_HOME=cache)
    helper = tree / "core" / "kernels" / "helper.py"
    helper.write_text(HELPER.replace("FACTOR = 2", "FACTOR = 5"))
    printed, logged = run(tree, XDG_CACHE_HOME=cache)
    assert printed == ["50", "10"]
    assert len(logged) == 1
    assert len(list((cache / "hx-workbench").glob("kernels-*"))) == 2


def test_without_settings_the_cache_is_in_the_home_directory(tree):
    run(tree, HOME=tree)
    place = "Library/Caches" if sys.platform == "darwin" else ".cache"
    assert list((tree / place / "hx-workbench").glob("kernels-*/*/*.nbc"))


@pytest.mark.parametrize("place", ["a file", "a directory that cannot be written"])
def test_without_a_writable_cache_kernels_are_compiled_each_time(tree, place):
    cache = tree / "cache"
    if place == "a file":
        cache.touch()
    elif os.geteuid() == 0:  # who may write to any directory, but not here
        cache = Path("/proc")
    else:
        cache.mkdir(mode=0o500)
    for _ in range(2):
        printed, logged = run(tree, NUMBA_CACHE_DIR=cache)
        assert printed == ["20", "4"]
        warning, info = logged
        assert warning.startswith("WARNING compiled kernels cannot be kept")
        assert "Set NUMBA_CACHE_DIR to a directory that can be written." in warning
        assert info.endswith(" s, in each process)")
    assert not list((tree / "core").rglob("*.nb?"))


def test_a_cache_that_fills_up_later_does_not_stop_a_run(monkeypatch, caplog):
    def full(self, sig, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kernel_compile.FunctionCache, "save_overload", full)
    kernel_compile._say_not_kept.cache_clear()
    increment = kernel_compile.kernel(_increment)
    with caplog.at_level(logging.WARNING):
        assert increment(1) == 2
        assert increment(1.5) == 2.5
    (record,) = caplog.records
    assert "No space left on device" in record.getMessage()


def _increment(x):
    return x + 1


def test_the_directories_used_last_are_kept(tmp_path):
    for age in range(6):
        folder = tmp_path / f"kernels-{age}"
        folder.mkdir()
        (folder / "code.nbc").touch()
        os.utime(folder, (1e9 - age, 1e9 - age))
    (tmp_path / "calibration-1").mkdir()
    kernel_compile._remove_old(tmp_path, tmp_path / "kernels-5")
    left = sorted(path.name for path in tmp_path.iterdir())
    expected = ["calibration-1", *(f"kernels-{age}" for age in (0, 1, 2, 5))]
    assert left == expected


def test_the_settings_of_numba_are_left_as_they_were(monkeypatch):
    monkeypatch.setattr(kernel_compile.numba.config, "CACHE_DIR", "elsewhere")
    kernel_compile.kernel(_increment)
    assert kernel_compile.numba.config.CACHE_DIR == "elsewhere"
