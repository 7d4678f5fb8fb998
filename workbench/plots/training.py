"""How a training goes: curves over epochs, map of classes, confusion, spikes.

Figures are made once and their data patched. What a curve shows is made by `smoothed`,
without any figure.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from bokeh.models import (
    ColumnDataSource,
    FactorRange,
    HoverTool,
    Legend,
    LegendItem,
    LinearColorMapper,
    Range1d,
)
from numpy.typing import NDArray

from core.training import History
from workbench.plots.look import dress, plain_figure
from workbench.theme import (
    ACCENT,
    FONT,
    GHOST,
    POPULATION_COLORS,
    SMALL,
    SURFACES,
    TEXT,
    mode,
)

HEIGHT: Final = 190
#: So many points of the curve of all steps are drawn.
MOST: Final = 300


def smoothed(values: Sequence[float], steps: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return epochs and means over neighbouring steps, at most `MOST` of them.

    :param values: one for each step
    :param steps: of an epoch

    >>> smoothed([1.0, 3.0], 2)
    (array([0.5, 1. ]), array([1., 3.]))
    """
    each = max(1, -(-len(values) // MOST))
    starts = np.arange(0, len(values), each)
    if not len(starts):
        return np.zeros(0), np.zeros(0)
    ends = np.minimum(starts + each, len(values))
    means = np.add.reduceat(np.asarray(values, float), starts) / (ends - starts)
    return ends / max(steps, 1), means


class CurvePlot:
    """Loss or accuracy: of all steps in grey, of the epochs as lines with points."""

    def __init__(self, title: str, *, share: bool = False) -> None:
        self.figure = plain_figure(HEIGHT, title=title)
        self.figure.xaxis.axis_label = "epoch"
        self._share = share
        if share:
            self.figure.yaxis.axis_label = "%"
        self.steps = ColumnDataSource({"x": [], "y": []})
        self.train = ColumnDataSource({"x": [], "y": []})
        self.validation = ColumnDataSource({"x": [], "y": []})
        self._steps = self.figure.line("x", "y", source=self.steps, line_width=1)
        self._train = self.figure.line(
            "x", "y", source=self.train, line_width=1.5, line_dash="dashed"
        )
        self._line = self.figure.line("x", "y", source=self.validation, line_width=2)
        self._points = self.figure.scatter("x", "y", source=self.validation, size=6)
        self._legend = Legend(
            items=[
                LegendItem(label="step", renderers=[self._steps]),
                LegendItem(label="training", renderers=[self._train]),
                LegendItem(label="validation", renderers=[self._line, self._points]),
            ],
            border_line_color=None,
            location="bottom_right" if share else "top_right",
            padding=2,
            spacing=0,
            glyph_width=16,
        )
        self.figure.add_layout(self._legend)

    def style(self, dark: bool) -> None:
        """Colour the plot for a theme."""
        name = mode(dark)
        dress(self.figure, dark)
        self._steps.glyph.line_color = GHOST[name]
        self._steps.glyph.line_alpha = 0.6
        self._train.glyph.line_color = TEXT[name]["main"]
        self._line.glyph.line_color = self._points.glyph.line_color = ACCENT[name]
        self._points.glyph.fill_color = ACCENT[name]
        self._legend.update(
            label_text_color=TEXT[name]["quiet"],
            label_text_font=FONT,
            label_text_font_size="11px",
            background_fill_color=SURFACES[name]["card"],
            background_fill_alpha=0.7,
        )

    def draw(
        self,
        values: Sequence[float],
        steps: int,
        train: NDArray[Any],
        validation: NDArray[Any],
        epochs: int,
    ) -> None:
        """Patch the data.

        :param values: one for each step
        :param steps: of an epoch
        :param train: one for each finished epoch
        :param validation: same
        :param epochs: how far the axis reaches
        """
        size = 100.0 if self._share else 1.0
        x, y = smoothed(values, steps)
        ends = np.arange(1, len(train) + 1)
        self.steps.data = {"x": x, "y": size * y}
        self.train.data = {"x": ends, "y": size * train}
        self.validation.data = {"x": ends, "y": size * validation}
        self.figure.x_range.update(start=0, end=max(epochs, 1))
        if self._share:
            self.figure.y_range.update(start=0, end=103)
        elif len(y):
            top = float(max(y.max(), validation.max(initial=0.0)))
            self.figure.y_range.update(start=0, end=1.06 * max(top, 1e-6))


class SpikesPlot:
    """Spikes per sample of all populations, epoch by epoch."""

    def __init__(self) -> None:
        self.figure = plain_figure(HEIGHT, title="spikes per sample")
        self.figure.xaxis.axis_label = "epoch"
        self.source = ColumnDataSource({"x": [], "y": []})
        self._line = self.figure.line("x", "y", source=self.source, line_width=2)
        self._points = self.figure.scatter("x", "y", source=self.source, size=6)

    def style(self, dark: bool) -> None:
        """Colour the plot for a theme."""
        dress(self.figure, dark)
        tone = ACCENT[mode(dark)]
        self._line.glyph.line_color = self._points.glyph.line_color = tone
        self._points.glyph.fill_color = tone

    def draw(self, rate: NDArray[Any], epochs: int) -> None:
        """Patch the data.

        :param rate: one for each finished epoch
        """
        self.source.data = {"x": np.arange(1, len(rate) + 1), "y": rate}
        top = float(rate.max(initial=0.0))
        self.figure.x_range.update(start=0, end=max(epochs, 1))
        self.figure.y_range.update(start=0, end=1.15 * max(top, 1.0))


class ClassMapPlot:
    """What the network answers at each point of the plane."""

    def __init__(self) -> None:
        self.figure = plain_figure(
            230, title="answer at each point", x_range=Range1d(0, 1)
        )
        self.figure.xaxis.axis_label, self.figure.yaxis.axis_label = "x", "y"
        self.figure.grid.visible = False
        self._mapper = LinearColorMapper(palette=["#000000"], low=-0.5, high=0.5)
        # Hidden while there is none: Bokeh stumbles over an image that is taken away.
        self.source = ColumnDataSource({"image": [np.zeros((2, 2), np.uint8)]})
        self.image = self.figure.image(
            "image", x=0, y=0, dw=1, dh=1, source=self.source, color_mapper=self._mapper
        )
        self.image.visible = False
        self._names = ColumnDataSource({"x": [], "y": [], "name": []})
        self._labels = self.figure.text(
            "x",
            "y",
            "name",
            source=self._names,
            text_align="center",
            text_baseline="middle",
            text_font={"value": FONT},
            text_font_size="13px",
        )

    def style(self, dark: bool) -> None:
        """Colour the plot for a theme."""
        dress(self.figure, dark)
        colors = POPULATION_COLORS[mode(dark)]
        self._colors = [colors[n % len(colors)] for n in range(20)]
        self._labels.glyph.text_color = SURFACES[mode(dark)]["card"]
        self._paint(int(self._mapper.high + 0.5))

    def draw(self, found: NDArray[np.int64] | None, classes: Sequence[str]) -> None:
        """Patch the data.

        :param found: classes on a square grid, shape (y, x)
        """
        if found is None:
            self.image.visible = False
            self._names.data = {"x": [], "y": [], "name": []}
            return
        self._paint(len(classes))
        self.source.data = {"image": [found.astype(np.uint8)]}
        self.image.visible = True
        self._names.data = names_on(found, classes)

    def _paint(self, classes: int) -> None:
        classes = max(classes, 1)
        self._mapper.update(
            palette=self._colors[:classes], low=-0.5, high=classes - 0.5
        )


def names_on(found: NDArray[np.int64], classes: Sequence[str]) -> dict[str, Any]:
    """Return where to write each class: inside of where it is the answer.

    >>> names_on(np.array([[0, 0], [1, 1]]), ["a", "b"])["name"]
    ['a', 'b']
    """
    side = len(found)
    names: dict[str, Any] = {"x": [], "y": [], "name": []}
    for number, name in enumerate(classes):
        inside = _deepest(found == number)
        if inside is not None:
            y, x = inside
            names["x"].append((x + 0.5) / side)
            names["y"].append((y + 0.5) / side)
            names["name"].append(name)
    return names


def _deepest(where: NDArray[np.bool_]) -> tuple[int, int] | None:
    """Return the point of a region that is farthest from its edge."""
    left, point = where, None
    while left.any():
        point = left
        padded = np.pad(left, 1)
        left = (
            left
            & padded[:-2, 1:-1]
            & padded[2:, 1:-1]
            & padded[1:-1, :-2]
            & padded[1:-1, 2:]
        )
    if point is None:
        return None
    y, x = np.nonzero(point)
    middle = np.hypot(y - y.mean(), x - x.mean()).argmin()
    return int(y[middle]), int(x[middle])


class ConfusionPlot:
    """Samples by class and answer, with their numbers."""

    def __init__(self) -> None:
        self.figure = plain_figure(
            230, title="confusion", x_range=FactorRange(), y_range=FactorRange()
        )
        self.figure.xaxis.axis_label, self.figure.yaxis.axis_label = "answer", "class"
        self.figure.grid.visible = False
        columns = ("answer", "label", "count", "share", "alpha", "ink")
        self.source = ColumnDataSource({name: [] for name in columns})
        self._boxes = self.figure.rect(
            "answer",
            "label",
            width=0.96,
            height=0.96,
            source=self.source,
            fill_alpha="alpha",
            line_color=None,
        )
        self._texts = self.figure.text(
            "answer",
            "label",
            "count",
            source=self.source,
            text_align="center",
            text_baseline="middle",
            text_font={"value": FONT},
            text_font_size=SMALL,
            text_color="ink",
        )
        self.figure.add_tools(
            HoverTool(
                renderers=[self._boxes],
                tooltips="<b>@label</b>, answered <b>@answer</b>: @count (@share)",
            )
        )
        self._dark = False
        self._shown: tuple[Any, Sequence[str]] = (None, ())

    def style(self, dark: bool) -> None:
        """Colour the plot for a theme."""
        self._dark = dark
        dress(self.figure, dark)
        self._boxes.glyph.fill_color = ACCENT[mode(dark)]
        self.draw(*self._shown)

    def draw(self, found: NDArray[np.int64] | None, classes: Sequence[str]) -> None:
        """Patch the data.

        :param found: samples, shape (class, answer)
        """
        self._shown = (found, classes)
        # Hidden, not emptied: Bokeh would paint colours that are gone.
        self._boxes.visible = self._texts.visible = found is not None
        if found is None:
            return
        share = found / np.maximum(found.sum(1, keepdims=True), 1)
        label, answer = np.indices(found.shape)
        inks = TEXT[mode(self._dark)]["main"], SURFACES[mode(self._dark)]["card"]
        self.figure.x_range.factors = list(classes)
        self.figure.y_range.factors = list(classes)[::-1]
        self.source.data = {
            "label": [classes[int(k)] for k in label.ravel()],
            "answer": [classes[int(k)] for k in answer.ravel()],
            "count": [str(n) for n in found.ravel()],
            "share": [f"{s:.0%}" for s in share.ravel()],
            "alpha": 0.06 + 0.94 * share.ravel(),
            "ink": [inks[int(s > 0.5)] for s in share.ravel()],
        }


class TrainingPlots:
    """All figures of a training."""

    def __init__(self) -> None:
        self.loss = CurvePlot("loss")
        self.accuracy = CurvePlot("accuracy", share=True)
        self.spikes = SpikesPlot()
        self.map = ClassMapPlot()
        self.confusion = ConfusionPlot()

    def style(self, dark: bool) -> None:
        """Colour all plots for a theme."""
        for plot in (self.loss, self.accuracy, self.spikes, self.map, self.confusion):
            plot.style(dark)

    def curves(
        self,
        loss: Sequence[float],
        accuracy: Sequence[float],
        steps: int,
        history: History | None,
        epochs: int,
    ) -> None:
        """Draw what changes with each step."""
        nothing = np.zeros(0)
        h = history
        self.loss.draw(
            loss,
            steps,
            nothing if h is None else h.loss,
            nothing if h is None else h.validation_loss,
            epochs,
        )
        self.accuracy.draw(
            accuracy,
            steps,
            nothing if h is None else h.accuracy,
            nothing if h is None else h.validation_accuracy,
            epochs,
        )
        self.spikes.draw(nothing if h is None else h.rate, epochs)
