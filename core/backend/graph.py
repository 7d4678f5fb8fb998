"""Modules as numbered nodes and handles as edges of a directed graph.

A handle that no module fills enters from an open source ``"s_<node>_<number>"``, a
handle that none reads leaves to an open target ``"t_<node>"``. Handles are compared by
identity. A group of modules can be collapsed to one node ``"w_<number>"``.
"""

from collections.abc import Sequence
from typing import Any

import networkx as nx

from core.errors import NetworkError
from core.handle import DataHandle

Node = int | str


def is_open(node: Node) -> bool:
    """Return whether ``node`` is an open source or target, not something that runs."""
    return isinstance(node, str) and node[0] in "st"


def connect(
    graph: Any, node: int, sources: Sequence[DataHandle], target: DataHandle
) -> None:
    """Add ``node`` between the handles it reads and the one it fills.

    Its attribute ``sources`` keeps what it reads, in the order of the calls.
    """
    graph.add_node(node)
    before = graph.nodes[node].get("sources", ())
    graph.nodes[node]["sources"] = (*before, *sources)
    for handle in sources:
        _add_source(graph, node, handle)
    _add_target(graph, node, target)


def put_before(
    graph: Any, node: int, new: int, source: DataHandle, handle: DataHandle
) -> None:
    """Let ``new`` read ``source`` in place of ``node``, which then reads ``handle``."""
    for producer, consumer in edges_of(graph, source):
        if consumer == node:
            graph.remove_edge(producer, node)
            graph.add_edge(producer, new, handle=source)
    graph.nodes[new]["sources"] = (source,)
    graph.nodes[node]["sources"] = tuple(
        handle if h is source else h for h in graph.nodes[node]["sources"]
    )
    graph.add_edge(new, node, handle=handle)
    _producers(graph)[id(handle)] = new


def _add_source(graph: Any, node: int, handle: DataHandle) -> None:
    producer = _producers(graph).get(id(handle))
    if producer is None:
        producer = f"s_{node}_{graph.in_degree(node)}"
        _producers(graph)[id(handle)] = producer
    elif (producer, f"t_{producer}") in graph.edges:
        graph.remove_node(f"t_{producer}")
    graph.add_edge(producer, node, handle=handle)


def _add_target(graph: Any, node: int, handle: DataHandle) -> None:
    producer = _producers(graph).get(id(handle))
    if producer is None:
        graph.add_edge(node, f"t_{node}", handle=handle)
        _producers(graph)[id(handle)] = node
    elif producer != node and is_open(producer):  # read before it was filled
        _producers(graph)[id(handle)] = node
        for consumer in list(graph.successors(producer)):
            graph.add_edge(node, consumer, handle=handle)
        graph.remove_node(producer)


def edges_of(graph: Any, handle: DataHandle) -> list[tuple[Any, Any]]:
    """Return the edges that carry ``handle``."""
    return [(a, b) for a, b, h in graph.edges.data("handle") if h is handle]


def _producers(graph: Any) -> dict[int, Node]:
    """Return where handles come from, by their identity; the edges keep them alive."""
    found: dict[int, Node] = graph.graph.setdefault("producers", {})
    return found


def inputs_of(graph: Any, node: Node) -> tuple[DataHandle, ...]:
    """Return the handles that ``node`` reads, in the order they were connected."""
    sources: tuple[DataHandle, ...] = graph.nodes[node]["sources"]
    return sources


def outputs_of(graph: Any, node: Node) -> tuple[DataHandle, ...]:
    """Return the handles that ``node`` fills, each once."""
    edges = graph.out_edges(node, data="handle")
    return tuple({id(handle): handle for _, _, handle in edges}.values())


def open_inputs(graph: Any) -> list[DataHandle]:
    """Return the handles that no module fills, each once."""
    found: dict[int, DataHandle] = {
        id(edge["handle"]): edge["handle"]
        for source, after in graph.adjacency()
        if is_open(source)
        for edge in after.values()
    }
    return list(found.values())


def collapse(graph: Any, name: str, members: Sequence[int]) -> None:
    """Replace ``members`` by one node ``name`` with attributes.

    :ivar is_wrapper: True
    :ivar sources: handles that enter the group, by member, one for each connection
    :ivar targets: handles that the members fill, by member
    """
    inside = set(members)
    filled = [handle for m in members for handle in outputs_of(graph, m)]
    own = {id(handle) for handle in filled}
    read = [handle for m in members for handle in inputs_of(graph, m)]
    edges = [
        (name if a in inside else a, name if b in inside else b, handle)
        for a, b, handle in graph.edges.data("handle")
        if (a in inside) != (b in inside)
    ]
    graph.remove_nodes_from(inside)
    graph.add_node(
        name,
        is_wrapper=True,
        sources=tuple(handle for handle in read if id(handle) not in own),
        targets=tuple(filled),
    )
    for a, b, handle in edges:
        graph.add_edge(a, b, handle=handle)


def order(graph: Any, names: dict[Node, str]) -> list[Node]:
    """Return what runs, sources first.

    :param names: what to call each node in an error
    :raises NetworkError: if nodes depend on each other in a circle
    """
    rank = {node: i for i, node in enumerate(names)}
    running = graph.subgraph(n for n in graph if not is_open(n))
    try:
        return list(nx.lexicographical_topological_sort(running, rank.__getitem__))
    except nx.NetworkXUnfeasible:
        circle = ", ".join(names[a] for a, _ in nx.find_cycle(running))
        raise NetworkError(
            "network",
            "Encountered cyclic dependencies in the network. These modules wait for"
            f" each other: {circle}.",
            "Put them into one HXModuleWrapper, or remove a connection between them.",
        ) from None
