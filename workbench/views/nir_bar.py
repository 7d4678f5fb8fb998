"""What the open document has from a NIR file: its time factor, and the report.

Shown under the name of the document while that document is open. The factor can be
changed: then the file is read again, as another step that can be undone. Undo and redo
cross an opening only between the network before it and the one it made, so these two
tell which file, if any, the document at hand is from.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from core.errors import Problem
from core.spec.network import NetworkSpec
from core.spec.nir_io import ImportReport
from workbench.project import Project
from workbench.theme import MATERIAL, SURFACES, mode


@dataclass(frozen=True)
class Opening:
    """A NIR file that was opened.

    :param read_again: called with another factor
    """

    report: ImportReport
    read_again: Callable[[float], None]


class NirBar(pn.viewable.Viewer):
    """The field of the time factor, the factor that fits, and the report."""

    dark: bool = param.Boolean(default=False)

    def __init__(self, project: Project, **params: Any) -> None:
        super().__init__(**params)
        self.project = project
        self.opening: Opening | None = None
        self._before: NetworkSpec = project.spec.network
        #: Networks on both sides of each opening, and what was shown for them.
        self._known: list[tuple[NetworkSpec, Opening | None]] = []
        self._filling = False
        self._factor = pmui.TextInput(
            label="Time factor, s",
            description="A number of the file × this = seconds on the chip. Another"
            " factor reads the file again",
            size="small",
            width=140,
            margin=0,
        )
        self._fit = pmui.Button(size="small", variant="outlined", margin=0)
        self._more = pmui.Button(
            label="Report", size="small", variant="outlined", margin=0
        )
        self._factor.param.watch(self._typed, "value")
        self._fit.on_click(lambda _: self._use_fit())
        self._more.on_click(lambda _: self._open())
        self.dialog = pmui.Dialog(
            width_option="md", show_close_button=True, close_on_click=True
        )
        self.dialog.param.watch(lambda *_: self._closed(), "open")
        self.param.watch(lambda *_: self._restyle(), "dark")
        self._restyle()
        project.param.watch(self._follow, "spec")
        project.param.watch(lambda *_: self._opened(), "opened")
        self._bar = pn.Row(
            self._factor,
            self._fit,
            self._more,
            align="center",
            visible=False,
            margin=(6, 10, 4, 10),
            sizing_mode="stretch_width",
            styles={"gap": "6px", "align-items": "center"},
        )

    def __panel__(self) -> Any:
        return pn.Column(self._bar, self.dialog, margin=0)

    def show(self, report: ImportReport, read_again: Callable[[float], None]) -> None:
        """Show what was done with the file of the open document.

        :param read_again: called with another factor
        """
        opening = Opening(report, read_again)
        self._known.append((self.project.spec.network, opening))
        self._show(opening)

    def _opened(self) -> None:
        """Another document is open: whether it is from a NIR file, `show` tells."""
        if not self._knows(self._before):
            self._known.append((self._before, self.opening))
        self._known.append((self.project.spec.network, None))
        self._show(None)

    def _follow(self, event: Any) -> None:
        """Show what belongs to a document that undo or redo brought back."""
        self._before = event.old.network
        for opening in self._knows(event.new.network)[-1:]:
            if opening is not self.opening:
                self._show(opening)

    def _knows(self, network: NetworkSpec) -> list[Opening | None]:
        """Return what was shown for this very network, the latest last."""
        return [opening for known, opening in self._known if known is network]

    def _show(self, opening: Opening | None) -> None:
        self.opening = opening
        if opening is not None:
            self._fill(opening.report.time_factor)
            fit = opening.report.fitting_factor
            self._fit.param.update(
                label="" if fit is None else f"Use {fit:g}", visible=fit is not None
            )
        self._bar.visible = opening is not None

    def _fill(self, factor: float) -> None:
        self._filling = True
        try:
            self._factor.value = f"{factor:g}"
        finally:
            self._filling = False

    def _typed(self, event: Any) -> None:
        if self._filling or self.opening is None:
            return
        try:
            factor = float(event.new)
        except ValueError:
            factor = math.nan
        if not 0 < factor < math.inf:
            what = f"{event.new!r} is no number above 0."
            fix = "Give seconds on the chip for 1 of the file, such as 0.001."
            self.project.message = Problem("time factor", what, fix)
        elif not math.isclose(factor, self.opening.report.time_factor, rel_tol=1e-6):
            self.opening.read_again(factor)

    def _use_fit(self) -> None:
        if self.opening is None:
            return
        fit = self.opening.report.fitting_factor
        if fit is not None:
            self.opening.read_again(fit)

    def _open(self) -> None:
        if self.opening is None:
            return
        # Made now, because what is in a closed dialog cannot be told anything.
        text = pn.pane.HTML(as_html(self.opening.report), sizing_mode="stretch_width")
        self.dialog.param.update(objects=[text], title="What the NIR file became")
        self.dialog.open = True

    def _closed(self) -> None:
        if not self.dialog.open:
            self.dialog.objects = []

    def _restyle(self) -> None:
        """Give the dialog, which lies outside of the page, the colours of the page."""
        card = SURFACES[mode(self.dark)]["card"]
        paper = {"backgroundImage": "none", "backgroundColor": card}
        self.dialog.param.update(
            dark_theme=self.dark,
            theme_config=MATERIAL,
            sx={".MuiDialog-paper": paper, ".MuiPaper-root": paper},
        )


def as_html(report: ImportReport) -> str:
    """Return the report as headings and lists, whatever stands in the file."""
    parts = [f"<p>{escape(line)}</p>" for line in report.factors()]
    for heading, entries in report.parts():
        items = "".join(f"<li>{escape(str(entry))}</li>" for entry in entries)
        parts.append(f"<h3>{heading}</h3><ul>{items}</ul>")
    return "".join(parts)
