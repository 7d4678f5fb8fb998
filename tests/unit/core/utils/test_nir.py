"""From a NIR graph to a model and back: what is equal, and what is refused."""

import dataclasses
import io
import logging

import networkx as nx
import nir
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core import (
    AELIF,
    LI,
    LIF,
    Experiment,
    InputNeuron,
    LIFObservables,
    MixedHXModelParameter,
    Synapse,
    run,
)
from core.build import build
from core.describe import describe
from core.errors import (
    ConversionError,
    HXError,
    NetworkError,
    ParameterError,
)
from core.modules import BatchDropout, SparseSynapse
from core.modules.neuron import EventPropLIF, NeuronExp
from core.simulate import input_spikes
from core.spec.examples import first_steps
from core.spec.experiment import ExperimentSpec, RunSpec
from core.spec.network import AELIFSpec, ProjectionSpec
from core.spec.nir_io import from_nir as spec_from_nir
from core.spec.nir_io import read_nir_bytes, write_nir_bytes
from core.utils.from_nir import (
    ConversionConfig,
    _get_keys,
    _map_nir_to_hxtorch,
    from_nir,
)
from core.utils.to_nir import SNN, _map_hxtorch_to_nir, to_nir

NUMBERS = ("tau_mem", "tau_syn", "r", "v_leak", "v_reset", "v_threshold", "w_in")


def cubalif(n=2, **changes):
    values = {
        "tau_mem": 10e-3,
        "tau_syn": 5e-3,
        "r": 1.0,
        "v_leak": 0.0,
        "v_reset": 0.0,
        "v_threshold": 1.0,
    } | changes
    return nir.CubaLIF(**{k: np.full(n, v) for k, v in values.items()})


def cubali(n=2, **changes):
    values = {"tau_mem": 10e-3, "tau_syn": 5e-3, "r": 1.0, "v_leak": 0.0} | changes
    return nir.CubaLI(**{k: np.full(n, v) for k, v in values.items()})


def graph(*edges, **nodes):
    base = {
        "in": nir.Input({"input": np.array([3])}),
        "w": nir.Linear(np.full((2, 3), 0.5)),
        "lif": cubalif(),
        "out": nir.Output({"output": np.array([2])}),
    }
    edges = edges or (("lif", "out"), ("w", "lif"), ("in", "w"))
    return nir.NIRGraph(base | nodes, list(edges), type_check=False)


def silence(n=3, steps=10, batch=1):
    return {"in": torch.zeros(steps, batch, n)}


def drive(steps=60, batch=2, n=3):
    spikes = torch.zeros(steps, batch, n)
    spikes[5:40:5] = 1
    return {"in": spikes}


def topology(graph):
    """Return the graph with, at each node, all that the node says."""
    edges = nx.DiGraph()
    for name, node in graph.nodes.items():
        said = {k: np.asarray(getattr(node, k)) for k in NUMBERS if hasattr(node, k)}
        if isinstance(node, nir.Linear):
            said["weight"] = node.weight
        if isinstance(node, nir.Input | nir.Output):
            said["size"] = np.prod(next(iter(node.output_type.values())))
        edges.add_node(name, kind=type(node), said=said)
    edges.add_edges_from((str(a), str(b)) for a, b in graph.edges)
    return edges


def same_node(a, b):
    # Weights are single precision, and a time is multiplied and divided once.
    return a["kind"] is b["kind"] and all(
        np.shape(a["said"][k]) == np.shape(b["said"][k])
        and np.allclose(a["said"][k], b["said"][k], rtol=1e-6, atol=0)
        for k in a["said"]
    )


def assert_equal(found, expected):
    assert nx.is_isomorphic(topology(found), topology(expected), node_match=same_node)


times = st.floats(1e-4, 5e-2)
potentials = st.floats(-2, 2).map(lambda v: v + 0.0)  # no −0


