"""The chip from above: the map of its circuits and its two synapse arrays.

Each figure is made once and its data are patched. `circuits_shown` and
`synapses_shown` turn a `Layout` into what is drawn, without any widget.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from bokeh.events import Tap
from bokeh.models import (
    BasicTicker,
    ColumnDataSource,
    CustomJSHover,
    FixedTicker,
    HoverTool,
    LinearColorMapper,
    Range1d,
)
from numpy.typing import NDArray

from core.chip.geometry import CIRCUITS, COLUMNS, HEMISPHERE_NAMES, SYNAPSE_ROWS
from core.chip.results import CalibResult
from core.chip_layout import Layout
from core.units import WEIGHT_MAX
from workbench.plots.look import dress, plain_figure, signed_palette
from workbench.theme import PROBLEM, SURFACES, TEXT, mode

#: Stands for a synapse that belongs to nobody.
FREE: Final = -128
#: Opacity of what is not selected.
DIM: Final = 0.3
_COLUMN: Final = np.arange(CIRCUITS) % COLUMNS
_HEMISPHERE: Final = np.arange(CIRCUITS) // COLUMNS

_MAP_TIP: Final = """
<div style="font:12px Roboto,sans-serif;padding:2px 4px">
<b>circuit @circuit</b> · @side row, column @column<br>@who<br>@state</div>"""
_SYNAPSE_TIP: Final = """
<div style="font:12px Roboto,sans-serif;padding:2px 4px"><b>@weight LSB</b> · label
@label<br>@source{custom} → $x{custom}<br>row $y{custom}</div>"""


def circuits_shown(
    layout: Layout,
    colors: Mapping[str, str],
    free: str,
    calibration: CalibResult | None,
    bright: Collection[str],
) -> dict[str, Any]:
    """Return the columns of the map, one entry per circuit.

    :param colors: of each population
    :param free: colour of circuits that nobody uses
    :param calibration: None if nothing was calibrated
    :param bright: populations to stand out; none: all do
    """
    names, neuron = layout.owners()
    good = None if calibration is None else calibration.success
    who = [
        f"{n} · neuron {i}" if n else "free" for n, i in zip(names, neuron, strict=True)
    ]
    return {
        "column": _COLUMN,
        "y": 1 - _HEMISPHERE,
        "circuit": np.arange(CIRCUITS),
        "side": [HEMISPHERE_NAMES[h] for h in _HEMISPHERE],
        "color": [colors.get(name, free) for name in names],
        "alpha": [
            0.5 if not n else 1.0 if not bright or n in bright else DIM for n in names
        ],
        "who": who,
        "state": [_state(n, None if good is None else bool(good[c])) for c, n in
                  enumerate(names)],
    }  # fmt: skip


def _state(name: str, good: bool | None) -> str:
    if not name:
        return ""
    if good is None:
        return "not calibrated: run on the chip"
    return "calibrated" if good else "missed a calibration target"


class ChipMap:
    """Two rows of 256 circuits, coloured as the populations that sit on them.

    :param on_click: called with the circuit, 0…511
    """

    def __init__(self, on_click: Callable[[int], None]) -> None:
        self.figure = plain_figure(
            132, x_range=Range1d(-1, COLUMNS), y_range=Range1d(-0.62, 1.62)
        )
        self.figure.xaxis.axis_label = "column"
        self.figure.yaxis.ticker = FixedTicker(ticks=[0, 1])
        self.figure.yaxis.major_label_overrides = {1: "upper", 0: "lower"}
        self.figure.grid.visible = False
        self.circuits = ColumnDataSource(
            {n: [] for n in ("column", "y", "circuit", "side", "color", "alpha", "who",
                             "state")}
        )  # fmt: skip
        boxes = self.figure.rect(
            "column",
            "y",
            width=0.84,
            height=0.86,
            source=self.circuits,
            fill_color="color",
            fill_alpha="alpha",
            line_color=None,
        )
        self.failed = ColumnDataSource({"x": [], "y": []})
        self.crosses = self.figure.scatter(
            "x", "y", source=self.failed, marker="x", size=9, line_width=2
        )
        self.chosen = ColumnDataSource({"x": [], "y": []})
        self.frame = self.figure.scatter(
            "x", "y", source=self.chosen, marker="inverted_triangle", size=9
        )
        self.figure.add_tools(HoverTool(tooltips=_MAP_TIP, renderers=[boxes]))
        self.figure.on_event(Tap, lambda e: _on_circuit(e, on_click))

    def style(self, dark: bool) -> None:
        """Colour the map for a theme."""
        dress(self.figure, dark)
        self.crosses.glyph.line_color = PROBLEM[mode(dark)]
        tone = TEXT[mode(dark)]["main"]
        self.frame.glyph.update(fill_color=tone, line_color=tone)

    def draw(
        self, shown: dict[str, Any], failed: NDArray[Any], chosen: int | None
    ) -> None:
        """Patch the data.

        :param shown: of `circuits_shown`
        :param failed: circuits that missed a target
        :param chosen: circuit of the neuron that is looked at
        """
        self.circuits.data = shown
        at = np.asarray(failed, int)
        self.failed.data = {"x": at % COLUMNS, "y": 1 - at // COLUMNS}
        here = np.array([] if chosen is None else [chosen], int)
        self.chosen.data = {"x": here % COLUMNS, "y": 1.5 - here // COLUMNS}

    def fit(self) -> None:
        """Show the whole chip."""
        self.figure.x_range.update(start=-1, end=COLUMNS)


def _on_circuit(event: Any, on_click: Callable[[int], None]) -> None:
    column, y = round(event.x), round(event.y)
    if 0 <= column < COLUMNS and y in (0, 1):
        on_click((1 - y) * COLUMNS + column)


@dataclass(frozen=True)
class Synapses:
    """The used part of one synapse array.

    :param weights: shape (rows, columns), −63…63, `FREE` where nobody's
    :param labels: same shape
    :param source: same shape, index of the source, −1 for none
    :param dimmed: same shape, 1 where something else is selected
    """

    row: int
    column: int
    weights: NDArray[np.int8]
    labels: NDArray[np.uint8]
    source: NDArray[np.int16]
    dimmed: NDArray[np.uint8]


def synapses_shown(
    layout: Layout, hemisphere: int, selected: NDArray[np.bool_] | None
) -> Synapses | None:
    """Return the used part of one array; None if it is not in use.

    :param selected: which synapses stand out, shape (2, 256, 256); None: all do
    """
    sources = layout.synapse_source()
    if sources is None or layout.weights is None or layout.labels is None:
        return None
    used = sources[hemisphere] >= 0
    if not used.any():
        return None
    rows, columns = np.flatnonzero(used.any(1)), np.flatnonzero(used.any(0))
    part = (
        slice(int(rows[0]), int(rows[-1]) + 1),
        slice(int(columns[0]), int(columns[-1]) + 1),
    )
    weights = np.where(used, layout.weights[hemisphere], FREE)[part]
    dimmed = np.zeros(used.shape, np.uint8)
    if selected is not None and selected.any():
        dimmed = (used & ~selected[hemisphere]).astype(np.uint8)
    return Synapses(
        part[0].start,
        part[1].start,
        np.ascontiguousarray(weights, np.int8),
        np.ascontiguousarray(layout.labels[hemisphere][part]),
        np.ascontiguousarray(sources[hemisphere][part], np.int16),
        np.ascontiguousarray(dimmed[part]),
    )


class SynapseArray:
    """One synapse array: rows from below, columns as on the map, signed weights.

    :param on_click: called with hemisphere, row, column
    """

    def __init__(
        self, hemisphere: int, on_click: Callable[[int, int, int], None]
    ) -> None:
        self.figure = plain_figure(
            300,
            x_range=Range1d(0, COLUMNS),
            y_range=Range1d(0, SYNAPSE_ROWS),
            tools="pan,wheel_zoom",
            title=f"{HEMISPHERE_NAMES[hemisphere]} synapse array",
        )
        self.figure.xaxis.axis_label, self.figure.yaxis.axis_label = "column", "row"
        for axis in self.figure.axis:
            axis.ticker = BasicTicker(min_interval=1)
        self.figure.grid.visible = False
        names = ("weight", "label", "source", "dimmed", "x", "y", "dw", "dh")
        self.source = ColumnDataSource({name: [] for name in names})
        self.names = ColumnDataSource({"source": [], "target": []})
        self.colors = LinearColorMapper(
            palette=signed_palette(False),
            low=-WEIGHT_MAX - 0.5,
            high=WEIGHT_MAX + 0.5,
            low_color="#00000000",
        )
        self.veil = LinearColorMapper(palette=["#00000000"] * 2, low=0, high=1)
        place = {"x": "x", "y": "y", "dw": "dw", "dh": "dh", "source": self.source}
        picture = self.figure.image("weight", color_mapper=self.colors, **place)
        self.figure.image("dimmed", color_mapper=self.veil, **place)
        self.figure.add_tools(self._hover(picture))
        self.figure.on_event(Tap, lambda e: self._tapped(e, hemisphere, on_click))
        self._fitted: Any = None

    def _hover(self, picture: Any) -> HoverTool:
        def words(code: str) -> CustomJSHover:
            return CustomJSHover(args={"names": self.names}, code=code)

        return HoverTool(
            tooltips=_SYNAPSE_TIP,
            renderers=[picture],
            formatters={
                "@source": words("return names.data.source[value] ?? 'free'"),
                "$x": words("return names.data.target[Math.floor(value)] ?? ''"),
                "$y": words(
                    "const r = Math.floor(value); return `${r} · driver ${r >> 1}`"
                    " + (r % 2 ? ' · inhibitory' : ' · excitatory')"
                ),
            },
        )

    def style(self, dark: bool) -> None:
        """Colour the array for a theme."""
        dress(self.figure, dark)
        self.colors.palette = signed_palette(dark)
        self.veil.palette = ["#00000000", SURFACES[mode(dark)]["card"] + "c8"]

    def draw(
        self, shown: Synapses | None, sources: list[str], targets: list[str]
    ) -> None:
        """Patch the data; axes stay until another part is in use.

        :param sources: name of each source
        :param targets: name of the neuron in each column
        """
        if shown is None:
            self.source.data = {name: [] for name in self.source.data}
            return
        self.names.data = {
            "source": _padded(sources, targets),
            "target": _padded(targets, sources),
        }
        rows, columns = shown.weights.shape
        self.source.data = {
            "weight": [shown.weights],
            "label": [shown.labels],
            "source": [shown.source],
            "dimmed": [shown.dimmed],
            "x": [shown.column],
            "y": [shown.row],
            "dw": [columns],
            "dh": [rows],
        }
        place = (shown.row, shown.column, rows, columns)
        if place != self._fitted:
            self._fitted = place
            self.fit()

    def fit(self) -> None:
        """Show the part that is in use."""
        if self._fitted is not None:
            row, column, rows, columns = self._fitted
            self.figure.x_range.update(start=column - 1, end=column + columns + 1)
            self.figure.y_range.update(start=row - 1, end=row + rows + 1)

    def _tapped(
        self, event: Any, hemisphere: int, on_click: Callable[[int, int, int], None]
    ) -> None:
        row, column = int(event.y), int(event.x)
        if 0 <= row < SYNAPSE_ROWS and 0 <= column < COLUMNS:
            on_click(hemisphere, row, column)


def _padded(names: list[str], other: list[str]) -> list[str]:
    """Return ``names`` as long as the longer of both: columns of a source are."""
    return [*names, *[""] * (len(other) - len(names))]
