"""The form of a projection: its strength, and the rule that drew its weights."""

from dataclasses import replace
from typing import Any

import numpy as np

from core.errors import ParameterError
from core.rounding import clipped
from core.spec import edit
from core.spec.experiment import ExperimentSpec
from core.spec.fields import FieldInfo
from core.spec.network import ProjectionSpec, WeightRule
from core.units import WEIGHT_MAX
from workbench.forms.fields import field_lines
from workbench.forms.line import Line, Put, number_line

#: The strongest mean weight that can be typed, model units.
STRONGEST = 1000.0


def projection_lines(projection: ProjectionSpec) -> list[Line]:
    """Return the lines of ``projection``."""
    name = projection.name

    def change(field: str) -> Put:
        return lambda s, v: _changed(s, name, **{field: v})

    found = [
        Line(
            "name",
            "name",
            name,
            lambda s, v: edit.rename(s, name, str(v)),
            "projection",
        ),
        _strength(projection),
    ]
    for field in ("delay", "weight_scale"):
        default = ProjectionSpec.__dataclass_fields__[field].default
        info, value = projection.info(field), getattr(projection, field)
        if field == "delay":
            info = replace(info, group="synapses")
        found.append(number_line(field, info, value, default, change(field)))
    if projection.rule is not None and projection.drawn:
        found += _rule(name, projection.rule)
    return found


def _changed(spec: ExperimentSpec, name: str, **changes: Any) -> ExperimentSpec:
    new = spec.network.projection(name).replace(**changes)
    return spec.replace(network=spec.network.with_projection(new))


def _strength(projection: ProjectionSpec) -> Line:
    name, weights = projection.name, projection.weights
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
            return _changed(spec, name, weights=np.full_like(now, value))
        return _changed(spec, name, weights=now * np.float32(value / size))

    info = FieldInfo(
        "The weight." if one else "Scales all weights: mean of their magnitudes.",
        "model",
        -2.0 if one else 0.01,
        2.0,
        0.01,
        "weight" if one else "mean |weight|",
    )
    return number_line(
        "weights",
        info,
        strength,
        None,
        strengthen,
        group="synapses",
        also=_on_chip(projection, strength if one else None),
    )


def _on_chip(projection: ProjectionSpec, one: float | None) -> str:
    """Return the weights in LSB, and whether they were drawn by their rule."""
    weights, scale = projection.weights, projection.weight_scale
    largest = float(np.abs(weights).max()) if weights.size else 0.0
    lost = clipped(weights * scale)
    text = f"largest {largest * scale:.0f} LSB"
    if one is not None:
        text = f"{one * scale:.0f} LSB"
    if lost:
        text += f", {lost} of {weights.size} clipped to {WEIGHT_MAX}"
    return text


def _rule(name: str, rule: WeightRule) -> list[Line]:
    """Return the lines of a rule; each edit draws the weights anew."""

    def change(field: str) -> Put:
        return lambda s, v: edit.draw(s, name, rule.replace(**{field: v}))

    group = f"drawn by rule: {rule.connect}, {rule.weights}"
    found = field_lines(rule, "rule", group, change)
    unused = {
        "probability": rule.connect != "sparse",
        "spread": rule.weights == "constant",
        "seed": rule.connect != "sparse" and rule.weights == "constant",
    }
    return [line for line in found if not unused.get(line.id.split(".")[-1])]
