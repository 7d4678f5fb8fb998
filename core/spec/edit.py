"""Edits of the document: add, connect, rename, resize, remove, move.

Each function takes an `ExperimentSpec` and returns a new one. They work on the whole
document and not only on its network, because stimuli, recording and view refer to
populations by name. A gesture that can never mean anything raises at once; a network
that is only half finished is legal.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.errors import NetworkError
from core.spec.check_chip import place_problems
from core.spec.experiment import ExperimentSpec
from core.spec.fields import Spec
from core.spec.network import (
    InputSpec,
    LISpec,
    NetworkSpec,
    PopulationSpec,
    ProjectionSpec,
    Value,
    WeightRule,
)
from core.spec.stimulus import ConstantCurrent, PoissonSpikes

S = TypeVar("S", bound=Spec)


def unique_name(network: NetworkSpec, base: str) -> str:
    """Return ``base``, or ``base2``, ``base3`` ... if it is taken."""
    stem = re.sub(r"\d+$", "", base) or base
    name, count = base, 1
    while name in network.names:
        count += 1
        name = f"{stem}{count}"
    return name


def random_weights(targets: int, sources: int, seed: int = 0) -> NDArray[np.float32]:
    """Return weights around 0.5, a third of them negative; shape (target, source)."""
    rng = np.random.default_rng(seed)
    scale = 1 / np.sqrt(max(1, sources / 4))
    weights: NDArray[np.float32] = np.asarray(
        rng.normal(0.4, 0.5, (targets, sources)) * scale, dtype=np.float32
    )
    return weights


def add_population(
    spec: ExperimentSpec, kind: type[PopulationSpec], position: tuple[float, float]
) -> ExperimentSpec:
    """Add a population with a free name; an input comes with Poisson spikes."""
    base = {"LIF": "neurons", "AdEx": "neurons", "LI": "readout"}.get(
        kind.kind, kind.kind
    )
    name = unique_name(spec.network, base)
    new = kind(name=name, size=4, position=position, color=_free_color(spec.network))
    spec = spec.replace(
        network=spec.network.replace(populations=(*spec.network.populations, new)),
        view=spec.view.replace(selected=name),
    )
    if isinstance(new, InputSpec):
        spec = spec.replace(stimuli=(*spec.stimuli, PoissonSpikes(population=name)))
    return spec


def color_of(network: NetworkSpec, name: str) -> int:
    """Return the colour index of a population: its own, or its place in the order."""
    for place, population in enumerate(network.populations):
        if population.name == name:
            return place if population.color is None else population.color
    return 0


def _free_color(network: NetworkSpec) -> int:
    used = {color_of(network, p.name) for p in network.populations}
    return next(c for c in range(len(used) + 1) if c not in used)


def refusal(network: NetworkSpec, source: str, target: str) -> str | None:
    """Return why ``source`` → ``target`` can never be a projection, or None."""
    pre, post = network.population(source), network.population(target)
    if not post.accepts_input:
        return f"'{target}' is an input: it sends spikes and receives none."
    if not pre.spiking:
        return f"'{source}' is a leaky integrator: it never spikes."
    if any(p.source == source and p.target == target for p in network.projections):
        return f"'{source}' → '{target}' exists already."
    return None


def connect(
    spec: ExperimentSpec,
    source: str,
    target: str,
    weights: NDArray[np.float32] | None = None,
) -> ExperimentSpec:
    """Add a projection.

    :param weights: shape (target, source), model units; drawn at random if not given
    :raises NetworkError: if the edge can never mean anything
    """
    network = spec.network
    reason = refusal(network, source, target)
    if reason is not None:
        raise NetworkError(f"connection {source} → {target}", reason)
    pre, post = network.population(source), network.population(target)
    if weights is None:
        weights = random_weights(post.size, pre.size, len(network.projections))
    name = unique_name(network, f"{source}_{target}")
    new = ProjectionSpec(name=name, source=source, target=target, weights=weights)
    return spec.replace(
        network=network.replace(projections=(*network.projections, new))
    )


def draw(spec: ExperimentSpec, name: str, rule: WeightRule) -> ExperimentSpec:
    """Give the projection ``name`` the weights that ``rule`` draws.

    :raises NetworkError: if there is no such projection, or one-to-one is asked of
        populations of different sizes
    """
    network = spec.network
    projection = network.projection(name)
    pre, post = (
        network.population(end) for end in (projection.source, projection.target)
    )
    if rule.connect == "one-to-one" and pre.size != post.size:
        raise NetworkError(
            f"projection '{name}'",
            f"one-to-one needs equal sizes, here are {pre.size} and {post.size}.",
            "Resize a population or choose another rule.",
        )
    weights = rule.draw(pre.size, post.size)
    new = projection.replace(weights=weights, rule=rule)
    return spec.replace(network=network.with_projection(new))


def remove(spec: ExperimentSpec, names: Collection[str]) -> ExperimentSpec:
    """Remove populations and projections, and everything that refers to them."""
    network, gone = spec.network, set(names)
    if not gone & set(network.names):
        return spec
    stays = {p.name for p in network.populations} - gone
    recording, view = spec.recording, spec.view
    if recording.madc_population not in stays:
        recording = recording.replace(madc_population=None)
    if view.selected in gone:
        view = view.replace(selected=None)
    return spec.replace(
        network=network.replace(
            populations=tuple(
                p.replace(color=color_of(network, p.name))
                for p in network.populations
                if p.name in stays
            ),
            projections=tuple(
                p
                for p in network.projections
                if p.name not in gone and p.source in stays and p.target in stays
            ),
            outputs=tuple(o for o in network.outputs if o in stays),
        ),
        stimuli=tuple(s for s in spec.stimuli if s.population in stays),
        recording=recording,
        view=view,
    )


def rename(spec: ExperimentSpec, old: str, new: str) -> ExperimentSpec:
    """Rename a population or a projection everywhere.

    :raises NetworkError: if the new name is empty or taken
    """
    new = new.strip()
    if new == old:
        return spec
    if not new:
        raise NetworkError(f"'{old}'", "a name cannot be empty.", "Type a name.")
    if new in spec.network.names:
        raise NetworkError(
            f"'{old}'", f"the name '{new}' is taken.", "Choose a name that is not."
        )

    def renamed(name: str) -> str:
        return new if name == old else name

    network, recording, view = spec.network, spec.recording, spec.view
    if recording.madc_population == old:
        recording = recording.replace(madc_population=new)
    if view.selected == old:
        view = view.replace(selected=new)
    return spec.replace(
        network=network.replace(
            populations=tuple(
                p.replace(name=renamed(p.name)) for p in network.populations
            ),
            projections=tuple(
                p.replace(
                    name=renamed(p.name),
                    source=renamed(p.source),
                    target=renamed(p.target),
                )
                for p in network.projections
            ),
            outputs=tuple(map(renamed, network.outputs)),
        ),
        stimuli=tuple(
            s.replace(population=renamed(s.population)) for s in spec.stimuli
        ),
        recording=recording,
        view=view,
    )


def resize(spec: ExperimentSpec, name: str, size: int) -> ExperimentSpec:
    """Give a population another size; the weights it has are kept, new ones drawn.

    Weights that are those of their rule are drawn anew by it.

    :raises NetworkError: if the size is out of its bounds
    """
    info = spec.network.population(name).info("size")
    low, high = int(info.low or 1), int(info.high or 1)
    if not low <= size <= high:
        what = f"{size:g} {info.label} are not possible."
        raise NetworkError(f"'{name}'", what, f"Use {low} to {high}.")
    network = spec.network.with_population(
        _resized(spec.network.population(name), size)
    )
    for projection in network.projections:
        if name in (projection.source, projection.target):
            shape = (
                network.population(projection.target).size,
                network.population(projection.source).size,
            )
            rule = projection.rule
            if rule is not None and projection.drawn:
                weights = rule.draw(shape[1], shape[0])
            else:
                weights = random_weights(*shape, seed=shape[0] * 4096 + shape[1])
                kept = projection.weights[: shape[0], : shape[1]]
                weights[: kept.shape[0], : kept.shape[1]] = kept
            network = network.with_projection(projection.replace(weights=weights))
    recording = spec.recording
    if recording.madc_population == name and recording.madc_neuron >= size:
        recording = recording.replace(madc_neuron=size - 1)
    stimuli = tuple(
        _fitted(s, size)
        if isinstance(s, ConstantCurrent) and s.population == name
        else s
        for s in spec.stimuli
    )
    return spec.replace(network=network, recording=recording, stimuli=stimuli)


def place(spec: ExperimentSpec, name: str, circuit: int | None) -> ExperimentSpec:
    """Put a population of neurons on ``circuit`` and those after it.

    :param circuit: 0 to 511; None: the chip finds places
    :raises NetworkError: if it does not fit there, with who is there
    """
    population = spec.network.population(name)
    if not isinstance(population, LISpec):
        raise NetworkError(f"input '{name}'", "it takes no circuits of the chip.")
    placed = spec.network.with_population(population.replace(first_circuit=circuit))
    problems = list(place_problems(placed, name))
    if problems:
        raise NetworkError.of(problems)
    return spec.replace(network=placed)


def _resized(population: PopulationSpec, size: int) -> PopulationSpec:
    return _fitted(population, size).replace(size=size)


def _fitted(spec: S, size: int) -> S:
    """Return ``spec`` with arrays for ``size`` neurons: new ones are like the last."""
    changes: dict[str, Any] = {}
    for field, info in spec.infos().items():
        value = getattr(spec, field)
        if isinstance(value, Value):
            parts = {n: _stretched(v, size) for n, v in vars(value).items()}
            changes[field] = value.replace(**parts)
        elif info.per_neuron:
            changes[field] = _stretched(value, size)
    return spec.replace(**changes)


def _stretched(value: Any, size: int) -> Any:
    if np.ndim(value) != 1 or len(value) in (0, size):
        return value
    return value[np.minimum(np.arange(size), len(value) - 1)]


def move(
    spec: ExperimentSpec, positions: Mapping[str, tuple[float, float]]
) -> ExperimentSpec:
    """Put populations at other places on the canvas."""
    populations = tuple(
        p.replace(position=positions[p.name]) if p.name in positions else p
        for p in spec.network.populations
    )
    return spec.replace(network=spec.network.replace(populations=populations))


def paste(
    spec: ExperimentSpec,
    source: ExperimentSpec,
    names: Collection[str],
    shift: tuple[float, float] = (30.0, 30.0),
) -> tuple[ExperimentSpec, tuple[str, ...]]:
    """Add copies of populations of ``source``, with what lies between them.

    Their properties, their stimuli and the projections among them are copied, too.

    :param shift: from the originals to the copies, px
    :returns: the new document and the names of the copied populations
    """
    network, new_name = spec.network, dict[str, str]()
    for population in source.network.populations:
        if population.name not in names:
            continue
        name = unique_name(network, population.name)
        new_name[population.name] = name
        x, y = population.position
        copied = population.replace(
            name=name,
            position=(x + shift[0], y + shift[1]),
            color=_free_color(network),
        )
        if isinstance(copied, LISpec):
            copied = copied.replace(first_circuit=None)  # those are taken
        network = network.replace(populations=(*network.populations, copied))
    for projection in source.network.projections:
        if not {projection.source, projection.target} <= new_name.keys():
            continue
        pre, post = new_name[projection.source], new_name[projection.target]
        between = projection.replace(
            name=unique_name(network, f"{pre}_{post}"), source=pre, target=post
        )
        network = network.replace(projections=(*network.projections, between))
    stimuli = tuple(
        s.replace(population=new_name[s.population])
        for s in source.stimuli
        if s.population in new_name
    )
    pasted = spec.replace(network=network, stimuli=(*spec.stimuli, *stimuli))
    return pasted, tuple(new_name.values())


#: Edges and axes that boxes can be lined up along.
ALIGNMENTS = ("left", "top")
AXES = ("horizontally", "vertically")


def align(spec: ExperimentSpec, names: Collection[str], edge: str) -> ExperimentSpec:
    """Line populations up along the ``left`` or ``top`` of the outermost."""
    axis = ALIGNMENTS.index(edge)
    places = _places(spec, names)
    if not places:
        return spec
    least = min(place[axis] for place in places.values())
    return move(spec, {n: _with(p, axis, least) for n, p in places.items()})


def distribute(
    spec: ExperimentSpec, names: Collection[str], axis: str
) -> ExperimentSpec:
    """Give populations equal distances ``horizontally`` or ``vertically``."""
    along = AXES.index(axis)
    places = _places(spec, names)
    if len(places) < 3:
        return spec
    order = sorted(places, key=lambda name: places[name][along])
    first, last = places[order[0]][along], places[order[-1]][along]
    step = (last - first) / (len(order) - 1)
    return move(
        spec,
        {n: _with(places[n], along, first + i * step) for i, n in enumerate(order)},
    )


def _places(
    spec: ExperimentSpec, names: Collection[str]
) -> dict[str, tuple[float, float]]:
    return {p.name: p.position for p in spec.network.populations if p.name in names}


def _with(place: tuple[float, float], axis: int, value: float) -> tuple[float, float]:
    return (value, place[1]) if axis == 0 else (place[0], value)
