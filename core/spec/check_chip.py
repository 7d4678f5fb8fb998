"""What of a document only the model can do, and no chip."""

from collections.abc import Iterator

from core.errors import Problem
from core.spec.experiment import ExperimentSpec
from core.spec.network import LISpec, NetworkSpec
from core.spec.stimulus import ConstantCurrent
from core.units import CIRCUITS

_FIX = "Run the model (mock), or change it."


def chip_problems(spec: ExperimentSpec) -> Iterator[Problem]:
    """Yield a problem for each thing in ``spec`` that a chip does not have."""
    for population in spec.network.populations:
        if isinstance(population, LISpec) and not population.leaky:
            where = f"population '{population.name}'"
            what = "it does not leak; the membranes of a chip do."
            yield Problem(where, what, _FIX, "error", population.name, "leaky")
        yield from place_problems(spec.network, population.name)
    for projection in spec.network.projections:
        if projection.delay:
            where = f"projection '{projection.name}'"
            what = "it has a delay; a chip delivers spikes at once."
            yield Problem(where, what, _FIX, "error", projection.name, "delay")
    for stimulus in spec.stimuli:
        if not isinstance(stimulus, ConstantCurrent):
            continue
        end = spec.run.steps * spec.run.dt
        stops = stimulus.stop is not None and stimulus.stop < end
        if stimulus.start > 0 or stops:
            where = f"current into '{stimulus.population}'"
            what = "it does not flow all the time; that of a chip does."
            name = "stop" if stops else "start"
            yield Problem(where, what, _FIX, "error", stimulus.population, name)


def place_problems(network: NetworkSpec, name: str) -> Iterator[Problem]:
    """Yield why a population cannot sit on the circuits that it asks for."""
    population = network.population(name)
    wanted = population.circuits if isinstance(population, LISpec) else None
    if wanted is None:
        return
    where = f"population '{name}'"
    said = f"its {population.size} neurons would take circuits {_words(wanted)}"
    if wanted.start < 0 or wanted.stop > CIRCUITS:
        what = f"{said}, the last one is {CIRCUITS - 1}."
        fix = f"Let it begin at {max(0, CIRCUITS - population.size)} or before."
        yield Problem(where, what, fix, "error", name, "first_circuit")
    for other in network.populations:
        taken = other.circuits if isinstance(other, LISpec) else None
        if other.name == name or taken is None:
            continue
        both = range(max(wanted.start, taken.start), min(wanted.stop, taken.stop))
        if both:
            what = f"{said}, but '{other.name}' sits on {_words(taken)}."
            fix = f"Move one of them: {_words(both)} can be had once."
            yield Problem(where, what, fix, "error", name, "first_circuit")


def _words(circuits: range) -> str:
    first, last = circuits.start, circuits.stop - 1
    return f"{first}" if first == last else f"{first}–{last}"
