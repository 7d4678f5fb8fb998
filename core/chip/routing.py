"""Which synapses carry which source.

The chip has no negative weights: a row of synapses is excitatory or inhibitory. A
source, be it an external input or a neuron of the chip, therefore takes a driver, a
pair of rows with one of each sign, for every neuron it drives, whatever its weights
are. A row whose weights are all zero is taken like any other; only where a projection
has no synapse at all (`Projection.connected`) nothing is.

A circuit has 128 drivers, 32 on each bus, so it takes 128 signed sources; a neuron of c
circuits takes 128 c, because its sources are shared out to its circuits. In one column
a driver serves one source, in other columns others: synapses tell events apart by their
label (`core.chip.crossbar`).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from core.chip.buses import BusPlan, plan_buses
from core.chip.connections import Connections, connections
from core.chip.drivers import allot
from core.chip.geometry import (
    BUSES,
    CIRCUITS,
    COLUMNS,
    DRIVERS,
    HEMISPHERES,
    SYNAPSE_ROWS,
)
from core.chip.labels import Listeners, quiet_circuits, wire
from core.chip.network import Network
from core.chip.placement import place
from core.chip.results import PlacementResult, RoutingResult
from core.chip.routing_problems import problems
from core.chip.rows import wired
from core.errors import RoutingError

#: Gets the network with the circuits of each population filled in.
Router = Callable[[Network], RoutingResult]


class GreedyRouter:
    """Gives buses, drivers and synapses to sources in the order of the projections."""

    def __call__(self, network: Network) -> RoutingResult:
        """Return the synapses of every source.

        :param network: populations without circuits are placed as `place` does
        :raises RoutingError: if a neuron has too many sources, in all or on one bus, or
            labels run short
        """
        placement = place(network)
        wanted = connections(network, placement)
        plan = plan_buses(wanted, quiet_circuits(network, placement, wanted))
        if not plan.fits:
            raise RoutingError.of(problems(network, wanted, plan))
        return _routed(wanted, plan)


#: The chip's own software tries several routers; here one is enough.
PortfolioRouter = GreedyRouter


def route(
    network: Network, placement: PlacementResult, router: Router | None = None
) -> RoutingResult:
    """Route ``network``, placed as it is, with a router, by default the greedy one.

    A router of the user may give rows only, or change those of another router: then
    labels are chosen anew.
    """
    populations = tuple(
        replace(
            population,
            circuits=placement.joined.get(
                population.name, placement.circuits[population.name]
            ),
        )
        for population in network.populations
    )
    if router is None:
        router = GreedyRouter()
    elif isinstance(router, type):  # the class of a router instead of one
        router = router()
    result = router(replace(network, populations=populations))
    _check(result)
    known = result.wiring
    if known is not None and np.array_equal(known.rows(), result.row_source):
        return result
    return wired(result, network, placement)


def _routed(wanted: Connections, plan: BusPlan) -> RoutingResult:
    synapse_source = allot(wanted, plan)
    group = np.full((len(wanted.sources), BUSES), -1, np.int64)
    into = np.zeros((len(wanted.sources), BUSES, HEMISPHERES), bool)
    source = np.arange(len(wanted.sources))
    group[source, plan.bus] = plan.group
    for hemisphere in range(HEMISPHERES):
        here = np.unique(synapse_source[hemisphere])
        here = here[here >= 0]
        into[here, plan.bus[here], hemisphere] = True
    wiring = wire(
        wanted, synapse_source, Listeners(group, into, plan.groups, plan.quiet)
    )
    row_source = wiring.rows()
    signs = np.tile([1, -1], (HEMISPHERES, DRIVERS))
    row_sign = np.where(row_source == -1, 0, signs)
    return RoutingResult(row_source, row_sign, wanted.sources, wiring)


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
    _check_parts(result)


def _check_parts(result: RoutingResult) -> None:
    """Raise if the arrays of a routing do not fit together."""
    known, wiring = len(result.sources), result.wiring
    shapes: dict[str, tuple[Any, tuple[int, ...]]] = {}
    indices = {"row_source": result.row_source}
    if wiring is not None:
        synapses = (HEMISPHERES, SYNAPSE_ROWS, COLUMNS)
        shapes = {
            "synapse_source": (wiring.synapse_source, synapses),
            "labels": (wiring.labels, (known, BUSES)),
            "circuit_label": (wiring.circuit_label, (CIRCUITS,)),
            "driver_mask": (wiring.driver_mask, (HEMISPHERES, DRIVERS)),
        }
        indices["synapse_source"] = wiring.synapse_source
    for name, (array, shape) in shapes.items():
        if np.shape(array) != shape:
            raise RoutingError(
                "router",
                f"it returned {name} of shape {np.shape(array)}.",
                f"Use the shape {shape}.",
            )
    for name, index in indices.items():
        if np.max(index) >= known:
            raise RoutingError(
                "router",
                f"its {name} refers to source {np.max(index)} of {known}.",
                "List all sources; they are counted from 0.",
            )
