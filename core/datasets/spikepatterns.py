"""Classes that differ in when their channels spike: one pattern each, with jitter."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from core.errors import ParameterError


class SpikePatternDataset(Dataset[tuple[Any, int]]):
    """Jittered copies of one spike pattern for each class.

    An item is the spike time of each channel, in [0, 1], and its class. The patterns
    come from ``pattern_seed``: data sets of different seeds have them in common.

    :param channels: number of channels, one spike each
    :param classes: number of patterns
    :param jitter: standard deviation of each spike time
    :param size: number of samples
    :param seed: of classes and jitter
    :param pattern_seed: of the patterns
    :raises ParameterError: if there are no channels or fewer than two classes

    >>> dataset = SpikePatternDataset(channels=6, size=10)
    >>> times, target = dataset[0]
    >>> times.shape, target in (0, 1)
    ((6,), True)
    """

    def __init__(
        self,
        channels: int = 10,
        classes: int = 2,
        jitter: float = 0.05,
        size: int = 1000,
        seed: int = 42,
        pattern_seed: int = 0,
    ) -> None:
        if channels < 1 or classes < 2:
            raise ParameterError(
                "spike patterns",
                f"{classes} classes of {channels} channels cannot be told apart.",
                "Use at least one channel and two classes.",
            )
        self.patterns: NDArray[np.float64] = np.random.default_rng(
            pattern_seed
        ).uniform(0, 1, (classes, channels))
        self.class_names = [f"pattern {index + 1}" for index in range(classes)]
        rng = np.random.default_rng(seed)
        self.classes = rng.integers(0, classes, size)
        shift = jitter * rng.normal(size=(size, channels))
        self.times = (self.patterns[self.classes] + shift).clip(0, 1)

    def __len__(self) -> int:
        return len(self.classes)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return self.times[index].copy(), int(self.classes[index])
