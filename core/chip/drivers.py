"""Which synapses carry each source: a driver, and in it a column of each neuron.

A source on a bus reaches all drivers of its group, and there every column; a synapse
answers to one address. So each neuron needs, for each of its sources, one driver of the
group on which one of its columns is still free. Where possible a driver serves one
source only: then its two rows are those of that source in all columns.
"""

import numpy as np

from core.chip.buses import BusPlan
from core.chip.connections import Connections
from core.chip.geometry import (
    BUSES,
    CIRCUITS,
    COLUMNS,
    DRIVERS_PER_BUS,
    HEMISPHERES,
    SYNAPSE_ROWS,
    column_of,
    hemisphere_of,
)
from core.chip.network import Integers


def allot(wanted: Connections, plan: BusPlan) -> Integers:
    """Return the source of each synapse, shape (2, 256, 256), −1 where free.

    Both rows of a driver get the source: one row is excitatory, one inhibitory.
    A source that the plan has no place for is left out.
    """
    synapse_source = np.full((HEMISPHERES, SYNAPSE_ROWS, COLUMNS), -1, np.int64)
    taken = np.zeros((BUSES, CIRCUITS + 1, DRIVERS_PER_BUS), bool)
    taken[:, -1] = True  # circuit −1: a neuron has fewer
    owners = np.zeros((BUSES, HEMISPHERES, DRIVERS_PER_BUS), np.int64)
    numbers = np.arange(DRIVERS_PER_BUS)
    for source in np.flatnonzero(plan.group >= 0):
        bus = plan.bus[source]
        group = numbers[numbers % plan.groups[bus] == plan.group[source]]
        left = wanted.groups[wanted.matrix[source]]  # (neurons, circuits of a neuron)
        while len(left):
            part, number = _best(left, taken[bus], owners[bus], group)
            served = ~taken[bus][left[:, part], number]
            circuits = left[served, part]
            taken[bus][circuits, number] = True
            rows = 2 * (number * BUSES + bus)
            for hemisphere in range(HEMISPHERES):
                here = circuits[hemisphere_of(circuits) == hemisphere]
                owners[bus, hemisphere, number] += len(here) > 0
                synapse_source[hemisphere, rows : rows + 2, column_of(here)] = source
            left = left[~served]
    return synapse_source


def _best(
    neurons: Integers, taken: Integers, owners: Integers, group: Integers
) -> tuple[int, int]:
    """Return the circuit of each neuron and the driver that serve most neurons.

    Of equal ones a driver that no other source uses is better, then the first.

    :param neurons: circuits of the neurons, shape (neurons, circuits of a neuron)
    :param taken: shape (circuits + 1, drivers)
    :param owners: sources that use a driver, shape (hemisphere, driver)
    :param group: the drivers to choose from
    """
    free = ~taken[neurons][:, :, group]  # (neurons, circuits of a neuron, drivers)
    score = 4 * free.sum(0)  # 4: being first of equal ones counts at most 2
    rows = hemisphere_of(neurons)
    for hemisphere in range(HEMISPHERES):
        reached = ((rows == hemisphere) & (neurons >= 0)).any(0)[:, None]
        score -= reached & (owners[hemisphere, group] > 0)
    part, number = np.unravel_index(score.argmax(), score.shape)
    return int(part), int(group[number])
