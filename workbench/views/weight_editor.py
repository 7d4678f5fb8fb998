"""A weight matrix to look at and to change: heat map, histogram and one value.

Weights that the chip clips, ``|w| * weight_scale > 63``, are crossed in the map and
counted below it.
"""

import base64
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import panel as pn
import param
from numpy.typing import NDArray
from panel.custom import JSComponent

from core.units import WEIGHT_MAX
from workbench.theme import POPULATION_COLORS, PROBLEM, SURFACES, TEXT, mode
from workbench.views.number_field import NumberField, WholeField

STYLE = """
.frame { display: flex; flex-direction: column; gap: 6px; width: 100%; height: 100%; }
.map { flex: 1; min-height: 0; width: 100%; cursor: crosshair; }
.map { border: 1px solid #8886; }
.map:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
.bars { height: 86px; width: 100%; }
"""


class WeightMap(JSComponent):
    """Draws the weights; ``cell`` is the chosen (target, source)."""

    weights: str = param.String(default="", doc="float32, row by row, base 64.")
    rows: int = param.Integer(default=1)
    columns: int = param.Integer(default=1)
    limit: float = param.Number(default=1.0, doc="Largest weight of the chip.")
    cell: list[int] = param.List(default=[0, 0])
    colors: dict[str, str] = param.Dict(default={})

    _esm = Path(__file__).with_name("weight_map.js")


class WeightEditor(pn.viewable.Viewer):
    """Shows a matrix of weights and changes one at a time.

    :param on_edit: called with the new weights, shape (target, source)
    """

    dark: bool = param.Boolean(default=False)

    def __init__(
        self, on_edit: Callable[[NDArray[np.float32]], None], **params: Any
    ) -> None:
        super().__init__(**params)
        self._on_edit = on_edit
        self._weights: NDArray[np.float32] = np.zeros((1, 1), np.float32)
        self._scale, self._showing = 1.0, False
        self.map = WeightMap(
            stylesheets=[STYLE], sizing_mode="stretch_width", height=330, min_width=200
        )
        field = {"width": 84, "margin": (0, 4)}
        self.source = WholeField(label="source", start=0, **field)
        self.target = WholeField(label="target", start=0, **field)
        self.value = NumberField(
            label="weight", step=0.05, format="0[.]000[000]", width=104, margin=(0, 4)
        )
        self.ends = pn.pane.HTML("", margin=(4, 4))
        self.count = pn.pane.HTML("", margin=(4, 4))
        self.map.param.watch(self._clicked, "cell")
        for number in (self.source, self.target):
            number.param.watch(lambda *_: self._go(), "value")
        self.value.param.watch(self._typed, "value")
        self.param.watch(lambda *_: self._restyle(), "dark")
        self._restyle()
        self._view = pn.Column(
            self.ends,
            self.map,
            pn.Row(self.source, self.target, self.value, margin=0),
            self.count,
            sizing_mode="stretch_width",
        )

    def __panel__(self) -> Any:
        return self._view

    def show(
        self, weights: NDArray[np.float32], scale: float, source: str, target: str
    ) -> None:
        """Show ``weights``, shape (target, source), of a projection with this scale."""
        ends = f"columns: {escape(source)} (source) · rows: {escape(target)} (target)"
        self.ends.object = f'<div style="font-size:12px;opacity:.75">{ends}</div>'
        self._weights, self._scale = np.asarray(weights, np.float32), scale
        rows, columns = self._weights.shape
        limit = WEIGHT_MAX / scale if scale else float(np.finfo(np.float32).max)
        row, column = self.map.cell
        self.map.param.update(
            weights=base64.b64encode(self._weights.tobytes()).decode(),
            rows=rows,
            columns=columns,
            limit=limit,
            cell=[min(row, rows - 1), min(column, columns - 1)],
        )
        clipped = int((np.abs(self._weights) > limit).sum())
        used = int(np.count_nonzero(self._weights))
        said = f"{used} of {self._weights.size} pairs connected"
        if clipped:
            said += f" · {clipped} clipped to 6 bit (|w| &gt; {limit:.3g})"
        self.count.object = f'<div role="status" style="font-size:12px">{said}</div>'
        self._show_cell()

    def _show_cell(self) -> None:
        row, column = self.map.cell
        rows, columns = self._weights.shape
        self._showing = True
        try:
            self.source.param.update(end=columns - 1, value=column)
            self.target.param.update(end=rows - 1, value=row)
            self.value.value = round(float(self._weights[row, column]), 6)
        finally:
            self._showing = False

    def _clicked(self, event: Any) -> None:
        rows, columns = self._weights.shape
        row, column = (int(value) for value in event.new)
        if 0 <= row < rows and 0 <= column < columns:
            self._show_cell()

    def _go(self) -> None:
        if not self._showing and None not in (self.source.value, self.target.value):
            self.map.cell = [self.target.value, self.source.value]

    def _typed(self, event: Any) -> None:
        if self._showing or event.new is None or not np.isfinite(event.new):
            return
        row, column = self.map.cell
        weights = self._weights.copy()
        weights[row, column] = event.new
        self._on_edit(weights)

    def _restyle(self) -> None:
        name = mode(self.dark)
        self.map.colors = {
            "card": SURFACES[name]["card"],
            "line": SURFACES[name]["line"],
            "text": TEXT[name]["main"],
            "quiet": TEXT[name]["quiet"],
            "problem": PROBLEM[name],
            "positive": POPULATION_COLORS[name][1],
            "negative": POPULATION_COLORS[name][0],
        }
