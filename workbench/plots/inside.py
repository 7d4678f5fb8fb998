"""One neuron as the lab sees it, and as it really is."""

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, Legend, LegendItem
from numpy.typing import NDArray

from core.inside import Inside
from core.units import us
from workbench.plots.decimate import min_max
from workbench.plots.look import dress, plain_figure, reach
from workbench.theme import ACCENT, POPULATION_COLORS, SURFACES, TEXT, mode

Samples = tuple[NDArray[Any], NDArray[Any]]
_CURRENTS = {
    "excitatory": ("excitatory input", "solid"),
    "inhibitory": ("inhibitory input", "dashed"),
    "adaptation": ("adaptation", "dotted"),
}


class InsidePlots:
    """The membrane with what the converters read of it, and the hidden currents."""

    def __init__(self) -> None:
        self.membrane = plain_figure(230, title="membrane")
        self.membrane.yaxis.axis_label = "membrane, LSB"
        self.currents = plain_figure(
            200,
            title="currents, which no converter reads",
            x_range=self.membrane.x_range,
        )
        self.currents.xaxis.axis_label = "time, µs"
        self.currents.yaxis.axis_label = "current, LSB/µs"
        self.lines = {n: _empty() for n in ("truth", "cadc", "madc", *_CURRENTS)}
        draw = self.membrane.line
        self.glyphs = {
            "madc": draw(source=self.lines["madc"], line_width=1, line_alpha=0.7),
            "truth": draw(source=self.lines["truth"], line_width=2),
            "cadc": self.membrane.scatter(
                source=self.lines["cadc"], marker="circle", size=6
            ),
        }
        names = {"truth": "really", "cadc": "CADC", "madc": "MADC"}
        self._legends = [
            _legend(self.membrane, [(names[n], self.glyphs[n]) for n in names])
        ]
        for name, (_, dash) in _CURRENTS.items():
            self.glyphs[name] = self.currents.line(
                source=self.lines[name], line_width=1.6, line_dash=dash
            )
        items = [(words, self.glyphs[n]) for n, (words, _) in _CURRENTS.items()]
        self._legends.append(_legend(self.currents, items))

    def style(self, color: str, dark: bool) -> None:
        """Colour the plots for a population and a theme."""
        name = mode(dark)
        for plot in (self.membrane, self.currents):
            dress(plot, dark)
        for legend in self._legends:
            legend.label_text_color = TEXT[name]["quiet"]
            legend.label_text_font_size = "12px"
        self.glyphs["truth"].glyph.line_color = TEXT[name]["main"]
        self.glyphs["madc"].glyph.line_color = color
        self.glyphs["cadc"].glyph.update(
            line_color=color, fill_color=SURFACES[name]["card"]
        )
        tones = (POPULATION_COLORS[name][0], POPULATION_COLORS[name][1], ACCENT[name])
        for current, tone in zip(_CURRENTS, tones, strict=True):
            self.glyphs[current].glyph.line_color = tone

    def draw(
        self, cadc: Samples | None, madc: Samples | None, truth: Inside | None
    ) -> None:
        """Patch the data.

        :param cadc: times in s and raw values in LSB, or None
        :param madc: the same
        :param truth: None hides what the lab cannot see
        """
        self._put("cadc", cadc, thin=False)
        self._put("madc", madc)
        self._put("truth", None if truth is None else (truth.time, truth.membrane))
        for name in _CURRENTS:
            known = None if truth is None else (truth.time, getattr(truth, name))
            self._put(name, known)

    def fit(self) -> None:
        """Let the axes hold all that is drawn."""
        shown = [self.lines[n].data for n in ("truth", "cadc", "madc")]
        reach(self.membrane.x_range, np.concatenate([d["x"] for d in shown]), 0.01)
        reach(self.membrane.y_range, np.concatenate([d["y"] for d in shown]))
        currents = [self.lines[n].data["y"] for n in _CURRENTS]
        reach(self.currents.y_range, np.concatenate(currents), base=(0, 1))

    def _put(self, name: str, samples: Samples | None, thin: bool = True) -> None:
        source = self.lines[name]
        if samples is None or not len(samples[0]):
            if len(source.data["x"]):
                source.data = {"x": [], "y": []}
            return
        x: NDArray[Any] = samples[0] / us
        y: NDArray[Any] = samples[1]
        if thin:
            x, y = min_max(x, y)
        source.data = {"x": x, "y": np.asarray(y, np.float32)}


def _empty() -> ColumnDataSource:
    return ColumnDataSource({"x": [], "y": []})


def _legend(plot: Any, items: list[tuple[str, Any]]) -> Legend:
    legend = Legend(
        items=[LegendItem(label=label, renderers=[glyph]) for label, glyph in items],
        orientation="horizontal",
        border_line_color=None,
        background_fill_alpha=0,
        padding=0,
        margin=2,
    )
    plot.add_layout(legend, "above")
    return legend
