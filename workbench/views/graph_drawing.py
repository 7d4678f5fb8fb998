"""What the canvas shows of a document: boxes, arrows, badges. Pure functions.

An arrow excites, a bar inhibits, both together do both; a dashed line inhibits on
average. Its width grows with the mean of ``|w|``: ``1.5 + 4 m / (m + 0.5)`` px.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import Problem
from core.simulate import PopulationResult, RunResult
from core.spec.edit import color_of
from core.spec.experiment import ExperimentSpec
from core.spec.network import (
    KINDS,
    NetworkSpec,
    PopulationSpec,
    ProjectionSpec,
)
from workbench.plots.miniature import Miniature, raster, trace
from workbench.theme import PROBLEM, mode, population_color

#: Words for the kinds, as on the palette, and what they are.
WORDS = {"input": "Input"}
HELP = {
    "input": "a source of spikes",
    "LI": "leaky integrators, membranes that do not spike",
    "LIF": "leaky integrate-and-fire neurons",
    "AdEx": "adaptive exponential integrate-and-fire neurons",
}


def palette() -> list[dict[str, str]]:
    """Return the kinds that can be added, in the order of the buttons."""
    return [
        {
            "kind": kind,
            "word": WORDS.get(kind, kind),
            "help": f"Add {HELP.get(kind, kind)}: click, or drag to a place",
        }
        for kind in KINDS
    ]


def boxes(
    spec: ExperimentSpec, problems: Iterable[Problem], dark: bool
) -> list[dict[str, Any]]:
    """Return one box per population."""
    badges = _badges(problems)
    return [_box(spec.network, p, badges, dark) for p in spec.network.populations]


def arrows(
    spec: ExperimentSpec, problems: Iterable[Problem], dark: bool
) -> list[dict[str, Any]]:
    """Return one arrow per projection."""
    badges = _badges(problems)
    return [_arrow(spec.network, p, badges, dark) for p in spec.network.projections]


def pictures(spec: ExperimentSpec, result: RunResult | None) -> dict[str, Any]:
    """Return the miniatures of a run by name of population."""
    if result is None:
        return {}
    drawn = {
        p.name: _picture(result.populations[p.name], result.duration)
        for p in spec.network.populations
        if p.name in result.populations
    }
    return {name: made for name, made in drawn.items() if made is not None}


def sign_of(weights: NDArray[Any]) -> str:
    """Return whether ``weights`` are ``excitatory``, ``inhibitory`` or ``mixed``."""
    if not weights.size or weights.min() >= 0:
        return "excitatory"
    return "inhibitory" if weights.max() <= 0 else "mixed"


def _box(
    network: NetworkSpec,
    population: PopulationSpec,
    badges: Mapping[str, dict[str, str]],
    dark: bool,
) -> dict[str, Any]:
    name = population.name
    unit = "channel" if population.kind == "input" else "neuron"
    size = f"{population.size} {unit}{'s' * (population.size != 1)}"
    word = WORDS.get(population.kind, population.kind)
    badge = badges.get(name)
    said = f", {badge['level']}: {badge['text']}" if badge else ""
    x, y = population.position
    return {
        "id": name,
        "x": x,
        "y": y,
        "color": population_color(color_of(network, name), dark),
        "caption": size if population.kind == "input" else f"{word} · {size}",
        "receives": population.accepts_input,
        "sends": population.spiking,
        "badge": badge,
        "words": f"{name}, {word}, {size}{said}",
    }


def _arrow(
    network: NetworkSpec,
    projection: ProjectionSpec,
    badges: Mapping[str, dict[str, str]],
    dark: bool,
) -> dict[str, Any]:
    weights = projection.weights
    mean = float(np.abs(weights).mean()) if weights.size else 0.0
    sign = sign_of(weights)
    badge = badges.get(projection.name)
    wrong = badge is not None and badge["level"] == "error"
    source = population_color(color_of(network, projection.source), dark)
    return {
        "id": projection.name,
        "source": projection.source,
        "target": projection.target,
        "color": PROBLEM[mode(dark)] if wrong else source,
        "width": round(1.5 + 4 * mean / (mean + 0.5), 2),
        "sign": sign,
        "dashed": bool(weights.size) and float(weights.mean()) < 0,
        "badge": badge,
        "words": f"{projection.source} → {projection.target}: {weights.size} weights, "
        f"{sign}, mean strength {mean:.2g}"
        + (f", {badge['level']}: {badge['text']}" if badge else ""),
    }


def _badges(problems: Iterable[Problem]) -> dict[str, dict[str, str]]:
    """Return one badge per subject: the errors if there are any, else the notes."""
    found: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        if problem.subject:
            found[problem.subject].append(problem)
    badges = {}
    for subject, about in found.items():
        errors = [p for p in about if p.is_error]
        level = "error" if errors else "note"
        texts = dict.fromkeys(f"{p.what} {p.fix}".strip() for p in errors or about)
        badges[subject] = {"level": level, "text": "\n".join(texts)}
    return badges


def _picture(found: PopulationResult, duration: float) -> Miniature | None:
    spikes = found.spikes
    if spikes is not None:
        return raster(spikes.time, spikes.neuron, found.size, duration)
    signal = found.membrane if found.membrane is not None else found.cadc
    return trace(signal.values[:, 0]) if signal is not None else None
