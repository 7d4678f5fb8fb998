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
    SYNAPSE_ROWS,
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
    synapse, source = _answering(config)
    row = synapse // COLUMNS  # of both hemispheres
    lane = lane_of[row // SYNAPSE_ROWS * COLUMNS + synapse % COLUMNS]
    block = (config.row_sign < 0).ravel() * (sources * lanes)  # of a row's line
    place = block[row] + source * lanes + lane
    charge = config.weights.ravel()[synapse] * row_gain.ravel()[row]
    there = lane >= 0
    if not there.all():
        place, charge = place[there], charge[there]
    total = np.bincount(place, charge, minlength=2 * sources * lanes)
    drive = total.reshape(2, sources, lanes) * circuits.strength[:, None]
    return np.ascontiguousarray(drive, np.float32)


def answers(config: ChipConfig) -> Integers:
    """Return the synapses that answer to sources, with weights above 0.

    :returns: shape (4, synapses): hemisphere, row, column, source
    """
    synapse, source = _answering(config)
    row = synapse // COLUMNS
    where = row // SYNAPSE_ROWS, row % SYNAPSE_ROWS, synapse % COLUMNS
    return np.stack([*where, source])


def _answering(config: ChipConfig) -> Integers:
    """Return synapses, counted through (hemisphere, row, column), and their sources.

    :returns: shape (2, synapses)
    """
    source, labels, buses = _events(config)
    found = [np.zeros((2, 0), np.int64)]
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
            rows += hemisphere * SYNAPSE_ROWS
            found += _matches(config, rows, labels[heard], source[heard])
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
    config: ChipConfig, rows: Integers, labels: Integers, sources: Integers
) -> list[Integers]:
    """Return the synapses of some rows that answer to events that these rows hear.

    :param rows: of both hemispheres, one after the other
    """
    weights = config.weights.reshape(-1, COLUMNS)[rows]
    every = COLUMNS * rows[:, None] + np.arange(COLUMNS)
    synapse = every[weights != 0]
    stored = config.labels.ravel()[synapse]
    found = []
    address = address_of(labels)
    left = np.arange(len(labels))
    while len(left):  # once, unless events share an address
        _, first = np.unique(address[left], return_index=True)
        answering = np.full(ADDRESSES, -1, np.int64)
        answering[address[left[first]]] = sources[left[first]]
        source = answering[stored]
        hit = source >= 0
        found.append(np.stack([synapse[hit], source[hit]]))
        left = np.delete(left, first)
    return found
