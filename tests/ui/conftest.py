"""A served workbench and one browser page per module, watched for what must not be.

The server is the real one: ``panel serve app.py`` in a process of its own. A page fails
its test if it asks a foreign host for anything or writes an error or a warning to the
console of the browser.
"""

import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.browser import find_browser
from tests.ui.bench import Bench, wait_until

ROOT = Path(__file__).parents[2]
BROWSER = find_browser()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    return {**browser_type_launch_args, "executable_path": BROWSER, "args": flags}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """The address of a running ``panel serve app.py``."""
    port, log = free_port(), tmp_path_factory.mktemp("server") / "log.txt"
    command = [sys.executable, "-m", "panel", "serve", "app.py", "--port", str(port)]
    with log.open("w") as out:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    address = f"http://localhost:{port}/app"
    try:
        wait_until(lambda: answers(address), 90, f"no server: {log.read_text()}")
        yield address
    finally:
        server.terminate()
        server.wait(40)  # a run in flight is finished first
    text = log.read_text()
    assert "Traceback" not in _without_closed_sockets(text), text


def _without_closed_sockets(text):
    """Drop what tornado writes when a window closes in the middle of a message."""
    blocks = text.split("\n20")
    return "\n20".join(b for b in blocks if "WebSocketClosedError" not in b)


def answers(address):
    try:
        with urllib.request.urlopen(address, timeout=30) as reply:
            return reply.status == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def bench(browser, served):
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    yield Bench(page, served)
    page.close()


@pytest.fixture(autouse=True)
def nothing_foreign_and_no_complaint(request):
    """After each test: no request left localhost, nothing on the console."""
    yield
    if "bench" in request.fixturenames:
        made = request.getfixturevalue("bench")
        foreign, complaints = made.foreign[:], made.complaints[:]
        made.foreign.clear()
        made.complaints.clear()
        assert not foreign
        assert not complaints
