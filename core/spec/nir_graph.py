"""The structure of a NIR graph: its populations, weights and outputs.

What cannot be read is collected, so that one error lists every node with its reason.
"""

import json
import math
from collections import Counter, defaultdict
from typing import Any, NamedTuple

import nir
import numpy as np
from numpy.typing import NDArray

from core.errors import ConversionError, Problem
from core.spec.nir_export import OWN_KEY
from core.spec.nir_neurons import Neurons, read_neurons

#: What each type of node is here.
_ROLES = {
    "Input": "input",
    "CubaLIF": "neurons",
    "CubaLI": "neurons",
    "Linear": "matrix",
    "Affine": "matrix",
    "Output": "output",
}
#: Why another type cannot be read, and what to do instead.
_REASONS = {
    "LIF": ("has no synaptic current.", "Use CubaLIF with a short tau_syn."),
    "IF": ("has no leak and no synaptic current.", "Use CubaLIF."),
    "LI": ("has no synaptic current.", "Use CubaLI with a short tau_syn."),
    "NIRGraph": ("is a graph inside the graph.", "Put its nodes into the outer one."),
    "Conv1d": ("is a convolution.", "Write it as the matrix of a Linear."),
    "Conv2d": ("is a convolution.", "Write it as the matrix of a Linear."),
    "Flatten": ("reorders channels.", "Give the input one dimension."),
    "Delay": ("is a delay, the chip has none.", "Remove it."),
    "Scale": ("is a scale.", "Multiply the weights instead."),
}
_OTHER = ("cannot be read.", "Use Input, Output, Linear, CubaLIF and CubaLI.")


class Link(NamedTuple):
    """A weight matrix and the populations before and after it, by their nodes."""

    matrix: str
    source: str
    target: str