@st.composite
def graphs(draw):
    """Return a graph without loops, its edges in any order."""
    names = draw(st.lists(st.text(max_size=8), min_size=14, max_size=14, unique=True))
    size = draw(st.integers(1, 4))
    nodes = {names.pop(): nir.Input({"input": np.array([size])})}
    sizes = dict.fromkeys(nodes, size)
    spiking, edges = [*nodes], []
    for _ in range(draw(st.integers(1, 4))):
        name, size = names.pop(), draw(st.integers(1, 4))
        fires = draw(st.booleans())
        values = {k: draw(times) for k in ("tau_mem", "tau_syn")}
        values |= {"v_leak": draw(potentials)}
        if fires:
            values |= {k: draw(potentials) for k in ("v_reset", "v_threshold")}
            values |= {"r": draw(st.floats(0.1, 10))}
        sources = draw(
            st.lists(st.sampled_from(spiking), min_size=1, max_size=2, unique=True)
        )
        for source in sources:
            matrix = names.pop()
            shape = (size, sizes[source])
            seed = draw(st.integers(0, 99))
            weight = np.random.default_rng(seed).normal(size=shape)
            nodes[matrix] = nir.Linear(weight.astype(np.float32))
            edges += [(source, matrix), (matrix, name)]
        nodes[name] = (cubalif if fires else cubali)(size, **values)
        sizes[name] = size
        spiking += [name] if fires else []
    read = draw(st.sampled_from([*sizes]))
    nodes[names.pop()] = nir.Output({"output": np.array([sizes[read]])})
    edges.append((read, [*nodes][-1]))
    return nir.NIRGraph(nodes, draw(st.permutations(edges)), type_check=False)


@settings(max_examples=40, deadline=None)  # a run of several modules each
@given(graphs(), st.sampled_from([1e-3, 1.0, 2.5e-4]))
def test_a_graph_comes_back_equal(graph, time_factor):
    model = from_nir(graph, ConversionConfig(time_factor=time_factor))
    (name,) = (n for n, node in graph.nodes.items() if isinstance(node, nir.Input))
    size = int(graph.nodes[name].input_type["input"][0])
    found = to_nir(model, {name: torch.zeros(3, 1, size)})
    assert_equal(found, graph)
    assert sorted(found.nodes, key=int) == [str(i) for i in range(len(graph.nodes))]


@pytest.mark.parametrize("mock", [True, False])
def test_model_and_chip_run_a_graph_and_give_it_back(mock):
    given = graph(
        ("in", "w"),
        ("w", "lif"),
        ("lif", "w2"),
        ("w2", "li"),
        ("li", "out"),
        w=nir.Linear(np.full((2, 3), 0.9, np.float32)),
        w2=nir.Linear(np.array([[0.5, -0.25]], np.float32)),
        li=cubali(1),
        out=nir.Output({"output": np.array([1])}),
    )
    model = from_nir(given, ConversionConfig(mock=mock))
    spikes = model(drive())
    assert spikes.keys() == {"in", "lif"}
    assert spikes["lif"].shape == (60, 2, 2)
    assert spikes["lif"].sum() > 0
    assert torch.equal(spikes["in"], drive()["in"])
    assert model.handles["li"].membrane_cadc.shape == (60, 2, 1)
    assert_equal(to_nir(model, drive()), given)


def test_a_model_is_what_its_modules_would_be_by_hand():
    given = graph(lif=cubalif(r=2.0, v_leak=0.1, v_reset=-0.2, v_threshold=0.6))
    model = from_nir(given, ConversionConfig(dt=0.5e-6))
    found = model(drive())["lif"]

    exp = Experiment(mock=True, dt=0.5e-6)
    synapse = Synapse(3, 2, exp)
    synapse.weight.data.fill_(0.5)
    lif = LIF(
        2,
        exp,
        leak=0.1,
        reset=-0.2,
        threshold=0.6,
        tau_mem=10e-6,
        tau_syn=5e-6,
        membrane_capacitance=5e-6,
        refractory_time=0.0,
    )
    out = lif(synapse(LIFObservables(spikes=drive()["in"])))
    run(exp, None)
    assert found.sum() > 0
    assert torch.equal(found, out.spikes)
    assert torch.allclose(model.handles["lif"].membrane_cadc, out.membrane_cadc)


