"""The data behind a plot as a table that can be read, selected and copied."""

from collections.abc import Callable
from html import escape
from typing import Any

import panel as pn

from workbench.plots.tables import Table
from workbench.runner import Runner
from workbench.views.drawer import DrawerPage
from workbench.views.select import Select

#: So many rows are written on the page; files have all.
ROWS = 300

STYLE = """
.bk-clearfix { height: 100%; }
.scrolled { height: 100%; overflow: auto; }
.scrolled:focus-visible { outline: 2px solid var(--panel-primary-color); }
table { border-collapse: collapse; font: 400 12px Roboto, sans-serif;
  font-variant-numeric: tabular-nums; }
th, td { padding: 2px 9px 2px 0; text-align: right; white-space: nowrap; }
th { position: sticky; top: 0; font-weight: 500; background: var(--panel-surface-color);
  box-shadow: 0 1px color-mix(in srgb, var(--panel-on-background-color) 20%,
    transparent); }
th:first-child, td:first-child { text-align: left; }
caption { text-align: left; padding: 0 0 4px; opacity: 0.75; }
"""


class DataTable(DrawerPage):
    """A table of one of the plots; follows the results while it is shown.

    :param tables: how the table of each plot is made, by its name
    """

    def __init__(
        self, runner: Runner, tables: dict[str, Callable[[], Table]], **params: Any
    ) -> None:
        super().__init__(**params)
        self._tables = tables
        self._choice = Select(
            label="Data of", size="small", options=list(tables), width=150, margin=6
        )
        self._pane = pn.pane.HTML("", stylesheets=[STYLE], sizing_mode="stretch_both")
        self._choice.param.watch(lambda *_: self._draw(), "value")
        runner.param.watch(lambda *_: self._draw(), "result")
        self._view = pn.Row(
            self._choice,
            self._pane,
            sizing_mode="stretch_both",
        )

    def choose(self, name: str) -> None:
        """Show the data of the plot ``name``."""
        self._choice.value = name

    def _draw(self) -> None:
        if self._open and self._choice.value:
            self._pane.object = scrolled(
                table_html(self._tables[self._choice.value]()), "Data"
            )


def scrolled(content: str, name: str) -> str:
    """Return HTML that scrolls in its place, with the keyboard, too."""
    return (
        f'<div class="scrolled" tabindex="0" role="region" aria-label="{name}">'
        f"{content}</div>"
    )


def table_html(table: Table, most: int = ROWS) -> str:
    """Return the first rows of a table as HTML."""
    rows = [table.text(row) for row in range(min(table.rows, most))]
    said = f"{table.title}: {table.rows} rows"
    if table.rows > most:
        said += f", the first {most} here; CSV and NPZ have all"
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
        for row in rows
    )
    return (
        f"<table><caption>{escape(said)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
