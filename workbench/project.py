"""The open document: the current `ExperimentSpec`, its history and its problems."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import param

from core.errors import HXError, Problem
from core.spec.check import check
from core.spec.examples import first_steps
from core.spec.experiment import ExperimentSpec

#: Edits with the same key that follow each other within this time are one undo step.
GESTURE_SECONDS = 1.0


@dataclass(frozen=True)
class Recent:
    """A document that the browser has stored: `core.spec.packed` opens its word."""

    id: str
    title: str
    word: str


class Project(param.Parameterized):
    """The document that all views share.

    Views read `spec` and change it only through `edit`; an edit with an equal value
    does nothing, so forms and canvas may follow the project without guards.
    """

    spec: ExperimentSpec = param.ClassSelector(class_=ExperimentSpec, constant=True)
    problems: tuple[Problem, ...] = param.ClassSelector(
        class_=tuple, default=(), constant=True
    )
    message: Problem | None = param.ClassSelector(
        class_=Problem, default=None, allow_None=True, doc="The last refused gesture."
    )
    notes: tuple[Problem, ...] = param.ClassSelector(
        class_=tuple, default=(), doc="What the last opened file had to say."
    )
    opened: int = param.Integer(default=0, doc="Counts the documents opened.")
    recent: tuple[Recent, ...] = param.ClassSelector(
        class_=tuple, default=(), doc="Other documents that the browser has stored."
    )
    can_undo: bool = param.Boolean(default=False, constant=True)
    can_redo: bool = param.Boolean(default=False, constant=True)

    def __init__(self, spec: ExperimentSpec | None = None) -> None:
        spec = spec or first_steps()
        super().__init__(spec=spec, problems=tuple(check(spec)))
        self._past: list[ExperimentSpec] = []
        self._future: list[ExperimentSpec] = []
        self._gesture: tuple[Any, float] = (None, 0.0)
        self._misfits: tuple[Problem, ...] = ()
        #: The runner that views in several cells of a notebook share.
        self.runner: Any = None

    def edit(self, spec: ExperimentSpec, key: Any = None) -> None:
        """Make ``spec`` the current document.

        :param key: names the gesture; edits of one gesture make one undo step
        """
        if spec == self.spec:
            return
        now = time.monotonic()
        same = key is not None and key == self._gesture[0]
        if not (same and now - self._gesture[1] < GESTURE_SECONDS and self._past):
            self._past.append(self.spec)
        self._gesture = (key, now)
        self._future.clear()
        self._show(spec)

    def attempt(self, make: Callable[[], ExperimentSpec], key: Any = None) -> bool:
        """Edit with the value of ``make``; a refusal becomes the `message`.

        :returns: False if the gesture was refused; the document is as it was
        """
        try:
            spec = make()
        except HXError as error:
            self.message = error.problems[0]
            return False
        self.message = None
        self.edit(spec, key)
        return True

    def select(self, name: str | None) -> None:
        """Select a population, a projection or nothing; no step to undo."""
        if name != self.spec.view.selected:
            view = self.spec.view.replace(selected=name)
            self._show(self.spec.replace(view=view))

    def record(self, population: str, neuron: int) -> None:
        """Show the membrane of another neuron; no step to undo."""
        recording = self.spec.recording.replace(
            madc_population=population, madc_neuron=neuron
        )
        if recording != self.spec.recording:
            self._show(self.spec.replace(recording=recording))

    def look(self, **changes: Any) -> None:
        """Change what the page shows; no step to undo."""
        view = self.spec.view.replace(**changes)
        if view != self.spec.view:
            self._show(self.spec.replace(view=view))

    def open(self, spec: ExperimentSpec, notes: tuple[Problem, ...] = ()) -> None:
        """Replace the document by another one; the old one is a step back."""
        self.message = None
        self.edit(spec)
        self.notes = notes
        self.opened += 1

    def refuse(self, where: str, error: Exception) -> None:
        """Say why ``where`` could not be opened; the document stays."""
        if isinstance(error, HXError):
            self.message, *more = error.problems
            self.notes = tuple(more)
        else:
            what = f"it cannot be read ({type(error).__name__})."
            self.notes = ()
            self.message = Problem(where, what, "Choose another file.")

    def judge(self, misfits: tuple[Problem, ...]) -> None:
        """Take what of the document does not fit the chip, as notes: mock runs it."""
        self._misfits = tuple(replace(p, severity="note") for p in misfits)
        with param.edit_constant(self):
            self.problems = self._judged(self.spec)

    def _judged(self, spec: ExperimentSpec) -> tuple[Problem, ...]:
        names, found = ("", *spec.network.names), check(spec)
        said = {(p.where, p.what) for p in found}
        more = [p for p in self._misfits if (p.where, p.what) not in said]
        return (*found, *(p for p in more if p.subject in names))

    def undo(self) -> None:
        """Go one step back."""
        if self._past:
            self._future.append(self.spec)
            self._step(self._past.pop())

    def redo(self) -> None:
        """Go one step forward again."""
        if self._future:
            self._past.append(self.spec)
            self._step(self._future.pop())

    def _step(self, spec: ExperimentSpec) -> None:
        self._gesture = (None, 0.0)
        self.message = None
        view = self.spec.view
        if view.selected is None or view.selected in spec.network.names:
            spec = spec.replace(view=view)  # what is looked at stays
        self._show(spec)

    def _show(self, spec: ExperimentSpec) -> None:
        with param.edit_constant(self):
            # The history first: no view that fails may take the way back away.
            self.param.update(can_undo=bool(self._past), can_redo=bool(self._future))
            self.param.update(spec=spec, problems=self._judged(spec))
