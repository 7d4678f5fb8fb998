"""The page: graph left, plots in the middle, inspector right, time below."""

from functools import partial
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from core.spec.experiment import ExperimentSpec
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import HEADER, MATERIAL
from workbench.views.files import Files
from workbench.views.graph_editor import GraphEditor
from workbench.views.history import History
from workbench.views.inspector import Inspector
from workbench.views.keys import Keys
from workbench.views.phase_plane import PhasePlane
from workbench.views.plots_view import PlotsView
from workbench.views.run_controls import RunControls
from workbench.views.run_status import RunStatus
from workbench.views.screen import Screen
from workbench.views.statistics import Statistics
from workbench.views.weight_matrix import WeightMatrix


class Workbench(pn.viewable.Viewer):
    """One document, its runner and all views, on one page.

    :param spec: the document to open; None opens the first example
    """

    dark = param.Boolean(default=False)

    def __init__(self, spec: ExperimentSpec | None = None, **params: Any) -> None:
        super().__init__(**params)
        self.project = Project(spec)
        self.runner = Runner(self.project)
        self.graph = GraphEditor(self.project, self.runner)
        self.plots = PlotsView(self.project, self.runner, self._drawer_pages())
        self.status = RunStatus(self.project, self.runner)
        self.inspector = Inspector(self.project)
        self.controls = RunControls(self.project, self.runner)
        self.files = Files(self.project, self.runner)
        self.keys = Keys(
            {
                "ctrl+z": self.project.undo,
                "ctrl+y": self.project.redo,
                "ctrl+shift+z": self.project.redo,
                " ": self.runner.run,
                "l": self._toggle_live,
                "r": self.controls.rewind,
                "n": self.controls.new_chip,
            }
        )
        self._page: Any = None
        self.screen = Screen(self._fold)
        self.project.param.watch(
            lambda event: setattr(self.keys, "unsaved", event.new), "can_undo"
        )
        self.param.watch(lambda *_: self._restyle(), "dark")
        self._restyle()
        self.runner.run_first()

    def page(self) -> pmui.Page:
        """Return the page to serve."""
        main = pn.Column(
            self.plots,
            self.status,
            self.keys,
            self.screen,
            sizing_mode="stretch_both",
            margin=0,
        )
        page = pmui.Page(
            title="HX Workbench",
            site_url="#",  # a click on the title must not load another page
            header=[self.controls],
            sidebar=[self.files, self.graph],
            sidebar_width=404,
            main=[main],
            contextbar=[self.inspector],
            contextbar_open=True,
            contextbar_width=332,
            contextbar_variant="persistent",
            contextbar_resizable=True,
            theme_config=MATERIAL,
            sx=HEADER,
            busy_indicator=None,  # the status line says what takes long
        )
        page.param.watch(lambda e: setattr(self, "dark", e.new), "dark_theme")
        self._page = page
        self.dark = page.dark_theme
        return page

    def __panel__(self) -> Any:
        return pn.Row(
            pn.Column(self.graph, width=420, height=620),
            pn.Column(self.controls, self.plots, self.status, height=620),
            pn.Column(self.inspector, width=300, height=620, scroll=True),
            sizing_mode="stretch_width",
            height=640,
        )

    def _fold(self, narrow: bool) -> None:
        """Make the inspector a drawer where there is no room for three columns."""
        if self._page is not None:
            self._page.contextbar_variant = "temporary" if narrow else "persistent"
            self._page.contextbar_open = not narrow
            self._page.param.trigger("contextbar_variant", "contextbar_open")

    def _drawer_pages(self) -> dict[str, Any]:
        kinds = {
            "Statistics": Statistics,
            "Phase plane": PhasePlane,
            "Weights": WeightMatrix,
            "History": History,
        }
        return {
            name: partial(kind, self.project, self.runner)
            for name, kind in kinds.items()
        }

    def _restyle(self) -> None:
        for view in (self.graph, self.plots, self.inspector):
            view.dark = self.dark

    def _toggle_live(self) -> None:
        self.runner.live = not self.runner.live