@pytest.mark.parametrize("time_factor", [1e-3, 1.0])
def test_a_refractory_time_survives_the_file(tmp_path, time_factor):
    class Net(SNN):
        def __init__(self):
            super().__init__()
            self.time_factor = time_factor
            self.synapse = Synapse(3, 2, self.exp)
            self.synapse.weight.data.fill_(0.9)
            self.lif = LIF(
                2, self.exp, leak=0, reset=0, threshold=1, refractory_time=4e-6
            )

        def forward(self, spikes):
            handle = LIFObservables(spikes=spikes["in"])
            out = self.lif(self.synapse(handle))
            run(self.exp, len(spikes["in"]))
            return out.spikes

    model = Net()
    expected = model(drive()).clone()
    assert expected.sum() > 0
    nir.write(tmp_path / "net.nir", to_nir(model, drive()))
    found = from_nir(
        nir.read(tmp_path / "net.nir"), ConversionConfig(time_factor=time_factor)
    )
    (lif,) = (m for m in found.hxnodes.values() if isinstance(m, LIF))
    assert lif.refractory_time.model_value == pytest.approx(4e-6)
    assert lif.refractory_time.hardware_value == pytest.approx(4e-6)
    (source,) = (n for n, m in found.hxnodes.items() if isinstance(m, InputNeuron))
    spikes = found({source: drive()["in"]})
    assert any(torch.equal(z, expected) for z in spikes.values())


@pytest.mark.parametrize("said", [-1e-3, np.array([1e-3, 2e-3]), "soon", np.nan])
def test_a_refractory_time_that_is_none_is_refused(said):
    given = graph()
    given.nodes["lif"].metadata = {"refractory_time": said}
    with pytest.raises(ConversionError, match="node 'lif': refractory_time"):
        from_nir(given)


def test_two_inputs_of_one_population_add_up():
    given = graph(
        ("in", "w"),
        ("w", "lif"),
        ("more", "w2"),
        ("w2", "lif"),
        ("lif", "out"),
        more=nir.Input({"input": np.array([1])}),
        w2=nir.Linear(np.full((2, 1), 1.5)),
    )
    assert _get_keys(given, nir.Input) == ["in", "more"]
    model = from_nir(given)
    both = drive() | {"more": drive(n=1)["in"]}
    alone = from_nir(graph(w=nir.Linear(np.full((2, 3), 1.0))))
    # 3 · 0.5 + 1.5 = 3 · 1
    assert torch.equal(model(both)["lif"], alone(drive())["lif"])
    assert_equal(to_nir(model, both), given)


def test_gradients_reach_the_weights():
    model = from_nir(graph())
    model(drive())["lif"].sum().backward()
    assert model.hxnodes["w"].weight.grad.abs().sum() > 0


def test_nodes_become_modules():
    cfg = ConversionConfig(weight_scale=20, trace_shift=2.0, trace_scale=0.1)
    exp = Experiment(mock=True)
    weight = np.arange(6).reshape(2, 3)
    synapse = _map_nir_to_hxtorch(exp, nir.Linear(weight), cfg)
    assert synapse.weight.dtype == torch.float32
    assert synapse.weight.tolist() == weight.tolist()
    assert synapse.weight_transform(torch.ones(1)).item() == 20

    lif = _map_nir_to_hxtorch(exp, cubalif(r=4.0, v_threshold=1.5), cfg)
    assert (type(lif), lif.size) == (LIF, 2)
    for name, model_value, hardware_value in (
        ("leak", 0.0, 80),
        ("reset", 0.0, 80),
        ("threshold", 1.5, 150),
        ("tau_mem", 10e-6, 10e-6),
        ("tau_syn", 5e-6, 5e-6),
        ("membrane_capacitance", 2.5e-6, 63),
        ("refractory_time", 0.0, 1e-6),
    ):
        parameter = getattr(lif, name)
        assert parameter.model_value == pytest.approx(model_value)
        assert parameter.hardware_value == pytest.approx(hardware_value)
    assert lif.scale == 0.1
    assert lif.cadc_time_shift == 2

    li = _map_nir_to_hxtorch(exp, cubali(v_leak=0.5), cfg)
    assert type(li) is LI
    assert (li.leak.model_value, li.leak.hardware_value) == (0.5, 80)
    assert li.shift_cadc_to_first

    source = _map_nir_to_hxtorch(exp, nir.Input({"input": np.array([3])}), cfg)
    assert (type(source), source.size) == (InputNeuron, 3)
    out = nir.Output({"output": np.array([3])})
    assert _map_nir_to_hxtorch(exp, out, cfg) is None


