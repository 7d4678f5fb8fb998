"""The drawer page with the weights of the selected projection."""

from typing import Any

import numpy as np
import panel as pn

from core.rounding import clipped
from core.spec.network import ProjectionSpec
from core.units import WEIGHT_MAX
from workbench.plots.tables import Table
from workbench.plots.weights import WeightsPlot, weights_table
from workbench.project import Project
from workbench.runner import Runner
from workbench.views.drawer import DrawerPage
from workbench.views.plot_bar import PlotBar


class WeightMatrix(DrawerPage):
    """Heat map of the selected projection, or of the first into what is selected."""

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self._drawn: Any = None
        self.plot = WeightsPlot()
        self.bar = PlotBar(
            self._table,
            subject="weights",
            name_of_file="weights",
            figure=self.plot.figure.id,
            on_fit=lambda: runner.later(self._draw),
        )
        project.param.watch(lambda *_: self._follow(), "spec")
        self.param.watch(lambda *_: runner.later(self._draw), "dark")
        self._view = pn.Column(
            self.bar,
            pn.pane.Bokeh(self.plot.figure, sizing_mode="stretch_both"),
            sizing_mode="stretch_both",
        )

    def projection(self) -> ProjectionSpec | None:
        """Return the projection to show, or None if there is none."""
        network, selected = self.project.spec.network, self.project.spec.view.selected
        ranks = [
            (p.name != selected, selected not in (p.source, p.target), place)
            for place, p in enumerate(network.projections)
        ]
        return network.projections[min(ranks)[2]] if ranks else None

    def _follow(self) -> None:
        if self._open and self.projection() is not self._drawn:
            self.runner.later(self._draw)

    def _draw(self) -> None:
        if not self._open:
            return
        shown = self._drawn = self.projection()
        self.plot.draw(shown, self.dark)
        self.bar.heading = (
            "There is no projection yet." if shown is None else _say(shown)
        )

    def _table(self) -> Table:
        return weights_table(self.projection())


def _say(projection: ProjectionSpec) -> str:
    weights = np.asarray(projection.weights)
    rows, columns = weights.shape
    said = f"{projection.source} → {projection.target}: {rows} × {columns}"
    if weights.size:
        said += f", {weights.min():.3g} to {weights.max():.3g} model units"
    lost = clipped(weights * projection.weight_scale)
    if lost:
        said += f"; {lost} are beyond the {WEIGHT_MAX} LSB of the chip"
    return said
