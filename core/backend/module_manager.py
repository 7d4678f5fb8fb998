"""The modules of an experiment: how they are connected and in which order they run."""

import logging
from abc import ABC, abstractmethod
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

import networkx as nx
from torch import Tensor

from core.backend import graph as graphs
from core.backend.graph import Node, is_open
from core.errors import HXError, NetworkError, ShapeError
from core.handle import DataHandle
from core.modules.batch_dropout import BatchDropout
from core.modules.hx_module import HXTorchBaseModule
from core.modules.hx_module_wrapper import HXModuleWrapper
from core.modules.input_neuron import InputNeuron
from core.modules.neuron import AELIF
from core.modules.types import (
    BasePopulation,
    InputPopulation,
    Population,
    Projection,
    finite_spikes,
)

if TYPE_CHECKING:
    from core.experiment import Experiment

log = logging.getLogger(__name__)

#: A module, the handles it reads, and the handle or handles it fills.
Step = tuple[
    HXTorchBaseModule,
    tuple[DataHandle, ...],
    DataHandle | tuple[DataHandle, ...],
]


class DropoutError(HXError, TypeError):
    """A dropout layer does not follow one layer of neurons."""


class BaseModuleManager(ABC):
    """What an experiment needs of its modules."""

    @abstractmethod
    def clear(self) -> None:
        """Start a new graph."""

    @abstractmethod
    def add_node(
        self,
        module: HXTorchBaseModule,
        sources: tuple[DataHandle, ...] | DataHandle,
        target: DataHandle,
    ) -> None:
        """Connect ``module`` to the handles it reads and to the one it fills."""

    @abstractmethod
    def add_wrapper(self, wrapper: HXModuleWrapper) -> None:
        """Let ``wrapper`` run in place of its members."""

    @abstractmethod
    def done(self) -> list[Step]:
        """Return what to run in which order and start a new graph."""


