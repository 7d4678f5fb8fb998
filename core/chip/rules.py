"""What a network must be before it is put on the chip, whatever the chip."""

from collections.abc import Iterator

import numpy as np

from core.chip.network import Network, Population
from core.errors import ParameterError, Problem
from core.units import CADC_MAX, WEIGHT_MAX

#: Allowed values of the targets: lowest, highest, unit. The time constants are the hard
#: limits of the fits that calix makes; what lies outside cannot even be searched for.
LIMITS = {
    "leak": (0.0, float(CADC_MAX), "LSB"),
    "reset": (0.0, float(CADC_MAX), "LSB"),
    "threshold": (0.0, float(CADC_MAX), "LSB"),
    "tau_mem": (0.1e-6, 2e-3, "s"),
    "tau_syn": (0.1e-6, 100e-6, "s"),
    "refractory_time": (0.0, 0.01, "s"),
    "membrane_capacitance": (0.0, 63.0, "LSB"),
}


def check_values(network: Network) -> None:
    """Raise if a target or a weight is no number that the chip could be given.

    :raises ParameterError: lists all of them
    """
    problems = [p for population in network.populations for p in _targets(population)]
    problems += [
        Problem(
            f"projection '{projection.name}'",
            f"a weight is no number from -{WEIGHT_MAX} to {WEIGHT_MAX}.",
            "Use finite weights and a transform that saturates.",
        )
        for projection in network.projections
        if (np.abs(projection.weights) > WEIGHT_MAX).any()
    ]
    if problems:
        raise ParameterError.of(problems)


def _targets(population: Population) -> Iterator[Problem]:
    for name, (low, high, unit) in LIMITS.items():
        values = getattr(population.target, name)
        fits = (values >= low) & (values <= high)  # false for NaN
        if not fits.all():
            wrong = float(np.ravel(values)[~np.ravel(fits)][0])
            yield Problem(
                f"population '{population.name}'",
                f"{name} is {wrong:g} {unit}.",
                f"Use {low:g} to {high:g} {unit}.",
                subject=population.name,
                parameter=name,
            )
