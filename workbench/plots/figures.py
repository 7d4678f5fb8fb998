"""What all live figures share: canvas, borders, cursor and the colours of the theme.

A figure is made once; afterwards only its data sources are patched. Times are drawn in
µs. Axes stay where they are until they are fitted.
"""

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, CrosshairTool, Range1d, Span
from bokeh.plotting import figure

from workbench.theme import FONT, SMALL, SURFACES, TEXT, mode

LEFT_BORDER, RIGHT_BORDER = 70, 72


def time_figure(x_range: Range1d, cursor: Span, height: int, **options: Any) -> figure:
    """Return a figure over the common time axis, with the common cursor line."""
    plot = plain_figure(
        height,
        x_range=x_range,
        tools="xpan,xwheel_zoom",
        min_border_left=LEFT_BORDER,
        min_border_right=RIGHT_BORDER,
        **options,
    )
    plot.add_tools(CrosshairTool(overlay=cursor))
    plot.xaxis.axis_label = "time, µs"
    return plot


def plain_figure(height: int, **options: Any) -> figure:
    """Return a figure that fills its place and has no toolbar."""
    return figure(
        height=height,
        sizing_mode="stretch_both",
        toolbar_location=None,
        active_drag=None,
        active_scroll=None,
        output_backend="canvas",
        min_border_top=6,
        outline_line_color=None,
        **{"tools": "", **options},
    )


def restyle(plot: figure, dark: bool) -> None:
    """Give ``plot`` the colours of the theme."""
    name = mode(dark)
    quiet, line = TEXT[name]["quiet"], SURFACES[name]["line"]
    plot.background_fill_color = plot.border_fill_color = SURFACES[name]["card"]
    plot.xgrid.grid_line_color = plot.ygrid.grid_line_color = line
    plot.xgrid.grid_line_alpha = plot.ygrid.grid_line_alpha = 0.6
    for axis in plot.axis:
        axis.axis_line_color = axis.major_tick_line_color = line
        axis.minor_tick_line_color = None
        axis.major_label_text_color = axis.axis_label_text_color = quiet
        axis.major_label_text_font = axis.axis_label_text_font = FONT
        axis.major_label_text_font_size = axis.axis_label_text_font_size = SMALL
        axis.axis_label_text_font_style = "normal"


def patch(source: ColumnDataSource, data: dict[str, Any]) -> None:
    """Show ``data``; nothing is sent if it is shown already."""
    if not all(_same(source.data[name], column) for name, column in data.items()):
        source.data = data


def _same(old: Any, new: Any) -> bool:
    if len(old) != len(new):
        return False
    if isinstance(new, np.ndarray):
        return isinstance(old, np.ndarray) and np.array_equal(old, new)
    return all(
        np.array_equal(a, b) if isinstance(b, np.ndarray) else a == b
        for a, b in zip(old, new, strict=True)
    )


def room(low: float, high: float, below: float, above: float) -> tuple[float, float]:
    """Return the ends of an axis from ``low`` to ``high`` with shares of room."""
    height = max(high - low, 0.05)
    return low - below * height, high + above * height
