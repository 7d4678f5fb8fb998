"""Names ``outer.inner`` become graphs in the graph again: `flat` the other way.

Only groups that hold a projection among their own populations do, such as recurrent
layers, and only if one node of theirs receives and one sends, as inner graphs need.
"""

from collections.abc import Collection
from typing import Any

import nir

Edges = list[tuple[str, str]]


def grouped(
    nodes: dict[str, Any], edges: Edges, rings: Collection[str]
) -> tuple[dict[str, Any], Edges]:
    """Return nodes and edges with groups put into graphs of their own.

    :param rings: projections whose populations lie in the same group
    """
    for prefix in dict.fromkeys(name.split(".")[0] for name in rings):
        start = f"{prefix}."
        inside = {name for name in nodes if name.startswith(start)}
        entries = {b for a, b in edges if b in inside and a not in inside}
        exits = {a for a, b in edges if a in inside and b not in inside}
        short = {name: name.removeprefix(start) for name in inside}
        nameless = {"", ".", ".."} & set(short.values())
        if prefix in ("", *nodes) or nameless or len(entries) != 1 or len(exits) != 1:
            continue
        (entry,), (leave,) = entries, exits
        ends = {_free(end, short.values()): end for end in ("input", "output")}
        first, last = ends
        inner = {
            first: nir.Input({"input": nodes[entry].input_type["input"]}),
            **{short[name]: nodes[name] for name in nodes if name in inside},
            last: nir.Output({"output": nodes[leave].output_type["output"]}),
        }
        joined = [(short[a], short[b]) for a, b in edges if {a, b} <= inside]
        # nirtorch takes what the last edge leads to as the result of the graph.
        joined = [(first, short[entry]), *joined, (short[leave], last)]
        graph = nir.NIRGraph(inner, joined, metadata={}, type_check=False)
        nodes = _replaced(nodes, inside, prefix, graph)
        edges = [
            (prefix if a in inside else a, prefix if b in inside else b)
            for a, b in edges
            if not {a, b} <= inside
        ]
    return nodes, edges


def _replaced(
    nodes: dict[str, Any], inside: set[str], prefix: str, graph: Any
) -> dict[str, Any]:
    """Return ``nodes`` with ``graph`` where the first of its nodes was."""
    found: dict[str, Any] = {}
    for name, node in nodes.items():
        if name in inside:
            found.setdefault(prefix, graph)
        else:
            found[name] = node
    return found


def _free(base: str, taken: Collection[str]) -> str:
    name, count = base, 1
    while name in taken:
        count += 1
        name = f"{base}_{count}"
    return name