def test_a_resting_membrane_of_the_chip_reads_v_leak():
    cfg = ConversionConfig(mock=False)
    model = from_nir(graph(lif=cubalif(v_leak=0.4, v_threshold=3)), cfg)
    model(silence(steps=30))
    trace = model.handles["lif"].membrane_cadc.detach()
    # Calibrated to ±5 LSB of 1/50 each.
    assert trace.mean().item() == pytest.approx(0.4, abs=0.1)


def test_an_input_weight_multiplies_the_weights():
    model = from_nir(graph(lif=cubalif(w_in=3.0)))
    assert model.hxnodes["w"].weight.unique().tolist() == [1.5]


def test_r_of_a_readout_is_reported_as_unused(caplog):
    with caplog.at_level(logging.WARNING):
        module = _map_nir_to_hxtorch(None, cubali(r=2.0), ConversionConfig())
    assert "r = 2 of a CubaLI is not used" in caplog.text
    assert module.membrane_capacitance.model_value == pytest.approx(10e-6)


def test_all_unknown_nodes_are_named_in_one_error():
    given = graph(
        flat=nir.Flatten({"input": np.array([3])}),
        affine=nir.Affine(np.ones((2, 3)), np.zeros(2)),
    )
    with pytest.raises(NotImplementedError) as caught:
        from_nir(given)
    assert isinstance(caught.value, HXError)
    assert "node 'flat': Flatten" in str(caught.value)
    assert "node 'affine': Affine" in str(caught.value)
    assert "Use Input, Output, Linear, CubaLIF and CubaLI" in str(caught.value)


@pytest.mark.parametrize("name", NUMBERS[:-1])
def test_neurons_that_differ_are_refused(name):
    node = cubalif()
    getattr(node, name)[0] += 0.5
    with pytest.raises(ValueError, match=f"{name} differs between its neurons"):
        _map_nir_to_hxtorch(Experiment(mock=True), node, ConversionConfig())
    with pytest.raises(ValueError, match=f"node 'lif': {name} differs"):
        from_nir(graph(lif=node))


def test_a_loop_is_refused():
    loop = (("lif", "back"), ("back", "lif"))
    given = graph(
        ("in", "w"), ("w", "lif"), ("lif", "out"), *loop, back=nir.Linear(np.eye(2))
    )
    with pytest.raises(NotImplementedError, match=r"a loop: 'lif' -> 'back'"):
        from_nir(given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("graph", "it is a str"),
        (graph(lone=cubali()), "'lone': it receives nothing"),
        (graph(("in", "w"), ("w", "lif"), w=nir.Linear(np.ones((2, 4)))), "shape"),
        (graph(("in", "lif")), "it receives 3 values by 'in'"),
        (nir.NIRGraph({}, [], type_check=False), "it has no input"),
    ],
)
def test_what_is_no_network_is_refused(given, message):
    with pytest.raises(ConversionError, match=message):
        from_nir(given)


def test_a_linear_of_three_axes_is_refused():
    with pytest.raises(ConversionError, match=r"shape \(1, 2, 3\)"):
        _map_nir_to_hxtorch(None, nir.Linear(np.ones((1, 2, 3))), ConversionConfig())


def test_a_part_of_a_step_is_no_trace_shift():
    with pytest.raises(ParameterError, match=r"trace_shift is 0\.5"):
        from_nir(graph(), ConversionConfig(trace_shift=0.5))


def test_inputs_go_by_name():
    model = from_nir(graph())
    with pytest.raises(NetworkError) as caught:
        model({"inn": torch.zeros(5, 1, 3)})
    assert "input 'in': it has no spikes" in str(caught.value)
    assert "Did you mean 'in'?" in str(caught.value)


class Net(SNN):
    """Two layers by hand; ``neuron`` makes the first."""

    def __init__(self, neuron=LIF, synapse=Synapse, **values):
        super().__init__()
        self.first, self.second = synapse(3, 2, self.exp), Synapse(2, 1, self.exp)
        self.lif, self.li = neuron(2, self.exp, **values), LI(1, self.exp)

    def forward(self, spikes):
        z = self.lif(self.first(LIFObservables(spikes=spikes)))
        y = self.li(self.second(z))
        run(self.exp, len(spikes))
        return y.membrane_cadc