class ModuleManager(BaseModuleManager):
    """The modules of an experiment; the graph lasts from one run to the next.

    :ivar nodes: all modules seen so far with their numbers
    :ivar wrappers: all wrappers seen so far with their names ``"w_<number>"``
    :ivar graph: modules by number, connected by handles, since the last run
    :ivar prev_graph: the graph of the last run

    >>> import torch, core
    >>> experiment = core.Experiment(mock=True)
    >>> synapse = core.Synapse(2, 3, experiment)
    >>> _ = synapse(core.LIFObservables(spikes=torch.ones(5, 1, 2)))
    >>> sorted(experiment.modules.graph.edges, key=str)
    [('s_0_0', 0), (0, 't_0')]
    """

    _default_input_type: ClassVar[type[InputNeuron]] = InputNeuron
    _population_types: ClassVar[tuple[type[BasePopulation], ...]] = (
        Population,
        InputPopulation,
    )

    def __init__(self) -> None:
        self.nodes: dict[HXTorchBaseModule, int] = {}
        self.wrappers: dict[HXModuleWrapper, str] = {}
        self.graph: Any = nx.DiGraph()
        self.prev_graph: Any = None
        self._inputs: dict[Projection, InputNeuron] = {}
        self._masked: dict[AELIF, Tensor | None] = {}
        self._graph_hash: int | None = None
        self._said_doubled = False
        self._ordered: tuple[Any, list[Node]] = (None, [])

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the graphs: a copy starts with an empty one."""
        return self.__dict__ | {"graph": nx.DiGraph(), "prev_graph": None}

    def __str__(self) -> str:
        lines = (f"{node}: {module}" for module, node in self.nodes.items())
        return "\n".join((f"{type(self).__name__}:", *lines))

    @property
    def _open_sources(self) -> set[str]:
        return {n for n in self.graph if is_open(n) and n.startswith("s")}

    @property
    def _open_targets(self) -> set[str]:
        return {n for n in self.graph if is_open(n) and n.startswith("t")}

    def clear(self) -> None:
        """Start a new graph; modules and wrappers keep their numbers."""
        self.prev_graph, self.graph = self.graph, nx.DiGraph()

    def add_node(
        self,
        module: HXTorchBaseModule,
        sources: tuple[DataHandle, ...] | DataHandle,
        target: DataHandle,
    ) -> None:
        """Connect ``module`` to the handles it reads and to the one it fills."""
        node = self.nodes.setdefault(module, self.get_node_id())
        handles = sources if isinstance(sources, tuple) else (sources,)
        graphs.connect(self.graph, node, handles, target)

    def add_wrapper(self, wrapper: HXModuleWrapper) -> None:
        """Let ``wrapper`` run in place of its members.

        :raises NetworkError: if a member is in another wrapper
        """
        for other in self.wrappers:
            shared = [m for m in other.members if wrapper.contains(m)]
            if other is not wrapper and shared:
                raise NetworkError(
                    "wrapper",
                    "You tried to register a wrapper with a group of modules that are"
                    " partially registered in another group.",
                    f"Remove {', '.join(type(m).__name__ for m in shared)} from one of"
                    " the two wrappers.",
                )
        self.wrappers.setdefault(wrapper, self.get_wrapper_id())

    def get_node_id(self) -> int:
        """Return the number of the next new module."""
        return len(self.nodes)

    def get_wrapper_id(self) -> str:
        """Return the name of the next new wrapper."""
        return f"w_{len(self.wrappers)}"

    def get_module_by_id(self, node_id: int) -> HXTorchBaseModule | None:
        """Return the module with a number."""
        return next((m for m, node in self.nodes.items() if node == node_id), None)

    def get_id_by_module(self, module: HXTorchBaseModule) -> int | None:
        """Return the number of a module."""
        return self.nodes.get(module)

    def get_wrapper_by_id(self, wrapper_id: str) -> HXModuleWrapper | None:
        """Return the wrapper with a name."""
        return next(
            (w for w, name in self.wrappers.items() if name == wrapper_id), None
        )

    def get_id_by_wrapper(self, wrapper: HXModuleWrapper) -> str | None:
        """Return the name of a wrapper."""
        return self.wrappers.get(wrapper)

    def has_module(self, module: HXTorchBaseModule) -> bool:
        """Return whether ``module`` was ever connected."""
        return module in self.nodes

    def find_edges(self, handle: DataHandle) -> list[tuple[Any, Any]]:
        """Return the edges that carry ``handle``, by identity."""
        return graphs.edges_of(self.graph, handle)

    def changed_since_last_run(self) -> bool:
        """Return whether modules or connections changed since the last chip run."""
        changed = any(getattr(m, "changed_since_last_run", False) for m in self.nodes)
        return changed or self._graph_hash != hash(frozenset(self.graph.edges))

    def reset_changed_since_last_run(self) -> None:
        """Note that the chip has seen the current state of all modules."""
        self._graph_hash = hash(frozenset(self.graph.edges))
        for module in self.nodes:
            getattr(module, "reset_changed_since_last_run", lambda: None)()

    def connected(self) -> list[HXTorchBaseModule]:
        """Return the modules of the current graph, by number."""
        return [m for m, node in self.nodes.items() if node in self.graph]

    def input_data(self) -> list[DataHandle]:
        """Return the handles that no module fills."""
        return graphs.open_inputs(self.graph)

    def inputs_of(self, module: HXTorchBaseModule) -> tuple[DataHandle, ...]:
        """Return the handles that ``module`` reads, in the order of its calls."""
        return graphs.inputs_of(self.graph, self.nodes[module])

    def source_populations(self, module: HXTorchBaseModule) -> list[BasePopulation]:
        """Return the nearest populations before ``module``."""
        return self._get_populations(module)

    def target_populations(self, module: HXTorchBaseModule) -> list[BasePopulation]:
        """Return the nearest populations after ``module``."""
        return self._get_populations(module, target=True)

    def _get_populations(
        self, module: HXTorchBaseModule, target: bool = False
    ) -> list[BasePopulation]:
        neighbours = self.graph.successors if target else self.graph.predecessors
        node = self.nodes[module]
        found: list[BasePopulation] = []
        seen, todo = set(), list(neighbours(node))
        while todo:
            other = todo.pop(0)
            if is_open(other) or other in seen:
                continue
            seen.add(other)
            near = self.get_module_by_id(other)
            if isinstance(near, self._population_types):
                found.append(near)
            else:
                todo += neighbours(other)
        return found

    def pre_process(self, instance: "Experiment") -> None:
        """Prepare the graph for a run of the experiment ``instance``.

        New dropout masks are drawn; on the chip, spikes enter through inputs.

        :raises NetworkError: if a projection was called more than once
        :raises SpikesError: if spikes that enter are no dense tensor
        :raises ParameterError: if they are not finite
        """
        self._check_projections()
        self._check_spikes()
        self._handle_dropout_mask()
        if not instance.mock:
            self._handle_inputs(instance)

    def _check_projections(self) -> None:
        for module in self.connected():
            inputs = self.inputs_of(module)
            if isinstance(module, Projection) and len(inputs) > 1:
                raise NetworkError(
                    str(module.descriptor or module.name or type(module).__name__),
                    f"was called with {len(inputs)} inputs since the last run.",
                    "Call each synapse once, with one handle, before each run.",
                )

    def _check_spikes(self) -> None:
        entering = {id(handle) for handle in self.input_data()}
        for module in self.connected():
            if isinstance(module, Projection | InputPopulation):
                for handle in self.inputs_of(module):
                    if id(handle) in entering:
                        finite_spikes(type(module).__name__, handle.spikes)

    def _handle_inputs(self, instance: "Experiment") -> None:
        """Put an `InputNeuron` in front of each projection with an open source."""
        open_edges = [e for e in self.graph.edges.data("handle") if is_open(e[0])]
        read = Counter(id(handle) for *_, handle in open_edges)
        if max(read.values(), default=0) > 1 and not self._said_doubled:
            self._said_doubled = True
            log.warning(
                "A handle is read by several synapses, so the chip gets its spikes once"
                " for each of them. An InputNeuron before the synapses sends them once."
            )
        for _, node, handle in open_edges:
            projection = self.get_module_by_id(node)
            if not isinstance(projection, Projection):
                continue
            if projection not in self._inputs:
                self._inputs[projection] = self._default_input_type(
                    projection.in_features, instance, projection.execution_instance
                )
            neuron = self._inputs[projection]
            number = self.nodes.setdefault(neuron, self.get_node_id())
            graphs.put_before(self.graph, node, number, handle, neuron.output_handle)

    def _handle_dropout_mask(self) -> None:
        """Draw the mask of each dropout and give it to the neurons before it.

        :raises DropoutError: if something else than one layer of neurons is before it
        """
        while self._masked:  # a mask of a dropout lasts for one run
            silenced, own = self._masked.popitem()
            silenced.mask = own
        for module in self.connected():
            if not isinstance(module, BatchDropout):
                continue
            before = [
                self.get_module_by_id(node)
                for node in self.graph.predecessors(self.nodes[module])
                if not is_open(node)
            ]
            if any(not isinstance(m, AELIF) for m in before) or len(before) > 1:
                raise DropoutError(
                    "dropout",
                    "The BatchDropout module is only allowed to succeed a Neuron"
                    " module.",
                    "Call it with the handle of one layer of neurons.",
                )
            mask = module.set_mask()
            for neuron in before:
                assert isinstance(neuron, AELIF), "checked above"
                if neuron.size != module.size:
                    raise ShapeError(
                        "dropout",
                        f"has {module.size} neurons, those before it are"
                        f" {neuron.size}.",
                        "Give it the size of the neurons before it.",
                    )
                self._masked[neuron] = own = neuron.mask
                neuron.mask = mask if own is None else mask & own.to(mask)

    def _handle_wrappers(self) -> None:
        """Replace the members of each wrapper by one node."""
        for wrapper, name in self.wrappers.items():
            members = [self.nodes.get(m) for m in wrapper.members]
            called = [m for m in members if m is not None and m in self.graph]
            if not called:
                continue
            if len(called) < len(members):
                raise NetworkError(
                    f"wrapper '{name}'",
                    f"{len(members) - len(called)} of its {len(members)} modules were"
                    " not called.",
                    "Call each of its modules before the run, or leave it out.",
                )
            graphs.collapse(self.graph, name, called)

    def done(self) -> list[Step]:
        """Return what to run in which order and start a new graph.

        :raises NetworkError: if modules depend on each other in a circle
        """
        modules = self.graph
        if self.wrappers:
            self.graph = modules.copy()
        try:
            self._handle_wrappers()
            steps = self._order()
        finally:
            self.graph = modules
        self.clear()
        return steps

    def _order(self) -> list[Step]:
        """Return the nodes of the graph in the order they run."""
        runs: dict[Node, HXTorchBaseModule] = {n: m for m, n in self.nodes.items()}
        runs |= {name: wrapper for wrapper, name in self.wrappers.items()}
        edges = tuple((node, *after) for node, after in self.graph.adjacency())
        shape = tuple(runs), edges
        if shape != self._ordered[0]:  # in training it is the same in each run
            names = {node: type(module).__name__ for node, module in runs.items()}
            self._ordered = shape, graphs.order(self.graph, names)
        steps: list[Step] = []
        for node in self._ordered[1]:
            inputs = graphs.inputs_of(self.graph, node)
            group = self.graph.nodes[node].get("targets")
            targets = graphs.outputs_of(self.graph, node) if group is None else (group,)
            steps += [(runs[node], inputs, target) for target in targets]
        return steps
