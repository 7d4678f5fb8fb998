"""Leaky integrate-and-fire circuits in continuous time, many lanes at once.

Per lane, relative to its leak potential, with τ_m = 1/a and τ_s = 1/b::

    v' = −a v + e − i + n        e' = −b_e e        i' = −b_i i

``e`` and ``i`` are the two synaptic currents (LSB/µs), ``n`` is noise that holds for
1 µs. A sub-step of 0.2 µs is advanced exactly, events inside it by tables of the exact
response. Lanes that may cross their threshold or leave their refractory time within
the sub-step are replayed from event to event, and the crossing is found on the cubic
through both ends of the segment. So the result does not depend on the sub-step, and
spike times are exact to about 8 ns before they are rounded to FPGA cycles.

All kernels are in this one file, because the cache of a compiled kernel notices changes
of its own file only.
"""

import math
from typing import Any

import numpy as np
from numba import float32, int32, uint32
from numpy.typing import NDArray

from core.kernels.compile import inlined, kernel

Values = NDArray[np.float32]
Counts = NDArray[np.int64]
Bits = NDArray[np.uint32]

#: FPGA cycles of one sub-step. It divides 1 µs and is shorter than any spike's way.
STEP_CYCLES = 25
CYCLE_US = 0.008
STEP_US = STEP_CYCLES * CYCLE_US
STEPS_PER_NOISE = 5
#: From a spike to its effect on another neuron: two sub-steps, 0.4 µs. Spikes found in
#: one sub-step therefore act in the next but one, and nothing has to be repeated.
LOOP_STEPS = 2

# Rows of the parameters of a lane, as in ``lanes``.
RATE, RATE_EXC, RATE_INH, THRESHOLD, RESET, LOW, HIGH, SIGMA, LEAK = range(9)
LANE_ROWS = 9
# Rows of the state of a lane: now, after the sub-step, factors, sums over its events.
(V, E, I, RELEASE, V1, E1, I1, NOISE) = range(9, 17)
(KEEP_V, KEEP_E, KEEP_I, E_TO_V, I_TO_V, N_TO_V, ADD_V, ADD_E, ADD_I) = range(17, 26)
_ROWS = 26
_PAD = 80  # lanes between two rows, so that rows do not share cache sets

# A threshold that is never reached, and a release that is long past.
NEVER = 1e9
_PAST = -1e3


@inlined
def hash32(x: Any) -> Any:
    """Return 32 well mixed bits of a counter."""
    x = uint32(x)
    x ^= x >> uint32(16)
    x = uint32(x * uint32(0x21F0AAAD))
    x ^= x >> uint32(15)
    x = uint32(x * uint32(0xD35A2D97))
    x ^= x >> uint32(15)
    return uint32(x)


@inlined
def fast_log(x: Any) -> Any:
    """Return the logarithm of a positive float32 without a branch."""
    b = np.float32(x).view(np.int32)
    e = (b >> int32(23)) - int32(127)
    m = np.int32((b & int32(0x7FFFFF)) | int32(0x3F800000)).view(np.float32)
    big = m > float32(1.41421356)
    m = m * float32(0.5) if big else m
    f = float32(e) + (float32(1.0) if big else float32(0.0))
    r = m - float32(1.0)
    p = float32(7.0376836292e-2)
    p = p * r + float32(-1.1514610310e-1)
    p = p * r + float32(1.1676998740e-1)
    p = p * r + float32(-1.2420140846e-1)
    p = p * r + float32(1.4249322787e-1)
    p = p * r + float32(-1.6668057665e-1)
    p = p * r + float32(2.0000714765e-1)
    p = p * r + float32(-2.4999993993e-1)
    p = p * r + float32(3.3333331174e-1)
    z = r * r
    return r * z * p - float32(0.5) * z + r + f * float32(0.6931471805)


