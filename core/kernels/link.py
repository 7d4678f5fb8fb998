"""How the spikes of the chip leave it: queues at its event outputs, emptied by a link.

In every cycle each event output gives at most one event to the link, in turn, and the
link takes as many as its rate allows, at most `WORD` of them. What finds the queue of
its output full is lost.
"""

from typing import Final

import numpy as np

from core.kernels.compile import kernel
from core.kernels.emulation_rows import Counts

#: Queues, each for 32 columns of both hemispheres.
EVENT_OUTPUTS: Final = 8
#: Events in one word of the link, of which there is one per cycle.
WORD: Final = 3


@kernel
def leave(
    cycle: Counts, entry: Counts, output: Counts, depth: int, rate: float, end: int
) -> Counts:
    """Return when each event leaves the chip, −1 if it is lost.

    :param cycle: FPGA cycle, rising within a batch entry
    :param entry: batch entry, rising
    :param output: event output, 0…7
    :param depth: events that one queue holds
    :param rate: events that the link carries per cycle, above 0
    :param end: cycle from which on nothing leaves
    """
    n = cycle.shape[0]
    found = np.full(n, -1)
    queue = np.empty((EVENT_OUTPUTS, depth), np.int64)
    head = np.zeros(EVENT_OUTPUTS, np.int64)
    size = np.zeros(EVENT_OUTPUTS, np.int64)
    most = max(rate, 1.0)  # a pause saves up no more than a cycle
    k = 0
    waiting = 0
    now = 0
    turn = 0
    b = -1
    credit = most
    while k < n or waiting > 0:
        if waiting == 0:
            if entry[k] != b:
                b = entry[k]
                turn = 0
                credit = most
            else:
                credit = min(credit + rate * (cycle[k] - now), max(most, credit))
            now = cycle[k]
        if now >= end:  # what waits, and what comes, is too late
            while k < n and entry[k] == b:
                k += 1
            waiting = 0
            for o in range(EVENT_OUTPUTS):
                size[o] = 0
            continue
        while k < n and entry[k] == b and cycle[k] == now:
            o = output[k]
            if size[o] < depth:
                queue[o, (head[o] + size[o]) % depth] = k
                size[o] += 1
                waiting += 1
            k += 1
        first = turn
        sent = 0
        for i in range(EVENT_OUTPUTS):
            o = (first + i) % EVENT_OUTPUTS
            if size[o] > 0 and credit >= 1.0 and sent < WORD:
                found[queue[o, head[o]]] = now
                head[o] = (head[o] + 1) % depth
                size[o] -= 1
                waiting -= 1
                credit -= 1.0
                sent += 1
                turn = o + 1
        now += 1
        credit = min(credit + rate, most + 1.0)  # a part of an event is kept
    return found
