"""One tab of the chip view: drawn only while it is open, at most once per change."""

import logging
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

import panel as pn
import param

from core.chip.results import Execution
from core.spec.edit import color_of
from core.spec.experiment import ExperimentSpec
from workbench.project import Project
from workbench.runner import Runner
from workbench.theme import TEXT, mode, population_color

log = logging.getLogger(__name__)
T = TypeVar("T")
#: Keeps the words of a button on one line.
ONE_LINE: Final = {"& button": {"whiteSpace": "nowrap", "px": 1.5}}


class Newest(Generic[T]):
    """Works off the event loop, one thing at a time; of what waits, only the newest.

    :param runner: whose threads and loop are used
    :param done: called on the event loop with the result
    """

    def __init__(self, runner: Runner, done: Callable[[T], None]) -> None:
        self._runner, self._done = runner, done
        self._busy = False
        self._next: Callable[[], T] | None = None

    def ask(self, work: Callable[[], T]) -> None:
        """Do ``work`` as soon as nothing else is done."""
        self._next = work
        if not self._busy:
            self._start()

    def _start(self) -> None:
        work, self._next = self._next, None
        if work is not None:
            self._busy = True
            self._runner.aside(work, self._finish)

    def _finish(self, future: Any) -> None:
        self._busy = False
        error = future.exception()
        if error is not None:  # a defect of ours must not kill the page
            log.error("the chip view failed", exc_info=error)
        elif self._next is None:
            self._done(future.result())
        self._start()


class Tab(pn.viewable.Viewer):
    """What all tabs share: project, runner, theme, and when to draw.

    Subclasses say in `refresh` what is drawn; it is called on the event loop while the
    tab is open, and in `restyle` how the theme changes it.
    """

    title = ""
    active = param.Boolean(default=False, doc="Whether the tab is open.")
    dark = param.Boolean(default=False)

    def __init__(self, project: Project, runner: Runner, **params: Any) -> None:
        super().__init__(**params)
        self.project, self.runner = project, runner
        self._styled: bool | None = None

        def draw(*_: Any) -> None:
            if self.active:
                runner.later(self._draw)

        project.param.watch(draw, "spec")
        runner.param.watch(draw, ["result", "current"])
        self.param.watch(draw, ["active", "dark"])

    def _draw(self) -> None:
        if not self.active:
            return
        with pn.io.hold():
            if self._styled != self.dark:
                self._styled = self.dark
                self.restyle()
            self.refresh()

    def refresh(self) -> None:
        """Draw what the project and the runner hold now."""
        raise NotImplementedError

    def restyle(self) -> None:
        """Take the colours of the theme."""

    # -- what several tabs say ---------------------------------------------------

    @property
    def spec(self) -> ExperimentSpec:
        """The document."""
        return self.project.spec

    def colors(self) -> dict[str, str]:
        """Return the colour of each population."""
        network = self.spec.network
        return {
            p.name: population_color(color_of(network, p.name), self.dark)
            for p in network.populations
        }

    def execution(self) -> Execution | None:
        """Return the last run on the chip if it is of this document, or None."""
        result = self.runner.result
        return result.execution if result is not None and self.runner.current else None

    def quiet(self, text: str) -> str:
        """Return ``text``, which is HTML, as a line of explanation."""
        color = TEXT[mode(self.dark)]["quiet"]
        return (
            f'<div style="font-size:12px;color:{color};line-height:1.45">{text}</div>'
        )