@inlined
def normal(bits: Any) -> Any:
    """Return a standard normal number from 32 random bits (inverse error function)."""
    u = (float32(int32(bits >> uint32(8))) + float32(0.5)) * float32(2.0**-23)
    u = u - float32(1.0)
    w = -fast_log((float32(1.0) - u) * (float32(1.0) + u))
    a = w - float32(2.5)
    p = float32(2.81022636e-08)
    p = float32(3.43273939e-07) + p * a
    p = float32(-3.5233877e-06) + p * a
    p = float32(-4.39150654e-06) + p * a
    p = float32(0.00021858087) + p * a
    p = float32(-0.00125372503) + p * a
    p = float32(-0.00417768164) + p * a
    p = float32(0.246640727) + p * a
    p = float32(1.50140941) + p * a
    c = np.sqrt(max(w, float32(0.0))) - float32(3.0)
    q = float32(-0.000200214257)
    q = float32(0.000100950558) + q * c
    q = float32(0.00134934322) + q * c
    q = float32(-0.00367342844) + q * c
    q = float32(0.00573950773) + q * c
    q = float32(-0.0076224613) + q * c
    q = float32(0.00943887047) + q * c
    q = float32(1.00167406) + q * c
    q = float32(2.83297682) + q * c
    return float32(1.41421356) * u * (p if w < float32(5.0) else q)


@kernel
def response(d: float, a: float, b: float, keep_a: float, keep_b: float) -> float:
    """Return the potential ``d`` µs after a unit current that decays with rate ``b``.

    The difference of two exponentials over a − b, in a form without a pole at a = b.

    :param keep_a: exp(−a d), and ``keep_b`` likewise
    """
    x = 0.5 * d * (a - b)
    y = x * x
    ratio = 1 + y / 6 * (1 + y / 20 * (1 + y / 42)) if y < 0.3 else math.sinh(x) / x
    return d * math.sqrt(keep_a * keep_b) * ratio


@kernel
def crossing(v: float, da: float, vn: float, db: float, th: float) -> float:
    """Return where a cubic first exceeds ``th``, as a fraction, or 2 if nowhere.

    :param v: value at 0, below ``th``
    :param da: slope at 0
    :param vn: value at 1
    :param db: slope at 1
    """
    A = 2 * v + da - 2 * vn + db
    B = -3 * v - 2 * da + 3 * vn - db
    top = 1.0
    if vn <= th:
        if da <= 0 or db >= 0:
            return 2.0
        top = da / (da - db)  # the peak, if the slope were linear
        if ((A * top + B) * top + da) * top + v <= th:
            return 2.0
    low = 0.0
    high = top
    x = top * (th - v) / (((A * top + B) * top + da) * top)
    for _ in range(5):
        if not (low <= x <= high):
            x = 0.5 * (low + high)
        f = ((A * x + B) * x + da) * x + v - th
        if f > 0:
            high = x
        else:
            low = x
        slope = (3 * A * x + 2 * B) * x + da
        x = x - f / slope if slope > 1e-9 else 0.5 * (low + high)
    if not (low <= x <= high):
        x = 0.5 * (low + high)
    return x


