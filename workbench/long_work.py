"""Work of many steps beside the page: told about, paused and cancelled between steps.

A `LongWork` has a thread of its own, so that a training of minutes holds up neither the
runs of the page nor other windows. Between two steps the work asks `go_on`, which waits
through a pause; what it tells reaches the event loop a few times a second, the newest
only. It is cancelled when its page is closed.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final

import panel as pn
import torch

from core.chip.pipeline import StageMemory
from core.errors import HXError, Problem
from workbench.runner import Cancelled, Runner

log = logging.getLogger(__name__)

#: What is told is shown no more often than this, s.
TELL_SECONDS: Final = 0.2


class LongWork:
    """One piece of work in a thread of its own.

    :param runner: its event loop is where ``tell`` and ``done`` are called
    :param work: does it; is given this object
    :param tell: called with the newest of what the work told
    :param done: called once, with what the work returned or why it did not
    """

    def __init__(
        self,
        runner: Runner,
        work: Callable[["LongWork"], Any],
        tell: Callable[[Any], None],
        done: Callable[["Future[Any]"], None],
    ) -> None:
        self._runner, self._work, self._tell, self._done = runner, work, tell, done
        self._cancelled = threading.Event()
        self._going = threading.Event()
        self._going.set()
        self._newest: Any = None
        self._untold = self._on_the_way = False
        self._told = 0.0
        self._thread = threading.Thread(target=self._run, daemon=True, name="long work")

    def start(self) -> None:
        """Begin."""
        if pn.state.curdoc is not None:
            pn.state.on_session_destroyed(lambda _, work=self: work.cancel())
        self._thread.start()

    def pause(self) -> None:
        """Wait before the next step."""
        self._going.clear()

    def resume(self) -> None:
        """Go on after a pause."""
        self._going.set()

    def cancel(self) -> None:
        """Stop before the next step."""
        self._cancelled.set()
        self._going.set()

    @property
    def paused(self) -> bool:
        """Whether it waits, or will before its next step."""
        return not self._going.is_set()

    @property
    def cancelled(self) -> bool:
        """Whether it was told to stop."""
        return self._cancelled.is_set()

    # -- asked by the work, in its thread --------------------------------------------

    def go_on(self) -> bool:
        """Wait while paused; return whether to do another step."""
        if self.paused and self._untold:
            self._send()
        self._going.wait()
        return not self.cancelled

    def tell(self, said: Any) -> None:
        """Let the page know, unless something newer comes first."""
        self._newest, self._untold = said, True
        now = time.monotonic()
        if now - self._told >= TELL_SECONDS and not self._on_the_way:
            self._told = now
            self._send()

    def memory(self, told: Callable[[str, float], None]) -> StageMemory:
        """Return a memory that gives a calibration up when the work is cancelled.

        :param told: called with the stage of a calibration and the share that is done
        """
        found = StageMemory()

        def progress(name: str, share: float) -> None:
            if self.cancelled:
                raise Cancelled
            told(name, share)

        found.progress = progress
        return found

    def _send(self) -> None:
        self._on_the_way = True
        self._runner.later(self._deliver)

    def _deliver(self) -> None:
        self._on_the_way = self._untold = False
        self._tell(self._newest)

    def _run(self) -> None:
        torch.set_num_threads(1)  # the other cores are for other windows
        future: Future[Any] = Future()
        try:
            future.set_result(self._work(self))
        except Exception as error:  # judged by who asked
            future.set_exception(error)
        self._runner.later(lambda: self._done(future))


def why(error: BaseException | None, where: str) -> tuple[Problem, ...]:
    """Return what a person is told of an error; nothing if it was wanted."""
    if error is None or isinstance(error, Cancelled):
        return ()
    if isinstance(error, HXError):
        return error.problems
    log.error("the %s failed", where, exc_info=error)
    what = f"the {where} failed: {type(error).__name__}: {error}"
    return (Problem(where, what, "This is a defect of the workbench."),)
