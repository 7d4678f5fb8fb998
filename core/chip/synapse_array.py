"""What the synapses make of one event of each source."""

import numpy as np
from numpy.typing import NDArray

from core.chip.circuit import Circuits
from core.chip.geometry import HEMISPHERES, column_of, hemisphere_of
from core.chip.network import Floats, Integers
from core.chip.results import ChipConfig


def synaptic_drive(
    config: ChipConfig, circuits: Circuits, used: Integers, row_gain: Floats
) -> NDArray[np.float32]:
    """Return what one event of each source does, shape (2, sources, lanes), LSB/µs.

    :param row_gain: shape (2, 256), relative charge of the pulses of each row
    """
    sources = int(max(config.row_source.max(), config.circuit_source.max())) + 1
    weights = np.zeros((2, sources, len(used)), np.float32)
    for hemisphere in range(HEMISPHERES):
        lanes = np.flatnonzero(hemisphere_of(used) == hemisphere)
        columns = column_of(used[lanes])
        for line, sign in enumerate((1, -1)):
            rows = np.flatnonzero(config.row_sign[hemisphere] == sign)
            target = np.ix_(config.row_source[hemisphere, rows], lanes)
            weight = config.weights[hemisphere][np.ix_(rows, columns)]
            weights[line][target] += weight * row_gain[hemisphere, rows, None]
    drive = weights * circuits.strength[:, None].astype(np.float32)
    return np.ascontiguousarray(drive)
