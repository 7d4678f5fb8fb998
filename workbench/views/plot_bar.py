"""The line over a plot: its legend with switches, units, *Fit*, and files.

Tables are written by Python; pictures are drawn by Bokeh in the browser, from the data
that it shows.
"""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import param
from panel.custom import JSComponent

from workbench.plots.tables import Table

HERE = Path(__file__).parent
#: Marks of the legend: a line, an area and a circle.
LINE = '<path d="M1 5h18" stroke="{}" stroke-width="{}" stroke-dasharray="{}"/>'
AREA = '<path d="M1 1h18v8h-18z" fill="{}" fill-opacity="0.3"/>'
CIRCLE = '<circle cx="10" cy="5" r="3" fill="none" stroke="{}" stroke-width="1.4"/>'


class PlotBar(JSComponent):
    """Shows ``items`` as switches; says what was done to the handlers.

    :ivar items: ``id``, ``label``, ``help``, ``mark`` (SVG), ``on``
    """

    subject: str = param.String(default="plot", doc="What the plot shows, in words.")
    heading: str = param.String(default="")
    items: list[dict[str, Any]] = param.List(default=[])
    units: list[str] = param.List(default=[])
    unit: str = param.String(default="")
    figure: str = param.String(
        default="", doc="Id of the Bokeh figure, if there is one."
    )
    name_of_file: str = param.String(default="plot")
    has_table: bool = param.Boolean(default=False, doc="It can be shown as a table.")

    _esm = HERE / "plot_bar.js"
    _stylesheets: ClassVar[list[Path]] = [HERE / "plot_bar.css"]

    def __init__(
        self,
        table: Callable[[], Table],
        *,
        on_fit: Callable[[], None],
        on_table: Callable[[], None] | None = None,
        on_show: Callable[[str, bool], None] | None = None,
        on_unit: Callable[[str], None] | None = None,
        **params: Any,
    ) -> None:
        self._table = table
        self._handlers = {"fit": on_fit}
        if on_table is not None:
            self._handlers["table"] = on_table
        self._on_show, self._on_unit = on_show, on_unit
        shown = {"sizing_mode": "stretch_width", "margin": 0, **params}
        super().__init__(has_table=on_table is not None, **shown)

    def _handle_msg(self, msg: Any) -> None:
        what = msg.get("do") if isinstance(msg, dict) else None
        if what in self._handlers:
            self._handlers[what]()
        elif what in ("csv", "npz"):
            self._send_msg(file_message(self._table(), what, self.name_of_file))
        elif what == "show" and self._on_show is not None:
            if msg.get("id") in [item["id"] for item in self.items]:
                self._on_show(msg["id"], msg.get("on") is True)
        elif (
            what == "unit" and self._on_unit is not None and msg.get("id") in self.units
        ):
            self._on_unit(msg["id"])


def file_message(table: Table, kind: str, stem: str) -> dict[str, str]:
    """Return a file for the browser to keep: name, kind and content in base64."""
    content = table.csv() if kind == "csv" else table.npz()
    return {
        "name": f"{stem}.{kind}",
        "mime": "text/csv" if kind == "csv" else "application/zip",
        "content": base64.b64encode(content).decode(),
    }


def mark(content: str) -> str:
    """Return a sample of a line or point for the legend."""
    return f'<svg width="20" height="10">{content}</svg>'
