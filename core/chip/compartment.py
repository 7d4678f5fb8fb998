"""Circuits that share one membrane, as settings of the circuits.

Switches join a circuit to its right neighbour and to the one in the other row. The
first circuit of a neuron keeps leak, threshold, capacitor and event output; the others
add their synapses, and what cannot be switched off.
"""

import numpy as np

from core.chip.geometry import CIRCUITS, COLUMNS, HEMISPHERES
from core.chip.joined import RIGHT, VERTICAL
from core.chip.network import Integers
from core.chip.neuron_settings import NeuronSettings


def join(settings: NeuronSettings, groups: Integers) -> None:
    """Join the circuits of each neuron and leave one membrane to the first.

    :param settings: changed in place
    :param groups: shape (neurons, circuits of a neuron)
    """
    connect(settings, groups)
    silence(settings, groups[:, 1:])


def silence(settings: NeuronSettings, others: Integers) -> None:
    """Switch leak, threshold, capacitor and events of circuits off, as far as it goes.

    :param settings: changed in place
    :param others: any shape
    """
    settings.codes["tau_mem"][others] = 0
    settings.codes["tau_mem_range"][others] = -1
    settings.capacitance[others] = 0
    settings.fires[others] = False
    settings.event_output[others] = False


def connect(settings: NeuronSettings, groups: Integers) -> None:
    """Set the switches between the circuits of each neuron, and no others."""
    owner = np.full(CIRCUITS, -1, np.int64)
    owner[groups] = np.arange(len(groups))[:, None]
    neuron = owner.reshape(HEMISPHERES, COLUMNS)
    right = np.zeros(neuron.shape, bool)
    right[:, :-1] = neuron[:, :-1] == neuron[:, 1:]
    vertical = np.broadcast_to(neuron[0] == neuron[1], neuron.shape)
    for name, joined in ((RIGHT, right), (VERTICAL, vertical)):
        settings.write_stored(name, groups, joined.ravel()[groups])


def apart(groups: Integers) -> Integers:
    """Return the neurons whose circuits do not touch each other.

    :param groups: shape (neurons, circuits of a neuron)
    """
    return np.flatnonzero([not _touch(set(group.tolist())) for group in groups])


def _touch(circuits: set[int]) -> bool:
    reached: set[int] = set()
    ahead = {min(circuits)}
    while ahead:
        reached |= ahead
        near = {n for circuit in ahead for n in _neighbours(circuit)}
        ahead = (near & circuits) - reached
    return reached == circuits


def _neighbours(circuit: int) -> list[int]:
    row, column = divmod(circuit, COLUMNS)
    sides = [c for c in (column - 1, column + 1) if 0 <= c < COLUMNS]
    return [row * COLUMNS + c for c in sides] + [(1 - row) * COLUMNS + column]
