"""The shape of each population of a graph.

An input says its shape, most neurons do by their parameters. Neurons with scalar
parameters take the shape of what comes in, or of what the next node asks for.
"""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from core.spec.nir.operators import MAX_WEIGHTS, Shape, input_shape, output_shape

if TYPE_CHECKING:
    from core.spec.nir.graph import GraphReader


def shapes_of(reading: "GraphReader") -> dict[str, Shape]:
    """Return the shapes of inputs and neurons by their node."""
    shapes: dict[str, Shape] = {}  # of what each node sends
    for name, node in reading.nodes.items():
        fixed = output_shape(node)
        if reading.roles[name] == "input":
            shapes[name] = _of_input(reading, name)
        elif fixed is not None:
            shapes[name] = fixed
    for settle in (_nothing, _by_parameters, _by_followers, _alone):
        settle(reading, shapes)
        while _onwards(reading, shapes):
            pass
    return {
        name: shapes[name]
        for name in reading.nodes
        if name in reading.neurons or reading.roles[name] == "input"
    }


def _onwards(reading: "GraphReader", shapes: dict[str, Shape]) -> bool:
    """Carry shapes along the edges; whether any was new."""
    found = False
    for a, b in reading.edges:
        if a not in shapes or b in shapes:
            continue
        if b in reading.neurons:
            shapes[b] = _joined(reading.neurons[b].shape, shapes[a])
        elif reading.roles[b] == "operator":
            step = reading.operator(b, shapes[a])
            if step is None:
                continue
            shapes[b] = step.shape_out
        else:
            continue
        found = True
    return found


def _joined(own: Shape, incoming: Shape) -> Shape:
    """Return the shape of neurons whose parameters have the shape ``own``."""
    if math.prod(own) in (1, math.prod(incoming)):
        return incoming
    try:
        both = np.broadcast_shapes(own, incoming)
    except ValueError:
        return own
    return incoming if math.prod(both) == math.prod(incoming) else own


def _nothing(reading: "GraphReader", shapes: dict[str, Shape]) -> None:
    """First see how far the inputs lead."""


def _by_parameters(reading: "GraphReader", shapes: dict[str, Shape]) -> None:
    for name, neurons in reading.neurons.items():
        if neurons.shape:
            shapes.setdefault(name, neurons.shape)


def _by_followers(reading: "GraphReader", shapes: dict[str, Shape]) -> None:
    for a, b in reading.edges:
        asked = input_shape(reading.nodes[b])
        if a in reading.neurons and a not in shapes and asked is not None:
            shapes[a] = asked


def _alone(reading: "GraphReader", shapes: dict[str, Shape]) -> None:
    for name in reading.neurons:
        shapes.setdefault(name, (1,))


def _of_input(reading: "GraphReader", name: str) -> Shape:
    shape: Any = reading.nodes[name].input_type.get("input")
    array = np.asarray([] if shape is None else shape).reshape(-1)
    lengths = array.tolist()
    whole = array.dtype.kind in "iu" and all(n >= 1 for n in lengths)
    if shape is None or (lengths and not whole):
        asked = [input_shape(reading.nodes[b]) for a, b in reading.edges if a == name]
        known = [s for s in asked if s is not None]
        if shape is None and known:
            return known[0]
        reading.bad(name, "the input has no size.", "Give it the shape (channels,).")
        return (1,)
    if math.prod(lengths) > MAX_WEIGHTS:
        what = f"the input has {math.prod(lengths):,} channels."
        reading.bad(name, what, f"At most {MAX_WEIGHTS:,} can be read.")
        return (1,)
    if math.prod(lengths) == max(lengths, default=1) and len(lengths) > 1:
        what = f"its shape {tuple(lengths)} is read as ({max(lengths)},)."
        reading.remarks.add("folded", f"node '{name}'", what)
        images = any(
            type(node).__name__ in ("Conv1d", "Conv2d", "SumPool2d", "AvgPool2d")
            for node in reading.nodes.values()
        )
        return tuple(lengths) if images else (max(lengths),)
    if len(lengths) > 1:
        what = f"its shape {tuple(lengths)} becomes {math.prod(lengths)} channels."
        reading.remarks.add("folded", f"node '{name}'", f"{what[:-1]}, row by row.")
    return tuple(lengths) or (1,)
