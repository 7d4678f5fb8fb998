"""Labels for a routing of which only the rows are given.

A router of the user may say which row carries which source, and nothing more. Every
column of the row with a neuron that the source drives then gets its synapse, and labels
are chosen that make it so, if the buses can.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.chip.connections import Connections, connections
from core.chip.crossbar import ADDRESSES, MOST_GROUPS
from core.chip.geometry import (
    BUSES,
    COLUMNS,
    COLUMNS_PER_OUTPUT,
    HEMISPHERE_NAMES,
    HEMISPHERES,
    SYNAPSE_ROWS,
    bus_of,
    event_output_of,
)
from core.chip.labels import Listeners, crowded, quiet_circuits, wire
from core.chip.network import Integers, Network
from core.chip.results import PlacementResult, RoutingResult
from core.errors import Problem, RoutingError


def wired(
    result: RoutingResult, network: Network, placement: PlacementResult
) -> RoutingResult:
    """Return ``result`` with labels and synapses that follow from its rows.

    :raises RoutingError: if a neuron is on a row that its events do not reach, or
        labels run short
    """
    wanted = connections(network, placement, result.sources)
    hemisphere, row = np.nonzero(result.row_source >= 0)
    source = result.row_source[hemisphere, row]
    bus = row // 2 % BUSES
    _check_buses(result, wanted, source, bus, hemisphere, row)
    into = np.zeros((len(wanted.sources), BUSES, HEMISPHERES), bool)
    into[source, bus, hemisphere] = True
    quiet = quiet_circuits(network, placement, wanted)
    listeners = _listeners(into, source, bus, row, quiet)
    full = crowded(listeners)
    if full:
        raise RoutingError(
            "router",
            " ".join(
                f"PADI bus {b} carries {count} labels, {ADDRESSES} exist for a group of"
                " drivers."
                for b, count in full
            ),
            "Put rows of fewer sources on it: row r is on bus r // 2 % 4.",
        )
    wiring = wire(wanted, _synapses(result, wanted), listeners)
    return replace(result, wiring=wiring)


def _check_buses(
    result: RoutingResult,
    wanted: Connections,
    source: Integers,
    bus: Integers,
    hemisphere: Integers,
    row: Integers,
) -> None:
    """Raise if a neuron is on a row of a bus that its events do not reach."""
    circuit = wanted.circuit[source]
    wrong = np.flatnonzero((circuit >= 0) & (bus_of(circuit) != bus))
    found: dict[int, Problem] = {}
    for i in wrong:
        name, neuron = result.sources[source[i]]
        output = int(event_output_of(circuit[i]))
        first = output * COLUMNS_PER_OUTPUT
        found.setdefault(
            int(source[i]),
            Problem(
                f"source {neuron} of '{name}'",
                f"is on row {row[i]} of the {HEMISPHERE_NAMES[hemisphere[i]]}"
                f" hemisphere, bus {bus[i]}. The events of columns {first} to"
                f" {first + COLUMNS_PER_OUTPUT - 1} reach bus {output % BUSES} only.",
                f"Use rows r with r // 2 % 4 = {output % BUSES}, or place '{name}' in"
                " other columns.",
                subject=name,
            ),
        )
    if found:
        raise RoutingError.of(found.values())


def _listeners(
    into: NDArray[np.bool_],
    source: Integers,
    bus: Integers,
    row: Integers,
    quiet: Integers,
) -> Listeners:
    """Return as few groups of drivers per bus as the addresses allow."""
    group = np.full(into.shape[:2], -1, np.int64)
    groups = np.ones(BUSES, np.int64)
    quiet_group = np.zeros(len(quiet), np.int64)
    for b in range(BUSES):
        here, number = source[bus == b], row[bus == b] // 2 // BUSES
        count = 1
        while count < MOST_GROUPS and _more_groups_help(here, number, count):
            count *= 2
        groups[b] = count
        group[here, b] = number % count
        silent = np.flatnonzero(bus_of(quiet) == b)
        quiet_group[silent] = _emptiest(group[:, b], len(silent), count)
    return Listeners(group, into, groups, np.stack([quiet, quiet_group]))


def _more_groups_help(source: Integers, number: Integers, count: int) -> bool:
    """Return whether addresses run short and no source would be in two groups."""
    pairs = np.unique(np.stack([source, number % (2 * count)]), axis=1)
    alone = len(np.unique(source)) == pairs.shape[1]
    return len(np.unique(source)) > ADDRESSES * count and alone


def _emptiest(group: Integers, quiet: int, count: int) -> list[int]:
    carried = np.bincount(group[group >= 0], minlength=count)
    found = []
    for _ in range(quiet):
        found.append(int(carried.argmin()))
        carried[found[-1]] += 1
    return found


def _synapses(result: RoutingResult, wanted: Connections) -> Integers:
    synapse_source = np.full((HEMISPHERES, SYNAPSE_ROWS, COLUMNS), -1, np.int64)
    neuron = wanted.neuron_of().reshape(HEMISPHERES, COLUMNS)
    for hemisphere, row in np.argwhere(result.row_source >= 0):
        source = result.row_source[hemisphere, row]
        here = neuron[hemisphere]
        driven = (here >= 0) & wanted.matrix[source][here]
        synapse_source[hemisphere, row, driven] = source
    return synapse_source
