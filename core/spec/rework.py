"""Edits of what is selected: another colour, defaults again, lines turned and inverted.

Like those of `core.spec.edit` they take an `ExperimentSpec` and return a new one.
"""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from core.errors import NetworkError
from core.spec.edit import color_of, random_weights, refusal, unique_name
from core.spec.experiment import ExperimentSpec
from core.spec.network import PopulationSpec, ProjectionSpec

#: So many colours differ (`workbench.theme`).
COLORS = 6


def recolor(spec: ExperimentSpec, names: Collection[str]) -> ExperimentSpec:
    """Give populations the next colour."""
    network = spec.network
    new = tuple(
        p.replace(color=(color_of(network, p.name) + 1) % COLORS)
        if p.name in names
        else p
        for p in network.populations
    )
    return spec.replace(network=network.replace(populations=new))


def reset(spec: ExperimentSpec, names: Collection[str]) -> ExperimentSpec:
    """Give populations their default parameters, projections weights as when drawn.

    Names, sizes and places stay.
    """
    network = spec.network
    populations = tuple(
        _fresh(p) if p.name in names else p for p in network.populations
    )
    projections = tuple(
        ProjectionSpec(
            name=p.name,
            source=p.source,
            target=p.target,
            weights=random_weights(p.weights.shape[0], p.weights.shape[1], place),
        )
        if p.name in names
        else p
        for place, p in enumerate(network.projections)
    )
    changed = network.replace(populations=populations, projections=projections)
    return spec.replace(network=changed)


def _fresh(population: PopulationSpec) -> PopulationSpec:
    return type(population)(
        name=population.name,
        size=population.size,
        position=population.position,
        color=population.color,
    )


def invert(spec: ExperimentSpec, names: Collection[str]) -> ExperimentSpec:
    """Make excitatory weights of projections inhibitory, and the reverse."""
    network = spec.network
    for projection in network.projections:
        if projection.name in names:
            weights = np.negative(projection.weights)
            network = network.with_projection(
                projection.replace(weights=weights, rule=None)
            )
    return spec.replace(network=network)


def reverse(
    spec: ExperimentSpec, names: Collection[str]
) -> tuple[ExperimentSpec, tuple[str, ...]]:
    """Turn projections round; the weights of each pair stay.

    :returns: the new document, and the new names of the projections
    :raises NetworkError: if one can never lie the other way
    """
    network, made = spec.network, list[str]()
    for projection in spec.network.projections:
        if projection.name not in names or projection.source == projection.target:
            continue
        source, target = projection.target, projection.source
        reason = refusal(network, source, target)
        if reason is not None:
            raise NetworkError(f"projection '{projection.name}' turned round", reason)
        others = tuple(p for p in network.projections if p.name != projection.name)
        network = network.replace(projections=others)
        turned = replace(
            projection,
            name=unique_name(network, f"{source}_{target}"),
            source=source,
            target=target,
            weights=projection.weights.T,
            rule=None,
        )
        network = network.replace(projections=(*others, turned))
        made.append(turned.name)
    view = spec.view
    if made and view.selected in names:
        view = view.replace(selected=made[0])
    return spec.replace(network=network, view=view), tuple(made)
