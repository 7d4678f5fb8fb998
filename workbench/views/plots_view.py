"""Membrane and raster: the effect of every change, patched in place."""

from html import escape
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui
import param
from bokeh.models import Div, Range1d, Span

from core.simulate import PopulationResult, RunResult
from core.spec.edit import color_of
from core.spec.fields import each
from core.spec.network import LIFSpec, LISpec
from core.units import format_quantity, us
from workbench.plots.live import Band, Line, Membrane, MembranePlot, RasterPlot
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import GHOST, mode, population_color
from workbench.views.select import Select


class PlotsView(pn.viewable.Viewer):
    """Membrane of one neuron above, raster of all populations below."""

    dark = param.Boolean(default=False)

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self._time = Range1d(0, 100)
        cursor = Span(dimension="height", line_dash="dotted", line_width=1)
        self._cursor = cursor
        self.membrane = MembranePlot(self._time, cursor)
        self.raster = RasterPlot(self._time, cursor)
        self._population = Select(
            label="Membrane of", size="small", width=170, margin=(6, 6, 2, 8)
        )
        self._neuron = pn.widgets.IntInput(
            label="neuron", width=78, start=0, margin=(2, 6, 2, 0)
        )
        fit = pmui.Button(
            label="Fit", size="small", variant="outlined", margin=(8, 10, 2, 6)
        )
        # Bokeh's own, so that text and data of one result travel in one message.
        self._legend = Div(text="", sizing_mode="stretch_width", margin=(14, 8, 0, 8))
        self._summary = Div(
            text="", sizing_mode="stretch_width", margin=(2, 10, 8, 10), min_height=18
        )
        self._population.param.watch(lambda e: self._choose(e.new, 0), "value")
        self._neuron.param.watch(self._choose_neuron, "value")
        fit.on_click(lambda _: runner.later(self._fit))
        self._fitted: Any = None
        self._plots = pn.Column(
            pn.pane.Bokeh(
                self.membrane.figure, sizing_mode="stretch_both", min_height=170
            ),
            pn.pane.Bokeh(
                self.raster.figure, sizing_mode="stretch_both", min_height=150
            ),
            sizing_mode="stretch_both",
        )
        self._view = pn.Column(
            pn.Row(
                self._population,
                self._neuron,
                pn.pane.Bokeh(self._legend, sizing_mode="stretch_width"),
                fit,
            ),
            self._plots,
            pn.pane.Bokeh(self._summary, sizing_mode="stretch_width"),
            sizing_mode="stretch_both",
        )
        project.param.watch(lambda *_: self._offer(), "spec")
        runner.param.watch(lambda *_: self._draw(), "result")
        runner.param.watch(lambda *_: self._fade(), ["current", "busy", "problems"])
        self.param.watch(lambda *_: runner.later(self._restyle), "dark")
        self._offer()
        self._restyle()

    def __panel__(self) -> Any:
        return self._view

    # -- which neuron ------------------------------------------------------------

    def _shown(self) -> tuple[LISpec, int] | None:
        spec = self.project.spec
        neurons = [p for p in spec.network.populations if isinstance(p, LISpec)]
        for population in neurons:
            if population.name == spec.recording.madc_population:
                return population, min(spec.recording.madc_neuron, population.size - 1)
        return (neurons[0], 0) if neurons else None

    def _offer(self) -> None:
        populations = self.project.spec.network.populations
        names = [p.name for p in populations if isinstance(p, LISpec)]
        shown = self._shown()
        if self._population.options != names:
            self._population.options = names
        if shown is not None:
            population, neuron = shown
            self._neuron.param.update(end=population.size - 1, value=neuron)
            self._population.value = population.name
        self._fade()

    def _choose(self, name: str | None, neuron: int) -> None:
        shown = self._shown()
        if name and (shown is None or name != shown[0].name):
            self.project.record(name, neuron)

    def _choose_neuron(self, event: Any) -> None:
        shown = self._shown()
        if shown is not None and event.new is not None:
            neuron = min(max(int(event.new), 0), shown[0].size - 1)
            self.project.record(shown[0].name, neuron)

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
            self.raster.draw(self._bands(result), result.duration)
            membrane = self._membrane(result)
            self.membrane.draw(membrane or Membrane())
            if membrane is not None:
                self._fit_once(membrane)
            self._describe(result)
            self._fade()

    _fitted_time = 0.0
    _color = ""

    def _fade(self) -> None:
        """Draw at 60 % what does not belong to the current document."""
        stale = self.runner.result is not None and not self.runner.current
        stale = stale and not self.runner.busy
        opacity = {"opacity": "0.6" if stale else "1"}
        if self._plots.styles != opacity:
            self._plots.styles = opacity

    def _membrane(self, result: RunResult) -> Membrane | None:
        shown = self._shown()
        if shown is None or shown[0].name not in result.populations:
            return None
        population, neuron = shown
        found = result.populations[population.name]
        lines = _lines(found, neuron)
        before = self.runner.previous
        if before is not None and population.name in before.populations:
            past = _lines(before.populations[population.name], neuron)
            ghost = past.get("model") or past.get("madc") or past.get("cadc")
            if ghost is not None:
                lines["ghost"] = ghost
        potentials = {"leak": population.leak}
        if isinstance(population, LIFSpec):
            potentials["reset"] = population.reset
            potentials["threshold"] = population.threshold
        levels = {
            k: float(each(v.model, population.size)[neuron])
            for k, v in potentials.items()
        }
        spikes = np.zeros(0)
        if found.spikes is not None:
            spikes = found.spikes.time[found.spikes.neuron == neuron]
        return Membrane(lines, levels, spikes)

    def _bands(self, result: RunResult) -> list[Band]:
        network, bands = self.project.spec.network, []
        for name, found in result.populations.items():
            spikes = found.spikes
            if spikes is None:
                continue
            color = population_color(color_of(network, name), self.dark)
            band = Band(name, found.size, color, spikes.time, spikes.neuron)
            model = found.model_spikes
            if model is not None and found.chip_spikes is not None:
                band = Band(
                    name,
                    found.size,
                    color,
                    spikes.time,
                    spikes.neuron,
                    model.time,
                    model.neuron,
                )
            bands.append(band)
        return bands

    def _fit_once(self, membrane: Membrane) -> None:
        """Fit when another neuron or another document is shown, then stay."""
        shown = self._shown()
        spec = self.project.spec
        mark = (spec.title, spec.run.mode, shown[0].name if shown else None)
        if mark != self._fitted:
            self._fitted = mark
            self.membrane.fit(membrane)

    def _fit(self) -> None:
        result = self.runner.result
        membrane = self._membrane(result) if result is not None else None
        if result is not None and membrane is not None:
            self._time.update(start=0, end=result.duration / us)
            self.membrane.fit(membrane)

    def _restyle(self) -> None:
        shown = self._shown()
        index = color_of(self.project.spec.network, shown[0].name) if shown else 0
        self.membrane.style(population_color(index, self.dark), self.dark)
        self.raster.style(self.dark)
        self._cursor.line_color = GHOST[mode(self.dark)]
        self._draw()

    def _describe(self, result: RunResult) -> None:
        """Say in words what the plots show: also for screen readers and tests."""
        shown = self._shown()
        index = color_of(self.project.spec.network, shown[0].name) if shown else 0
        color = population_color(index, self.dark)
        if shown is not None and color != self._color:
            self._color = color
            self.membrane.style(color, self.dark)
        self._legend.text = _legend(result, color, GHOST[mode(self.dark)])
        parts = []
        for name, found in result.populations.items():
            if found.spikes is None:
                continue
            tone = population_color(
                color_of(self.project.spec.network, name), self.dark
            )
            parts.append(
                '<span style="white-space:nowrap">'
                f'<b style="color:{tone}">{escape(name)}</b> '
                f"{_statistics(found, result.duration)}</span>"
            )
        self._summary.text = (
            '<div role="status" style="font-size:12px;display:flex;flex-wrap:wrap;'
            f'gap:2px 18px;font-variant-numeric:tabular-nums">{"".join(parts)}</div>'
        )


