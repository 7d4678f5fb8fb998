"""From declared fields to lines of a form: label, bounds, unit, value, other scales.

A `Line` is what the inspector shows for one value. It is made from the one declaration
in `core.spec`, in the units a person reads (µs instead of s), and knows how to put an
edited number back into the document.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.errors import ParameterError, Problem
from core.spec import edit
from core.spec.experiment import ExperimentSpec
from core.spec.fields import FieldInfo, Spec
from core.spec.network import (
    LISpec,
    PopulationSpec,
    ProjectionSpec,
    Value,
    VoltageScale,
)
from core.spec.stimulus import STIMULI, ConstantCurrent, SpikeTimes, Stimulus
from core.units import WEIGHT_MAX, display_unit

#: What a calibration can reach: raw CADC LSB (limits of real calibrations).
REACHABLE_LSB = {"leak": (50, 160), "reset": (50, 160), "threshold": (50, 220)}

#: Blocks of a population, the ones that are moved most first.
GROUPS = (
    "population",
    "membrane",
    "threshold",
    "synaptic input",
    "exponential",
    "adaptation",
    "chip",
)
#: No number that a person types is larger.
LARGEST = 1e308
#: The strongest mean weight that can be typed, model units.
STRONGEST = 1000.0

Put = Callable[[ExperimentSpec, Any], ExperimentSpec]


@dataclass(frozen=True)
class Line:
    """One line of a form, in display units.

    :param id: unique within the form
    :param value: number or text
    :param default: what reset returns to; None: there is no reset
    :param also: the value on its other scales, e.g. ``"125 LSB"``
    :param reach: the part of the range that the chip can reach, or None for all
    :param choices: if given, the values to choose from
    :param put: puts an edited value into a document
    """

    id: str
    label: str
    value: Any
    put: Put
    group: str = ""
    unit: str = ""
    low: float = 0.0
    high: float = 1.0
    step: float = 1.0
    default: Any = None
    also: str = ""
    help: str = ""
    reach: tuple[float, float] | None = None
    choices: tuple[str, ...] = ()
    problem: str = ""

    def accepts(self, value: Any) -> bool:
        """Return whether ``value``, which a browser sent, is of the right kind."""
        if isinstance(self.value, str):
            return isinstance(value, str) and value in (self.choices or (value,))
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return abs(value) < LARGEST  # false for NaN, too

    def shown(self) -> dict[str, Any]:
        """Return what the browser needs."""
        shown = {k: v for k, v in vars(self).items() if k != "put"}
        shown["kind"] = "choice" if self.choices else "number"
        if isinstance(self.value, str) and not self.choices:
            shown["kind"] = "text"
        return shown


def lines(spec: ExperimentSpec, problems: tuple[Problem, ...]) -> list[Line]:
    """Return the form of what is selected, or of the whole experiment."""
    selected = spec.view.selected
    found: list[Line] = []
    for population in spec.network.populations:
        if population.name == selected:
            found = _population(spec, population)
    for projection in spec.network.projections:
        if projection.name == selected:
            found = _projection(projection)
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


def _number(
    name: str,
    info: FieldInfo,
    value: Any,
    default: Any,
    put: Put,
    **more: Any,
) -> Line:
    """Return the line of a plain number."""
    unit, size = display_unit(info.unit)

    def scaled(number: float | None) -> float:
        return 0.0 if number is None else round(number / size, 9)

    whole = bool(info.whole)

    def put_scaled(spec: ExperimentSpec, shown: Any) -> ExperimentSpec:
        return put(spec, round(shown) if whole else float(shown) * size)

    return Line(
        id=name,
        label=info.label or name.split(".")[-1].replace("_", " "),
        value=value if whole else scaled(value),
        put=put_scaled,
        group=more.pop("group", info.group),
        unit="" if unit == "model" else unit,
        low=scaled(info.low),
        high=scaled(info.high),
        step=scaled(info.step) or _hundredth(info),
        default=None if default is None else scaled(default),
        help=info.doc,
        **more,
    )


def _hundredth(info: FieldInfo) -> float:
    """Return the step of a field that declares none: a hundredth of its range."""
    if info.whole or info.low is None or info.high is None:
        return 1.0
    return round((info.high - info.low) / display_unit(info.unit)[1] / 100, 9)


def _population(spec: ExperimentSpec, population: PopulationSpec) -> list[Line]:
    name = population.name

    def change(field: str) -> Put:
        return lambda document, value: document.replace(
            network=document.network.with_population(
                document.network.population(name).replace(**{field: value})
            )
        )

    found = [
        Line(
            "name",
            "name",
            name,
            lambda s, v: edit.rename(s, name, str(v)),
            "population",
        ),
        _number(
            "size",
            population.info("size"),
            population.size,
            None,
            lambda s, v: edit.resize(s, name, v),
            group="population",
        ),
    ]
    if not isinstance(population, LISpec):
        return found + _stimulus(spec, name)
    blank = type(population)("")
    for field, info in population.infos().items():
        value, default = getattr(population, field), getattr(blank, field)
        if _several(value) or (value is None and info.per_neuron):
            if field != "capacitance_lsb":
                found.append(_fixed(field, info, value))
        elif isinstance(value, Value):
            found.append(_potential(field, info, population, value, default, change))
        elif isinstance(value, VoltageScale):
            found += _scale(value, change)
        elif field == "capacitance_lsb":
            continue  # follows the capacitance; shown beside it
        elif info.unit and info.low is not None:
            also = ""
            if field == "membrane_capacitance":
                also = f"{np.mean(population.capacitor):.0f} LSB"
            found.append(_number(field, info, value, default, change(field), also=also))
    return sorted(found, key=lambda line: GROUPS.index(line.group))


def _several(value: Any) -> bool:
    """Whether a value differs from neuron to neuron."""
    parts = vars(value).values() if isinstance(value, Value) else (value,)
    return any(isinstance(part, np.ndarray) for part in parts)


def _fixed(field: str, info: FieldInfo, value: Any) -> Line:
    """Return the line of values that are shown only: one for each neuron, or none."""
    shown = "none"
    numbers = value.model if isinstance(value, Value) else value
    if np.size(numbers) and numbers is not None:
        unit, size = display_unit(info.unit)
        low, high = np.min(numbers) / size, np.max(numbers) / size
        unit = {"model": "", "": ""}.get(unit, f" {unit}")
        shown = f"per neuron, {low:.4g} to {high:.4g}{unit}"
    return Line(
        field,
        info.label or field,
        shown,
        lambda s, v: s,
        info.group,
        help=info.doc,
        choices=(shown,),
    )


def _potential(
    field: str,
    info: FieldInfo,
    population: LISpec,
    value: Value,
    default: Value,
    change: Callable[[str], Put],
) -> Line:
    scale = population.scale
    also = f"{scale.lsb(value):.0f} LSB" if field in REACHABLE_LSB else ""
    if value.code is not None:
        also = f"code {value.code}"
    reach: tuple[float, float] | None = None
    if field in REACHABLE_LSB and value.hardware is None and scale.gain > 0:
        low, high = (scale.model(lsb) for lsb in REACHABLE_LSB[field])
        reach = (low, high)
    return _number(
        field,
        info,
        value.model,
        default.model,
        lambda s, v: change(field)(s, value.replace(model=v)),
        also=also,
        reach=reach,
    )


def _scale(scale: VoltageScale, change: Callable[[str], Put]) -> list[Line]:
    labels = {"offset": "LSB of model 0", "gain": "LSB per model unit"}
    found = []
    for field, label in labels.items():
        info = replace(scale.info(field), label=label, group="chip")

        def put(s: ExperimentSpec, v: Any, field: str = field) -> ExperimentSpec:
            return change("scale")(s, scale.replace(**{field: v}))

        default = getattr(VoltageScale(), field)
        found.append(_number(field, info, getattr(scale, field), default, put))
    return found


def _stimulus(spec: ExperimentSpec, name: str) -> list[Line]:
    stimulus = spec.stimulus(name)
    others = tuple(s for s in spec.stimuli if s.population != name)

    def choose(document: ExperimentSpec, kind: Any) -> ExperimentSpec:
        if kind == "none":
            return document.replace(stimuli=others)
        new = STIMULI[str(kind)](population=name)
        if stimulus is not None and stimulus.kind == kind:
            return document
        document = document.replace(stimuli=(*others, new))
        size = document.network.population(name).size
        if new.channels is not None and new.channels != size:
            document = edit.resize(document, name, new.channels)
        return document

    drawn = (SpikeTimes, ConstantCurrent)
    kinds = tuple(k for k, cls in STIMULI.items() if cls not in drawn)
    kind = stimulus.kind if stimulus is not None else "none"
    if kind not in kinds and kind != "none":
        kinds = (*kinds, kind)
    found = [
        Line(
            "stimulus",
            "stimulus",
            kind,
            choose,
            "stimulus",
            choices=("none", *kinds),
            help="What this input sends.",
        )
    ]
    if stimulus is None:
        return found
    return found + _fields(stimulus, "stimulus", "stimulus", _put_stimulus(name))


def _put_stimulus(name: str) -> Callable[[str], Put]:
    def change(field: str) -> Put:
        def put(spec: ExperimentSpec, value: Any) -> ExperimentSpec:
            def changed(s: Stimulus) -> Stimulus:
                return s.replace(**{field: value}) if s.population == name else s

            return spec.replace(stimuli=tuple(map(changed, spec.stimuli)))

        return put

    return change


def _fields(
    spec: Spec, prefix: str, group: str, change: Callable[[str], Put]
) -> list[Line]:
    """Return a line for each bounded number and each choice of ``spec``."""
    found = []
    for field, info in spec.infos().items():
        value = getattr(spec, field)
        name = f"{prefix}.{field}"
        default: Any = type(spec).__dataclass_fields__[field].default
        if info.choices:
            label = info.label or field
            found.append(
                Line(
                    name,
                    label,
                    value,
                    change(field),
                    group,
                    default=default,
                    help=info.doc,
                    choices=info.choices,
                )
            )
        elif info.low is not None and value is not None:
            found.append(
                _number(name, info, value, default, change(field), group=group)
            )
    return found


def _projection(projection: ProjectionSpec) -> list[Line]:
    name, weights = projection.name, projection.weights

    def changed(spec: ExperimentSpec, **changes: Any) -> ExperimentSpec:
        new = spec.network.projection(name).replace(**changes)
        return spec.replace(network=spec.network.with_projection(new))

    mean = float(np.abs(weights).mean()) if weights.size else 0.0
    one = weights.size == 1
    strength = float(weights[0, 0]) if one else mean

    def strengthen(spec: ExperimentSpec, value: Any) -> ExperimentSpec:
        if abs(value) > STRONGEST:
            what, fix = f"{value:g} is too strong.", f"Use at most {STRONGEST:g}."
            raise ParameterError(f"projection '{name}'", what, fix)
        now = spec.network.projection(name).weights
        size = float(np.abs(now).mean()) if now.size else 0.0
        if one or size == 0:
            return changed(spec, weights=np.full_like(now, value))
        return changed(spec, weights=now * np.float32(value / size))

    info = FieldInfo(
        "The weight." if one else "Scales all weights: mean of their magnitudes.",
        "model",
        -2.0 if one else 0.01,
        2.0,
        0.01,
        "weight" if one else "mean |weight|",
    )
    scale = projection.weight_scale
    largest = float(np.abs(weights).max()) if weights.size else 0.0
    clipped = int((np.abs(weights * scale) > WEIGHT_MAX + 0.5).sum())
    also = (
        f"{strength * scale:.0f} LSB" if one else f"largest {largest * scale:.0f} LSB"
    )
    if clipped:
        also += f", {clipped} of {weights.size} clipped to {WEIGHT_MAX}"
    default: Any = ProjectionSpec.__dataclass_fields__["weight_scale"].default
    return [
        Line(
            "name",
            "name",
            name,
            lambda s, v: edit.rename(s, name, str(v)),
            "projection",
        ),
        _number(
            "weights", info, strength, None, strengthen, group="synapses", also=also
        ),
        _number(
            "weight_scale",
            projection.info("weight_scale"),
            scale,
            default,
            lambda s, v: changed(s, weight_scale=v),
        ),
    ]


def _experiment(spec: ExperimentSpec) -> list[Line]:
    def run(field: str) -> Put:
        return lambda s, v: s.replace(run=s.run.replace(**{field: v}))

    def chip(field: str) -> Put:
        return lambda s, v: s.replace(chip=s.chip.replace(**{field: v}))

    hidden = ("run.mode", "run.trial", "chip.number")  # these have buttons
    found = _fields(spec.run, "run", "run", run) + _fields(
        spec.chip, "chip", "emulated chip", chip
    )
    return [line for line in found if line.id not in hidden]
