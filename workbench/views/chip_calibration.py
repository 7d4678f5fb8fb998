"""Calibration: target against achieved, the circuits that missed, before and after."""

from dataclasses import replace
from html import escape
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui

from core.chip.calibration import calibrate
from core.chip.mismatch import sample_mismatch
from core.chip.results import CalibResult, Execution
from core.spec.chip import ChipSpec
from workbench.plots.calibration import (
    PARAMETERS,
    CalibrationPlots,
    Compared,
    compared,
)
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import PROBLEM, SURFACES, mode
from workbench.views.chip_tab import Newest, Tab
from workbench.views.select import Select

#: So many circuits that missed a target are listed.
_LISTED = 6


class CalibrationTab(Tab):
    """What the codes were searched for, and how well each circuit does it."""

    title = "Calibration"

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(project, runner, **params)
        self._before: CalibResult | None = None
        self._of: CalibResult | None = None  # what ``_before`` belongs to
        self._work = Newest[tuple[CalibResult, CalibResult]](runner, self._took)
        self.plots = CalibrationPlots()
        self._parameter = Select(
            label="Parameter",
            options=list(PARAMETERS),
            value="threshold",
            size="small",
            width=270,
            margin=(6, 8),
        )
        self._run = pmui.Button(
            label="Run on the chip",
            description="Run on the chip: so that its circuits are calibrated",
            size="small",
            variant="outlined",
            margin=(10, 8),
        )
        self._progress = pmui.LinearProgress(
            variant="determinate",
            value=0,
            visible=False,
            margin=(12, 8),
            sizing_mode="stretch_width",
        )
        self._said = pn.pane.HTML("", margin=(4, 8), sizing_mode="stretch_width")
        self._table = pn.pane.HTML("", margin=(4, 8), sizing_mode="stretch_width")
        wide = {"sizing_mode": "stretch_width", "margin": (0, 4)}
        self._figures = pn.Column(
            pn.pane.Bokeh(self.plots.values, **wide),
            pn.Row(
                pn.pane.Bokeh(self.plots.deviation, **wide),
                pn.pane.Bokeh(self.plots.codes, **wide),
                sizing_mode="stretch_width",
            ),
            sizing_mode="stretch_width",
        )
        self._view = pn.Column(
            pn.Row(self._parameter, self._run, sizing_mode="stretch_width"),
            self._progress,
            self._said,
            self._figures,
            self._table,
            sizing_mode="stretch_width",
        )
        self._parameter.param.watch(lambda *_: runner.later(self._draw), "value")
        self._run.on_click(lambda _: self._on_chip())
        runner.param.watch(lambda *_: self._tell(), "progress")

    def __panel__(self) -> Any:
        return self._view

    def refresh(self) -> None:
        """Draw the calibration of the last run."""
        execution = self.execution()
        result = None if execution is None else execution.calibration
        self._run.visible = self.spec.run.mode == "mock"
        self._figures.visible = self._table.visible = result is not None
        if execution is None or result is None:
            self._said.object = self.quiet(self._why_empty())
            return
        if result is not self._of:
            self._of, self._before = result, None
            chip = self.spec.chip
            self._work.ask(lambda: (result, before(execution, chip)))
        self._draw_result(execution, result)

    def restyle(self) -> None:
        """Take the colours of the theme."""
        self.plots.style(self.dark)

    def _why_empty(self) -> str:
        if self.spec.run.mode == "mock":
            return (
                "The model needs no calibration. On the chip, each circuit gets codes."
            )
        return "Shown as soon as the document has run on the chip."

    def _draw_result(self, execution: Execution, result: CalibResult) -> None:
        shown = compared(self._parameter.value, result, self._before)
        assert execution.placement is not None, "calibrated circuits are placed"
        names: dict[int, tuple[str, int]] = {}
        for name, circuits in execution.placement.circuits.items():
            names |= {int(c): (name, i) for i, c in enumerate(circuits)}
        colors, none = self.colors(), ("", 0)
        who = [names.get(int(c), none) for c in shown.circuit]
        self.plots.draw(
            shown,
            [f"{n} {i}" for n, i in who],
            [colors.get(n, SURFACES[mode(self.dark)]["line"]) for n, _ in who],
        )
        self._said.object = self.quiet(self._words(shown))
        self._table.object = self._lines(result) + self._missed(result, names)

    def _words(self, shown: Compared) -> str:
        if not len(shown.circuit):
            return "No circuit has a target for this."
        parts = [f"{len(shown.circuit)} circuits"]
        if shown.before is not None:
            was = _spread(shown.before - shown.target)
            parts.append(f"before (outline) {was} {shown.unit}")
        parts.append(f"after {_spread(shown.after - shown.target)} {shown.unit}")
        parts.append(f"<b>×</b> {int(shown.missed.sum())} missed")
        return " · ".join(parts)

    def _lines(self, result: CalibResult) -> str:
        rows = []
        for label in PARAMETERS:
            found = compared(label, result, self._before)
            if not len(found.circuit):
                continue
            was = "…"
            if found.before is not None:
                was = f"{found.before.mean():.3g} ± {found.before.std():.2g}"
            low, high = (f"{v:.3g}" for v in (found.target.min(), found.target.max()))
            cells = (
                label,
                (low if low == high else f"{low} to {high}") + f" {found.unit}",
                was,
                f"{found.after.mean():.3g} ± {found.after.std():.2g}",
                f"{found.code.min()}–{found.code.max()}",
                str(int(found.missed.sum())),
            )
            rows.append("<tr>" + "".join(f"<td>{c}</td>" for c in cells) + "</tr>")
        head = ("parameter", "target", "uncalibrated", "calibrated", "codes", "missed")
        return table(head, rows)

    def _missed(self, result: CalibResult, names: dict[int, tuple[str, int]]) -> str:
        """Return which circuits missed what, in words."""
        said = []
        for label in PARAMETERS:
            found = compared(label, result)
            for k in np.flatnonzero(found.missed):
                name, neuron = names.get(int(found.circuit[k]), ("", 0))
                said.append(
                    f"{escape(name)} {neuron} (circuit {found.circuit[k]}): {label}"
                    f" {found.after[k]:.3g} instead of {found.target[k]:.3g}"
                    f" {found.unit}"
                )
        if not said:
            return self.quiet("All circuits reached their targets.")
        more = f" … and {len(said) - _LISTED} more" if len(said) > _LISTED else ""
        color = PROBLEM[mode(self.dark)]
        text = "; ".join(said[:_LISTED]) + more
        return f'<div style="font-size:12px;color:{color}">× {text}</div>'

    # -- work --------------------------------------------------------------------

    def _took(self, found: tuple[CalibResult, CalibResult]) -> None:
        of, self._before = found
        if of is self._of:
            self._draw()

    def _on_chip(self) -> None:
        run = self.spec.run.replace(mode="both")
        self.project.edit(self.spec.replace(run=run))

    def _tell(self) -> None:
        """Show how far a calibration is."""
        told = self.runner.progress
        self._progress.visible = told is not None
        if told is None or not self.active:
            return
        name, share = told
        self._progress.value = round(100 * share)
        said = name if name == "calibrate" else "measuring the curves of the chip"
        self._said.object = self.quiet(f"{escape(said)}: {share:.0%}")


def before(execution: Execution, chip: ChipSpec) -> CalibResult:
    """Return what the circuits of a run do with the codes of a typical circuit."""
    assert execution.placement is not None, "calibrated circuits are placed"
    network = replace(execution.network, calibrated=False)
    return calibrate(network, execution.placement, chip, sample_mismatch(chip))


def table(head: tuple[str, ...], rows: list[str]) -> str:
    """Return a table of numbers; the first column is text."""
    top = "".join(f"<th>{h}</th>" for h in head)
    return (
        "<style>.hx{border-collapse:collapse;font-size:12px;width:100%;"
        "font-variant-numeric:tabular-nums}.hx th{font-weight:500;opacity:.75}"
        ".hx td,.hx th{padding:2px 8px 2px 0;text-align:right;border-bottom:1px solid"
        " #8883}.hx td:first-child,.hx th:first-child{text-align:left}</style>"
        f'<table class="hx"><thead><tr>{top}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _spread(values: Any) -> str:
    return f"{values.mean():+.2g} ± {values.std():.2g}"
