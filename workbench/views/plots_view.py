"""Membrane, raster and rates: the effect of every change, patched in place."""

from collections.abc import Callable
from html import escape
from typing import Any

import panel as pn
import param
from bokeh.models import Div, Range1d, Span

from core.simulate import PopulationResult, RunResult
from core.spec.edit import color_of
from core.units import format_quantity, us
from workbench.plots.answers import answers, class_names
from workbench.plots.membrane import MembranePlot
from workbench.plots.raster import RasterPlot
from workbench.plots.rates import RatesPlot
from workbench.plots.statistics import statistics
from workbench.plots.tables import (
    DIFFERENCE,
    Table,
    membrane_table,
    raster_table,
    rates_table,
)
from workbench.plots.traces import NAMES, Membrane
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import GHOST, TEXT, mode, population_color
from workbench.views.data_table import DataTable
from workbench.views.drawer import Drawer
from workbench.views.plot_bar import AREA, CIRCLE, LINE, PlotBar, mark
from workbench.views.plot_choice import PlotChoice
from workbench.views.readout import Readout
from workbench.views.shown import (
    bands,
    circuits,
    shown_adaptation,
    shown_membrane,
    shown_neurons,
)

UNITS = {"model": False, "LSB": True}
#: The kinds of traces: why one would look at them, and in which modes.
KINDS = {
    "model": ("The ideal model", ("mock", "both")),
    "true": ("The membrane itself, which no lab can see", ("chip", "both")),
    "cadc": ("Samples of all membranes, read in turn", ("chip", "both")),
    "madc": ("Fast samples of one membrane, the first", ("chip", "both")),
    "ghost": ("The run before, in grey", ("mock", "chip", "both")),
    "recorded": ("The recording that is laid over the run", ("mock", "chip", "both")),
}


