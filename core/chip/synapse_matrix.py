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
    DRIVERS_PER_BUS,
    HEMISPHERE_NAMES,
    HEMISPHERES,
    column_of,
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
    :param added: synapses that carry what others could not
    """

    weights: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    row_sign: Integers
    clipped: int = 0
    added: int = 0


def synapse_matrix(
    network: Network, placement: PlacementResult, routing: RoutingResult
) -> SynapseMatrix:
    """Return the synapse arrays for a routing that has its wiring.

    :raises RoutingError: if a router of the user left synapses out
    """
    wiring = routing.wiring
    assert wiring is not None, "route adds it"
    wanted = connections(network, placement, routing.sources)
    synapse_source = wiring.synapse_source.copy()
    row_sign = routing.row_sign.copy()
    weights = np.zeros(synapse_source.shape, np.uint8)
    clipped = added = 0
    _check_sources(network, routing)
    totals = _totals(network, wanted)
    owner = wanted.neuron_of().reshape(HEMISPHERES, 1, -1)
    for sign, total in zip((1, -1), totals, strict=True):
        left = _write(weights, synapse_source, row_sign, wanted, owner, sign, total)
        for source, neuron in np.argwhere(left > 0):
            spare = _spare(wiring, synapse_source, row_sign, wanted, source, neuron)
            while spare and left[source, neuron] > 0:
                hemisphere, driver, column = spare.pop(0)
                row = _row(row_sign, hemisphere, driver, sign)
                if row < 0:
                    continue
                part = min(int(left[source, neuron]), WEIGHT_MAX)
                weights[hemisphere, row, column] = part
                rows = slice(2 * driver, 2 * driver + 2)
                synapse_source[hemisphere, rows, column] = source
                left[source, neuron] -= part
                added += 1
            clipped += int(left[source, neuron] > 0)
    return SynapseMatrix(
        weights, _addresses(wiring, synapse_source), row_sign, clipped, added
    )


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
    synapse_source: Integers,
    row_sign: Integers,
    wanted: Connections,
    owner: Integers,
    sign: int,
    total: Integers,
) -> Integers:
    """Write ``total`` to the synapses of one sign, and return what is left of it."""
    mine = (synapse_source >= 0) & (row_sign == sign)[..., None] & (owner >= 0)
    hemisphere, row, column = np.nonzero(mine)
    source = synapse_source[hemisphere, row, column]
    neuron = owner[hemisphere, 0, column]
    key = source * total.shape[1] + neuron
    count = np.bincount(key, minlength=total.size).reshape(total.shape)
    missing = wanted.matrix & (count == 0)
    if missing.any():
        _refuse(wanted, missing, sign)
    place = np.zeros(len(key), np.int64)  # among the synapses of its connection
    if (count > 1).any():
        order = np.argsort(key, kind="stable")
        starts = np.cumsum(count.ravel()) - count.ravel()
        place[order] = np.arange(len(key)) - starts[key[order]]
    rest = total[source, neuron] - place * WEIGHT_MAX
    weights[hemisphere, row, column] = np.clip(rest, 0, WEIGHT_MAX)
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
    synapse_source: Integers,
    row_sign: Integers,
    wanted: Connections,
    source: int,
    neuron: int,
) -> list[tuple[int, int, int]]:
    """Return free (hemisphere, driver, column) that events of a source reach."""
    found = []
    circuits = wanted.groups[neuron]
    for bus in np.flatnonzero(wiring.labels[source] >= 0):
        numbers = np.arange(DRIVERS_PER_BUS)
        drivers = numbers * BUSES + bus
        select = row_select_of(wiring.labels[source, bus])
        for circuit in circuits[circuits >= 0]:
            hemisphere, column = int(hemisphere_of(circuit)), int(column_of(circuit))
            if not (wiring.synapse_source[hemisphere] == source).any():
                continue  # its events are not let in there
            mask = wiring.driver_mask[hemisphere, drivers]
            hears = (numbers & mask) == (select & mask)
            pairs = synapse_source[hemisphere, :, column].reshape(-1, 2)
            free = drivers[hears & (pairs[drivers] < 0).all(1)]
            found += [(hemisphere, int(driver), column) for driver in free]
    return found


def _row(row_sign: Integers, hemisphere: int, driver: int, sign: int) -> int:
    """Return the row of a driver with a sign, −1 if it has none; switch it on."""
    rows = (2 * driver, 2 * driver + 1)
    for row in rows:
        if row_sign[hemisphere, row] == sign:
            return row
    for row in rows:
        if row_sign[hemisphere, row] == 0:
            row_sign[hemisphere, row] = sign
            return row
    return -1


def _addresses(wiring: Wiring, synapse_source: Integers) -> NDArray[np.uint8]:
    """Return the address that each synapse answers to, 0 where it is free."""
    bus = (np.arange(synapse_source.shape[1]) // 2 % BUSES)[:, None]
    labels = np.concatenate([wiring.labels, np.zeros((1, BUSES), np.int64)])
    return address_of(labels[synapse_source, bus]).astype(np.uint8)
