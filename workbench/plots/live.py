"""Live plots: one Bokeh figure each, made once, its data sources patched in place.

Canvas backend, decimated in NumPy. Axes stay where they are until `fit` is called.
Times are drawn in µs, potentials in model units.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from bokeh.models import (
    ColumnDataSource,
    CrosshairTool,
    FixedTicker,
    LinearAxis,
    Range1d,
    Span,
)
from bokeh.plotting import figure
from numpy.typing import NDArray

from core.units import us
from workbench.plots.decimate import counted, min_max
from workbench.theme import FONT, GHOST, SMALL, SURFACES, TEXT, mode

#: More spikes than this are drawn as an image of counts.
MANY_SPIKES = 6000
LEFT_BORDER, RIGHT_BORDER = 70, 72


@dataclass(frozen=True)
class Line:
    """One line to draw: time in s, shape (samples,), and values, same shape."""

    time: NDArray[Any]
    values: NDArray[Any]


@dataclass(frozen=True)
class Membrane:
    """What the membrane plot shows of one neuron.

    :param lines: by kind: ``model``, ``cadc``, ``madc``, ``ghost``
    :param levels: by name: ``leak``, ``reset``, ``threshold``, model units
    :param spikes: spike times, s
    """

    lines: dict[str, Line] = field(default_factory=dict)
    levels: dict[str, float] = field(default_factory=dict)
    spikes: NDArray[Any] = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True)
class Band:
    """The rows of one population in the raster.

    :param color: of the population
    :param time: spike times, s
    :param neuron: same shape
    :param faint_time: spikes of the model beside those of the chip
    """

    name: str
    size: int
    color: str
    time: NDArray[Any]
    neuron: NDArray[Any]
    faint_time: NDArray[Any] = field(default_factory=lambda: np.zeros(0))
    faint_neuron: NDArray[Any] = field(default_factory=lambda: np.zeros(0, int))


def _figure(x_range: Range1d, cursor: Span, height: int, **options: Any) -> figure:
    plot = figure(
        x_range=x_range,
        height=height,
        sizing_mode="stretch_both",
        toolbar_location=None,
        tools="xpan,xwheel_zoom",
        active_drag=None,
        active_scroll=None,
        output_backend="canvas",
        min_border_left=LEFT_BORDER,
        min_border_right=RIGHT_BORDER,
        min_border_top=6,
        outline_line_color=None,
        **options,
    )
    plot.add_tools(CrosshairTool(overlay=cursor))
    plot.xaxis.axis_label = "time, µs"
    return plot


def _style(plot: figure, dark: bool) -> None:
    name = mode(dark)
    quiet, line = TEXT[name]["quiet"], SURFACES[name]["line"]
    plot.background_fill_color = plot.border_fill_color = SURFACES[name]["card"]
    plot.xgrid.grid_line_color = plot.ygrid.grid_line_color = line
    plot.xgrid.grid_line_alpha = plot.ygrid.grid_line_alpha = 0.6
    for axis in plot.axis:
        axis.axis_line_color = axis.major_tick_line_color = line
        axis.minor_tick_line_color = None
        axis.major_label_text_color = axis.axis_label_text_color = quiet
        axis.major_label_text_font = axis.axis_label_text_font = FONT
        axis.major_label_text_font_size = axis.axis_label_text_font_size = SMALL
        axis.axis_label_text_font_style = "normal"


class MembranePlot:
    """The membrane of one neuron: model, CADC and MADC over a grey ghost."""

    KINDS = ("ghost", "madc", "model", "cadc")
    LEVELS = ("leak", "reset", "threshold")

    def __init__(self, x_range: Range1d, cursor: Span) -> None:
        self.figure = _figure(
            x_range, cursor, 260, y_range=Range1d(-0.5, 1.5), min_border_bottom=4
        )
        self.figure.yaxis.axis_label = "membrane, model units"
        self.figure.xaxis.axis_label = None
        self.sources = {
            kind: ColumnDataSource({"x": [], "y": []}) for kind in self.KINDS
        }
        self.spikes = ColumnDataSource({"x": [], "y": []})
        draw = self.figure.line
        self.glyphs = {
            "ghost": draw(source=self.sources["ghost"], line_width=1.2),
            "madc": draw(source=self.sources["madc"], line_width=1, line_alpha=0.75),
            "model": draw(source=self.sources["model"], line_width=2),
            "cadc": self.figure.scatter(
                source=self.sources["cadc"], marker="circle", size=5
            ),
            "spikes": self.figure.scatter(
                source=self.spikes, marker="inverted_triangle", size=8
            ),
        }
        dashes = {"leak": "dotted", "reset": "dashdot", "threshold": "dashed"}
        self.levels = {
            name: Span(dimension="width", line_dash=dashes[name], visible=False)
            for name in self.LEVELS
        }
        for span in self.levels.values():
            self.figure.add_layout(span)
        self.names = LinearAxis(ticker=FixedTicker(ticks=[]))
        self.figure.add_layout(self.names, "right")

    def style(self, color: str, dark: bool) -> None:
        """Colour the plot for a population and a theme."""
        _style(self.figure, dark)
        quiet = TEXT[mode(dark)]["quiet"]
        for kind, renderer in self.glyphs.items():
            tone = GHOST[mode(dark)] if kind == "ghost" else color
            renderer.glyph.line_color = tone
            if kind in ("cadc", "spikes"):
                renderer.glyph.fill_color = (
                    SURFACES[mode(dark)]["card"] if kind == "cadc" else tone
                )
        for span in self.levels.values():
            span.line_color = quiet

    def draw(self, shown: Membrane) -> None:
        """Patch the data; axes stay."""
        for kind, source in self.sources.items():
            line = shown.lines.get(kind)
            if line is not None:
                x, y = min_max(line.time / us, line.values)
                source.data = {"x": x, "y": y}
            elif len(source.data["x"]):
                source.data = {"x": [], "y": []}
        for name, span in self.levels.items():
            if name in shown.levels:
                span.location = shown.levels[name]
            if span.visible != (name in shown.levels):
                span.visible = name in shown.levels
        names = _together(shown.levels)
        if self.names.major_label_overrides != names:
            # A new ticker would make Bokeh walk through all models of the page.
            self.names.ticker.ticks = list(names)
            self.names.major_label_overrides = names
        top = shown.levels.get("threshold", 0.0)
        times = (shown.spikes / us).astype(np.float32)
        self.spikes.data = {"x": times, "y": np.full(len(times), top, np.float32)}

    def fit(self, shown: Membrane) -> None:
        """Let the vertical axis hold everything that is shown, with room to play."""
        kinds = [k for k in shown.lines if k != "ghost"] or list(shown.lines)
        values = [shown.lines[kind].values for kind in kinds]
        everything = np.concatenate([*values, list(shown.levels.values())])
        everything = everything[np.isfinite(everything)]
        if not len(everything):
            return
        low, high = float(everything.min()), float(everything.max())
        height = max(high - low, 0.05)
        self.figure.y_range.update(start=low - 0.15 * height, end=high + 0.35 * height)


def _together(levels: dict[str, float]) -> dict[float, str]:
    """Return the text at each height; levels at one height share it."""
    texts: dict[float, str] = {}
    for name, height in levels.items():
        texts[height] = f"{texts[height]}, {name}" if height in texts else name
    return texts


class RasterPlot:
    """Spikes of all populations, stacked, each in its colour, counts at the right."""

    def __init__(self, x_range: Range1d, cursor: Span) -> None:
        self.figure = _figure(x_range, cursor, 220, y_range=Range1d(1, 0))
        self.figure.ygrid.visible = False
        self.figure.yaxis.ticker = FixedTicker(ticks=[])
        self.spikes = ColumnDataSource({"x": [], "y0": [], "y1": [], "c": [], "a": []})
        self.figure.segment(
            "x", "y0", "x", "y1", source=self.spikes, color="c", alpha="a", line_width=2
        )
        self.image = ColumnDataSource({"image": [], "dw": [], "dh": []})
        self.figure.image_rgba(
            "image", x=0, y=0, dw="dw", dh="dh", source=self.image, origin="top_left"
        )
        self.edges = ColumnDataSource({"top": [], "bottom": [], "width": [], "c": []})
        self.figure.quad(
            left=0,
            right="width",
            top="top",
            bottom="bottom",
            source=self.edges,
            fill_color="c",
            fill_alpha=0.07,
            line_color=None,
        )
        self.counts = LinearAxis(ticker=FixedTicker(ticks=[]))
        self.figure.add_layout(self.counts, "right")
        self._rows = 0

    def style(self, dark: bool) -> None:
        """Colour the plot for a theme."""
        _style(self.figure, dark)

    def draw(self, bands: list[Band], duration: float) -> None:
        """Patch the data; the rows change only if the populations do.

        :param duration: hardware time, s
        """
        tops = np.concatenate([[0], np.cumsum([band.size for band in bands])])
        rows = int(tops[-1])
        if rows != self._rows:
            self._rows = rows
            self.figure.y_range.update(start=max(rows, 1), end=0)
        self._label(bands, tops)
        self.edges.data = {
            "top": tops[:-1],
            "bottom": tops[1:],
            "width": [duration / us] * len(bands),
            "c": [band.color for band in bands],
        }
        spikes = sum(len(band.time) + len(band.faint_time) for band in bands)
        if spikes > MANY_SPIKES:
            self._draw_image(bands, tops, duration)
        else:
            self._draw_ticks(bands, tops)

    def _label(self, bands: list[Band], tops: NDArray[Any]) -> None:
        middles = [float(a + b) / 2 for a, b in pairwise(tops)]
        labels = {m: b.name for m, b in zip(middles, bands, strict=True)}
        counts = {m: _count(len(b.time)) for m, b in zip(middles, bands, strict=True)}
        axis = self.figure.yaxis[0]
        if axis.major_label_overrides != labels:
            axis.ticker.ticks = self.counts.ticker.ticks = middles
            axis.major_label_overrides = labels
        self.counts.major_label_overrides = counts

    def _draw_ticks(self, bands: list[Band], tops: NDArray[Any]) -> None:
        x, y0, y1, c, a = [], [], [], [], []
        for band, top in zip(bands, tops, strict=False):
            both = len(band.faint_time) > 0
            marks = [(band.time, band.neuron, 0.08, 0.5 if both else 0.92, 1.0)]
            marks.append((band.faint_time, band.faint_neuron, 0.58, 0.92, 0.6))
            for time, neuron, upper, lower, alpha in marks:
                x.append(time / us)
                y0.append(top + neuron + upper)
                y1.append(top + neuron + lower)
                c.extend([band.color] * len(time))
                a.append(np.full(len(time), alpha, np.float32))
        join = (lambda v: np.concatenate(v).astype(np.float32)) if x else np.array
        self.spikes.data = {
            "x": join(x), "y0": join(y0), "y1": join(y1), "c": c, "a": join(a),
        }  # fmt: skip
        if len(self.image.data["image"]):
            self.image.data = {"image": [], "dw": [], "dh": []}

    def _draw_image(
        self, bands: list[Band], tops: NDArray[Any], duration: float
    ) -> None:
        rows = int(tops[-1])
        pixels = np.zeros((min(rows, 400), 900, 4), np.uint8)
        for band, top in zip(bands, tops, strict=False):
            rgb = [int(band.color[i : i + 2], 16) for i in (1, 3, 5)]
            faint = counted(band.faint_time, top + band.faint_neuron, duration, rows)
            count = counted(band.time, top + band.neuron, duration, rows)
            pixels[faint > 0] = [*rgb, 110]
            pixels[count > 0] = [*rgb, 255]
        picture = pixels.view(np.uint32).reshape(pixels.shape[:2])
        self.image.data = {"image": [picture], "dw": [duration / us], "dh": [rows]}
        empty: list[float] = []
        self.spikes.data = {"x": empty, "y0": empty, "y1": empty, "c": [], "a": empty}


def _count(spikes: int) -> str:
    return "1 spike" if spikes == 1 else f"{spikes} spikes"
