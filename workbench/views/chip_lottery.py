"""Chip lottery: what the selected population does on chips 1 to 20; a click takes one.

Each chip has a mismatch of its own. The small plots are those of the boxes in the graph
(`workbench.plots.miniature`), filled one after the other beside the page.
"""

from concurrent.futures import Future
from html import escape
from pathlib import Path
from typing import Any, ClassVar, Final

import panel as pn
import panel_material_ui as pmui
import param
from panel.custom import JSComponent

from core.errors import Problem
from core.simulate import simulate
from core.spec.edit import color_of
from core.spec.experiment import ExperimentSpec
from core.spec.fields import fingerprint
from core.spec.network import LISpec
from workbench.long_work import LongWork, why
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import PROBLEM, TEXT, mode, population_color
from workbench.views.chip_tab import ONE_LINE
from workbench.views.drawer import DrawerPage
from workbench.views.graph_drawing import pictures
from workbench.views.shown import shown_neurons

#: The chips that are drawn.
CHIPS: Final = range(1, 21)


class ChipStrip(JSComponent):
    """A button with a small plot for each chip.

    :ivar chips: ``number``, ``path`` (of an SVG) and ``said``; both empty: not yet run
    """

    chips: list[dict[str, Any]] = param.List(default=[])
    chosen: int = param.Integer(default=0, doc="Number of the chip of the document.")
    color: str = param.String(default="")
    stale: bool = param.Boolean(default=False, doc="Drawn for an earlier document.")

    _esm = Path(__file__).with_suffix(".js")
    _stylesheets: ClassVar[list[Path]] = [Path(__file__).with_suffix(".css")]

    def __init__(self, on_pick: Any, **params: Any) -> None:
        self._on_pick = on_pick
        super().__init__(**params)

    def _handle_msg(self, msg: Any) -> None:
        if type(msg) is int and msg in CHIPS:
            self._on_pick(msg)


class ChipLottery(DrawerPage):
    """The page of the drawer: Draw, Cancel and the strip."""

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self._work: LongWork | None = None
        self._found: dict[int, dict[str, Any]] = {}  # pictures of each chip
        self._asked = ""  # what document they belong to
        self._problems: tuple[Problem, ...] = ()
        self._start = pmui.Button(
            label=f"Run on {len(CHIPS)} chips",
            size="small",
            variant="contained",
            sx=ONE_LINE,
            margin=(4, 6),
        )
        self._stop = pmui.Button(
            label="Cancel", size="small", variant="outlined", margin=(4, 6)
        )
        self._start.on_click(lambda _: self.start())
        self._stop.on_click(lambda _: self.cancel())
        self._said = pn.pane.HTML("", margin=(8, 6), sizing_mode="stretch_width")
        self.strip = ChipStrip(self._take, sizing_mode="stretch_width", margin=0)
        project.param.watch(lambda *_: self._later(), "spec")
        self.param.watch(lambda *_: self._later(), "dark")
        self._view = pn.Column(
            pn.Row(self._start, self._stop, self._said, sizing_mode="stretch_width"),
            self.strip,
            scroll=True,
            sizing_mode="stretch_both",
        )

    def start(self) -> None:
        """Run the document on all chips, one after the other."""
        if self._work is not None:
            return
        spec = self.project.spec
        spec = spec.replace(run=spec.run.replace(mode="chip"))
        self._found, self._problems = {}, ()
        self._asked = _same_but_chip(spec)

        def work(of: LongWork) -> None:
            memory, found = of.memory(lambda *_: None), {}
            for number in CHIPS:
                if not of.go_on():
                    return
                one = spec.replace(chip=spec.chip.replace(number=number))
                found[number] = pictures(one, simulate(one, memory))
                of.tell(dict(found))

        self._work = LongWork(self.runner, work, self._told, self._ended)
        self._work.start()
        self._draw()

    def cancel(self) -> None:
        """Stop after the chip that is under way."""
        if self._work is not None:
            self._work.cancel()

    def _told(self, found: dict[int, dict[str, Any]]) -> None:
        self._found = found
        self._draw()

    def _ended(self, future: "Future[None]") -> None:
        self._work = None
        self._problems = why(future.exception(), "run on many chips")
        self._draw()

    def _take(self, number: int) -> None:
        spec = self.project.spec
        self.project.edit(spec.replace(chip=spec.chip.replace(number=number)))

    def _later(self) -> None:
        if self._open:
            self.runner.later(self._draw)

    def _population(self) -> str:
        """Return whose plots are drawn: selected, or the one whose membrane is."""
        spec = self.project.spec
        for population in spec.network.populations:
            selected = population.name == spec.view.selected
            if selected and isinstance(population, LISpec):
                return population.name
        shown = shown_neurons(spec)
        return "" if shown is None else shown[0].name

    def _draw(self) -> None:
        if not self._open:
            return
        spec, name = self.project.spec, self._population()
        asked = spec.replace(run=spec.run.replace(mode="chip"))
        with pn.io.hold():
            self.strip.param.update(
                chips=[self._chip(number, name) for number in CHIPS],
                chosen=spec.chip.number,
                color=population_color(color_of(spec.network, name), self.dark),
                stale=bool(self._asked) and _same_but_chip(asked) != self._asked,
            )
            self._start.disabled = self._work is not None or not name
            self._stop.visible = self._work is not None
            self._said.object = self._text(name)

    def _chip(self, number: int, name: str) -> dict[str, Any]:
        drawn = self._found.get(number)
        path = (drawn or {}).get(name, {}).get("path", "")
        said = "" if drawn is None else "drawn" if path else "silent"
        return {"number": number, "said": said, "path": path}

    def _text(self, name: str) -> str:
        if self._problems:
            color = PROBLEM[mode(self.dark)]
            said = "<br>".join(escape(str(problem)) for problem in self._problems)
            return (
                f'<div role="alert" style="font-size:12px;color:{color}">⚠ {said}</div>'
            )
        done, most = len(self._found), len(CHIPS)
        text = f"<b>{escape(name)}</b> on chips of the same kind, each its own mismatch"
        if done:
            text += f" · {done} of {most}"
            text += ". Click a chip to take it." if self._work is None else " …"
        quiet = TEXT[mode(self.dark)]["quiet"]
        return f'<div style="font-size:12px;color:{quiet}">{text}</div>'


def _same_but_chip(spec: ExperimentSpec) -> str:
    """Return a fingerprint that the number of the chip does not change."""
    return fingerprint(spec.replace(chip=spec.chip.replace(number=0)))
