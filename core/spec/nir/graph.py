"""The structure of a NIR graph: its populations, weights, biases and outputs.

What cannot be read is collected, so that one error lists every node with its reason.
"""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import nir
import numpy as np
from numpy.typing import NDArray

from core.errors import ConversionError, Problem
from core.spec.nir.flat import Joint, flattened
from core.spec.nir.fold import Path, carried, paths, unrolled
from core.spec.nir.neurons import Neurons, number, read_neurons, spread
from core.spec.nir.operators import MAX_ALL_WEIGHTS, Floats, Operator, Shape, operator
from core.spec.nir.report import Remarks
from core.spec.nir.shapes import shapes_of
from core.spec.nir.support import ROLES

#: Key of our own facts in the metadata of graph and nodes.
OWN_KEY = "hx"
#: Nodes that leave no trace in the name of a projection.
_SILENT = ("Joint", "Flatten", "Delay")


class Link(NamedTuple):
    """The weights between two populations, by the names of their nodes.

    :param name: the weight nodes, joined by ``+``; unique
    :param node: the one weight node, if there is just one
    :param weights: (target, source), times w_in of the target
    :param delay: file time
    """

    name: str
    node: str | None
    source: str
    target: str
    weights: NDArray[Any]
    delay: float


class GraphReader:
    """One reading of one graph: what was found, what is wrong, what to tell.

    After `read` the attributes hold: ``shapes`` of all populations, ``neurons`` of
    those that are no inputs, ``links`` between them, the ``bias`` of neurons that have
    one (added to their input at each step), ``outputs`` (the nodes read out), ``own``
    facts per node, the ``order`` of a file of ours, and ``remarks``.
    """

    def __init__(self, graph: nir.NIRGraph) -> None:
        self.remarks = Remarks()
        self._problems: list[Problem] = []
        flat = flattened(graph, self._problems)
        self.nodes: dict[str, Any] = flat.nodes
        self.roles = {n: _role(node) for n, node in self.nodes.items()}
        self.own = {name: _own(node) for name, node in self.nodes.items()}
        self.order = _own(graph)
        self.shapes: dict[str, Shape] = {}
        self.neurons: dict[str, Neurons] = {}
        self.links: list[Link] = []
        self.bias: dict[str, Floats] = {}
        self.outputs: list[str] = []
        self._edges = flat.edges
        self._after: dict[str, list[str]] = {}
        self._operators: dict[tuple[str, Shape], Operator | None] = {}
        self._weights = 0

    def read(self) -> None:
        """Read nodes, edges, numbers and shapes.

        :raises ConversionError: if something cannot be read; lists all of it
        """
        if self.order:
            self._forget_added()
        self._check_types()
        self._after = self._neighbours()
        for name in self._with_role("neurons"):
            read = read_neurons(name, self.nodes[name], self._problems)
            if read is not None:
                self.neurons[name] = read
        self.shapes = shapes_of(self)
        self._follow()
        self._check_outputs()
        if self._problems:
            raise ConversionError.of(dict.fromkeys(self._problems))

    def size(self, population: str) -> int:
        """Return the number of neurons or channels."""
        return math.prod(self.shapes[population])

    def _with_role(self, *roles: str) -> list[str]:
        return [name for name, role in self.roles.items() if role in roles]

    def _forget_added(self) -> None:
        """Remove inputs and outputs that nir adds to our files when it checks types."""
        for name in [*self.nodes]:
            added = {"Input": (0, "input_"), "Output": (1, "output_")}
            side, prefix = added.get(_type(self.nodes[name]), (0, ""))
            ends = [edge for edge in self._edges if name in edge]
            if prefix and not self.own[name] and len(ends) == 1:
                other = ends[0][1 - side]
                if self.roles.get(other) == "neurons" and name == prefix + other:
                    del self.nodes[name], self.roles[name], self.own[name]
                    self._edges.remove(ends[0])

    def _check_types(self) -> None:
        for name, role in self.roles.items():
            if role is None:
                known = ", ".join(n for n in ROLES if n != "NIRGraph")
                what = f"{_type(self.nodes[name])} cannot be read."
                self.bad(name, what, f"Use {known}.")

    def _neighbours(self) -> dict[str, list[str]]:
        """Return the nodes after each node, and complain about edges."""
        after: dict[str, list[str]] = defaultdict(list)
        for (a, b), count in Counter(self._edges).items():
            missing = [name for name in (a, b) if name not in self.nodes]
            for name in missing:
                other = b if name == a else a
                what = f"an edge joins it to '{name}', which does not exist."
                self.bad(other, what, "Remove the edge or add the node.")
            if missing:
                continue
            if count > 1:
                what = f"{count} equal edges to '{b}' are read as one."
                self.remarks.add("assumed", f"node '{a}'", what)
            if self.roles[b] == "input":
                what = f"it sends to the input '{b}'."
                self.bad(a, what, "An input receives nothing: remove the edge.")
            elif self.roles[a] == "output":
                what = f"the output sends to '{b}'."
                self.bad(a, what, "An output sends nothing: remove the edge.")
            else:
                after[a].append(b)
        return after

    @property
    def edges(self) -> list[tuple[str, str]]:
        """All edges that make sense."""
        return [(a, b) for a, after in self._after.items() for b in after]

    def operator(self, name: str, shape: Shape) -> Operator | None:
        """Return what a linear node does to ``shape``; None after a complaint."""
        if (name, shape) not in self._operators:
            try:
                found = operator(name, self.nodes[name], shape)
            except ConversionError as error:
                self._problems += error.problems
                found = None
            self._operators[name, shape] = found
        return self._operators[name, shape]

    def _follow(self) -> None:
        """Follow the paths from populations, and from biases, to populations."""
        for path in self._paths(self._with_role("input", "neurons")):
            operators = self._along(path)
            if operators is None:
                continue
            if self.roles[path.target] == "output":
                self._leave(path, operators)
            elif self.roles[path.target] == "neurons":
                self._link(path, operators)
        rank = {name: i for i, name in enumerate(self.nodes)}
        self.links.sort(key=lambda link: rank.get(link.node or link.target, 0))
        for path in self._paths(self._with_role("operator")):
            self._add_bias(path)
        for name in self._said(tuple(self._with_role("operator"))):
            if not any(n == name for n, _ in self._operators):
                what = "no input and no neurons send to it: it is left out."
                self.remarks.add("assumed", f"node '{name}'", what)

    def _paths(self, starts: list[str]) -> Iterator[Path]:
        def ends(name: str) -> bool:
            return self.roles[name] != "operator"

        for start in starts:
            try:
                yield from paths(start, self._after, ends)
            except ConversionError as error:
                self._problems += error.problems

    def _along(self, path: Path) -> list[Operator] | None:
        """Return the operators of a path, None if one cannot be used."""
        if path.source not in self.shapes or None in map(self.roles.get, path.nodes):
            return None  # told already
        shape, found = self.shapes[path.source], []
        for name in path.nodes:
            if self._misfit(path, name):
                return None
            step = self.operator(name, shape)
            if step is None:
                return None
            found.append(step)
            shape = step.shape_out
        return found

    def _misfit(self, path: Path, name: str) -> bool:
        """Whether the one matrix of a path does not fit both its ends; says so."""
        weight = tuple(np.shape(getattr(self.nodes[name], "weight", ())))
        alone = len(self._said(path.nodes)) == 1 and len(weight) == 2
        if not alone or path.target not in self.neurons:
            return False
        sizes = self.size(path.target), self.size(path.source)
        if weight != sizes:
            what = f"the weights have shape {weight}."
            ends = f"'{path.source}' and '{path.target}'"
            self.bad(name, what, f"{ends} need {sizes} (target, source).")
        return weight != sizes

    def _said(self, nodes: tuple[str, ...]) -> list[str]:
        return [n for n in nodes if _type(self.nodes[n]) not in _SILENT]

    def _link(self, path: Path, operators: list[Operator]) -> None:
        said = self._said(path.nodes)
        where = said[0] if said else path.source
        if path.source in self.neurons and self.neurons[path.source].kind.kind == "LI":
            what = f"it carries the membrane of '{path.source}', not spikes."
            self.bad(where, what, "Only inputs and neurons that fire send spikes.")
            return
        if path.target not in self.neurons:
            return
        size = self.size(path.source)
        total = self._weights + size * self.size(path.target)
        if total > MAX_ALL_WEIGHTS:
            what = f"with it the network would have {total:,} weights."
            fix = f"At most {MAX_ALL_WEIGHTS:,} fit: use fewer neurons."
            self.bad(where, what, fix)
            return
        try:
            weights = unrolled(f"node '{where}'", operators, size)
        except ConversionError as error:
            self._problems += error.problems
            return
        if weights.shape != (self.size(path.target), size):
            what = f"it receives {len(weights)} values by '{where}'."
            fix = f"It has {self.size(path.target)} neurons: check the shapes."
            self.bad(path.target, what, fix)
            return
        self._weights = total
        name = self._name(path, said)
        weights = self._times_gain(name, where, weights, path.target)
        delay = sum(op.delay for op in operators)
        node = said[0] if len(said) == 1 else None
        self._tell_folded(name, path, said, operators)
        self.links.append(Link(name, node, path.source, path.target, weights, delay))

    def _name(self, path: Path, said: list[str]) -> str:
        base = "+".join(said) if said else f"{path.source} → {path.target}"
        taken = {*self.nodes, *(link.name for link in self.links)}
        name, count = base, 1
        if len(said) == 1:
            taken.discard(base)
            taken |= {link.name for link in self.links}
        while name in taken:
            count += 1
            name = f"{base}_{count}"
        return name

    def _tell_folded(
        self, name: str, path: Path, said: list[str], operators: list[Operator]
    ) -> None:
        for node, op in zip(path.nodes, operators, strict=True):
            if _type(self.nodes[node]) == "Affine" and op.bias is None:
                what = "Affine without bias is read as Linear."
                self.remarks.add("folded", f"node '{node}'", what)
        if not said:
            what = f"'{path.source}' sends to it directly: read as weights of 1."
            self.remarks.add("folded", f"node '{path.target}'", what)
        elif len(said) > 1 or _type(self.nodes[said[0]]) not in ("Linear", "Affine"):
            kinds = " → ".join(_type(self.nodes[n]) for n in path.nodes)
            what = f"{kinds} became the weights of one projection."
            self.remarks.add("folded", f"projection '{name}'", what)

    def _times_gain(
        self, name: str, where: str, weights: NDArray[Any], target: str
    ) -> NDArray[Any]:
        """Return ``weights`` times w_in of the target, in the precision of theirs."""
        gain = self._gain(target)
        factors = np.asarray(gain, float).reshape(-1, 1)
        with np.errstate(over="ignore"):
            found: NDArray[Any] = weights * factors if np.any(factors != 1) else weights
            single = found.astype(np.float32)
        if np.any(factors != 1):
            low, high = factors.min(), factors.max()
            size = f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
            what = f"the weights are multiplied by w_in = {size}."
            self.remarks.add("folded", f"node '{name}'", what)
        if not np.isfinite(single).all():
            what = "some weights do not fit into single precision."
            self.bad(where, what, "Make them smaller.")
        return found

    def _gain(self, target: str) -> Any:
        if self.order.get("in_steps") is True and self.own[target]:
            return 1.0  # our own w_in is tau_syn / dt, even where dt is the longer
        neurons = self.neurons[target]
        one = number(neurons.gain)
        return spread(neurons.gain, self.shapes[target]) if one is None else one

    def _add_bias(self, path: Path) -> None:
        """Add the bias of the operator ``path.source`` to what ends the path."""
        known = [s for (n, s), op in self._operators.items() if n == path.source and op]
        if not known or path.target not in self.neurons:
            return
        first = self._operators[path.source, known[0]]
        if first is None or first.bias is None:
            return
        shape, operators = first.shape_out, []
        for name in path.nodes:
            step = self.operator(name, shape)
            if step is None:
                return
            operators.append(step)
            shape = step.shape_out
        added = carried(first.bias, operators)
        if len(added) == self.size(path.target):
            total = self.bias.get(path.target, 0.0) + added * self._gain(path.target)
            self.bias[path.target] = total

    def _leave(self, path: Path, operators: list[Operator]) -> None:
        if any(op.work or op.delay for op in operators):
            name = self._said(path.nodes)[0] if self._said(path.nodes) else path.target
            what = "the weight matrix leads to an output."
            self.bad(name, what, "Put LI neurons between: they read out.")

    def _check_outputs(self) -> None:
        """Find the nodes that are read out, in the order of our own file."""
        feeding: dict[str, list[str]] = {n: [] for n in self._with_role("output")}
        complete = True
        for path in self._paths(self._with_role("input", "neurons")):
            if path.target in feeding:
                feeding[path.target].append(path.source)
        for name, sources in feeding.items():
            if len(sources) != 1:
                complete = False
                if sources or not self._problems:
                    what = f"{len(sources)} nodes lead to the output."
                    self.bad(name, what, "Give each population its own output.")
        if complete:
            found = {
                name: sources[0]
                for name, sources in feeding.items()
                if not self.own[name].get("added")
            }
            self.outputs = [found[name] for name in self.in_order("outputs", [*found])]

    def in_order(self, key: str, names: list[str]) -> list[str]:
        """Return ``names`` in the order of our own file, new ones last."""
        order = self.order.get(key)
        known = [n for n in order if n in names] if isinstance(order, list) else []
        return [*dict.fromkeys([*known, *names])]

    def bad(self, node: str, what: str, fix: str) -> None:
        """Say why ``node`` cannot be read."""
        self._problems.append(Problem(f"node '{node}'", what, fix))


def _role(node: Any) -> str | None:
    return "operator" if isinstance(node, Joint) else ROLES.get(_type(node))


def _type(node: Any) -> str:
    return type(node).__name__


def _own(node: Any) -> dict[str, Any]:
    """Return our facts in the metadata of ``node``, empty if there are none."""
    metadata = getattr(node, "metadata", None)
    text = metadata.get(OWN_KEY) if isinstance(metadata, dict) else None
    try:
        facts = json.loads(text) if isinstance(text, str) else {}
    except (ValueError, RecursionError):
        facts = {}
    return facts if isinstance(facts, dict) else {}
