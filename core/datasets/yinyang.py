"""The Yin-Yang data set (Kriener, Göltz and Petrovici, 2022)."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from core.errors import ParameterError


class YinYangDataset(Dataset[tuple[Any, int]]):
    """Points in the Yin-Yang sign; an item is (x, y, 1-x, 1-y) and its class.

    :param r_small: radius of the dots
    :param r_big: radius of the sign; coordinates lie in [0, 2 r_big]
    :param size: number of samples
    :param seed: same seed, same samples
    :param transform: applied to the sample when it is read
    :raises ParameterError: if the dots do not fit

    >>> dataset = YinYangDataset(size=10, seed=42)
    >>> sample, target = dataset[0]
    >>> sample.shape, dataset.class_names[target]
    ((4,), 'dot')
    """

    def __init__(
        self,
        r_small: float = 0.1,
        r_big: float = 0.5,
        size: int = 1000,
        seed: int = 42,
        transform: Callable[[Any], Any] | None = None,
    ) -> None:
        if not 0 < 2 * r_small < r_big < math.inf:
            raise ParameterError(
                "Yin-Yang data set",
                f"dots of radius {r_small} do not fit into a sign of radius {r_big}.",
                "Make r_small more than 0 and less than half of r_big.",
            )
        # The published samples are defined by this generator.
        self._rng = np.random.RandomState(seed)
        self.r_small = r_small
        self.r_big = r_big
        self.transform = transform
        self.class_names = ["yin", "yang", "dot"]
        self._samples: list[NDArray[np.float64]] = []
        self._classes: list[int] = []
        for _ in range(size):
            x, y, target = self.get_sample(self._rng.randint(3))
            self._samples.append(np.array([x, y, 1 - x, 1 - y]))
            self._classes.append(target)

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        sample = self._samples[index]
        if self.transform is not None:
            return self.transform(sample), self._classes[index]
        return sample.copy(), self._classes[index]

    def get_sample(self, goal: int | None = None) -> tuple[float, float, int]:
        """Draw a point until it has the class ``goal``.

        :param goal: 0, 1, 2, an index of ``class_names``; None takes any
        :returns: x, y and class
        :raises ParameterError: if there is no such class
        """
        if goal not in (None, 0, 1, 2):
            raise ParameterError(
                "Yin-Yang data set", f"there is no class {goal}.", "Use 0, 1 or 2."
            )
        while True:
            x, y = self._rng.rand(2) * 2 * self.r_big
            if np.hypot(x - self.r_big, y - self.r_big) > self.r_big:
                continue
            target = self.which_class(x, y)
            if goal is None or target == goal:
                return x, y, target

    def which_class(self, x: float, y: float) -> int:
        """Return the class of a point within the sign, an index of `class_names`."""
        right, left = self.dist_to_right_dot(x, y), self.dist_to_left_dot(x, y)
        if right < self.r_small or left < self.r_small:
            return 2
        return int(
            right <= self.r_small
            or self.r_small < left <= self.r_big / 2
            or (y > self.r_big and right > self.r_big / 2)
        )

    def dist_to_right_dot(self, x: float, y: float) -> float:
        """Return the distance to the centre of the right dot."""
        return float(np.hypot(x - 1.5 * self.r_big, y - self.r_big))

    def dist_to_left_dot(self, x: float, y: float) -> float:
        """Return the distance to the centre of the left dot."""
        return float(np.hypot(x - 0.5 * self.r_big, y - self.r_big))