@kernel
def replay(
    p: Values,
    j: int,
    tau_ref: float,
    drive: Values,
    left: Counts,
    source: Counts,
    events: int,
    step: int,
    found: Counts,
    lane_of: Counts,
    n_found: int,
) -> int:
    """Advance one lane by one sub-step, from event to event, and note its spikes.

    :param p: parameters and states, row by lane; the rows V1, E1, I1, RELEASE are set
    :param tau_ref: refractory time, µs
    :param left: cycles from each event to the end of the sub-step, falling
    :param found: cycles of the spikes of this sub-step, from ``n_found`` on
    :returns: the new number of spikes
    """
    a = float(p[RATE, j])
    b_e = float(p[RATE_EXC, j])
    b_i = float(p[RATE_INH, j])
    n = float(p[NOISE, j])
    th = float(p[THRESHOLD, j])
    reset = float(p[RESET, j])
    v = float(p[V, j])
    e = float(p[E, j])
    i = float(p[I, j])
    release = float(p[RELEASE, j])
    now = 0.0
    q = 0
    while now < STEP_US - 1e-9:
        end = STEP_US
        if q < events:
            end = min(end, STEP_US - left[q] * CYCLE_US)
        held = release > now + 1e-9
        if held:
            end = min(end, release)
        d = end - now
        if d > 1e-9:
            share = 2.0
            vn = reset
            keep_e = math.exp(-b_e * d)
            keep_i = math.exp(-b_i * d)
            if not held:
                keep = math.exp(-a * d)
                vn = v * keep + n * (1 - keep) / a
                vn += e * response(d, a, b_e, keep, keep_e)
                vn -= i * response(d, a, b_i, keep, keep_i)
                if v > th:
                    share = 0.0
                else:
                    da = (-a * v + e - i + n) * d
                    db = (-a * vn + e * keep_e - i * keep_i + n) * d
                    share = crossing(v, da, vn, db, th)
            if share <= 1.0:
                x = share * d
                e *= math.exp(-b_e * x)
                i *= math.exp(-b_i * x)
                now += x
                v = reset
                release = now + tau_ref
                if n_found < found.shape[0]:
                    found[n_found] = step * STEP_CYCLES + round(now / CYCLE_US)
                    lane_of[n_found] = j
                    n_found += 1
                continue
            v = min(max(vn, float(p[LOW, j])), float(p[HIGH, j]))
            if held:
                v = reset
            e *= keep_e
            i *= keep_i
        now = end
        while q < events and STEP_US - left[q] * CYCLE_US <= now + 1e-9:
            e += drive[0, source[q], j]
            i += drive[1, source[q], j]
            q += 1
    while q < events:
        e += drive[0, source[q], j]
        i += drive[1, source[q], j]
        q += 1
    p[V1, j] = v
    p[E1, j] = e
    p[I1, j] = i
    p[RELEASE, j] = release
    return n_found


@kernel
def replay_flagged(
    p: Values,
    n: int,
    flags: NDArray[np.uint8],
    flags8: NDArray[np.uint64],
    tau_ref: NDArray[np.float64],
    emits: NDArray[np.bool_],
    drive: Values,
    left: Counts,
    source: Counts,
    events: int,
    step: int,
    found: Counts,
    lane_of: Counts,
) -> int:
    """Replay all flagged lanes; return how many spikes left their circuits."""
    count = 0
    for g in range(flags8.shape[0]):
        if flags8[g] == 0:
            continue
        for j in range(8 * g, min(8 * g + 8, n)):
            if flags[j] == 0:
                continue
            before = count
            count = replay(
                p, j, tau_ref[j], drive, left, source, events, step,
                found, lane_of, count,
            )  # fmt: skip
            if not emits[j]:
                count = before
    return count


@kernel
def advance(p: Values, n: int, flags: NDArray[np.uint8]) -> None:
    """Advance all lanes by one sub-step; flag those that need a replay."""
    h = float32(STEP_US)
    half = float32(0.5 * STEP_US)
    zero = float32(0)
    for j in range(n):
        v = p[V, j]
        e = p[E, j]
        i = p[I, j]
        r = p[RELEASE, j]
        x = p[NOISE, j]
        v1 = v * p[KEEP_V, j] + (e * p[E_TO_V, j] - i * p[I_TO_V, j])
        v1 = v1 + (x * p[N_TO_V, j] + p[ADD_V, j])
        e1 = e * p[KEEP_E, j] + p[ADD_E, j]
        i1 = i * p[KEEP_I, j] + p[ADD_I, j]
        # The slope turns from up to down inside: the peak may be above both ends.
        d0 = x + e - i - p[RATE, j] * v
        d1 = x + e1 - i1 - p[RATE, j] * v1
        peak = v + half * d0 * d0 / (d0 - d1)
        top = peak if (d0 > zero and d1 < zero) else v1
        top = max(top, max(v, v1))
        v1 = min(max(v1, p[LOW, j]), p[HIGH, j])
        held = r >= h
        flags[j] = (top > p[THRESHOLD, j] or r > zero) and not held
        p[V1, j] = p[RESET, j] if held else v1
        p[E1, j] = e1
        p[I1, j] = i1


