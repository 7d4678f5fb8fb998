"""Which synapse row carries which source.

The chip has no negative weights: a row is excitatory or inhibitory. A source, be it an
external input or a neuron of the chip, therefore takes a pair of rows in every
hemisphere it projects into, one of each sign, whatever its weights are.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from core.chip.geometry import (
    HEMISPHERE_NAMES,
    HEMISPHERES,
    SOURCES_PER_HEMISPHERE,
    SYNAPSE_ROWS,
    hemisphere_of,
)
from core.chip.network import Network, Projection
from core.chip.placement import place
from core.chip.results import PlacementResult, RoutingResult
from core.errors import Problem, RoutingError

Source = tuple[str, int]
#: Gets the network with the circuits of each population filled in.
Router = Callable[[Network], RoutingResult]


class GreedyRouter:
    """Gives rows to sources in the order of the projections, from row 0 upwards."""

    def __call__(self, network: Network) -> RoutingResult:
        """Return the synapse rows of every source.

        :param network: populations without circuits are placed as `place` does
        :raises RoutingError: if a hemisphere has too few rows
        """
        placement = place(network)
        wanted = [_sources_into(network, placement, h) for h in range(HEMISPHERES)]
        problems = [
            problem
            for hemisphere, sources in enumerate(wanted)
            if len(sources) > SOURCES_PER_HEMISPHERE
            for problem in _too_many(network, placement, hemisphere, len(sources))
        ]
        if problems:
            raise RoutingError.of(problems)
        return _allot(wanted)


#: The chip's own software tries several routers; here one is enough.
PortfolioRouter = GreedyRouter


def route(
    network: Network, placement: PlacementResult, router: Router | None = None
) -> RoutingResult:
    """Route ``network``, placed as it is, with a router, by default the greedy one."""
    populations = tuple(
        replace(population, circuits=placement.circuits[population.name])
        for population in network.populations
    )
    if router is None:
        router = GreedyRouter()
    elif isinstance(router, type):  # the class of a router instead of one
        router = router()
    result = router(replace(network, populations=populations))
    _check(result)
    return result


def _check(result: object) -> None:
    """Raise if a router of the user gave something that is no routing."""
    shape = (HEMISPHERES, SYNAPSE_ROWS)
    for name in ("row_source", "row_sign"):
        rows: Any = getattr(result, name, None)  # a stand-in says here what it is not
        if np.shape(rows) != shape:
            raise RoutingError(
                "router",
                f"it returned {type(result).__name__} with {name} of shape"
                f" {np.shape(rows)}.",
                f"Return a RoutingResult, as GreedyRouter does: rows of shape {shape}.",
            )
    if not isinstance(result, RoutingResult):
        raise RoutingError(
            "router", f"it returned {type(result).__name__}.", "Return a RoutingResult."
        )


def _allot(wanted: list[list[Source]]) -> RoutingResult:
    sources = tuple(dict.fromkeys(source for part in wanted for source in part))
    index = {source: i for i, source in enumerate(sources)}
    row_source = np.full((HEMISPHERES, SYNAPSE_ROWS), -1, np.int64)
    row_sign = np.zeros((HEMISPHERES, SYNAPSE_ROWS), np.int64)
    for hemisphere, part in enumerate(wanted):
        rows = 2 * len(part)
        row_source[hemisphere, :rows] = np.repeat([index[s] for s in part], 2)
        row_sign[hemisphere, :rows] = np.tile([1, -1], len(part))
    return RoutingResult(row_source, row_sign, sources)


def _sources_into(
    network: Network, placement: PlacementResult, hemisphere: int
) -> list[Source]:
    seen: dict[Source, None] = {}
    for projection in _projections_into(network, placement, hemisphere):
        size = projection.weights.shape[1]
        seen.update(dict.fromkeys((projection.source, i) for i in range(size)))
    return list(seen)


def _projections_into(
    network: Network, placement: PlacementResult, hemisphere: int
) -> Iterable[Projection]:
    for projection in network.projections:
        circuits = placement.circuits[projection.target]
        if np.any(hemisphere_of(circuits) == hemisphere):
            yield projection


def _too_many(
    network: Network, placement: PlacementResult, hemisphere: int, sources: int
) -> Iterable[Problem]:
    projections = list(_projections_into(network, placement, hemisphere))
    names = ", ".join(
        f"'{p.name}' ({p.source} → {p.target}, {p.weights.shape[1]} sources)"
        for p in projections
    )
    where = "projection" if len(projections) == 1 else "projections"
    yield Problem(
        f"{where} {names}",
        f"need {2 * sources} synapse rows in the {HEMISPHERE_NAMES[hemisphere]}"
        f" hemisphere, {SYNAPSE_ROWS} exist.",
        "A signed source takes two rows: use at most"
        f" {SOURCES_PER_HEMISPHERE} sources per hemisphere, or move a population to"
        " the other hemisphere.",
    )
