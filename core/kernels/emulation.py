"""Leaky integrate-and-fire circuits in continuous time, many lanes at once.

Per lane, relative to its leak potential, with τ_m = 1/a and τ_s = 1/b::

    v' = −a v + e − i + n        e' = −b_e e        i' = −b_i i

``e`` and ``i`` are the two synaptic currents (LSB/µs), ``n`` is noise that holds for
1 µs. A sub-step of 0.2 µs is advanced exactly, events inside it by tables of the exact
response. Lanes that may cross their threshold or leave their refractory time within
the sub-step are replayed from event to event, and the crossing is found on the cubic
through both ends of the segment. So the result does not depend on the sub-step, and
spike times are exact to about 8 ns before they are rounded to FPGA cycles.
"""

import numpy as np
from numpy.typing import NDArray

from core.kernels.compile import kernel
from core.kernels.emulation_events import (
    driven_lanes,
    gather,
    insert_sorted,
    resized,
)
from core.kernels.emulation_readout import Cadc, reading, sample
from core.kernels.emulation_replay import replay_flagged
from core.kernels.emulation_rows import (
    LEAK,
    LOOP_STEPS,
    PAD,
    ROWS,
    SIGMA,
    STEP_CYCLES,
    STEPS_PER_NOISE,
    Counts,
    V,
    Values,
)
from core.kernels.emulation_step import advance, commit, prepare, set_noise
from core.kernels.noise import MEMBRANE, WORDS, draw, lane_word


@kernel
def run_entries(
    first: int,
    last: int,
    steps: int,
    event_start: Counts,
    event_cycle: Counts,
    event_source: Counts,
    drive: Values,
    lanes: Values,
    table: Values,
    tau_ref: NDArray[np.float64],
    lane_source: Counts,
    emits: NDArray[np.bool_],
    lane_circuit: Counts,
    split: int,
    chip: int,
    trial: int,
    cadc: Cadc,
    trace_lane: int,
    trace_source: int,
    trace: Values,
    membrane: Values,
) -> Counts:
    """Run batch entries ``first`` … ``last`` − 1, each from rest.

    :param steps: number of sub-steps
    :param event_start: shape (batch + 1,), where the events of an entry begin
    :param event_cycle: when events reach the synapses, FPGA cycles, rising per entry
    :param event_source: source of each event
    :param drive: shape (2, sources, n), exc/inh, LSB/µs per event, float32
    :param lanes: shape (LANE_ROWS, n), µs and LSB relative to the leak, float32
    :param table: shape (2, 2, 26, n), see `gather`, float32
    :param tau_ref: shape (n,), µs
    :param lane_source: shape (n,), source a lane is for other lanes, −1 for none
    :param emits: shape (n,), False keeps the events of a lane inside
    :param lane_circuit: shape (n,), names the lane in the noise
    :param split: first lane of the lower hemisphere
    :param chip: names the noise of this run, with ``trial``
    :param cadc: gets the codes of its samples
    :param trace_lane: lane to be read at every sub-step, −1 for none
    :param trace_source: what is read of it, see `reading`
    :param trace: shape (batch, steps + 1), LSB, float32
    :param membrane: shape (batch, µs, n) or no µs, LSB, float32
    :returns: spikes, shape (3, spikes): cycle, batch entry, lane
    """
    n = lanes.shape[1]
    flags8 = np.zeros((n + 7) // 8, np.uint64)
    flags = flags8.view(np.uint8)  # the same memory: eight quiet lanes are one word
    p = np.zeros((ROWS, n + PAD), np.float32)
    span = driven_lanes(drive)
    names = np.empty(n, np.uint32)
    words = np.empty((WORDS, n + PAD), np.uint32)
    drawn = np.empty((WORDS, n + PAD), np.uint32)
    noisy = False
    for j in range(n):
        names[j] = lane_word(lane_circuit[j], MEMBRANE)
        noisy = noisy or lanes[SIGMA, j] > 0
    spikes = np.empty((3, 1024), np.int64)
    total = 0
    # A lane spikes at most once per cycle, both ends of the sub-step included.
    room = n * (STEP_CYCLES + 1)
    found = np.empty((LOOP_STEPS + 1, room), np.int64)
    found_lane = np.empty((LOOP_STEPS + 1, room), np.int64)
    n_found = np.zeros(LOOP_STEPS + 1, np.int64)
    left = np.empty(room + STEP_CYCLES, np.int64)
    source = np.empty(room + STEP_CYCLES, np.int64)
    for b in range(first, last):
        prepare(p, n, lanes, table)
        for slot in range(LOOP_STEPS + 1):
            n_found[slot] = 0
        had_events = False
        q = event_start[b]
        next_upper = 0
        next_lower = 0
        if trace_lane >= 0:
            trace[b, 0] = reading(p, trace_lane, trace_source, 0.0)
        for step in range(steps):
            after = (step + 1) * STEP_CYCLES
            if step % STEPS_PER_NOISE == 0:
                us = step // STEPS_PER_NOISE
                if noisy:
                    if us % WORDS == 0:
                        draw(words, n, names, us, b, chip, trial)
                    set_noise(p, n, words[us % WORDS])
                if us < membrane.shape[1]:
                    for j in range(n):
                        membrane[b, us, j] = p[LEAK, j] + p[V, j]
            events = 0
            while q < event_start[b + 1] and event_cycle[q] < after:
                c = after - event_cycle[q]
                events = insert_sorted(left, source, events, c, event_source[q])
                q += 1
            slot = (step + 1) % (LOOP_STEPS + 1)  # filled two sub-steps ago
            for k in range(n_found[slot]):
                s = lane_source[found_lane[slot, k]]
                if s >= 0:
                    c = after - found[slot, k] - LOOP_STEPS * STEP_CYCLES
                    events = insert_sorted(left, source, events, c, s)
            if events > 0 or had_events:
                gather(p, n, drive, span, table, left, source, events)
            had_events = events > 0
            advance(p, n, flags)
            slot = step % (LOOP_STEPS + 1)
            count = replay_flagged(
                p, n, flags, flags8, tau_ref, emits, drive, left, source, events,
                step, found[slot], found_lane[slot],
            )  # fmt: skip
            n_found[slot] = count
            if total + count > spikes.shape[1]:
                spikes = resized(spikes, total, 2 * (total + count))
            for k in range(count):
                spikes[0, total] = found[slot, k]
                spikes[1, total] = b
                spikes[2, total] = found_lane[slot, k]
                total += 1
            next_upper = sample(p, 0, split, cadc, 0, next_upper, step, drawn, b)
            next_lower = sample(p, split, n, cadc, 1, next_lower, step, drawn, b)
            commit(p, n)
            if trace_lane >= 0:
                trace[b, step + 1] = reading(p, trace_lane, trace_source, 0.0)
    return resized(spikes, total, total)
