"""How much of the chip a network takes, also where it does not fit.

For a bar of resources beside an edited network: nothing here raises.
"""

from dataclasses import dataclass

import numpy as np

from core.chip.buses import BusPlan, plan_buses, room_of
from core.chip.connections import Connections, connections
from core.chip.crossbar import ADDRESSES, MOST_GROUPS
from core.chip.drivers import allot
from core.chip.geometry import (
    BUSES,
    CIRCUITS,
    DRIVERS_PER_BUS,
    EVENT_OUTPUTS,
    HEMISPHERES,
    bus_of,
    event_output_of,
    hemisphere_of,
)
from core.chip.labels import quiet_circuits
from core.chip.network import Integers, Network
from core.chip.placement import circuits_each, place
from core.chip.results import PlacementResult
from core.chip.routing_problems import problems
from core.errors import HXError, Problem

#: What there is of each: circuits, drivers of a bus, labels of a bus.
AVAILABLE = {
    "circuits": CIRCUITS,
    "drivers": DRIVERS_PER_BUS,
    "labels": ADDRESSES * MOST_GROUPS,
}


@dataclass(frozen=True)
class Usage:
    """What a network needs; more than `AVAILABLE` where it does not fit.

    Without a placement only the circuits and ``problems`` are known.

    :param circuits: neuron circuits, of 512
    :param drivers: shape (2, 4) = (hemisphere, bus), synapse drivers in use, of 32; if
        a neuron has too many sources on a bus, what it would need
    :param labels: shape (4,), labels of each bus, of 256
    :param senders: shape (8,), neurons that drive others, by their event output
    :param sources: signed sources that the neuron with most of them has in proportion
        to its circuits, and how many it may have
    :param problems: what does not fit, and why
    """

    circuits: int
    drivers: Integers
    labels: Integers
    senders: Integers
    sources: tuple[int, int]
    problems: tuple[Problem, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether the network can be placed and routed."""
        return not self.problems

    def rows(self) -> Integers:
        """Return the synapse rows in use, shape (2,), of 256."""
        return np.asarray(2 * self.drivers.sum(1))


def usage(network: Network, placement: PlacementResult | None = None) -> Usage:
    """Return what ``network`` needs of a chip.

    :param placement: None places it as `place` does
    """
    circuits = sum(p.size * circuits_each(p) for p in network.populations)
    if placement is None:
        try:
            placement = place(network)
        except HXError as error:
            return _unplaced(circuits, error)
    wanted = connections(network, placement)
    plan = plan_buses(wanted, quiet_circuits(network, placement, wanted))
    inside = wanted.circuit[wanted.circuit >= 0]
    on_bus = np.concatenate([plan.bus[plan.bus >= 0], bus_of(plan.quiet[0])])
    drivers = _in_use(wanted, plan)
    return Usage(
        circuits=circuits,
        drivers=drivers if plan.fits else np.maximum(drivers, _needed(wanted, plan)),
        labels=np.bincount(on_bus, minlength=BUSES),
        senders=np.bincount(event_output_of(inside), minlength=EVENT_OUTPUTS),
        sources=_fullest(wanted),
        problems=tuple(problems(network, wanted, plan)),
    )


def _unplaced(circuits: int, error: HXError) -> Usage:
    return Usage(
        circuits=circuits,
        drivers=np.zeros((HEMISPHERES, BUSES), np.int64),
        labels=np.zeros(BUSES, np.int64),
        senders=np.zeros(EVENT_OUTPUTS, np.int64),
        sources=(0, 0),
        problems=error.problems,
    )


def _in_use(wanted: Connections, plan: BusPlan) -> Integers:
    """Return the drivers that have synapses, shape (2, 4)."""
    rows = allot(wanted, plan)[:, ::2].max(-1) >= 0  # (hemisphere, driver)
    return np.asarray(rows.reshape(HEMISPHERES, DRIVERS_PER_BUS, BUSES).sum(1))


def _needed(wanted: Connections, plan: BusPlan) -> Integers:
    """Return the drivers that the fullest neuron needs, shape (2, 4).

    Sources without a bus count as spread over all.
    """
    needed = np.zeros((HEMISPHERES, BUSES), np.int64)
    left = wanted.matrix[plan.bus < 0].sum(0)
    for bus in range(BUSES):
        count = wanted.matrix[plan.bus == bus].sum(0) + left / BUSES
        for hemisphere in range(HEMISPHERES):
            there = (wanted.groups >= 0) & (hemisphere_of(wanted.groups) == hemisphere)
            here = (count / wanted.circuits_each)[there.any(1)]
            needed[hemisphere, bus] = np.ceil(here.max(initial=0))
    return needed


def _fullest(wanted: Connections) -> tuple[int, int]:
    count, room = wanted.matrix.sum(0), BUSES * room_of(wanted)
    if not len(count):
        return 0, 0
    worst = int((count / room).argmax())
    return int(count[worst]), int(room[worst])
