"""The training itself: a state that goes from step to step, and what drives it.

The order of the samples is a function of (seed, epoch), the learning rate one of the
epoch, the noise of the chip one of the trial: so a training that was stopped anywhere
and resumed from its `Checkpoint` gives the same curves bit by bit.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from core.chip.pipeline import StageMemory
from core.errors import ConversionError, ParameterError
from core.spec.experiment import ExperimentSpec
from core.spec.fields import fingerprint
from core.training.checkpoint import Arrays, Checkpoint, grouped
from core.training.data import DATA_SETS, DataSpec, Splits
from core.training.history import History, Progress, Snapshot
from core.training.network import Evaluation, TrainedNetwork, Weights, with_weights
from core.training.optimiser import load_state, optimiser, state_arrays
from core.training.settings import TrainSpec

Callback = Callable[[Progress], None]
Cancel = Callable[[], bool]


@dataclass(frozen=True)
class TrainResult:
    """What a training gave.

    :param spec: the document with the weights of the best epoch
    :param last_weights: of each projection, shape (target, source), model units
    :param best_weights: those of the epoch of the best validation accuracy
    :param test: the best network on the test samples; None if it was cancelled
    :param class_map: its answers on a square grid, shape (y, x); None if none was asked
        for, the data have no plane, or it was cancelled
    :param finished: whether all epochs were done
    :param checkpoint: goes on from here
    :param notes: what the settings could not do, one sentence each
    """

    spec: ExperimentSpec
    history: History
    last_weights: Weights
    best_weights: Weights
    classes: tuple[str, ...]
    test: Evaluation | None
    class_map: NDArray[np.int64] | None
    finished: bool
    checkpoint: Checkpoint
    notes: tuple[str, ...] = ()

    @property
    def confusion(self) -> NDArray[np.int64] | None:
        """Test samples by class and answer, shape (class, answer)."""
        return None if self.test is None else self.test.confusion


def train(
    spec: ExperimentSpec,
    data: DataSpec | str,
    settings: TrainSpec | None = None,
    callback: Callback | None = None,
    cancel: Cancel | None = None,
    *,
    memory: StageMemory | None = None,
    resume: Checkpoint | None = None,
    keep: Callable[[Checkpoint], None] | None = None,
) -> TrainResult:
    """Train the weights of a document.

    :param spec: has one input, and one output with a neuron for each class
    :param data: what it is trained on, or the name of a set in `DATA_SETS`
    :param callback: told after each step; the time it takes does not count
    :param cancel: asked before each step, True stops; one that waits is a pause
    :param memory: keeps the stages of the chip, so that it is calibrated once
    :param resume: goes on from there, with the same arguments; ``epochs`` may grow
    :param keep: given a checkpoint after each epoch
    :raises NetworkError: if the document cannot be trained, or not with these settings
    :raises ParameterError: if a setting is out of range
    :raises ConversionError: if ``resume`` belongs to another training

    >>> from core.training import ToyData, train, yin_yang_network
    >>> small = ToyData(train_size=50, validation_size=20, test_size=20)
    >>> result = train(
    ...     yin_yang_network(hidden=10, classes=2), small, TrainSpec(epochs=2)
    ... )
    >>> result.history.epochs, result.confusion.sum()
    (2, np.int64(20))
    """
    settings = TrainSpec() if settings is None else settings
    training = Training(spec, _data(data), settings, memory)
    if resume is not None:
        training.restore(resume)
    while training.epoch < settings.epochs:
        if cancel is not None and cancel():
            break
        progress = training.advance()
        if callback is not None:
            callback(progress)
        if keep is not None and training.step == 0:
            keep(training.checkpoint())
    return training.result()


class Training:
    """A training that can be stopped between any two steps.

    :param memory: keeps the stages of the chip from run to run
    :ivar epoch: the epoch of the next step, from 0
    :ivar step: the next step within it, from 0
    """

    def __init__(
        self,
        spec: ExperimentSpec,
        data: DataSpec,
        settings: TrainSpec,
        memory: StageMemory | None = None,
    ) -> None:
        self.spec, self.settings = spec, settings
        steps, dt = spec.run.steps, spec.run.dt
        self.splits: Splits = data.splits(steps, dt)
        channels = self.splits.train.spikes.shape[2]
        self.network = TrainedNetwork(
            spec, settings, channels, len(self.splits.classes), memory
        )
        side = settings.class_map
        self._grid = data.grid(side, steps, dt) if side else None
        self._identity = _identity(spec, data, settings)
        self._optimiser = optimiser(list(self.network.weights.values()), settings)
        self._curves: dict[str, list[float]] = {n: [] for n in History.names()}
        self._history = self._new_history()
        self._snapshot: Snapshot | None = None
        self._best = self.network.copy_weights()
        self.epoch = self.step = 0
        self.seconds = 0.0
        self._clear()

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return -(-len(self.splits.train) // self.settings.batch_size)

    def advance(self) -> Progress:
        """Do the next step, and what follows the last one of an epoch."""
        started = time.perf_counter()
        epoch, step = self.epoch, self.step
        loss, accuracy = self._learn()
        self.step += 1
        if self.step == self.steps:
            self._end_epoch()
        self.seconds += time.perf_counter() - started
        done = epoch * self.steps + step + 1
        left = self.settings.epochs * self.steps - done
        return Progress(
            epoch,
            self.settings.epochs,
            step,
            self.steps,
            loss,
            accuracy,
            self.seconds,
            self.seconds / done * left,
            self._history,
            self._snapshot,
        )

    def result(self) -> TrainResult:
        """Return what was reached, with the test of the best network at the end."""
        finished = self.epoch >= self.settings.epochs
        checkpoint, last = self.checkpoint(), self.network.copy_weights()
        test = class_map = None
        if finished:
            self.network.write_weights(self._best)
            test = self.network.evaluate(self.splits.test)
            class_map = self._class_map()
            self.network.write_weights(last)
            self.network.trial = checkpoint.counters["trial"]
        return TrainResult(
            with_weights(self.spec, self._best),
            self._new_history(),
            last,
            self._best,
            self.splits.classes,
            test,
            class_map,
            finished,
            checkpoint,
            self.network.notes,
        )

    def checkpoint(self) -> Checkpoint:
        """Return all that is needed to go on from here."""
        counters = {
            "epoch": self.epoch,
            "step": self.step,
            "trial": self.network.trial,
            "samples": self._samples,
            "right": self._right,
        }
        sums = {
            "loss_sum": self._loss,
            "fired_sum": self._fired,
            "seconds": self.seconds,
        }
        curves = {name: np.array(c, np.float64) for name, c in self._curves.items()}
        arrays = {
            **grouped("weight", _plain(self.network.copy_weights())),
            **grouped("best", _plain(self._best)),
            **grouped("history", curves),
            **state_arrays(self._optimiser),
        }
        return Checkpoint(self._identity, counters, sums, arrays)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from ``checkpoint``.

        :raises ConversionError: if it belongs to another training
        """
        fits = checkpoint.identity == self._identity
        curves = checkpoint.group("history")
        weights, best = checkpoint.group("weight"), checkpoint.group("best")
        for name, mine in self._best.items():
            for found in (weights.get(name), best.get(name)):
                fits &= found is not None and found.shape == mine.shape
        fits &= {n: c.shape for n, c in curves.items()} == self._lengths(checkpoint)
        if not fits:
            raise ConversionError(
                "checkpoint",
                "belongs to another document, data set or settings.",
                "Resume with those it was made with; only more epochs are allowed.",
            )
        self.network.write_weights(weights)
        self._best = {n: best[n].astype(np.float32) for n in self._best}
        load_state(self._optimiser, checkpoint)
        self._curves = {name: curves[name].tolist() for name in self._curves}
        self._history = self._new_history()
        counters, sums = checkpoint.counters, checkpoint.sums
        self.epoch, self.step = counters["epoch"], counters["step"]
        self.network.trial = counters["trial"]
        self._samples, self._right = counters["samples"], counters["right"]
        self._loss, self._fired = sums["loss_sum"], sums["fired_sum"]
        self.seconds = sums["seconds"]

    def _lengths(self, checkpoint: Checkpoint) -> dict[str, tuple[int, ...]]:
        """Return the shapes that the curves of a checkpoint must have."""
        epoch, step = checkpoint.counters["epoch"], checkpoint.counters["step"]
        done = epoch * self.steps + step if step < self.steps else -1
        return {
            name: (done if name.startswith("step_") else epoch,)
            for name in self._curves
        }

    def _learn(self) -> tuple[float, float]:
        """Do one step; return its loss and accuracy."""
        settings, train = self.settings, self.splits.train
        for group in self._optimiser.param_groups:
            group["lr"] = settings.rate(self.epoch)
        order = _order(settings.seed, self.epoch, len(train))
        start = self.step * settings.batch_size
        batch = train.take(order[start : start + settings.batch_size])
        self._optimiser.zero_grad()
        done = self.network.batch(batch)
        done.total.backward()  # type: ignore[no-untyped-call]
        self.network.mask_gradients()
        self._optimiser.step()
        self.network.clip()
        self._samples += len(batch)
        self._right += done.right
        self._loss += done.loss * len(batch)
        self._fired += done.fired * len(batch)
        accuracy = done.right / len(batch)
        self._curves["step_loss"].append(done.loss)
        self._curves["step_accuracy"].append(accuracy)
        return done.loss, accuracy

    def _end_epoch(self) -> None:
        validation = self.network.evaluate(self.splits.validation)
        for name, value in {
            "loss": self._loss / self._samples,
            "accuracy": self._right / self._samples,
            "validation_loss": validation.loss,
            "validation_accuracy": validation.accuracy,
            "rate": self._fired / self._samples,
            "learning_rate": self.settings.rate(self.epoch),
        }.items():
            self._curves[name].append(value)
        self._history = self._new_history()
        weights = self.network.copy_weights()
        if self._history.best_epoch == self.epoch:
            self._best = weights
        self._snapshot = Snapshot(weights, validation, self._class_map())
        self.epoch, self.step = self.epoch + 1, 0
        self._clear()

    def _class_map(self) -> NDArray[np.int64] | None:
        if self._grid is None:
            return None
        side = self.settings.class_map
        return self.network.evaluate(self._grid).predictions.reshape(side, side)

    def _new_history(self) -> History:
        return History(**{n: np.array(c, float) for n, c in self._curves.items()})

    def _clear(self) -> None:
        self._samples = self._right = 0
        self._loss = self._fired = 0.0


def _data(data: DataSpec | str) -> DataSpec:
    if isinstance(data, DataSpec):
        return data
    if data not in DATA_SETS:
        raise ParameterError(
            "training", f"there is no data set {data!r}.", f"Use {list(DATA_SETS)}."
        )
    return DATA_SETS[data]()


def _order(seed: int, epoch: int, size: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng((seed, epoch)).permutation(size))


def _identity(spec: ExperimentSpec, data: DataSpec, settings: TrainSpec) -> str:
    """Return a hash of all that decides the curves; more epochs only go on."""
    if settings.schedule != "cosine":
        settings = settings.replace(epochs=1)
    return fingerprint((spec, data, settings))


def _plain(weights: Weights) -> Arrays:
    return dict(weights)
