"""Neurons that are bypassed: each event of a circuit makes it spike once.

There are no membranes: an event that reaches an excitatory synapse with a weight above
0 makes the circuit of its column spike `LATENCY` later. Several synapses of a column
that answer to the same event, and events of the same cycle, give one spike. A spike
that leaves its circuit is an event for others, by the same way as without the bypass::

    input → synapse 0.8 µs,  synapse → spike 0.2 µs,  spike → synapse 0.4 µs

so an input comes back after 1 µs (published: within 2 µs) and each neuron of a chain
adds 0.6 µs. That inhibitory synapses do nothing is assumed, as the latency is.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from core.chip.events import INPUT_LATENCY
from core.chip.geometry import CIRCUITS, COLUMNS
from core.chip.joined import membrane_of
from core.chip.network import Integers
from core.chip.readout import Recording, cadc_cycles
from core.chip.results import ChipConfig, Events, OutputData
from core.chip.synapse_array import answers
from core.kernels.emulation_rows import LOOP_STEPS, STEP_CYCLES
from core.spec.chip import ChipSpec

#: From a synapse to the spike of its circuit, FPGA cycles.
LATENCY: Final = 25
#: From one spike to the next that it causes, FPGA cycles.
_LOOP: Final = LOOP_STEPS * STEP_CYCLES + LATENCY


def bypassed(
    config: ChipConfig, inputs: Events, batch: int, runtime_cycles: int, chip: ChipSpec
) -> OutputData:
    """Return the spikes of a chip whose neurons are bypassed; nothing else is read.

    :param inputs: events by source
    """
    start, targets = _targets(config)
    waiting = np.stack([inputs.cycle + INPUT_LATENCY + LATENCY, inputs.batch])
    waiting = np.concatenate([waiting, inputs.neuron[None]])
    waiting = waiting[:, np.argsort(waiting[0], kind="stable")]
    first = 0  # of the inputs that are still to come
    own = np.zeros((3, 0), np.int64)  # what the spikes of the last turn cause
    found = [own]
    while own.size or first < waiting.shape[1]:
        now = int(np.append(own[0], waiting[0, first : first + 1]).min())
        if now >= runtime_cycles:
            break
        # Nothing that happens within a loop's time can cause more of it.
        last = int(np.searchsorted(waiting[0], now + _LOOP))
        due = np.concatenate([waiting[:, first:last], own], axis=1)
        first = last
        spikes = _spikes(due, start, targets)
        found.append(spikes[:, config.event_output[spikes[2]]])
        source = config.circuit_source[found[-1][2]]
        own = np.stack([found[-1][0] + _LOOP, found[-1][1], source])[:, source >= 0]
    cycle, entry, circuit = np.concatenate(found, axis=1)
    order = np.lexsort((circuit, cycle, entry))
    order = order[cycle[order] < runtime_cycles]
    cycles, counts = cadc_cycles(Recording(cadc=False), chip, runtime_cycles, batch, 0)
    return OutputData(
        events=Events(cycle[order], entry[order], circuit[order]),
        cadc=np.zeros((0, batch, CIRCUITS), np.uint8),
        cadc_cycles=cycles,
        cadc_counts=counts,
        runtime_cycles=runtime_cycles,
    )


def _targets(config: ChipConfig) -> tuple[Integers, Integers]:
    """Return where the circuits of each source begin, shape (sources + 1,), and all."""
    hemisphere, row, column, source = answers(config)
    circuit = hemisphere * COLUMNS + column
    excites = (config.row_sign[hemisphere, row] > 0) & config.used[circuit]
    sources = len(config.source_labels)
    pairs = np.unique(source[excites] * CIRCUITS + circuit[excites])
    count = np.bincount(pairs // CIRCUITS, minlength=sources)
    return np.concatenate([[0], np.cumsum(count)]), pairs % CIRCUITS


def _spikes(due: Integers, start: Integers, targets: Integers) -> Integers:
    """Return the spikes that events cause: cycle, batch entry and circuit of each.

    :param due: shape (3, events): when they do so, batch entry, source
    """
    cycle, entry, source = due
    many = start[source + 1] - start[source]
    at = np.repeat(start[source] - np.cumsum(many) + many, many) + np.arange(many.sum())
    entries = entry.max(initial=0) + 1
    key = np.repeat(cycle * entries + entry, many) * CIRCUITS + targets[at]
    when, circuit = np.divmod(np.unique(key), CIRCUITS)
    return np.stack([*np.divmod(when, entries), circuit])


def notes_of_bypass(config: ChipConfig) -> Iterator[str]:
    """Return what a chip with bypassed neurons does not do, one sentence each."""
    yield (
        "The neurons are bypassed: they have no membranes, so the CADC and the MADC"
        " record nothing and calibrated values do not matter."
    )
    membrane = membrane_of(config.stored)
    silent = config.used & ~config.event_output & (membrane != np.arange(CIRCUITS))
    reached = np.isin(_targets(config)[1], np.flatnonzero(silent))
    if reached.any():
        yield (
            f"{int(reached.sum())} connections end on circuits that are joined to the"
            " one that spikes: under the bypass their events do nothing."
        )
