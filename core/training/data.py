"""What a network is trained on: labelled spike patterns, drawn by a declared value.

A `DataSpec` says which data set, how large and how coded; `DataSpec.splits` draws it.
Coordinates become spike times between ``t_early`` and ``t_late``. Canonical Yin-Yang
has 5000 samples of seed 42 to train, 1000 of 41 to validate and 1000 of 40 to test.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.datasets.plane import SHAPES, PlaneDataset
from core.datasets.spikepatterns import SpikePatternDataset
from core.datasets.yinyang import YinYangDataset
from core.errors import ParameterError, ShapeError
from core.spec.check import bounds
from core.spec.fields import Spec, choice, quantity
from core.transforms.encode import CoordinatesToSpikes


@dataclass(frozen=True)
class Samples:
    """Labelled spike patterns.

    :param spikes: shape (time, samples, channels), 0 or 1
    :param labels: shape (samples,), int64
    """

    spikes: Tensor
    labels: Tensor

    def __post_init__(self) -> None:
        if self.spikes.ndim != 3 or self.labels.shape != self.spikes.shape[1:2]:
            raise ShapeError(
                "samples",
                f"{tuple(self.labels.shape)} labels do not fit spikes of shape "
                f"{tuple(self.spikes.shape)}.",
                "Give spikes of shape (time, samples, channels) and a label for each "
                "sample.",
            )

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: Any) -> "Samples":
        """Return the samples of an index or a slice."""
        return Samples(self.spikes[:, index], self.labels[index])


@dataclass(frozen=True)
class Splits:
    """Three sets of samples and the names of their classes."""

    train: Samples
    validation: Samples
    test: Samples
    classes: tuple[str, ...]


def _seed(default: int, doc: str, label: str) -> Any:
    return quantity(default, "", low=0, high=99999, step=1, doc=doc, label=label)


def _size(default: int, doc: str, label: str) -> Any:
    return quantity(default, "", low=1, high=100_000, step=100, doc=doc, label=label)


@dataclass(frozen=True, eq=False)
class DataSpec(Spec):
    """Base of all data sets: their sizes, their seeds, and when they spike."""

    kind: ClassVar[str] = ""

    train_size: int = _size(5000, "Samples to train on.", "training samples")
    validation_size: int = _size(1000, "Samples to choose by.", "validation samples")
    test_size: int = _size(1000, "Samples to report.", "test samples")
    train_seed: int = _seed(42, "Seed of the training samples.", "training seed")
    validation_seed: int = _seed(41, "Seed of the validation.", "validation seed")
    test_seed: int = _seed(40, "Seed of the test samples.", "test seed")
    t_early: float = quantity(
        2e-6, "s", low=0, high=1e-3, step=1e-6, doc="Spike time of value 0."
    )
    t_late: float = quantity(
        26e-6, "s", low=0, high=1e-3, step=1e-6, doc="Spike time of value 1."
    )
    t_bias: float = quantity(
        2e-6, "s", low=0, high=1e-3, step=1e-6, doc="Time of the bias spike."
    )

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return tuple(self.raw(0, 0).class_names)

    @property
    def width(self) -> int:
        """Number of its channels, that of the bias among them."""
        return len(self.raw(1, 0)[0][0]) + 1

    def raw(self, size: int, seed: int) -> Any:
        """Return a data set: values in [0, 1] and a class for each index."""
        raise NotImplementedError

    def splits(self, steps: int, dt: float) -> Splits:
        """Draw all samples on a time grid.

        :param steps: number of time steps
        :param dt: width of a step, s
        :raises ParameterError: if a field is out of range, a spike lies after the end,
            or two splits would hold the same samples
        """
        self._refuse()
        sizes = self.train_size, self.validation_size, self.test_size
        seeds = self.train_seed, self.validation_seed, self.test_seed
        drawn = [self.raw(*pair) for pair in zip(sizes, seeds, strict=True)]
        samples = [self.coded(_values(d), steps, dt, _labels(d)) for d in drawn]
        train, validation, test = samples
        return Splits(train, validation, test, self.classes)

    def coded(
        self, values: Tensor, steps: int, dt: float, labels: Tensor | None = None
    ) -> Samples:
        """Return the spikes of values in [0, 1], and those of a bias channel.

        :param values: shape (samples, channels - 1)
        :param labels: shape (samples,); None makes them all 0
        """
        # The encoder cuts the bias off to whole steps, the coordinates it rounds.
        t_bias = (round(self.t_bias / dt) + 0.25) * dt
        encode = CoordinatesToSpikes(steps, self.t_early, self.t_late, dt, t_bias)
        if labels is None:
            labels = torch.zeros(len(values), dtype=torch.int64)
        return Samples(encode(values), labels)

    def grid(self, side: int, steps: int, dt: float) -> Samples | None:
        """Return the points of a square grid, x fastest; None if there is no plane."""
        return None

    def _refuse(self) -> None:
        problems = list(bounds(self, f"data set '{self.kind}'", self.kind))
        if problems:
            raise ParameterError.of(problems)
        seeds = [self.train_seed, self.validation_seed, self.test_seed]
        if len(set(seeds)) < len(seeds):
            raise ParameterError(
                f"data set '{self.kind}'",
                f"the seeds {seeds} are not all different: two splits would hold the "
                "same samples.",
                "Give each split a seed of its own.",
            )


@dataclass(frozen=True, eq=False)
class PlaneData(DataSpec):
    """Points (x, y) of a square, sent as x, y, 1-x, 1-y and a bias."""

    def grid(self, side: int, steps: int, dt: float) -> Samples | None:
        """Return the points of a square grid, x fastest, without labels."""
        line = torch.linspace(0, 1, side)
        y, x = torch.meshgrid(line, line, indexing="ij")
        points = torch.stack([x.ravel(), y.ravel()], 1)
        return self.coded(torch.cat([points, 1 - points], 1), steps, dt)


@dataclass(frozen=True, eq=False)
class YinYangData(PlaneData):
    """The Yin-Yang data set with its canonical splits."""

    kind: ClassVar[str] = "Yin-Yang"

    def raw(self, size: int, seed: int) -> YinYangDataset:
        """Return the data set."""
        return YinYangDataset(size=size, seed=seed)


@dataclass(frozen=True, eq=False)
class ToyData(PlaneData):
    """Two classes of points in a square."""

    kind: ClassVar[str] = "toy"

    shape: str = choice("circle", tuple(SHAPES), doc="How they lie.", label="shape")
    noise: float = quantity(
        0.0, "", low=0, high=0.5, step=0.01, doc="Added to each coordinate."
    )
    train_size: int = _size(1000, "Samples to train on.", "training samples")
    validation_size: int = _size(300, "Samples to choose by.", "validation samples")
    test_size: int = _size(300, "Samples to report.", "test samples")

    def raw(self, size: int, seed: int) -> PlaneDataset:
        """Return the data set."""
        return PlaneDataset(self.shape, size, seed, self.noise)


@dataclass(frozen=True, eq=False)
class SpikePatternData(DataSpec):
    """One pattern of spike times for each class, with jitter."""

    kind: ClassVar[str] = "spike patterns"

    channels: int = quantity(
        9, "", low=1, high=255, step=1, doc="Channels, one spike each, and a bias."
    )
    patterns: int = quantity(2, "", low=2, high=20, step=1, doc="Number of classes.")
    jitter: float = quantity(
        0.05, "", low=0, high=1, step=0.01, doc="Of each spike, as share of the range."
    )
    pattern_seed: int = _seed(0, "Seed of the patterns.", "pattern seed")
    train_size: int = _size(500, "Samples to train on.", "training samples")
    validation_size: int = _size(200, "Samples to choose by.", "validation samples")
    test_size: int = _size(200, "Samples to report.", "test samples")

    def raw(self, size: int, seed: int) -> SpikePatternDataset:
        """Return the data set."""
        return SpikePatternDataset(
            self.channels, self.patterns, self.jitter, size, seed, self.pattern_seed
        )


#: The data sets by name, in the order of a menu.
DATA_SETS: dict[str, type[DataSpec]] = {
    cls.kind: cls for cls in (YinYangData, ToyData, SpikePatternData)
}


def _values(drawn: Any) -> Tensor:
    values: NDArray[np.float32] = np.stack(
        [drawn[index][0] for index in range(len(drawn))]
    ).astype(np.float32)
    return torch.from_numpy(values)


def _labels(drawn: Any) -> Tensor:
    return torch.tensor([drawn[index][1] for index in range(len(drawn))])
