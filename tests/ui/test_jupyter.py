"""Views in the cells of a real JupyterLab, with every host but this one blocked."""

import re

import pytest
from playwright.sync_api import expect

from tests.ui.bench import wait_until
from tests.ui.conftest import ROOT, answers, free_port
from tests.ui.lab import Lab, Notebook

pytestmark = [pytest.mark.ui, pytest.mark.timeout(900)]

START = "import workbench\n\nworkbench.load()\nproject = workbench.Project()"
#: The views of the first notebook, by the number of their cell.
INSPECTOR, RASTER, MEMBRANE, GRAPH = 1, 2, 3, 4


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    made = Lab(tmp_path_factory.mktemp("lab"), free_port())
    try:
        message = f"no JupyterLab: {made.log.read_text()}"
        wait_until(lambda: answers(f"{made.address}/api"), 120, message)
        yield made
    finally:
        made.stop()


@pytest.fixture
def open_notebook(browser, lab):
    """Open a notebook with some cells and run all of them."""
    pages = []

    def opened(name, cells):
        lab.write(name, cells)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        pages.append(page)
        notebook = Notebook(page, lab, name)
        notebook.run_all()
        return notebook

    yield opened
    for page in pages:
        page.close()


def named_in_the_docs():
    text = (ROOT / "docs/offline.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\* `(https?://\S+)`", text, re.MULTILINE))


@pytest.mark.slow
def test_views_in_several_cells_are_drawn_and_follow_each_other(open_notebook):
    views = ("InspectorView", "RasterView", "MembraneView", "GraphView")
    cells = [START, *(f"workbench.{view}(project)" for view in views)]
    notebook = open_notebook("views.ipynb", cells)
    for cell in (INSPECTOR, RASTER, MEMBRANE, GRAPH):
        expect(notebook.live(cell)).to_be_visible(timeout=60_000)
        expect(notebook.cell(cell).locator(".hx-picture")).to_be_hidden()
    boxes = notebook.cell(GRAPH).locator(".react-flow__node")
    expect(boxes).to_have_count(3, timeout=60_000)
    wait_until(lambda: len(notebook.spikes()) == 1, message="no raster was drawn")
    (before,) = notebook.spikes()

    threshold = notebook.cell(INSPECTOR).get_by_role("slider", name="threshold")
    threshold.focus()
    for _ in range(2):
        notebook.page.keyboard.press("PageUp")  # a tenth of the range each
    wait_until(
        lambda: notebook.spikes()[0] < before,
        seconds=60,
        message="the raster does not follow the slider of another cell",
    )
    boxes.filter(has_text="out").click()
    chosen = notebook.cell(INSPECTOR).get_by_text("out · LI")
    expect(chosen).to_be_visible(timeout=60_000)
    assert notebook.foreign <= named_in_the_docs()
    assert not notebook.errors


@pytest.mark.slow
def test_every_view_and_the_whole_page_are_drawn_and_react(open_notebook):
    import workbench

    views = [name for name in workbench.__all__ if name.endswith("View")]
    cells = [START, *(f"workbench.{view}(project)" for view in views)]
    notebook = open_notebook("all.ipynb", [*cells, "workbench.Workbench(project)"])
    for number, view in enumerate([*views, "Workbench"], start=1):
        drawn = notebook.live(number)
        expect(drawn, f"{view} is not drawn").to_be_visible(timeout=120_000)
    page = notebook.cell(len(views) + 1)
    summary = page.get_by_role("status").filter(has_text="spikes")
    expect(summary).to_contain_text("50 spikes", timeout=60_000)
    run = notebook.cell(1 + views.index("RunView"))
    run.get_by_role("button", name="both").click()
    expect(summary).to_contain_text("on the chip", timeout=300_000)
    chip = notebook.cell(1 + views.index("ChipView"))
    expect(chip.get_by_text("as it would be laid out")).to_have_count(0)
    page.get_by_role("button", name="+ LIF").click()
    graph = notebook.cell(1 + views.index("GraphView"))
    expect(graph.locator(".react-flow__node")).to_have_count(4, timeout=30_000)
    assert notebook.foreign == named_in_the_docs()
    assert not notebook.errors


def test_without_a_kernel_the_picture_is_what_is_seen(browser):
    """As on pages that show notebooks: the saved output, but no script of ours."""
    import workbench

    data, _ = workbench.RasterView()._repr_mimebundle_()
    page = browser.new_page()
    page.set_content(data["text/html"])
    shown = page.get_by_role("img", name="First steps")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.naturalWidth") > 100, "the SVG is not drawn"
    page.close()
