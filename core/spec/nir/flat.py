"""A graph with graphs inside becomes one: the node b of graph a is ``a.b``.

The input and the output of an inner graph become a `Joint`, which passes on what it
receives. An edge to an inner graph leads to its input, an edge from it leaves its
output.
"""

from typing import Any, NamedTuple

import nir

from core.errors import Problem

#: Graphs lie in graphs at most so deep.
MAX_DEPTH = 16


class Joint:
    """Input or output of an inner graph: passes on what it receives.

    :param node: the node that it was
    """

    def __init__(self, node: Any) -> None:
        self.metadata = getattr(node, "metadata", None)


class Flat(NamedTuple):
    """Nodes by their full name, and edges between these names."""

    nodes: dict[str, Any]
    edges: list[tuple[str, str]]


def flattened(graph: nir.NIRGraph, problems: list[Problem]) -> Flat:
    """Return ``graph`` without graphs inside, or add to ``problems`` why not.

    >>> import numpy as np
    >>> inner = nir.NIRGraph({"b": nir.Scale(np.ones(1))}, [], type_check=False)
    >>> sorted(flattened(nir.NIRGraph({"a": inner}, [], type_check=False), []).nodes)
    ['a.b']
    """
    flat = Flat({}, [])
    _add(flat, graph, "", 0, problems)
    return flat


def _add(
    flat: Flat, graph: Any, prefix: str, depth: int, problems: list[Problem]
) -> None:
    inner = {n: node for n, node in graph.nodes.items() if _is_graph(node)}
    names: dict[str, str] = {}
    for name, node in graph.nodes.items():
        full = f"{prefix}{name}"
        if full in flat.nodes:
            what = f"two nodes are called '{full}' once inner graphs are opened."
            problems.append(Problem(f"node '{full}'", what, "Rename one."))
        elif name in inner and depth == MAX_DEPTH:
            what = f"graphs lie in graphs more than {MAX_DEPTH} deep."
            problems.append(Problem(f"node '{full}'", what, "Flatten the graph."))
        elif name in inner:
            _add(flat, node, f"{full}.", depth + 1, problems)
        else:
            ends = depth and isinstance(node, nir.Input | nir.Output)
            flat.nodes[full] = Joint(node) if ends else node
        names[name] = full
    for edge in graph.edges:
        a, b = (names.get(str(end), f"{prefix}{end}") for end in edge)
        source = _end(inner.get(str(edge[0])), a, nir.Output, problems)
        target = _end(inner.get(str(edge[1])), b, nir.Input, problems)
        if source is not None and target is not None:
            flat.edges.append((source, target))


def _end(inner: Any, name: str, kind: Any, problems: list[Problem]) -> str | None:
    """Return the node at which an edge ends that names the inner graph ``name``."""
    if inner is None:
        return name
    found = [n for n, node in inner.nodes.items() if isinstance(node, kind)]
    if len(found) == 1:
        return f"{name}.{found[0]}"
    what = f"this inner graph has {len(found)} {kind.__name__} nodes."
    fix = f"Give it one, or let edges name a node inside, such as '{name}.x'."
    problem = Problem(f"node '{name}'", what, fix)
    if problem not in problems:
        problems.append(problem)
    return None


def _is_graph(node: Any) -> bool:
    return isinstance(node, nir.NIRGraph)
