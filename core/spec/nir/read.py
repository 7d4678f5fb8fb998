"""Read a network from a NIR graph; the conventions are in `core.spec.nir_io`."""

import math
from dataclasses import dataclass, field
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from core.errors import ConversionError, HXError, Problem
from core.spec.fields import each
from core.spec.json_data import from_data
from core.spec.network import (
    InputSpec,
    LISpec,
    NetworkSpec,
    PopulationSpec,
    ProjectionSpec,
    Value,
)
from core.spec.nir.conventions import loops, tell_conventions, tell_read, tell_steps
from core.spec.nir.currents import Currents
from core.spec.nir.graph import GraphReader, Link
from core.spec.nir.limits import no_place
from core.spec.nir.neurons import Neurons, number, population_of
from core.spec.nir.numbers import Style, numbers, weight_factor
from core.spec.nir.report import ImportReport
from core.spec.nir.times import (
    DT,
    TIME_FACTOR,
    check_dt,
    check_time_factor,
    fitting_factor,
    range_notes,
    stretched,
)
from core.spec.nir_layout import depths, placed
from core.spec.stimulus import ConstantCurrent
from core.units import format_quantity

#: Fields of a population that a number of the node decides.
_FIELDS = {
    "tau_mem": ("tau_mem", "membrane_capacitance"),
    "tau_syn": ("tau_syn",),
    "r": ("membrane_capacitance",),
    "v_leak": ("leak",),
    "v_reset": ("reset",),
    "v_threshold": ("threshold",),
}


@dataclass(frozen=True)
class Conversion:
    """A network read from a NIR graph.

    :param notes: what was assumed, folded, approximated, and times out of range
    :param time_factor: file number × this = seconds on the chip
    :param dt: the time step that the file counts in, chip seconds, if it tells one, or
        that of our own file if another factor than its own was given
    :param stimuli: the biases of the file, as constant currents
    :param loops: when spikes in loops arrive, as of `RunSpec`
    :param report: all that was done, part by part
    """

    network: NetworkSpec
    notes: tuple[Problem, ...]
    time_factor: float
    dt: float | None = None
    stimuli: tuple[ConstantCurrent, ...] = ()
    loops: str = "late"
    report: ImportReport = field(default_factory=ImportReport)


def from_nir(
    graph: nir.NIRGraph, time_factor: float | None = None, *, dt: float = DT
) -> Conversion:
    """Return the network in ``graph``, with notes on what was changed.

    :param time_factor: file number × this = seconds on the chip; None takes the one
        that the file was written with; for files of others 1e-3. If the chip cannot
        reach the times then, the report names a factor with which it can
    :param dt: step width of the run, s, for what counts in steps of unknown width:
        biases, thresholds, and IF with r = 1
    :raises ConversionError: if the graph cannot be read; lists all reasons
    """
    if not isinstance(graph, nir.NIRGraph):
        what = f"it is a {type(graph).__name__}."
        raise ConversionError("NIR graph", what, "Give a nir.NIRGraph.")
    check_dt(dt)
    found = GraphReader(graph)
    stored: Any = found.order.get("time_factor")
    known = isinstance(stored, float) and math.isfinite(stored) and stored > 0
    written = float(stored) if known else TIME_FACTOR
    factor = written if time_factor is None else time_factor
    check_time_factor(factor)
    found.read()
    return _Builder(found, factor, factor / written if known else 1.0, dt).convert()


