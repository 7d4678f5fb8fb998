"""Histogram of the intervals between spikes, one stepped line per population."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, Range1d
from numpy.typing import NDArray

from core.simulate import Raster
from core.units import us
from workbench.plots.figures import patch, plain_figure, restyle
from workbench.plots.raster import Band
from workbench.plots.statistics import histogram, intervals
from workbench.plots.tables import Table

BINS = 40


def interval_counts(
    bands: Sequence[Band],
) -> tuple[NDArray[Any], dict[str, NDArray[np.int64]]]:
    """Return the histogram of each population.

    :returns: edges of the bins, s, shape (bins + 1,), and counts by name
    """
    found = {b.name: intervals(Raster(b.time, b.neuron))[0] for b in bands}
    longest = max(
        (float(np.quantile(d, 0.99)) for d in found.values() if len(d)), default=0
    )
    end = 1.05 * longest or 1 * us
    edges = np.linspace(0, end, BINS + 1)
    return edges, {name: histogram(d, end, BINS) for name, d in found.items()}


def intervals_table(bands: Sequence[Band]) -> Table:
    """Return the histogram as a table."""
    edges, counts = interval_counts(bands)
    columns = {"from_us": edges[:-1] / us, "to_us": edges[1:] / us}
    return Table("intervals between spikes", {**columns, **counts})


class IntervalsPlot:
    """The histogram; its axes follow what is in it, it has nothing to compare."""

    def __init__(self) -> None:
        self.figure = plain_figure(
            200, x_range=Range1d(0, 100), y_range=Range1d(0, 10), min_border_right=12
        )
        self.figure.xaxis.axis_label = "interval between spikes, µs"
        self.figure.yaxis.axis_label = "intervals"
        self.source = ColumnDataSource({"xs": [], "ys": [], "color": []})
        self.figure.multi_line(
            "xs", "ys", source=self.source, line_color="color", line_width=2
        )

    def draw(self, bands: Sequence[Band], dark: bool) -> None:
        """Patch the data and fit the axes."""
        restyle(self.figure, dark)
        edges, counts = interval_counts(bands)
        x = np.repeat(edges / us, 2).astype(np.float32)
        lines = [np.concatenate([[0], np.repeat(c, 2), [0]]) for c in counts.values()]
        patch(
            self.source,
            {
                "xs": [x] * len(lines),
                "ys": [line.astype(np.float32) for line in lines],
                "color": [b.color for b in bands],
            },
        )
        highest = max((int(c.max()) for c in counts.values()), default=0)
        self.figure.x_range.update(start=0, end=float(edges[-1] / us))
        self.figure.y_range.update(start=0, end=1.1 * max(highest, 1))
