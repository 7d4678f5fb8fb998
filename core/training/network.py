"""The network of a document with the gradients that the settings ask for.

Surrogate gradients are those of `core.modules.LIF`, EventProp is switched on by
`core.training.eventprop`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.build import build
from core.chip.pipeline import StageMemory
from core.errors import NetworkError, ParameterError, ShapeError
from core.spec.check import bounds
from core.spec.experiment import ExperimentSpec, RecordingSpec
from core.spec.network import LIFSpec, LISpec
from core.training.data import Samples
from core.training.eventprop import use_eventprop
from core.training.score import loss, penalty, scores
from core.training.settings import TrainSpec
from core.units import WEIGHT_MAX

Weights = dict[str, NDArray[np.float32]]
#: Samples that are run at once where no gradient is needed.
_AT_ONCE = 250


@dataclass(frozen=True)
class Evaluation:
    """What a network makes of labelled samples.

    :param loss: without penalties
    :param accuracy: share of right answers
    :param scores: shape (samples, classes)
    :param labels: shape (samples,)
    """

    loss: float
    accuracy: float
    scores: NDArray[np.float32]
    labels: NDArray[np.int64]

    @property
    def predictions(self) -> NDArray[np.int64]:
        """The class with the largest score, shape (samples,)."""
        found: NDArray[np.int64] = self.scores.argmax(1)
        return found

    @property
    def confusion(self) -> NDArray[np.int64]:
        """Samples by class and answer, shape (class, answer)."""
        classes = self.scores.shape[1]
        cell = self.labels * classes + self.predictions
        return np.bincount(cell, minlength=classes**2).reshape(classes, classes)


@dataclass(frozen=True)
class Batch:
    """What one batch gave: a loss with its graph, and numbers to show.

    :param right: number of right answers
    :param fired: spikes per sample of all populations
    """

    total: Tensor
    loss: float
    right: int
    fired: float


class TrainedNetwork:
    """The network of a document, its one input and its one output.

    :param spec: what its input would send and what is recorded are left out
    :param channels: of the data; the input may have them several times
    :param classes: number of classes, one output neuron each
    :param memory: keeps the stages of the chip from run to run
    :raises NetworkError: if the document cannot be trained on such data
    :raises ParameterError: if a setting is out of range
    """

    def __init__(
        self,
        spec: ExperimentSpec,
        settings: TrainSpec,
        channels: int,
        classes: int,
        memory: StageMemory | None = None,
    ) -> None:
        problems = list(bounds(settings, "training", "training"))
        if problems:
            raise ParameterError.of(problems)
        self.settings = settings
        self.input, self.copies = _input(spec, channels)
        self.output = _output(spec, classes)
        self.dt = spec.run.dt
        steady = tuple(s for s in spec.stimuli if s.population != self.input)
        bare = spec.replace(stimuli=steady, recording=RecordingSpec())
        self.snn = build(bare, mock=settings.mode == "mock", memory=memory)
        self.notes: tuple[str, ...] = ()
        self._choose_gradient()
        self.projections = {p.name: p for p in spec.network.projections}
        self._spiking = [
            p.name
            for p in spec.network.populations
            if isinstance(p, LISpec) and p.spiking
        ]
        self._masks = self._synapses() if settings.keep_zeros else {}

    @property
    def weights(self) -> dict[str, torch.nn.Parameter]:
        """Weights of each projection, shape (target, source), model units."""
        found = self.snn.modules_by_name
        return {name: found[name].weight for name in self.projections}

    def copy_weights(self) -> Weights:
        """Return the weights as arrays of their own."""
        return {n: w.detach().numpy().copy() for n, w in self.weights.items()}

    def write_weights(self, weights: Mapping[str, NDArray[Any]]) -> None:
        """Put ``weights`` in the place of the current ones."""
        with torch.no_grad():
            for name, weight in self.weights.items():
                weight.copy_(torch.tensor(weights[name]))

    @property
    def trial(self) -> int:
        """Number of the noise of the next run on the chip."""
        return int(self.snn.exp.trial)

    @trial.setter
    def trial(self, trial: int) -> None:
        self.snn.exp.trial = trial

    def batch(self, samples: Samples) -> Batch:
        """Run a batch and return its loss, ready to go backward."""
        found, handles = self._run(samples.spikes)
        plain = loss(found, samples.labels, self.output, self.settings)
        spikes = {name: handles[name].spikes for name in self._spiking}
        extra = penalty(found, spikes, self.weights, self.settings)
        with torch.no_grad():
            right = int((found.argmax(1) == samples.labels).sum())
            fired = sum(float(s.sum()) for s in spikes.values()) / len(samples)
        return Batch(plain + extra, float(plain.detach()), right, fired)

    def evaluate(self, samples: Samples) -> Evaluation:
        """Return scores, loss and accuracy of all samples."""
        with torch.no_grad():
            parts = [
                self._run(samples.spikes[:, start : start + _AT_ONCE])[0]
                for start in range(0, len(samples), _AT_ONCE)
            ]
            found = torch.cat(parts)
            total = float(loss(found, samples.labels, self.output, self.settings))
        labels = samples.labels.numpy()
        accuracy = float((found.argmax(1).numpy() == labels).mean())
        return Evaluation(total, accuracy, found.numpy(), labels)

    def mask_gradients(self) -> None:
        """Take the gradient from weights that are no synapses."""
        for name, mask in self._masks.items():
            gradient = self.weights[name].grad
            if gradient is not None:
                gradient *= mask

    def clip(self) -> None:
        """Keep the weights within the range of the chip, if the settings say so."""
        if not self.settings.clip_weights:
            return
        with torch.no_grad():
            for name, weight in self.weights.items():
                scale = self.projections[name].weight_scale
                if scale > 0:
                    weight.clamp_(-WEIGHT_MAX / scale, WEIGHT_MAX / scale)

    def _run(self, spikes: Tensor) -> tuple[Tensor, dict[str, Any]]:
        """Return the scores of a batch and the handles of all populations."""
        handles = self.snn({self.input: spikes.repeat(1, 1, self.copies)})
        found = scores(handles[self.output.name], self.output, self.settings, self.dt)
        return found, handles

    def _synapses(self) -> dict[str, Tensor]:
        masks = {n: (w.detach() != 0).float() for n, w in self.weights.items()}
        return {n: mask for n, mask in masks.items() if mask.any() and not mask.all()}

    def _choose_gradient(self) -> None:
        settings, modules = self.settings, self.snn.modules_by_name
        if settings.crossing is None:
            for population in self.snn.spec.network.populations:
                if isinstance(population, LIFSpec):
                    modules[population.name].method = settings.surrogate
                    modules[population.name].alpha = settings.alpha
            return
        self.notes = use_eventprop(self.snn, settings)


def with_weights(
    spec: ExperimentSpec, weights: Mapping[str, NDArray[Any]]
) -> ExperimentSpec:
    """Return the document with other weights, model units."""
    network = spec.network
    for name, weight in weights.items():
        new = network.projection(name).replace(weights=weight)
        network = network.with_projection(new)
    return spec.replace(network=network)


def refuse_unfit(spec: ExperimentSpec, channels: int, classes: int) -> None:
    """Raise if a document cannot be trained on data of so many channels and classes.

    :raises NetworkError: if it has not one input and one output
    :raises ShapeError: if they have other sizes than the data
    """
    _input(spec, channels)
    _output(spec, classes)


def _input(spec: ExperimentSpec, channels: int) -> tuple[str, int]:
    """Return the name of the one input, and how many copies of the data it takes."""
    inputs = [p for p in spec.network.populations if not p.accepts_input]
    if len(inputs) != 1:
        raise NetworkError(
            "training",
            f"the network has {len(inputs)} inputs, the data feed one.",
            "Leave one input population in the network.",
        )
    (population,) = inputs
    copies, rest = divmod(population.size, channels)
    if rest or not copies:
        raise ShapeError(
            f"population '{population.name}'",
            f"has {population.size} channels, the data have {channels}.",
            f"Use {channels}, or a multiple of it: each copy is sent once more.",
        )
    return population.name, copies


def _output(spec: ExperimentSpec, classes: int) -> LISpec:
    found = [spec.network.population(name) for name in spec.network.outputs]
    neurons = [p for p in found if isinstance(p, LISpec)]
    if len(neurons) != 1:
        raise NetworkError(
            "training",
            f"the network has {len(neurons)} populations as output, one is trained.",
            "Mark the one population whose neurons stand for the classes.",
        )
    (population,) = neurons
    if population.size != classes:
        raise ShapeError(
            f"population '{population.name}'",
            f"has {population.size} neurons, the data have {classes} classes.",
            f"Give it {classes} neurons.",
        )
    return population