def _lines(found: PopulationResult, neuron: int) -> dict[str, Line]:
    lines = {}
    if found.membrane is not None and neuron < found.membrane.values.shape[1]:
        values = found.membrane.values[:, neuron]
        lines["model"] = Line(found.membrane.time, values)
    if found.cadc is not None and neuron < found.cadc.values.shape[1]:
        time = found.cadc.time
        lines["cadc"] = Line(
            time if time.ndim == 1 else time[:, neuron], found.cadc.values[:, neuron]
        )
    if found.madc is not None and found.madc_neuron == neuron:
        lines["madc"] = Line(found.madc.time, found.madc.values[:, 0])
    return lines


def _statistics(found: PopulationResult, duration: float) -> str:
    if found.spikes is None or not len(found.spikes.time):
        return "0 spikes"
    count = len(found.spikes.time)
    rate = format_quantity(count / found.size / duration, "Hz")
    first = format_quantity(float(found.spikes.time.min()), "s")
    word = "spike" if count == 1 else "spikes"
    if found.chip_spikes is not None and found.model_spikes is not None:
        word += f" on the chip, {len(found.model_spikes.time)} in the model"
    return f"{count} {word} · {rate} per neuron · first at {first}"


def _legend(result: RunResult, color: str, ghost: str) -> str:
    stroke = '<svg width="22" height="10" aria-hidden="true">{}</svg> {}'
    line = '<path d="M1 5h20" stroke="{}" stroke-width="{}" opacity="{}"/>'
    dot = '<circle cx="11" cy="5" r="3" fill="none" stroke="{}" stroke-width="1.4"/>'
    items = []
    if result.mode in ("mock", "both"):
        items.append(stroke.format(line.format(color, 2, 1), "model"))
    if result.mode in ("chip", "both"):
        items.append(stroke.format(dot.format(color), "CADC"))
        items.append(stroke.format(line.format(color, 1, 0.85), "MADC"))
    items.append(stroke.format(line.format(ghost, 1.2, 1), "previous run"))
    if result.mode == "both":
        tick = '<path d="M11 1v8" stroke="{}" stroke-width="2" opacity="{}"/>'
        items.append(stroke.format(tick.format(color, 1), "chip spike"))
        items.append(stroke.format(tick.format(color, 0.55), "model spike"))
    joined = "".join(
        f'<span style="white-space:nowrap">{item}</span>' for item in items
    )
    return (
        '<div style="font-size:12px;display:flex;flex-wrap:wrap;gap:2px 12px">'
        f"{joined}</div>"
    )
