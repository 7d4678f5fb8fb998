"""How a training went: what is told while it runs and what it returns."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from core.training.network import Evaluation, Weights

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class History:
    """One number per finished epoch, and one per step.

    :param loss: mean over the epoch, without penalties
    :param accuracy: share of right answers while it trained
    :param rate: spikes per sample of all populations
    :param step_loss: shape (steps so far,)
    """

    loss: Numbers
    accuracy: Numbers
    validation_loss: Numbers
    validation_accuracy: Numbers
    rate: Numbers
    learning_rate: Numbers
    step_loss: Numbers
    step_accuracy: Numbers

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of all curves."""
        return tuple(f.name for f in fields(cls))

    @property
    def epochs(self) -> int:
        """Number of finished epochs."""
        return len(self.loss)

    @property
    def best_epoch(self) -> int:
        """Epoch of the best validation accuracy, from 0; the first of equal ones."""
        return int(np.argmax(self.validation_accuracy))


@dataclass(frozen=True)
class Snapshot:
    """The network after an epoch.

    :param weights: of each projection, shape (target, source), model units
    :param validation: what it makes of the validation samples
    :param class_map: answers on a square grid, shape (y, x); None if none is drawn
    """

    weights: Weights
    validation: Evaluation
    class_map: NDArray[np.int64] | None


@dataclass(frozen=True)
class Progress:
    """How far a training is; told after each step.

    :param epoch: that runs, from 0
    :param step: that was done, from 0, within its epoch
    :param steps: steps of an epoch
    :param loss: of this step
    :param accuracy: of this step
    :param seconds: wall time so far, pauses left out
    :param eta: seconds to the end, by the mean so far
    :param history: all finished epochs; the same object until the next one ends
    :param snapshot: of the last finished epoch, None before it
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    accuracy: float
    seconds: float
    eta: float
    history: History
    snapshot: Snapshot | None
