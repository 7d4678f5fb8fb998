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
FAILED = pytest.StashKey[bool]()


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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        item.stash[FAILED] = True
        page = getattr(item.funcargs.get("bench"), "page", None)
        if call.when == "call" and page is not None:
            report.sections.append(("What the page showed", _seen(page)))
    return report


def _seen(page):
    """What may say why a test failed, where nobody sees the screen."""
    try:
        texts = {
            role: page.get_by_role(role).all_inner_texts()
            for role in ("status", "alert", "dialog", "menu")
        }
        boxes = page.locator(".react-flow__node .rf-node-label").all_inner_texts()
        return f"boxes: {boxes}\n" + "\n".join(f"{k}: {v}" for k, v in texts.items())
    except Exception as error:  # the page is gone: that is what there is to say
        return repr(error)


@pytest.fixture(scope="module")
def pages(browser):
    """The pages that the tests of a module opened; the last is the present one."""
    made: list[Bench] = []
    yield made
    for one in made:
        one.page.close()


@pytest.fixture
def bench(pages, browser, served, request):
    """The page of the module; a new one after a test that failed."""
    if not pages or pages[-1].spoilt:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        pages.append(Bench(page, served))
    yield pages[-1]
    pages[-1].spoilt = request.node.stash.get(FAILED, False)


@pytest.fixture(autouse=True)
def nothing_foreign_and_no_complaint(request):
    """After each test: no request left localhost, nothing on the console."""
    made = request.getfixturevalue("bench") if "bench" in request.fixturenames else None
    yield
    if made is not None:
        foreign, complaints = made.foreign[:], made.complaints[:]
        made.foreign.clear()
        made.complaints.clear()
        assert not foreign
        assert not complaints
