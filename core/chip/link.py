"""The link between the chip and its FPGA, where events are delayed and lost.

Published is that a word carries up to three events and that at least 250 of 512 spikes
are recorded when all neurons fire at once. Assumed are the rest: each of the 8 event
outputs (32 columns, both rows) holds a queue, the link empties them at
`ChipSpec.link_rate`, and a spike gets its time stamp when it leaves the queue, so
congestion delays it. With 32 places in a queue 8 · 32 = 256 spikes survive. Lost is
only the record of a spike: inside the chip it has arrived.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.chip.geometry import CIRCUITS, COLUMNS, column_of
from core.chip.results import Events
from core.kernels.link import EVENT_OUTPUTS, leave
from core.kernels.noise import EVENT_LOSS, uniforms
from core.spec.chip import ChipSpec
from core.units import CYCLES_PER_US, us

#: Keeps the sources of the FPGA apart from the circuits in the draws of losses.
INPUTS: Final = 1 << 15
#: How long spikes are still recorded after an entry, FPGA cycles.
AFTER: Final = CYCLES_PER_US
_CLOCK = CYCLES_PER_US / us  # Hz


def survivors(events: Events, chip: ChipSpec, trial: int, first: int = 0) -> Events:
    """Return the events without those that are lost at random.

    An event is lost or not whatever other events there are.

    :param first: added to the index of the neurons for the draw, `INPUTS` or 0
    """
    if chip.event_loss == 0 or len(events.cycle) == 0:
        return events
    who = events.neuron + first
    draw = uniforms(chip.number, trial, events.batch, who, events.cycle, EVENT_LOSS)
    return _only(events, draw >= chip.event_loss)


def transmit(
    events: Events, runtime_cycles: int, chip: ChipSpec, trial: int
) -> tuple[Events, int]:
    """Return the spikes that the FPGA records and how many it does not.

    Spikes that wait for longer than `AFTER` the end of an entry are lost.

    :param events: by circuit
    """
    kept = survivors(events, chip, trial)
    if chip.link_rate > 0:
        output = column_of(kept.neuron) // (COLUMNS // EVENT_OUTPUTS)
        rate = chip.link_rate / _CLOCK
        depth = int(chip.event_depth)
        end = runtime_cycles + AFTER
        left = leave(kept.cycle, kept.batch, output, depth, rate, end)
        # Nearly in order already: one key and a merging sort are fastest.
        key = (kept.batch * (end + 1) + left) * CIRCUITS + kept.neuron
        order = np.argsort(key, kind="stable")
        stamped = Events(left[order], kept.batch[order], kept.neuron[order])
        kept = _only(stamped, stamped.cycle >= 0)
    return kept, len(events.cycle) - len(kept.cycle)


def _only(events: Events, kept: NDArray[np.bool_]) -> Events:
    return Events(events.cycle[kept], events.batch[kept], events.neuron[kept])
