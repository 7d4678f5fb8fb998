"""The page: graph left, plots in the middle, inspector right, time below."""

from functools import partial
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param
from panel.util import edit_readonly

from core.spec.experiment import ExperimentSpec
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import HEADER, MATERIAL
from workbench.views.autosave import Autosave
from workbench.views.characterise_view import Characterise
from workbench.views.chip_lottery import ChipLottery
from workbench.views.chip_view import ChipView
from workbench.views.code_view import CodeView
from workbench.views.files import Files
from workbench.views.gallery import Gallery
from workbench.views.graph_editor import GraphEditor
from workbench.views.history import History
from workbench.views.inspector import Inspector
from workbench.views.keys import Keys
from workbench.views.page_names import PageNames
from workbench.views.phase_plane import PhasePlane
from workbench.views.plots_view import PlotsView
from workbench.views.recording_view import RecordingView
from workbench.views.resources import ResourceBar
from workbench.views.run_controls import RunControls
from workbench.views.run_status import RunStatus
from workbench.views.screen import Screen
from workbench.views.statistics import Statistics
from workbench.views.sweep_view import SweepView
from workbench.views.tools import Tool, Tools
from workbench.views.training_view import TrainingView
from workbench.views.weight_matrix import WeightMatrix

#: Outlines of the icons in a square of 24.
ICONS = {
    "inspector": "M3 8h9M18 8h3M15 5v6M3 16h3M12 16h9M9 13v6",
    "chip": "M7 7h10v10H7zM10 3v4M14 3v4M10 17v4M14 17v4M3 10h4M3 14h4M17 10h4M17 14h4",
    "demos": "M9 3h6M10 3v6l-5 9a2 2 0 0 0 2 3h10a2 2 0 0 0 2-3l-5-9V3M8 15h8",
    "train": "M3 4v16h18M6 8c3 7 6 9 13 9",
    "sweep": "M4 4v16h16M7 16h3v-4h3V9h3V6h4",
    "code": "M9 7l-6 5 6 5M15 7l6 5-6 5",
}


