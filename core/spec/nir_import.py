"""Read a network from a NIR graph; the conventions are in `core.spec.nir_io`."""

import math
from dataclasses import dataclass
from typing import Any

import nir
from numpy.typing import NDArray

from core.errors import ConversionError, HXError, Problem
from core.spec.json_data import from_data
from core.spec.network import (
    InputSpec,
    LISpec,
    NetworkSpec,
    PopulationSpec,
    ProjectionSpec,
)
from core.spec.nir_export import TIME_FACTOR, check_time_factor
from core.spec.nir_graph import GraphReader, Link
from core.spec.nir_layout import depths, placed
from core.spec.nir_neurons import (
    fitting_factor,
    merged,
    population_of,
    range_notes,
    stretched,
    unreachable,
)
from core.units import format_quantity


@dataclass(frozen=True)
class Conversion:
    """A network read from a NIR graph.

    :param notes: what was folded, changed or filled in
    :param time_factor: file number × this = seconds on the chip
    :param dt: the time step that the file counts in, chip seconds, if it tells one
    """

    network: NetworkSpec
    notes: tuple[Problem, ...]
    time_factor: float
    dt: float | None = None


def from_nir(graph: nir.NIRGraph, time_factor: float | None = None) -> Conversion:
    """Return the network in ``graph``, with notes on what was changed.

    :param time_factor: file number × this = seconds on the chip; None takes the one
        that the file was written with; for files of others 1e-3 or, if the chip cannot
        reach the times then, a round one with which it can
    :raises ConversionError: if the graph cannot be read; lists all reasons
    """
    if not isinstance(graph, nir.NIRGraph):
        what = f"it is a {type(graph).__name__}."
        raise ConversionError("NIR graph", what, "Give a nir.NIRGraph.")
    found = GraphReader(graph)
    stored: Any = found.order.get("time_factor")
    known = isinstance(stored, float) and math.isfinite(stored) and stored > 0
    written = float(stored) if known else TIME_FACTOR
    factor = written if time_factor is None else time_factor
    check_time_factor(factor)
    found.read()
    read = _Builder(found, factor, factor / written if known else 1.0).convert()
    if time_factor is not None or known or not unreachable(read.network.populations):
        return read
    fit = fitting_factor(read.network.populations, factor)
    return read if fit is None else _refitted(graph, fit)


def _refitted(graph: nir.NIRGraph, time_factor: float) -> Conversion:
    """Read again with a factor that was chosen here, and say so."""
    read = from_nir(graph, time_factor)
    what = f"its times fit the chip with time_factor {time_factor:g} (not 0.001)."
    note = Problem("NIR file", what, "Check that they are what you mean.", "note")
    return Conversion(read.network, (note, *read.notes), time_factor, read.dt)


class _Builder:
    """Makes a network of what was found in a graph.

    :param stretch: what our own times are multiplied by to agree with the factor
    """

    def __init__(self, found: GraphReader, factor: float, stretch: float) -> None:
        self.found, self.factor, self.stretch = found, factor, stretch

    def convert(self) -> Conversion:
        """Return network, notes, time factor and step."""
        weights, in_order = self.found.weights, self.found.in_order
        populations = {
            name: self._population(name, size)
            for name, size in self.found.sizes.items()
        }
        names = self._names([*populations, *(link.matrix for link in weights)])
        projections = {
            link.matrix: self._projection(link, matrix, names)
            for link, matrix in weights.items()
        }
        network = NetworkSpec(
            tuple(
                populations[name].replace(name=names[name])
                for name in in_order("populations", [*populations])
            ),
            tuple(
                projections[name] for name in in_order("projections", [*projections])
            ),
            tuple(names[name] for name in self.found.outputs),
        )
        network = self._completed(network, {names[n] for n in populations}, names)
        steps = [n.step for n in self.found.neurons.values() if n.step is not None]
        dt = steps[0] * self.factor if steps else None
        if dt is not None:
            what = f"r and w_in count in steps of {steps[0]:g}: a spike adds its weight"
            shown = format_quantity(dt, "s")
            self.found.tell("NIR file", f"{what}, C = tau_mem / r is a step ({shown}).")
        self.found.notes += range_notes(network.populations, self.factor)
        return Conversion(network, tuple(self.found.notes), self.factor, dt)

    def _completed(
        self, network: NetworkSpec, read: set[str], names: dict[str, str]
    ) -> NetworkSpec:
        """Give places to populations without, and order those of other programs."""
        new = {names[n] for n in names if not self.found.own[n]} & read
        if not new:
            return network
        if not self.found.order:
            depth = depths(network)
            network = network.replace(
                populations=tuple(
                    sorted(network.populations, key=lambda p: depth[p.name])
                )
            )
        what = f"{len(new)} nodes come without hardware values and places"
        self.found.tell("NIR file", f"{what}: they get the defaults.")
        return placed(network, new)

    def _population(self, name: str, size: int) -> PopulationSpec:
        neurons = self.found.neurons.get(name)
        own = self._own_spec(PopulationSpec, name)
        if own is not None and self.stretch != 1:
            own = stretched(own, self.stretch)
        if neurons is None:
            if isinstance(own, InputSpec):
                return own.replace(size=size)
            return InputSpec(name=name, size=size)
        read = population_of(name, neurons, size, self.factor)
        if not isinstance(own, LISpec) or type(own) is not type(read):
            return read
        own, changed = merged(own, read, neurons, self.factor)
        if changed:
            what = f"the file was changed: its {', '.join(changed)} count."
            self.found.note(name, what)
        return own.replace(size=size)

    def _projection(
        self, link: Link, weights: NDArray[Any], names: dict[str, str]
    ) -> ProjectionSpec:
        fields: dict[str, Any] = {
            "name": names[link.matrix],
            "source": names[link.source],
            "target": names[link.target],
            "weights": weights,
        }
        own = self._own_spec(ProjectionSpec, link.matrix)
        return ProjectionSpec(**fields) if own is None else own.replace(**fields)

    def _own_spec(self, cls: type[Any], name: str) -> Any:
        """Return what our metadata of the node say, or None."""
        facts = {k: v for k, v in self.found.own[name].items() if k != "node"}
        if not facts:
            return None
        try:
            return from_data(cls, facts)
        except HXError as error:
            self.found.note(name, f"its metadata cannot be read ({error.problems[0]}).")
            self.found.own[name] = {}
            return None

    def _names(self, nodes: list[str]) -> dict[str, str]:
        """Return our name of each node: HDF5 cannot hold all, so metadata do."""
        names = {}
        for node in nodes:
            facts = self.found.own[node]
            name = facts.get("name")
            kept = isinstance(name, str) and facts.get("node") == node
            names[node] = str(name) if kept else node
        unique = len(set(names.values())) == len(names)
        return names if unique else {node: node for node in nodes}
