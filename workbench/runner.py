"""Runs the document off the main thread: the newest request wins.

Only this file knows about threads. A request starts at once; while one run is in
flight, only the newest request is remembered. The result is published on the event loop
of the page, because Bokeh models may only be touched there.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import panel as pn
import param
import torch

from core.errors import HXError, Problem
from core.simulate import RunResult, StageMemory, simulate
from core.spec.experiment import ExperimentSpec
from core.spec.fields import fingerprint
from workbench.project import GESTURE_SECONDS, Project

log = logging.getLogger(__name__)

#: One pool for all browser windows; numbers of threads are settled here.
POOL = ThreadPoolExecutor(max_workers=2, thread_name_prefix="run")
torch.set_num_threads(1)


class Runner(param.Parameterized):
    """Keeps the result of the newest run of a project.

    ``result`` belongs to the document of its fingerprint; `current` says whether that
    is what the project shows now.
    """

    result: RunResult | None = param.Parameter(default=None, constant=True)
    previous: RunResult | None = param.Parameter(default=None, constant=True)
    problems: tuple[Problem, ...] = param.ClassSelector(
        class_=tuple, default=(), constant=True
    )
    busy: bool = param.Boolean(default=False, constant=True)
    current: bool = param.Boolean(default=False, constant=True)
    live: bool = param.Boolean(default=True, doc="Run on every change.")

    def __init__(self, project: Project) -> None:
        super().__init__()
        self.project = project
        self._memory = StageMemory()
        self._wanted: ExperimentSpec | None = None
        self._asked = ""
        self._finished = 0.0
        self._document = pn.state.curdoc
        project.param.watch(lambda *_: self._changed(), "spec")
        self.param.watch(lambda *_: self._changed(), "live")

    @property
    def memory(self) -> StageMemory:
        """Remembered stages of the chip; tells how far a calibration is."""
        return self._memory

    def run(self) -> None:
        """Run the document as it is now, even if nothing has changed."""
        self._asked = ""
        self._request(self.project.spec)

    def run_first(self) -> None:
        """Run here and now, so that the page is drawn with a result in it.

        What is published while the browser is still drawing the page can get lost.
        """
        spec = self.project.spec
        if any(p.is_error for p in self.project.problems):
            return
        self._asked = fingerprint(spec)
        first: Future[RunResult] = Future()
        try:
            first.set_result(simulate(spec, self._memory))
        except Exception as error:  # judged where all are
            first.set_exception(error)
        self._done(first, self._asked)

    def aside(
        self, work: Callable[[], Any], done: Callable[["Future[Any]"], None]
    ) -> None:
        """Do ``work`` off the event loop, then call ``done`` on it."""
        self._document = pn.state.curdoc or self._document

        def start() -> None:
            future = POOL.submit(work)
            future.add_done_callback(lambda f: self.later(lambda: done(f)))

        self.later(start)  # after the views have followed: two at once are slower

    def _changed(self) -> None:
        mark = fingerprint(self.project.spec)
        current = self.result is not None and self.result.fingerprint == mark
        self._set(current=current and not self.problems)
        if self.live:
            self._request(self.project.spec)

    def _request(self, spec: ExperimentSpec) -> None:
        mark = fingerprint(spec)
        if mark == self._asked:
            return
        self._asked = mark
        if any(p.is_error for p in self.project.problems):
            self._wanted = None
            self._set(problems=(), current=False)
        elif self.busy:
            self._wanted = spec
        else:
            self._start(spec)

    def _start(self, spec: ExperimentSpec) -> None:
        self._wanted = None
        self._set(busy=True)
        mark = fingerprint(spec)
        self.aside(
            lambda: simulate(spec, self._memory),
            lambda future: self._done(future, mark),
        )

    def later(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` on the event loop, where Bokeh models may be touched."""
        if self._document is None:
            callback()
        else:
            self._document.add_next_tick_callback(callback)

    def _done(self, future: "Future[RunResult]", asked: str) -> None:
        result: RunResult | None = None
        problems: tuple[Problem, ...] = ()
        try:
            result = future.result()
        except HXError as error:
            problems = error.problems
        except Exception as error:  # a defect of ours must not kill the page
            log.exception("the run failed")
            what = f"the run failed: {type(error).__name__}: {error}"
            fix = "This is a defect of the workbench; undo the last change."
            problems = (Problem("run", what, fix),)
        if asked != self._asked:
            problems = ()  # of a document that is not shown any more
        wanted = self._wanted
        mark = fingerprint(self.project.spec)
        busy = wanted is not None  # the next run starts at once
        changes: dict[str, Any] = {"problems": problems, "busy": busy}
        if result is not None:
            old = self.result
            if old is not None and old.fingerprint != result.fingerprint:
                self._keep_ghost(changes)
            changes["result"] = result
        changes["current"] = result is not None and result.fingerprint == mark
        self._set(**changes)
        if wanted is not None:
            self._start(wanted)

    def _keep_ghost(self, changes: dict[str, Any]) -> None:
        """Keep the result from before this gesture: a drag is many runs."""
        now = time.monotonic()
        if now - self._finished > GESTURE_SECONDS or self.previous is None:
            changes["previous"] = self.result
        self._finished = now

    def _set(self, **changes: Any) -> None:
        with param.edit_constant(self):
            self.param.update(**changes)
