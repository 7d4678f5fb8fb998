"""What events do to the circuits, read off what is written to the chip.

An event goes by its label: through the crossbar to buses, on a bus to the drivers that
agree with its row select, on their rows to the synapses with its address. Nothing here
knows the network: a synapse with a wrong address answers to a wrong source.
"""

import numpy as np
from numpy.typing import NDArray

from core.chip.circuit import Circuits
from core.chip.crossbar import (
    ADDRESSES,
    OUTPUTS,
    address_of,
    outside_input_of,
    row_select_of,
)
from core.chip.geometry import (
    BUSES,
    COLUMNS,
    DRIVERS_PER_BUS,
    HEMISPHERES,
    event_output_of,
)
from core.chip.network import Floats, Integers
from core.chip.results import ChipConfig


def synaptic_drive(
    config: ChipConfig, circuits: Circuits, used: Integers, row_gain: Floats
) -> NDArray[np.float32]:
    """Return what one event of each source does, shape (2, sources, lanes), LSB/µs.

    :param used: the circuit of each lane, rising
    :param row_gain: shape (2, 256), relative charge of the pulses of each row
    """
    sources = len(config.source_labels)
    lanes = len(used)
    lane_of = np.full(HEMISPHERES * COLUMNS, -1, np.int64)
    lane_of[used] = np.arange(lanes)
    hemisphere, row, column, source = answers(config)
    lane = lane_of[hemisphere * COLUMNS + column]
    line = (config.row_sign[hemisphere, row] < 0).astype(np.int64)
    charge = config.weights[hemisphere, row, column] * row_gain[hemisphere, row]
    there = lane >= 0
    place = ((line * sources + source) * lanes + lane)[there]
    total = np.bincount(place, charge[there], minlength=2 * sources * lanes)
    drive = total.reshape(2, sources, lanes) * circuits.strength[:, None]
    return np.ascontiguousarray(drive, np.float32)


def answers(config: ChipConfig) -> Integers:
    """Return the synapses that answer to sources, with weights above 0.

    :returns: shape (4, synapses): hemisphere, row, column, source
    """
    source, labels, buses = _events(config)
    found = [np.zeros((4, 0), np.int64)]
    numbers = np.arange(DRIVERS_PER_BUS)
    for output in range(OUTPUTS):
        hemisphere, bus = divmod(output, BUSES)
        here = np.flatnonzero(buses[:, output])
        if len(here) == 0:
            continue
        drivers = numbers * BUSES + bus
        mask = config.driver_mask[hemisphere, drivers]
        # Drivers that compare alike hear the same events.
        alike = mask * DRIVERS_PER_BUS + (numbers & mask)
        for each in np.unique(alike):
            compared, number = divmod(int(each), DRIVERS_PER_BUS)
            hears = (row_select_of(labels[here]) & compared) == number
            heard = here[hears]
            same = drivers[alike == each]
            rows = np.ravel(2 * same[:, None] + [0, 1])
            rows = rows[config.row_sign[hemisphere, rows] != 0]
            found += _matches(config, hemisphere, rows, labels[heard], source[heard])
    return np.concatenate(found, axis=1)


def _events(config: ChipConfig) -> tuple[Integers, Integers, NDArray[np.bool_]]:
    """Return all events that are sent: source, label, and the buses they reach.

    :returns: shapes (events,), (events,), (events, 8)
    """
    circuit = np.full(len(config.source_labels), -1, np.int64)
    senders = np.flatnonzero(config.circuit_source >= 0)
    circuit[config.circuit_source[senders]] = senders
    source, bus = np.nonzero(config.source_labels >= 0)
    labels = config.source_labels[source, bus]
    inside = circuit[source] >= 0
    labels = np.where(inside, config.circuit_label[circuit[source]], labels)
    inputs = np.where(
        inside, event_output_of(circuit[source]), outside_input_of(labels)
    )
    return source, labels, config.crossbar.passes(inputs, labels)


def _matches(
    config: ChipConfig,
    hemisphere: int,
    rows: Integers,
    labels: Integers,
    sources: Integers,
) -> list[Integers]:
    """Return the synapses of some rows that answer to events that these rows hear."""
    at, column = np.nonzero(config.weights[hemisphere, rows])
    row = rows[at]
    stored = config.labels[hemisphere, row, column]
    found = []
    address = address_of(labels)
    left = np.arange(len(labels))
    while len(left):  # once, unless events share an address
        _, first = np.unique(address[left], return_index=True)
        answering = np.full(ADDRESSES, -1, np.int64)
        answering[address[left[first]]] = sources[left[first]]
        source = answering[stored]
        hit = source >= 0
        where = np.full(hit.sum(), hemisphere)
        found.append(np.stack([where, row[hit], column[hit], source[hit]]))
        left = np.delete(left, first)
    return found
