"""The house itself: lint, types, import contracts, and what a wheel contains."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


def run(*command, **options):
    done = subprocess.run(
        [str(part) for part in command],
        cwd=options.pop("cwd", ROOT),
        capture_output=True,
        text=True,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_code_is_linted_and_formatted():
    run(BIN / "ruff", "check", ".")
    run(BIN / "ruff", "format", "--check", ".")


def test_the_types_are_strict():
    run(BIN / "mypy")


def test_imports_go_downwards_only():
    run(BIN / "lint-imports")


def test_each_version_is_pinned_in_one_place():
    pinned = re.findall(r"^([\w-]+)==", (ROOT / "constraints.txt").read_text(), re.M)
    assert len(pinned) == len(set(pinned))
    for name in ("torch", "panel", "bokeh", "panel-material-ui", "nir", "numba"):
        assert name in pinned


def test_the_readme_has_exactly_two_commands():
    text = (ROOT / "README.md").read_text()
    commands = re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)
    assert [c.count("\n") for c in commands] == [1, 1]
    assert "panel serve app.py" in commands[0]
    assert "pytest" in commands[1]
    assert text.index("![") < text.index("```sh")


def test_every_picture_of_the_readme_exists():
    for path in re.findall(r"!\[.*?\]\((.*?)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / path).stat().st_size > 10_000


@pytest.mark.slow
def test_a_wheel_in_an_empty_folder_opens_the_page(tmp_path):
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    installed, empty = tmp_path / "installed", tmp_path / "empty"
    empty.mkdir()
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps"]
    run(*pip, "--target", installed, wheel)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # -P and the empty folder: nothing of this checkout is on the path but what pip put.
    code = (
        f"import sys; sys.path.insert(0, {str(installed)!r}); "
        f"import workbench.cli as c; assert {str(installed)!r} in c.__file__; "
        f"c.main(['--port', '{port}', '--no-browser'])"
    )
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    with subprocess.Popen(
        [sys.executable, "-P", "-c", code], cwd=empty, env=environment
    ) as server:
        try:
            page = _answer(f"http://localhost:{port}/served")
        finally:
            server.terminate()
    assert "HX Workbench" in page


def _answer(address):
    end = time.monotonic() + 90
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=60) as reply:
                return reply.read().decode()
        except OSError:
            time.sleep(0.5)
    raise AssertionError("no answer")