class PlotsView(pn.viewable.Viewer):
    """Membranes above, raster below, rates if wanted; a drawer with all the rest.

    :param pages: further pages of the drawer, how each is made, by the name of its tab
    """

    dark = param.Boolean(default=False)

    def __init__(
        self,
        project: Project,
        runner: Runner,
        pages: dict[str, Callable[[], Any]] | None = None,
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self._time = Range1d(0, 100)
        self._cursor = Span(dimension="height", line_dash="dotted", line_width=1)
        self.membrane = MembranePlot(self._time, self._cursor)
        self.adaptation = MembranePlot(self._time, self._cursor, "adaptation current")
        self.raster = RasterPlot(self._time, self._cursor)
        self.rates = RatesPlot(self._time, self._cursor)
        self.choice = PlotChoice(project, runner)
        tables = {
            "membrane": self._membrane_table,
            "adaptation": self._adaptation_table,
            "spikes": self._raster_table,
            "rates": self._rates_table,
        }
        self.bars = {name: self._bar(name, make) for name, make in tables.items()}
        self.bars["membrane"].param.update(  # beside the choice, or a line of its own
            styles={"flex": "1 1 300px"}, margin=(0, 0, 0, 8)
        )
        self.drawer = Drawer(
            {
                **(pages or {}),
                "Table": lambda: DataTable(runner, tables),
            }
        )
        # Bokeh's own, so that text and data of one result travel in one message.
        self._summary = Div(
            text="", sizing_mode="stretch_width", margin=(2, 10, 4, 10), min_height=18
        )
        self._fitted: Any = None
        self._offered: Any = None
        self._fitted_time = 0.0
        self._color = ""
        self._plots = self._stack()
        self._view = pn.Column(
            pn.FlexBox(
                self.choice,
                self.bars["membrane"],
                align_items="center",
                gap="0px",
                margin=(0, 10, 0, 0),
                sizing_mode="stretch_width",
            ),
            self._plots,
            pn.pane.Bokeh(self._summary, sizing_mode="stretch_width"),
            self.drawer,
            sizing_mode="stretch_both",
        )
        project.param.watch(lambda *_: self._follow(), "spec")
        runner.param.watch(lambda *_: self._draw(), "result")
        runner.param.watch(lambda *_: self._fade(), ["current", "busy", "problems"])
        runner.history.param.watch(lambda *_: runner.later(self._draw), "pinned")
        overlay = runner.overlay
        overlay.param.watch(lambda *_: runner.later(self._draw), list(overlay.param))
        self.param.watch(lambda *_: runner.later(self._restyle), "dark")
        self._looked = project.spec.view
        self._offer()
        self._restyle()

    def __panel__(self) -> Any:
        return self._view

    def _bar(self, name: str, table: Callable[[], Table]) -> PlotBar:
        fits = {
            "membrane": self._fit,
            "adaptation": self._fit_adaptation,
            "spikes": self._fit_raster,
        }
        return PlotBar(
            table,
            subject=name,
            heading=name if name in ("adaptation", "rates") else "",
            name_of_file=name,
            on_fit=lambda: self.runner.later(fits.get(name, self.rates.fit)),
            on_table=lambda: self._show_table(name),
            on_show=self._show,
            on_unit=lambda unit: self.project.look(lsb=UNITS[unit]),
            margin=(8, 0, 0, 0) if name == "membrane" else (0, 10, 0, 70),
        )

    def _stack(self) -> pn.Column:
        """Put the figures below each other, each with its line above it."""
        plots = (self.membrane, self.adaptation, self.raster, self.rates)
        sources = {
            **self.membrane.lines,
            "spikes": self.raster.spikes,
            "faint": self.raster.faint,
            "recorded spikes": self.raster.recorded,
            "edges": self.raster.edges,
            "rates": self.rates.source,
        }
        figures = [plot.figure for plot in plots]
        self.readout = Readout([figures[0], *figures[2:]], sources)
        for bar, plot in zip(self.bars.values(), figures, strict=True):
            bar.figure = plot.id
        panes = [
            pn.pane.Bokeh(plot, sizing_mode="stretch_both", min_height=height)
            for plot, height in zip(figures, (150, 90, 130, 90), strict=True)
        ]
        self._adaptation_part, self._rates_part = (
            pn.Column(bar, pane, sizing_mode="stretch_width", height=150)
            for bar, pane in zip(
                (self.bars["adaptation"], self.bars["rates"]), panes[1::2], strict=True
            )
        )
        return pn.Column(
            pn.Row(self.readout, margin=(2, 10, 0, 70), sizing_mode="stretch_width"),
            panes[0],
            self._adaptation_part,
            self.bars["spikes"],
            panes[2],
            self._rates_part,
            sizing_mode="stretch_both",
        )

    # -- what is shown -----------------------------------------------------------

    def _show(self, kind: str, on: bool) -> None:
        if kind == DIFFERENCE:
            self.project.look(difference=on)
            return
        hidden = [k for k in self.project.spec.view.hidden if k != kind]
        self.project.look(hidden=tuple(hidden if on else [*hidden, kind]))

    def _show_table(self, name: str) -> None:
        page = self.drawer.page("Table")
        assert isinstance(page, DataTable), "made above"
        page.choose(name)
        self.drawer.open("Table")

    def _follow(self) -> None:
        """Follow the document; what a result does not need is drawn at once."""
        view, looked = self.project.spec.view, self._looked
        self._looked = view
        self._offer()
        drawn = view.neurons, view.hidden, view.difference
        if drawn != (looked.neurons, looked.hidden, looked.difference):
            self.runner.later(self._draw)
        if view.lsb != looked.lsb:
            self.runner.later(self._draw)
            self.runner.later(self._fit)

    def _offer(self) -> None:
        """Offer what can be shown in this mode."""
        spec = self.project.spec
        hidden, run_mode = spec.view.hidden, spec.run.mode
        shown, pinned = shown_neurons(spec), self.runner.history.pinned
        index = color_of(spec.network, shown[0].name) if shown else 0
        tone, ghost = population_color(index, self.dark), GHOST[mode(self.dark)]
        where = circuits(spec, self.runner.result) if run_mode != "mock" else ""
        overlay = self.runner.overlay
        laid = overlay.trace is not None, bool(overlay.spikes)
        number = pinned and pinned.number
        shaded = spec.view.difference
        offered = hidden, shaded, spec.view.lsb, run_mode, tone, where, laid, number
        if offered == self._offered:
            self._fade()
            return
        self._offered = offered
        marks = {
            "model": LINE.format(tone, 2, "none"),
            "true": LINE.format(tone, 1.4, "5 2"),
            "cadc": CIRCLE.format(tone),
            "madc": LINE.format(tone, 1, "none"),
            "ghost": LINE.format(ghost, 1.4, "none"),
            "recorded": LINE.format(TEXT[mode(self.dark)]["main"], 1.4, "none"),
        }
        kinds = [
            _item(kind, marks[kind], hidden, NAMES[kind], KINDS[kind][0])
            for kind in KINDS
            if run_mode in KINDS[kind][1] and (kind != "recorded" or laid[0])
        ]
        if run_mode != "mock":
            base = "model" if run_mode == "both" else "true membrane"
            why = f"CADC minus {base} of the first neuron, shaded"
            off = () if shaded else (DIFFERENCE,)
            kinds.append(_item(DIFFERENCE, AREA.format(tone), off, DIFFERENCE, why))
        if pinned is not None:
            ghosts = (item for item in kinds if item["id"] == "ghost")
            next(ghosts)["label"] = f"run {pinned.number}"
        self.bars["membrane"].param.update(
            items=kinds,
            units=list(UNITS),
            unit="LSB" if spec.view.lsb else "model",
            heading=where,
        )
        rates = _item("rates", "", hidden, "rates", "Rate of each population over time")
        self.bars["spikes"].param.update(items=[rates], heading=self._legend())
        self._rates_part.visible = "rates" not in hidden
        self.runner.truth = "true" not in hidden or shaded
        self._fade()

    def _legend(self) -> str:
        rows = ["chip", "model"] if self.project.spec.run.mode == "both" else ["run"]
        if self.runner.overlay.spikes:
            rows.append("recording")
        if len(rows) == 1:
            return "spikes"
        return f"spikes, from top to bottom of a row: {', '.join(rows)}"

    # -- drawing -----------------------------------------------------------------

    def _draw(self) -> None:
        result = self.runner.result
        if result is None:
            return
        with pn.io.hold():
            duration = result.duration / us
            if self._time.end != duration and self._fitted_time != duration:
                self._time.update(start=0, end=duration)
                self._fitted_time = duration
            rows = bands(self.project.spec, result, self.dark, self.runner.overlay)
            self.raster.draw(rows, result.duration)
            if self._rates_part.visible:
                self.rates.draw(rows, result.duration)
            membrane = shown_membrane(self.project.spec, self.runner)
            adaptation = shown_adaptation(self.project.spec, self.runner)
            self._adaptation_part.visible = adaptation is not None
            self._recolor()
            self.membrane.draw(membrane or Membrane())
            self.adaptation.draw(adaptation or Membrane())
            if membrane is not None:
                self._fit_once(membrane, adaptation)
            self._describe(result)
            self._offer()

    def _fade(self) -> None:
        """Draw faint what is not of the current document; text keeps 4.5:1."""
        stale = self.runner.result is not None and not self.runner.current
        stale = stale and not self.runner.busy
        opacity = {"opacity": "0.65" if stale else "1"}
        if self._plots.styles != opacity:
            self._plots.styles = opacity

    def _recolor(self) -> None:
        shown = shown_neurons(self.project.spec)
        index = color_of(self.project.spec.network, shown[0].name) if shown else 0
        color = population_color(index, self.dark)
        if color != self._color:
            self._color = color
            self.membrane.style(color, self.dark)
            self.adaptation.style(color, self.dark)

    def _fit_once(self, membrane: Membrane, adaptation: Membrane | None) -> None:
        """Fit when another population or another document is shown, then stay."""
        shown = shown_neurons(self.project.spec)
        spec = self.project.spec
        mark = (spec.title, spec.run.mode, shown and (shown[0].name, shown[0].kind))
        if mark != self._fitted:
            self._fitted = mark
            self.membrane.fit(membrane)
            self.adaptation.fit(adaptation or Membrane())

    def _fit_time(self) -> None:
        if self.runner.result is not None:
            self._time.update(start=0, end=self.runner.result.duration / us)

    def _fit(self) -> None:
        self._fit_time()
        self.membrane.fit(shown_membrane(self.project.spec, self.runner) or Membrane())

    def _fit_adaptation(self) -> None:
        shown = shown_adaptation(self.project.spec, self.runner)
        self.adaptation.fit(shown or Membrane())

    def _fit_raster(self) -> None:
        self._fit_time()
        self.raster.fit()

    def _restyle(self) -> None:
        self._color = ""
        self.drawer.dark = self.dark
        self.raster.style(self.dark)
        self.rates.style(self.dark)
        self._recolor()
        self._cursor.line_color = GHOST[mode(self.dark)]
        self._draw()

    def _describe(self, result: RunResult) -> None:
        """Say in words what the plots show: also for screen readers and tests."""
        network, parts = self.project.spec.network, []
        names = class_names(self.project.spec)
        for name, found in result.populations.items():
            said = (
                answers(found, names)
                if found.spikes is None
                else _in_words(found, result.duration)
            )
            if not said:
                continue
            tone = population_color(color_of(network, name), self.dark)
            parts.append(
                "<span>"
                f'<b style="color:{tone}">{escape(name)}</b> '
                f"{escape(said)}</span>"
            )
        self._summary.text = (
            '<div role="status" style="font-size:12px;display:flex;flex-wrap:wrap;'
            f'gap:2px 18px;font-variant-numeric:tabular-nums">{"".join(parts)}</div>'
        )

    # -- the data behind the plots -------------------------------------------------

    def _membrane_table(self) -> Table:
        shown = shown_neurons(self.project.spec)
        found = shown_membrane(self.project.spec, self.runner) or Membrane()
        return membrane_table(f"membrane of {shown[0].name if shown else '–'}", found)

    def _adaptation_table(self) -> Table:
        shown = shown_adaptation(self.project.spec, self.runner) or Membrane()
        return membrane_table("adaptation current", shown)

    def _raster_table(self) -> Table:
        result, overlay = self.runner.result, self.runner.overlay
        rows = bands(self.project.spec, result, False, overlay) if result else []
        return raster_table(rows)

    def _rates_table(self) -> Table:
        result = self.runner.result
        if result is None:
            return rates_table([], 0.0)
        return rates_table(bands(self.project.spec, result, False), result.duration)


def _item(
    kind: str, sample: str, hidden: tuple[str, ...], label: str, help_text: str
) -> dict[str, Any]:
    return {
        "id": kind,
        "label": label,
        "help": help_text,
        "mark": mark(sample) if sample else "",
        "on": kind not in hidden,
    }


def _in_words(found: PopulationResult, duration: float) -> str:
    assert found.spikes is not None, "asked for populations with spikes"
    said = statistics(found.spikes, found.size, duration)
    if said.first is None:
        return "0 spikes"
    word = "spike" if said.count == 1 else "spikes"
    if found.chip_spikes is not None and found.model_spikes is not None:
        word += f" on the chip, {len(found.model_spikes.time)} in the model"
    rate, first = format_quantity(said.rate, "Hz"), format_quantity(said.first, "s")
    return f"{said.count} {word} · {rate} per neuron · first at {first}"
