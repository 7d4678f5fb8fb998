"""How long a circuit is refractory, and how long its reset holds the membrane.

Two clocks of 250 MHz / 2^(s + 1) serve the chip, a fast and a slow one; neurons up to
the mean refractory time take the fast one. A circuit counts up to 255 ticks. Its reset
is released 2 (15 − h) + 1 ticks before it may spike again, with h = 0…15: within this
holdoff the membrane is free, but what crosses the threshold spikes at the end of it.
A holdoff of 0 is taken as such, not as the one tick that it is on the chip.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.chip.network import Floats, Integers

_COUNTER_MAX: Final = 255
_HOLDOFF_MAX: Final = 15
_FASTEST_CLOCK: Final = 125e6  # Hz: 250 MHz / 2^(scale + 1), one FPGA cycle at scale 0


def tick_of(seconds: Floats, fires: NDArray[np.bool_]) -> Integers:
    """Return the FPGA cycles in a tick of the clock of each circuit, 0 without one.

    :param seconds: refractory times
    :param fires: same shape; others need no clock
    """
    tick = np.zeros(seconds.shape, np.int64)
    if fires.any():
        mean = seconds[fires].mean() * (1 + 1e-9)
        for group in (fires & (seconds <= mean), fires & (seconds > mean)):
            if group.any():
                times = seconds[group]
                tick[group] = 2 ** _clock_scale(float(times.min()), float(times.max()))
    return tick


def quantise_refractory(
    seconds: Floats, fires: NDArray[np.bool_]
) -> tuple[Integers, int]:
    """Return refractory times in FPGA cycles and how many did not fit the counter."""
    tick = tick_of(seconds, fires)
    count = seconds * _FASTEST_CLOCK / np.maximum(tick, 1)
    ticks = np.floor(count + 1e-6).astype(np.int64) + 1
    too_long = int(((tick > 0) & (ticks > _COUNTER_MAX + 1)).sum())
    return np.minimum(ticks, _COUNTER_MAX) * tick, too_long


def quantise_holdoff(
    seconds: Floats, tick: Integers, refractory: Integers
) -> tuple[Integers, int]:
    """Return holdoff times in FPGA cycles and how many had to be shortened.

    :param tick: of the clock of each circuit, see `tick_of`
    :param refractory: FPGA cycles; the reset holds for at least a tick of them
    """
    wanted = seconds * _FASTEST_CLOCK
    ticks = wanted / np.maximum(tick, 1)
    code = np.clip(np.round((ticks - 1) / 2), 0, _HOLDOFF_MAX).astype(np.int64)
    cycles = np.where(
        seconds > 0, np.minimum((2 * code + 1) * tick, refractory - tick), 0
    )
    # Odd numbers of ticks are at most one away.
    return cycles, int(((tick > 0) & (wanted > cycles + 1.001 * tick)).sum())


def _clock_scale(shortest: float, longest: float) -> int:
    """Return s of the clock 250 MHz / 2^(s + 1), by the rule of calix.

    The longest time must fit the counter; the shortest should count 30 ticks.
    """
    low = longest / _COUNTER_MAX
    high = max(shortest / 30, 2 * low)
    scale = 4
    while scale > 0 and 2**scale / _FASTEST_CLOCK > high:
        scale -= 1
    while scale < 15 and 2**scale / _FASTEST_CLOCK < low:
        scale += 1
    return scale
