"""The phase plane of one neuron: membrane against adaptation or synaptic current.

Without adaptation the membrane stands still where the current holds it,
``i = C / tau_mem * (v - leak)``: left of this line the membrane rises, right of it it
falls.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, Range1d, Span
from numpy.typing import NDArray

from core.simulate import PopulationResult
from core.spec.network import LISpec
from workbench.plots.figures import plain_figure, restyle, room
from workbench.plots.tables import Table
from workbench.plots.traces import levels
from workbench.theme import GHOST, TEXT, mode


@dataclass(frozen=True)
class Orbit:
    """The way of one neuron, model units.

    :param v: membrane, shape (steps,)
    :param other: adaptation or current, same shape
    :param quantity: what ``other`` is
    :param still: where the membrane stands still, two points (v, other)
    :param levels: potentials that were set, by name
    """

    v: NDArray[Any]
    other: NDArray[Any]
    quantity: str
    still: tuple[tuple[float, float], tuple[float, float]] | None = None
    levels: dict[str, float] = field(default_factory=dict)


def orbit_of(population: LISpec, found: PopulationResult, neuron: int) -> Orbit | None:
    """Return the way of one neuron of the ideal model; None if it did not run."""
    other = found.current if found.adaptation is None else found.adaptation
    if found.membrane is None or other is None:
        return None
    adapts = found.adaptation is not None
    v = found.membrane.values[:, neuron]
    return Orbit(
        v,
        other.values[:, neuron],
        "adaptation current" if adapts else "synaptic current",
        None if adapts else _standstill(population, v, neuron),
        levels(population, neuron, lsb=False),
    )


def _standstill(
    population: LISpec, v: NDArray[Any], neuron: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    def one(value: Any) -> float:
        return float(np.broadcast_to(value, (population.size,))[neuron])

    leak = one(population.leak.model)
    conductance = one(population.membrane_capacitance) / one(population.tau_mem)
    low, high = float(v.min()), float(v.max())
    return (low, conductance * (low - leak)), (high, conductance * (high - leak))


def orbit_table(orbit: Orbit | None, time: NDArray[Any]) -> Table:
    """Return the way as a table.

    :param time: of its points, µs
    """
    if orbit is None:
        return Table("phase plane", {"time_us": np.zeros(0)})
    name = orbit.quantity.replace(" ", "_")
    columns = {"time_us": time, "membrane_model": orbit.v, name: orbit.other}
    return Table("phase plane", columns)


class PhasePlot:
    """The way of one neuron; it is fitted when another neuron or document comes."""

    def __init__(self) -> None:
        self.figure = plain_figure(
            200,
            x_range=Range1d(-0.2, 1.2),
            y_range=Range1d(-1, 3),
            tools="pan,wheel_zoom",
            min_border_right=16,
        )
        self.figure.xaxis.axis_label = "membrane, model units"
        self.way = ColumnDataSource({"x": [], "y": []})
        self.still = ColumnDataSource({"x": [], "y": []})
        self.start = ColumnDataSource({"x": [], "y": []})
        self._still = self.figure.line(source=self.still, line_dash="dotted")
        self._way = self.figure.line(source=self.way, line_width=1.6)
        self._start = self.figure.scatter(source=self.start, size=9, line_width=2)
        self.threshold = Span(dimension="height", line_dash="dashed", visible=False)
        self.figure.add_layout(self.threshold)

    def draw(self, orbit: Orbit | None, color: str, dark: bool) -> None:
        """Patch the data; axes stay."""
        restyle(self.figure, dark)
        self._way.glyph.line_color = self._start.glyph.line_color = color
        self._start.glyph.fill_color = None
        self._still.glyph.line_color = GHOST[mode(dark)]
        self.threshold.line_color = TEXT[mode(dark)]["quiet"]
        empty: dict[str, Any] = {"x": [], "y": []}
        if orbit is None:
            self.way.data = self.still.data = self.start.data = empty
            return
        self.figure.yaxis[0].axis_label = f"{orbit.quantity}, model units"
        x, y = orbit.v.astype(np.float32), orbit.other.astype(np.float32)
        self.way.data = {"x": x, "y": y}
        self.start.data = {"x": x[:1], "y": y[:1]}
        points = orbit.still or ()
        self.still.data = {"x": [p[0] for p in points], "y": [p[1] for p in points]}
        self.threshold.visible = "threshold" in orbit.levels
        self.threshold.location = orbit.levels.get("threshold", 0.0)

    def fit(self, orbit: Orbit | None) -> None:
        """Let both axes hold the whole way."""
        if orbit is None or not np.isfinite([orbit.v, orbit.other]).all():
            return
        ends = [*orbit.v, *orbit.levels.values()]
        for axis, values in (("x_range", ends), ("y_range", orbit.other)):
            low, high = room(float(min(values)), float(max(values)), 0.08, 0.12)
            getattr(self.figure, axis).update(start=low, end=high)
