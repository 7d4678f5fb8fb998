"""The membrane plot: traces of up to eight neurons over the levels that were set.

The adaptation current of AdEx neurons is drawn by the same plot, without levels.
"""

from itertools import chain
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, FixedTicker, LinearAxis, Range1d, Span

from core.units import us
from workbench.plots.decimate import min_max
from workbench.plots.figures import patch, restyle, room, time_figure
from workbench.plots.traces import KINDS, Difference, Membrane, Trace, shade
from workbench.theme import GHOST, SURFACES, TEXT, mode

#: Width of the leading trace of each kind, px.
WIDTHS = {"ghost": 1.2, "true": 1.4, "madc": 1.0, "model": 2.0, "recorded": 1.4}
#: Lines of other neurons alternate between these.
DASHES = ("solid", "6 3", "2 2", "8 3 2 3")
LINES = tuple(kind for kind in KINDS if kind != "cadc")


class MembranePlot:
    """Model, truth, CADC and MADC of some neurons over the grey ghost of a past run."""

    LEVELS = ("leak", "reset", "threshold")

    def __init__(
        self, x_range: Range1d, cursor: Span, quantity: str = "membrane"
    ) -> None:
        self._quantity = quantity
        self.figure = time_figure(
            x_range, cursor, 260, y_range=Range1d(-0.5, 1.5), min_border_bottom=4
        )
        self.figure.xaxis.axis_label = None
        columns = ("xs", "ys", "color", "width", "dash", "neuron")
        self.lines = {
            kind: ColumnDataSource({name: [] for name in columns}, name=kind)
            for kind in LINES
        }
        self.points = ColumnDataSource({"x": [], "y": [], "color": []}, name="cadc")
        self.spikes = ColumnDataSource({"x": [], "y": []})
        self.difference = ColumnDataSource({"x": [], "low": [], "high": []})
        self._shade = self.figure.varea(
            "x", "low", "high", source=self.difference, fill_alpha=0.3
        )
        for kind, source in self.lines.items():
            self.figure.multi_line(
                "xs",
                "ys",
                source=source,
                line_color="color",
                line_width="width",
                line_dash="dash",
                line_alpha=0.75 if kind == "madc" else 1,
                name=kind,
            )
        self._cadc = self.figure.scatter(
            source=self.points, marker="circle", size=5, line_color="color"
        )
        self._marks = self.figure.scatter(
            source=self.spikes, marker="inverted_triangle", size=8
        )
        dashes = {"leak": "dotted", "reset": "dashdot", "threshold": "dashed"}
        self.levels = {
            name: Span(dimension="width", line_dash=dashes[name], visible=False)
            for name in self.LEVELS
        }
        for span in self.levels.values():
            self.figure.add_layout(span)
        self.names = LinearAxis(ticker=FixedTicker(ticks=[]))
        self.figure.add_layout(self.names, "right")
        self._color, self._dark = "#000000", False

    def style(self, color: str, dark: bool) -> None:
        """Colour the plot for a population and a theme; traces follow when drawn."""
        self._color, self._dark = color, dark
        restyle(self.figure, dark)
        self._cadc.glyph.fill_color = SURFACES[mode(dark)]["card"]
        self._shade.glyph.fill_color = color
        self._marks.glyph.fill_color = self._marks.glyph.line_color = color
        for span in self.levels.values():
            span.line_color = TEXT[mode(dark)]["quiet"]

    def draw(self, shown: Membrane) -> None:
        """Patch the data; axes stay."""
        for kind, source in self.lines.items():
            patch(source, self._lines(shown.of(kind), shown))
        patch(self.points, self._points(shown.of("cadc"), shown))
        patch(self.difference, _shaded(shown.difference))
        for name, span in self.levels.items():
            visible = name in shown.levels
            span.update(location=shown.levels.get(name, 0.0), visible=visible)
        names = _together(shown.levels)
        if self.names.major_label_overrides != names:
            # A new ticker would make Bokeh walk through all models of the page.
            self.names.ticker.ticks = list(names)
            self.names.major_label_overrides = names
        top = shown.levels.get("threshold", 0.0)
        times = (shown.spikes / us).astype(np.float32)
        patch(self.spikes, {"x": times, "y": np.full(len(times), top, np.float32)})
        self.figure.yaxis[0].axis_label = f"{self._quantity}, {shown.unit}"

    def _lines(self, traces: list[Trace], shown: Membrane) -> dict[str, list[Any]]:
        thin = [min_max(t.time / us, t.values, 1800 // len(traces)) for t in traces]
        places = [shown.neurons.index(t.neuron) for t in traces]
        return {
            "xs": [x for x, _ in thin],
            "ys": [y for _, y in thin],
            "color": [self._tone(t, p) for t, p in zip(traces, places, strict=True)],
            "width": [
                WIDTHS[t.kind] if p == 0 else min(WIDTHS[t.kind], 1.5)
                for t, p in zip(traces, places, strict=True)
            ],
            "dash": [
                DASHES[1] if t.kind == "true" else DASHES[p % len(DASHES)]
                for t, p in zip(traces, places, strict=True)
            ],
            "neuron": [t.neuron for t in traces],
        }

    def _points(self, traces: list[Trace], shown: Membrane) -> dict[str, Any]:
        """Return the CADC samples of all neurons, thinned out to what can be seen."""
        thin = [min_max(t.time / us, t.values, 900 // len(traces)) for t in traces]
        tones = [
            [self._tone(t, shown.neurons.index(t.neuron))] * len(x)
            for t, (x, _) in zip(traces, thin, strict=True)
        ]
        none = np.zeros(0, np.float32)
        return {
            "x": np.concatenate([none, *(x for x, _ in thin)]),
            "y": np.concatenate([none, *(y for _, y in thin)]),
            "color": list(chain.from_iterable(tones)),
        }

    def _tone(self, trace: Trace, place: int) -> str:
        if trace.kind == "ghost":
            return GHOST[mode(self._dark)]
        if trace.kind == "recorded":  # black or white is no population's colour
            return TEXT[mode(self._dark)]["main"]
        return shade(self._color, place, self._dark)

    def fit(self, shown: Membrane) -> None:
        """Let the vertical axis hold everything that is shown, with room to play."""
        kept = [t for t in shown.traces if t.kind != "ghost"] or list(shown.traces)
        everything = np.concatenate(
            [*(t.values for t in kept), list(shown.levels.values())]
        )
        everything = everything[np.isfinite(everything)]
        if len(everything):
            ends = room(float(everything.min()), float(everything.max()), 0.15, 0.35)
            self.figure.y_range.update(start=ends[0], end=ends[1])


def _shaded(of: Difference | None) -> dict[str, Any]:
    if of is None:
        none = np.zeros(0, np.float32)
        return {"x": none, "low": none, "high": none}
    columns = {"x": of.time / us, "low": of.low, "high": of.high}
    return {name: column.astype(np.float32) for name, column in columns.items()}


def _together(levels: dict[str, float]) -> dict[float, str]:
    """Return the text at each height; levels at one height share it."""
    texts: dict[float, str] = {}
    for name, height in levels.items():
        texts[height] = f"{texts[height]}, {name}" if height in texts else name
    return texts
