"""The weight matrix of one projection as a heat map: targets down, sources across."""

import numpy as np
from bokeh.models import (
    ColorBar,
    ColumnDataSource,
    HoverTool,
    LinearColorMapper,
    Range1d,
)

from core.spec.network import ProjectionSpec
from core.units import WEIGHT_MAX
from workbench.plots.figures import plain_figure, restyle
from workbench.plots.tables import Table
from workbench.theme import FONT, SMALL, SURFACES, TEXT, mode

#: Inhibitory blue, excitatory orange: told apart by all eyes, as light as each other.
ENDS = {"light": ("#0a5c8f", "#b44800"), "dark": ("#6cc4f5", "#ff9a56")}
STEPS = 129


def palette(dark: bool) -> list[str]:
    """Return the colours from the most negative to the most positive weight."""
    name = mode(dark)
    middle = _rgb(SURFACES[name]["card"])
    low, high = (_rgb(end) for end in ENDS[name])
    share = np.abs(np.linspace(-1, 1, STEPS))[:, None]
    ends = np.where(np.arange(STEPS)[:, None] < STEPS // 2, low, high)
    mixed = np.rint(middle + share * (ends - middle)).astype(int)
    return ["#" + "".join(f"{c:02x}" for c in row) for row in mixed]


def _rgb(color: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)], dtype=float)


def weights_table(projection: ProjectionSpec | None) -> Table:
    """Return one row per synapse, in model units and in LSB as they are written."""
    if projection is None:
        return Table("weights", {"target": np.zeros(0, int)})
    weights = np.asarray(projection.weights)
    target, source = np.indices(weights.shape)
    lsb = np.clip(np.rint(weights * projection.weight_scale), -WEIGHT_MAX, WEIGHT_MAX)
    return Table(
        f"weights of {projection.name}",
        {
            "target": target.ravel(),
            "source": source.ravel(),
            "weight_model": weights.ravel(),
            "weight_lsb": lsb.ravel().astype(int),
        },
    )


class WeightsPlot:
    """The heat map; the pointer reads target, source and weight."""

    def __init__(self) -> None:
        self.figure = plain_figure(
            200, x_range=Range1d(0, 1), y_range=Range1d(1, 0), min_border_right=16
        )
        self.figure.grid.visible = False
        self.source = ColumnDataSource({"image": [], "dw": [], "dh": []})
        self._mapper = LinearColorMapper(palette=palette(False), low=-1, high=1)
        self._image = self.figure.image(
            "image",
            x=0,
            y=0,
            dw="dw",
            dh="dh",
            source=self.source,
            color_mapper=self._mapper,
            origin="top_left",
        )
        self.figure.add_tools(
            HoverTool(
                renderers=[self._image],
                tooltips=[("weight", "@image{0.000}"), ("source, target", "$x, $y")],
            )
        )
        self._bar = ColorBar(color_mapper=self._mapper, width=10, padding=4)
        self.figure.add_layout(self._bar, "right")

    def draw(self, projection: ProjectionSpec | None, dark: bool) -> None:
        """Show a projection, or nothing."""
        restyle(self.figure, dark)
        self._bar.update(
            background_fill_color=None,
            major_label_text_color=TEXT[mode(dark)]["quiet"],
            major_label_text_font=FONT,
            major_label_text_font_size=SMALL,
        )
        if projection is None:
            self.source.data = {"image": [], "dw": [], "dh": []}
            return
        weights = np.asarray(projection.weights, dtype=np.float32)
        rows, columns = weights.shape
        largest = float(np.abs(weights).max()) if weights.size else 1.0
        largest = largest or 1.0
        self._mapper.update(palette=palette(dark), low=-largest, high=largest)
        self.source.data = {"image": [weights], "dw": [columns], "dh": [rows]}
        self.figure.x_range.update(start=0, end=columns)
        self.figure.y_range.update(start=rows, end=0)
        self.figure.xaxis[0].axis_label = f"source: {projection.source}"
        self.figure.yaxis[0].axis_label = f"target: {projection.target}"
