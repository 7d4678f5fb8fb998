"""Fewer points, same picture: min and max per pixel, spikes as counted images."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Columns of a plot: about the pixels it has on a wide screen.
COLUMNS = 900


def min_max(
    time: NDArray[Any], values: NDArray[Any], columns: int = COLUMNS
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the points that a line of this many pixels needs.

    Every peak stays: each column keeps its smallest and its largest sample, in order.

    :param time: shape (samples,)
    :param values: shape (samples,)
    :returns: time and values, at most ``2 * columns + 2`` samples each
    """
    count = len(values)
    if count <= 2 * columns:
        return time.astype(np.float32), values.astype(np.float32)
    width = -(-count // columns)
    full = -(-count // width) * width
    blocks = np.pad(values, (0, full - count), mode="edge").reshape(-1, width)
    start = width * np.arange(len(blocks))[:, None]
    ends = np.stack([blocks.argmin(1), blocks.argmax(1)], 1) + start
    kept = np.unique(np.minimum(np.append(ends, [0, count - 1]), count - 1))
    return time[kept].astype(np.float32), values[kept].astype(np.float32)


def counted(
    time: NDArray[Any],
    row: NDArray[Any],
    duration: float,
    rows: int,
    columns: int = COLUMNS,
) -> NDArray[np.int64]:
    """Count spikes per pixel.

    :param time: shape (spikes,), in the unit of ``duration``
    :param row: shape (spikes,), 0 to ``rows``
    :returns: shape (image rows, columns); no more than 400 image rows
    """
    height = min(rows, 400)
    x = np.clip((time / duration * columns).astype(np.int64), 0, columns - 1)
    y = np.clip(row.astype(np.int64) * height // rows, 0, height - 1)
    counts = np.bincount(y * columns + x, minlength=height * columns)
    return counts.reshape(height, columns)
