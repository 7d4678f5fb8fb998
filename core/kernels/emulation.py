"""Neuron circuits in continuous time, many lanes at once.

Per lane, relative to its leak potential, with τ_m = 1/a and τ_s = 1/b::

    v' = −a v + e − i + n        e' = −b_e e        i' = −b_i i

``e`` and ``i`` are the two synaptic currents (LSB/µs), ``n`` is noise that holds for
1 µs. A sub-step of 0.2 µs is advanced exactly, events inside it by tables of the exact
response. Lanes that may cross their threshold or leave their refractory time within
the sub-step are replayed from event to event, and the crossing is found on the cubic
through both ends of the segment. So the result does not depend on the sub-step, and
spike times are exact to about 8 ns before they are rounded to FPGA cycles.

What only some lanes have costs nothing where no lane has it: a reset that takes time
(`emulation_replay`), a limit and a tilt of the inputs (`emulation_step`), membranes of
several circuits (`emulation_joined`), exponential onset and adaptation
(`emulation_adex`).
"""

import numpy as np
from numba import boolean, int64
from numpy.typing import NDArray

from core.kernels.compile import kernel
from core.kernels.emulation_adex import advance_adex, prepare_adex
from core.kernels.emulation_events import (
    driven_lanes,
    gather,
    insert_sorted,
    resized,
)
from core.kernels.emulation_joined import advance_joined, spread
from core.kernels.emulation_readout import Cadc, due_step, reading, sample
from core.kernels.emulation_replay import (
    list_flagged,
    replay_flagged,
    replay_terms,
)
from core.kernels.emulation_rows import (
    BIAS,
    CURVE_EXC,
    CURVE_INH,
    HELD,
    LEAK,
    LEVEL,
    LOOP_STEPS,
    PASS_E,
    PASS_I,
    RESET_RATE,
    ROWS,
    SIGMA,
    STEP_CYCLES,
    STEPS_PER_NOISE,
    STRIDE,
    TILT_EXC,
    TILT_INH,
    Counts,
    E,
    I,
    V,
    Values,
    W,
)
from core.kernels.emulation_step import (
    advance,
    advance_limited,
    advance_tilted,
    commit,
    commit_rest,
    prepare,
    rest,
    set_noise,
    whole,
)
from core.kernels.noise import CADC, MEMBRANE, WORDS, draw, lane_word


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
    heads: Counts,
    member_start: Counts,
    member: Counts,
    adex: Values,
    adex_lanes: Counts,
    lane_circuit: Counts,
    split: int,
    chip: int,
    trial: int,
    cadc: Cadc,
    trace_lane: int,
    trace_source: int,
    trace: Values,
    truth: Values,
    truth_steps: int,
) -> Counts:
    """Run batch entries ``first`` … ``last`` − 1, each from rest.

    :param steps: number of sub-steps
    :param event_start: shape (batch + 1,), where the events of an entry begin
    :param event_cycle: when events reach the synapses, FPGA cycles, rising per entry
    :param event_source: source of each event
    :param drive: shape (2, sources, n), exc/inh, LSB/µs per event, float32
    :param lanes: shape (LANE_ROWS, n), µs and LSB relative to the leak, float32
    :param table: shape (2, 2, 26, n), see `gather`, float32
    :param tau_ref: shape (n,), how long the reset holds after a spike, µs
    :param lane_source: shape (n,), source a lane is for other lanes, −1 for none
    :param emits: shape (n,), False keeps the events of a lane inside
    :param heads: lanes that have the membrane of several circuits
    :param member_start: shape (n + 1,), where the lanes that feed a membrane begin in
        ``member``; a lane alone feeds its own
    :param adex: shape (ADEX_ROWS, n), see `emulation_rows`, float32
    :param adex_lanes: shape (runs, 2), first and last + 1 of the lanes with such terms
    :param lane_circuit: shape (n,), names the lane in the noise
    :param split: first lane of the lower hemisphere
    :param chip: names the noise of this run, with ``trial``
    :param cadc: gets the codes of its samples
    :param trace_lane: lane to be read at every sub-step, −1 for none
    :param trace_source: what is read of it, see `reading`
    :param trace: shape (batch, steps + 1), LSB, float32
    :param truth: shape (kinds, batch, samples, n), float32: potentials in LSB and, if
        there are four kinds, currents of both inputs and adaptation in LSB/µs
    :param truth_steps: sub-steps from one of its samples to the next
    :returns: spikes, shape (3, spikes): cycle, batch entry, lane
    """
    n = lanes.shape[1]
    m = whole(n)
    flags8 = np.zeros(m // 8, np.uint64)
    flags = flags8.view(np.uint8)  # the same memory: eight quiet lanes are one word
    p = np.zeros((ROWS, STRIDE), np.float32)
    flat = p.reshape(ROWS * STRIDE)
    flagged = np.empty(n, np.int64)
    scratch = np.empty((4, n))
    span = driven_lanes(drive)
    names = np.zeros(m, np.uint32)
    cadc_names = np.empty(n, np.uint32)
    words = np.empty((WORDS, STRIDE), np.uint32)
    drawn = np.empty((WORDS, STRIDE), np.uint32)
    taken = np.zeros(2, np.int64)  # CADC samples so far, per hemisphere
    due = np.zeros(2, np.int64)  # the sub-step of the next
    noisy = boolean(False)
    limited = boolean(False)
    resets = boolean(False)
    tilted = boolean(False)
    for j in range(n):
        names[j] = lane_word(lane_circuit[j], MEMBRANE)
        cadc_names[j] = lane_word(cadc.circuit[j], CADC)
        noisy = noisy or lanes[SIGMA, j] > 0
        limited = limited or lanes[CURVE_EXC, j] > 0 or lanes[CURVE_INH, j] > 0
        resets = resets or lanes[RESET_RATE, j] > 0
        tilted = tilted or lanes[TILT_EXC, j] != 0 or lanes[TILT_INH, j] != 0
    limited = limited or resets
    held_flag = int64(HELD) if resets else int64(0)
    joined = heads.shape[0] > 0
    adapts = adex_lanes.shape[0] > 0
    spikes = np.empty((3, 1024), np.int64)
    # Literal numbers would have each part compiled once more, for them alone.
    none, one = int64(0), int64(1)
    total = none
    # A lane spikes at most once per cycle, both ends of the sub-step included.
    room = n * (STEP_CYCLES + 1)
    found = np.empty((LOOP_STEPS + 1, room), np.int64)
    found_lane = np.empty((LOOP_STEPS + 1, room), np.int64)
    n_found = np.zeros(LOOP_STEPS + 1, np.int64)
    left = np.empty(room + STEP_CYCLES, np.int64)
    source = np.empty(room + STEP_CYCLES, np.int64)
    prepare(p, n, lanes, table)
    for b in range(first, last):
        rest(flat, m)
        if adapts:
            prepare_adex(p, n, adex)
        if joined:
            spread(p, heads, member_start, member)
        for slot in range(LOOP_STEPS + 1):
            n_found[slot] = 0
        had_events = boolean(False)
        q = event_start[b]
        taken[:] = 0
        due[0] = due_step(cadc, none, none, b)
        due[1] = due_step(cadc, none, one, b)
        if trace_lane >= 0:
            trace[b, 0] = reading(p, trace_lane, trace_source, 0.0)
        for step in range(steps):
            after = (step + 1) * STEP_CYCLES
            if step % STEPS_PER_NOISE == 0 and noisy:
                us = step // STEPS_PER_NOISE
                if us % WORDS == 0:
                    draw(words, m, names, us, b, chip, trial)
                set_noise(flat, m, words[us % WORDS])
            if truth.shape[2] and step % truth_steps == 0:
                keep_truth(p, n, truth[:, b, step // truth_steps])
            events = none
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
                gather(flat, m, drive, span, table, left, source, events, limited,
                       tilted)  # fmt: skip
            had_events = events > 0
            if tilted:
                advance_tilted(flat, m, flags, held_flag)
            elif limited:
                advance_limited(flat, m, flags, held_flag)
            else:
                advance(flat, m, flags)
            if joined:
                advance_joined(p, heads, member_start, member, flags)
            for run in range(adex_lanes.shape[0]):
                j, to = adex_lanes[run]
                advance_adex(flat[j:], to - j, flags[j:])
            slot = step % (LOOP_STEPS + 1)
            flags_set = list_flagged(flags, flags8, n, flagged)
            count = none
            if flags_set > 0:
                count = replay_flagged(
                    p, flags, flagged, flags_set, tau_ref, emits, member_start, drive,
                    left, source, events, step, found[slot], found_lane[slot],
                )  # fmt: skip
                if joined or adapts:
                    count = replay_terms(
                        p, flagged, flags_set, tau_ref, emits, member_start, member,
                        drive, left, source, events, step, found[slot],
                        found_lane[slot], count, scratch,
                    )  # fmt: skip
            n_found[slot] = count
            if total + count > spikes.shape[1]:
                spikes = resized(spikes, total, 2 * (total + count))
            for k in range(count):
                spikes[0, total] = found[slot, k]
                spikes[1, total] = b
                spikes[2, total] = found_lane[slot, k]
                total += 1
            if joined:
                spread(p, heads, member_start, member)
            if step == due[0]:
                sample(
                    p, flat, none, split, cadc, none, cadc_names, taken, due, drawn, b
                )
            if step == due[1]:
                sample(p, flat, split, n, cadc, one, cadc_names, taken, due, drawn, b)
            commit(flat, m)
            if limited or tilted or adapts:
                commit_rest(flat, m)
            if trace_lane >= 0:
                trace[b, step + 1] = reading(p, trace_lane, trace_source, 0.0)
    return resized(spikes, total, total)


@kernel
def keep_truth(p: Values, n: int, out: Values) -> None:
    """Write down what is true now.

    :param out: shape (kinds, n)
    """
    for j in range(n):
        out[0, j] = p[LEAK, j] + p[V, j]
    if out.shape[0] > 1:
        for j in range(n):
            x = p[V, j] - p[LEVEL, j]
            out[1, j] = p[E, j] * p[PASS_E, j] * (1 - p[TILT_EXC, j] * x)
            out[2, j] = p[I, j] * p[PASS_I, j] * (1 + p[TILT_INH, j] * x)
            out[3, j] = p[W, j] - p[BIAS, j]
