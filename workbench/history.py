"""The last runs, what changed from one to the next, and which of them is pinned."""

import time
from dataclasses import dataclass, replace

import param

from core.simulate import RunResult
from core.spec.experiment import ExperimentSpec
from workbench.differences import differences, in_words
from workbench.project import GESTURE_SECONDS

#: So many runs are kept.
KEPT = 20


@dataclass(frozen=True)
class Run:
    """One run: its number, its document, its result, and what was new in it."""

    number: int
    spec: ExperimentSpec
    result: RunResult
    changed: str


class RunHistory(param.Parameterized):
    """Keeps the last runs, newest first; the runs of one gesture are one entry."""

    runs: tuple[Run, ...] = param.ClassSelector(class_=tuple, default=(), constant=True)
    pinned: Run | None = param.ClassSelector(
        class_=Run, default=None, doc="Drawn in grey in place of the previous run."
    )

    def __init__(self) -> None:
        super().__init__()
        self._last = -GESTURE_SECONDS
        self._count = 0

    def add(self, spec: ExperimentSpec, result: RunResult) -> None:
        """Add a run; one that follows soon after another of its gesture replaces it.

        :param spec: the document that was run
        """
        now, runs = time.monotonic(), self.runs
        found = differences(runs[0].spec, spec) if runs else []
        soon = now - self._last < GESTURE_SECONDS and len(runs) > 1
        self._last = now
        if soon and found and _same_gesture(runs, spec):
            found = differences(runs[1].spec, spec)
            new = replace(runs[0], spec=spec, result=result, changed=_said(found))
            self._keep((new, *runs[1:]))
        else:
            self._count += 1
            said = _said(found) if runs else "first run"
            self._keep((Run(self._count, spec, result, said), *runs[: KEPT - 1]))

    def _keep(self, runs: tuple[Run, ...]) -> None:
        with param.edit_constant(self):
            self.runs = runs


def _said(found: list[str]) -> str:
    return in_words(found) or "the same again"


def _same_gesture(runs: tuple[Run, ...], spec: ExperimentSpec) -> bool:
    """Return whether this run changes what the one before it has changed already."""
    subjects = [
        {text.rsplit(" → ", 1)[0].rsplit(" ", 1)[0] for text in differences(a, b)}
        for a, b in ((runs[1].spec, runs[0].spec), (runs[0].spec, spec))
    ]
    return subjects[0] == subjects[1]
