"""What is wrong, in words under the graph: the refused gesture first."""

from html import escape
from typing import Any

import panel as pn
import param

from core.errors import Problem
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import PROBLEM, TEXT, mode


class GraphProblems(pn.viewable.Viewer):
    """Errors as an alert, notes as a status."""

    dark: bool = param.Boolean(default=False)

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self._view = pn.pane.HTML(
            "", margin=(0, 12, 4, 12), sizing_mode="stretch_width", min_height=18
        )
        told = ["spec", "message", "problems", "notes"]
        project.param.watch(lambda *_: self._say(), told)
        runner.param.watch(lambda *_: self._say(), ["problems", "result"])
        self.param.watch(lambda *_: self._say(), "dark")
        self._say()

    def __panel__(self) -> Any:
        return self._view

    @property
    def text(self) -> str:
        """What is shown, HTML."""
        return str(self._view.object)

    def _say(self) -> None:
        project, result = self.project, self.runner.result
        problems = [project.message] if project.message is not None else []
        problems += [p for p in project.problems if p.is_error]
        problems += self.runner.problems
        notes = [*project.notes, *(result.problems if result is not None else ())]
        color = PROBLEM[mode(self.dark)]
        quiet = TEXT[mode(self.dark)]["quiet"]
        self._view.object = (
            f'<div role="alert" style="font-size:12px;color:{color};'
            f'{_strip(problems)}">{_rows(problems)}</div>'
            f'<div role="status" style="font-size:12px;color:{quiet}">'
            f"{_rows(notes)}</div>"
        )


def _strip(problems: list[Problem]) -> str:
    """Return the frame of a message; nothing where there is none."""
    if not problems:
        return ""
    return "border-left:3px solid;padding:4px 8px;margin:2px 0 4px;font-weight:500"


def _rows(problems: list[Problem], most: int = 4) -> str:
    rows = [f"<div>{escape(str(p))}</div>" for p in problems[:most]]
    if len(problems) > most:
        rows.append(f"<div>… and {len(problems) - most} more.</div>")
    return "".join(rows)