def test_modules_become_nodes():
    net = Net(
        leak=MixedHXModelParameter(torch.tensor([0.1, 0.2]), 80),
        reset=-0.1,
        threshold=torch.nn.Parameter(torch.tensor(1.0)),
        tau_mem=20e-6,
        tau_syn=5e-6,
        membrane_capacitance=10e-6,
    )
    found = to_nir(net, torch.zeros(10, 1, 3))
    assert [*found.nodes] == ["0", "1", "2", "3", "4", "5"]
    assert sorted(found.edges) == [(str(i), str(i + 1)) for i in range(5)]
    _, first, lif, _, li, out = found.nodes.values()
    assert torch.equal(torch.tensor(first.weight), net.first.weight.detach())
    assert lif.tau_mem.tolist() == [0.02, 0.02]
    assert lif.tau_syn.tolist() == [0.005, 0.005]
    assert lif.r.tolist() == [2.0, 2.0]
    assert lif.v_leak == pytest.approx([0.1, 0.2])
    assert lif.v_reset.tolist() == [-0.1, -0.1]
    assert lif.v_threshold.tolist() == [1.0, 1.0]
    assert (type(li), li.r.tolist(), li.v_leak.tolist()) == (nir.CubaLI, [1.0], [80.0])
    assert out.output_type["output"].tolist() == [1]


def test_missing_synapses_are_exported_as_zeros():
    def sparse(sources, targets, exp):
        return SparseSynapse(torch.eye(sources, targets), exp)

    weight = to_nir(Net(synapse=sparse), torch.zeros(10, 1, 3)).nodes["1"].weight
    assert weight.shape == (2, 3)
    assert (weight != 0).tolist() == np.eye(2, 3, dtype=bool).tolist()


def test_an_exported_weight_is_a_copy():
    net = Net()
    weight = to_nir(net, torch.zeros(10, 1, 3)).nodes["1"].weight
    weight[:] = 7
    assert net.first.weight.max() < 7


def test_a_loop_of_modules_is_exported():
    class Loop(SNN):
        def __init__(self):
            super().__init__()
            self.feed, self.back = Synapse(1, 2, self.exp), Synapse(2, 2, self.exp)
            self.lif = LIF(2, self.exp)

        def forward(self, spikes):
            g = self.feed(LIFObservables(spikes=spikes))
            self.lif(g, self.back(self.lif.output_handle))
            self.exp.modules.clear()

    found = to_nir(Loop(), torch.zeros(5, 1, 1))
    kinds = [type(node) for node in found.nodes.values()]
    assert kinds == [nir.Input, nir.Linear, nir.Linear, nir.CubaLIF, nir.Output]
    assert {("2", "3"), ("3", "2"), ("3", "4")} <= {*found.edges}
    nir.write(io.BytesIO(), found)


def test_exponential_neurons_are_exported_with_their_time_constants():
    dt, tau = 1e-6, 8e-6
    factor = torch.exp(torch.tensor(-dt / tau))
    node = _map_hxtorch_to_nir(
        NeuronExp(1, Experiment(mock=True, dt=dt), tau_mem=factor, tau_syn=factor)
    )
    # The factor is single precision: 6e-8 of 1 is 5e-7 of dt / tau.
    assert node.tau_mem == pytest.approx([8e-3], rel=2e-6)
    assert node.tau_syn == pytest.approx([8e-3], rel=2e-6)
    assert node.r.tolist() == [1.0]


def test_eventprop_neurons_have_no_capacitance():
    node = _map_hxtorch_to_nir(EventPropLIF(1, Experiment(mock=True), tau_mem=6e-6))
    assert (node.tau_mem.tolist(), node.r.tolist()) == ([0.006], [1.0])


def test_terms_that_nir_has_not_are_named(caplog):
    with caplog.at_level(logging.WARNING):
        node = _map_hxtorch_to_nir(AELIF(1, Experiment(mock=True)))
    assert isinstance(node, nir.CubaLIF)
    assert "no field for exponential, adaptation" in caplog.text


