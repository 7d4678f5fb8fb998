"""What `from_nir` needs to know of a NIR graph, and what it refuses."""

import logging
from typing import Any

import networkx as nx
import nir

from core.errors import ConversionError, Problem
from core.spec.nir.graph import GraphReader

log = logging.getLogger(__name__)

#: Nodes that have a module, or need none.
KNOWN = (nir.Input, nir.Output, nir.Linear, nir.CubaLI, nir.CubaLIF)


class UnsupportedNodeError(ConversionError, NotImplementedError):
    """A node or a module has no counterpart on the other side."""


def unsupported(where: str, node: Any) -> Problem:
    """Return the problem of a node that has no module."""
    what = f"{type(node).__name__} has no module here."
    return Problem(where, what, "Use Input, Output, Linear, CubaLIF and CubaLI.")


def read_graph(graph: nir.NIRGraph) -> GraphReader:
    """Return what is in ``graph``.

    :raises UnsupportedNodeError: if a node has no module; lists all
    :raises ConversionError: if it cannot be read; lists all reasons
    """
    unknown = [
        unsupported(f"node '{name}'", node)
        for name, node in graph.nodes.items()
        if not isinstance(node, KNOWN)
    ]
    if unknown:
        raise UnsupportedNodeError.of(unknown)
    found = GraphReader(graph)
    found.read()
    for notes in found.remarks.parts.values():
        for note in notes:
            log.info("%s", note)
    fed = {link.target for link in found.links}
    problems = [
        Problem(f"node '{name}'", "it receives nothing.", "Connect or remove it.")
        for name in found.neurons
        if name not in fed
    ]
    if "input" not in found.roles.values():
        problems.append(Problem("NIR graph", "it has no input.", "Add an Input node."))
    if problems:
        raise ConversionError.of(problems)
    return found


def sources(found: GraphReader) -> dict[str, tuple[str, ...]]:
    """Return the nodes before each synapse and each population of neurons."""
    before: dict[str, tuple[str, ...]] = {}
    for link in found.links:
        before[link.name] = (link.source,)
        before[link.target] = (*before.get(link.target, ()), link.name)
    return before


def sources_first(found: GraphReader, recurrence: bool = False) -> list[list[str]]:
    """Return the nodes with a module, each after those it reads.

    :param recurrence: nodes may depend on each other in a circle
    :returns: lists of one node, or of all nodes of a circle
    :raises UnsupportedNodeError: if there is a circle that may not be
    """
    names = [*found.shapes, *(link.name for link in found.links)]
    rank = {name: i for i, name in enumerate(names)}
    edges = nx.DiGraph()
    edges.add_nodes_from(rank)
    for name, before in sources(found).items():
        edges.add_edges_from((source, name) for source in before)
    parts = nx.condensation(edges)
    members = {
        n: sorted(parts.nodes[n]["members"], key=rank.__getitem__) for n in parts
    }
    if not recurrence and len(members) < len(names):
        circle = " -> ".join(f"'{a}'" for a, _ in nx.find_cycle(edges))
        raise UnsupportedNodeError(
            "NIR graph",
            f"it has a loop: {circle}.",
            "Remove a connection, or use ConversionConfig(recurrence=True).",
        )
    order = nx.lexicographical_topological_sort(parts, lambda n: rank[members[n][0]])
    return [members[n] for n in order]
