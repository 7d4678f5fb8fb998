"""Spikes of all populations, stacked, each in its colour, counts at the right."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from bokeh.models import (
    ColumnDataSource,
    FixedTicker,
    LinearAxis,
    LinearColorMapper,
    Range1d,
    Span,
)
from numpy.typing import NDArray

from core.units import us
from workbench.plots.decimate import counted
from workbench.plots.figures import patch, restyle, time_figure
from workbench.theme import TEXT, mode

#: More spikes than this are drawn as an image of counts.
MANY_SPIKES = 6000
#: Where the ticks of a row begin and end, by how many kinds share it: the run (chip,
#: if it ran), the model beside a chip, a recording.
PLACES = {
    1: ((0.08, 0.92),),
    2: ((0.08, 0.5), (0.58, 0.92)),
    3: ((0.06, 0.36), (0.39, 0.61), (0.64, 0.94)),
}


@dataclass(frozen=True)
class Band:
    """The rows of one population in the raster.

    :param color: of the population
    :param time: spike times, s
    :param neuron: same shape
    :param faint_time: spikes of the model beside those of the chip
    :param recorded_time: spikes of a recording that is laid over the run
    """

    name: str
    size: int
    color: str
    time: NDArray[Any]
    neuron: NDArray[Any]
    faint_time: NDArray[Any] = field(default_factory=lambda: np.zeros(0))
    faint_neuron: NDArray[Any] = field(default_factory=lambda: np.zeros(0, int))
    recorded_time: NDArray[Any] = field(default_factory=lambda: np.zeros(0))
    recorded_neuron: NDArray[Any] = field(default_factory=lambda: np.zeros(0, int))


class RasterPlot:
    """The raster: a tick per spike, or an image of counts where there are many."""

    def __init__(self, x_range: Range1d, cursor: Span) -> None:
        self.figure = time_figure(x_range, cursor, 220, y_range=Range1d(1, 0))
        self.figure.ygrid.visible = False
        self.figure.yaxis.ticker = FixedTicker(ticks=[])
        # Which population, as a number: a text for each spike would be long to send.
        self._mapper = LinearColorMapper(palette=["#000000"], low=0, high=1)
        empty: dict[str, list[float]] = {"x": [], "y0": [], "y1": [], "band": []}
        self.spikes = ColumnDataSource(dict(empty), name="spikes")
        self.faint = ColumnDataSource(dict(empty), name="faint")
        for source, alpha in ((self.spikes, 1.0), (self.faint, 0.6)):
            self.figure.segment(
                "x",
                "y0",
                "x",
                "y1",
                source=source,
                line_color={"field": "band", "transform": self._mapper},
                line_alpha=alpha,
                line_width=2,
            )
        self.recorded = ColumnDataSource(dict(empty), name="recorded")
        self._ink = self.figure.segment(
            "x", "y0", "x", "y1", source=self.recorded, line_width=2
        )
        self.image = ColumnDataSource({"image": [], "dw": [], "dh": []})
        self.figure.image_rgba(
            "image", x=0, y=0, dw="dw", dh="dh", source=self.image, origin="top_left"
        )
        self.edges = ColumnDataSource(
            {"top": [], "bottom": [], "width": [], "c": [], "name": []}, name="edges"
        )
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
        self._drawn: Any = None

    def style(self, dark: bool) -> None:
        """Colour the plot for a theme."""
        restyle(self.figure, dark)
        self._ink.glyph.line_color = TEXT[mode(dark)]["main"]

    def fit(self) -> None:
        """Show all rows."""
        self.figure.y_range.update(start=max(self._rows, 1), end=0)

    def draw(self, bands: list[Band], duration: float) -> None:
        """Patch the data; the rows change only if the populations do.

        :param duration: hardware time, s
        """
        tops = np.concatenate([[0], np.cumsum([band.size for band in bands])])
        if int(tops[-1]) != self._rows:
            self._rows = int(tops[-1])
            self.fit()
        self._frame(bands, tops, duration)
        counts = [_count(len(b.time)) for b in bands]
        texts = dict(zip(self.counts.ticker.ticks, counts, strict=True))
        if self.counts.major_label_overrides != texts:
            self.counts.major_label_overrides = texts
        spikes = sum(
            len(b.time) + len(b.faint_time) + len(b.recorded_time) for b in bands
        )
        if spikes > MANY_SPIKES:
            self._draw_image(bands, tops, duration)
        else:
            self._draw_ticks(bands, tops)

    def _frame(self, bands: list[Band], tops: NDArray[Any], duration: float) -> None:
        """Draw what stays from run to run: names, colours and grounds of the rows."""
        drawn = [(b.name, b.size, b.color) for b in bands], duration
        if drawn == self._drawn:
            return
        self._drawn = drawn
        colors = [band.color for band in bands]
        self._mapper.update(palette=colors or ["#000000"], high=max(len(colors), 1))
        self.edges.data = {
            "top": tops[:-1],
            "bottom": tops[1:],
            "width": [duration / us] * len(bands),
            "c": colors,
            "name": [band.name for band in bands],
        }
        middles = [float(a + b) / 2 for a, b in pairwise(tops)]
        labels = {m: b.name for m, b in zip(middles, bands, strict=True)}
        axis = self.figure.yaxis[0]
        axis.ticker.ticks = self.counts.ticker.ticks = middles
        axis.major_label_overrides = labels

    def _draw_ticks(self, bands: list[Band], tops: NDArray[Any]) -> None:
        spikes = [(b.time, b.neuron) for b in bands]
        faint = [(b.faint_time, b.faint_neuron) for b in bands]
        recorded = [(b.recorded_time, b.recorded_neuron) for b in bands]
        kinds = {self.spikes: spikes, self.faint: faint, self.recorded: recorded}
        more = [s for s in (self.faint, self.recorded) if any_of(kinds[s])]
        places = PLACES[1 + len(more)]
        for source, trains in kinds.items():
            place = places[1 + more.index(source)] if source in more else places[0]
            patch(source, _ticks(trains, tops, place))
        patch(self.image, {"image": [], "dw": [], "dh": []})

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
            seen = counted(
                band.recorded_time, top + band.recorded_neuron, duration, rows
            )
            pixels[seen > 0] = [128, 128, 128, 255]
        picture = pixels.view(np.uint32).reshape(pixels.shape[:2])
        self.image.data = {"image": [picture], "dw": [duration / us], "dh": [rows]}
        for source in (self.spikes, self.faint, self.recorded):
            patch(source, {"x": [], "y0": [], "y1": [], "band": []})


def any_of(trains: list[tuple[NDArray[Any], NDArray[Any]]]) -> bool:
    """Return whether there is a spike in any of the trains."""
    return any(len(time) for time, _ in trains)


def _ticks(
    trains: list[tuple[NDArray[Any], NDArray[Any]]],
    tops: NDArray[Any],
    place: tuple[float, float],
) -> dict[str, NDArray[Any]]:
    """Return a tick for each spike of all bands, at its ``place`` within the row."""
    none = np.zeros(0, np.float32)
    rows = [top + n for (_, n), top in zip(trains, tops, strict=False)]
    row = np.concatenate([none, *rows]).astype(np.float32)
    counts = [len(time) for time, _ in trains]
    return {
        "x": np.concatenate([none, *(t / us for t, _ in trains)]).astype(np.float32),
        "y0": row + np.float32(place[0]),
        "y1": row + np.float32(place[1]),
        "band": np.repeat(np.arange(len(trains), dtype=np.uint8), counts),
    }


def _count(spikes: int) -> str:
    return "1 spike" if spikes == 1 else f"{spikes} spikes"
