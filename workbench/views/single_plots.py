"""The membrane or the raster alone: for a cell of a notebook, or a page of one plot."""

from typing import Any

import panel as pn
import param
from bokeh.models import Range1d, Span

from core.spec.edit import color_of
from core.units import us
from workbench.plots.membrane import MembranePlot
from workbench.plots.raster import RasterPlot
from workbench.plots.traces import Membrane
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import GHOST, mode, population_color
from workbench.views.shown import bands, shown_membrane, shown_neurons


class _SinglePlot(pn.viewable.Viewer):
    """One figure over the time of the run; subclasses draw into it."""

    dark = param.Boolean(default=False)

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self._time = Range1d(0, 100)
        self._cursor = Span(dimension="height", line_dash="dotted", line_width=1)
        self.plot = self._make(self._time, self._cursor)
        self._fitted: Any = None
        self._view = pn.pane.Bokeh(
            self.plot.figure, sizing_mode="stretch_both", min_height=120
        )
        self._looked = project.spec.view
        project.param.watch(lambda *_: self._follow(), "spec")
        runner.param.watch(lambda *_: runner.later(self.draw), "result")
        self.param.watch(lambda *_: runner.later(self.draw), "dark")
        self.draw()

    def __panel__(self) -> Any:
        return self._view

    def _make(self, time: Range1d, cursor: Span) -> Any:
        raise NotImplementedError

    def _patch(self) -> None:
        raise NotImplementedError

    def _follow(self) -> None:
        """Draw again if something else is to be looked at; a run draws by itself."""
        view, looked = self.project.spec.view, self._looked
        self._looked = view
        shown = (view.neurons, view.hidden, view.lsb)
        if shown != (looked.neurons, looked.hidden, looked.lsb):
            self.runner.later(self.draw)

    def draw(self) -> None:
        """Draw the newest result; on the event loop."""
        result = self.runner.result
        if result is None:
            return
        with pn.io.hold():
            self._cursor.line_color = GHOST[mode(self.dark)]
            if self._time.end != result.duration / us:
                self._time.update(start=0, end=result.duration / us)
            self._patch()


class MembraneView(_SinglePlot):
    """The membrane of the shown neurons, model and chip, over the levels that were set.

    Which neurons these are says the document: ``recording`` and ``view.neurons``.
    """

    def _make(self, time: Range1d, cursor: Span) -> MembranePlot:
        made = MembranePlot(time, cursor)
        made.figure.xaxis.axis_label = "time, µs"
        return made

    def _patch(self) -> None:
        spec = self.project.spec
        shown = shown_neurons(spec)
        index = color_of(spec.network, shown[0].name) if shown else 0
        self.plot.style(population_color(index, self.dark), self.dark)
        traces = shown_membrane(spec, self.runner) or Membrane()
        self.plot.draw(traces)
        seen = (spec.title, spec.run.mode, spec.view.lsb, shown and shown[0].name)
        if seen != self._fitted:
            self._fitted = seen
            self.plot.fit(traces)


class RasterView(_SinglePlot):
    """The spikes of all populations, one row for each neuron."""

    def _make(self, time: Range1d, cursor: Span) -> RasterPlot:
        return RasterPlot(time, cursor)

    def _patch(self) -> None:
        result = self.runner.result
        assert result is not None, "drawn when there is one"
        self.plot.style(self.dark)
        rows = bands(self.project.spec, result, self.dark)
        self.plot.draw(rows, result.duration)
