"""Modules as nodes and handles as edges of a graph, and the order to run them in.

Handles that no module produces enter from an open source ``"s_<module>_<number>"``,
handles that none consumes leave to an open target ``"t_<module>"``.
"""

from typing import TYPE_CHECKING, Any

import networkx as nx

from core.errors import NetworkError
from core.handle import DataHandle
from core.modules.hx_module import HXTorchBaseModule
from core.modules.input_neuron import InputNeuron
from core.modules.types import BasePopulation, Projection

if TYPE_CHECKING:
    from core.experiment import Experiment

#: A module, the handles it reads, and the handle it fills.
Step = tuple[HXTorchBaseModule, tuple[DataHandle, ...], DataHandle]


class ModuleManager:
    """The modules of an experiment; the graph lasts from one run to the next.

    :ivar nodes: all modules seen so far with their numbers
    :ivar graph: modules by number, connected by handles, since the last run
    :ivar prev_graph: the graph of the last run
    """

    def __init__(self) -> None:
        self.nodes: dict[HXTorchBaseModule, int] = {}
        self.graph: Any = nx.DiGraph()
        self.prev_graph: Any = None
        self._inputs: dict[Projection, InputNeuron] = {}

    def __str__(self) -> str:
        lines = (f"{node}: {module}" for module, node in self.nodes.items())
        return "\n".join((f"{type(self).__name__}:", *lines))

    def clear(self) -> None:
        """Start a new graph; modules keep their numbers and inputs."""
        self.prev_graph, self.graph = self.graph, nx.DiGraph()

    def add_node(
        self,
        module: HXTorchBaseModule,
        sources: tuple[DataHandle, ...] | DataHandle,
        target: DataHandle,
    ) -> None:
        """Connect ``module`` to the handles it reads and to the one it fills."""
        node = self.nodes.setdefault(module, len(self.nodes))
        self.graph.add_node(node)
        for handle in sources if isinstance(sources, tuple) else (sources,):
            self._add_source(node, handle)
        self._add_target(node, target)

    def _add_source(self, node: int, handle: DataHandle) -> None:
        producer = self._producer(handle)
        if producer is None:
            producer = f"s_{node}_{self.graph.in_degree(node)}"
        elif (producer, f"t_{producer}") in self.graph.edges:
            self.graph.remove_node(f"t_{producer}")
        self.graph.add_edge(producer, node, handle=handle)

    def _add_target(self, node: int, handle: DataHandle) -> None:
        producer = self._producer(handle)
        if producer is None:
            self.graph.add_edge(node, f"t_{node}", handle=handle)
        elif producer != node and is_open(producer):  # read before it was produced
            for consumer in list(self.graph.successors(producer)):
                self.graph.add_edge(node, consumer, handle=handle)
            self.graph.remove_node(producer)

    def find_edges(self, handle: DataHandle) -> list[tuple[Any, Any]]:
        """Return the edges that carry ``handle``, by identity."""
        return [(a, b) for a, b, h in self.graph.edges.data("handle") if h is handle]

    def _producer(self, handle: DataHandle) -> Any:
        edges = self.find_edges(handle)
        return edges[0][0] if edges else None

    def get_module_by_id(self, node_id: int) -> HXTorchBaseModule | None:
        """Return the module with a number."""
        return next((m for m, node in self.nodes.items() if node == node_id), None)

    def get_id_by_module(self, module: HXTorchBaseModule) -> int | None:
        """Return the number of a module."""
        return self.nodes.get(module)

    def has_module(self, module: HXTorchBaseModule) -> bool:
        """Return whether ``module`` was ever connected."""
        return module in self.nodes

    def changed_since_last_run(self) -> bool:
        """Return whether a module changed since the last run on the chip."""
        return any(getattr(m, "changed_since_last_run", False) for m in self.nodes)

    def reset_changed_since_last_run(self) -> None:
        """Note that the chip has seen the current state of all modules."""
        for module in self.nodes:
            getattr(module, "reset_changed_since_last_run", lambda: None)()

    def connected(self) -> list[HXTorchBaseModule]:
        """Return the modules of the current graph, by number."""
        return [m for m, node in self.nodes.items() if node in self.graph]

    def input_data(self) -> list[DataHandle]:
        """Return the handles that no module produces."""
        found: dict[int, DataHandle] = {
            id(handle): handle
            for source, _, handle in self.graph.edges.data("handle")
            if is_open(source)
        }
        return list(found.values())

    def inputs_of(self, module: HXTorchBaseModule) -> tuple[DataHandle, ...]:
        """Return the handles that ``module`` reads, in the order of its calls."""
        edges = self.graph.in_edges(self.nodes[module], data="handle")
        return tuple(handle for _, _, handle in edges)

    def source_populations(self, module: HXTorchBaseModule) -> list[BasePopulation]:
        """Return the nearest populations before ``module``."""
        return self._populations(self.nodes[module], self.graph.predecessors)

    def target_populations(self, module: HXTorchBaseModule) -> list[BasePopulation]:
        """Return the nearest populations after ``module``."""
        return self._populations(self.nodes[module], self.graph.successors)

    def _populations(self, node: Any, neighbours: Any) -> list[BasePopulation]:
        found: list[BasePopulation] = []
        seen, todo = {node}, list(neighbours(node))
        while todo:
            other = todo.pop(0)
            if is_open(other) or other in seen:
                continue
            seen.add(other)
            module = self.get_module_by_id(other)
            if isinstance(module, BasePopulation):
                found.append(module)
            else:
                todo += neighbours(other)
        return found

    def pre_process(self, experiment: "Experiment") -> None:
        """Prepare the graph for a run: on the chip, spikes enter through inputs."""
        if not experiment.mock:
            self._handle_inputs(experiment)

    def _handle_inputs(self, experiment: "Experiment") -> None:
        """Put an `InputNeuron` in front of each projection with an open source."""
        open_edges = [e for e in self.graph.edges.data("handle") if is_open(e[0])]
        for source, node, handle in open_edges:
            projection = self.get_module_by_id(node)
            if not isinstance(projection, Projection):
                continue
            if projection not in self._inputs:
                self._inputs[projection] = InputNeuron(
                    projection.in_features, experiment, projection.execution_instance
                )
            neuron = self._inputs[projection]
            number = self.nodes.setdefault(neuron, len(self.nodes))
            self.graph.remove_edge(source, node)
            self.graph.add_edge(source, number, handle=handle)
            self.graph.add_edge(number, node, handle=neuron.output_handle)

    def done(self) -> list[Step]:
        """Return what to run in which order and start a new graph.

        :raises NetworkError: if modules depend on each other in a circle
        """
        steps = self._order()
        self.clear()
        return steps

    def _order(self) -> list[Step]:
        modules = {node: module for module, node in self.nodes.items()}
        graph = self.graph.subgraph(n for n in self.graph if not is_open(n))
        try:
            order = list(nx.lexicographical_topological_sort(graph))
        except nx.NetworkXUnfeasible:
            circle = (modules[a] for a, _ in nx.find_cycle(graph))
            raise NetworkError(
                "network",
                "Encountered cyclic dependencies in the network. These modules wait "
                f"for each other: {', '.join(type(m).__name__ for m in circle)}.",
                "Remove one of the connections between them.",
            ) from None
        return [
            (modules[n], self.inputs_of(modules[n]), modules[n].output_handle)
            for n in order
        ]


def is_open(node: Any) -> bool:
    """Return whether ``node`` is an open source or target, not a module."""
    return isinstance(node, str)
