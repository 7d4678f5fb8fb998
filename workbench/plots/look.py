"""How a figure looks: colours, fonts and borders of the theme, in one place."""

from typing import Any, Final

import numpy as np
from bokeh.models import Range1d
from bokeh.plotting import figure

from workbench.theme import FONT, SMALL, SURFACES, TEXT, mode

#: From inhibitory to excitatory over nothing; the hues differ for the colour-blind.
_ENDS: Final = {"light": ("#b44800", "#0977a9"), "dark": ("#ff8c42", "#62c3f5")}
STEPS: Final = 63


def plain_figure(height: int, **options: Any) -> figure:
    """Return a figure without decoration, on the canvas, that fills its width.

    Its ranges are from 0 to 1 until `reach` sets them: a range that follows the data
    complains as long as there are none.
    """
    ranges = {"x_range": Range1d(0, 1), "y_range": Range1d(0, 1)}
    options = {"tools": "xpan,xwheel_zoom"} | ranges | options
    plot = figure(
        height=height,
        sizing_mode="stretch_width",
        toolbar_location=None,
        active_drag=None,
        active_scroll=None,
        output_backend="canvas",
        outline_line_color=None,
        min_border_top=6,
        min_border_right=10,
        **options,
    )
    plot.title.text_font_size = SMALL
    return plot


def reach(limits: Range1d, values: Any, room: float = 0.06, base: Any = ()) -> None:
    """Let a range hold all ``values`` that are numbers, and those of ``base``.

    :param room: what is left free at either end, relative to the extent
    """
    everything = np.concatenate([np.ravel(values), np.ravel(base)]).astype(float)
    everything = everything[np.isfinite(everything)]
    if not len(everything):
        return
    low, high = float(everything.min()), float(everything.max())
    margin = room * max(high - low, 1e-3 * max(abs(low), abs(high)), 1e-9)
    limits.update(start=low - margin, end=high + margin)


def dress(plot: figure, dark: bool) -> None:
    """Give ``plot`` the colours and fonts of the theme."""
    name = mode(dark)
    quiet, line = TEXT[name]["quiet"], SURFACES[name]["line"]
    plot.background_fill_color = plot.border_fill_color = SURFACES[name]["card"]
    plot.xgrid.grid_line_color = plot.ygrid.grid_line_color = line
    plot.xgrid.grid_line_alpha = plot.ygrid.grid_line_alpha = 0.6
    plot.outline_line_color = None  # a change of theme would draw one
    plot.title.text_color = TEXT[name]["main"]
    plot.title.text_font, plot.title.text_font_style = FONT, "normal"
    for axis in plot.axis:
        axis.axis_line_color = axis.major_tick_line_color = line
        axis.minor_tick_line_color = None
        axis.major_label_text_color = axis.axis_label_text_color = quiet
        axis.major_label_text_font = axis.axis_label_text_font = FONT
        axis.major_label_text_font_size = axis.axis_label_text_font_size = SMALL
        axis.axis_label_text_font_style = "normal"


def signed_palette(dark: bool) -> list[str]:
    """Return 127 colours for −63…63; a weight that is not 0 can be told from 0."""
    name = mode(dark)
    middle = SURFACES[name]["line"]
    low, high = _ENDS[name]
    share = [0.25 + 0.75 * (k + 1) / STEPS for k in range(STEPS)]
    below = [_between(middle, low, s) for s in reversed(share)]
    return [*below, middle, *(_between(middle, high, s) for s in share)]


def _between(a: str, b: str, share: float) -> str:
    mixed = (
        round(int(a[i : i + 2], 16) * (1 - share) + int(b[i : i + 2], 16) * share)
        for i in (1, 3, 5)
    )
    return "#" + "".join(f"{value:02x}" for value in mixed)
