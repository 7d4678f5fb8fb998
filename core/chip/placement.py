"""Which neuron sits on which circuit.

Populations with given circuits come first. The others are placed greedily, in their
order: each starts in the hemisphere with more free circuits, so that a layer and the
layer it feeds tend to lie in different synapse arrays, and continues in the other when
that is full.
"""

import numpy as np
from numpy.typing import NDArray

from core.chip.geometry import CIRCUITS, COLUMNS, HEMISPHERES
from core.chip.network import Network, Population
from core.chip.results import PlacementResult
from core.errors import PlacementError


class ConstraintError(PlacementError, ValueError):
    """The circuits that a population was given cannot be had."""


def place(network: Network) -> PlacementResult:
    """Give every neuron of ``network`` a circuit of its own.

    :raises PlacementError: if there are more neurons than circuits
    :raises ConstraintError: if circuits that are given do not exist or are taken
    """
    _check_size(network)
    free = np.ones(CIRCUITS, bool)
    circuits = {
        population.name: _given(population, free)
        for population in network.populations
        if population.circuits is not None
    }
    for population in network.populations:
        if population.circuits is None:
            circuits[population.name] = _next(free, population.size)
    return PlacementResult({p.name: circuits[p.name] for p in network.populations})


def _next(free: NDArray[np.bool_], count: int) -> NDArray[np.int64]:
    """Take ``count`` free circuits, from the emptier hemisphere first."""
    rows = free.reshape(HEMISPHERES, COLUMNS)
    start = int(rows.sum(1).argmax())
    found = [row * COLUMNS + np.flatnonzero(rows[row]) for row in (start, 1 - start)]
    taken = np.concatenate(found)[:count]
    free[taken] = False
    return taken


def _given(population: Population, free: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Take the circuits that ``population`` asks for."""
    wanted = np.asarray(population.circuits, np.int64)
    for circuit in wanted:
        if not 0 <= circuit < CIRCUITS or not free[circuit]:
            raise ConstraintError(
                f"population '{population.name}'",
                f"Cannot register LogicalNeuron on circuit {circuit}, it is taken or"
                " does not exist.",
                f"Give each neuron a circuit of its own, 0 to {CIRCUITS - 1}.",
            )
        free[circuit] = False
    return wanted


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
