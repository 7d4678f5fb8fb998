"""The documentation: it builds, asks nobody for anything, and its programs run."""

import functools
import os
import re
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
#: What a browser loads by itself; a link is only followed by a person.
LOADED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio)\b[^>]*\bsrc=["']?([^"'\s>]+)"""
    r"""|<link\b(?![^>]*rel=["']?(?:canonical|prev|next))[^>]*\bhref=["']?([^"'\s>]+)"""
    r"""|@import\s+(?:url\()?["']?([^"')\s]+)|url\(["']?([^"')]+)""",
)
FOREIGN = ("http:", "https:", "//")
#: Pages whose programs take minutes: they train.
LONG = ("training.md", "gradients.md")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Folder of the built site."""
    folder = tmp_path_factory.mktemp("docs") / "site"
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", folder],
        cwd=ROOT,
        # nothing of the network is needed: a proxy that is not there shows it
        env={
            **os.environ,
            "NO_MKDOCS_2_WARNING": "1",
            "http_proxy": "http://127.0.0.1:9",
            "https_proxy": "http://127.0.0.1:9",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def test_every_page_is_built_and_reachable(site):
    index = (site / "index.html").read_text(encoding="utf-8")
    for page in DOCS.rglob("*.md"):
        built = page.relative_to(DOCS).with_suffix(".html")
        assert (site / built).exists(), built
        if page.name != "index.md":
            assert f'href="{built.as_posix()}"' in index, f"{built} is not in the nav"


def test_the_reference_explains_the_fields_of_a_spec(site):
    page = (site / "api" / "training.html").read_text(encoding="utf-8")
    for text in ("Steepness of the surrogate gradient", "Passes over the data"):
        assert text in page
    assert ":param" not in page  # all became tables
    assert "quantity(" not in page


def test_no_page_loads_anything_from_elsewhere(site):
    found = [
        (path.relative_to(site).as_posix(), url)
        for path in site.rglob("*")
        if path.suffix in (".html", ".css")
        for urls in LOADED.findall(path.read_text(encoding="utf-8"))
        for url in urls
        if url.startswith(FOREIGN)
    ]
    assert not found


@pytest.mark.ui
def test_a_reader_finds_a_page_by_search_in_the_dark_offline(site, browser):
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(site))
    handler.log_message = lambda *_: None
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = f"http://127.0.0.1:{server.server_port}/"
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    foreign, wrong = [], []

    def request(asked):
        if not asked.url.startswith((here, "data:", "blob:")):
            foreign.append(asked.url)

    page.on("request", request)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    try:
        page.goto(here)
        page.locator("label[title=Dark]").click()
        body = page.locator("body")
        expect(body).to_have_attribute("data-md-color-scheme", "slate", timeout=30_000)
        page.get_by_role("textbox", name="Search").fill("interpolated")
        hit = page.locator("a.md-search-result__link").first
        hit.wait_for(timeout=30_000)
        page.goto(here + "api/training.html")
        expect(page.get_by_role("heading", name="TrainSpec")).to_be_visible(
            timeout=30_000
        )
    finally:
        page.close()
        server.shutdown()
        server.server_close()
    assert not foreign
    assert not wrong


def programs():
    for page in sorted(DOCS.rglob("*.md")):
        found = re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
        if found:
            marks = [pytest.mark.slow] if page.name in LONG else []
            name = page.relative_to(DOCS).as_posix()
            yield pytest.param("\n".join(found), id=name, marks=marks)


@pytest.mark.filterwarnings("ignore:compiling kernels")
@pytest.mark.parametrize("program", list(programs()))
def test_the_programs_on_a_page_run(program, tmp_path, monkeypatch):
    example = ROOT / "tests" / "data" / "norse_lif_4_10_2.nir"
    (tmp_path / "network.nir").write_bytes(example.read_bytes())
    monkeypatch.chdir(tmp_path)
    exec(program, {"__name__": "page"})
