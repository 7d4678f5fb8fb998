"""Which neuron sits on which circuit.

Greedy, in the order of the populations: each starts in the hemisphere with more free
circuits, so that a layer and the layer it feeds tend to lie in different synapse
arrays, and continues in the other when that is full.
"""

import numpy as np

from core.chip.geometry import CIRCUITS, COLUMNS, HEMISPHERES
from core.chip.network import Network
from core.chip.results import PlacementResult
from core.errors import PlacementError


def place(network: Network) -> PlacementResult:
    """Give every neuron of ``network`` a circuit of its own.

    :raises PlacementError: if there are more neurons than circuits
    """
    _check_size(network)
    used = [0] * HEMISPHERES
    circuits = {}
    for population in network.populations:
        start = used.index(min(used))
        taken = []
        missing = population.size
        for row in (start, 1 - start):
            count = min(missing, COLUMNS - used[row])
            taken.append(row * COLUMNS + used[row] + np.arange(count))
            used[row] += count
            missing -= count
        circuits[population.name] = np.concatenate(taken).astype(np.int64)
    return PlacementResult(circuits)


def _check_size(network: Network) -> None:
    total = 0
    for population in network.populations:
        free = CIRCUITS - total
        total += population.size
        if population.size > free:
            raise PlacementError(
                f"population '{population.name}'",
                f"needs {population.size} neuron circuits, {free} of {CIRCUITS} are"
                " free.",
                f"Make the populations smaller by {population.size - free} neurons in"
                " all, or split the network into parts that run one after the other.",
            )
