"""A training of the open document: what is set, how far it is, what it gave.

States and what leads from one to the next::

    ready ──start──> running <──pause, resume──> paused
                        │  └──cancel──> cancelled ──go on──> running
                        └──> done ──go on with more epochs──> running

The training works on the document as it was at the start. At its end the weights of the
best epoch go into the open document, as one step to undo, if that has the same network.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import param
import torch
from numpy.typing import NDArray

from core.errors import HXError, NetworkError, ParameterError, Problem
from core.spec.experiment import ExperimentSpec
from core.spec.stimulus import SpikeTimes
from core.training import (
    Checkpoint,
    DataSpec,
    Progress,
    Training,
    TrainResult,
    TrainSpec,
    YinYangData,
    refuse_unfit,
    with_weights,
    yin_yang_network,
)
from workbench.long_work import LongWork, why
from workbench.project import Project
from workbench.runner import Runner
from workbench.training_file import Plan, read_training, write_training

Weights = Mapping[str, NDArray[Any]]

#: Each input is sent so often, as far as the rows of a hemisphere reach.
_COPIES, _SOURCES = 5, 128
#: Points per side of the map of classes, to begin with.
_MAP = 32


@dataclass(frozen=True)
class Seen:
    """How a training looks between two of its steps.

    :param stage: what is done before the first step, and the share that is done
    :param progress: None before the first step
    :param loss: of all steps so far; grows, so take ``steps`` of it
    :param accuracy: same
    :param weights: of each projection now, shape (target, source), model units
    :param best: those of the best finished epoch, None before it
    :param checkpoint: to go on from here; only of one that is paused
    """

    stage: tuple[str, float] | None = None
    progress: Progress | None = None
    loss: Sequence[float] = ()
    accuracy: Sequence[float] = ()
    steps: int = 0
    weights: Weights | None = None
    best: Weights | None = None
    checkpoint: Checkpoint | None = None


class Trainer(param.Parameterized):
    """The training of a window: settings, state, what is seen, what came out."""

    data: DataSpec = param.ClassSelector(class_=DataSpec, default=YinYangData())
    settings: TrainSpec = param.ClassSelector(
        class_=TrainSpec, default=TrainSpec(class_map=_MAP)
    )
    state: str = param.Selector(
        default="ready", objects=["ready", "running", "paused", "cancelled", "done"]
    )
    seen: Seen = param.ClassSelector(class_=Seen, default=Seen())
    result: TrainResult | None = param.Parameter(default=None)
    problems: tuple[Problem, ...] = param.ClassSelector(class_=tuple, default=())
    taken: bool = param.Boolean(default=False, doc="Its weights are in the document.")

    def __init__(self, project: Project, runner: Runner) -> None:
        super().__init__()
        self.project, self.runner = project, runner
        self.plan: Plan | None = None
        self._prepared: tuple[str, Callable[[ExperimentSpec], ExperimentSpec]] | None
        self._prepared = None  # title of a document, and what of it is trained
        self._checkpoint: Checkpoint | None = None
        self._begun: Checkpoint | None = None  # what the training went on from
        self._work: LongWork | None = None

    # -- what can be done ------------------------------------------------------------

    def prepare(
        self,
        data: DataSpec,
        settings: TrainSpec,
        trained_on: Callable[[ExperimentSpec], ExperimentSpec],
    ) -> None:
        """Take over what a demo offers for its document; not while one is at work.

        :param trained_on: makes of the document what is trained, for example a run
            with one sample where it shows several
        """
        if self._work is not None:
            return
        self._prepared = (self.project.spec.title, trained_on)
        self._checkpoint = self.plan = None
        self.param.update(
            data=data,
            settings=settings,
            state="ready",
            seen=Seen(),
            result=None,
            problems=(),
            taken=False,
        )

    def _to_train(self) -> ExperimentSpec:
        spec = self.project.spec
        if self._prepared is None or self._prepared[0] != spec.title:
            return spec
        return self._prepared[1](spec)

    def misfit(self) -> Problem | None:
        """Return why the open document cannot be trained on the data, or None."""
        try:
            refuse_unfit(self.project.spec, self.data.width, len(self.data.classes))
        except HXError as error:
            return error.problems[0]
        return None

    def open_ready_network(self) -> None:
        """Open a network that can be trained on the data."""
        width = self.data.width
        copies = max(1, min(_COPIES, _SOURCES // width))
        made = yin_yang_network(
            classes=len(self.data.classes), channels=width, copies=copies
        )
        self.project.open(
            made.replace(
                title=f"{self.data.kind}, to be trained",
                chip=self.project.spec.chip,
                stimuli=(self._sample(made, copies),),
            )
        )

    def _sample(self, spec: ExperimentSpec, copies: int) -> SpikeTimes:
        """Return the first validation sample: what the page runs with."""
        steps, dt = spec.run.steps, spec.run.dt
        values = self.data.raw(1, self.data.validation_seed)[0][0]
        rows = torch.from_numpy(np.asarray(values, np.float32))[None]
        spikes = self.data.coded(rows, steps, dt).spikes[:, 0].repeat(1, copies)
        times = tuple(tuple((t.nonzero()[:, 0] * dt).tolist()) for t in spikes.T)
        name = next(p.name for p in spec.network.populations if not p.accepts_input)
        return SpikeTimes(name, times)

    @property
    def may_go_on(self) -> bool:
        """Whether there is a training that can be gone on with."""
        at_rest = self.state in ("cancelled", "done")
        return at_rest and self._checkpoint is not None and self._left > 0

    @property
    def _left(self) -> int:
        """Epochs that are left, by the settings as they are now."""
        done = 0 if self._checkpoint is None else self._checkpoint.counters["epoch"]
        return self.settings.epochs - done

    @property
    def may_save(self) -> bool:
        """Whether there is a checkpoint to save."""
        return self._newest is not None

    @property
    def _newest(self) -> Checkpoint | None:
        return None if self.state == "running" else self._checkpoint

    # -- doing it --------------------------------------------------------------------

    def start(self) -> None:
        """Train the open document from its first epoch."""
        if self._work is None:
            self._begin(Plan(self._to_train(), self.data, self.settings), None)

    def go_on(self) -> None:
        """Go on from the last checkpoint, perhaps with more epochs."""
        if self.may_go_on and self._work is None and self.plan is not None:
            settings = self.plan.settings.replace(epochs=self.settings.epochs)
            self._begin(replace(self.plan, settings=settings), self._checkpoint)

    def pause(self) -> None:
        """Wait after the step that is under way."""
        if self._work is not None:
            self._work.pause()
            self.state = "paused"

    def resume(self) -> None:
        """Go on after a pause."""
        if self._work is not None:
            self.state = "running"
            self._work.resume()

    def cancel(self) -> None:
        """Stop after the step that is under way; what was reached stays."""
        if self._work is not None:
            self._work.cancel()

    def take_weights(self) -> bool:
        """Put the best weights so far into the open document: one step to undo."""
        found = self.result.best_weights if self.result else self.seen.best
        if found is None:
            return False
        self.taken = self.project.attempt(lambda: _fitted(self.project.spec, found))
        return self.taken

    # -- files -----------------------------------------------------------------------

    def save(self) -> bytes:
        """Return the file of the training as it stands."""
        plan, newest = self.plan, self._newest
        if plan is None or newest is None:
            what, fix = "there is none to save.", "Start one, then pause it."
            raise ParameterError("training", what, fix)
        return write_training(plan, newest)

    def load(self, name: str, raw: bytes) -> None:
        """Take a saved training: its document is opened, and it can be gone on with."""

        def done(future: "Future[tuple[Plan, Checkpoint]]") -> None:
            error = future.exception()
            if error is not None:
                self.problems = why(error, name)
                return
            self.plan, self._checkpoint = future.result()
            if self.plan.spec != self.project.spec:
                self.project.open(self.plan.spec)
            self.param.update(
                data=self.plan.data,
                settings=self.plan.settings,
                seen=_remembered(self._checkpoint),
                state="cancelled",
                result=None,
                problems=(),
                taken=False,
            )

        if self._work is None:
            self.runner.aside(lambda: read_training(name, raw), done)

    # -- the thread ------------------------------------------------------------------

    def _begin(self, plan: Plan, checkpoint: Checkpoint | None) -> None:
        self.plan, self._checkpoint, self._begun = plan, None, checkpoint
        self._work = LongWork(
            self.runner,
            lambda work: _train(work, plan, checkpoint),
            self._tell,
            self._done,
        )
        seen = Seen() if checkpoint is None else _remembered(checkpoint)
        self.param.update(
            state="running", seen=seen, result=None, problems=(), taken=False
        )
        self._work.start()

    def _tell(self, seen: Seen) -> None:
        if self._work is not None:
            self._checkpoint = seen.checkpoint
            self.seen = seen

    def _done(self, future: "Future[tuple[Seen, TrainResult]]") -> None:
        cancelled = self._work is not None and self._work.cancelled
        self._work = None
        error = future.exception()
        if error is not None:
            self._checkpoint = self._begun
            known = cancelled or self._begun is not None
            state = "cancelled" if known else "ready"
            self.param.update(state=state, problems=why(error, "training"))
            return
        seen, result = future.result()
        self._checkpoint = result.checkpoint
        assert self.plan is not None, "it was begun"
        if result.finished and self.project.spec.network == self.plan.spec.network:
            self.project.edit(with_weights(self.project.spec, result.best_weights))
            self.taken = True
        state = "done" if result.finished else "cancelled"
        self.param.update(state=state, seen=seen, result=result)


def _train(
    work: LongWork, plan: Plan, checkpoint: Checkpoint | None
) -> tuple[Seen, TrainResult]:
    """Train, in the thread of ``work``."""
    seen = Seen(("drawing the samples", -1.0))
    work.tell(seen)
    memory = work.memory(lambda name, share: work.tell(Seen((name, share))))
    training = Training(plan.spec, plan.data, plan.settings, memory)
    best: Weights | None = None
    loss: list[float] = []
    accuracy: list[float] = []
    if checkpoint is not None:
        training.restore(checkpoint)
        best = checkpoint.group("best") if training.epoch else None
        curves = checkpoint.group("history")
        loss += curves["step_loss"].tolist()
        accuracy += curves["step_accuracy"].tolist()
    while training.epoch < plan.settings.epochs:
        if work.paused:
            work.tell(replace(seen, checkpoint=training.checkpoint()))
        if not work.go_on():
            break
        progress = training.advance()
        loss.append(progress.loss)
        accuracy.append(progress.accuracy)
        ended = training.step == 0
        if ended and progress.history.best_epoch == progress.epoch:
            best = progress.snapshot.weights if progress.snapshot else best
        weights = training.network.copy_weights()
        seen = Seen(None, progress, loss, accuracy, len(loss), weights, best)
        work.tell(seen)
    return seen, training.result()


def _fitted(spec: ExperimentSpec, weights: Weights) -> ExperimentSpec:
    shapes = {p.name: p.weights.shape for p in spec.network.projections}
    if shapes != {name: weight.shape for name, weight in weights.items()}:
        raise NetworkError(
            "trained weights",
            "the open document has other projections than the one that was trained.",
            "Open that one again, or train this one.",
        )
    return with_weights(spec, weights)


def _remembered(checkpoint: Checkpoint) -> Seen:
    """Return what is known of a training that was interrupted."""
    curves = checkpoint.group("history")
    loss, accuracy = curves["step_loss"].tolist(), curves["step_accuracy"].tolist()
    return Seen(
        loss=loss,
        accuracy=accuracy,
        steps=len(loss),
        weights=checkpoint.group("weight"),
        best=checkpoint.group("best") if checkpoint.counters["epoch"] else None,
    )