@kernel
def commit(p: Values, n: int) -> None:
    """Make the state after the sub-step the state now."""
    h = float32(STEP_US)
    past = float32(_PAST)
    for j in range(n):
        p[V, j] = p[V1, j]
        p[E, j] = p[E1, j]
        p[I, j] = p[I1, j]
        p[RELEASE, j] = max(p[RELEASE, j] - h, past)


@kernel
def gather(
    p: Values,
    n: int,
    drive: Values,
    span: Counts,
    table: Values,
    left: Counts,
    source: Counts,
    events: int,
) -> None:
    """Sum what the events of a sub-step add to the state at its end.

    :param span: shape (2, sources, 2), first and last + 1 lane that a source drives
    :param table: shape (2, 2, 26, n): (potential, current), line, cycles left, lane
    """
    zero = float32(0)
    for j in range(n):
        p[ADD_V, j] = zero
        p[ADD_E, j] = zero
        p[ADD_I, j] = zero
    for q in range(events):
        s = source[q]
        c = left[q]
        for j in range(span[0, s, 0], span[0, s, 1]):
            w = drive[0, s, j]
            p[ADD_V, j] += w * table[0, 0, c, j]
            p[ADD_E, j] += w * table[1, 0, c, j]
        for j in range(span[1, s, 0], span[1, s, 1]):
            w = drive[1, s, j]
            p[ADD_V, j] -= w * table[0, 1, c, j]
            p[ADD_I, j] += w * table[1, 1, c, j]


@kernel
def draw_noise(p: Values, n: int, lane_bits: Bits, bits: Bits, key: Any) -> None:
    """Draw the noise current of the next microsecond from a counter."""
    for j in range(n):
        bits[j] = hash32(lane_bits[j] ^ key)
    for j in range(n):
        p[NOISE, j] = p[SIGMA, j] * normal(bits[j])


@kernel
def prepare(p: Values, n: int, lanes: Values, table: Values) -> None:
    """Set a fresh entry up: membranes at rest, no current, nothing refractory."""
    for j in range(n):
        for row in range(LANE_ROWS):
            p[row, j] = lanes[row, j]
        for row in range(LANE_ROWS, _ROWS):
            p[row, j] = float32(0)
        p[V, j] = min(max(float32(0), p[LOW, j]), p[HIGH, j])
        p[RELEASE, j] = float32(_PAST)
        keep = math.exp(-float(lanes[RATE, j]) * STEP_US)
        p[KEEP_V, j] = keep
        p[N_TO_V, j] = (1 - keep) / lanes[RATE, j]
        p[E_TO_V, j] = table[0, 0, STEP_CYCLES, j]
        p[I_TO_V, j] = table[0, 1, STEP_CYCLES, j]
        p[KEEP_E, j] = table[1, 0, STEP_CYCLES, j]
        p[KEEP_I, j] = table[1, 1, STEP_CYCLES, j]


@kernel
def sample(
    p: Values,
    first: int,
    last: int,
    cycles: Counts,
    hemisphere: int,
    done: int,
    step: int,
    out: Values,
    b: int,
) -> int:
    """Read the lanes of a hemisphere at all its samples inside the sub-step.

    :param cycles: shape (samples, 2)
    :param done: number of samples taken before
    :param out: shape (samples, batch, n)
    :returns: number of samples taken by now
    """
    start = step * STEP_CYCLES
    while done < cycles.shape[0] and cycles[done, hemisphere] < start + STEP_CYCLES:
        x = float32((cycles[done, hemisphere] - start) / STEP_CYCLES)
        for j in range(first, last):
            out[done, b, j] = p[LEAK, j] + p[V, j] + x * (p[V1, j] - p[V, j])
        done += 1
    return done


@kernel
def insert_sorted(left: Counts, source: Counts, events: int, c: int, s: int) -> int:
    """Put an event into a list that falls in ``left``; return the new length."""
    if events >= left.shape[0]:
        return events
    k = events
    while k > 0 and left[k - 1] < c:
        left[k] = left[k - 1]
        source[k] = source[k - 1]
        k -= 1
    left[k] = c
    source[k] = s
    return events + 1


