"""Which neuron sits on which circuits.

Populations with given circuits come first. The others are placed greedily, in their
order: each starts in the hemisphere with more free circuits, so that a layer and the
layer it feeds tend to lie in different synapse arrays, and continues in the other when
that is full. A neuron of several circuits takes the first place at which all of them
are free.

The column of a neuron decides which bus its events use, and a circuit takes 32 signed
sources from a bus. A population whose neurons drive others therefore leaves out columns
of buses that its targets have used up. Several projections between the same populations
add up to weights that need a driver for each of them: there is room for that, if it can
be had. If nothing else finds a place the columns are taken as they come, and the router
says what is too much.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core.chip.compartment import apart
from core.chip.geometry import (
    BUSES,
    CIRCUITS,
    COLUMNS,
    DRIVERS_PER_BUS,
    HEMISPHERES,
    bus_of,
    column_of,
    hemisphere_of,
)
from core.chip.network import Integers, Network, Population
from core.chip.results import PlacementResult
from core.errors import PlacementError


class ConstraintError(PlacementError, ValueError):
    """The circuits that a population was given cannot be had."""


def place(network: Network) -> PlacementResult:
    """Give every neuron of ``network`` circuits of its own.

    :raises PlacementError: if the circuits do not suffice
    :raises ConstraintError: if circuits that are given do not exist or are taken
    """
    _check_size(network)
    free = np.ones(CIRCUITS, bool)
    buses = _Buses(network, summed=True), _Buses(network, summed=False)
    groups: dict[str, Integers] = {}
    for population in network.populations:
        if population.circuits is not None:
            groups[population.name] = _given(population, free, groups)
            for account in buses:
                account.use(population, groups[population.name])
    for population in network.populations:
        if population.circuits is None:
            groups[population.name] = _next(population, free, buses)
            for account in buses:
                account.use(population, groups[population.name])
    ordered = {p.name: groups[p.name] for p in network.populations}
    return PlacementResult(
        circuits={name: group[:, 0] for name, group in ordered.items()},
        joined={name: g for name, g in ordered.items() if g.shape[1] > 1},
    )


class _Buses:
    """How many sources each population gets from each bus, as far as it is placed.

    :param summed: a source counts once for each projection to the same population
    """

    def __init__(self, network: Network, summed: bool) -> None:
        self._targets = {p.name: Counter[str]() for p in network.populations}
        for projection in network.projections:
            if projection.source in self._targets:
                targets = self._targets[projection.source]
                targets[projection.target] += summed or not targets[projection.target]
        self._room = {
            p.name: np.full(BUSES, DRIVERS_PER_BUS * circuits_each(p))
            for p in network.populations
        }

    def room(self, population: Population) -> Integers:
        """Return how many neurons may use each bus, shape (4,)."""
        drives = self._targets[population.name]
        rooms = [self._room[t] // drives[t] for t in drives if t in self._room]
        return np.asarray(np.min([np.full(BUSES, CIRCUITS), *rooms], axis=0))

    def use(self, population: Population, groups: Integers) -> None:
        count = np.bincount(bus_of(groups[:, 0]), minlength=BUSES)
        for target, drivers in self._targets[population.name].items():
            if target in self._room:
                self._room[target] = self._room[target] - drivers * count


def circuits_each(population: Population) -> int:
    """Return how many circuits a neuron has."""
    if population.circuits is not None and np.ndim(population.circuits) == 2:
        return int(np.shape(population.circuits)[1])
    return len(population.shape)


def _next(
    population: Population, free: NDArray[np.bool_], buses: Sequence[_Buses]
) -> Integers:
    """Take free places, from the emptier hemisphere first.

    :returns: shape (neurons, circuits of a neuron)
    """
    rows = free.reshape(HEMISPHERES, COLUMNS)
    start = int(rows.sum(1).argmax())
    first = np.concatenate(
        [row * COLUMNS + np.arange(COLUMNS) for row in (start, 1 - start)]
    )
    places = _shaped(population, first)
    places = places[(places >= 0).all(1)]
    rooms = [account.room(population) for account in buses]
    for room in (*rooms, np.full(BUSES, CIRCUITS)):
        found = _first_free(places, free, room, population.size)
        if len(found) == population.size:
            free[found] = False
            return found
    raise PlacementError(
        f"population '{population.name}'",
        f"finds places for {len(found)} of its {population.size} neurons: each takes"
        f" {len(population.shape)} free circuits side by side.",
        "Use fewer neurons, neurons of fewer circuits, or give them places.",
    )


def _first_free(
    places: Integers, free: NDArray[np.bool_], room: Integers, count: int
) -> Integers:
    """Return up to ``count`` places that are free and do not overlap.

    :param places: shape (places, circuits of a neuron)
    :param room: neurons that may use each bus, shape (4,)
    """
    free, room = free.copy(), room.copy()
    found: list[int] = []
    for index, bus in enumerate(bus_of(places[:, 0])):
        if len(found) == count:
            break
        if room[bus] > 0 and free[places[index]].all():
            free[places[index]] = False
            room[bus] -= 1
            found.append(index)
    return places[found]


def _shaped(population: Population, first: Integers) -> Integers:
    """Return all circuits of neurons at ``first``, −1 where there is none."""
    column, row = np.array(population.shape, np.int64).T
    columns = column_of(first)[:, None] + column
    rows = hemisphere_of(first)[:, None] + row
    exists = (columns >= 0) & (columns < COLUMNS) & (rows >= 0) & (rows < HEMISPHERES)
    return np.where(exists, rows * COLUMNS + columns, -1)


def _given(
    population: Population, free: NDArray[np.bool_], before: Mapping[str, Integers]
) -> Integers:
    """Take the circuits that ``population`` asks for.

    :param before: the circuits of populations that are placed
    """
    wanted = np.asarray(population.circuits, np.int64)
    groups = wanted if wanted.ndim == 2 else _within(population, wanted)
    if len(groups) != population.size:
        raise ConstraintError(
            f"population '{population.name}'",
            f"{len(groups)} places are given for {population.size} neurons.",
            "Give each neuron a place, or none.",
        )
    for circuit in groups.flat:
        if not 0 <= circuit < CIRCUITS or not free[circuit]:
            by = [f" by '{n}'" for n, group in before.items() if circuit in group]
            raise ConstraintError(
                f"population '{population.name}'",
                f"Cannot register LogicalNeuron on circuit {circuit}, it is taken"
                f"{''.join(by)} or does not exist.",
                f"Give each neuron circuits of its own, 0 to {CIRCUITS - 1}.",
            )
        free[circuit] = False
    loose = apart(groups)
    if len(loose):
        raise ConstraintError(
            f"population '{population.name}'",
            f"the circuits {groups[loose[0]].tolist()} of neuron {loose[0]} cannot be"
            " joined.",
            "Give each neuron circuits that touch: side by side in a row, or one above"
            " the other.",
        )
    return groups


def _within(population: Population, first: Integers) -> Integers:
    """Return `_shaped`; a first circuit that does not exist stays as it is."""
    groups = _shaped(population, first)
    outside = (first < 0) | (first >= CIRCUITS)
    groups[outside] = first[outside, None]
    return groups


def _check_size(network: Network) -> None:
    total = 0
    for population in network.populations:
        free = CIRCUITS - total
        each = circuits_each(population)
        needed = population.size * each
        total += needed
        if needed > free:
            shape = f" ({population.size} neurons of {each})" if each > 1 else ""
            raise PlacementError(
                f"population '{population.name}'",
                f"needs {needed} neuron circuits{shape}, {free} of {CIRCUITS} are"
                " free.",
                f"Make the populations smaller by {-(-(needed - free) // each)} neurons"
                " in all, or split the network into parts that run one after the"
                " other.",
            )
