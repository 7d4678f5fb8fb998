"""Structure of NIR graphs: inner graphs, chains, convolutions, biases, delays."""

import itertools

import nir
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.errors import ConversionError
from core.spec.network import (
    AELIFSpec,
    InputSpec,
    LIFSpec,
    LISpec,
    NetworkSpec,
    ProjectionSpec,
    Value,
)
from core.spec.nir.groups import grouped
from core.spec.nir.operators import operator
from core.spec.nir_io import (
    export_notes,
    from_nir,
    read_nir_bytes,
    to_nir,
    write_nir_bytes,
)
from core.spec.stimulus import ConstantCurrent


def full(n, *values):
    return [np.full(n, v) for v in values]


def lif(n=2):
    return nir.LIF(*full(n, 5e-3, 1.0, 0.0, 1.0, 0.0))


def chain(*nodes, size=3, out=2):
    names = [f"n{i}" for i in range(len(nodes))]
    ends = {"in": nir.Input(np.atleast_1d(size)), "out": nir.Output([out])}
    path = ["in", *names, "out"]
    edges = list(itertools.pairwise(path))
    return nir.NIRGraph(
        ends | dict(zip(names, nodes, strict=True)), edges[::-1], type_check=False
    )


def weights(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def test_nodes_of_inner_graphs_get_the_name_of_their_graph():
    inner = nir.NIRGraph(
        {
            "input": nir.Input([2]),
            "lif": lif(),
            "w_rec": nir.Linear(weights(2, 2)),
            "output": nir.Output([2]),
        },
        [("input", "lif"), ("lif", "w_rec"), ("w_rec", "lif"), ("lif", "output")],
    )
    given = chain(nir.Linear(weights(2, 3)), inner)
    network = from_nir(given).network
    assert {p.name for p in network.populations} == {"in", "n1.lif"}
    ends = {p.name: (p.source, p.target) for p in network.projections}
    assert ends == {"n0": ("in", "n1.lif"), "n1.w_rec": ("n1.lif", "n1.lif")}
    assert network.outputs == ("n1.lif",)
    back = to_nir(network)
    assert sorted(back.nodes["n1"].nodes) == ["input", "lif", "output", "w_rec"]
    assert ("n0", "n1") in back.edges
    assert from_nir(read_nir_bytes(write_nir_bytes(back))).network == network


def test_groups_with_two_entries_stay_flat():
    nodes = {n: lif() for n in ("a.x", "a.y")} | {"in": nir.Input([2])}
    edges = [("in", "a.x"), ("in", "a.y"), ("a.x", "a.y"), ("a.y", "in")]
    assert grouped(nodes, edges, ["a.x"]) == (nodes, edges)


CONVOLUTIONS = [
    {"stride": 1, "padding": 0, "dilation": 1, "groups": 1},
    {"stride": (2, 1), "padding": (1, 2), "dilation": 1, "groups": 2},
    {"stride": 1, "padding": 2, "dilation": (2, 1), "groups": 1},
    {"stride": 1, "padding": "same", "dilation": 1, "groups": 1},
]
# torch pads a copy for kernels of even length, and says so.


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("given", CONVOLUTIONS)
def test_a_convolution_is_that_of_torch(given):
    w, b = weights(4, 4 // given["groups"], 3, 2), weights(4)
    x = weights(5, 4, 7, 6)
    expected = F.conv2d(torch.tensor(x), torch.tensor(w), **given).numpy()
    op = operator("c", nir.Conv2d(None, w, bias=b, **given), (4, 7, 6))
    assert op.shape_out == expected.shape[1:]
    np.testing.assert_allclose(op.apply(x), expected, atol=1e-12)  # double precision
    np.testing.assert_array_equal(
        op.bias, np.broadcast_to(b[:, None, None], op.shape_out)
    )
    line = {k: v if isinstance(v, int | str) else v[1] for k, v in given.items()}
    expected = F.conv1d(torch.tensor(x[:, :, 0]), torch.tensor(w[:, :, 0]), **line)
    op = operator("c", nir.Conv1d(None, w[:, :, 0], bias=b, **line), (4, 6))
    np.testing.assert_allclose(op.apply(x[:, :, 0]), expected.numpy(), atol=1e-12)


def test_pools_are_those_of_torch():
    x = weights(5, 3, 7, 6)
    expected = F.avg_pool2d(torch.tensor(x), (3, 2), (2, 2), (1, 1)).numpy()
    sizes = [np.array(s) for s in ((3, 2), (2, 2), (1, 1))]
    mean = operator("p", nir.AvgPool2d(*sizes), (3, 7, 6)).apply(x)
    np.testing.assert_allclose(mean, expected, atol=1e-12)
    total = operator("p", nir.SumPool2d(*sizes), (3, 7, 6)).apply(x)
    np.testing.assert_allclose(total, 6 * expected, atol=1e-12)


def test_chains_fold_into_one_projection_with_one_bias():
    a, b = nir.Affine(weights(4, 3), weights(4, seed=1)), weights(2, 4, seed=2)
    c = np.array([2.0, -1.0])
    found = from_nir(chain(a, nir.Linear(b), nir.Scale(c), lif()))
    (projection,) = found.network.projections
    assert projection.name == "n0+n1+n2"
    # Weights are single precision.
    np.testing.assert_allclose(projection.weights, c[:, None] * b @ a.weight, rtol=1e-6)
    (current,) = found.stimuli
    np.testing.assert_allclose(current.current, c * (b @ a.bias))
    assert "Affine → Linear → Scale became the weights" in found.report.text()


def test_parallel_paths_and_shared_matrices_are_projections_of_their_own():
    given = chain(nir.Affine(weights(2, 3), np.ones(2)), lif())
    given.nodes |= {"second": nir.Linear(weights(2, 3)), "in2": nir.Input([3])}
    given.edges += [("in", "second"), ("second", "n1"), ("in2", "n0"), ("in", "in")]
    given.edges.remove(("in", "in"))
    found = from_nir(given)
    ends = {(p.name, p.source) for p in found.network.projections}
    assert ends == {("n0", "in"), ("n0_2", "in2"), ("second", "in")}
    # The bias counts once, however many inputs its matrix has.
    assert found.stimuli == (ConstantCurrent("n1", 1.0),)


def test_a_delay_is_chip_time_and_written_again():
    given = chain(nir.Delay(np.full(3, 2e-3)), nir.Linear(weights(2, 3)), lif())
    network = from_nir(given, 1e-3).network
    assert network.projections[0].delay == pytest.approx(2e-6)
    assert from_nir(read_nir_bytes(write_nir_bytes(to_nir(network)))).network == network
    half = chain(nir.Delay(np.full(3, 2.4e-3)), nir.Linear(weights(2, 3)), lif())
    found = from_nir(half, 1e-3)
    assert found.network.projections[0].delay == pytest.approx(2e-6)
    assert "not a whole number of steps" in found.report.approximated[0].what


def test_a_bias_of_neurons_with_a_synaptic_current_settles_where_theirs_does():
    neurons = nir.CubaLIF(*full(2, 5e-3, 5e-3, 1.0, 0.0, 9.0))
    given = chain(nir.Affine(weights(2, 3), np.full(2, 0.1)), neurons)
    found = from_nir(given, 1e-3, dt=0.5e-6)
    # Each step of 0.5 µs adds 0.1, tau_syn is 5 µs.
    (current,) = found.stimuli
    assert (current.population, current.current) == ("n1", pytest.approx(1.0))
    assert [n.what for n in found.report.approximated] == [
        "its bias is a current from the start; in other programs it rises with tau_syn."
    ]


@pytest.mark.parametrize(
    ("node", "kind", "leaky"),
    [
        (nir.LIF(*full(2, 5e-3, 2.0, 0.1, 1.0, 0.0)), LIFSpec, True),
        (nir.LI(*full(2, 5e-3, 2.0, 0.1)), LISpec, True),
        (nir.IF(*full(2, 500.0, 1.0, 0.0)), LIFSpec, False),
        (nir.I(*full(2, 500.0)), LISpec, False),
        (nir.Threshold(np.full(2, 0.5)), LIFSpec, True),
    ],
)
def test_neurons_without_synaptic_current_add_a_spike_for_one_step(node, kind, leaky):
    found = from_nir(chain(nir.Linear(weights(2, 3)), node), 1e-3)
    neurons = found.network.population("n1")
    assert (type(neurons), neurons.tau_syn, neurons.leaky) == (kind, None, leaky)
    if isinstance(node, nir.Threshold):
        assert neurons.tau_mem == neurons.membrane_capacitance == 1e-6
    else:
        capacitance = 2.5e-6 if leaky else 2e-6  # tau / r and 1 / r
        assert neurons.membrane_capacitance == pytest.approx(capacitance)
        assert type(to_nir(found.network).nodes["n1"]) is type(node)


def test_neurons_of_one_node_may_differ():
    node = lif()
    node.tau, node.v_threshold = np.array([5e-3, 8e-3]), np.array([1.0, 2.0])
    found = from_nir(chain(nir.Linear(weights(2, 3)), node), 1e-3)
    neurons = found.network.population("n1")
    np.testing.assert_allclose(neurons.tau_mem, [5e-6, 8e-6])
    assert neurons.threshold == Value(np.array([1.0, 2.0]))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (chain(nir.Linear(weights(2, 4)), lif()), "need \\(2, 3\\) \\(target, "),
        (
            chain(nir.Conv2d((4, 4), np.ones((1, 1, 9, 9)), 1, 0, 1, 1, np.zeros(1)),
                  lif(), size=(1, 4, 4)),
            "its kernel \\(9, 9\\) does not fit an image",
        ),
        (
            chain(nir.Conv2d((2, 2), np.ones((1, 1, 1, 1)), 1, 9999, 1, 1, np.zeros(1)),
                  lif(), size=(1, 2, 2)),
            "it would be .* weights. At most",
        ),
        (chain(nir.Linear(weights(2, 3)), lif(), size=2**30), "channels. At most"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_before_it_is_unrolled(given, message):
    with pytest.raises(ConversionError, match=message):
        from_nir(given)


def test_the_report_names_what_the_chip_has_no_place_for():
    given = chain(nir.Linear(np.full((2, 200), 3.0)), lif(), size=200)
    text = from_nir(given).report.text()
    assert "a neuron of it has 200 inputs, a circuit 128 signed ones" in text
    assert "400 of 400 weights are clipped to ±63 LSB" in text
    assert "on the chip its synapses get the shortest time constant" in text


def test_an_adex_is_a_lif_for_others_and_an_adex_for_us():
    network = NetworkSpec(
        (InputSpec("in", 1), AELIFSpec("ad", refractory_time=0.0)),
        (ProjectionSpec("w", "in", "ad", [[1.0]]),),
        ("ad",),
    )
    graph = to_nir(network)
    assert isinstance(graph.nodes["ad"], nir.CubaLIF)
    assert from_nir(graph).network == network
    (note,) = export_notes(network)
    assert "NIR has no AdEx: it is written as CubaLIF plus metadata" in note.what
