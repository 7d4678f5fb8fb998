"""Write a network as a NIR graph; the conventions are in `core.spec.nir_io`."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import networkx as nx
import nir
import numpy as np
from numpy.typing import NDArray

from core.errors import ConversionError, Problem
from core.spec.fields import Spec, each
from core.spec.json_data import to_data
from core.spec.network import (
    AELIFSpec,
    LIFSpec,
    LISpec,
    NetworkSpec,
    PopulationSpec,
    ProjectionSpec,
)
from core.spec.nir.currents import bias_of
from core.spec.nir.graph import OWN_KEY
from core.spec.nir.groups import grouped
from core.spec.nir.neurons import PARAMETERS, REFRACTORY_KEY, representable
from core.spec.nir.numbers import Style, node_type, numbers, weight_factor
from core.spec.nir.times import DT, check_dt, check_time_factor
from core.spec.stimulus import ConstantCurrent, Stimulus

#: Where the metadata of a node say in words what NIR cannot hold.
NOTE_KEY = "note"


def to_nir(
    network: NetworkSpec,
    *,
    time_factor: float | None = None,
    stimuli: Iterable[Stimulus] = (),
    dt: float | None = None,
    in_steps: bool | None = None,
    loops: str = "late",
    numbered: bool = False,
) -> nir.NIRGraph:
    """Return ``network`` as a NIR graph.

    For snnTorch, whose step is 1e-4 in its files, write ``in_steps=True,
    time_factor=dt / SNNTORCH_STEP``; Norse runs the same file with ``dt=1e-4``.

    :param time_factor: file number × this = seconds on the chip; None takes that of
        the network, which is that of the file it was read from
    :param stimuli: those that are constant currents become the bias of an Affine
    :param dt: step width of the run, s: of the bias, and of ``in_steps``; None: 1 µs
    :param in_steps: r, w_in and weights as frameworks take them that count in steps;
        None writes as the file did that the network was read from
    :param loops: when spikes in loops arrive, as of `RunSpec`; our metadata keep it
    :param numbered: nodes are called 0, 1, ..., sources before targets, and numbers
        are double precision, as in the API of the chip
    :raises ConversionError: if a NIR graph cannot hold it; lists all reasons
    """
    factor = network.time_factor if time_factor is None else time_factor
    check_time_factor(factor)
    dt = DT if dt is None else dt
    check_dt(dt)
    counted = network.counted and in_steps is None
    step = dt if in_steps or counted else None
    writer = _Writer(network, factor, dt, step, counted, stimuli, loops, numbered)
    return writer.graph()


def export_notes(
    network: NetworkSpec, stimuli: Iterable[Stimulus] = ()
) -> tuple[Problem, ...]:
    """Return what others will see otherwise in the file of ``network``."""
    stimuli = tuple(stimuli)
    return tuple(
        Problem(f"population '{name}'", what, severity="note", subject=name)
        for name, what in _lost(network, stimuli)
    )


def _lost(
    network: NetworkSpec, stimuli: tuple[Stimulus, ...]
) -> Iterator[tuple[str, str]]:
    for population in network.populations:
        if not isinstance(population, LISpec):
            continue
        name = population.name
        if isinstance(population, AELIFSpec):
            yield name, _no_adex(node_type(population))
        if isinstance(population, LIFSpec) and np.any(population.refractory_time):
            what = "NIR has no refractory time: other programs run it without."
            yield name, what
        if not population.leaky and population.tau_syn is not None:
            what = "NIR has no node with a synaptic current and no leak"
            yield name, f"{what}: it is written with a very long tau_mem."
    for current in stimuli:
        if isinstance(current, ConstantCurrent) and not _whole(current):
            what = "its current that is switched on and off is not written."
            yield current.population, what


def _whole(current: ConstantCurrent) -> bool:
    return current.start == 0 and current.stop is None


class _Writer:
    """One network on its way into one graph."""

    def __init__(
        self,
        network: NetworkSpec,
        time_factor: float,
        dt: float,
        step: float | None,
        counted: bool,
        stimuli: Iterable[Stimulus],
        loops: str,
        numbered: bool,
    ) -> None:
        self.network, self.factor, self.dt = network, time_factor, dt
        self.loops, self.numbered = loops, numbered
        self.step, self.counted = step, counted
        self.currents = [
            s for s in stimuli if isinstance(s, ConstantCurrent) and _whole(s)
        ]
        self.nodes: dict[str, nir.NIRNode] = {}
        self.facts: dict[str, dict[str, Any]] = {}
        self.edges: list[tuple[str, str]] = []
        names = _sources_first(network) if numbered else [*network.names]
        self.names = _node_names(names)
        if numbered:
            self.names = {name: str(n) for n, name in enumerate(names)}

    def graph(self) -> nir.NIRGraph:
        """Return the graph, or refuse with all reasons."""
        problems = [*_graph_problems(self.network), *self._number_problems()]
        if problems:
            raise ConversionError.of(problems)
        for population in self.network.populations:
            self._add_population(population)
        carriers = self._carriers()
        for projection in self.network.projections:
            self._add_projection(projection, carriers)
        outputs = self._add_outputs()
        for name, node in self.nodes.items():
            # ASCII, because HDF5 cuts a text at a NUL character.
            node.metadata[OWN_KEY] = json.dumps(self.facts[name] | {"node": name})
        order = {
            "time_factor": float(self.factor),
            "dt": float(self.dt),
            "in_steps": self.step is not None,
            "counted": self.counted,
            "loops": self.loops,
            "populations": [self.names[p.name] for p in self.network.populations],
            "projections": [self.names[p.name] for p in self.network.projections],
            "outputs": outputs,
        }
        # nirtorch follows edges in this order, and what it meets last is the result.
        back = {
            self.names[p.name] for p in self.network.projections if p.source == p.target
        }
        self.edges.sort(key=lambda edge: back.isdisjoint(edge))
        if self.numbered:
            self.nodes = {n: self.nodes[n] for n in sorted(self.nodes, key=int)}
            self.edges.sort(key=lambda edge: (int(edge[0]), int(edge[1])))
        nodes, edges = grouped(self.nodes, self.edges, self._rings())
        metadata = {OWN_KEY: json.dumps(order)}
        return nir.NIRGraph(nodes, edges, metadata=metadata, type_check=False)

    def _style(self, population: PopulationSpec) -> Style:
        name = population.name
        loops = (p.source == p.target == name for p in self.network.projections)
        return Style(self.step, any(loops), self.numbered, self.counted)

    def _add_population(self, population: PopulationSpec) -> None:
        name, size = self.names[population.name], population.size
        if isinstance(population, LISpec):
            node = neuron_node(population, self.factor, self._style(population))
        else:
            node = nir.Input(input_type={"input": np.array([size])})
        self._add(name, node, _facts(population, f"population '{population.name}'"))

    def _add(self, name: str, node: nir.NIRNode, facts: dict[str, Any]) -> None:
        self.nodes[name], self.facts[name] = node, facts

    def _carriers(self) -> dict[str, ConstantCurrent]:
        """Return the projections that carry a bias, with the current it stands for."""
        found = {}
        for current in self.currents:
            into = self.network.incoming(current.population)
            free = [p.name for p in into if p.name not in found]
            if free:
                found[free[0]] = current
            else:
                self._add_driver(current)
        return found

    def _add_driver(self, current: ConstantCurrent) -> None:
        """Add an input without spikes for neurons that no projection reaches."""
        target = self.names[current.population]
        source = self._free(f"bias_{target}")
        self._add(source, nir.Input({"input": np.array([1])}), {"added": True})
        size = self.network.population(current.population).size
        name = self._free(f"bias_{target}")
        node = nir.Affine(np.zeros((size, 1)), self._bias(current))
        facts = {"added": True, "current": _facts(current, "constant current")}
        self._add(name, node, facts)
        self.edges += [(source, name), (name, target)]

    def _free(self, base: str) -> str:
        """Return the name of a node of our own making."""
        taken = {**self.nodes, **dict.fromkeys(self.names.values())}
        if self.numbered:
            base = str(len(taken))
        return _free(base, taken)

    def _bias(self, current: ConstantCurrent) -> NDArray[np.float64]:
        """Return what is added to the input at each step, as weights are written."""
        population = self.network.population(current.population)
        if not isinstance(population, LISpec):
            raise TypeError("only neurons take a current")  # checked before
        factor: NDArray[np.float64] = np.asarray(
            weight_factor(population, self._style(population)), float
        )
        return bias_of(current, population, self.dt) * factor

    def _add_projection(
        self, projection: ProjectionSpec, carriers: dict[str, ConstantCurrent]
    ) -> None:
        name = self.names[projection.name]
        bare = projection.replace(weights=np.zeros((0, 0)))
        facts = _facts(bare, f"projection '{projection.name}'")
        weights: NDArray[Any] = np.array(projection.weights)
        target = self.network.population(projection.target)
        if self.step is not None and isinstance(target, LISpec):
            factor = weight_factor(target, self._style(target))
            # In double precision our own weights come back exactly.
            weights = weights.astype(np.float64) * each(factor, target.size)[:, None]
        if projection.name in carriers:
            current = carriers[projection.name]
            facts["current"] = _facts(current, "constant current")
            self._add(name, nir.Affine(weights, self._bias(current)), facts)
        else:
            self._add(name, nir.Linear(weight=weights), facts)
        source = self.names[projection.source]
        if projection.delay:
            size = self.network.population(projection.source).size
            between = self._free(f"delay_{name}")
            delay = np.full(size, projection.delay / self.factor)
            self._add(between, nir.Delay(delay), {"added": True})
            self.edges.append((source, between))
            source = between
        self.edges += [(source, name), (name, self.names[projection.target])]

    def _add_outputs(self) -> list[str]:
        outputs = []
        for source in self.network.outputs or _ends(self.network):
            many = len(self.network.outputs) != 1
            base = f"output_{self.names[source]}" if many else "output"
            name = self._free(base)
            size = self.network.population(source).size
            node = nir.Output(output_type={"output": np.array([size])})
            self._add(name, node, {"added": not self.network.outputs})
            self.edges.append((self.names[source], name))
            outputs.append(name)
        return outputs

    def _rings(self) -> list[str]:
        """Return the projections among populations of the same group of names."""
        found = []
        for projection in self.network.projections:
            ends = (projection.name, projection.source, projection.target)
            groups = {self.names[e].split(".")[0] for e in ends if "." in self.names[e]}
            if len(groups) == 1 and all("." in self.names[e] for e in ends):
                found.append(self.names[projection.name])
        return found

    def _number_problems(self) -> Iterator[Problem]:
        for population in self.network.populations:
            where, name = f"population '{population.name}'", population.name
            if population.size < 1:
                yield Problem(where, "it is empty.", "Give it a neuron.", subject=name)
            elif isinstance(population, LISpec):
                for what, fix in self._wrong_numbers(population):
                    yield Problem(where, what, fix, subject=name)
        for current in self.currents:
            names = [p.name for p in self.network.populations if isinstance(p, LISpec)]
            if current.population not in names:
                where, name = f"current into '{current.population}'", current.population
                what = "there are no such neurons."
                yield Problem(where, what, "Remove it.", subject=name)

    def _wrong_numbers(self, population: LISpec) -> Iterator[tuple[str, str]]:
        if not np.all(np.greater(population.membrane_capacitance, 0)):
            yield "its capacitance is not above 0.", "Set it."
            return
        found = numbers(population, self.factor, self._style(population))
        for parameter, values in found.items():
            if values.shape not in ((), (population.size,)):
                what = f"{parameter} has {values.size} values."
                yield what, f"Give one, or {population.size}."
                continue
            positive = parameter in ("tau_mem", "tau_syn", "r", "w_in")
            for value in np.unique(values):
                if not (representable(value) if positive else np.isfinite(value)):
                    what = f"{parameter} would be {value:g} in the file."
                    yield what, "Choose another value."
                    break


def neuron_node(population: LISpec, time_factor: float, style: Style) -> nir.NIRNode:
    """Return the node of a population of neurons, without our own facts."""
    kind, size = node_type(population), population.size
    values = numbers(population, time_factor, style)
    node: nir.NIRNode = getattr(nir, kind)(
        **{PARAMETERS[kind][n]: _full(size, v) for n, v in values.items()}
    )
    time = getattr(population, "refractory_time", 0.0)
    if np.ndim(time) == 0 and time > 0:
        node.metadata[REFRACTORY_KEY] = time / time_factor
    if isinstance(population, AELIFSpec):
        node.metadata[NOTE_KEY] = _no_adex(kind)
    return node


def _no_adex(kind: str) -> str:
    what = f"NIR has no AdEx: it is written as {kind} plus metadata of ours"
    return f"{what}; other programs run it without the extra terms."


def _facts(spec: Spec, where: str) -> dict[str, Any]:
    try:
        return to_data(spec)
    except ConversionError as error:
        raise ConversionError.of(
            Problem(f"{where}, {p.where}", p.what, p.fix) for p in error.problems
        ) from None


def _full(size: int, value: NDArray[Any]) -> NDArray[Any]:
    return np.array(np.broadcast_to(value, (size,)))


def _sources_first(network: NetworkSpec) -> list[str]:
    """Return all names, sources first; in a circle, projections first."""
    names = [p.name for p in network.projections]
    names += [p.name for p in network.populations]
    rank = {name: n for n, name in enumerate(names)}
    edges = nx.DiGraph()
    edges.add_nodes_from(names)
    for projection in network.projections:
        edges.add_edge(projection.source, projection.name)
        edges.add_edge(projection.name, projection.target)
    circles = nx.condensation(edges)
    members = {
        c: sorted(circles.nodes[c]["members"], key=rank.__getitem__) for c in circles
    }
    order = nx.lexicographical_topological_sort(circles, lambda c: rank[members[c][0]])
    return [name for c in order for name in members[c]]


def _ends(network: NetworkSpec) -> list[str]:
    """Return the populations that send nothing: other readers demand an output."""
    sources = {p.source for p in network.projections if p.source != p.target}
    names = [p.name for p in network.populations]
    return [name for name in names if name not in sources] or names[-1:]


def _node_names(names: Iterable[str]) -> dict[str, str]:
    """Return a name for each of ``names`` that HDF5 can hold."""
    taken: dict[str, str] = {}
    for name in names:
        safe = re.sub(r"[/\x00]", "_", name)
        taken[_free("_" if safe in ("", ".", "..") else safe, taken)] = name
    return {name: safe for safe, name in taken.items()}


def _free(base: str, taken: dict[str, Any]) -> str:
    name, count = base, 1
    while name in taken:
        count += 1
        name = f"{base}_{count}"
    return name


def _graph_problems(network: NetworkSpec) -> Iterator[Problem]:
    for name, count in Counter(network.names).items():
        if count > 1:
            what = f"{count} populations or projections have this name."
            yield Problem(f"'{name}'", what, "Rename all but one.", subject=name)
    populations = {p.name: p for p in network.populations}
    for name in network.outputs:
        if name not in populations:
            what = f"there is no population '{name}'."
            yield Problem("outputs", what, "Choose a population.")
    for projection in network.projections:
        where, name = f"projection '{projection.name}'", projection.name
        pre, post = (
            populations.get(end) for end in (projection.source, projection.target)
        )
        if pre is None or post is None:
            what = "it ends at no population."
            yield Problem(where, what, "Connect it anew.", subject=name)
        elif not pre.spiking or not post.accepts_input:
            what = f"{pre.kind} cannot project to {post.kind}."
            yield Problem(where, what, "Remove it.", subject=name)
        elif projection.weights.shape != (post.size, pre.size):
            what = f"the weights have shape {projection.weights.shape}."
            fix = f"The populations need {(post.size, pre.size)} (target, source)."
            yield Problem(where, what, fix, subject=name)
        elif not np.isfinite(projection.weights).all():
            what = "some weights are not finite."
            yield Problem(where, what, "Set them to numbers.", subject=name)
        elif not (np.isfinite(projection.delay) and projection.delay >= 0):
            what = f"its delay is {projection.delay} s."
            yield Problem(where, what, "Give a time of 0 or more.", subject=name)
