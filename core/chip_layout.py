"""Where a document lies on the chip, without running it: circuits, rows, synapses.

The same stages as in a run, from the document alone: `place`, `route` and the synapse
matrix. So a map of the chip can be drawn while a network is edited, also in mock.
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.chip.geometry import CIRCUITS, COLUMNS
from core.chip.last_used import LastUsed
from core.chip.network import Integers, Network
from core.chip.placement import place
from core.chip.results import PlacementResult, RoutingResult
from core.chip.routing import route
from core.chip.synapse_matrix import synapse_matrix
from core.errors import HXError, Problem
from core.feasibility import structure
from core.rounding import chip_weights
from core.spec.experiment import ExperimentSpec

_REMEMBERED: Final = 8


@dataclass(frozen=True)
class Layout:
    """A network on the chip; a stage that was not reached is None.

    :param weights: signed, shape (2, 256, 256) = (hemisphere, row, column), −63…63
    :param labels: shape (2, 256, 256), the address that a synapse answers to
    :param problems: why the next stage was not reached
    """

    network: Network
    placement: PlacementResult | None = None
    routing: RoutingResult | None = None
    weights: NDArray[np.int8] | None = None
    labels: NDArray[np.uint8] | None = None
    problems: tuple[Problem, ...] = ()

    def owners(self) -> tuple[list[str], Integers]:
        """Return the population of each circuit, "" if free, and the neuron, or −1."""
        names, neuron = [""] * CIRCUITS, np.full(CIRCUITS, -1, np.int64)
        placement = self.placement
        if placement is not None:
            for name in placement.circuits:
                for index, group in enumerate(placement.groups(name)):
                    for circuit in group:
                        names[int(circuit)], neuron[circuit] = name, index
        return names, neuron

    def synapse_source(self) -> Integers | None:
        """Return the index of the source of each synapse, −1 where free."""
        if self.routing is None or self.routing.wiring is None:
            return None
        return self.routing.wiring.synapse_source

    def projections_at(self, hemisphere: int, row: int, column: int) -> list[str]:
        """Return the projections that a synapse serves, none where it is free."""
        sources = self.synapse_source()
        if sources is None or self.routing is None:
            return []
        index = int(sources[hemisphere, row, column])
        target = self.owners()[0][hemisphere * COLUMNS + column]
        source = self.routing.sources[index][0] if index >= 0 else ""
        return [
            p.name
            for p in self.network.projections
            if index >= 0 and p.source == source and p.target == target
        ]

    def of_projection(self, name: str) -> NDArray[np.bool_] | None:
        """Return which synapses serve a projection, shape (2, 256, 256)."""
        sources = self.synapse_source()
        found = next((p for p in self.network.projections if p.name == name), None)
        if sources is None or found is None or self.routing is None:
            return None
        sends = np.array([s[0] == found.source for s in self.routing.sources] + [False])
        takes = np.array([n == found.target for n in self.owners()[0]])
        mask: NDArray[np.bool_] = sends[sources] & takes.reshape(2, 1, COLUMNS)
        return mask


def layout(spec: ExperimentSpec) -> Layout:
    """Lay ``spec`` out on the chip as a run does; nothing here raises.

    >>> from core.spec.examples import yin_yang
    >>> found = layout(yin_yang())
    >>> found.routing.rows_used()
    (10, 240)
    """
    network = structure(spec.network)
    known = {p.name for p in network.projections}
    weights = {
        p.name: chip_weights(p, spec)
        for p in spec.network.projections
        if p.name in known
    }
    projections = tuple(
        replace(p, weights=weights[p.name])
        if weights[p.name].shape == p.weights.shape
        else p
        for p in network.projections
    )
    network = replace(network, projections=projections)
    found = Layout(network)
    try:
        placement = place(network)
        found = replace(found, placement=placement)
        routing = _routed(network, placement)
        found = replace(found, routing=routing)
        synapses = synapse_matrix(network, placement, routing)
    except HXError as error:
        return replace(found, problems=error.problems)
    signed = synapses.weights.astype(np.int8) * synapses.row_sign[..., None]
    return replace(found, weights=signed.astype(np.int8), labels=synapses.labels)


@cache
def _memory() -> LastUsed[RoutingResult]:
    return LastUsed(_REMEMBERED)


def _routed(network: Network, placement: PlacementResult) -> RoutingResult:
    ends = [(p.name, p.source, p.target, p.weights.shape) for p in network.projections]
    key = (ends, [(p.name, p.fires) for p in network.populations], placement)
    return _memory().recall(key, lambda: route(network, placement))
