"""How an event finds its synapses: labels, the crossbar, buses and drivers.

An event is a label of 16 bits::

    0–5     address      a synapse answers to the address that is stored in it
    6–10    row select   a driver passes what agrees with its number on the bus,
                         0…31, in the bits of its mask
    8–10    for events of neurons: the event output, fixed by the column
    11, 12  for events from outside: into the upper, into the lower hemisphere
    14–15   for events from outside: the input of the crossbar

The crossbar has 12 inputs here, the 8 event outputs of the neurons and 4 inputs from
outside, and 8 outputs, the PADI buses: hemisphere · 4 + bus. Event output o reaches bus
o % 4 of both hemispheres, an outside input reaches all buses. Each node passes labels
that agree with its target in the bits of its mask. The use of bits 11 and 12, and that
outside input k serves bus k, is our choice; the filters of the nodes make it so.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.chip.geometry import BUSES, EVENT_OUTPUTS, HEMISPHERES, event_output_of
from core.chip.network import Integers

ADDRESSES: Final = 64
#: Crossbar inputs: event outputs of neurons, then inputs from outside.
INPUTS: Final = EVENT_OUTPUTS + BUSES
#: Crossbar outputs: the buses of the upper, then of the lower hemisphere.
OUTPUTS: Final = HEMISPHERES * BUSES
_ROW_SELECT, _EVENT_OUTPUT, _INTO, _INPUT = 6, 8, 11, 14
_ROW_SELECTS: Final = 32
#: Groups of drivers that a neuron can choose: 2 bits of row select are its own.
MOST_GROUPS: Final = 4


@dataclass(frozen=True)
class Crossbar:
    """The filters of the crossbar nodes: labels pass where (label & mask) == target.

    :param mask: shape (12, 8) = (input, bus), 14 bits
    :param target: shape (12, 8), 14 bits; a bit outside the mask closes the node
    """

    mask: Integers
    target: Integers

    def passes(self, inputs: Integers, labels: Integers) -> NDArray[np.bool_]:
        """Return which buses events reach, shape (events, 8).

        :param inputs: crossbar input of each event, shape (events,)
        :param labels: shape (events,)
        """
        agree = (labels[:, None] & self.mask[inputs]) == self.target[inputs]
        return np.asarray(agree & _NODES[inputs])


def _nodes() -> NDArray[np.bool_]:
    """Return which nodes exist, shape (12, 8)."""
    bus = np.tile(np.arange(BUSES), HEMISPHERES)
    nodes = np.ones((INPUTS, OUTPUTS), bool)
    outputs = np.arange(EVENT_OUTPUTS)[:, None]
    nodes[:EVENT_OUTPUTS] = outputs % BUSES == bus
    return nodes


_NODES: Final = _nodes()


def crossbar(in_use: NDArray[np.bool_]) -> Crossbar:
    """Return filters that let outside events to the bus of their input.

    :param in_use: shape (8, 2), whether the neurons of an event output drive synapses
        in a hemisphere; what is not in use is closed
    """
    mask = np.zeros((INPUTS, OUTPUTS), np.int64)
    target = np.ones((INPUTS, OUTPUTS), np.int64)  # closed
    for hemisphere in range(HEMISPHERES):
        for bus in range(BUSES):
            column = hemisphere * BUSES + bus
            into = 1 << (_INTO + hemisphere)
            mask[EVENT_OUTPUTS + bus, column] = into
            target[EVENT_OUTPUTS + bus, column] = into
            is_open = np.flatnonzero(in_use[bus::BUSES, hemisphere]) * BUSES + bus
            target[is_open, column] = 0
    return Crossbar(mask, target)


def neuron_label(circuits: Integers, own: Integers) -> Integers:
    """Return the labels of the events of circuits.

    :param own: the 8 bits that a circuit may choose: address and 2 bits of row select
    """
    return np.asarray(event_output_of(circuits) << _EVENT_OUTPUT | own)


def outside_label(bus: int, own: int, into: NDArray[np.bool_]) -> int:
    """Return the label of an event from outside.

    :param own: address and row select
    :param into: shape (2,), the hemispheres that it shall reach
    """
    hemispheres = int(into[0]) | int(into[1]) << 1
    return own | hemispheres << _INTO | bus << _INPUT


def own_bits(group: Integers | int, address: Integers | int) -> Integers:
    """Return what a source may choose: its group of drivers and its address."""
    return np.asarray(np.asarray(group) << _ROW_SELECT | np.asarray(address))


def address_of(labels: Integers) -> Integers:
    """Return the address to which synapses answer, 0…63."""
    return labels % ADDRESSES


def row_select_of(labels: Integers) -> Integers:
    """Return what drivers compare with their number, 0…31."""
    return labels >> _ROW_SELECT & (_ROW_SELECTS - 1)


def outside_input_of(labels: Integers) -> Integers:
    """Return the crossbar input of events from outside, 8…11."""
    return EVENT_OUTPUTS + (labels >> _INPUT & (BUSES - 1))
