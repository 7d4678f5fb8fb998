"""Which synapses carry each source: a driver, and in it a column of each neuron.

A source on a bus reaches all drivers of its group, and there every column; a synapse
answers to one address. So each neuron needs, for each of its sources, one driver of the
group on which one of its columns is still free. Where possible a driver serves one
source only: then its two rows are those of that source in all columns.
"""

import numpy as np
from numpy.typing import NDArray

from core.chip.buses import BusPlan
from core.chip.connections import Connections
from core.chip.geometry import (
    BUSES,
    CIRCUITS,
    COLUMNS,
    DRIVERS_PER_BUS,
    HEMISPHERES,
    SYNAPSE_ROWS,
)
from core.chip.network import Integers


def allot(wanted: Connections, plan: BusPlan) -> Integers:
    """Return the source of each synapse, shape (2, 256, 256), −1 where free.

    Both rows of a driver get the source: one row is excitatory, one inhibitory.
    A source that the plan has no place for is left out.
    """
    synapse_source = np.full((HEMISPHERES, SYNAPSE_ROWS, COLUMNS), -1, np.int64)
    for bus in range(BUSES):
        for group in range(plan.groups[bus]):
            numbers = np.arange(group, DRIVERS_PER_BUS, plan.groups[bus])
            sources = np.flatnonzero((plan.bus == bus) & (plan.group == group))
            _allot_group(wanted, sources, numbers * BUSES + bus, synapse_source)
    return synapse_source


def _allot_group(
    wanted: Connections, sources: Integers, drivers: Integers, synapse_source: Integers
) -> None:
    """Give the sources of one group synapses on its drivers."""
    taken = np.zeros((CIRCUITS + 1, len(drivers)), bool)
    taken[-1] = True  # circuit −1: a neuron has fewer
    owners = np.zeros((HEMISPHERES, len(drivers)), bool)
    for source in sources:
        left = wanted.groups[wanted.matrix[source]]  # (neurons, circuits of a neuron)
        while len(left):
            part, driver = _best(left, taken, owners)
            served = ~taken[left[:, part], driver]
            circuits = left[served, part]
            taken[circuits, driver] = True
            row = 2 * drivers[driver]
            for hemisphere in range(HEMISPHERES):
                here = circuits[circuits // COLUMNS == hemisphere] % COLUMNS
                owners[hemisphere, driver] |= len(here) > 0
                synapse_source[hemisphere, row, here] = source
                synapse_source[hemisphere, row + 1, here] = source
            left = left[~served]


def _best(
    neurons: Integers, taken: NDArray[np.bool_], owners: NDArray[np.bool_]
) -> tuple[int, int]:
    """Return the circuit of each neuron and the driver that serve most neurons.

    Of equal ones a driver that no other source uses is better, then the first.

    :param neurons: circuits of the neurons, shape (neurons, circuits of a neuron)
    :param taken: shape (circuits + 1, drivers)
    :param owners: drivers that other sources use, shape (hemisphere, driver)
    """
    best = (-1, 0, 0)
    for part, circuits in enumerate(neurons.T):
        free = len(circuits) - np.count_nonzero(taken[circuits], axis=0)
        used = circuits[circuits >= 0]
        upper = (used < COLUMNS).any()
        lower = (used >= COLUMNS).any()
        # 4: not to be shared counts less than one neuron in both hemispheres.
        score = 4 * free - (upper & owners[0]) - (lower & owners[1]).astype(np.int64)
        driver = int(score.argmax())
        best = max(best, (int(score[driver]), -part, driver))
        if free[driver] == len(circuits) and score[driver] == 4 * len(circuits):
            break
    return -best[1], best[2]
