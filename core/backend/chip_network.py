"""From the graph of modules to the network of each chip.

Here model units end: modules add themselves in the units of the chip. A projection
from a population of another chip gets the spikes that were recorded there as its input.
"""

from collections.abc import Callable, Iterable

import networkx as nx

from core.backend.module_manager import ModuleManager
from core.chip.network import ExternalPopulation, Network
from core.errors import NetworkError, NotEmulatedError, ParameterError, ShapeError
from core.execution_instance import ExecutionInstance
from core.modules.hx_module import HXModule
from core.modules.types import BasePopulation, InputPopulation, Projection
from core.units import CYCLE, format_quantity

#: The timer of the chip counts cycles in 32 bits.
MAX_CYCLES = 2**32 - 1
#: The chip that a module is on.
InstanceOf = Callable[[BasePopulation | Projection], ExecutionInstance]


class Partition:
    """Which part of the network is on which chip.

    :param manager: with the graph of the run
    :param instance_of: the chip of a module
    """

    def __init__(self, manager: ModuleManager, instance_of: InstanceOf) -> None:
        self._manager = manager
        self._instance_of = instance_of
        projections = [m for m in manager.connected() if isinstance(m, Projection)]
        self._ends = {p: self._populations(p) for p in projections}

    def _populations(self, module: Projection) -> tuple[BasePopulation, BasePopulation]:
        """Return the populations that ``module`` connects."""
        sources = self._manager.source_populations(module)
        targets = self._manager.target_populations(module)
        if len(sources) != 1 or len(targets) != 1:
            raise ProjectionError(
                f"projection '{module.descriptor}'",
                f"has {len(sources)} source and {len(targets)} target populations.",
                "On the chip, put each synapse between two populations.",
            )
        if self._instance_of(module) is not self._instance_of(targets[0]):
            raise NetworkError(
                f"projection '{module.descriptor}'",
                f"is on {self._instance_of(module)}, its target"
                f" '{targets[0].descriptor}' on {self._instance_of(targets[0])}.",
                "Give a synapse the execution instance of the neurons it drives.",
            )
        return sources[0], targets[0]

    def order(self, instances: Iterable[ExecutionInstance]) -> list[ExecutionInstance]:
        """Return the chips so that each runs after those it gets spikes from.

        :raises NetworkError: if chips wait for each other
        """
        graph = nx.DiGraph()
        graph.add_nodes_from(instances)
        for source, target in self._ends.values():
            a, b = self._instance_of(source), self._instance_of(target)
            if a is not b and not isinstance(source, InputPopulation):
                graph.add_edge(a, b)
        try:
            return list(nx.lexicographical_topological_sort(graph, lambda i: int(i.ID)))
        except nx.NetworkXUnfeasible:
            circle = ", ".join(str(a) for a, _ in nx.find_cycle(graph))
            raise NetworkError(
                "experiment",
                f"these chips wait for each other's spikes: {circle}.",
                "Put populations that form a loop on one execution instance.",
            ) from None

    def network(self, instance: ExecutionInstance) -> Network:
        """Return the network of one chip.

        :raises RecordingError: if its recordings do not fit together
        :raises SharedValueError: if populations differ in a value it has only once
        """
        builder = instance.network_builder()
        for source in self._relayed(instance):
            builder.add(ExternalPopulation(str(source.descriptor), source.size))
        for projection, (source, target) in self._ends.items():
            if self._instance_of(target) is instance:
                projection.add_to_network_graph(
                    str(source.descriptor), str(target.descriptor), builder
                )
        return builder.done()

    def _relayed(self, instance: ExecutionInstance) -> list[BasePopulation]:
        """Return the populations of other chips whose spikes enter this one."""
        pairs = self._ends.values()
        entering = [
            source
            for source, target in pairs
            if self._instance_of(target) is instance
            and self._instance_of(source) is not instance
        ]
        return list(dict.fromkeys(entering))


class ProjectionError(NetworkError, AssertionError):
    """A projection is not between one source and one target population."""


def runtime_cycles(runtime: int | None, dt: float) -> int:
    """Return the runtime in FPGA cycles.

    :param runtime: number of steps of ``dt``
    :param dt: step width, s
    :raises ParameterError: if it does not fit the timer of the chip
    """
    if runtime is None or runtime < 1:
        raise ParameterError(
            "run",
            "Requested runtime invalid.",
            f"Give a positive number of time steps, not {runtime!r}.",
        )
    cycles = round(runtime * dt / CYCLE)
    if cycles > MAX_CYCLES:
        raise ParameterError(
            "run",
            f"Runtime of {format_quantity(runtime * dt, 's')} to long. Maximum"
            f" supported runtime {format_quantity(MAX_CYCLES * CYCLE, 's', 4)}.",
            "Run fewer steps or use a smaller dt.",
        )
    return cycles


def batch_size(manager: ModuleManager) -> int:
    """Return the number of batch entries of all inputs, 1 without inputs.

    Data that has not the three axes (time, batch, neurons) has no batch.

    :raises ShapeError: if they differ
    """
    handles = manager.input_data()
    data = [getattr(h, n) for h in handles for n in h.names() if h.holds(n)]
    sizes = {d.shape[1] for d in data if getattr(d, "ndim", 0) == 3}
    if len(sizes) > 1:
        raise ShapeError(
            "experiment",
            f"inputs have different batch sizes: {sorted(sizes)}.",
            "Give all inputs the same batch size.",
        )
    return sizes.pop() if sizes else 1


def refuse_plasticity(entities: Iterable[HXModule]) -> None:
    """Raise if a synapse is to learn on the chip.

    :raises NotEmulatedError: if one is
    :raises ParameterError: if the CADC is to record at the same time
    """
    entities = list(entities)
    rules = [m for m in entities if getattr(m, "plasticity_rule", None) is not None]
    if not rules:
        return
    where = f"projection '{rules[0].descriptor}'"
    if any(getattr(m, "enable_cadc_recording", False) for m in entities):
        raise ParameterError(
            where,
            "CADC recoding & plasticity rule cannot both be active!",
            "Set enable_cadc_recording=False on all neurons, or leave the rule out.",
        )
    raise NotEmulatedError(
        where,
        "plasticity rules run on the PPU of the chip, which is not emulated.",
        "Leave out plasticity_rule.",
    )
