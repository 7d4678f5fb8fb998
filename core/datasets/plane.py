"""Two classes of points in a square: the toys on which networks are compared.

===========  =====================================================
circle       a disc and the ring around it, with a gap between
xor          opposite quarters of the square, with a gap between
gaussians    two bells, one in each of two corners
spirals      two arms of a spiral
===========  =====================================================
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from core.errors import ParameterError, did_you_mean

Points = NDArray[np.float64]


class PlaneDataset(Dataset[tuple[Any, int]]):
    """Points of two classes; an item is (x, y, 1-x, 1-y) and its class.

    :param shape: one of `SHAPES`
    :param size: number of samples
    :param seed: same seed, same samples
    :param noise: standard deviation that is added to each coordinate
    :raises ParameterError: if there is no such shape

    >>> dataset = PlaneDataset("xor", size=10, seed=1)
    >>> sample, target = dataset[0]
    >>> sample.shape, target in (0, 1)
    ((4,), True)
    """

    class_names = ("first", "second")

    def __init__(
        self, shape: str = "circle", size: int = 1000, seed: int = 42, noise: float = 0
    ) -> None:
        if shape not in SHAPES:
            raise ParameterError(
                "data set",
                f"there is no shape {shape!r}.",
                f"Use one of {list(SHAPES)}.{did_you_mean(str(shape), SHAPES)}",
            )
        rng = np.random.default_rng(seed)
        self.classes = rng.integers(0, 2, size)
        points = SHAPES[shape](self.classes, rng) + noise * rng.normal(size=(size, 2))
        self.points = points.clip(0, 1)

    def __len__(self) -> int:
        return len(self.classes)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        x, y = self.points[index]
        return np.array([x, y, 1 - x, 1 - y]), int(self.classes[index])


def _circle(classes: NDArray[Any], rng: np.random.Generator) -> Points:
    inner, outer = np.array([0.0, 0.35]), np.array([0.2, 0.5])
    share = np.sqrt(rng.random(len(classes)))  # even over the disc
    radius = inner[classes] + (outer - inner)[classes] * share
    return 0.5 + _polar(radius, rng.uniform(0, 2 * np.pi, len(classes)))


def _xor(classes: NDArray[Any], rng: np.random.Generator) -> Points:
    size = rng.uniform(0.06, 0.5, (len(classes), 2))
    side = rng.choice([-1, 1], len(classes))
    other = np.where(classes == 0, side, -side)
    points: Points = 0.5 + size * np.stack([side, other], -1)
    return points


def _gaussians(classes: NDArray[Any], rng: np.random.Generator) -> Points:
    centre = np.array([0.3, 0.7])[classes][:, None]
    points: Points = centre + rng.normal(0, 0.1, (len(classes), 2))
    return points


def _spirals(classes: NDArray[Any], rng: np.random.Generator) -> Points:
    way = np.sqrt(rng.uniform(0.01, 1, len(classes)))
    return 0.5 + _polar(0.48 * way, 1.75 * 2 * np.pi * way + np.pi * classes)


def _polar(radius: NDArray[Any], angle: NDArray[Any]) -> Points:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1)


#: Draws points, shape (samples, 2), for given classes, shape (samples,).
SHAPES: dict[str, Callable[[NDArray[Any], np.random.Generator], Points]] = {
    "circle": _circle,
    "xor": _xor,
    "gaussians": _gaussians,
    "spirals": _spirals,
}
