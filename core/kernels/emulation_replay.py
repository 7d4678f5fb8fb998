"""Flagged membranes, one sub-step, from event to event: spikes, to the cycle.

While a reset with the rate r pulls, the membrane obeys the same equation with a + r for
a, and with the current r v_reset in addition. After it, until the holdoff ends, the
membrane is free and cannot spike.
"""

import numpy as np
from numba import float64, int64
from numpy.typing import NDArray

from core.kernels.compile import lean
from core.kernels.emulation_adex import replay_adex
from core.kernels.emulation_joined_replay import replay_joined
from core.kernels.emulation_response import (
    crossing,
    fading,
    mean_passed,
    passes,
    response,
)
from core.kernels.emulation_rows import (
    ADEX,
    CURVE_EXC,
    CURVE_INH,
    CYCLE_US,
    HELD,
    HIGH,
    HOLD_C,
    HOLD_E,
    HOLD_I,
    HOLD_N,
    HOLD_V,
    HOLDOFF,
    KEEP_E,
    KEEP_I,
    LEVEL,
    LOW,
    NOISE,
    PASS_E,
    PASS_I,
    RATE,
    RATE_EXC,
    RATE_INH,
    RELEASE,
    RESET,
    RESET_RATE,
    STEP_CYCLES,
    STEP_US,
    THRESHOLD,
    TILT_EXC,
    TILT_INH,
    V1,
    Counts,
    E,
    I,
    V,
    Values,
)
from core.kernels.emulation_step import bent


@lean
def list_flagged(
    flags: NDArray[np.uint8], flags8: NDArray[np.uint64], n: int, flagged: Counts
) -> int:
    """Write down which lanes are flagged; return how many.

    :param flags8: the same flags, eight in a word
    """
    count: int = int64(0)
    for g in range(flags8.shape[0]):
        if flags8[g] != 0:
            for j in range(8 * g, min(8 * g + 8, n)):
                if flags[j] != 0:
                    flagged[count] = j
                    count += 1
    return count


@lean
def replay_flagged(
    p: Values,
    flags: NDArray[np.uint8],
    flagged: Counts,
    flags_set: int,
    tau_ref: NDArray[np.float64],
    emits: NDArray[np.bool_],
    member_start: Counts,
    drive: Values,
    left: Counts,
    source: Counts,
    events: int,
    step: int,
    found: Counts,
    lane_of: Counts,
) -> int:
    """Advance flagged lanes by one sub-step, from event to event; note their spikes.

    Only lanes alone without exponential onset or adaptation; `replay_terms` takes the
    others. It is one long loop, because a call with arrays takes as long as its work.

    :param p: parameters and states, row by lane; the rows V1, RELEASE are set
    :param flagged: the lanes, ``flags_set`` of them
    :param tau_ref: how long the reset holds, µs; the holdoff follows
    :param left: cycles from each event to the end of the sub-step, falling
    :param found: cycles of the spikes of this sub-step
    :param lane_of: their lanes
    :returns: how many spikes left their circuits
    """
    n_found: int = int64(0)
    for place in range(flags_set):
        j = flagged[place]
        if p[ADEX, j] > 0 or member_start[j + 1] - member_start[j] > 1:
            continue
        if flags[j] == HELD:
            rise = p[HOLD_E, j] * mean_passed(p[E, j], p[PASS_E, j], p[KEEP_E, j])
            fall = p[HOLD_I, j] * mean_passed(p[I, j], p[PASS_I, j], p[KEEP_I, j])
            x = p[V, j] * p[HOLD_V, j] + p[NOISE, j] * p[HOLD_N, j] + p[HOLD_C, j]
            x += rise - fall
            bend = p[TILT_EXC, j] * rise + p[TILT_INH, j] * fall
            if bend != 0:
                x = bent(p[V, j], x, bend, p[LEVEL, j], 0)
            if events > 0:
                x += pushed(p, j, drive, left, source, events)
            p[V1, j] = min(max(x, p[LOW, j]), p[HIGH, j])
            continue
        before = n_found
        a = float64(p[RATE, j])
        b_e = float64(p[RATE_EXC, j])
        b_i = float64(p[RATE_INH, j])
        curve_e = float64(p[CURVE_EXC, j])
        curve_i = float64(p[CURVE_INH, j])
        tilt_e = float64(p[TILT_EXC, j])
        tilt_i = float64(p[TILT_INH, j])
        level = float64(p[LEVEL, j])
        n = float64(p[NOISE, j])
        th = float64(p[THRESHOLD, j])
        reset = float64(p[RESET, j])
        pull = float64(p[RESET_RATE, j])
        holdoff = float64(p[HOLDOFF, j])
        v = float64(p[V, j])
        e = float64(p[E, j])
        i = float64(p[I, j])
        release = float64(p[RELEASE, j])
        now = 0.0
        q = 0
        while now < STEP_US - 1e-9:
            end = STEP_US
            if q < events:
                end = min(end, STEP_US - left[q] * CYCLE_US)
            held = release > now + 1e-9
            if held:
                end = min(end, release)
            deaf = release + holdoff > now + 1e-9
            if deaf and not held:
                end = min(end, release + holdoff)
            d = end - now
            if held and pull == 0:
                v = reset
                if release >= STEP_US:  # nothing else is asked of it
                    break
            if d > 1e-9:
                keep_e = fading(b_e * d)
                keep_i = fading(b_i * d)
                if not held or pull > 0:
                    rate = a + pull if held else a
                    drift = n + pull * reset if held else n
                    e0 = e
                    i0 = i
                    e1 = e * keep_e
                    i1 = i * keep_i
                    mean_e = e
                    mean_i = i
                    if curve_e > 0 or curve_i > 0:
                        se = passes(e, curve_e)
                        sf = passes(e1, curve_e)
                        mean_e = 0.5 * (se + sf) * e
                        e0 *= se
                        e1 *= sf
                        se = passes(i, curve_i)
                        sf = passes(i1, curve_i)
                        mean_i = 0.5 * (se + sf) * i
                        i0 *= se
                        i1 *= sf
                    bend0 = tilt_e * e0 + tilt_i * i0
                    bend1 = tilt_e * e1 + tilt_i * i1
                    da = (e0 - i0 + drift - rate * v - bend0 * (v - level)) * d
                    end_drift, end_rate = drift + bend1 * level, rate + bend1
                    # The loss by the tilt is as if its mean leaked towards the level.
                    drift += 0.5 * (bend0 + bend1) * level
                    rate += 0.5 * (bend0 + bend1)
                    keep = fading(rate * d)
                    vn = v * keep + drift * (1 - keep) / rate
                    vn += mean_e * response(d, rate, b_e, keep, keep_e)
                    vn -= mean_i * response(d, rate, b_i, keep, keep_i)
                    if not deaf:
                        share = 0.0
                        if v <= th:
                            db = (e1 - i1 + end_drift - end_rate * vn) * d
                            share = crossing(v, da, vn, db, th)
                        if share <= 1.0:
                            x = share * d
                            e *= fading(b_e * x)
                            i *= fading(b_i * x)
                            now += x
                            if pull == 0:
                                v = reset
                            elif share > 0:
                                v = th
                            release = now + tau_ref[j]
                            if n_found < found.shape[0]:
                                found[n_found] = step * STEP_CYCLES + round(
                                    now / CYCLE_US
                                )
                                lane_of[n_found] = j
                                n_found += 1
                            continue
                    v = min(max(vn, float64(p[LOW, j])), float64(p[HIGH, j]))
                e *= keep_e
                i *= keep_i
            now = end
            while q < events and STEP_US - left[q] * CYCLE_US <= now + 1e-9:
                e += drive[0, source[q], j]
                i += drive[1, source[q], j]
                q += 1
        p[V1, j] = v
        p[RELEASE, j] = release
        if not emits[j]:
            n_found = before
    return n_found


