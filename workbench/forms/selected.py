"""The form of what is selected, or of the whole experiment."""

from dataclasses import replace

from core.chip.results import Execution
from core.errors import Problem
from core.spec.experiment import ExperimentSpec
from core.spec.network import LISpec
from workbench.forms.chip_codes import codes_of
from workbench.forms.fields import field_lines
from workbench.forms.line import Line, Put
from workbench.forms.population import name_and_size, population_lines
from workbench.forms.projection import projection_lines
from workbench.forms.stimulus import stimulus_lines

#: Settings that have controls of their own.
HIDDEN = ("run.mode", "run.trial", "chip.number")


def lines(
    spec: ExperimentSpec,
    problems: tuple[Problem, ...],
    execution: Execution | None = None,
) -> list[Line]:
    """Return the form of what is selected, or of the whole experiment.

    :param execution: of the last run on the chip: it knows the codes
    """
    selected = spec.view.selected
    found: list[Line] = []
    for population in spec.network.populations:
        if population.name != selected:
            continue
        if isinstance(population, LISpec):
            codes = codes_of(execution, population.name, spec.chip)
            found = population_lines(spec, population, codes)
        else:
            found = name_and_size(population) + stimulus_lines(spec, population.name)
    for projection in spec.network.projections:
        if projection.name == selected:
            found = projection_lines(projection)
    subjects = (selected,) if found else ("run", "chip")
    return _with_problems(found or _experiment(spec), problems, subjects)


def _with_problems(
    found: list[Line], problems: tuple[Problem, ...], subjects: tuple[str | None, ...]
) -> list[Line]:
    texts: dict[str, str] = {}
    for p in problems:
        if p.parameter and p.subject in subjects:
            said = texts.get(p.parameter, "")
            texts[p.parameter] = f"{said} {p.what} {p.fix}".strip()
    return [
        replace(line, problem=texts[name])
        if (name := line.id.split(".")[-1]) in texts
        else line
        for line in found
    ]


def _experiment(spec: ExperimentSpec) -> list[Line]:
    def run(field: str) -> Put:
        return lambda s, v: s.replace(run=s.run.replace(**{field: v}))

    def chip(field: str) -> Put:
        return lambda s, v: s.replace(chip=s.chip.replace(**{field: v}))

    found = field_lines(spec.run, "run", "run", run) + field_lines(
        spec.chip, "chip", "emulated chip", chip
    )
    return [line for line in found if line.id not in HIDDEN]
