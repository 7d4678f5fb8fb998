"""Neurons of several circuits: which circuits are joined, and what they are together.

The switches ``multicompartment.connect_right`` and ``connect_vertical`` close the
connection of a circuit to its neighbour on the right and to the other one of its
column. Circuits that are connected, over others or directly, have one membrane::

    C = Σ C_k      g = Σ g_k      leak = Σ g_k leak_k / g      drive = q_k / C

with the charge q_k that an event brings in by circuit k. Each circuit keeps its two
synaptic inputs. A comparator that is on decides when the membrane spikes; of several,
the lowest does, and its circuit sets the reset and sends the event.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.chip.circuit import Circuits
from core.chip.geometry import CIRCUITS, COLUMNS, column_of
from core.chip.network import Floats, Integers

RIGHT = "multicompartment.connect_right"
VERTICAL = "multicompartment.connect_vertical"


def membrane_of(stored: dict[str, Integers]) -> Integers:
    """Return the membrane of each circuit, shape (512,): its lowest circuit.

    :param stored: the switches by name, see `ChipConfig.stored`

    >>> switch = np.zeros(512, int)
    >>> switch[5] = 1
    >>> membrane_of({VERTICAL: switch})[[5, 261, 262]].tolist()
    [5, 5, 262]
    """
    membrane = np.arange(CIRCUITS)
    off = np.zeros(CIRCUITS, np.int64)
    right = np.flatnonzero(stored.get(RIGHT, off))
    right = right[column_of(right) < COLUMNS - 1]  # the last has no neighbour
    vertical = np.flatnonzero(stored.get(VERTICAL, off))
    one = np.concatenate([right, vertical])
    other = np.concatenate([right + 1, (vertical + COLUMNS) % CIRCUITS])
    while np.any(membrane[one] != membrane[other]):
        lower = np.minimum(membrane[one], membrane[other])
        np.minimum.at(membrane, one, lower)
        np.minimum.at(membrane, other, lower)
    return membrane


@dataclass(frozen=True)
class Membranes:
    """The membranes of some circuits; indices count among these circuits.

    :ivar circuits: what each circuit does with its membrane
    :ivar head: shape (circuits,), the circuit whose comparator, reset and noise count
    """

    circuits: Circuits
    head: Integers

    @property
    def heads(self) -> Integers:
        """The heads of membranes of several circuits, rising."""
        heads, sizes = np.unique(self.head, return_counts=True)
        return heads[sizes > 1]

    def members(self) -> tuple[Integers, Integers]:
        """Return where the members of each circuit begin, and all members.

        Those of a head are all circuits of its membrane, others have none.
        """
        order = np.argsort(self.head, kind="stable")
        count = np.bincount(self.head, minlength=len(self.head))
        return np.concatenate([[0], np.cumsum(count)]), order


def joined(
    circuits: Circuits,
    load: Floats,
    comparator: NDArray[np.bool_],
    membrane: Integers,
) -> Membranes:
    """Return ``circuits`` with what they have in common.

    :param load: shape (circuits,), relative capacitance
    :param comparator: shape (circuits,), threshold comparator on
    :param membrane: shape (circuits,), equal for circuits that are joined
    """
    _, group = np.unique(membrane, return_inverse=True)
    if len(group) == 0 or group.max() + 1 == len(group):  # each has its own
        return Membranes(circuits, np.arange(len(group)))
    total = np.bincount(group, load)[group]
    conductance = load / circuits.tau_mem
    both = np.bincount(group, conductance)[group]
    leak = np.bincount(group, conductance * circuits.leak)[group] / both
    # The head is the first in order of comparator, threshold and place.
    silent = np.where(comparator, circuits.threshold, np.inf)
    order = np.lexsort((np.arange(len(group)), silent, group))
    _, first = np.unique(group[order], return_index=True)
    together = replace(
        circuits,
        leak=leak,
        tau_mem=total / both,
        strength=circuits.strength * load / total,
    )
    return Membranes(together, order[first][group])
