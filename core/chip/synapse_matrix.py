"""The synapse arrays: which weight and which address each synapse gets.

All projections between a source and a neuron add up, excitatory and inhibitory parts
apart. A synapse holds up to 63; what is more goes to further synapses of the neuron
that the events of the source reach, if such are free, and is cut off if not.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.chip.connections import Connections, connections
from core.chip.crossbar import address_of, row_select_of
from core.chip.geometry import (
    BUSES,
    COLUMNS,
    DRIVERS_PER_BUS,
    HEMISPHERE_NAMES,
    SYNAPSE_ROWS,
    hemisphere_of,
)
from core.chip.network import Integers, Network
from core.chip.results import PlacementResult, RoutingResult, Wiring
from core.errors import RoutingError
from core.units import WEIGHT_MAX


@dataclass(frozen=True)
class SynapseMatrix:
    """What is written to the synapse arrays; the first two as in `ChipConfig`.

    :param weights: shape (2, 256, 256)
    :param labels: shape (2, 256, 256)
    :param row_sign: shape (2, 256)
    :param clipped: synapses that were cut off at 63
    :param clipped_sources: the populations that they come from
    :param added: synapses that carry what others could not
    """

    weights: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    row_sign: Integers
    clipped: int = 0
    clipped_sources: tuple[str, ...] = ()
    added: int = 0


def synapse_matrix(
    network: Network, placement: PlacementResult, routing: RoutingResult
) -> SynapseMatrix:
    """Return the synapse arrays for a routing that has its wiring.

    :raises RoutingError: if a router of the user left synapses out
    """
    wiring = routing.wiring
    assert wiring is not None, "route adds it"
    _check_sources(network, routing)
    wanted = connections(network, placement, routing.sources)
    row_sign = routing.row_sign.copy()
    weights = np.zeros(wiring.synapse_source.shape, np.uint8)
    labels = np.zeros(wiring.synapse_source.shape, np.uint8)
    at = _synapses(wiring, wanted)
    labels.flat[at.where] = address_of(wiring.labels[at.source, at.bus])
    clipped = added = 0
    names: dict[str, None] = {}
    for sign, total in zip((1, -1), _totals(network, wanted), strict=True):
        mine = at.only(row_sign.ravel()[at.where // COLUMNS] == sign)
        left = _write(weights, mine, wanted, sign, total)
        for source, neuron in np.argwhere(left > 0):
            for place in _spare(
                wiring, weights, row_sign, wanted, source, neuron, sign
            ):
                part = min(int(left[source, neuron]), WEIGHT_MAX)
                hemisphere, row, _, bus = place
                weights[place[:3]] = part
                labels[place[:3]] = address_of(wiring.labels[source, bus])
                row_sign[hemisphere, row] = sign
                left[source, neuron] -= part
                added += 1
                if left[source, neuron] <= 0:
                    break
            if left[source, neuron] > 0:
                clipped += 1
                names[routing.sources[source][0]] = None
    return SynapseMatrix(weights, labels, row_sign, clipped, tuple(names), added)


@dataclass(frozen=True)
class _Synapses:
    """Synapses in use, one entry each.

    :param where: index into the flat arrays of synapses
    """

    where: Integers
    source: Integers
    neuron: Integers
    bus: Integers

    def only(self, mask: NDArray[np.bool_]) -> "_Synapses":
        parts = (self.where, self.source, self.neuron, self.bus)
        return _Synapses(*(part[mask] for part in parts))


def _synapses(wiring: Wiring, wanted: Connections) -> _Synapses:
    flat = np.flatnonzero(wiring.synapse_source.ravel() >= 0)
    hemisphere, synapse = np.divmod(flat, SYNAPSE_ROWS * COLUMNS)
    row, column = np.divmod(synapse, COLUMNS)
    neuron = wanted.neuron_of()[hemisphere * COLUMNS + column]
    source = wiring.synapse_source.ravel()[flat]
    found = _Synapses(flat, source, neuron, row // 2 % BUSES)
    return found if (neuron >= 0).all() else found.only(neuron >= 0)


def _totals(network: Network, wanted: Connections) -> tuple[Integers, Integers]:
    """Return excitatory and inhibitory weights, shape (sources, neurons) each."""
    index = {source: i for i, source in enumerate(wanted.sources)}
    totals = np.zeros((2, *wanted.matrix.shape), np.int64)
    for projection in network.projections:
        targets, count = projection.weights.shape
        rows = np.array([index[projection.source, i] for i in range(count)], np.int64)
        start = wanted.first[projection.target]
        signed = projection.weights.T
        if projection.connected is not None:
            signed = signed * projection.connected.T
        for line, sign in enumerate((1, -1)):
            part = np.maximum(sign * signed, 0)
            totals[line][rows, start : start + targets] += part
    return totals[0], totals[1]


def _check_sources(network: Network, routing: RoutingResult) -> None:
    """Raise if a router of the user does not know a source."""
    known = set(routing.sources)
    for projection in network.projections:
        for i in range(projection.weights.shape[1]):
            if (projection.source, i) not in known:
                raise RoutingError(
                    f"source {i} of '{projection.source}'",
                    f"drives '{projection.target}' and is not among the sources of the"
                    " routing.",
                    "Let the router list each source of each projection.",
                )


def _write(
    weights: NDArray[np.uint8],
    at: _Synapses,
    wanted: Connections,
    sign: int,
    total: Integers,
) -> Integers:
    """Write ``total`` to the synapses of one sign, and return what is left of it."""
    key = at.source * total.shape[1] + at.neuron
    count = np.bincount(key, minlength=total.size).reshape(total.shape)
    missing = wanted.matrix & (count == 0)
    if missing.any():
        _refuse(wanted, missing, sign)
    place = np.zeros(len(key), np.int64)  # among the synapses of its connection
    if (count > 1).any():
        order = np.argsort(key, kind="stable")
        starts = np.cumsum(count.ravel()) - count.ravel()
        place[order] = np.arange(len(key)) - starts[key[order]]
    rest = total[at.source, at.neuron] - place * WEIGHT_MAX
    weights.flat[at.where] = np.clip(rest, 0, WEIGHT_MAX)
    return np.asarray(np.maximum(total - count * WEIGHT_MAX, 0))


def _refuse(wanted: Connections, missing: NDArray[np.bool_], sign: int) -> None:
    source, neuron = np.argwhere(missing)[0]
    name, index = wanted.sources[source]
    circuits = wanted.groups[neuron]
    places = {int(h) for h in hemisphere_of(circuits[circuits >= 0])}
    kind = "excitatory" if sign > 0 else "inhibitory"
    raise RoutingError(
        f"source {index} of '{name}'",
        f"has no {kind} row in the"
        f" {' or '.join(HEMISPHERE_NAMES[h] for h in sorted(places))} hemisphere.",
        "Let the router give each source two rows in each hemisphere it drives.",
    )


def _spare(
    wiring: Wiring,
    weights: NDArray[np.uint8],
    row_sign: Integers,
    wanted: Connections,
    source: int,
    neuron: int,
    sign: int,
) -> list[tuple[int, int, int, int]]:
    """Return free synapses of a neuron that the events of a source reach.

    :returns: hemisphere, row, column and bus of each
    """
    found = []
    numbers = np.arange(DRIVERS_PER_BUS)
    circuits = wanted.groups[neuron]
    for bus in np.flatnonzero(wiring.labels[source] >= 0):
        rows = np.stack([2 * (numbers * BUSES + bus), 2 * (numbers * BUSES + bus) + 1])
        select = row_select_of(wiring.labels[source, bus])
        for circuit in circuits[circuits >= 0]:
            hemisphere, column = divmod(int(circuit), COLUMNS)
            if not (wiring.synapse_source[hemisphere] == source).any():
                continue  # its events are not let in there
            mask = wiring.driver_mask[hemisphere, numbers * BUSES + bus]
            unused = wiring.synapse_source[hemisphere, rows, column] < 0
            free = unused & (weights[hemisphere, rows, column] == 0)
            free &= (numbers & mask) == (select & mask)
            signs = row_sign[hemisphere, rows]
            # The second row of a driver becomes inhibitory, the first excitatory.
            default = np.array([[1], [-1]]) == sign
            fits = (signs == sign) | ((signs == 0) & default)
            found += [
                (hemisphere, int(row), column, int(bus)) for row in rows[free & fits]
            ]
    return found
