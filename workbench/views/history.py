"""The last runs: what changed, how they went; pin one as overlay, or go back to it."""

from pathlib import Path
from typing import Any, ClassVar

import panel as pn
import param
from panel.custom import JSComponent

from core.simulate import RunResult
from workbench.history import Run
from workbench.project import Project
from workbench.runner import Runner
from workbench.views.drawer import DrawerPage


class RunList(JSComponent):
    """One line per run with its two buttons.

    :ivar runs: ``number``, ``changed``, ``said``, ``pinned``, ``current``
    """

    runs: list[dict[str, Any]] = param.List(default=[])

    _esm = Path(__file__).with_suffix(".js")
    _stylesheets: ClassVar[list[Path]] = [Path(__file__).with_suffix(".css")]

    def __init__(self, on_act: Any, **params: Any) -> None:
        self._on_act = on_act
        super().__init__(**params)

    def _handle_msg(self, msg: Any) -> None:
        if isinstance(msg, dict) and isinstance(msg.get("number"), int):
            self._on_act(msg.get("do"), msg["number"])


class History(DrawerPage):
    """The runs of this session, newest first."""

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self.list = RunList(self._act, sizing_mode="stretch_width")
        runner.history.param.watch(lambda *_: self._draw(), ["runs", "pinned"])
        runner.param.watch(lambda *_: self._draw(), "current")
        self._view = pn.Column(self.list, scroll=True, sizing_mode="stretch_both")

    def _draw(self) -> None:
        if not self._open:
            return
        pinned = self.runner.history.pinned
        self.list.runs = [
            {
                "number": run.number,
                "changed": run.changed,
                "said": in_numbers(run.result),
                "pinned": pinned is not None and pinned.number == run.number,
                "current": place == 0 and self.runner.current,
            }
            for place, run in enumerate(self.runner.history.runs)
        ]

    def _act(self, what: Any, number: int) -> None:
        run = next((r for r in self.runner.history.runs if r.number == number), None)
        if run is None:
            return
        if what == "pin":
            self._pin(run)
        elif what == "open":
            self.project.edit(run.spec.replace(view=self.project.spec.view))

    def _pin(self, run: Run) -> None:
        history = self.runner.history
        same = history.pinned is not None and history.pinned.number == run.number
        history.pinned = None if same else run


def in_numbers(result: RunResult) -> str:
    """Return what a run gave, in short: mode and spikes of each population."""
    counts = [
        f"{name} {len(found.spikes.time)}"
        for name, found in result.populations.items()
        if found.spikes is not None
    ]
    return f"{result.mode} · spikes: {', '.join(counts) or 'none'}"
