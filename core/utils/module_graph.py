"""The modules that a model ran, as a graph for other formats."""

from typing import Any

import networkx as nx

from core.backend.graph import is_open
from core.backend.module_manager import ModuleManager
from core.modules import AELIF, InputNeuron, Projection


class ModuleGraph:
    """The graph of the last run, without input neurons: they are a part of the input.

    :param manager: it has run
    :param outputs: modules whose handles leave the model; empty: those that none reads
    :ivar edges: from node to node; modules are numbers, inputs and outputs strings
    :ivar modules: modules by their node
    """

    def __init__(self, manager: ModuleManager, outputs: tuple[Any, ...] = ()) -> None:
        self.edges: Any = nx.DiGraph(manager.prev_graph)
        self.modules: dict[int, Any] = {
            node: manager.get_module_by_id(node)
            for node in self.edges
            if not is_open(node)
        }
        self._sizes: dict[str, int] = {}
        if outputs:
            self._leave_at(outputs)
        self._merge_inputs()
        if not any(map(_is_target, self.edges)):  # all handles are read, in a circle
            neurons = [n for n, m in self.modules.items() if isinstance(m, AELIF)]
            self.edges.add_edges_from((node, f"t_{node}") for node in neurons)

    def order(self) -> list[Any]:
        """Return all nodes, sources first; modules of a circle by number."""

        def rank(node: Any) -> tuple[int, str]:
            return (int(node.split("_")[1]), node) if is_open(node) else (node, "")

        circles = nx.condensation(self.edges)
        members = {c: sorted(circles.nodes[c]["members"], key=rank) for c in circles}
        order = nx.lexicographical_topological_sort(
            circles, key=lambda c: rank(members[c][0])
        )
        return [node for circle in order for node in members[circle]]

    def is_input(self, node: Any) -> bool:
        """Return whether ``node`` is where data enter."""
        return _is_source(node)

    def size(self, node: Any) -> int:
        """Return the number of channels that ``node`` gives; of an output, its own."""
        if _is_target(node):
            (node,) = self.edges.predecessors(node)
        if node in self.modules:
            return _channels(self.modules[node], "out_features")
        if node in self._sizes:
            return self._sizes[node]
        reader = self.modules[next(iter(self.edges.successors(node)))]
        return _channels(reader, "in_features")

    def _leave_at(self, outputs: tuple[Any, ...]) -> None:
        numbers = {id(module): node for node, module in self.modules.items()}
        self.edges.remove_nodes_from([n for n in self.edges if _is_target(n)])
        nodes = [numbers[id(module)] for module in outputs]
        self.edges.add_edges_from((node, f"t_{node}") for node in nodes)

    def _merge_inputs(self) -> None:
        for node, module in list(self.modules.items()):
            before = list(self.edges.predecessors(node))
            if isinstance(module, InputNeuron) and all(map(_is_source, before)):
                after = list(self.edges.successors(node))
                self.edges.add_edges_from((a, b) for a in before for b in after)
                self._sizes |= dict.fromkeys(before, module.size)
                self.edges.remove_node(node)
                del self.modules[node]


def _is_source(node: Any) -> bool:
    return is_open(node) and node.startswith("s_")


def _is_target(node: Any) -> bool:
    return is_open(node) and node.startswith("t_")


def _channels(module: Any, side: str) -> int:
    return int(getattr(module, side if isinstance(module, Projection) else "size"))
