"""Which targets a calibration can be given, and which it can reach.

Outside of its hard limits a target is no setting of the chip, or cannot even be
searched for: that is an error. Within them, but outside of what calix allows, it may be
missed: that is a doubt, and circuits that miss it are flagged.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np

from core.chip.network import Floats
from core.errors import Problem
from core.units import CADC_MAX, CODE_MAX, us


class Range(NamedTuple):
    """Values of one target.

    :param low: lowest that is allowed
    :param high: highest that is allowed
    :param least: hard limit
    :param most: hard limit
    """

    low: float
    high: float
    least: float
    most: float
    unit: str


RANGES: Final = {
    "leak": Range(50, 160, 0, CADC_MAX, "LSB"),
    "reset": Range(50, 160, 0, CADC_MAX, "LSB"),
    "threshold": Range(50, 220, 0, CADC_MAX, "LSB"),
    # Hard limits of time constants are those of the fits that calix makes.
    "tau_mem": Range(0.5 * us, 60 * us, 0.1 * us, 2000 * us, "s"),
    "tau_syn": Range(0.3 * us, 30 * us, 0.1 * us, 100 * us, "s"),
    "i_synin_gm": Range(30, 800, 0, CODE_MAX, "code"),
    "membrane_capacitance": Range(0, 63, 0, 63, "LSB"),
    "refractory_time": Range(0.04 * us, 32 * us, 0, 10_000 * us, "s"),
    "synapse_dac_bias": Range(30, CODE_MAX, 0, CODE_MAX, "code"),
    "holdoff_time": Range(0, 4 * us, 0, 10_000 * us, "s"),
}


def problems(
    where: str, values: Mapping[str, Floats], subject: str = ""
) -> Iterator[Problem]:
    """Return what is no setting of the chip, NaN included.

    :param values: targets by their names in `RANGES`
    :param subject: population that an editor shall mark
    """
    for name, array in values.items():
        known = RANGES[name]
        wrong = _outside(array, known.least, known.most)
        if len(wrong):
            yield Problem(
                where,
                f"{name} is {wrong[0]:g} {known.unit}.",
                f"Use {known.least:g} to {known.most:g} {known.unit}.",
                subject=subject,
                parameter=name,
            )


def doubts(where: str, values: Mapping[str, Floats]) -> Iterator[str]:
    """Return a sentence for each target that a calibration may miss."""
    for name, array in values.items():
        known = RANGES[name]
        wrong = _outside(array, known.low, known.high)
        if len(wrong):
            yield (
                f"{where}: {name} is {wrong[0]:g} {known.unit}, outside of"
                f" {known.low:g} to {known.high:g} {known.unit}: circuits may miss it."
            )


def _outside(array: Floats, low: float, high: float) -> Floats:
    values = np.ravel(np.asarray(array, float))
    # A time computed in µs may miss its bound by a rounding error.
    slack = 1e-9 * high
    return values[~((values >= low - slack) & (values <= high + slack))]
