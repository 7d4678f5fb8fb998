"""What is usually measured of neurons, mock and chip in one figure each."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from bokeh.models import BasicTicker, ColumnDataSource
from numpy.typing import NDArray

from workbench.plots.look import dress, plain_figure, reach
from workbench.plots.tables import Table
from workbench.theme import ACCENT, TEXT, mode

#: The curves in their order: title, x and y.
CURVES: Final = {
    "f–I": ("current, model", "rate, kHz"),
    "PSP": ("time, µs", "membrane, model"),
    "decay": ("time, µs", "membrane, model"),
    "transfer": ("leak, model", "rate, kHz"),
}


@dataclass(frozen=True)
class Characteristic:
    """One curve of one population.

    :param name: a key of `CURVES`
    :param where: ``"mock"`` or ``"chip"``
    :param x: shape (points,), as shown
    :param y: mean over neurons, same shape
    :param spread: standard deviation over neurons, same shape
    :param said: its number in words for the line above, or nothing
    """

    name: str
    where: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    spread: NDArray[np.float64]
    said: str = ""


def characteristics_table(found: tuple[Characteristic, ...]) -> Table:
    """Return all points of all curves."""
    counts = [len(c.x) for c in found]
    nothing = np.zeros(0)
    return Table(
        "characteristics",
        {
            "curve": np.repeat(np.array([c.name for c in found], str), counts),
            "where": np.repeat(np.array([c.where for c in found], str), counts),
            "x": np.concatenate([nothing, *(c.x for c in found)]),
            "mean": np.concatenate([nothing, *(c.y for c in found)]),
            "deviation": np.concatenate([nothing, *(c.spread for c in found)]),
        },
    )


class CharacteristicPlot:
    """One curve: mock dashed, the chip as a line with its spread over neurons."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.figure = plain_figure(152, title=name)
        self.figure.xaxis.axis_label, self.figure.yaxis.axis_label = CURVES[name]
        self.figure.xaxis.ticker = BasicTicker(desired_num_ticks=4)
        columns = ("x", "y", "low", "high")
        self.sources = {
            where: ColumnDataSource({column: [] for column in columns})
            for where in ("chip", "mock")
        }
        self._band = self.figure.varea("x", "low", "high", source=self.sources["chip"])
        self._lines = {
            where: self.figure.line(
                "x",
                "y",
                source=source,
                line_width=2,
                line_dash="dashed" if where == "mock" else "solid",
            )
            for where, source in self.sources.items()
        }

    def style(self, dark: bool) -> None:
        """Colour the plot for a theme."""
        dress(self.figure, dark)
        tone = ACCENT[mode(dark)]
        self._band.glyph.update(fill_color=tone, fill_alpha=0.16)
        self._lines["chip"].glyph.line_color = tone
        self._lines["mock"].glyph.line_color = TEXT[mode(dark)]["main"]

    def draw(self, found: tuple[Characteristic, ...]) -> None:
        """Patch the data with what of ``found`` is of this curve."""
        mine = {c.where: c for c in found if c.name == self.name}
        for where, source in self.sources.items():
            c = mine.get(where)
            source.data = (
                {column: [] for column in source.data}
                if c is None
                else {"x": c.x, "y": c.y, "low": c.y - c.spread, "high": c.y + c.spread}
            )
        values: list[Any] = [c.y for c in mine.values()]
        if values:
            reach(self.figure.x_range, np.concatenate([c.x for c in mine.values()]))
            reach(self.figure.y_range, np.concatenate(values))
