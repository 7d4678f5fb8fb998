"""Runs the document: the newest request wins.

Only this file knows about threads. A run that has the form of the last one, and that
one was short, is made on the event loop: a hand-over to a thread and back would take as
long. Any other starts at once in a thread; while it is in flight, only the newest
request is remembered. Results are published on the event loop of the page, because
Bokeh models may only be touched there.
"""

import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import numpy as np
import panel as pn
import param
import torch

from core.errors import HXError, Problem
from core.simulate import RunResult, StageMemory, simulate
from core.spec.experiment import ExperimentSpec
from core.spec.fields import fingerprint
from workbench.history import RunHistory
from workbench.overlay import Overlay
from workbench.project import GESTURE_SECONDS, Project

log = logging.getLogger(__name__)

#: One pool for all browser windows; numbers of threads are settled here.
POOL = ThreadPoolExecutor(max_workers=2, thread_name_prefix="run")
torch.set_num_threads(1)

#: A run of the form of one that took less than this, s, is made on the event loop.
SHORT_SECONDS = 0.02
#: From then on, s, it is said that a run is going on, and how far it is.
PATIENCE_SECONDS = 0.15
#: A calibration that is older than this, s, is given up for a newer document.
OUTDATED_SECONDS = 1.0
#: Progress is told no more often than this, s.
TELL_SECONDS = 0.1


class Cancelled(Exception):  # noqa: N818  (no error: somebody wanted it)
    """The run was given up."""


@dataclasses.dataclass
class Flight:
    """One run on its way.

    :ivar stage: what a calibration does and the share that is done, or None
    """

    spec: ExperimentSpec
    mark: str
    started: float = dataclasses.field(default_factory=time.monotonic)
    given_up: bool = False
    stage: tuple[str, float] | None = None
    told: float = 0.0


#: The flight that a thread works for.
_AT_WORK = threading.local()


class _Memory(StageMemory):
    """Gives a run up before its next stage, or its next step of a calibration."""

    def __init__(self, tell: Callable[[Flight], None]) -> None:
        super().__init__()
        self._tell = tell
        self.progress = self._told

    def recall(self, stage: str, arguments: object, compute: Callable[[], Any]) -> Any:
        _flight()
        return super().recall(stage, arguments, compute)

    def _told(self, name: str, share: float) -> None:
        flight = _flight()
        if flight is not None:
            flight.stage = (name, share)
            self._tell(flight)


