"""The drawer page that measures the selected population: f–I, PSP, decay, transfer."""

from collections.abc import Callable
from concurrent.futures import Future
from html import escape
from typing import Any, Final

import panel as pn
import panel_material_ui as pmui

from core.errors import HXError, Problem
from core.spec.network import LISpec
from workbench.characteristics import measurements
from workbench.long_work import LongWork, why
from workbench.plots.characteristics import (
    CURVES,
    Characteristic,
    CharacteristicPlot,
    characteristics_table,
)
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import PROBLEM, TEXT, mode
from workbench.views.chip_tab import ONE_LINE
from workbench.views.drawer import DrawerPage
from workbench.views.plot_bar import PlotBar

Found = tuple[Characteristic, ...]
_WIDE: Final[dict[str, Any]] = {"sizing_mode": "stretch_width"}


class Characterise(DrawerPage):
    """One button, four curves; mock dashed and the chip as a line."""

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self.found: Found = ()
        self.population = ""
        self._problems: tuple[Problem, ...] = ()
        self._work: LongWork | None = None
        self.plots = [CharacteristicPlot(name) for name in CURVES]
        self._start = _button("Characterise", "science", self.start)
        self._cancel = _button("Cancel", "stop", self.cancel)
        self._said = pn.pane.HTML("", margin=(8, 8), **_WIDE)
        self.bar = PlotBar(
            lambda: characteristics_table(self.found),
            subject="characteristics",
            name_of_file="characteristics",
            on_fit=lambda: runner.later(self._draw),
            sizing_mode="fixed",
            width=110,
        )
        project.param.watch(lambda *_: self._later(), "spec")
        self.param.watch(lambda *_: self._later(), "dark")
        self._view = pn.Column(
            pn.Row(self._start, self._cancel, self._said, self.bar, **_WIDE),
            pn.Row(
                *(pn.pane.Bokeh(p.figure, margin=(0, 2), **_WIDE) for p in self.plots),
                **_WIDE,
            ),
            sizing_mode="stretch_both",
        )

    def selected(self) -> str:
        """Return the population to measure: the selected one, or the first."""
        spec = self.project.spec
        names = [p.name for p in spec.network.populations if isinstance(p, LISpec)]
        wish = spec.view.selected
        return wish if wish in names else names[0] if names else ""

    def start(self) -> None:
        """Measure in mock and on the chip, in a thread of its own."""
        population = self.selected()
        if self._work is not None or not population:
            return
        spec = self.project.spec
        self.population, self.found, self._problems = population, (), ()

        def work(of: LongWork) -> tuple[Found, tuple[Problem, ...]]:
            memory = of.memory(lambda *_: None)
            found: Found = ()
            problems: tuple[Problem, ...] = ()
            for where in ("mock", "chip"):
                for measure in measurements(spec, population, where, memory):
                    if not of.go_on():
                        return found, problems
                    try:
                        found = (*found, measure())
                    except HXError as error:  # the others may still work
                        problems = (*problems, *error.problems)
                    of.tell(found)
            return found, problems

        self._work = LongWork(self.runner, work, self._told, self._ended)
        self._work.start()
        self._later()

    def cancel(self) -> None:
        """Stop after the measurement that is under way."""
        if self._work is not None:
            self._work.cancel()

    def _told(self, found: Found) -> None:
        if self._work is not None:
            self.found = found
            self._draw()

    def _ended(self, future: "Future[tuple[Found, tuple[Problem, ...]]]") -> None:
        self._work = None
        error = future.exception()
        if error is None:
            self.found, self._problems = future.result()
        else:
            self._problems = why(error, "characterisation")
        self._draw()

    def _later(self) -> None:
        if self._open:
            self.runner.later(self._draw)

    def _draw(self) -> None:
        if not self._open:
            return
        for plot in self.plots:
            plot.style(self.dark)
            plot.draw(self.found)
        running = self._work is not None
        self._start.visible, self._cancel.visible = not running, running
        self._start.label = f"Characterise {self.selected()}".strip()
        self._say()

    def _say(self) -> None:
        color, role = TEXT[mode(self.dark)]["quiet"], "status"
        if self._problems:
            color, role = PROBLEM[mode(self.dark)], "alert"
            text = " ".join(str(p) for p in self._problems[:2])
        elif self._work is not None:
            text = f"measuring {self.population}: {len(self.found)} curves …"
        elif self.found:
            text = f"{self.population}: mock dashed, chip as a line, band: its neurons"
            for where in ("mock", "chip"):
                numbers = [c.said for c in self.found if c.said and c.where == where]
                text += f" · {where}: {', '.join(numbers)}" if numbers else ""
        else:
            text = "Measures the selected population alone, in mock and on the chip."
        self._said.object = (
            f'<div role="{role}" style="font-size:12px;color:{color}">'
            f"{escape(text)}</div>"
        )


def _button(label: str, icon: str, act: Callable[[], None]) -> Any:
    made = pmui.Button(
        label=label, icon=icon, variant="outlined", size="small", margin=4, sx=ONE_LINE
    )
    made.on_click(lambda _: act())
    return made
