"""The drawer page with the phase plane of the leading neuron."""

from typing import Any

import numpy as np
import panel as pn

from core.spec.edit import color_of
from core.units import us
from workbench.plots.phase import Orbit, PhasePlot, orbit_of, orbit_table
from workbench.plots.tables import Table
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import population_color
from workbench.views.drawer import DrawerPage
from workbench.views.plot_bar import PlotBar
from workbench.views.shown import shown_neurons

NOTHING = "The phase plane is drawn from the model: run on mock or both."


class PhasePlane(DrawerPage):
    """Membrane against adaptation or synaptic current; follows while it is shown."""

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self._fitted: Any = None
        self._shown: Any = None
        self.plot = PhasePlot()
        self.bar = PlotBar(
            self._table,
            subject="phase plane",
            name_of_file="phase_plane",
            figure=self.plot.figure.id,
            on_fit=lambda: runner.later(self._fit),
        )
        runner.param.watch(lambda *_: self._draw(), "result")
        project.param.watch(lambda *_: self._follow(), "spec")
        self.param.watch(lambda *_: runner.later(self._draw), "dark")
        self._view = pn.Column(
            self.bar,
            pn.pane.Bokeh(self.plot.figure, sizing_mode="stretch_both"),
            sizing_mode="stretch_both",
        )

    def orbit(self) -> Orbit | None:
        """Return the way of the leading neuron, if the model ran."""
        shown, result = shown_neurons(self.project.spec), self.runner.result
        if shown is None or result is None or shown[0].name not in result.populations:
            return None
        found = result.populations[shown[0].name]
        if found.membrane is None or shown[1][0] >= found.membrane.values.shape[1]:
            return None
        return orbit_of(shown[0], found, shown[1][0])

    def _follow(self) -> None:
        if self._open and shown_neurons(self.project.spec) != self._shown:
            self.runner.later(self._draw)

    def _draw(self) -> None:
        if not self._open:
            return
        spec, orbit = self.project.spec, self.orbit()
        shown = self._shown = shown_neurons(spec)
        index = color_of(spec.network, shown[0].name) if shown else 0
        self.plot.draw(orbit, population_color(index, self.dark), self.dark)
        said = NOTHING
        if shown is not None and orbit is not None:
            said = f"{shown[0].name} {shown[1][0]}: ○ start"
            said += " · dotted: the membrane stands still" if orbit.still else ""
            said += " · dashed: threshold" if "threshold" in orbit.levels else ""
            if self._fitted != (spec.title, shown[0].name):
                self._fitted = (spec.title, shown[0].name)
                self.plot.fit(orbit)
        self.bar.heading = said

    def _fit(self) -> None:
        self.plot.fit(self.orbit())

    def _table(self) -> Table:
        orbit, dt = self.orbit(), self.project.spec.run.dt
        steps = 0 if orbit is None else len(orbit.v)
        return orbit_table(orbit, np.arange(steps) * dt / us)
