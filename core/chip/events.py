"""Spikes on their way into the chip and back, in FPGA cycles of 8 ns."""

from collections.abc import Iterable

import numpy as np

from core.chip.network import Integers, Network
from core.chip.results import Events, RoutingResult, no_events

#: From the FPGA to the synapses and, as spikes are stamped at once here, all the way of
#: an input through the chip, FPGA cycles (0.8 µs). Estimates are 0.3 to 1 µs; tests of
#: real chips ask for an input to come back within 2 µs.
INPUT_LATENCY = 100


def pack(
    network: Network,
    routing: RoutingResult,
    inputs: dict[str, Events],
    batch: int,
    runtime_cycles: int,
) -> tuple[Events, int]:
    """Return the input events by source, one per cycle, and how many were lost.

    The link carries one event per cycle: of events at the same time each later one is
    moved back by a cycle. What is moved beyond the end of the run is lost, as is what
    comes after it.

    :param inputs: name of an external population -> its events
    """
    parts = [_by_source(routing, e.name, inputs[e.name]) for e in network.externals
             if e.name in inputs]  # fmt: skip
    if not parts:
        return no_events(), 0
    cycle, entry, source = np.concatenate(parts, axis=1)
    inside = (source >= 0) & (cycle >= 0) & (entry >= 0) & (entry < batch)
    cycle, entry, source = cycle[inside], entry[inside], source[inside]
    order = np.lexsort((source, cycle, entry))
    cycle, entry, source = cycle[order], entry[order], source[order]
    cycle = serialise(cycle, entry, runtime_cycles)
    kept = cycle < runtime_cycles
    return Events(cycle[kept], entry[kept], source[kept]), int((~kept).sum())


def serialise(cycle: Integers, entry: Integers, runtime_cycles: int) -> Integers:
    """Return ``cycle`` with at most one event per cycle in each batch entry.

    :param cycle: sorted by batch entry, then time
    """
    if len(cycle) == 0:
        return cycle
    # With the entries far apart on one time axis, t'[k] = max(t[k], t'[k − 1] + 1).
    apart = entry * (runtime_cycles + len(cycle))
    index = np.arange(len(cycle))
    return np.maximum.accumulate(cycle + apart - index) + index - apart


def _by_source(routing: RoutingResult, name: str, events: Events) -> Integers:
    """Return shape (3, events): cycle, batch entry, source or −1 if not routed."""
    size = 1 + max((n for p, n in routing.sources if p == name), default=0)
    size = max(size, 1 + int(events.neuron.max(initial=0)))
    index = np.full(size, -1, np.int64)
    for i, (population, neuron) in enumerate(routing.sources):
        if population == name:
            index[neuron] = i
    return np.stack([events.cycle, events.batch, index[events.neuron]])


def by_external(
    sent: Events, routing: RoutingResult, names: Iterable[str]
) -> dict[str, Events]:
    """Return what the link carried into the chip for each external population.

    :param sent: by source, as `pack` returns them
    """
    neuron = np.array([n for _, n in routing.sources] or [0], np.int64)
    found = {}
    for name in names:
        its = np.array([source == name for source, _ in routing.sources] or [False])
        mine = its[sent.neuron]
        found[name] = Events(
            sent.cycle[mine], sent.batch[mine], neuron[sent.neuron[mine]]
        )
    return found


def by_population(events: Events, circuits: dict[str, Integers]) -> dict[str, Events]:
    """Return the spikes of each population, counted within it.

    :param circuits: population name -> circuit of each neuron
    """
    owner = np.full(512, -1, np.int64)
    neuron = np.zeros(512, np.int64)
    for i, places in enumerate(circuits.values()):
        owner[places] = i
        neuron[places] = np.arange(len(places))
    whose = owner[events.neuron]
    found = {}
    for i, name in enumerate(circuits):
        mine = whose == i
        found[name] = Events(
            events.cycle[mine], events.batch[mine], neuron[events.neuron[mine]]
        )
    return found
