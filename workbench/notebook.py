"""Views and the whole page as one line in a cell of a notebook.

::

    import workbench

    project = workbench.Project()  # or of a spec
    workbench.InspectorView(project)
    workbench.RasterView(project)  # in another cell: follows the sliders of the first

Each takes a spec, a project or nothing. Views of one project share its runner, so a
change in one cell is seen in all. Scripts and styles are put into the notebook itself,
nothing is asked of another host. Beside the live view a cell keeps a picture of the
board, which is what is seen where no kernel answers: on a page that shows notebooks, or
in one that was exported.
"""

import asyncio
import base64
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from html import escape
from pathlib import Path
from typing import Any, ClassVar

import panel as pn
import panel_material_ui

from core.spec.experiment import ExperimentSpec
from workbench import app
from workbench.plots.board import board_svg
from workbench.project import Project
from workbench.runner import Runner
from workbench.views import single_plots
from workbench.views.characterise_view import Characterise
from workbench.views.chip_view import ChipView as _ChipView
from workbench.views.code_view import CodeView as _CodeView
from workbench.views.gallery import Gallery
from workbench.views.graph_editor import GraphEditor
from workbench.views.inspector import Inspector
from workbench.views.phase_plane import PhasePlane
from workbench.views.plots_view import PlotsView as _PlotsView
from workbench.views.run_controls import RunControls
from workbench.views.statistics import Statistics
from workbench.views.sweep_view import SweepView as _SweepView
from workbench.views.training_view import TrainingView
from workbench.views.weight_matrix import WeightMatrix

#: What is on the screen, as Panel knows it: told of changes of raw Bokeh models.
_ON_SCREEN: "weakref.WeakSet[Any]" = weakref.WeakSet()
#: The font of the icons: its name and the file that it lies in.
ICON_FONT = ("Material Icons", "material-icons-[A-Z0-9]*.woff2")
#: What an icon needs within each view; the font itself is known to the whole notebook.
_ICON_RULES = (
    f".material-icons {{font-family: '{ICON_FONT[0]}'; font-feature-settings: 'liga';"
    " font-weight: 400; line-height: 1; text-transform: none; letter-spacing: normal;"
    " white-space: nowrap}"
)
#: Shows the picture only while the live view beside it is empty.
_STYLE = (
    "<style>.hx-live:has([data-root-id] > *) + .hx-picture {display: none}"
    ".hx-picture img {max-width: 100%}</style>"
)


def load() -> None:
    """Put scripts, styles and the font of the icons into the notebook, once.

    Each view does it when it is shown first. A notebook calls it in a cell of its own,
    so that running the cell of a view again does not take them away.
    """
    if not _in_kernel() or pn.extension._loaded:
        return
    from IPython.display import HTML, display

    pn.extension(inline=True, raw_css=[_ICON_RULES])
    display(HTML(f"<style>{_icon_font()}</style>"))


def picture(
    document: ExperimentSpec | Project | None = None, runner: Runner | None = None
) -> str:
    """Return the board of a document as SVG text: graph, membrane and raster.

    :param document: a spec, a project, or None for the first example
    :param runner: whose result is drawn; None takes that of the project
    """
    project = _project(document)
    runner = runner or runner_of(project)
    return board_svg(project.spec, runner.result)


class CellRunner(Runner):
    """Publishes on the event loop of the kernel, and sends what changed to all cells.

    Without a kernel, in a script, it publishes where a run ends.
    """

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        try:
            self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None
        self._hurried: int | None = None  # the thread that does all at once

    def catch_up(self) -> None:
        """Run what the cells before have changed, if it has not run yet."""
        if self.live and not self.current:
            self._publish(self.run_first)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Do what is asked for here and now: for a view that is not shown yet."""
        self._hurried = threading.get_ident()
        try:
            yield
        finally:
            self._hurried = None

    def aside(
        self, work: Callable[[], Any], done: Callable[["Future[Any]"], None]
    ) -> None:
        """Do ``work`` in a thread, then call ``done`` after the running cell."""
        if self._hurried != threading.get_ident():
            super().aside(work, done)
            return
        future: Future[Any] = Future()
        try:
            future.set_result(work())
        except Exception as error:  # judged by who asked
            future.set_exception(error)
        done(future)

    def later(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` after the running cell."""
        if self._hurried == threading.get_ident():
            callback()
        elif self._document is not None or self._loop is None:
            super().later(callback)
        else:
            self._loop.call_soon_threadsafe(self._publish, callback)

    def _publish(self, callback: Callable[[], None]) -> None:
        callback()
        pn.io.push_notebook(*_ON_SCREEN)


def runner_of(project: Project) -> Runner:
    """Return the runner that all cells with ``project`` share; the first makes it."""
    if project.runner is None:
        project.runner = CellRunner(project)
        project.runner.run_first()
    found: Runner = project.runner
    return found


