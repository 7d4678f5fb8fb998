"""What a network must be before it is put on the chip, whatever the chip."""

from collections.abc import Iterator

import numpy as np

from core.chip.network import Floats, Network, Population
from core.chip.target_ranges import RANGES, doubts, problems
from core.errors import ParameterError, Problem
from core.spec.check import bounds
from core.spec.chip import ChipSpec
from core.units import WEIGHT_MAX

#: Values that a chip has only once.
_SHARED = ("i_synin_gm", "synapse_dac_bias")
#: What neurons that never spike do not use.
_OF_SPIKES = ("reset", "threshold", "refractory_time", "holdoff_time")


def check_chip(chip: ChipSpec) -> None:
    """Raise if a field of ``chip`` is outside its bounds.

    :raises ParameterError: lists all of them
    """
    found = list(bounds(chip, "chip", "chip"))
    for name, info in chip.infos().items():
        value = getattr(chip, name)
        if info.whole and value != int(value):
            what = f"{name} is {value!r}."
            found.append(Problem("chip", what, "Give a whole number.", parameter=name))
    if chip.membrane_low >= chip.membrane_high:
        found.append(
            Problem(
                "chip",
                f"membrane_low, {chip.membrane_low:g} LSB, is not below membrane_high,"
                f" {chip.membrane_high:g} LSB.",
                "Give the lower limit of membranes first.",
            )
        )
    if found:
        raise ParameterError.of(found)


def check_values(network: Network) -> None:
    """Raise if a target or a weight is no number that the chip could be given.

    :raises ParameterError: lists all of them
    """
    found = list(problems("chip", _shared(network)))
    for population in network.populations:
        where = f"population '{population.name}'"
        found += problems(where, _targets(population), population.name)
    found += [
        Problem(
            f"projection '{projection.name}'",
            f"a weight is no number from -{WEIGHT_MAX} to {WEIGHT_MAX}.",
            "Use finite weights and a transform that saturates.",
        )
        for projection in network.projections
        if (np.abs(projection.weights) > WEIGHT_MAX).any()
    ]
    if found:
        raise ParameterError.of(found)


def doubtful_targets(network: Network) -> Iterator[str]:
    """Return a sentence for each target that a calibration may miss."""
    yield from doubts("chip", _shared(network))
    for population in network.populations:
        targets = _targets(population)
        if not population.fires:
            targets = {n: v for n, v in targets.items() if n not in _OF_SPIKES}
        yield from doubts(f"population '{population.name}'", targets)


def _shared(network: Network) -> dict[str, Floats]:
    return {name: np.asarray(getattr(network, name), float) for name in _SHARED}


def _targets(population: Population) -> dict[str, Floats]:
    target = population.target
    return {name: getattr(target, name) for name in RANGES if name not in _SHARED}
