"""Which bus and which group of drivers carries each source.

Per neuron of c circuits and per bus there are 32 c drivers, so 32 c signed sources. The
events of a neuron use the bus of their column; outside sources take the bus on which
their targets have most room left.

All drivers of a bus compare the same lowest bits of row select with their number: 0, 1
or 2 bits, which makes 1, 2 or 4 groups of drivers. In each group 64 addresses tell
sources apart. A bus takes as few groups as its sources allow, because a neuron uses
only the drivers of the groups that its sources are in.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.chip.connections import Connections
from core.chip.crossbar import ADDRESSES, MOST_GROUPS
from core.chip.geometry import BUSES, CIRCUITS, DRIVERS_PER_BUS, bus_of
from core.chip.network import Integers


@dataclass(frozen=True)
class BusPlan:
    """Buses and groups of sources, with what found none.

    :param bus: shape (sources,), 0…3; −1 for outside sources that find none
    :param group: shape (sources,), 0…3; −1 if the bus has no room in any group
    :param groups: shape (4,), number of groups of each bus
    :param quiet: circuits that send events to a bus without driving synapses, and the
        group in which they take an address: shape (2, circuits)
    """

    bus: Integers
    group: Integers
    groups: Integers
    quiet: Integers

    @property
    def fits(self) -> bool:
        """Whether all sources have a bus and a group."""
        return bool((self.group >= 0).all() and (self.quiet[1] >= 0).all())


def plan_buses(wanted: Connections, quiet: Integers) -> BusPlan:
    """Give each source a bus and a group of drivers.

    :param quiet: circuits whose events need an address, too: they reach a bus without
        driving synapses
    """
    bus = _buses(wanted)
    group = np.full(len(bus), -1, np.int64)
    groups = np.ones(BUSES, np.int64)
    quiet_group = np.zeros(len(quiet), np.int64)
    for b in range(BUSES):
        here, silent = np.flatnonzero(bus == b), np.flatnonzero(bus_of(quiet) == b)
        for count in (1, 2, MOST_GROUPS):
            groups[b] = count
            chosen = _groups(wanted, here, len(silent), count)
            group[here], quiet_group[silent] = chosen
            if all((part >= 0).all() for part in chosen):
                break
    return BusPlan(bus, group, groups, np.stack([quiet, quiet_group]))


def room_of(wanted: Connections) -> Integers:
    """Return how many sources each neuron takes from one bus, shape (neurons,)."""
    return DRIVERS_PER_BUS * wanted.circuits_each


def _buses(wanted: Connections) -> Integers:
    inside = wanted.circuit >= 0
    bus = np.where(inside, bus_of(wanted.circuit), -1)
    room = np.repeat(room_of(wanted)[:, None], BUSES, axis=1)  # (neurons, bus)
    for b in range(BUSES):
        room[:, b] -= wanted.matrix[bus == b].sum(0)
    carried = np.bincount(bus[inside], minlength=BUSES)
    for source in np.flatnonzero(~inside):
        targets = wanted.matrix[source]
        left = _left(room, targets)
        b = _roomiest(left, carried, MOST_GROUPS * ADDRESSES)
        if b >= 0:
            bus[source] = b
            room[targets, b] -= 1
            carried[b] += 1
    return bus


def _groups(
    wanted: Connections, sources: Integers, quiet: int, count: int
) -> tuple[Integers, Integers]:
    """Return the group of each source and of each quiet circuit of one bus."""
    room = np.repeat(room_of(wanted)[:, None] // count, count, axis=1)
    carried = np.zeros(count, np.int64)
    group = np.full(len(sources), -1, np.int64)
    for i, source in enumerate(sources):
        targets = wanted.matrix[source]
        left = _left(room, targets)
        g = _roomiest(left, carried, ADDRESSES)
        if g < 0:
            break
        group[i] = g
        room[targets, g] -= 1
        carried[g] += 1
    others = np.full(quiet, -1, np.int64)
    for i in range(quiet):
        g = _roomiest(np.ones(count, np.int64), carried, ADDRESSES)
        if g < 0:
            break
        others[i] = g
        carried[g] += 1
    return group, others


def _left(room: Integers, targets: NDArray[np.bool_]) -> Integers:
    """Return how many sources the fullest of some neurons still takes, per place."""
    return np.asarray(room[targets].min(0, initial=DRIVERS_PER_BUS * CIRCUITS))


def _roomiest(left: Integers, carried: Integers, most: int) -> int:
    """Return the place with most room, of equal ones that with fewest sources.

    :param left: sources that the fullest target still takes
    :param carried: sources that are there
    :param most: sources that can be told apart there
    :returns: −1 if no place has room
    """
    score = np.where(carried < most, left * (2 * most) - carried, -1)
    best = int(score.argmax())
    return best if left[best] > 0 and carried[best] < most else -1


def fan_in(wanted: Connections, mask: NDArray[np.bool_]) -> Integers:
    """Return how many of the sources ``mask`` each neuron has, shape (neurons,)."""
    return np.asarray(wanted.matrix[mask].sum(0))
