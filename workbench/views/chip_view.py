"""The chip: map, calibration, losses, what is inside, and what to blame.

`ChipView` is the view itself, for a notebook or a drawer; `ChipDrawer` puts it over the
lower part of the page, where graph and membrane stay in sight.
"""

from html import escape
from typing import Any, Final

import panel as pn
import panel_material_ui as pmui
import param

from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import LARGE, SURFACES, TEXT, mode
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
    open = param.Boolean(default=True, doc="Whether anybody looks.")

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
        self._view = pn.Column(
            self._choice,
            pn.Column(self._body, scroll="y-auto", sizing_mode="stretch_both"),
            sizing_mode="stretch_both",
        )
        self._choice.param.watch(lambda *_: self._show(), "value")
        self.param.watch(lambda *_: self._show(), ["dark", "open"])
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
        if self.open and title not in self.tabs:
            made = next(tab for tab in TABS if tab.title == title)
            self.tabs[title] = made(self.project, self.runner)
        for name, tab in self.tabs.items():
            tab.param.update(dark=self.dark, active=self.open and name == title)
        if self.open:
            body = [self.tabs[title]]
            if self._body.objects != body:
                self._body.objects = body


class ChipDrawer(pn.viewable.Viewer):
    """A `ChipView` over the lower part of the page; made when it is first opened."""

    dark = param.Boolean(default=False)
    open = param.Boolean(default=False)
    tall = param.Boolean(default=False, doc="Whether it covers the plots, too.")
    left = param.Integer(default=404, doc="Where the column of the graph ends, px.")

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self.chip: ChipView | None = None
        self._title = pn.pane.HTML("", margin=(0, 8), align="center")
        self._size = pmui.IconButton(
            icon="unfold_more", description="Taller or lower", size="small", margin=0
        )
        close = pmui.IconButton(
            icon="close",
            description="Close the chip view (Esc)",
            size="small",
            margin=0,
        )
        close.on_click(lambda _: self.param.update(open=False))
        self._size.on_click(lambda _: self.param.update(tall=not self.tall))
        self._header = pn.Row(
            self._title, pn.HSpacer(), self._size, close, sizing_mode="stretch_width"
        )
        self._view = pn.Column(self._header, visible=False, margin=0)
        project.param.watch(lambda *_: self._say(), "spec")
        self.param.watch(lambda *_: self._draw(), ["dark", "open", "tall", "left"])
        self._draw()

    def __panel__(self) -> Any:
        return self._view

    def toggle(self) -> None:
        """Open it, or close it."""
        self.open = not self.open

    def _draw(self) -> None:
        if self.open and self.chip is None:
            self.chip = ChipView(self.project, self.runner, dark=self.dark)
            self._view.append(self.chip)
        if self.chip is not None:
            self.chip.param.update(dark=self.dark, open=self.open)
        self._view.stylesheets = [self._place()]
        self._view.visible = self.open
        self._say()

    def _place(self) -> str:
        """Return where it lies; the rules of the layout have to be overruled."""
        surface, text = SURFACES[mode(self.dark)], TEXT[mode(self.dark)]
        place = {
            "position": "fixed",
            "left": f"{self.left}px",
            "right": "0",
            "bottom": "0",
            "top": "64px" if self.tall else "36vh",
            "width": "auto",
            "height": "auto",
            "z-index": "1250",
            "background": surface["card"],
            "color": text["main"],
            "border-top": f"1px solid {surface['line']}",
            "border-left": f"1px solid {surface['line']}",
            "box-shadow": "0 -4px 16px #0003",
            "padding": "6px 4px 0 8px",
            "overflow": "hidden",
            "box-sizing": "border-box",
        }
        rules = "".join(f"{name}: {value} !important;" for name, value in place.items())
        return f"@media (max-width: 900px) {{:host {{left: 0}}}} :host {{{rules}}}"

    def _say(self) -> None:
        if not self.open:
            return
        spec = self.project.spec
        quiet = TEXT[mode(self.dark)]["quiet"]
        told = (
            "laid out as it would be; runs are in mock"
            if spec.run.mode == "mock"
            else f"{escape(spec.chip.name)} chip"
        )
        text = (
            f'<span style="font-size:{LARGE};font-weight:500">Chip {spec.chip.number}'
            f'</span> <span style="font-size:12px;color:{quiet}">{told}</span>'
        )
        if self._title.object != text:
            self._title.object = text
