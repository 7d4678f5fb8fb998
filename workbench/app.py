"""The page: graph left, plots in the middle, inspector right, time below."""

from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from core.simulate import RunResult
from core.spec.experiment import ExperimentSpec
from core.units import format_quantity
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import HEADER, MATERIAL
from workbench.views.files import Files
from workbench.views.graph_editor import GraphEditor
from workbench.views.inspector import Inspector
from workbench.views.keys import Keys
from workbench.views.plots_view import PlotsView
from workbench.views.run_controls import RunControls
from workbench.views.screen import Screen


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
        self.plots = PlotsView(self.project, self.runner)
        self.inspector = Inspector(self.project)
        self.controls = RunControls(self.project, self.runner)
        self.files = Files(self.project, self.runner)
        self._status = pn.pane.HTML("", margin=(0, 12, 6, 12))
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
            }
        )
        self.graph.on_open = self._inspect
        self._page: Any = None
        self.screen = Screen(self._fold)
        self.runner.param.watch(lambda *_: self._say(), ["result", "busy"])
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
            self._status,
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
            busy_indicator="linear",
        )
        page.param.watch(lambda e: setattr(self, "dark", e.new), "dark_theme")
        self._page = page
        self.dark = page.dark_theme
        return page

    def __panel__(self) -> Any:
        return pn.Row(
            pn.Column(self.graph, width=420, height=620),
            pn.Column(self.controls, self.plots, self._status, height=620),
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

    def _inspect(self, _: str) -> None:
        """Go to the parameters of what is selected."""
        if self._page is not None:
            self._page.contextbar_open = True
        self.keys.focus("hx-inspector")

    def _restyle(self) -> None:
        for view in (self.graph, self.plots, self.inspector):
            view.dark = self.dark

    def _toggle_live(self) -> None:
        self.runner.live = not self.runner.live

    def _say(self) -> None:
        result = self.runner.result
        if result is not None:
            self._status.object = _times(result)


def _times(result: RunResult) -> str:
    hardware = format_quantity(result.duration, "s")
    biology = format_quantity(result.duration * 1000, "s")
    return (
        '<div style="font-size:12px;opacity:.8;font-variant-numeric:tabular-nums">'
        f"{hardware} of hardware time · {biology} of biology · "
        f"computed in {format_quantity(result.seconds, 's', 2)}</div>"
    )
