"""What the cursor line reads: time, potentials, rates, the spike under the pointer."""

from pathlib import Path
from typing import Any, ClassVar

import param
from bokeh.models import CustomJS
from bokeh.plotting import figure
from panel.custom import JSComponent

#: A figure tells where the pointer is; nothing of it reaches the server.
POINT = """
const { start, end } = cb_obj.origin.x_range
const detail = {figure: cb_obj.origin.id, x: gone ? null : cb_obj.x, y: cb_obj.y,
                width: Math.abs(end - start)}
window.dispatchEvent(new CustomEvent("hx-cursor", {detail}))
"""

STYLE = """
.reading {
  font: 400 12px Roboto, Helvetica, Arial, sans-serif; min-height: 16px;
  font-variant-numeric: tabular-nums; white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; color: var(--panel-on-background-color);
}
"""


class Readout(JSComponent):
    """Shows what lies under the pointer.

    :ivar figures: ids of membrane, raster and rates
    :ivar sources: ids of their data by name
    """

    figures: list[str] = param.List(default=[])
    sources: dict[str, str] = param.Dict(default={})

    _esm = Path(__file__).with_suffix(".js")
    _stylesheets: ClassVar[list[str]] = [STYLE]

    def __init__(self, figures: list[figure], sources: dict[str, Any]) -> None:
        for plot in figures:
            for event, gone in (("mousemove", False), ("mouseleave", True)):
                code = f"const gone = {str(gone).lower()}\n{POINT}"
                plot.js_on_event(event, CustomJS(code=code))
        super().__init__(
            figures=[plot.id for plot in figures],
            sources={name: source.id for name, source in sources.items()},
            sizing_mode="stretch_width",
            margin=0,
            height=18,
        )
