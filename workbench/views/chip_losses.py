"""Losses: weights rounded and clipped, events lost on the link, and the remedy."""

from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui

from core.execution_info import ChipHealth
from core.rounding import Rounding, chip_weights, roundings, wanted
from core.units import us
from workbench.plots.losses import LinkPlot, WeightsPlot
from workbench.project import Project
from workbench.runner import Runner
from workbench.views.chip_calibration import table
from workbench.views.chip_tab import Tab

#: So many remedies are offered at once.
_OFFERED = 4


class LossesTab(Tab):
    """What is rounded, clipped or lost, with a button that mends it."""

    title = "Losses"

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(project, runner, **params)
        self.weights, self.link = WeightsPlot(), LinkPlot()
        self._table = pn.pane.HTML("", margin=(4, 8), sizing_mode="stretch_width")
        self._remedies = pn.FlexBox(margin=(0, 8), gap="6px")
        self._offered: list[tuple[str, float]] = []
        self._health = pn.pane.HTML("", margin=(4, 8), sizing_mode="stretch_width")
        wide = {"sizing_mode": "stretch_width", "margin": (0, 4)}
        self._view = pn.Column(
            self._table,
            self._remedies,
            pn.Row(
                pn.pane.Bokeh(self.weights.figure, **wide),
                pn.pane.Bokeh(self.link.figure, **wide),
                sizing_mode="stretch_width",
            ),
            self._health,
            sizing_mode="stretch_width",
        )

    def __panel__(self) -> Any:
        return self._view

    def refresh(self) -> None:
        """Draw what the document and its last run lose."""
        found = roundings(self.spec)
        self._table.object = self._lines(found)
        self._offer(found)
        self._draw_weights(found)
        self._draw_link()

    def restyle(self) -> None:
        """Take the colours of the theme."""
        self.weights.style(self.dark)
        self.link.style(self.dark)

    def _lines(self, found: tuple[Rounding, ...]) -> str:
        if not found:
            return self.quiet("There are no projections yet.")
        rows = []
        for line in found:
            scale = self.spec.network.projection(line.projection).weight_scale
            cells = (
                f"{'⚠ ' * line.worth_a_fix}{escape(line.projection)}",
                str(line.weights),
                f"{scale:.3g}",
                f"{line.error:.2f} LSB ({line.relative:.1%})",
                str(line.clipped),
                str(line.vanished),
                f"{line.levels} of 127",
            )
            rows.append("<tr>" + "".join(f"<td>{c}</td>" for c in cells) + "</tr>")
        head = (
            "projection",
            "weights",
            "weight scale, LSB",
            "error, RMS",
            "clipped",
            "became 0",
            "values in use",
        )
        return table(head, rows)

    def _offer(self, found: tuple[Rounding, ...]) -> None:
        """Offer the weight scale that just holds the largest weight."""
        offers = [
            (line.projection, float(f"{line.fit * 0.9995:.3g}"))
            for line in found
            if line.worth_a_fix and line.fit is not None
        ][:_OFFERED]
        limit = 500.0  # what the field allows
        for info in [
            type(p).info("weight_scale") for p in self.spec.network.projections
        ]:
            limit = info.high or limit
        offers = [(name, min(fit, limit)) for name, fit in offers]
        if offers != self._offered:
            self._offered = offers
            self._remedies.objects = [self._remedy(*offer) for offer in offers]

    def _remedy(self, name: str, scale: float) -> Any:
        label = f"Set the weight scale of {name} to {scale:g} LSB"
        made = pmui.Button(
            label=label,
            description=f"{label}: the largest weight then takes 63 LSB",
            icon="build",
            size="small",
            variant="outlined",
            margin=0,
        )
        made.on_click(lambda _: self._put(name, scale))
        return made

    def _put(self, name: str, scale: float) -> None:
        network = self.spec.network
        if name in {p.name for p in network.projections}:
            mended = network.projection(name).replace(weight_scale=scale)
            network = network.with_projection(mended)
            self.project.edit(self.spec.replace(network=network))

    def _draw_weights(self, found: tuple[Rounding, ...]) -> None:
        """Show the selected projection, or else the one that loses most."""
        if not found:
            return
        names = [line.projection for line in found]
        selected = self.spec.view.selected
        worst = max(found, key=lambda line: (line.clipped, line.relative)).projection
        name = selected if selected in names else worst
        projection = self.spec.network.projection(str(name))
        lsb = wanted(projection, self.spec)
        self.weights.draw(projection.name, lsb, chip_weights(projection, self.spec))

    def _draw_link(self) -> None:
        execution = self.execution()
        output = None if execution is None else execution.output
        if execution is None or output is None:
            said = "The load of the link is shown when the document runs on the chip."
            self._health.object = self.quiet(said)
            return
        into, out = output.link_load()
        self.link.draw(into, out, self.spec.chip.link_rate * us)
        health = ChipHealth.of(output)
        notes = "".join(f"<br>• {escape(note)}" for note in execution.notes)
        self._health.object = self.quiet(f"<b>Health</b>: {escape(str(health))}{notes}")
