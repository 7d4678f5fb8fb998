"""What the open document has from a NIR file: its time factor, and the report.

Shown under the name of the document while that document is open. The factor can be
changed: then the file is read again, as another step that can be undone.
"""

import math
from collections.abc import Callable
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui

from core.errors import Problem
from core.spec.nir_io import ImportReport
from workbench.project import Project


class NirBar(pn.viewable.Viewer):
    """The field of the time factor, the factor that fits, and the report.

    :param read_again: called with another factor
    """

    def __init__(
        self, project: Project, read_again: Callable[[float], None], **params: Any
    ) -> None:
        super().__init__(**params)
        self.project, self._read_again = project, read_again
        self.report: ImportReport | None = None
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
        project.param.watch(lambda *_: self.hide(), "opened")
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

    def show(self, report: ImportReport) -> None:
        """Show what was done with the file of the open document."""
        self.report = report
        self._fill(report.time_factor)
        fit = report.fitting_factor
        self._fit.param.update(
            label="" if fit is None else f"Use {fit:g}", visible=fit is not None
        )
        self._bar.visible = True

    def hide(self) -> None:
        """Another document is open."""
        self.report = None
        self._bar.visible = False

    def _fill(self, factor: float) -> None:
        self._filling = True
        try:
            self._factor.value = f"{factor:g}"
        finally:
            self._filling = False

    def _typed(self, event: Any) -> None:
        if self._filling or self.report is None:
            return
        try:
            factor = float(event.new)
        except ValueError:
            factor = math.nan
        if not 0 < factor < math.inf:
            what = f"{event.new!r} is no number above 0."
            fix = "Give seconds on the chip for 1 of the file, such as 0.001."
            self.project.message = Problem("time factor", what, fix)
        elif not math.isclose(factor, self.report.time_factor, rel_tol=1e-6):
            self._read_again(factor)

    def _use_fit(self) -> None:
        if self.report is not None and self.report.fitting_factor is not None:
            self._read_again(self.report.fitting_factor)

    def _open(self) -> None:
        if self.report is None:
            return
        # Made now, because what is in a closed dialog cannot be told anything.
        text = pn.pane.HTML(as_html(self.report), sizing_mode="stretch_width")
        self.dialog.param.update(objects=[text], title="What the NIR file became")
        self.dialog.open = True

    def _closed(self) -> None:
        if not self.dialog.open:
            self.dialog.objects = []


def as_html(report: ImportReport) -> str:
    """Return the report as headings and lists, whatever stands in the file."""
    parts = [f"<p>{escape(line)}</p>" for line in report.factors()]
    for heading, entries in report.parts():
        items = "".join(f"<li>{escape(str(entry))}</li>" for entry in entries)
        parts.append(f"<h3>{heading}</h3><ul>{items}</ul>")
    return "".join(parts)
