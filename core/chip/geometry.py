"""Where things are on the chip: circuits, columns, hemispheres, quadrants.

512 neuron circuits lie in two rows of 256 columns. Each row has its own array of
256 × 256 synapses, so a row and a hemisphere are the same thing. A circuit is counted
as row · 256 + column.
"""

from typing import Final

import numpy as np

from core.chip.network import Integers

HEMISPHERES: Final = 2
COLUMNS: Final = 256
CIRCUITS: Final = HEMISPHERES * COLUMNS
#: Synapse rows of one hemisphere; a signed source takes two of them.
SYNAPSE_ROWS: Final = 256
SOURCES_PER_HEMISPHERE: Final = SYNAPSE_ROWS // 2
QUADRANTS: Final = 4

#: How a person calls the two hemispheres.
HEMISPHERE_NAMES: Final = ("upper", "lower")


def hemisphere_of(circuits: Integers) -> Integers:
    """Return 0 for circuits of the upper row, 1 for the lower."""
    return np.asarray(circuits, np.int64) // COLUMNS


def column_of(circuits: Integers) -> Integers:
    """Return the column, 0…255."""
    return np.asarray(circuits, np.int64) % COLUMNS


def quadrant_of(circuits: Integers) -> Integers:
    """Return the quadrant, 0…3: each has its own block of analog memory."""
    return hemisphere_of(circuits) * 2 + column_of(circuits) // (COLUMNS // 2)
