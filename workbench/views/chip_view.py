"""The chip: map, calibration, losses, what is inside, and what to blame."""

from html import escape
from typing import Any, Final

import panel as pn
import panel_material_ui as pmui
import param

from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import LARGE, TEXT, mode
from workbench.views.chip_blame import BlameTab
from workbench.views.chip_calibration import CalibrationTab
from workbench.views.chip_inside import InsideTab
from workbench.views.chip_losses import LossesTab
from workbench.views.chip_map import MapTab
from workbench.views.chip_tab import ONE_LINE, Tab

TABS: Final[tuple[type[Tab], ...]] = (
    MapTab,
    CalibrationTab,
    LossesTab,
    InsideTab,
    BlameTab,
)


class ChipView(pn.viewable.Viewer):
    """Tabs over the emulated chip; only the open one is made and drawn."""

    dark = param.Boolean(default=False)
    active = param.Boolean(default=True, doc="Whether anybody looks.")

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self.tabs: dict[str, Tab] = {}
        self._choice = pmui.RadioButtonGroup(
            options=[tab.title for tab in TABS],
            value=TABS[0].title,
            size="small",
            sx=ONE_LINE,
            margin=(0, 8),
        )
        self._body = pn.Column(sizing_mode="stretch_width")
        self._title = pn.pane.HTML("", margin=(8, 8, 2, 8))
        self._view = pn.Column(
            self._title, self._choice, self._body, sizing_mode="stretch_width"
        )
        project.param.watch(lambda *_: self._say(), "spec")
        self._choice.param.watch(lambda *_: self._show(), "value")
        self.param.watch(lambda *_: self._show(), ["dark", "active"])
        self._show()

    def __panel__(self) -> Any:
        return self._view

    @property
    def shown(self) -> Tab:
        """The tab that is chosen."""
        return self.tabs[self._choice.value]

    def show(self, title: str) -> None:
        """Choose a tab by its title."""
        self._choice.value = title

    def _show(self) -> None:
        title = self._choice.value
        if self.active and title not in self.tabs:
            made = next(tab for tab in TABS if tab.title == title)
            self.tabs[title] = made(self.project, self.runner)
        for name, tab in self.tabs.items():
            tab.param.update(dark=self.dark, active=self.active and name == title)
        if self.active:
            body = [self.tabs[title]]
            if self._body.objects != body:
                self._body.objects = body
        self._say()

    def _say(self) -> None:
        if not self.active:
            return
        spec = self.project.spec
        quiet = TEXT[mode(self.dark)]["quiet"]
        told = (
            "as it would be laid out: runs are in mock"
            if spec.run.mode == "mock"
            else escape(spec.chip.name)
        )
        text = (
            f'<span style="font-size:{LARGE};font-weight:500">Chip {spec.chip.number}'
            f'</span> <span style="font-size:12px;color:{quiet}">{told}</span>'
        )
        if self._title.object != text:
            self._title.object = text
