"""A full calibration by measurement alone, without curves: a secant search.

Nothing here knows the circuits; the search sees a `core.chip.port.Port` and targets.
Order: the membrane time constant before the leak, because it moves the leak; strength
last, because it is measured elsewhere (`core.chip.measure`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.chip.characterisation import Progress
from core.chip.measure import (
    Targets,
    read_tau_mem,
    read_tau_syn,
    strength_reader,
)
from core.chip.network import Floats, Integers
from core.chip.nominal import LSB_PER_CODE
from core.chip.port import Port
from core.units import CODE_MAX

#: Share of the error that a step corrects. The last steps are short, so that the noise
#: of a write is averaged and not followed.
GAINS = (1.0, 1.0, 0.5, 0.5, 0.35, 0.25)


@dataclass(frozen=True)
class Knob:
    """How a code changes what is measured.

    :param slope: change of the measurement per code, or its sign and power if ``log``
    :param log: True if the measurement is a power of the code
    """

    slope: float
    log: bool = False


def search(
    port: Port,
    targets: Targets,
    wanted: dict[str, Floats],
    start: dict[str, Integers],
    progress: Progress | None = None,
) -> dict[str, Integers]:
    """Return the codes found through ``port``.

    :param wanted: parameter name -> what shall be read; strengths at C = 63
    :param start: all codes, as for a typical circuit
    """
    tell = progress or (lambda name, share: None)
    codes = dict(start)
    port.write(**codes, capacitance=targets.capacitance)
    done: list[str] = []

    def find(name: str, measure: Callable[[], Floats], knob: Knob) -> None:
        def write(code: Integers) -> None:
            port.write(**{name: code})

        tell("calibrate", len(done) / len(wanted))
        done.append(name)
        codes[name] = secant(measure, write, wanted[name], codes[name], knob)
        write(codes[name])

    volts = Knob(LSB_PER_CODE)
    find("tau_mem", lambda: read_tau_mem(port, targets.tau_mem), Knob(-1.0, log=True))
    find("leak", port.read_leak, volts)
    find("reset", port.read_reset, volts)
    find("threshold", port.read_threshold, volts)
    find("tau_syn", lambda: read_tau_syn(port, targets.tau_syn), Knob(-1.0, log=True))
    find("strength", strength_reader(port, targets, codes), Knob(1.0, log=True))
    tell("calibrate", 1.0)
    return codes


def secant(
    measure: Callable[[], Floats],
    write: Callable[[Integers], None],
    target: Floats,
    code: Integers,
    knob: Knob,
) -> Integers:
    """Return the codes that bring each circuit to its target, all searched at once.

    :param target: wanted measurement, NaN where the code shall stay
    :param code: where to start
    """
    scale = np.log if knob.log else np.asarray
    wanted = np.isfinite(target)
    goal = scale(np.where(wanted, target, 1.0))
    x = scale(np.maximum(code, 1).astype(float))
    nearest = 0.05 if knob.log else 12.0  # points closer than this give no slope
    slope = np.full(code.shape, knob.slope)
    last_x = last_y = None
    for gain in GAINS:
        write(_codes(x, knob.log, wanted, code))
        y = scale(np.maximum(measure(), 1e-3))
        if last_x is not None and last_y is not None:
            far = np.abs(x - last_x) > nearest
            seen = (y - last_y) / np.where(far, x - last_x, 1.0)
            ratio = seen / knob.slope
            slope = np.where(far & (ratio > 0.4) & (ratio < 2.5), seen, slope)
        last_x, last_y = x, y
        limits = (float(scale(1.0)), float(scale(float(CODE_MAX))))
        x = np.clip(x + gain * (goal - y) / slope, *limits)
    return _codes(x, knob.log, wanted, code)


def _codes(x: Floats, log: bool, wanted: np.ndarray, fixed: Integers) -> Integers:
    found = np.round(np.exp(x) if log else x).astype(np.int64)
    return np.where(wanted, found, fixed)
