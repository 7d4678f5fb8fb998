"""A tiny picture of one population for its box in the graph: inline SVG."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 98, 22


def raster_svg(
    time: NDArray[Any], neuron: NDArray[Any], size: int, duration: float, color: str
) -> str:
    """Return spikes as ticks; at most 300 of them, evenly taken."""
    if len(time) > 300:
        kept = np.linspace(0, len(time) - 1, 300).astype(int)
        time, neuron = time[kept], neuron[kept]
    row = HEIGHT / max(size, 1)
    tick = max(row * 0.8, 1.5)
    moves = "".join(
        f"M{t / duration * WIDTH:.1f} {n * row:.1f}v{tick:.1f}"
        for t, n in zip(time, neuron, strict=True)
    )
    return _svg(f'<path d="{moves}" stroke="{color}" fill="none"/>')


def trace_svg(values: NDArray[Any], color: str) -> str:
    """Return one membrane as a line.

    :param values: shape (samples,)
    """
    if not len(values):
        return _svg("")
    kept = np.linspace(0, len(values) - 1, min(len(values), WIDTH)).astype(int)
    y = values[kept].astype(float)
    low, span = float(y.min()), max(float(np.ptp(y)), 1e-9)
    x = np.linspace(0, WIDTH, len(y))
    height = HEIGHT - 2
    points = " ".join(
        f"{a:.1f},{1 + height * (1 - (b - low) / span):.1f}"
        for a, b in zip(x, y, strict=True)
    )
    return _svg(f'<polyline points="{points}" stroke="{color}" fill="none"/>')


def _svg(content: str) -> str:
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'aria-hidden="true">{content}</svg>'
    )
