"""NIR graphs of others come back from ours: equal in the nodes that we write.

Nodes that are folded into weights come back as these weights, in the same network.
"""

from itertools import pairwise

import nir
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.spec.nir.flat import Joint, flattened
from core.spec.nir.neurons import PARAMETERS
from core.spec.nir_io import from_nir, to_nir

slow_data = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
times = st.floats(1.5, 90, width=32)
#: From 1 on, r tells a step.
resistances = st.floats(0.125, 0.875, width=32)
potential = st.floats(-2, 2, width=32)
FIRING, READING = ("CubaLIF", "LIF", "IF"), ("CubaLI", "LI", "I")
IMAGES = ("Conv1d", "Conv2d", "SumPool2d", "AvgPool2d", "Flatten", "Scale")


def drawn(draw, size, strategy):
    """Return one number for each of ``size`` neurons, or the same for all."""
    length = draw(st.sampled_from((1, size)))
    values = draw(st.lists(strategy, min_size=length, max_size=length))
    return np.array(values * (size // length), np.float32)


def neurons(draw, kind, size, gain=False):
    """Return a node of the type ``kind`` in the plain convention, or with a gain."""
    values = {}
    for name, theirs in PARAMETERS[kind].items():
        of = {"tau_mem": times, "tau_syn": times, "r": resistances}
        values[theirs] = drawn(draw, size, of.get(name, potential))
    if "w_in" in values:
        values["w_in"] = drawn(draw, size, st.just(0.5 if gain else 1.0))
    return getattr(nir, kind)(**values)


def matrix(draw, target, source, bias=False):
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    weight = rng.normal(size=(target, source)).astype(np.float32)
    if bias:
        return nir.Affine(weight, rng.normal(size=target) + 3)
    return nir.Linear(weight)


@st.composite
def graphs(draw):
    """Return a chain of layers, with all that we write: recurrent, nested, delayed."""
    size = draw(st.integers(1, 3))
    nodes = {"in": nir.Input({"input": np.array([size])})}
    edges, last = [], "in"
    count = draw(st.integers(1, 3))
    for n in range(count):
        wide = draw(st.integers(1, 3))
        kinds = FIRING if n < count - 1 else FIRING + READING
        kind = draw(st.sampled_from(kinds))
        bias, late, loop = (draw(st.booleans()) for _ in range(3))
        name, before = f"w{n}", last
        nodes[name] = matrix(draw, wide, size, bias)
        if late:
            steps = draw(st.integers(1, 40))
            nodes[f"delay_w{n}"] = nir.Delay(np.full(size, steps * 1e-3))
            edges.append((before, f"delay_w{n}"))
            before = f"delay_w{n}"
        edges.append((before, name))
        cell, size = neurons(draw, kind, wide), wide
        if loop and kind in FIRING:
            inner = {
                "input": nir.Input({"input": np.array([wide])}),
                "cell": cell,
                "w_rec": matrix(draw, wide, wide),
                "output": nir.Output({"output": np.array([wide])}),
            }
            ends = [("input", "cell"), ("cell", "w_rec"), ("w_rec", "cell")]
            ends.append(("cell", "output"))
            cell = nir.NIRGraph(inner, ends, type_check=False)
        nodes[f"n{n}"] = cell
        edges.append((name, f"n{n}"))
        last = f"n{n}"
    nodes["out"] = nir.Output({"output": np.array([size])})
    edges.append((last, "out"))
    order = draw(st.permutations(edges))
    return nir.NIRGraph(nodes, order, type_check=False)


def plain(graph):
    """Return nodes and edges without inner graphs: what their ends join is joined."""
    flat = flattened(graph, [])
    nodes, edges = dict(flat.nodes), set(flat.edges)
    for name in [n for n, node in nodes.items() if isinstance(node, Joint)]:
        del nodes[name]
        into = {a for a, b in edges if b == name}
        onto = {b for a, b in edges if a == name}
        edges = {e for e in edges if name not in e} | {
            (a, b) for a in into for b in onto
        }
    return nodes, edges


def sent(found):
    """Return the graph of what was read."""
    return to_nir(
        found.network,
        time_factor=found.time_factor,
        stimuli=found.stimuli,
        dt=found.dt,
        loops=found.loops,
    )


@slow_data
@given(graphs())
def test_a_graph_comes_back_with_the_same_nodes_and_numbers(graph):
    nodes, edges = plain(graph)
    back, joined = plain(sent(from_nir(graph, 1e-3)))
    back["out"] = back.pop("output")
    joined = {tuple("out" if e == "output" else e for e in edge) for edge in joined}
    kinds, theirs = ({n: type(x) for n, x in g.items()} for g in (back, nodes))
    assert kinds == theirs
    assert joined == edges
    for name, node in nodes.items():
        numbers = ["weight", "bias", "delay"]
        numbers += PARAMETERS.get(type(node).__name__, {}).values()
        for number in numbers:
            if hasattr(node, number):
                mine, given = getattr(back[name], number), getattr(node, number)
                # single precision, and tau / (tau / r) instead of r
                np.testing.assert_allclose(mine, given, rtol=1e-6, err_msg=number)


def folded(draw, kind):
    """Return shapes in and out of a node that is folded into weights, and the node."""
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    two = np.array([2, 2])
    if kind == "Conv1d":
        weight = rng.normal(size=(2, 1, 2))
        return (1, 4), (2, 3), nir.Conv1d(4, weight, 1, 0, 1, 1, np.zeros(2))
    if kind == "Conv2d":
        weight = rng.normal(size=(2, 1, 2, 2))
        made = nir.Conv2d((3, 3), weight, 1, draw(st.integers(0, 1)), 1, 1, np.zeros(2))
        side = 2 if not np.any(made.padding) else 4
        return (1, 3, 3), (2, side, side), made
    if kind in ("SumPool2d", "AvgPool2d"):
        return (1, 4, 2), (1, 2, 1), getattr(nir, kind)(two, two, np.array([0, 0]))
    if kind == "Flatten":
        flat = nir.Flatten({"input": np.array([2, 2])}, start_dim=0, end_dim=-1)
        return (2, 2), (4,), flat
    return (3,), (3,), nir.Scale(rng.normal(size=3))


@pytest.mark.parametrize("kind", IMAGES)
@settings(slow_data, max_examples=6)
@given(data=st.data())
def test_what_is_folded_comes_back_as_the_same_network(kind, data):
    shape, after, node = folded(data.draw, kind)
    width, size = int(np.prod(after)), data.draw(st.integers(1, 3))
    cell = data.draw(st.sampled_from((*FIRING, *READING, "Threshold")))
    flat = nir.Flatten({"input": np.array(after)}, start_dim=0, end_dim=-1)
    nodes = {
        "in": nir.Input({"input": np.array(shape)}),
        "node": node,
        "flat": flat,
        "w": matrix(data.draw, size, width, data.draw(st.booleans())),
        "n": neurons(data.draw, cell, size, gain=data.draw(st.booleans())),
        "out": nir.Output({"output": np.array([size])}),
    }
    graph = nir.NIRGraph(nodes, [*pairwise(nodes)], type_check=False)
    found = from_nir(graph, 1e-3)
    again = from_nir(sent(found))
    assert again.network == found.network
    assert again.stimuli == found.stimuli
    bare = sent(found)
    for other in (bare, *bare.nodes.values()):
        other.metadata.clear()  # what other programs see
    seen = from_nir(bare, 1e-3)
    (mine,), (theirs,) = found.network.projections, seen.network.projections
    np.testing.assert_allclose(mine.weights, theirs.weights, rtol=1e-6)
    a, b = found.network.population("n"), seen.network.population("n")
    for name in ("tau_mem", "tau_syn", "membrane_capacitance"):
        x, y = getattr(a, name), getattr(b, name)
        assert (x is None) == (y is None)
        if x is not None and (a.leaky or name != "tau_mem"):
            np.testing.assert_allclose(x, y, rtol=1e-6, err_msg=name)
