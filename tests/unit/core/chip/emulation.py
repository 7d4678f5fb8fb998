"""A kernel run with physical values, and references that are exact to rounding."""

import numpy as np

from core.chip.circuit import Circuits
from core.chip.joined import joined
from core.chip.lanes import response_tables
from core.chip.readout import Recording, cadc
from core.kernels import emulation_rows as row
from core.kernels.emulation import run_entries
from core.spec.chip import IDEAL


def run_kernel(
    cycles,
    sources,
    drive,
    tau_mem,
    tau_syn,
    threshold,
    *,
    duration,
    reset=0.0,
    ref=1.0,
    tau_reset=0.0,
    holdoff=0.0,
    limit=0.0,
    tilt=(0.0, 0.0),
    level=0.0,
    load=None,
    membrane=None,
    adex=None,
    adex_lanes=None,
    samples=0,
):
    """Return the spikes (cycle, entry, lane) of noiseless lanes, leak at 0.

    :param load: capacitance of each lane, with ``membrane``: lanes of equal number are
        joined, and the first of them has the comparator
    :param adex: shape (ADEX_ROWS, lanes)
    :param samples: also return what is true, shape (4, sub-steps, lanes), if not 0
    """
    n = drive.shape[2]
    flat = np.zeros(n)
    strength = np.ones((2, n))
    circuits = Circuits(flat, flat, flat, tau_mem, tau_syn, strength)
    membrane = np.arange(n) if membrane is None else np.asarray(membrane)
    first = np.r_[True, np.diff(membrane) > 0]
    together = joined(circuits, np.ones(n) if load is None else load, first, membrane)
    circuits = together.circuits
    lanes = np.zeros((row.LANE_ROWS, n), np.float32)
    lanes[row.RATE] = 1 / circuits.tau_mem
    lanes[row.RATE_EXC], lanes[row.RATE_INH] = 1 / tau_syn
    lanes[row.THRESHOLD] = np.where(together.head == np.arange(n), threshold, row.NEVER)
    lanes[row.RESET] = reset
    lanes[row.HOLDOFF] = holdoff
    lanes[row.LOW], lanes[row.HIGH] = -1e6, 1e6
    if tau_reset:
        lanes[row.RESET_RATE] = 1 / tau_reset
    if limit:
        lanes[row.CURVE_EXC : row.CURVE_INH + 1] = limit**-2
    lanes[row.TILT_EXC], lanes[row.TILT_INH] = tilt
    lanes[row.LEVEL] = level
    steps = round(duration / row.STEP_US)
    truth = np.zeros((4, 1, steps if samples else 0, n), np.float32)
    member_start, member = together.members()
    spikes = run_entries(
        0,
        1,
        steps,
        np.array([0, len(cycles)]),
        np.asarray(cycles, np.int64),
        np.asarray(sources, np.int64),
        np.ascontiguousarray(drive * circuits.strength[:, None], np.float32),
        lanes,
        response_tables(circuits),
        np.full(n, ref - holdoff),
        np.full(n, -1),
        np.ones(n, bool),
        together.heads,
        member_start,
        member,
        np.zeros((row.ADEX_ROWS, n), np.float32) if adex is None else adex,
        np.zeros((0, 2), np.int64) if adex_lanes is None else adex_lanes,
        np.arange(n),
        n,
        1,
        0,
        cadc(Recording(cadc=False), np.arange(n), np.zeros(n), IDEAL, 0, 1, 0),
        -1,
        0,
        np.zeros((1, 1), np.float32),
        truth,
        1,
    )
    return (spikes, truth[:, 0]) if samples else spikes


def exact_spikes(times, jumps, a, b, threshold, duration, ref=1.0, sign=(1, -1)):
    """Return spike times of one neuron with reset 0, by bisection between events.

    :param times: rising, µs
    :param jumps: shape (events, currents), what the currents gain
    :param b: shape (currents,), their rates
    :param sign: shape (currents,), −1 for those that draw the membrane down
    """

    def potential(v, s, t):
        kernels = (np.exp(-b * t) - np.exp(-a * t)) / (a - b)
        return v * np.exp(-a * t) + (np.asarray(sign) * s * kernels).sum()

    spikes, now, v, s, free = [], 0.0, 0.0, np.zeros(len(b)), 0.0
    queue = [*zip(times, jumps, strict=True), (duration, np.zeros(len(b)))]
    while queue:
        end, jump = queue[0]
        if free > now:
            end, v = min(end, free), 0.0
            s, now = s * np.exp(-b * (end - now)), end
        else:
            d = end - now
            grid = np.linspace(0, d, max(2, int(d / 0.02)))
            above = [t for t in grid if potential(v, s, t) > threshold]
            if above:
                low, high = max(above[0] - grid[1], 0.0), above[0]
                for _ in range(50):
                    t = 0.5 * (low + high)
                    low, high = (
                        (t, high) if potential(v, s, t) <= threshold else (low, t)
                    )
                spikes.append(now + low)
                s, now, v = s * np.exp(-b * low), now + low, 0.0
                free = now + ref
                continue
            v, s, now = potential(v, s, d), s * np.exp(-b * d), end
        if now == queue[0][0]:
            s = s + jump
            queue.pop(0)
    return np.array(spikes)


def tilted_spikes(
    cycles, jumps, a, b, threshold, duration, tilt, level, ref=1.0, h=1 / 125
):
    """Return spike times of each neuron as `exact_spikes`, with tilted inputs.

    Runge and Kutta's method from cycle to cycle, crossings on the cubic between two:
    both are exact to 1e-5 of a cycle.

    :param cycles: of the events
    :param jumps: shape (events, 2, neurons), what the currents gain
    :param a: shape (neurons,); ``b`` shape (2, neurons)
    """
    n = len(a)
    v, s, free = np.zeros(n), np.zeros((2, n)), np.zeros(n)
    spikes = [[] for _ in range(n)]
    sign = np.array([[1], [-1]])
    bends = np.asarray(tilt)[:, None]

    def slope(v, s):
        return -a * v + (s * (sign - bends * (v - level))).sum(0)

    for step in range(round(duration / h)):
        s = s + jumps[cycles == step].sum(0)
        d = np.clip(h * (step + 1) - free, 0, h)  # what is left after the release
        start = s * np.exp(-b * (h - d))
        middle, end = start * np.exp(-b * d / 2), s * np.exp(-b * h)
        k1 = slope(v, start)
        k2 = slope(v + d / 2 * k1, middle)
        k3 = slope(v + d / 2 * k2, middle)
        k4 = slope(v + d * k3, end)
        v1 = v + d / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        for lane in np.flatnonzero(v1 > threshold):
            x = np.linspace(0, 1, 10001)
            da, db = d[lane] * k1[lane], d[lane] * slope(v1, end)[lane]
            low, high = v[lane], v1[lane]
            cubic = low + x * (da + x * (3 * (high - low) - 2 * da - db
                               + x * (da + db - 2 * (high - low))))  # fmt: skip
            first = x[np.argmax(cubic > threshold)]
            spikes[lane].append(h * (step + 1) - d[lane] * (1 - first))
            free[lane] = spikes[lane][-1] + ref
            v1[lane] = 0.0
        v, s = v1, end
    return [np.array(times) for times in spikes]