class _Builder:
    """Makes a network of what was found in a graph.

    :param stretch: what our own times are multiplied by to agree with the factor
    :param dt: step width where the file tells none, s
    """

    def __init__(
        self, found: GraphReader, factor: float, stretch: float, dt: float
    ) -> None:
        self.found, self.factor, self.stretch = found, factor, stretch
        self.tell = found.remarks.add
        # What the file counts in, file time; the step of our own step style, s.
        self.told = _agreed([n.step for n in found.neurons.values()])
        self.step: float | None = None
        if found.order:
            written = _positive(found.order.get("dt"))
            self.dt = dt if written is None else written * stretch
            self.step = self.dt if found.order.get("in_steps") is True else None
            self.told = None if self.step is None else self.step / factor
            self.counted = found.order.get("counted") is True
        else:
            # With a synaptic current the step is in w_in, too, which weights have not.
            self.counted = self.told is not None and any(
                n.current and n.step is not None for n in found.neurons.values()
            )
            self.dt = dt if self.told is None else self.told * factor
        self.intact: dict[str, LISpec] = {}

    def convert(self) -> Conversion:
        """Return network, notes, time factor and step."""
        found, in_order = self.found, self.found.in_order
        if not found.order:
            tell_steps(found, self.told, self.dt)
        shapes = {n: s for n, s in found.shapes.items() if not self._added(n)}
        populations = {name: self._population(name) for name in shapes}
        links = [link for link in found.links if link.source in shapes]
        names = self._names([*populations, *(link.name for link in links)])
        projections = {link.name: self._projection(link, names) for link in links}
        network = NetworkSpec(
            tuple(
                populations[name].replace(name=names[name])
                for name in in_order("populations", [*populations])
            ),
            tuple(
                projections[name] for name in in_order("projections", [*projections])
            ),
            tuple(names[name] for name in found.outputs),
            time_factor=self.factor,
            counted=self.counted,
        )
        network = self._completed(network, {names[n] for n in populations}, names)
        currents = Currents(found, populations, names, self._factor_of, self.dt)
        stimuli = currents.read(self.told is not None)
        if not found.order:
            tell_conventions(found)
        tell_read(found, network)
        return self._conversion(network, stimuli)

    def _conversion(
        self, network: NetworkSpec, stimuli: tuple[ConstantCurrent, ...]
    ) -> Conversion:
        times = range_notes(network.populations, self.factor)
        parts = {name: tuple(p) for name, p in self.found.remarks.parts.items()}
        parts["no_place"] = (*times, *no_place(network, stimuli))
        fit = fitting_factor(network.populations, self.factor) if times else None
        report = ImportReport(**parts, time_factor=self.factor, fitting_factor=fit)
        notes = (*report.assumed, *report.folded, *report.approximated, *times)
        # Another factor than that of our own file changes its step as its times.
        counted = self.told is not None or self.stretch != 1
        dt = self.dt if counted else None
        return Conversion(
            network, notes, self.factor, dt, stimuli, self._loops(), report
        )

    def _loops(self) -> str:
        """Return when spikes in loops arrive: those of others count in steps."""
        if self.found.order:
            return "prompt" if self.found.order.get("loops") == "prompt" else "late"
        return "prompt" if loops(self.found.links) else "late"

    def _added(self, name: str) -> bool:
        """Whether our own file has this node only because NIR wants it."""
        return bool(self.found.order) and self.found.own[name].get("added") is True

    def _completed(
        self, network: NetworkSpec, read: set[str], names: dict[str, str]
    ) -> NetworkSpec:
        """Give places to populations without, and order those of other programs."""
        own = self.found.own
        new = {name for node, name in names.items() if not own.get(node)} & read
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
        self.tell("assumed", "NIR file", f"{what}: they get the defaults.")
        return placed(network, new)

    def _population(self, name: str) -> PopulationSpec:
        neurons, size = self.found.neurons.get(name), self.found.size(name)
        own = self._own_spec(PopulationSpec, name)
        if own is not None and self.stretch != 1:
            own = stretched(own, self.stretch)
        if neurons is None:
            if isinstance(own, InputSpec):
                return own.replace(size=size)
            return InputSpec(name=name, size=size)
        read = self._read_population(name, neurons)
        if not isinstance(own, LISpec) or type(own).spiking != type(read).spiking:
            return read
        own, changed = self._merged(own, read, neurons, self._style(name))
        if changed:
            what = f"the file was changed: its {', '.join(changed)} count."
            self.tell("assumed", f"node '{name}'", what)
        if "membrane_capacitance" not in changed and "r" not in changed:
            self.intact[name] = own
        return own.replace(size=size)

    def _read_population(self, name: str, neurons: Neurons) -> LISpec:
        shape, where = self.found.shapes[name], f"node '{name}'"
        try:
            read = population_of(name, neurons, shape, self.factor, self.dt)
        except ValueError:
            what = f"its parameters have shape {neurons.shape}, the neurons {shape}."
            raise ConversionError(where, what, "Give one value per neuron.") from None
        if neurons.node == "Threshold":
            what = "Threshold is read as a LIF that forgets within one step"
            shown = format_quantity(self.dt, "s")
            self.tell("approximated", where, f"{what}, {shown}: run it with this step.")
        elif neurons.node in ("IF", "I") and self._counts(neurons):
            read = read.replace(membrane_capacitance=self.dt)
            what = "r = 1 is read as a count: a spike adds its weight to the membrane"
            self.tell("assumed", where, f"{what} in a step of the run.")
        return read

    def _counts(self, neurons: Neurons) -> bool:
        """Whether r = 1 cannot be meant in the time unit of the file.

        Norse and Sinabs add the weight itself, whatever the step.
        """
        timed = any("tau_mem" in n.values for n in self.found.neurons.values())
        return number(neurons.values["r"]) == 1 and (timed or not self.found.order)

    def _style(self, name: str) -> Style:
        loops = (link.source == link.target == name for link in self.found.links)
        return Style(self.step, any(loops), counted=self.counted)

    def _merged(
        self, own: LISpec, read: LISpec, neurons: Neurons, style: Style
    ) -> tuple[LISpec, list[str]]:
        """Return ``own`` with what the file says otherwise, and those parameters.

        :param own: the population as it was when our file was written
        :param read: the population as the numbers of the file say
        """
        if not np.all(np.greater(own.membrane_capacitance, 0)):
            return read, ["membrane_capacitance"]
        changed = []
        mine = numbers(own, self.factor, style)
        if mine.keys() - {"w_in"} != neurons.values.keys():
            return read, ["type"]
        for parameter, values in neurons.values.items():
            if _same(mine[parameter], values):
                continue
            changed.append(parameter)
            for name in _FIELDS[parameter]:
                old, new = getattr(own, name), getattr(read, name)
                new = old.replace(model=new.model) if isinstance(old, Value) else new
                own = own.replace(**{name: new})
        return own, changed

    def _projection(self, link: Link, names: dict[str, str]) -> ProjectionSpec:
        delay = link.delay * self.factor
        fields: dict[str, Any] = {
            "name": names[link.name],
            "source": names[link.source],
            "target": names[link.target],
            "weights": self._weights(link),
        }
        own = self._own_spec(ProjectionSpec, link.node) if link.node else None
        if own is not None:
            mine = own.delay * self.stretch
            if math.isclose(mine, delay, rel_tol=1e-6, abs_tol=0.0):
                delay = mine
            found: ProjectionSpec = own.replace(**fields, delay=delay)
            return found
        steps = delay / self.dt
        if not math.isclose(steps, round(steps), rel_tol=1e-6, abs_tol=1e-6):
            shown = format_quantity(delay, "s")
            what = f"its delay of {shown} is not a whole number of steps of"
            where = f"projection '{names[link.name]}'"
            step = format_quantity(self.dt, "s")
            self.tell("approximated", where, f"{what} {step}: it is rounded.")
            delay = round(steps) * self.dt
        return ProjectionSpec(**fields, delay=delay)

    def _weights(self, link: Link) -> NDArray[Any]:
        """Return the weights without the factor of our own step style."""
        if self.step is None or link.target not in self.intact:
            return link.weights
        size = self.found.size(link.target)
        return link.weights / each(self._factor_of(link.target), size)[:, None]

    def _factor_of(self, target: str) -> Any:
        """Return what our own file multiplied the weights into ``target`` by."""
        own = self.intact.get(target)
        return 1.0 if own is None else weight_factor(own, self._style(target))

    def _own_spec(self, cls: type[Any], name: str) -> Any:
        """Return what our metadata of the node say, or None."""
        extra = ("node", "added", "current")
        facts = {k: v for k, v in self.found.own[name].items() if k not in extra}
        if not facts:
            return None
        try:
            return from_data(cls, facts)
        except HXError as error:
            what = f"its metadata cannot be read ({error.problems[0]})."
            self.tell("assumed", f"node '{name}'", what)
            self.found.own[name] = {}
            return None

    def _names(self, nodes: list[str]) -> dict[str, str]:
        """Return our name of each node: HDF5 cannot hold all, so metadata do."""
        names = {}
        for node in nodes:
            facts = self.found.own.get(node, {})
            name = facts.get("name")
            kept = isinstance(name, str) and facts.get("node") == node
            names[node] = str(name) if kept else node
        unique = len(set(names.values())) == len(names)
        return names if unique else {node: node for node in nodes}


def _same(mine: Any, values: NDArray[Any]) -> bool:
    """Whether the file holds our numbers, in single precision."""
    theirs = values.reshape(-1)
    if mine.size not in (1, theirs.size):
        return False
    mine = np.broadcast_to(mine.reshape(-1), theirs.shape)
    close = np.isclose(mine.astype(float), theirs.astype(float), rtol=1e-6, atol=0)
    return bool(np.all(close | (mine == theirs.astype(np.float32))))


def _positive(number: Any) -> float | None:
    ok = isinstance(number, float) and math.isfinite(number) and number > 0
    return number if ok else None


def _agreed(steps: list[float | None]) -> float | None:
    """Return the step that all neurons agree on that tell one, or None."""
    told = [s for s in steps if s is not None]
    if not told or not np.allclose(told, told[0], rtol=1e-3, atol=0):
        return None
    return told[0]
