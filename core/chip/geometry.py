"""Where things are on the chip: circuits, columns, hemispheres, quadrants.

512 neuron circuits lie in two rows of 256 columns. Each row has its own array of
256 × 256 synapses, so a row and a hemisphere are the same thing. A circuit is counted
as row · 256 + column. A synapse driver feeds two rows of synapses; four buses per
hemisphere, with 32 drivers each, carry events to the drivers.
"""

from typing import Final

import numpy as np

from core.chip.network import Integers
from core.units import CIRCUITS as CIRCUITS

HEMISPHERES: Final = 2
COLUMNS: Final = CIRCUITS // HEMISPHERES
#: Synapse rows of one hemisphere; a signed source takes two of them.
SYNAPSE_ROWS: Final = 256
SOURCES_PER_HEMISPHERE: Final = SYNAPSE_ROWS // 2
QUADRANTS: Final = 4

#: Synapse drivers of one hemisphere; driver d feeds rows 2d and 2d + 1.
DRIVERS: Final = SYNAPSE_ROWS // 2
#: PADI buses of one hemisphere; driver d is on bus d % 4 (our choice: not published).
BUSES: Final = 4
DRIVERS_PER_BUS: Final = DRIVERS // BUSES
#: Ways by which events of neurons leave; each serves 32 columns of both rows.
EVENT_OUTPUTS: Final = 8
COLUMNS_PER_OUTPUT: Final = COLUMNS // EVENT_OUTPUTS

#: How a person calls the two hemispheres.
HEMISPHERE_NAMES: Final = ("upper", "lower")


def hemisphere_of(circuits: Integers) -> Integers:
    """Return 0 for circuits of the upper row, 1 for the lower."""
    return np.asarray(circuits, np.int64) // COLUMNS


def column_of(circuits: Integers) -> Integers:
    """Return the column, 0…255."""
    return np.asarray(circuits, np.int64) % COLUMNS


def event_output_of(circuits: Integers) -> Integers:
    """Return the event output, 0…7, by which the events of circuits leave."""
    return column_of(circuits) // COLUMNS_PER_OUTPUT


def bus_of(circuits: Integers) -> Integers:
    """Return the bus, 0…3, that the events of circuits reach in both hemispheres.

    Published is that neuron input k of the crossbar reaches PADI bus k only; with 8
    outputs and 4 buses per hemisphere we read it as output modulo 4.
    """
    return event_output_of(circuits) % BUSES


def quadrant_of(circuits: Integers) -> Integers:
    """Return the quadrant, 0…3: each has its own block of analog memory."""
    return hemisphere_of(circuits) * 2 + column_of(circuits) // (COLUMNS // 2)
