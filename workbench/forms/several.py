"""The form of several populations or projections: what they have in common."""

from dataclasses import replace
from typing import Any

from core.chip.results import Execution
from core.spec.experiment import ExperimentSpec
from workbench.forms.line import Each, Line, Put
from workbench.forms.selected import lines

#: Each thing has a name of its own.
SINGLE = ("name",)


def subjects(spec: ExperimentSpec, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return which of ``names`` are edited together: populations before projections."""
    populations = [p.name for p in spec.network.populations if p.name in names]
    projections = [p.name for p in spec.network.projections if p.name in names]
    return tuple(populations or projections)


def common_lines(
    spec: ExperimentSpec, names: tuple[str, ...], execution: Execution | None = None
) -> list[Line]:
    """Return the lines that all ``names`` have; an edit changes all of them.

    Where values differ a line is ``mixed`` and shows that of the first.
    """
    first, *others = [_form(spec, name, execution) for name in names]
    found = []
    for id_, line in first.items():
        twins = [form[id_] for form in others if id_ in form]
        if id_ in SINGLE or len(twins) < len(others):
            continue
        if any((t.kind, t.unit, t.choices) != _form_of(line) for t in twins):
            continue
        found.append(_together(line, twins, names))
    return found


def _form_of(line: Line) -> tuple[Any, ...]:
    return line.kind, line.unit, line.choices


def _form(
    spec: ExperimentSpec, name: str, execution: Execution | None
) -> dict[str, Line]:
    alone = spec.replace(view=spec.view.replace(selected=name))
    return {line.id: line for line in lines(alone, (), execution)}


def _together(line: Line, twins: list[Line], names: tuple[str, ...]) -> Line:
    """Return ``line`` with puts that change all of ``names``."""

    def for_all(act: str) -> Put:
        def put(spec: ExperimentSpec, value: Any) -> ExperimentSpec:
            for name in names:  # each form anew: an edit may have changed the next
                own = _form(spec, name, None)[line.id]
                spec = (own.acts[act] if act else own.put)(spec, value)
            return spec

        return put

    acts = [a for a in line.acts if all(a in twin.acts for twin in twins)]
    sizes = {None if x.each is None else x.each.size for x in (line, *twins)}
    each = line.each if len(sizes) == 1 else None
    mixed = any(_numbers(twin) != _numbers(line) for twin in twins)
    also = ""
    if mixed and line.kind == "number":
        values = [line.value, *(twin.value for twin in twins)]
        also = f"{min(values):.4g} to {max(values):.4g} {line.unit}".strip()
    return replace(
        line,
        put=for_all(""),
        acts={act: for_all(act) for act in acts},
        each=Each(each.size) if each is not None and mixed else each,
        scales=() if mixed else line.scales,
        curve=None if mixed else line.curve,
        mixed=mixed,
        also=also or line.also,
    )


def _numbers(line: Line) -> tuple[Any, ...]:
    return line.value, () if line.each is None else line.each.values