class Workbench(pn.viewable.Viewer):
    """One document, its runner and all views, on one page.

    :param spec: the document to open, or the project that has it; None opens the first
        example
    :param runner: of the project; None makes one
    :param restore: open what this window of the browser had before a reload
    """

    dark = param.Boolean(default=False)

    def __init__(
        self,
        spec: ExperimentSpec | Project | None = None,
        *,
        runner: Runner | None = None,
        restore: bool = False,
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self.project = spec if isinstance(spec, Project) else Project(spec)
        self.runner = runner or Runner(self.project)
        self.graph = GraphEditor(self.project, self.runner)
        self.plots = PlotsView(self.project, self.runner, self._drawer_pages())
        self.status = RunStatus(self.project, self.runner)
        self.inspector = Inspector(self.project, self.runner)
        self.controls = RunControls(self.project, self.runner)
        self.files = Files(self.project, self.runner)
        self.tools = Tools(self._tools(), open="inspector")
        self.resources = ResourceBar(
            self.project, self.runner, lambda: self.tools.toggle("chip")
        )
        self.autosave = Autosave(self.project, restore=restore)
        self.keys = Keys(
            {
                "ctrl+z": self.project.undo,
                "ctrl+y": self.project.redo,
                "ctrl+shift+z": self.project.redo,
                " ": self.runner.run,
                "l": self._toggle_live,
                "r": self.controls.rewind,
                "n": self.controls.new_chip,
                "g": lambda: self.graph.canvas.tell("focus"),
                "i": lambda: self._inspect(""),
                "?": self.graph.help.show,
                "h": lambda: self.tools.toggle("chip"),
                "e": lambda: self.tools.toggle("demos"),
                "k": lambda: self.tools.toggle("code"),
                "t": lambda: self.tools.toggle("train"),
                "s": lambda: self.tools.toggle("sweep"),
                "escape": self._close_tool,
            }
        )
        self.graph.on_open = self._inspect
        self.graph.param.watch(
            lambda event: setattr(self.inspector, "chosen", event.new), "selection"
        )
        self._page: Any = None
        self.screen = Screen(self._fold)
        self._narrow = False
        self.tools.param.watch(lambda *_: self._make_room(), "open")
        self.project.param.watch(lambda _: self._guard(), "can_undo")
        self.autosave.param.watch(lambda _: self._guard(), "kept")
        self.param.watch(lambda *_: self._restyle(), "dark")
        self._restyle()
        self.runner.run_first()

    def keep_to(self, *tools: str) -> None:
        """Offer these tools and the network as it is, nothing else: a class at work.

        Documents, editing and the other tools are out of sight; runs, plots and undo
        stay.
        """
        self.tools.keep(*tools)
        self.graph.lock()
        self.files.visible = False
        self.resources.offered = False

    def page(self) -> pmui.Page:
        """Return the page to serve."""
        main = pn.Column(
            self.plots,
            self.status,
            self.keys,
            self.screen,
            PageNames(),
            self.autosave,
            sizing_mode="stretch_both",
            margin=0,
        )
        page = pmui.Page(
            title="HX Workbench",
            site_url="#",  # a click on the title must not load another page
            header=[self.controls],
            sidebar=[self.files, self.graph, self.resources],
            sidebar_width=404,
            main=[pn.Row(main, self.tools.rail, sizing_mode="stretch_both", margin=0)],
            contextbar=[self.tools.panel],
            contextbar_open=True,
            contextbar_width=self.tools.width,
            contextbar_variant="persistent",
            theme_config=MATERIAL,
            sx=HEADER,
            busy_indicator=None,  # the status line says what takes long
        )
        with edit_readonly(page):
            page.busy = False  # not that of all windows: two messages less per step
        page.param.watch(lambda e: setattr(self, "dark", e.new), "dark_theme")
        page.param.watch(lambda e: self._drawn(e.new), "contextbar_open")
        self._page = page
        self.dark = page.dark_theme
        return page

    def __panel__(self) -> Any:
        """Return the same views without the frame of a page, for a cell."""
        tool = pn.Column(
            self.tools.panel, width=self.tools.width, sizing_mode="stretch_height"
        )
        self.tools.param.watch(
            lambda *_: tool.param.update(
                width=self.tools.width, visible=bool(self.tools.open)
            ),
            "open",
        )
        return pn.Column(
            self.controls,
            pn.Row(
                pn.Column(
                    self.files,
                    self.graph,
                    self.resources,
                    width=330,
                    sizing_mode="stretch_height",
                ),
                pn.Column(self.plots, self.status, sizing_mode="stretch_both"),
                tool,
                self.tools.rail,
                sizing_mode="stretch_both",
            ),
            sizing_mode="stretch_both",
        )

    def _tools(self) -> tuple[Tool, ...]:
        return (
            Tool(
                "inspector",
                "Inspect",
                "Parameters of what is selected (I)",
                ICONS["inspector"],
                lambda: self.inspector,
            ),
            Tool(
                "demos",
                "Demos",
                "Experiments with a goal (E)",
                ICONS["demos"],
                lambda: Gallery(
                    self.project,
                    self.runner,
                    partial(self._open_tool, "train"),
                    lambda: setattr(self.tools, "open", "demos"),
                ),
                400,
            ),
            Tool(
                "train",
                "Train",
                "Train the weights on a data set (T)",
                ICONS["train"],
                lambda: TrainingView(self.project, self.runner),
                600,
            ),
            Tool(
                "sweep",
                "Sweep",
                "Measure over a range of parameters and chips (S)",
                ICONS["sweep"],
                lambda: SweepView(self.project, self.runner),
                600,
            ),
            Tool(
                "code",
                "Code",
                "Program, link and picture of this experiment (K)",
                ICONS["code"],
                lambda: CodeView(self.project, self.runner),
                560,
            ),
            Tool(
                "chip",
                "Chip",
                "Map, calibration, losses and inside of the chip (H)",
                ICONS["chip"],
                lambda: ChipView(self.project, self.runner),
                600,
            ),
        )

    def _fold(self, narrow: bool) -> None:
        """Lay tools over the plots where there is no room for three columns."""
        self._narrow = narrow
        if narrow:
            self.tools.open = ""
        elif not self.tools.open:
            self.tools.open = "inspector"
        self._make_room()

    def _open_tool(self, name: str) -> Any:
        self.tools.open = name
        return self.tools.view(name)

    def _close_tool(self) -> None:
        self.tools.open = "" if self._narrow else "inspector"

    def _guard(self) -> None:
        """Ask before the page is left, if the browser does not keep the document."""
        self.keys.unsaved = self.project.can_undo and not self.autosave.kept

    def _drawn(self, opened: bool) -> None:
        """Follow the browser: a click beside the drawer closes it."""
        if not opened and self._narrow:
            self.tools.open = ""

    def _make_room(self) -> None:
        if self._page is None:
            return
        changes: dict[str, Any] = {
            "contextbar_open": bool(self.tools.open),
            "contextbar_variant": "temporary" if self._narrow else "persistent",
        }
        if self.tools.open:
            changes["contextbar_width"] = self.tools.width
        self._page.param.update(**changes)
        self._page.param.trigger(*changes)

    def _inspect(self, _: str) -> None:
        """Go to the parameters of what is selected."""
        if self.tools.open != "inspector":
            self.tools.toggle("inspector")
        self.keys.focus("hx-inspector")

    def _drawer_pages(self) -> dict[str, Any]:
        kinds = {
            "Statistics": Statistics,
            "Phase plane": PhasePlane,
            "Weights": WeightMatrix,
            "History": History,
            "Recording": RecordingView,
            "Characterise": Characterise,
            "Chips": ChipLottery,
        }
        return {
            name: partial(kind, self.project, self.runner)
            for name, kind in kinds.items()
        }

    def _restyle(self) -> None:
        views = (self.files.nir, self.graph, self.plots, self.tools, self.resources)
        for view in views:
            view.dark = self.dark

    def _toggle_live(self) -> None:
        self.runner.live = not self.runner.live
