"""The factor between file numbers and chip seconds: file number × factor = seconds.

It applies to time constants, delays and steps alike. 1e-3 suits files in milliseconds
of the chip, and files in seconds of a model that runs 1000 times faster on the chip.
"""

import math
from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from core.errors import ConversionError, Problem
from core.spec.network import LISpec, NetworkSpec, PopulationSpec
from core.units import format_quantity

#: File number × this = seconds on the chip, if nothing else is said.
TIME_FACTOR: Final = NetworkSpec().time_factor
#: Step width that is assumed where a file counts in steps of unknown width, s.
DT: Final = 1e-6
#: The step of snnTorch, in the seconds of its files.
SNNTORCH_STEP: Final = 1e-4
#: The times of neurons that leak.
_TIMES: Final = ("tau_mem", "tau_syn", "membrane_capacitance")


def check_time_factor(time_factor: float) -> None:
    """Refuse what is no factor.

    :raises ConversionError: if ``time_factor`` is not between 1e-15 and 1e15
    """
    if not 1e-15 <= time_factor <= 1e15:
        raise ConversionError(
            "time factor",
            f"it is {time_factor}.",
            "Use a number above 0: file number × time factor = seconds on the chip.",
        )


def check_dt(dt: float) -> None:
    """Refuse what is no step width.

    :raises ConversionError: if ``dt`` is not between 1e-15 and 1e15
    """
    if not 1e-15 <= dt <= 1e15:
        fix = "Use the step width of the run, in seconds."
        raise ConversionError("step", f"it is {dt} s.", fix)


def unreachable(populations: Iterable[PopulationSpec]) -> list[str]:
    """Return the times that the chip cannot reach, in words."""
    outside = []
    for population, name, shortest, longest in _times(populations):
        info = population.info(name)
        low, high = float(info.low or 0), float(info.high or math.inf)
        for time in dict.fromkeys((shortest, longest)):
            # A value computed in µs may miss its bound by a rounding error.
            if not low * (1 - 1e-9) <= time <= high * (1 + 1e-9):
                shown = format_quantity(time, "s")
                outside.append(f"{info.label} of '{population.name}' = {shown}")
    return outside


def fitting_factor(
    populations: Iterable[PopulationSpec], time_factor: float
) -> float | None:
    """Return a round time factor with which the chip reaches all times, or None.

    :param time_factor: the one that the populations were read with
    """
    ranges = [
        (float(p.info(name).low or 0) / low, float(p.info(name).high or 0) / high)
        for p, name, low, high in _times(populations)
    ]
    if not ranges:
        return None
    low, high = max(r[0] for r in ranges), min(r[1] for r in ranges)
    return _round_factor(low * time_factor, high * time_factor)


def range_notes(
    populations: Iterable[PopulationSpec], time_factor: float
) -> list[Problem]:
    """Return a note if the chip cannot reach a time, with a factor that fits."""
    populations = tuple(populations)
    outside = unreachable(populations)
    if not outside:
        return []
    shown = "; ".join(outside[:4]) + (" and more" if len(outside) > 4 else "")
    what = f"with time_factor {time_factor:g} the chip does not reach {shown}."
    fit = fitting_factor(populations, time_factor)
    fix = (
        "No time_factor fits all: change the times."
        if fit is None
        else f"Open it with time_factor {fit:g}."
    )
    return [Problem("NIR file", what, fix, "note")]


def stretched(own: PopulationSpec, ratio: float) -> PopulationSpec:
    """Return ``own`` with all its times multiplied by ``ratio``."""
    times = [name for name, info in own.infos().items() if info.unit == "s"]
    old = {name: getattr(own, name) for name in times}
    return own.replace(**{name: t * ratio for name, t in old.items() if t is not None})


def _times(
    populations: Iterable[PopulationSpec],
) -> list[tuple[LISpec, str, float, float]]:
    """Return each time with its smallest and largest value.

    Neurons without leak do not count: the chip has none, whatever the factor.
    """
    found = []
    for population in populations:
        if isinstance(population, LISpec) and population.leaky and population.size:
            without = ("tau_syn",) if population.tau_syn is None else ()
            for name in (n for n in _TIMES if n not in without):
                values: Any = np.asarray(getattr(population, name), float)
                low, high = float(values.min()), float(values.max())
                found.append((population, name, low, high))
    return found


def _round_factor(low: float, high: float) -> float | None:
    """Return a round number between ``low`` and ``high``, near their middle."""
    if low > high:
        return None
    middle = (math.log10(low) + math.log10(high)) / 2
    for digits in ((1,), (1, 2, 5)):
        near = [d * 10.0**e for d in digits for e in range(-15, 16)]
        fitting = [float(f"{f:.0e}") for f in near if low <= f <= high]
        if fitting:
            return min(fitting, key=lambda f: abs(math.log10(f) - middle))
    return None
