"""What of a network has no place on the chip, however its numbers are chosen."""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from core.errors import Problem
from core.spec.network import LISpec, NetworkSpec
from core.spec.stimulus import ConstantCurrent
from core.units import WEIGHT_MAX

#: Signed inputs of a neuron: two of its 256 synapse rows each.
MAX_FAN_IN: Final = 128
#: Neuron circuits of a chip.
MAX_NEURONS: Final = 512


def no_place(
    network: NetworkSpec, currents: Iterable[ConstantCurrent] = ()
) -> Iterator[Problem]:
    """Yield a note for each limit of the chip that the network exceeds."""
    neurons = [p for p in network.populations if isinstance(p, LISpec)]
    count = sum(p.size for p in neurons)
    if count > MAX_NEURONS:
        what = f"it has {count} neurons, the chip {MAX_NEURONS}."
        yield _note("network", what, "Use fewer neurons.")
    for population in neurons:
        yield from _of_population(network, population)
    for projection in network.projections:
        where = f"projection '{projection.name}'"
        with np.errstate(over="ignore"):  # infinite is too much as well
            lsb = np.abs(projection.weights) * projection.weight_scale
        clipped = int(np.count_nonzero(lsb > WEIGHT_MAX + 0.5))
        if clipped:
            what = f"{clipped} of {lsb.size} weights are clipped to ±{WEIGHT_MAX} LSB"
            scale = projection.weight_scale * WEIGHT_MAX / float(lsb.max())
            fix = f"With a weight scale of {scale:.3g} LSB none is."
            yield _note(where, f"{what} (the largest would be {lsb.max():.4g}).", fix)
        if projection.delay:
            yield _note(where, "the chip has no delays.", "Run it in the model.")
    for current in currents:
        what = "its constant current comes from a source of its circuits."
        where = f"population '{current.population}'"
        yield _note(where, what, "Its strength is calibrated, not exact.")


def _of_population(network: NetworkSpec, population: LISpec) -> Iterator[Problem]:
    where = f"population '{population.name}'"
    inputs = np.zeros(population.size, int)
    for projection in network.incoming(population.name):
        if len(projection.weights) == population.size:
            inputs += np.count_nonzero(projection.weights, axis=1)
    most = int(inputs.max(initial=0))
    if most > MAX_FAN_IN:
        what = f"a neuron of it has {most} inputs, a circuit {MAX_FAN_IN} signed ones."
        yield _note(where, what, "Use fewer inputs, or more circuits for each neuron.")
    if not population.leaky:
        what = "the chip has no neurons without leak."
        yield _note(where, what, "Run it in the model, or give it a leak.")
    elif population.tau_syn is None:
        what = "on the chip its synapses get the shortest time constant."
        yield _note(where, what, "Expect spikes that come a little later.")


def _note(where: str, what: str, fix: str) -> Problem:
    return Problem(where, what, fix, "note")