@kernel
def resized(spikes: Counts, total: int, room: int) -> Counts:
    """Return a copy of the first ``total`` columns with space for ``room``."""
    copy = np.empty((3, room), np.int64)
    for row in range(3):
        for k in range(total):
            copy[row, k] = spikes[row, k]
    return copy


@kernel
def driven_lanes(drive: Values) -> Counts:
    """Return the first and the last + 1 lane of each source, shape (2, sources, 2)."""
    span = np.zeros((2, drive.shape[1], 2), np.int64)
    for line in range(2):
        for s in range(drive.shape[1]):
            for j in range(drive.shape[2]):
                if drive[line, s, j] != 0:
                    if span[line, s, 1] == 0:
                        span[line, s, 0] = j
                    span[line, s, 1] = j + 1
    return span


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
    seed: int,
    cadc_cycle: Counts,
    cadc: Values,
    trace_lane: int,
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
    :param lane_circuit: shape (n,), names the lane in the counter of the noise
    :param split: first lane of the lower hemisphere
    :param seed: of the noise of this run
    :param cadc_cycle: shape (samples, 2), per hemisphere
    :param cadc: shape (samples, batch, n), set to potentials in LSB, float32
    :param trace_lane: lane to be read at every sub-step, −1 for none
    :param trace: shape (batch, steps + 1), LSB, float32
    :param membrane: shape (batch, µs, n) or no µs, LSB, float32
    :returns: spikes, shape (3, spikes): cycle, batch entry, lane
    """
    n = lanes.shape[1]
    flags8 = np.zeros((n + 7) // 8, np.uint64)
    flags = flags8.view(np.uint8)  # the same memory: eight quiet lanes are one word
    p = np.zeros((_ROWS, n + _PAD), np.float32)
    span = driven_lanes(drive)
    lane_bits = np.empty(n, np.uint32)
    bits = np.empty(n, np.uint32)
    noisy = False
    for j in range(n):
        lane_bits[j] = hash32(uint32(lane_circuit[j]))
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
        entry = hash32(uint32(seed) ^ hash32(uint32(b)))
        for slot in range(LOOP_STEPS + 1):
            n_found[slot] = 0
        had_events = False
        q = event_start[b]
        next_upper = 0
        next_lower = 0
        if trace_lane >= 0:
            trace[b, 0] = p[LEAK, trace_lane] + p[V, trace_lane]
        for step in range(steps):
            after = (step + 1) * STEP_CYCLES
            if step % STEPS_PER_NOISE == 0:
                us = step // STEPS_PER_NOISE
                if noisy:
                    key = hash32(uint32(entry + uint32(us) * uint32(0x9E3779B9)))
                    draw_noise(p, n, lane_bits, bits, key)
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
            next_upper = sample(p, 0, split, cadc_cycle, 0, next_upper, step, cadc, b)
            next_lower = sample(p, split, n, cadc_cycle, 1, next_lower, step, cadc, b)
            commit(p, n)
            if trace_lane >= 0:
                trace[b, step + 1] = p[LEAK, trace_lane] + p[V, trace_lane]
    return resized(spikes, total, total)


@kernel
def digitise(
    values: Values,
    offset: NDArray[np.float64],
    sigma: float,
    lane_circuit: Counts,
    seed: int,
    out: Any,
) -> None:
    """Turn potentials into CADC codes: offset, noise, rounding, clipping.

    :param values: shape (samples, batch, n), LSB, float32
    :param offset: shape (n,), LSB
    :param sigma: noise of one sample, LSB
    :param out: shape (samples, batch, circuits), set at the circuits of the lanes
    """
    samples, batch, n = values.shape
    for b in range(batch):
        entry = hash32(uint32(seed) ^ hash32(uint32(b)))
        for k in range(samples):
            key = hash32(uint32(entry + uint32(k) * uint32(0x9E3779B9)))
            for j in range(n):
                x = values[k, b, j] + offset[j]
                x += sigma * normal(hash32(hash32(uint32(lane_circuit[j])) ^ key))
                out[k, b, lane_circuit[j]] = int(min(max(x + 0.5, 0.0), 255.0))
