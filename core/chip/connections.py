"""What has to be connected: sources, the neurons they drive, and their circuits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.chip.geometry import CIRCUITS
from core.chip.network import Integers, Network
from core.chip.results import PlacementResult

Source = tuple[str, int]


@dataclass(frozen=True)
class Connections:
    """The synapses of a network as a table from sources to neurons.

    :param sources: (population name, neuron) of each source, in the order of the
        projections
    :param circuit: shape (sources,), the circuit that sends, −1 for outside sources
    :param groups: shape (neurons, most circuits of a neuron), the circuits of all
        neurons, one population after the other; −1 where a neuron has fewer
    :param first: population name -> index of its first neuron
    :param matrix: shape (sources, neurons), where synapses are
    """

    sources: tuple[Source, ...]
    circuit: Integers
    groups: Integers
    first: dict[str, int]
    matrix: NDArray[np.bool_]

    @property
    def circuits_each(self) -> Integers:
        """Number of circuits of each neuron, shape (neurons,)."""
        return np.asarray((self.groups >= 0).sum(1))

    def neuron_of(self) -> Integers:
        """Return the neuron on each circuit, shape (512,), −1 where it is free."""
        neuron = np.full(CIRCUITS, -1, np.int64)
        rows = np.broadcast_to(np.arange(len(self.groups))[:, None], self.groups.shape)
        neuron[self.groups[self.groups >= 0]] = rows[self.groups >= 0]
        return neuron


def connections(
    network: Network,
    placement: PlacementResult,
    sources: tuple[Source, ...] | None = None,
) -> Connections:
    """Return the synapses of ``network``.

    :param sources: gives the order of the sources, and may leave some out
    """
    groups = [placement.groups(p.name) for p in network.populations]
    most = max((g.shape[1] for g in groups), default=1)
    fill = [np.full((len(g), most - g.shape[1]), -1) for g in groups]
    padded = [np.hstack(pair) for pair in zip(groups, fill, strict=True)]
    ends = np.cumsum([0, *(len(g) for g in groups)])
    first = {p.name: int(e) for p, e in zip(network.populations, ends, strict=False)}
    if sources is None:
        sizes = {p.source: p.weights.shape[1] for p in network.projections}
        sources = tuple((name, i) for name, size in sizes.items() for i in range(size))
    index = {source: i for i, source in enumerate(sources)}
    matrix = np.zeros((len(sources) + 1, int(ends[-1])), bool)  # the last is left out
    for projection in network.projections:
        targets, count = projection.weights.shape
        rows = [index.get((projection.source, i), -1) for i in range(count)]
        start = first[projection.target]
        block = np.ix_(np.array(rows, np.int64), np.arange(start, start + targets))
        exists = projection.connected
        matrix[block] |= True if exists is None else exists.T
    circuit = [
        int(placement.circuits[name][i]) if name in placement.circuits else -1
        for name, i in sources
    ]
    return Connections(
        sources=sources,
        circuit=np.array(circuit, np.int64),
        groups=np.concatenate([np.zeros((0, most), np.int64), *padded]),
        first=first,
        matrix=matrix[:-1],
    )
