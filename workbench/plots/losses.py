"""What a network loses on the way to the chip: rounded weights, a full link."""

from typing import Any, Final

import numpy as np
from bokeh.models import ColumnDataSource, Legend, LegendItem, Span
from numpy.typing import NDArray

from core.units import WEIGHT_MAX
from workbench.plots.look import dress, plain_figure, reach
from workbench.theme import ACCENT, GHOST, PROBLEM, TEXT, mode

#: Most bars of the link, so that a long run stays light.
_MOST: Final = 600


class WeightsPlot:
    """Histogram of wanted weights over those that the chip holds."""

    def __init__(self) -> None:
        self.figure = plain_figure(210, title="weights")
        self.figure.xaxis.axis_label = "weight, LSB"
        self.figure.yaxis.axis_label = "synapses"
        place = {"left": "left", "right": "right", "top": "top", "bottom": 0}
        self.kept = ColumnDataSource({"left": [], "right": [], "top": []})
        self.wanted = ColumnDataSource({"left": [], "right": [], "top": []})
        self._kept = self.figure.quad(
            source=self.kept, fill_alpha=0.75, line_color=None, **place
        )
        self._wanted = self.figure.quad(
            source=self.wanted, fill_alpha=0, line_width=1.5, **place
        )
        self._ends = [
            Span(location=x, dimension="height", line_dash="dashed")
            for x in (-WEIGHT_MAX - 0.5, WEIGHT_MAX + 0.5)
        ]
        for span in self._ends:
            self.figure.add_layout(span)

    def style(self, dark: bool) -> None:
        """Colour the plot for a theme."""
        dress(self.figure, dark)
        self._kept.glyph.fill_color = ACCENT[mode(dark)]
        self._wanted.glyph.line_color = GHOST[mode(dark)]
        for span in self._ends:
            span.line_color = PROBLEM[mode(dark)]

    def draw(
        self, name: str, wanted: NDArray[np.float64], kept: NDArray[np.int64]
    ) -> None:
        """Patch the data.

        :param wanted: weights times weight scale, LSB, any shape
        :param kept: what the chip holds, same shape
        """
        self.figure.title.text = f"{name}: wanted (outline) and on the chip"
        widest = max(WEIGHT_MAX + 6.0, float(np.abs(wanted).max(initial=0.0)) + 1)
        edges = np.linspace(-widest, widest, 64)
        self.figure.x_range.update(start=-widest, end=widest)
        most = 1
        for source, values in ((self.wanted, wanted), (self.kept, kept)):
            counts = np.histogram(values, edges)[0]
            most = max(most, int(counts.max()))
            source.data = {"left": edges[:-1], "right": edges[1:], "top": counts}
        self.figure.y_range.update(start=0, end=1.08 * most)


class LinkPlot:
    """Events per microsecond into and out of the chip, and what the link carries."""

    def __init__(self) -> None:
        self.figure = plain_figure(210, title="load of the link")
        self.figure.xaxis.axis_label = "time, µs"
        self.figure.yaxis.axis_label = "events per µs"
        self.source = ColumnDataSource({"time": [], "into": [], "out": []})
        into = self.figure.step("time", "into", source=self.source, mode="after")
        out = self.figure.step(
            "time", "out", source=self.source, mode="after", line_dash="dashed"
        )
        self._lines = (into, out)
        self._legend = Legend(
            items=[
                LegendItem(label="into the chip", renderers=[into]),
                LegendItem(label="out of the chip", renderers=[out]),
            ],
            border_line_color=None,
            background_fill_alpha=0,
            location="top_right",
        )
        self.figure.add_layout(self._legend)
        self.limit = Span(location=0, dimension="width", line_dash="dotted")
        self.figure.add_layout(self.limit)

    def style(self, dark: bool) -> None:
        """Colour the plot for a theme."""
        dress(self.figure, dark)
        for line, tone in zip(
            self._lines, (ACCENT[mode(dark)], TEXT[mode(dark)]["main"]), strict=True
        ):
            line.glyph.update(line_color=tone, line_width=1.5)
        self.limit.line_color = PROBLEM[mode(dark)]
        self._legend.label_text_color = TEXT[mode(dark)]["quiet"]
        self._legend.label_text_font_size = "12px"

    def draw(
        self, into: NDArray[np.int32], out: NDArray[np.int32], per_us: float
    ) -> None:
        """Patch the data.

        :param into: events in each microsecond, shape (µs, batch)
        :param out: same shape
        :param per_us: what the link carries, 0 is any number
        """
        busiest = [_thinned(np.asarray(n).max(1)) for n in (into, out)]
        every = -(-len(into) // _MOST)
        time = np.arange(len(busiest[0])) * every
        self.source.data = {"time": time, "into": busiest[0], "out": busiest[1]}
        self.limit.location = per_us
        top = max(1, *(int(n.max(initial=0)) for n in busiest))
        self.limit.visible = 0 < per_us < 2 * top
        high = max(top, per_us) if self.limit.visible else top
        self.figure.y_range.update(start=0, end=1.08 * high)
        reach(self.figure.x_range, time, room=0.01)


def _thinned(counts: NDArray[Any]) -> NDArray[Any]:
    """Return the largest of each few counts, at most `_MOST`."""
    every = -(-len(counts) // _MOST)
    padded = np.pad(counts, (0, -len(counts) % max(every, 1)))
    return np.asarray(padded.reshape(-1, max(every, 1)).max(1))
