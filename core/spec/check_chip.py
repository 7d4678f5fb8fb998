"""What of a document only the model can do, and no chip."""

from collections.abc import Iterator

from core.errors import Problem
from core.spec.experiment import ExperimentSpec
from core.spec.network import LISpec
from core.spec.stimulus import ConstantCurrent

_FIX = "Run the model (mock), or change it."


def chip_problems(spec: ExperimentSpec) -> Iterator[Problem]:
    """Yield a problem for each thing in ``spec`` that a chip does not have."""
    for population in spec.network.populations:
        if isinstance(population, LISpec) and not population.leaky:
            where = f"population '{population.name}'"
            what = "it does not leak; the membranes of a chip do."
            yield Problem(where, what, _FIX, "error", population.name, "leaky")
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