class GraphReader:
    """One reading of one graph: what was found, what is wrong, what to tell.

    After `read` the attributes hold: ``sizes`` of all populations, ``neurons`` of those
    that are no inputs, ``weights`` of all links, ``outputs`` (the nodes read out),
    ``own`` facts per node, the ``order`` of a file of ours, and ``notes``.
    """

    def __init__(self, graph: nir.NIRGraph) -> None:
        self.notes: list[Problem] = []
        self.nodes: dict[str, Any] = dict(graph.nodes)
        self.roles = {n: _ROLES.get(_type(node)) for n, node in self.nodes.items()}
        self.own = {name: _own(node) for name, node in self.nodes.items()}
        self.order = _own(graph)
        self.sizes: dict[str, int] = {}
        self.neurons: dict[str, Neurons] = {}
        self.weights: dict[Link, NDArray[Any]] = {}
        self.outputs: list[str] = []
        self._edges = [(str(a), str(b)) for a, b in graph.edges]
        self._problems: list[Problem] = []

    def read(self) -> None:
        """Read nodes, edges, numbers and sizes.

        :raises ConversionError: if something cannot be read; lists all of it
        """
        if self.order:
            self._forget_added()
        self._check_types()
        sources, targets = self._neighbours()
        links = self._links(sources, targets)
        self.outputs = self._outputs(sources)
        for name, role in self.roles.items():
            if role == "neurons":
                read = read_neurons(name, self.nodes[name], self._problems)
                if read is not None:
                    self.neurons[name] = read
        self.sizes = self._sizes(links)
        self.weights = {link: self._weights(link, self.sizes) for link in links}
        if self._problems:
            raise ConversionError.of(self._problems)

    def _forget_added(self) -> None:
        """Remove inputs and outputs that nir adds to our files when it checks types."""
        for name in [*self.nodes]:
            added = {"Input": (0, "input_"), "Output": (1, "output_")}
            side, prefix = added.get(_type(self.nodes[name]), (0, ""))
            ends = [edge for edge in self._edges if name in edge]
            if prefix and not self.own[name] and len(ends) == 1:
                other = ends[0][1 - side]
                if self.roles[other] == "neurons" and name == prefix + other:
                    del self.nodes[name], self.roles[name], self.own[name]
                    self._edges.remove(ends[0])

    def _check_types(self) -> None:
        for name, role in self.roles.items():
            if role is None:
                kind = _type(self.nodes[name])
                reason, fix = _REASONS.get(kind, _OTHER)
                self._bad(name, f"{kind} {reason}", fix)

    def _neighbours(self) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """Return the nodes before and after each node, and complain about edges."""
        sources: dict[str, list[str]] = defaultdict(list)
        targets: dict[str, list[str]] = defaultdict(list)
        for (a, b), count in Counter(self._edges).items():
            missing = [name for name in (a, b) if name not in self.nodes]
            for name in missing:
                other = b if name == a else a
                what = f"an edge joins it to '{name}', which does not exist."
                self._bad(other, what, "Remove the edge or add the node.")
            if missing:
                continue
            sources[b].append(a)
            targets[a].append(b)
            if count > 1:
                what = f"{count} edges lead to '{b}'."
                self._bad(a, what, "Keep one.")
            ends = self.roles[a], self.roles[b]
            if ends[1] == "input":
                what = f"it sends to the input '{b}'."
                self._bad(a, what, "An input receives nothing: remove the edge.")
            elif ends[0] == "output":
                what = f"the output sends to '{b}'."
                self._bad(a, what, "An output sends nothing: remove the edge.")
            elif ends[0] in ("input", "neurons") and ends[1] == "neurons":
                what = f"it sends to '{b}' without weights."
                fix = "Put a Linear node between, such as the identity matrix."
                self._bad(a, what, fix)
        return sources, targets

    def _links(
        self, sources: dict[str, list[str]], targets: dict[str, list[str]]
    ) -> list[Link]:
        """Return the weight matrices that lie between two populations."""
        links = []
        for name in [n for n, role in self.roles.items() if role == "matrix"]:
            before, after = sources[name], targets[name]
            if any(self.roles[n] is None for n in before + after):
                continue  # told already
            for others, side in ((before, "receives from"), (after, "sends to")):
                if len(others) != 1:
                    what = f"the weight matrix {side} {len(others)} nodes."
                    fix = "Give each pair of populations its own Linear node."
                    self._bad(name, what, fix)
            if len(before) != 1 or len(after) != 1:
                continue
            link = Link(name, before[0], after[0])
            if self.roles[link.target] == "matrix":
                what = f"a second weight matrix, '{link.target}', follows."
                fix = "Multiply the two, or put neurons between."
                self._bad(name, what, fix)
            elif self.roles[link.target] == "output":
                what = "the weight matrix leads to an output."
                self._bad(name, what, "Put CubaLI neurons between: they read out.")
            elif _type(self.nodes[link.source]) == "CubaLI":
                what = f"it carries the membrane of '{link.source}', not spikes."
                self._bad(name, what, "Only inputs and CubaLIF send spikes.")
            elif self.roles[link.source] in ("input", "neurons"):
                links.append(link)
        return links

    def _outputs(self, sources: dict[str, list[str]]) -> list[str]:
        """Return the nodes that are read out, in the order of our own file."""
        found = {}
        for name in [n for n, role in self.roles.items() if role == "output"]:
            feeding = sources[name]
            if len(feeding) != 1:
                what = f"{len(feeding)} nodes lead to the output."
                self._bad(name, what, "Give each population its own output.")
            elif not self.own[name].get("added"):
                found[name] = feeding[0]
        return [found[name] for name in self.in_order("outputs", [*found])]

    def _sizes(self, links: list[Link]) -> dict[str, int]:
        sizes: dict[str, int] = {}
        for name, role in self.roles.items():
            if role == "input":
                sizes[name] = self._input_size(name)
            elif name in self.neurons:
                sizes[name] = self.neurons[name].size
        for link in links:
            shape = np.shape(self.nodes[link.matrix].weight)
            # Parameters of shape () or (1,) fit a population of any size.
            for name, size in zip((link.target, link.source), shape, strict=False):
                if self.roles[name] == "neurons" and sizes.get(name) == 1:
                    sizes[name] = size
        return sizes

    def _input_size(self, name: str) -> int:
        shape = self.nodes[name].input_type.get("input")
        array = np.asarray([] if shape is None else shape).reshape(-1)
        lengths = array.tolist()
        whole = array.dtype.kind in "iu" and all(n >= 1 for n in lengths)
        if shape is None or (lengths and not whole) or math.prod(lengths) > 2**53:
            self._bad(name, "the input has no size.", "Give it the shape (channels,).")
            return 1
        if math.prod(lengths) != max(lengths, default=1):
            what = f"the input has {len(lengths)} dimensions, {tuple(lengths)}."
            self._bad(name, what, "Give it the shape (channels,).")
        elif len(lengths) > 1:
            what = f"its shape {tuple(lengths)} is read as ({max(lengths)},)."
            self.note(name, what)
        return math.prod(lengths)

    def _weights(self, link: Link, sizes: dict[str, int]) -> NDArray[Any]:
        """Return the weights of ``link``, shape (target, source)."""
        name, node = link.matrix, self.nodes[link.matrix]
        weights = np.asarray(node.weight)
        ends = sizes.get(link.target), sizes.get(link.source)
        if weights.dtype.kind not in "fiu" or not np.isfinite(weights).all():
            self._bad(name, "some weights are not finite.", "Set them to numbers.")
        elif weights.ndim != 2 or (None not in ends and weights.shape != ends):
            what = f"the weights have shape {weights.shape}."
            fix = f"'{link.source}' and '{link.target}' need {ends} (target, source)."
            self._bad(name, what, fix)
        elif link.target in self.neurons:
            weights = self._folded(name, weights, self.neurons[link.target].gain)
        if _type(node) == "Affine":
            bias = np.asarray(node.bias)
            if bias.dtype.kind not in "fiu" or bias.any():
                what = "Affine has a bias, the chip has none."
                fix = "Train without bias, or add an input that spikes regularly."
                self._bad(name, what, fix)
            else:
                self.note(name, "Affine without bias is read as Linear.")
        return weights

    def _folded(self, name: str, w: NDArray[Any], gain: NDArray[Any]) -> NDArray[Any]:
        """Return the weights ``w`` times w_in of the target, in single precision."""
        with np.errstate(over="ignore"):
            folded: NDArray[Any] = (w * gain.astype(float)[:, None]).astype(np.float32)
        if not np.all(gain == 1):
            low, high = gain.min(), gain.max()
            size = f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
            self.note(name, f"the weights are multiplied by w_in = {size}.")
        if not np.isfinite(folded).all():
            what = "some weights do not fit into single precision."
            self._bad(name, what, "Make them smaller.")
        return folded

    def in_order(self, key: str, names: list[str]) -> list[str]:
        """Return ``names`` in the order of our own file, new ones last."""
        order = self.order.get(key)
        known = [n for n in order if n in names] if isinstance(order, list) else []
        return [*dict.fromkeys([*known, *names])]

    def _bad(self, node: str, what: str, fix: str) -> None:
        self._problems.append(Problem(f"node '{node}'", what, fix))

    def note(self, node: str, what: str) -> None:
        """Tell something about ``node``."""
        self.tell(f"node '{node}'", what)

    def tell(self, where: str, what: str) -> None:
        """Tell something."""
        self.notes.append(Problem(where, what, severity="note"))


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
