"""A calibration as pictures: what was wanted, what each circuit does, before and after.

`compared` picks one parameter of the circuits in use out of `CalibResult`s;
`CalibrationPlots` draws it. Times in µs, potentials in LSB, strengths in LSB/µs.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from bokeh.models import ColumnDataSource, HoverTool
from numpy.typing import NDArray

from core.chip.calibrated_circuits import TOLERANCE
from core.chip.results import CalibResult
from core.units import us
from workbench.plots.look import dress, plain_figure, reach
from workbench.theme import ACCENT, GHOST, PROBLEM, TEXT, mode

Floats = NDArray[np.float64]

#: Parameters in words: name in the result, line of the synaptic input, unit.
PARAMETERS: Final[dict[str, tuple[str, int | None, str]]] = {
    "leak": ("leak", None, "LSB"),
    "reset": ("reset", None, "LSB"),
    "threshold": ("threshold", None, "LSB"),
    "membrane time constant": ("tau_mem", None, "µs"),
    "synaptic time constant, excitatory": ("tau_syn", 0, "µs"),
    "synaptic time constant, inhibitory": ("tau_syn", 1, "µs"),
    "synaptic strength, excitatory": ("strength", 0, "LSB/µs"),
    "synaptic strength, inhibitory": ("strength", 1, "LSB/µs"),
}
_BINS: Final = 28
_TIP: Final = """
<div style="font:12px Roboto,sans-serif;padding:2px 4px"><b>@who</b> · circuit @circuit
<br>wanted @target{0.00}, is @value{0.00}<br>code @code</div>"""


@dataclass(frozen=True)
class Compared:
    """One parameter of the circuits that have a target; arrays of shape (circuits,).

    :param before: what they do with the codes of a typical circuit, None if unknown
    :param missed: farther from the target than is tolerated
    """

    name: str
    unit: str
    circuit: NDArray[np.int64]
    target: Floats
    after: Floats
    code: NDArray[np.int64]
    missed: NDArray[np.bool_]
    before: Floats | None = None


def compared(
    label: str, result: CalibResult, before: CalibResult | None = None
) -> Compared:
    """Return one parameter of ``result``.

    :param label: one of `PARAMETERS`
    :param before: the same circuits with the codes of a typical one
    """
    name, line, unit = PARAMETERS[label]
    size = us if unit == "µs" else 1.0

    def one(values: Any) -> Any:
        return values if line is None or values.ndim == 1 else values[line]

    target = one(result.target[name]) / size
    used = np.flatnonzero(np.isfinite(target))
    after = one(result.achieved[name])[used] / size
    wanted = target[used]
    off = np.abs(after - wanted)
    if unit != "LSB":
        off = off / np.maximum(wanted, 1e-12)
    return Compared(
        label,
        unit,
        used,
        wanted,
        after,
        one(result.codes[name])[used],
        off > TOLERANCE[name],
        None if before is None else one(before.achieved[name])[used] / size,
    )


def binned(values: Floats, edges: Floats) -> Floats:
    """Return counts of ``values``, those outside of ``edges`` in the last bins."""
    return np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0].astype(float)


class CalibrationPlots:
    """Value of each circuit beside its target, deviations, and codes."""

    def __init__(self) -> None:
        self.values = plain_figure(220, title="each circuit")
        self.values.xaxis.axis_label = "circuit, in order of the neurons"
        empty: dict[str, list[Any]] = {
            n: [] for n in ("x", "value", "target", "color", "who", "circuit", "code")
        }
        self.source = ColumnDataSource(dict(empty))
        self.missed = ColumnDataSource({"x": [], "value": []})
        self._target = self.values.step(
            "x", "target", source=self.source, mode="center"
        )
        dots = self.values.scatter(
            "x", "value", source=self.source, size=5, color="color", marker="circle"
        )
        self._crosses = self.values.scatter(
            "x", "value", source=self.missed, marker="x", size=11, line_width=2
        )
        self.values.add_tools(HoverTool(tooltips=_TIP, renderers=[dots]))
        self.deviation = plain_figure(200, title="distance from the target")
        self.deviation.yaxis.axis_label = "circuits"
        self.after = ColumnDataSource({"left": [], "right": [], "top": []})
        self.before = ColumnDataSource({"left": [], "right": [], "top": []})
        place = {"left": "left", "right": "right", "top": "top", "bottom": 0}
        self._before = self.deviation.quad(
            source=self.before, fill_alpha=0, line_width=1.5, **place
        )
        self._after = self.deviation.quad(
            source=self.after, fill_alpha=0.75, line_color=None, **place
        )
        self.codes = plain_figure(200, title="codes that were found")
        self.codes.xaxis.axis_label = "CapMem code"
        self.codes.yaxis.axis_label = "circuits"
        self.code = ColumnDataSource({"left": [], "right": [], "top": []})
        self._codes = self.codes.quad(source=self.code, line_color=None, **place)

    def style(self, dark: bool) -> None:
        """Colour the plots for a theme."""
        name = mode(dark)
        for plot in (self.values, self.deviation, self.codes):
            dress(plot, dark)
        self._target.glyph.update(line_color=TEXT[name]["quiet"], line_dash="dashed")
        self._crosses.glyph.line_color = PROBLEM[name]
        self._before.glyph.line_color = GHOST[name]
        self._after.glyph.fill_color = ACCENT[name]
        self._codes.glyph.fill_color = ACCENT[name]

    def draw(self, shown: Compared, who: list[str], colors: list[str]) -> None:
        """Patch the data.

        :param who: population and neuron of each circuit in ``shown``
        :param colors: of each of them
        """
        at = np.arange(len(shown.circuit))
        self.values.yaxis.axis_label = f"{shown.name}, {shown.unit}"
        self.deviation.xaxis.axis_label = f"deviation, {shown.unit}"
        self.source.data = {
            "x": at,
            "value": shown.after,
            "target": shown.target,
            "color": colors,
            "who": who,
            "circuit": shown.circuit,
            "code": shown.code,
        }
        self.missed.data = {"x": at[shown.missed], "value": shown.after[shown.missed]}
        reach(self.values.x_range, at, base=(-1, 1))
        reach(self.values.y_range, shown.after, base=shown.target)
        self._draw_deviation(shown)
        self.code.data = _bars(shown.code.astype(float), _edges([shown.code]))
        _show_bars(self.codes, self.code)

    def _draw_deviation(self, shown: Compared) -> None:
        found = [shown.after - shown.target]
        if shown.before is not None:
            found.append(shown.before - shown.target)
        edges = _edges(found)
        self.after.data = _bars(found[0], edges)
        self.before.data = _bars(found[1] if len(found) > 1 else [], edges)
        _show_bars(self.deviation, self.after, self.before)


def _show_bars(plot: Any, *sources: ColumnDataSource) -> None:
    """Let a histogram fill its figure, from zero on."""
    bars = [source.data for source in sources]
    reach(plot.x_range, bars[0]["left"], room=0.02, base=bars[0]["right"])
    top = max(float(np.max(b["top"], initial=0)) for b in bars)
    plot.y_range.update(start=0, end=max(1.0, top) * 1.08)


def _edges(values: Any) -> Floats:
    """Return edges of bins over all ``values``."""
    everything = np.concatenate([np.asarray(v, float) for v in values])
    everything = everything[np.isfinite(everything)]
    if not len(everything):
        return np.linspace(0.0, 1.0, _BINS + 1)
    low, high = float(everything.min()), float(everything.max())
    room = max((high - low) * 0.05, 1e-6 * max(abs(low), abs(high), 1e-6))
    return np.linspace(low - room, high + room, _BINS + 1)


def _bars(values: Any, edges: Floats) -> dict[str, Any]:
    return {
        "left": edges[:-1],
        "right": edges[1:],
        "top": binned(np.asarray(values, float), edges),
    }