class CellView(pn.viewable.Viewer):
    """One view over a document, in a cell or within a layout of Panel.

    It is made anew each time it is shown, so it may be shown in several cells.

    :param document: a spec, a project, or None for the first example
    :param runner: whose results are shown; None takes that of the project
    :param height: in the cell, px; None takes what the view needs
    """

    #: Makes the view from a project and its runner.
    kind: ClassVar[Callable[..., Any]]
    tall: ClassVar[int] = 400

    def __init__(
        self,
        document: ExperimentSpec | Project | None = None,
        runner: Runner | None = None,
        *,
        height: int | None = None,
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self.project = _project(document)
        self.runner = runner or runner_of(self.project)
        self.height = height or self.tall
        self.view: Any = None

    def __panel__(self) -> Any:
        if isinstance(self.runner, CellRunner):
            self.runner.catch_up()
        with self._drawn_whole():
            self.view = type(self).kind(self.project, self.runner)
            self._begin()
        return pn.Column(
            self.view,
            height=self.height,
            sizing_mode="stretch_width",
            scroll="y-auto",
            margin=0,
        )

    def _drawn_whole(self) -> Any:
        """Draw all of the view before it is shown: this is what a notebook saves."""
        runner = self.runner
        return runner.at_once() if isinstance(runner, CellRunner) else nullcontext()

    def _begin(self) -> None:
        """Tell the view that it is seen."""
        if "active" in self.view.param:
            self.view.active = True

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        svg = board_svg(self.project.spec, self.runner.result)
        live, metadata = "", {}
        data: dict[str, Any] = {}
        if _in_kernel():
            load()
            shown = pn.panel(self.__panel__())
            _ON_SCREEN.add(shown)
            data, metadata = shown._repr_mimebundle_(include, exclude)
            live = data["text/html"]
        html = (
            f'<div class="hx-live">{live}</div>'
            f'<div class="hx-picture"><img alt="{escape(self.project.spec.title)}" '
            f'src="data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}">'
            f"</div>{_STYLE}"
        )
        return {**data, "text/html": html, "text/plain": repr(self)}, metadata

    def __repr__(self) -> str:
        return f"{type(self).__name__} of '{self.project.spec.title}'"


class GraphView(CellView):
    """The network as a graph that can be drawn and changed with the mouse."""

    kind, tall = GraphEditor, 380


class InspectorView(CellView):
    """Sliders of what is selected in the document."""

    kind, tall = Inspector, 460


class RunView(CellView):
    """Model or chip, the number of the chip, run, rewind, new trial, new chip."""

    kind, tall = RunControls, 52


class MembraneView(CellView):
    """The membrane of the shown neurons."""

    kind, tall = single_plots.MembraneView, 260


class RasterView(CellView):
    """The spikes of all populations."""

    kind, tall = single_plots.RasterView, 260


class PlotsView(CellView):
    """Membrane, raster and rates with all their buttons."""

    kind, tall = _PlotsView, 560


class ChipView(CellView):
    """The emulated chip: map, calibration, losses, inside, and what to blame."""

    kind, tall = _ChipView, 640


class TrainView(CellView):
    """Training on a data set, with progress, curves and the map of classes."""

    kind, tall = TrainingView, 640


class SweepView(CellView):
    """A measure over a range of parameters and chips."""

    kind, tall = _SweepView, 640


class _PageOfDrawer(CellView):
    """A view that is a page of the drawer elsewhere."""

    def _begin(self) -> None:
        self.view.show()


class CharacteriseView(_PageOfDrawer):
    """Curves of the selected neuron: f–I, PSP, time constants."""

    kind, tall = Characterise, 340


class StatisticsView(_PageOfDrawer):
    """Counts, rates and intervals between spikes."""

    kind, tall = Statistics, 260


class PhaseView(_PageOfDrawer):
    """Adaptation current over membrane."""

    kind, tall = PhasePlane, 340


class WeightsView(_PageOfDrawer):
    """The weights of a projection as a map."""

    kind, tall = WeightMatrix, 340


class DemosView(CellView):
    """Experiments with a goal and a meter."""

    kind, tall = Gallery, 640

    def _drawn_whole(self) -> Any:
        """Draw the pictures of the demos later: each of them is a run."""
        return nullcontext()


class CodeView(CellView):
    """The experiment as a program, a link and a picture."""

    kind, tall = _CodeView, 480


class Workbench(CellView):
    """The whole page."""

    tall = 720

    @staticmethod
    def kind(project: Project, runner: Runner) -> app.Workbench:
        """Make the page over a project."""
        return app.Workbench(project, runner=runner)


def _project(document: ExperimentSpec | Project | None) -> Project:
    return document if isinstance(document, Project) else Project(document)


def _in_kernel() -> bool:
    """Return whether this is the process of a notebook."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None


def _icon_font() -> str:
    """Return the font of the icons as a rule of CSS: a notebook has no such file."""
    family, files = ICON_FONT
    (file,) = (Path(panel_material_ui.__file__).parent / "dist").glob(files)
    data = base64.b64encode(file.read_bytes()).decode()
    return (
        f"@font-face {{font-family: '{family}'; "
        f"src: url(data:font/woff2;base64,{data}) format('woff2')}}"
    )
