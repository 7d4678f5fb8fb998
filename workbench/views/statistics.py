"""Statistics of all populations as a table, model and chip below each other; ISI."""

from html import escape
from typing import Any

import panel as pn

from core.simulate import PopulationResult, Raster
from core.spec.edit import color_of
from core.units import format_quantity
from workbench.plots.intervals import IntervalsPlot, intervals_table
from workbench.plots.statistics import SpikeStatistics, statistics
from workbench.plots.tables import Table
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import population_color
from workbench.views.data_table import STYLE, scrolled
from workbench.views.drawer import DrawerPage
from workbench.views.plot_bar import PlotBar
from workbench.views.shown import bands

#: Names of the columns with what they mean.
COLUMNS = {
    "spikes": "Number of spikes of all neurons",
    "rate": "Spikes per neuron and second",
    "first spike": "Time of the first spike of any neuron",
    "mean ISI": "Mean interval between two spikes of a neuron",
    "CV": "Standard deviation over mean of the intervals: 0 regular, 1 Poisson",
    "last / first ISI": "Above 1: the neurons slow down, they adapt",
}


class Statistics(DrawerPage):
    """The table and the histogram of intervals; follow the results while shown."""

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self._pane = pn.pane.HTML("", stylesheets=[STYLE], sizing_mode="stretch_both")
        self._plot = IntervalsPlot()
        self.bar = PlotBar(
            self._table,
            subject="intervals",
            heading="intervals",
            name_of_file="intervals",
            figure=self._plot.figure.id,
            on_fit=lambda: runner.later(self._draw),
        )
        runner.param.watch(lambda *_: self._draw(), "result")
        self.param.watch(lambda *_: runner.later(self._draw), "dark")
        self._view = pn.Row(
            self._pane,
            pn.Column(
                self.bar,
                pn.pane.Bokeh(self._plot.figure, sizing_mode="stretch_both"),
                sizing_mode="stretch_height",
                width=190,
                margin=0,
            ),
            sizing_mode="stretch_both",
        )

    def _table(self) -> Table:
        result = self.runner.result
        return intervals_table(
            bands(self.project.spec, result, False) if result else []
        )

    def _draw(self) -> None:
        result = self.runner.result
        if not self._open or result is None:
            return
        self._plot.draw(bands(self.project.spec, result, self.dark), self.dark)
        rows = [
            row for found in result.populations.values() for row in self._rows(found)
        ]
        head = "".join(
            f'<th scope="col" title="{escape(help_text)}">{name}</th>'
            for name, help_text in COLUMNS.items()
        )
        self._pane.object = scrolled(
            '<table aria-label="Statistics"><thead><tr><th scope="col">population</th>'
            f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>",
            "Statistics of all populations",
        )

    def _rows(self, found: PopulationResult) -> list[str]:
        """Return a row for the model and one for the chip, as far as they ran."""
        network, result = self.project.spec.network, self.runner.result
        assert result is not None, "drawn with a result only"
        color = population_color(color_of(network, found.name), self.dark)
        sources = {"model": found.model_spikes, "chip": found.chip_spikes}
        several = all(spikes is not None for spikes in sources.values())
        return [
            _row(
                f'<b style="color:{color}">{escape(found.name)}</b>'
                + (f" {where}" if several else ""),
                statistics(spikes, found.size, result.duration),
            )
            for where, spikes in sources.items()
            if isinstance(spikes, Raster)
        ]


def _row(name: str, said: SpikeStatistics) -> str:
    cells = (
        str(said.count),
        format_quantity(said.rate, "Hz"),
        _text(said.first, "s"),
        _text(said.interval, "s"),
        _text(said.variation, ""),
        _text(said.adaptation, ""),
    )
    row = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{name}</th>{row}</tr>'


def _text(value: float | None, unit: str) -> str:
    return "–" if value is None else format_quantity(value, unit)
