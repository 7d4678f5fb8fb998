"""What a sweep found: a curve with its spread over chips, or a heat map.

`Found` is the data of either, filled point by point while the sweep runs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from bokeh.events import Tap
from bokeh.models import (
    BasicTicker,
    ColorBar,
    ColumnDataSource,
    HoverTool,
    LinearColorMapper,
    Span,
)
from bokeh.palettes import Cividis256
from numpy.typing import NDArray

from workbench.plots.look import dress, plain_figure, reach
from workbench.plots.tables import Table
from workbench.theme import ACCENT, FONT, GHOST, PROBLEM, SMALL, TEXT, mode

HEIGHT: Final = 380


@dataclass(frozen=True)
class Found:
    """One measure over one or two parameters.

    :param axes: values of each parameter, as shown
    :param labels: of each parameter, with its unit
    :param chips: numbers of the chips
    :param values: shape (points of each axis ..., chips, neurons); NaN where there is
        nothing, or nothing yet
    :param name: of the measure, with its unit
    """

    axes: tuple[NDArray[np.float64], ...]
    labels: tuple[str, ...]
    chips: tuple[int, ...]
    values: NDArray[np.float64]
    name: str

    def by_chip(self) -> NDArray[np.float64]:
        """Return means over neurons, shape (points of each axis ..., chips)."""
        return _mean(self.values)

    def mean(self) -> NDArray[np.float64]:
        """Return means over chips and neurons, shape (points of each axis ...)."""
        return _mean(self.values.reshape(*self.values.shape[:-2], -1))

    def spread(self) -> NDArray[np.float64]:
        """Return standard deviations over chips; with one chip those over neurons."""
        several = len(self.chips) > 1
        values = self.by_chip() if several else self.values[..., 0, :]
        off = values - _mean(values)[..., None]
        return np.sqrt(_mean(off**2))

    def table(self) -> Table:
        """Return one row for each point and chip."""
        grid = np.meshgrid(*self.axes, self.chips, indexing="ij")
        names = [*self.labels, "chip"]
        columns = {n: g.ravel() for n, g in zip(names, grid, strict=True)}
        columns["chip"] = columns["chip"].astype(int)
        columns[self.name] = self.by_chip().ravel()
        neurons = self.values.shape[-1]
        if neurons > 1:
            flat = self.values.reshape(-1, neurons)
            columns |= {f"neuron {n}": flat[:, n] for n in range(neurons)}
        return Table(self.name, columns)


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return means over the last axis of what is known, NaN where nothing is."""
    known = ~np.isnan(values)
    total = np.where(known, values, 0).sum(-1)
    count = known.sum(-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


class SweepCurve:
    """The mean over one parameter, each chip as a thin line, the spread as a band.

    :param on_click: called with the value of the nearest point
    """

    def __init__(self, on_click: Callable[[float], None]) -> None:
        self.figure = plain_figure(HEIGHT, tools="xpan,xwheel_zoom,tap")
        columns = ("x", "y", "low", "high")
        self.source = ColumnDataSource({name: [] for name in columns})
        self.chips = ColumnDataSource({"xs": [], "ys": [], "chip": []})
        self._band = self.figure.varea("x", "low", "high", source=self.source)
        self._chips = self.figure.multi_line("xs", "ys", source=self.chips)
        self._line = self.figure.line("x", "y", source=self.source, line_width=2)
        self._points = self.figure.scatter("x", "y", source=self.source, size=8)
        self._now = Span(location=0, dimension="height", line_dash="dashed")
        self.figure.add_layout(self._now)
        self.figure.add_tools(
            HoverTool(renderers=[self._points], tooltips="@x{0.[0000]}: @y{0.[0000]}")
        )
        self._on_click = on_click
        self.figure.on_event(Tap, self._tapped)

    def style(self, dark: bool) -> None:
        """Colour the plot for a theme."""
        dress(self.figure, dark)
        tone = ACCENT[mode(dark)]
        self._band.glyph.update(fill_color=tone, fill_alpha=0.16)
        self._chips.glyph.update(line_color=GHOST[mode(dark)], line_alpha=0.6)
        self._line.glyph.line_color = tone
        self._points.glyph.update(fill_color=tone, line_color=tone)
        self._now.line_color = TEXT[mode(dark)]["quiet"]

    def draw(self, found: Found, now: float) -> None:
        """Patch the data.

        :param now: the value in the document, as shown
        """
        x, y, spread = found.axes[0], found.mean(), found.spread()
        known = ~np.isnan(y)
        self.source.data = {
            "x": x[known],
            "y": y[known],
            "low": (y - spread)[known],
            "high": (y + spread)[known],
        }
        several: Any = found.by_chip().T if len(found.chips) > 1 else []
        self.chips.data = {
            "xs": [x for _ in several],
            "ys": list(several),
            "chip": list(found.chips) if len(several) else [],
        }
        self.figure.xaxis.axis_label, self.figure.yaxis.axis_label = (
            found.labels[0],
            found.name,
        )
        self._now.location = now
        reach(self.figure.x_range, x)
        reach(self.figure.y_range, [y - spread, y + spread])

    def _tapped(self, event: Any) -> None:
        x = np.asarray(self.source.data["x"])
        if len(x) and event.x is not None:
            self._on_click(float(x[np.abs(x - event.x).argmin()]))


class SweepMap:
    """The mean over two parameters as a heat map with its scale.

    :param on_click: called with the values of the point that was hit
    """

    def __init__(self, on_click: Callable[[float, float], None]) -> None:
        self.figure = plain_figure(HEIGHT, tools="tap")
        self.figure.grid.visible = False
        columns = ("x", "y", "width", "height", "value")
        self.source = ColumnDataSource({name: [] for name in columns})
        self._mapper = LinearColorMapper(palette=Cividis256, low=0, high=1)
        self._boxes = self.figure.rect(
            "x",
            "y",
            width="width",
            height="height",
            source=self.source,
            fill_color={"field": "value", "transform": self._mapper},
            line_color=None,
        )
        self._bar = ColorBar(
            color_mapper=self._mapper,
            width=12,
            ticker=BasicTicker(desired_num_ticks=6),
            background_fill_color=None,
        )
        self.figure.add_layout(self._bar, "right")
        self.now = ColumnDataSource({"x": [], "y": []})
        self._now = self.figure.scatter(
            "x", "y", source=self.now, marker="cross", size=16, line_width=2
        )
        self.figure.add_tools(
            HoverTool(
                renderers=[self._boxes],
                tooltips="@x{0.[0000]}, @y{0.[0000]}: <b>@value{0.[0000]}</b>",
            )
        )
        self._axes: tuple[NDArray[Any], ...] = ()
        self._on_click = on_click
        self.figure.on_event(Tap, self._tapped)

    def style(self, dark: bool) -> None:
        """Colour the plot for a theme."""
        name = mode(dark)
        dress(self.figure, dark)
        self._now.glyph.line_color = PROBLEM[name]
        self._bar.update(
            major_label_text_color=TEXT[name]["quiet"],
            title_text_color=TEXT[name]["quiet"],
            major_label_text_font=FONT,
            title_text_font=FONT,
            major_label_text_font_size=SMALL,
            title_text_font_size=SMALL,
            title_text_font_style="normal",
        )

    def draw(self, found: Found, now: tuple[float, float]) -> None:
        """Patch the data.

        :param now: the values in the document, as shown
        """
        self._axes = found.axes
        mean = found.mean()
        x, y = np.meshgrid(*found.axes, indexing="ij")
        width, height = (_width(axis) for axis in found.axes)
        known = ~np.isnan(mean)
        value = mean[known]
        low, high = (value.min(), value.max()) if len(value) else (0.0, 1.0)
        self._mapper.update(low=low, high=high if high > low else low + 1)
        self.source.data = {
            "x": x[known],
            "y": y[known],
            "width": np.full(len(value), width),
            "height": np.full(len(value), height),
            "value": value,
        }
        self.now.data = {"x": [now[0]], "y": [now[1]]}
        self._bar.title = found.name
        self.figure.xaxis.axis_label, self.figure.yaxis.axis_label = found.labels
        for limits, axis, size in (
            (self.figure.x_range, found.axes[0], width),
            (self.figure.y_range, found.axes[1], height),
        ):
            limits.update(start=axis.min() - size / 2, end=axis.max() + size / 2)

    def _tapped(self, event: Any) -> None:
        if self._axes and event.x is not None:
            x, y = (
                float(axis[np.abs(axis - at).argmin()])
                for axis, at in zip(self._axes, (event.x, event.y), strict=True)
            )
            self._on_click(x, y)


def _width(axis: NDArray[Any]) -> float:
    return float(np.ptp(axis) / (len(axis) - 1)) if len(axis) > 1 else 1.0
