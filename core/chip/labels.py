"""Which label each source sends, and what drivers and crossbar do with it.

Within one group of drivers of a bus every source has an address of its own, in both
hemispheres the same. Addresses are given in the order of the sources.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.chip.connections import Connections
from core.chip.crossbar import (
    ADDRESSES,
    Crossbar,
    crossbar,
    neuron_label,
    outside_label,
    own_bits,
)
from core.chip.geometry import (
    BUSES,
    CIRCUITS,
    DRIVERS,
    EVENT_OUTPUTS,
    HEMISPHERES,
    bus_of,
    event_output_of,
)
from core.chip.network import Integers, Network
from core.chip.results import PlacementResult, Wiring


@dataclass(frozen=True)
class Listeners:
    """Where sources are listened to.

    :param group: shape (sources, 4) = (source, bus), group of drivers, −1 where none
    :param into: shape (sources, 4, 2) = (source, bus, hemisphere), where synapses are
    :param groups: shape (4,), number of groups of each bus
    :param quiet: shape (2, circuits): circuits that send events without driving
        synapses, and their group
    """

    group: Integers
    into: NDArray[np.bool_]
    groups: Integers
    quiet: Integers


def quiet_circuits(
    network: Network, placement: PlacementResult, wanted: Connections
) -> Integers:
    """Return circuits that spike without being sources, where others are.

    Their events leave by an event output that is open to the synapses, so they need an
    address that no synapse answers to.
    """
    firing = [placement.circuits[p.name] for p in network.populations if p.fires]
    inside = wanted.circuit[wanted.circuit >= 0]
    others = np.setdiff1d(np.concatenate([np.zeros(0, np.int64), *firing]), inside)
    shared = np.isin(event_output_of(others), event_output_of(inside))
    return np.asarray(others[shared])


def crowded(listeners: Listeners) -> list[tuple[int, int]]:
    """Return (bus, labels needed) of buses on which the addresses do not suffice."""
    return [
        (bus, int(count.sum()))
        for bus, count in enumerate(_carried(listeners))
        if (count > ADDRESSES).any()
    ]


def wire(wanted: Connections, synapse_source: Integers, listeners: Listeners) -> Wiring:
    """Return labels and filters for the synapses ``synapse_source``."""
    labels = np.full(listeners.group.shape, -1, np.int64)
    circuit_label = _unused_labels()
    next_address = np.zeros((BUSES, max(listeners.groups)), np.int64)
    for source, bus in np.argwhere(listeners.group >= 0):
        group = listeners.group[source, bus]
        own = own_bits(group, next_address[bus, group])
        next_address[bus, group] += 1
        circuit = wanted.circuit[source]
        if circuit >= 0:
            circuit_label[circuit] = labels[source, bus] = neuron_label(circuit, own)
        else:
            into = listeners.into[source, bus]
            labels[source, bus] = outside_label(int(bus), int(own), into)
    for circuit, group in listeners.quiet.T:
        bus = bus_of(circuit)
        own = own_bits(group, next_address[bus, group])
        next_address[bus, group] += 1
        circuit_label[circuit] = neuron_label(circuit, own)
    masks = np.tile(listeners.groups - 1, DRIVERS // BUSES)
    return Wiring(
        synapse_source=synapse_source,
        labels=labels,
        circuit_label=circuit_label,
        driver_mask=np.tile(masks, (HEMISPHERES, 1)),
        crossbar=_filters(wanted, listeners),
    )


def _carried(listeners: Listeners) -> Integers:
    """Return the number of labels per bus and group, shape (4, most groups)."""
    count = np.zeros((BUSES, max(listeners.groups)), np.int64)
    sources, bus = np.nonzero(listeners.group >= 0)
    np.add.at(count, (bus, listeners.group[sources, bus]), 1)
    np.add.at(count, (bus_of(listeners.quiet[0]), listeners.quiet[1]), 1)
    return count


def _unused_labels() -> Integers:
    """Return labels that are different among the circuits of an event output."""
    circuits = np.arange(CIRCUITS)
    return neuron_label(circuits, circuits % 32 + 32 * (circuits >= CIRCUITS // 2))


def _filters(wanted: Connections, listeners: Listeners) -> Crossbar:
    in_use = np.zeros((EVENT_OUTPUTS, HEMISPHERES), bool)
    inside = np.flatnonzero(wanted.circuit >= 0)
    outputs = event_output_of(wanted.circuit[inside])
    np.logical_or.at(in_use, outputs, listeners.into[inside].any(1))
    return crossbar(in_use)
