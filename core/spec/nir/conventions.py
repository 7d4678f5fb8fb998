"""What a report says of the conventions that a file follows or leaves open."""

from collections import Counter

import networkx as nx

from core.spec.network import LIFSpec, NetworkSpec
from core.spec.nir.graph import GraphReader, Link
from core.units import format_quantity


def tell_steps(found: GraphReader, told: float | None, dt: float) -> None:
    """Tell that a file counts in steps, and of what width.

    :param told: the step, file time; None: it does not
    :param dt: the step, s
    """
    if told is None:
        return
    shown = format_quantity(dt, "s")
    cuba = any(n.current and n.step for n in found.neurons.values())
    who = "r and w_in count" if cuba else "r counts"
    what = f"{who} in steps of {told:g}: a spike adds its weight"
    found.remarks.add(
        "assumed", "NIR file", f"{what}, C = tau_mem / r is a step ({shown})."
    )


def tell_conventions(found: GraphReader) -> None:
    """Tell what files of others leave open."""
    for names in loops(found.links):
        shown = "' and '".join(sorted(names))
        what = "spikes within the loop arrive promptly, as in programs that count in"
        fix = "Run it with loops 'prompt'."
        found.remarks.add("assumed", f"'{shown}'", f"{what} steps.", fix)
        if len(names) > 1:
            what = "each population in the loop takes a step here, in programs that"
            what = f"{what} count in steps most take none."
            found.remarks.add("approximated", f"'{shown}'", what)
    neurons = found.neurons.values()
    if any(n.current and n.step is None for n in neurons):
        what = "w_in = 1 means that a spike raises the current by its weight"
        found.remarks.add(
            "assumed", "NIR file", f"{what}, as Norse and hxtorch write it."
        )
    if any(n.kind is LIFSpec for n in neurons):
        what = (
            "spikes reset the membrane to v_reset, 0 if the file has none; "
            "a network that subtracts the threshold has other rates here."
        )
        found.remarks.add("assumed", "NIR file", what)


def tell_read(found: GraphReader, network: NetworkSpec) -> None:
    """Tell what is in the graph."""
    kinds = Counter(type(n).__name__ for n in found.nodes.values())
    kinds.pop("Joint", None)
    listed = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    weights = sum(p.weights.size for p in network.projections)
    what = (
        f"{len(network.populations)} populations and {len(network.projections)} "
        f"projections with {weights} weights ({listed or 'no nodes'})."
    )
    found.remarks.add("read", "NIR graph", what)


def loops(links: list[Link]) -> list[set[str]]:
    """Return the groups of populations that depend on each other in a circle."""
    graph = nx.DiGraph((link.source, link.target) for link in links)
    groups: list[set[str]] = list(nx.strongly_connected_components(graph))
    return [g for g in groups if len(g) > 1 or graph.has_edge(*g, *g)]
