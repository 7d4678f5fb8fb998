"""Spike times as text, one line per channel in µs; and edits of single spikes."""

import math
import re
from collections.abc import Sequence
from typing import Any, Final

from core.errors import ParameterError
from core.spec.recordings import MAX_SPIKES
from core.units import us

Trains = tuple[tuple[float, ...], ...]

#: Longer texts are refused before they are read.
LONGEST: Final = 2_000_000


def written(trains: Sequence[Sequence[float]]) -> str:
    """Return the times of each channel, s, as a line of µs.

    >>> written([(1e-6, 2.5e-6), (3e-6,)]).splitlines()
    ['1 2.5', '3']
    """
    return "\n".join(
        " ".join(f"{round(time / us, 6):.10g}" for time in train) for train in trains
    )


def read(text: Any, channels: int) -> Trains:
    """Return the times that ``text`` holds, s, sorted, one tuple per channel.

    :raises ParameterError: if there are other things in it, or too many lines
    """
    if not isinstance(text, str) or len(text) > LONGEST:
        fix = "Write µs, a line for each channel."
        raise ParameterError("spike times", "that is no list of times.", fix)
    lines = text.rstrip().split("\n") if text.strip() else []
    if len(lines) > channels:
        what = f"there are {len(lines)} lines for {channels} channels."
        raise ParameterError("spike times", what, "Write one line for each channel.")
    trains = [_train(line, number) for number, line in enumerate(lines)]
    if sum(map(len, trains)) > MAX_SPIKES:
        what = f"there are more than {MAX_SPIKES} spikes."
        raise ParameterError("spike times", what, "Write fewer.")
    return tuple(trains) + ((),) * (channels - len(trains))


def _train(line: str, channel: int) -> tuple[float, ...]:
    return tuple(
        sorted(_time(word, channel) for word in re.split(r"[\s,;]+", line) if word)
    )


def _time(word: str, channel: int) -> float:
    where = f"spike times, channel {channel}"
    try:
        time = float(word)
    except ValueError:
        time = math.nan
    if not math.isfinite(time):
        what = f"'{word[:30]}' is no time."
        raise ParameterError(where, what, "Write µs as 12.5, with a point.")
    if time < 0:
        raise ParameterError(where, f"{word} µs is before the run.", "Start at 0.")
    return time * us


def moved(trains: Trains, old: Any, new: Any, dt: float, end: float) -> Trains:
    """Return ``trains`` with one spike moved, added or removed.

    :param old: channel and time of a spike, µs; None adds one
    :param new: where it is to be, on the grid of ``dt`` then; None removes it
    :param end: of the run, s
    :raises ParameterError: if there is no such channel or time
    """
    found = [list(train) for train in trains]
    if old is not None:
        channel, time = _place(old, len(trains))
        near = [t for t in found[channel] if abs(t - time) <= dt / 2]
        if not near:
            what = f"there is no spike at {time / us:g} µs."
            raise ParameterError("spike times", what, "Choose one that is there.")
        found[channel].remove(min(near, key=lambda t: abs(t - time)))
    if new is not None:
        channel, time = _place(new, len(trains))
        last = (round(end / dt) - 1) * dt
        time = round(round(min(max(time, 0.0), last) / dt) * dt, 12)
        if all(abs(t - time) > dt / 2 for t in found[channel]):
            found[channel] = sorted([*found[channel], time])
    return tuple(map(tuple, found))


def _place(place: Any, channels: int) -> tuple[int, float]:
    """Return channel and time, s, of what a browser sent."""
    try:
        channel, time = place
        if channel in range(channels) and math.isfinite(time):
            return int(channel), float(time) * us
    except (TypeError, ValueError, OverflowError):
        pass
    what, fix = "there is no such place.", f"Channels are 0 to {channels - 1}."
    raise ParameterError("spike times", what, fix)
