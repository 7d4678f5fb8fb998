import asyncio
import base64
import re
import subprocess
import sys
import threading
import time

import panel as pn
import pytest
from bokeh.document import Document
from panel.io.state import set_curdoc

import workbench
from core.spec.edit import resize
from core.spec.examples import leak_over_threshold
from core.spec.json_io import from_json
from core.spec.packed import embedded
from workbench import notebook
from workbench.app import Workbench

FOREIGN = "ignore:Both 'variant' and 'button_style':PendingDeprecationWarning"
pytestmark = pytest.mark.filterwarnings(FOREIGN)  # of panel-material-ui itself
VIEWS = [n for n in workbench.__all__ if n.endswith("View") or n == "Workbench"]


@pytest.fixture(scope="module")
def project():
    made = workbench.Project(leak_over_threshold())
    notebook.runner_of(made)
    return made


@pytest.mark.parametrize("name", VIEWS)
def test_each_view_shows_itself_over_a_project(name, project):
    shown = getattr(workbench, name)(project)
    column = shown.__panel__()
    assert column.height == shown.height > 0, "in a cell nothing else gives it a height"
    assert shown.view.project is project
    assert shown.view.runner is notebook.runner_of(project)


def test_a_view_takes_a_spec_or_nothing():
    spec = leak_over_threshold()
    assert workbench.RasterView(spec).project.spec is spec
    assert workbench.RasterView().project.spec.title == "First steps"


def test_views_of_one_project_share_its_runner_and_those_of_two_do_not(project):
    first, second = workbench.RasterView(project), workbench.GraphView(project)
    assert first.runner is second.runner
    assert workbench.RasterView(leak_over_threshold()).runner is not first.runner


def test_the_page_takes_a_project_and_its_runner(project):
    page = Workbench(project, runner=notebook.runner_of(project))
    assert page.project is project
    assert page.runner is project.runner


def test_a_view_can_be_shown_twice(project):
    raster = workbench.RasterView(project)
    first, second = raster.__panel__(), raster.__panel__()
    assert first[0] is not second[0], "a Bokeh figure can be in one place only"


def test_without_a_kernel_a_view_is_the_picture_with_the_document_in_it(project):
    data, metadata = workbench.MembraneView(project)._repr_mimebundle_()
    (word,) = re.findall(r"data:image/svg\+xml;base64,([\w+/=]+)", data["text/html"])
    svg = base64.b64decode(word).decode()
    assert svg == workbench.picture(project)
    assert from_json(embedded(svg.encode())).network == project.spec.network
    assert "<script" not in data["text/html"]
    assert metadata == {}
    assert data["text/plain"] == "MembraneView of 'Leak over threshold'"


def test_a_name_that_does_not_exist_is_refused_as_in_any_module():
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        workbench.Nothing  # noqa: B018


def test_importing_the_package_imports_neither_torch_nor_panel():
    code = (
        "import sys, workbench; "
        "sys.exit(any(n in sys.modules for n in ('torch', 'panel', 'bokeh')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_change_is_published_on_the_loop_of_the_kernel_and_sent_to_all_cells(
    monkeypatch,
):
    sent = []
    monkeypatch.setattr(pn.io, "push_notebook", lambda *views: sent.append(views))
    threads = set()

    async def cell():
        project = workbench.Project(leak_over_threshold())
        runner = notebook.runner_of(project)
        before = runner.result
        runner.param.watch(lambda _: threads.add(threading.current_thread()), "result")
        project.edit(resize(project.spec, "neuron", 3))
        assert runner.result is before, "a cell is not interrupted"
        end = time.monotonic() + 60
        while runner.result is before and time.monotonic() < end:
            await asyncio.sleep(0.01)
        return runner

    runner = asyncio.run(cell())
    assert runner.result.populations["neuron"].size == 3
    assert threads == {threading.main_thread()}
    assert sent, "raw Bokeh models are sent only when somebody asks"


def test_a_document_of_a_notebook_is_no_page_that_is_served(monkeypatch):
    """There a callback for the next tick would never be called."""
    project = workbench.Project(leak_over_threshold())
    runner = notebook.runner_of(project)
    with set_curdoc(Document()):
        done = []
        runner.aside(lambda: 1, lambda future: done.append(future.result()))
        end = time.monotonic() + 30
        while not done and time.monotonic() < end:
            time.sleep(0.01)
    assert done == [1]


def test_what_is_shown_first_is_what_the_cells_before_have_made():
    """A notebook saves views as they were when they were shown."""

    async def cell():
        project = workbench.Project(leak_over_threshold())
        notebook.runner_of(project)
        project.edit(resize(project.spec, "neuron", 3))
        chip, raster = workbench.ChipView(project), workbench.RasterView(project)
        chip.__panel__()
        raster.__panel__()
        return raster.view.plot, chip.view.shown

    raster, chip_map = asyncio.run(cell())
    assert raster.figure.y_range.start == 3, "a row for each neuron"
    assert len(raster.spikes.data["x"]) > 3
    assert "neuron" in chip_map._said.object