@lean
def pushed(
    p: Values, j: int, drive: Values, left: Counts, source: Counts, events: int
) -> float:
    """Return what the events of a sub-step add to a lane that its reset holds."""
    v = 0.0
    for line in range(2):
        sign = 1.0 - 2.0 * line
        # It is held near its reset, so the tilt takes as much from all events.
        tilt = float64(p[TILT_EXC + line, j]) * (p[V, j] - p[LEVEL, j])
        sign -= tilt
        current = float64(p[E + line, j])
        curve = float64(p[CURVE_EXC + line, j])
        for q in range(events):
            w = drive[line, source[q], j]
            if w != 0:
                d = left[q] * CYCLE_US
                rate = float64(p[RATE, j]) + float64(p[RESET_RATE, j])
                b = float64(p[RATE_EXC + line, j])
                before = current * passes(current, curve)
                current += w
                passed = current * passes(current, curve) - before
                height = response(d, rate, b, fading(rate * d), fading(b * d))
                v += sign * passed * height
    return v


@lean
def replay_terms(
    p: Values,
    flagged: Counts,
    flags_set: int,
    tau_ref: NDArray[np.float64],
    emits: NDArray[np.bool_],
    member_start: Counts,
    member: Counts,
    drive: Values,
    left: Counts,
    source: Counts,
    events: int,
    step: int,
    found: Counts,
    lane_of: Counts,
    n_found: int,
    scratch: NDArray[np.float64],
) -> int:
    """Do the same for joined lanes and for those with exponential onset or adaptation.

    :param n_found: how many spikes there are already
    """
    count: int = n_found
    for place in range(flags_set):
        j = flagged[place]
        first, last = member_start[j], member_start[j + 1]
        before = count
        if p[ADEX, j] > 0:
            count = replay_adex(
                p, j, tau_ref[j], first, last, member, drive, left, source, events,
                step, found, lane_of, count, scratch,
            )  # fmt: skip
        elif last - first > 1:
            count = replay_joined(
                p, j, tau_ref[j], first, last, member, drive, left, source, events,
                step, found, lane_of, count, scratch,
            )  # fmt: skip
        if not emits[j]:
            count = before
    return count
