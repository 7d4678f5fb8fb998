"""Rate of each population over time, as steps.

In a bin of width ``d`` with ``k`` spikes of ``n`` neurons the rate is ``k / (n d)``.
"""

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, Range1d, Span
from numpy.typing import NDArray

from core.units import us
from workbench.plots.figures import patch, restyle, time_figure
from workbench.plots.raster import Band

#: About this many bins are drawn.
BINS = 50
KHZ = 1e3


def binned_rate(
    time: NDArray[Any], size: int, duration: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the rate per neuron over time.

    :param time: spike times of all ``size`` neurons, s
    :param duration: hardware time, s
    :returns: edges of the bins, s, shape (bins + 1,), and rates, Hz, shape (bins,)
    """
    width = bin_width(duration)
    bins = max(1, int(np.ceil(duration / width - 1e-9)))
    place = np.minimum((time / width + 1e-9).astype(np.int64), bins - 1)
    counts = np.bincount(place, minlength=bins)
    edges = np.minimum(width * np.arange(bins + 1), duration)
    return edges, counts / (size * np.diff(edges))


def bin_width(duration: float) -> float:
    """Return 1, 2 or 5 times a power of ten, s: about `BINS` of them fit."""
    wanted = duration / BINS
    power = 10.0 ** np.floor(np.log10(wanted))
    return float(next(m * power for m in (1, 2, 5, 10) if m * power >= wanted * 0.999))


class RatesPlot:
    """One stepped line per population over the common time axis."""

    def __init__(self, x_range: Range1d, cursor: Span) -> None:
        self.figure = time_figure(x_range, cursor, 110, y_range=Range1d(0, 50))
        self.figure.yaxis.axis_label = "rate, kHz"
        self.figure.yaxis[0].ticker.desired_num_ticks = 3
        self.source = ColumnDataSource(
            {"xs": [], "ys": [], "color": [], "name": []}, name="rates"
        )
        self.figure.multi_line(
            "xs", "ys", source=self.source, line_color="color", line_width=2
        )
        self._fitted = False

    def style(self, dark: bool) -> None:
        """Colour the plot for a theme."""
        restyle(self.figure, dark)

    def draw(self, bands: list[Band], duration: float) -> None:
        """Patch the data; the axis is fitted the first time only."""
        xs, ys = [], []
        for band in bands:
            edges, rate = binned_rate(band.time, band.size, duration)
            xs.append(np.repeat(edges / us, 2)[1:-1].astype(np.float32))
            ys.append(np.repeat(rate / KHZ, 2).astype(np.float32))
        colors, names = [b.color for b in bands], [b.name for b in bands]
        patch(self.source, {"xs": xs, "ys": ys, "color": colors, "name": names})
        if not self._fitted:
            self.fit()

    def fit(self) -> None:
        """Let the vertical axis hold the highest rate."""
        highest = max((float(y.max()) for y in self.source.data["ys"]), default=0.0)
        if highest > 0:
            self._fitted = True
            self.figure.y_range.update(start=0, end=1.15 * highest)
