"""A tiny picture of one population for its box in the graph: the path of an SVG."""

from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 84, 24


class Miniature(TypedDict):
    """An SVG path in a view box from (0, 0) to (width, height), px."""

    path: str
    width: int
    height: int


def raster(
    time: NDArray[Any], neuron: NDArray[Any], size: int, duration: float
) -> Miniature:
    """Return spikes as ticks; at most 300 of them, evenly taken."""
    if len(time) > 300:
        kept = np.linspace(0, len(time) - 1, 300).astype(int)
        time, neuron = time[kept], neuron[kept]
    row = HEIGHT / max(size, 1)
    tick = max(row * 0.8, 1.5)
    return _picture(
        "".join(
            f"M{t / duration * WIDTH:.1f} {n * row:.1f}v{tick:.1f}"
            for t, n in zip(time, neuron, strict=True)
        )
    )


def trace(values: NDArray[Any]) -> Miniature:
    """Return one membrane as a line.

    :param values: shape (samples,)
    """
    if not len(values):
        return _picture("")
    kept = np.linspace(0, len(values) - 1, min(len(values), WIDTH)).astype(int)
    y = values[kept].astype(float)
    low, span = float(y.min()), max(float(np.ptp(y)), 1e-9)
    x = np.linspace(0, WIDTH, len(y))
    height = HEIGHT - 2
    points = "L".join(
        f"{a:.1f} {1 + height * (1 - (b - low) / span):.1f}"
        for a, b in zip(x, y, strict=True)
    )
    return _picture(f"M{points}")


def _picture(path: str) -> Miniature:
    return {"path": path, "width": WIDTH, "height": HEIGHT}