@pytest.mark.parametrize("loops", ["late", "prompt"])
def test_what_is_exported_is_the_document_of_the_modules(loops):
    spec = first_steps()
    old = spec.network.population("hidden")
    fields = {f.name: getattr(old, f.name) for f in dataclasses.fields(old)}
    hidden = AELIFSpec(**fields, exponential=False)
    back = ProjectionSpec("back", "hidden", "hidden", np.eye(8))
    network = spec.network.with_population(hidden)
    network = network.replace(projections=(*network.projections, back))
    spec = spec.replace(network=network, run=RunSpec(runtime=20e-6, loops=loops))
    snn = build(spec, mock=True)
    graph = to_nir(snn, input_spikes(spec))
    assert "NIR has no AdEx" in graph.nodes["3"].metadata["note"]
    raw = write_nir_bytes(graph)
    assert b"NIR has no AdEx" in raw
    found, read = spec_from_nir(read_nir_bytes(raw)), describe(snn.exp)
    assert found.loops == read.run.loops == loops
    assert found.network.population("hidden") == read.network.population("hidden")
    assert {p.name: p for p in found.network.projections} == {
        p.name: p for p in read.network.projections
    }


class Plain(SNN):
    """A model that ``run`` fills with modules."""

    def __init__(self, forward):
        super().__init__()
        self.run = forward

    def forward(self, spikes):
        self.run(self, spikes)


def test_other_modules_are_refused_by_name():
    with pytest.raises(NotImplementedError, match="Conv2d: NIR has no node for it"):
        _map_hxtorch_to_nir(torch.nn.Conv2d(1, 1, 1))

    def forward(model, spikes):
        synapse, neuron = Synapse(1, 1, model.exp), LIF(1, model.exp)
        dropout = BatchDropout(1, 0.5, model.exp)
        dropout(neuron(synapse(LIFObservables(spikes=spikes))))
        run(model.exp, len(spikes))

    with pytest.raises(NotImplementedError, match=r"module 2 \(BatchDropout\)"):
        to_nir(Plain(forward), torch.zeros(5, 1, 1))


def test_a_model_without_modules_is_refused():
    with pytest.raises(NetworkError, match="it ran no modules"):
        to_nir(Plain(lambda model, spikes: run(model.exp, 1)), torch.zeros(1, 1, 1))
    with pytest.raises(NetworkError, match="Linear: it has no experiment"):
        to_nir(torch.nn.Linear(1, 1), torch.zeros(1, 1, 1))
    with pytest.raises(NotImplementedError, match="defines its forward"):
        SNN()(None)


def test_values_that_do_not_fit_the_neurons_are_refused():
    module = LIF(2, Experiment(mock=True), leak=torch.zeros(3))
    with pytest.raises(ConversionError, match=r"LIF.leak: has the shape \(3,\)"):
        _map_hxtorch_to_nir(module)


def looped(mock, loops="late"):
    given = graph(
        *(("in", "w"), ("w", "lif"), ("lif", "rec"), ("rec", "lif"), ("lif", "out")),
        rec=nir.Linear(np.array([[0.0, 0.6], [-0.3, 0.0]], np.float32)),
        w=nir.Linear(np.array([[0.9] * 3, [0.5] * 3], np.float32)),
    )
    return given, ConversionConfig(mock=mock, recurrence=True, loops=loops)


@pytest.mark.parametrize("loops", ["late", "prompt"])
def test_a_loop_runs_when_it_may(loops):
    given, cfg = looped(mock=True, loops=loops)
    with pytest.raises(ConversionError, match="recurrence=True"):
        from_nir(given)
    model = from_nir(given, cfg)
    found = model(drive())["lif"]
    spec = ExperimentSpec(
        network=spec_from_nir(given, 1e-3).network,
        run=RunSpec(runtime=60e-6, loops=loops),
    )
    expected = build(spec, mock=True)(drive())["lif"].spikes
    assert found.sum() > 0
    with pytest.raises(ParameterError, match="Give 'late' or 'prompt'"):
        from_nir(given, ConversionConfig(recurrence=True, loops="soon"))
    assert torch.equal(found, expected)


def test_neurons_of_a_node_may_differ_when_they_may():
    given = graph(lif=cubalif(v_threshold=np.array([0.5, 2.0])))
    with pytest.raises(ConversionError, match="v_threshold differs"):
        from_nir(given)
    spikes = from_nir(given, ConversionConfig(per_neuron=True))(drive())["lif"]
    assert spikes[..., 0].sum() > spikes[..., 1].sum()
