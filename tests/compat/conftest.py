import os
import subprocess
import sys
from pathlib import Path

import pytest

from core import connection
from core.compat import install, pylogging
from core.compat.install import _NAMES, _RENAMED
from core.experiment import HardwareResults

ROOT = Path(__file__).parents[2]


@pytest.fixture
def installed(monkeypatch):
    """The foreign names in this process, for one test."""
    finders = list(sys.meta_path)
    monkeypatch.setattr(connection, "required", False)
    monkeypatch.setattr(HardwareResults, "as_pair", False)
    install()
    yield
    connection.close()
    pylogging.reset()
    sys.meta_path[:] = finders
    for package, name in _RENAMED:
        parent = sys.modules[package]
        delattr(parent, name)
    roots = {
        foreign.partition(".")[0] for names in _NAMES.values() for foreign in names
    } | {"quantities"}
    for name in list(sys.modules):
        if name.partition(".")[0] in roots:
            del sys.modules[name]
    for name in ("spiking", "snn", "core"):
        delattr(sys.modules["core.compat.hxtorch"], name)


@pytest.fixture
def launch(tmp_path):
    """Runs the launcher in a new process, in an empty folder."""

    def launched(*arguments, code=0, path=()):
        done = subprocess.run(
            [sys.executable, "-m", "core.compat", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, *path)))},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return launched