def _flight() -> Flight | None:
    """Return the flight of this thread.

    :raises Cancelled: if it was given up
    """
    flight: Flight | None = getattr(_AT_WORK, "flight", None)
    if flight is not None and flight.given_up:
        raise Cancelled
    return flight


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
    waiting: bool = param.Boolean(
        default=False, constant=True, doc="The run takes long enough to say so."
    )
    progress: tuple[str, float] | None = param.Parameter(
        default=None, constant=True, doc="What a calibration does; the share done."
    )
    current: bool = param.Boolean(default=False, constant=True)
    live: bool = param.Boolean(default=True, doc="Run on every change.")
    truth: bool = param.Boolean(default=False, doc="Keep the true membranes.")

    def __init__(self, project: Project) -> None:
        super().__init__()
        self.project = project
        self.history = RunHistory()
        self.overlay = Overlay()
        self._memory = _Memory(self._tell)
        self._wanted: ExperimentSpec | None = None
        self._flight: Flight | None = None
        self._asked = ""
        self._marked: tuple[ExperimentSpec | None, str] = (None, "")
        self._finished = 0.0
        self._short: Any = None  # the form of documents whose runs are short
        self._document: Any = None
        self._find_page()
        self._publishing = threading.RLock()
        project.param.watch(lambda *_: self._changed(), "spec")
        self.param.watch(lambda *_: self._changed(), "live")
        self.param.watch(lambda *_: self._ask_for_truth(), "truth")

    # -- requests ----------------------------------------------------------------

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
        self._asked = self._mark(spec)
        self._here(spec)

    def cancel(self) -> None:
        """Give the run up; what is shown stays."""
        self._give_up()
        self._asked = ""
        self._set(busy=False, waiting=False, progress=None)

    def aside(
        self, work: Callable[[], Any], done: Callable[["Future[Any]"], None]
    ) -> None:
        """Do ``work`` off the event loop, then call ``done`` on it."""
        self._find_page()

        def start() -> None:
            future = POOL.submit(work)
            future.add_done_callback(lambda f: self.later(lambda: done(f)))

        self.later(start)  # after the views have followed: two at once are slower

    def later(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` on the event loop, where Bokeh models may be touched."""
        if self._document is None:
            callback()
        else:
            with suppress(AttributeError):  # what Bokeh says of a page that is closed
                self._document.add_next_tick_callback(callback)

    def _find_page(self) -> None:
        """Remember the page that is served here; a notebook has documents, but none."""
        document = pn.state.curdoc
        if document is not None and document.session_context is not None:
            self._document = document

    def _mark(self, spec: ExperimentSpec) -> str:
        """Return the fingerprint of ``spec``, made once."""
        if self._marked[0] is not spec:
            self._marked = (spec, fingerprint(spec))
        return self._marked[1]

    def _changed(self) -> None:
        mark = self._mark(self.project.spec)
        current = self.result is not None and self.result.fingerprint == mark
        current = current and not self.problems
        if self.live:
            self._request(self.project.spec, current=current)
        else:
            self._set(current=current)

    def _ask_for_truth(self) -> None:
        if self.truth and self.live and self.project.spec.run.mode != "mock":
            self.run()

    def _request(self, spec: ExperimentSpec, **changes: Any) -> None:
        """Run ``spec`` now or next, and publish ``changes`` in the same step."""
        mark = self._mark(spec)
        if mark == self._asked:
            self._set(**changes)
            return
        self._asked = mark
        flight = self._flight
        if any(p.is_error for p in self.project.problems):
            self._wanted = None
            self._set(problems=(), current=False)
        elif flight is None:
            self._start(spec, **changes)
        elif flight.stage is not None and _age(flight) > OUTDATED_SECONDS:
            self._give_up()
            self._start(spec, **changes)
        else:
            self._wanted = spec
            self._set(**changes)

    # -- runs --------------------------------------------------------------------

    def _start(self, spec: ExperimentSpec, **changes: Any) -> None:
        self._wanted = None
        self._find_page()
        flight = self._flight = Flight(spec, self._mark(spec))
        self._set(busy=True, **changes)
        if self._document is not None and self._short == form(spec):
            self.later(lambda: self._here(spec, flight))
            return
        timer = threading.Timer(PATIENCE_SECONDS, self._wait, (flight,))
        timer.daemon = True
        timer.start()

        def landed(future: "Future[RunResult]") -> None:
            timer.cancel()
            self._done(future, flight)

        self.aside(lambda: self._work(flight), landed)

    def _work(self, flight: Flight) -> RunResult:
        _AT_WORK.flight = flight
        try:
            return simulate(flight.spec, self._memory, truth=self.truth)
        finally:
            _AT_WORK.flight = None

    def _here(self, spec: ExperimentSpec, flight: Flight | None = None) -> None:
        """Run on the event loop."""
        if flight is None:
            flight = self._flight = Flight(spec, self._mark(spec))
        elif self._wanted is not None:  # a newer one came before the loop was free
            spec, self._wanted = self._wanted, None
            flight.spec, flight.mark = spec, self._mark(spec)
        future: Future[RunResult] = Future()
        try:
            future.set_result(self._work(flight))
        except Exception as error:  # judged where all are
            future.set_exception(error)
        self._done(future, flight)

    def _give_up(self) -> None:
        if self._flight is not None:
            self._flight.given_up = True
        self._flight = self._wanted = None

    def _wait(self, flight: Flight) -> None:
        """Say that a run takes long, from another thread."""
        self.later(lambda: self._set(waiting=True) if self._flight is flight else None)

    def _tell(self, flight: Flight) -> None:
        """Say how far a calibration is, from the thread that does it."""
        now = time.monotonic()
        if _age(flight) > PATIENCE_SECONDS and now - flight.told > TELL_SECONDS:
            flight.told = now
            stage = flight.stage
            self.later(
                lambda: self._set(progress=stage) if self._flight is flight else None
            )

    def _done(self, future: "Future[RunResult]", flight: Flight) -> None:
        if flight is not self._flight:
            return  # given up
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
        if flight.mark != self._asked:
            problems = ()  # of a document that is not shown any more
        wanted, self._flight = self._wanted, None
        mark = self._mark(self.project.spec)
        changes: dict[str, Any] = {
            "problems": problems,
            "busy": wanted is not None,  # the next run starts at once
            "waiting": self.waiting and wanted is not None,
            "progress": None,
        }
        if result is not None:
            old = self.result
            if old is not None and old.fingerprint != result.fingerprint:
                self._keep_ghost(changes)
            changes["result"] = result
            self._short = form(flight.spec) if result.seconds < SHORT_SECONDS else None
        changes["current"] = result is not None and result.fingerprint == mark
        self._set(**changes)
        if result is not None:
            self.history.add(flight.spec, result)
        if wanted is not None:
            self._start(wanted)

    def _keep_ghost(self, changes: dict[str, Any]) -> None:
        """Keep the result from before this gesture: a drag is many runs."""
        now = time.monotonic()
        if now - self._finished > GESTURE_SECONDS or self.previous is None:
            changes["previous"] = self.result
        self._finished = now

    def _set(self, **changes: Any) -> None:
        # Without a page results are published by the thread that has them.
        with self._publishing, param.edit_constant(self):
            self.param.update(**changes)


def _age(flight: Flight) -> float:
    return time.monotonic() - flight.started


def form(spec: ExperimentSpec) -> tuple[Any, ...]:
    """Return what decides how long a run takes: all but the values of parameters."""
    run = spec.run
    parts = _form((spec.network, spec.recording, run, spec.chip, spec.stimuli))
    return (run.steps, *parts)


def _form(value: Any) -> Iterator[Any]:
    if dataclasses.is_dataclass(value):
        yield type(value)
        for f in dataclasses.fields(value):
            yield from _form(getattr(value, f.name))
    elif isinstance(value, tuple):
        yield len(value)
        for item in value:
            yield from _form(item)
    elif isinstance(value, np.ndarray):
        yield value.shape
    else:
        yield float if isinstance(value, float) else value
