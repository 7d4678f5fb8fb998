"""How far a recording is from a run: potentials by their residual, spikes by pairs.

The residual of a recorded trace ``y(t)`` against one ``x(t)`` of a run is::

    r(t) = a y(t - s) + b - x(t)

with a shift in time ``s``, a scale ``a`` and an offset ``b``; its root mean square is
taken over the samples that lie in both. Of two spike trains of one neuron, pairs closer
than ``D`` coincide, each spike once at most. The coincidence factor of Kistler,
Gerstner and van Hemmen (1997) corrects their number ``n`` for chance::

    G = (n - c) / ((n1 + n2) / 2) / (1 - 2 f D),    c = 2 f D n1

with the rate ``f`` of the run: 1 for equal trains, 0 for unrelated ones.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
#: A fit looks for shifts up to this share of the recording, to each side.
REACH = 0.25
_TRIED = 81


@dataclass(frozen=True)
class Pairs:
    """Spikes of a recording and of a run that belong together.

    :param count: pairs
    :param recorded: spikes of the recording
    :param found: spikes of the run
    :param lag: mean time of a recorded spike after that of the run, s
    :param factor: the coincidence factor
    """

    count: int
    recorded: int
    found: int
    lag: float
    factor: float


@dataclass(frozen=True)
class Alignment:
    """What brings a recording onto a run.

    :param shift: s
    :param rms: what is left
    """

    shift: float
    scale: float
    offset: float
    rms: float


def residual(
    time: Floats, values: Floats, run_time: Floats, run_values: Floats
) -> Floats:
    """Return what a recording is above a run, where both have samples.

    :param time: of the recording, shape (samples,), ascending, s
    :param values: same shape
    :param run_time: of the run, shape (run samples,), ascending, s
    :param run_values: same shape, same unit
    """
    if not len(run_time):
        return np.zeros(0)
    inside = (time >= run_time[0]) & (time <= run_time[-1])
    left: Floats = values[inside] - np.interp(time[inside], run_time, run_values)
    return left


def rms(differences: Floats) -> float:
    """Return the root mean square; NaN of nothing."""
    if not len(differences):
        return float("nan")
    return float(np.sqrt(np.mean(np.square(differences))))


def align(
    time: Floats, values: Floats, run_time: Floats, run_values: Floats
) -> Alignment | None:
    """Return the shift, scale and offset with the least residual; None if none fits.

    Shifts are tried on a grid, then on a finer one around the best; each has its
    scale and offset by least squares. A scale below 0 is no fit.
    """
    if len(time) < 3 or len(run_time) < 3:
        return None
    reach = REACH * float(run_time[-1] - run_time[0])
    best: Alignment | None = None
    middle = 0.0
    for _ in range(3):
        for shift in middle + np.linspace(-reach, reach, _TRIED):
            tried = _line(time + shift, values, run_time, run_values, float(shift))
            if tried is not None and (best is None or tried.rms < best.rms):
                best = tried
        if best is None:
            return None
        middle, reach = best.shift, 2 * reach / (_TRIED - 1)
    return best


def _line(
    time: Floats, values: Floats, run_time: Floats, run_values: Floats, shift: float
) -> Alignment | None:
    inside = (time >= run_time[0]) & (time <= run_time[-1])
    if inside.sum() < max(3, len(time) / 2):  # half of it must be compared
        return None
    x = np.interp(time[inside], run_time, run_values)
    y = values[inside]
    spread = float(np.var(y))
    if spread == 0:
        return None
    scale = float(np.mean((y - y.mean()) * (x - x.mean()))) / spread
    if scale <= 0:
        return None
    offset = float(x.mean()) - scale * float(y.mean())
    return Alignment(shift, scale, offset, rms(scale * y + offset - x))


def coincidences(
    recorded: tuple[Floats, NDArray[np.integer]],
    found: tuple[Floats, NDArray[np.integer]],
    window: float,
    duration: float,
) -> Pairs:
    """Return how many spikes of each neuron have one of the run beside them.

    :param recorded: times, s, and neurons of the recording, each of shape (spikes,)
    :param found: the same of the run
    :param window: how far apart two may be, s
    :param duration: of the run, s
    """
    lags: list[float] = []
    chance = 0.0
    neurons = np.unique(np.concatenate([recorded[1], found[1]]))
    for neuron in neurons.tolist():
        ours = np.sort(recorded[0][recorded[1] == neuron])
        runs = np.sort(found[0][found[1] == neuron])
        chance += 2 * window * len(runs) / duration * len(ours)
        lags += _paired(ours, runs, window)
    n1, n2 = len(recorded[0]), len(found[0])
    rate = n2 / max(len(neurons), 1) / duration
    left = 1 - 2 * rate * window
    factor = float("nan")
    if n1 + n2 and left > 0:
        factor = (len(lags) - chance) / ((n1 + n2) / 2) / left
    lag = float(np.mean(lags)) if lags else float("nan")
    return Pairs(len(lags), n1, n2, lag, factor)


def _paired(ours: Floats, runs: Floats, window: float) -> list[float]:
    """Return the lags of pairs; both trains ascend, each spike is used once."""
    lags, a, b = [], 0, 0
    while a < len(ours) and b < len(runs):
        lag = float(ours[a] - runs[b])
        if abs(lag) <= window:
            lags.append(lag)
            a, b = a + 1, b + 1
        elif lag < 0:
            a += 1
        else:
            b += 1
    return lags
