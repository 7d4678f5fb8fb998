"""What the events of one sub-step do to the lanes.

Events are kept as two lists, cycles left to the end of the sub-step and source, which
fall in the first.
"""

from typing import Any

import numpy as np
from numba import float32

from core.kernels.compile import inlined, kernel, lean
from core.kernels.emulation_rows import (
    ADD_BEND,
    ADD_E,
    ADD_I,
    ADD_V,
    CURVE_EXC,
    CURVE_INH,
    STRIDE,
    TILT_EXC,
    TILT_INH,
    Counts,
    E,
    I,
    Values,
)
from core.kernels.normal import fast_rsqrt


@lean
def gather(
    q: Values,
    n: int,
    drive: Values,
    span: Counts,
    table: Values,
    left: Counts,
    source: Counts,
    events: int,
    limited: bool,
    tilted: bool,
) -> None:
    """Sum what the events of a sub-step add to the state at its end.

    :param q: parameters and states, flat
    :param span: shape (2, sources, 2), first and last + 1 lane that a source drives
    :param table: shape (2, 2, 26, n): (potential, current), line, cycles left, lane
    :param limited: inputs have a limit, so an event adds what passes more with it
    :param tilted: they have a tilt, so the sum is needed of what an event loses by it
    """
    zero = float32(0)
    for j in range(n):
        q[ADD_V * STRIDE + j] = zero
        q[ADD_E * STRIDE + j] = zero
        q[ADD_I * STRIDE + j] = zero
        q[ADD_BEND * STRIDE + j] = zero
    for k in range(events):
        s = source[k]
        c = left[k]
        for line in range(2):
            first = span[line, s, 0]
            last = span[line, s, 1]
            if last > first:
                # Slices begin at 0, so no index can be negative: loops vectorise.
                w = drive[line, s, first:last]
                to_v = table[0, line, c, first:last]
                to_current = table[1, line, c, first:last]
                if line == 0:
                    excite(q[first:], w, to_v, to_current, limited, tilted)
                else:
                    inhibit(q[first:], w, to_v, to_current, limited, tilted)


@lean
def excite(
    q: Values, w: Values, to_v: Values, to_current: Values, lim: bool, tilt: bool
) -> None:
    """Add an event of the excitatory line to the lanes from the first of ``q`` on."""
    if tilt:
        for j in range(w.shape[0]):
            x = q[E * STRIDE + j] + q[ADD_E * STRIDE + j]
            curve = q[CURVE_EXC * STRIDE + j]
            height = (through(x + w[j], curve) - through(x, curve)) * to_v[j]
            q[ADD_V * STRIDE + j] += height
            q[ADD_BEND * STRIDE + j] += q[TILT_EXC * STRIDE + j] * height
            q[ADD_E * STRIDE + j] += w[j] * to_current[j]
    elif lim:
        for j in range(w.shape[0]):
            x = q[E * STRIDE + j] + q[ADD_E * STRIDE + j]
            curve = q[CURVE_EXC * STRIDE + j]
            passed = through(x + w[j], curve) - through(x, curve)
            q[ADD_V * STRIDE + j] += passed * to_v[j]
            q[ADD_E * STRIDE + j] += w[j] * to_current[j]
    else:
        for j in range(w.shape[0]):
            q[ADD_V * STRIDE + j] += w[j] * to_v[j]
            q[ADD_E * STRIDE + j] += w[j] * to_current[j]


@lean
def inhibit(
    q: Values, w: Values, to_v: Values, to_current: Values, lim: bool, tilt: bool
) -> None:
    """Do the same for the inhibitory line: a row that varies would keep it slow."""
    if tilt:
        for j in range(w.shape[0]):
            x = q[I * STRIDE + j] + q[ADD_I * STRIDE + j]
            curve = q[CURVE_INH * STRIDE + j]
            height = (through(x + w[j], curve) - through(x, curve)) * to_v[j]
            q[ADD_V * STRIDE + j] -= height
            q[ADD_BEND * STRIDE + j] += q[TILT_INH * STRIDE + j] * height
            q[ADD_I * STRIDE + j] += w[j] * to_current[j]
    elif lim:
        for j in range(w.shape[0]):
            x = q[I * STRIDE + j] + q[ADD_I * STRIDE + j]
            curve = q[CURVE_INH * STRIDE + j]
            passed = through(x + w[j], curve) - through(x, curve)
            q[ADD_V * STRIDE + j] -= passed * to_v[j]
            q[ADD_I * STRIDE + j] += w[j] * to_current[j]
    else:
        for j in range(w.shape[0]):
            q[ADD_V * STRIDE + j] -= w[j] * to_v[j]
            q[ADD_I * STRIDE + j] += w[j] * to_current[j]


@inlined
def through(x: Any, curve: Any) -> Any:
    """Return what an input with the limit 1 / √curve passes of a current."""
    return x * fast_rsqrt(float32(1) + curve * x * x)


@lean
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
def resized(spikes: Counts, total: int, room: int) -> Counts:
    """Return a copy of the first ``total`` columns with space for ``room``."""
    copy = np.empty((3, room), np.int64)
    for row in range(3):
        for k in range(total):
            copy[row, k] = spikes[row, k]
    return copy
