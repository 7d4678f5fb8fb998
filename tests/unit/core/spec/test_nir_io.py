import io
import json
from pathlib import Path

import h5py
import nir
import numpy as np
import pytest

from core.errors import ConversionError
from core.spec.examples import first_steps, yin_yang
from core.spec.network import (
    InputSpec,
    LIFSpec,
    LISpec,
    NetworkSpec,
    ProjectionSpec,
    Value,
    VoltageScale,
)
from core.spec.nir_io import from_nir, read_nir_bytes, to_nir, write_nir_bytes

DATA = Path(__file__).parents[3] / "data"


def cuba(n=2, **changes):
    values = {
        "tau_mem": 10e-3,
        "tau_syn": 5e-3,
        "r": 1.0,
        "v_leak": 0.0,
        "v_reset": 0.0,
        "v_threshold": 1.0,
        "w_in": 1.0,
    } | changes
    return nir.CubaLIF(**{k: np.full(n, v) for k, v in values.items()})


def linear(targets=2, sources=3):
    return nir.Linear(
        np.arange(targets * sources, dtype=np.float32).reshape(-1, sources)
    )


def graph(*edges, **nodes):
    base = {
        "in": nir.Input({"input": np.array([3])}),
        "w": linear(),
        "lif": cuba(),
        "out": nir.Output({"output": np.array([2])}),
    }
    edges = edges or (("lif", "out"), ("w", "lif"), ("in", "w"))
    return nir.NIRGraph(base | nodes, list(edges), type_check=False)


def texts(problems):
    return [str(problem) for problem in problems]


def problems_of(*args, **kwargs):
    with pytest.raises(ConversionError) as caught:
        from_nir(*args, **kwargs)
    return texts(caught.value.problems)


def through_a_file(network, **kwargs):
    return read_nir_bytes(write_nir_bytes(to_nir(network, **kwargs)))


RICH = NetworkSpec(
    (
        LISpec(
            name="z.1",
            size=2,
            position=(3, -0.0),
            leak=Value(0.1, hardware=90.5),
            tau_mem=7.3e-6,
            tau_syn=2.3e-6,
            membrane_capacitance=3.1e-6,
            capacitance_lsb=20,
            scale=VoltageScale(70, 33.3),
        ),
        InputSpec(name="in/put", size=3, color=4),
        LIFSpec(
            name="in_put",
            size=4,
            threshold=Value(1 / 3, code=500),
            refractory_time=2.7e-6,
        ),
    ),
    (
        ProjectionSpec("b", "in_put", "z.1", np.full((2, 4), 0.1), weight_scale=12.5),
        ProjectionSpec("a", "in/put", "in_put", np.full((4, 3), 1 / 3)),
        ProjectionSpec("again", "in/put", "in_put", np.zeros((4, 3))),
        ProjectionSpec("loop", "in_put", "in_put", np.eye(4)),
    ),
    ("in_put", "z.1"),
)


@pytest.mark.parametrize("factor", [1e-3, 1.0, 0.7e-6])
def test_a_network_comes_back_equal(factor):
    for network in (RICH, first_steps().network, yin_yang().network, NetworkSpec()):
        found = from_nir(through_a_file(network, time_factor=factor))
        # The network keeps the factor of its file, to be saved with it again.
        assert found.network == network.replace(time_factor=factor)
        assert found.notes == ()
        assert found.time_factor == factor


def test_nir_accepts_our_files_and_adds_nothing_that_stays():
    half = NetworkSpec((LIFSpec(name="a", size=2), LISpec(name="b"), InputSpec("c")))
    for network in (RICH, yin_yang().network, half):
        checked = nir.read(io.BytesIO(write_nir_bytes(to_nir(network))))
        assert from_nir(checked).network == network


def test_file_numbers_times_the_factor_are_chip_seconds():
    network = NetworkSpec((LIFSpec(name="a", tau_mem=8e-6, tau_syn=5e-6),))
    assert to_nir(network).nodes["a"].tau_mem == pytest.approx([8e-3])
    found = from_nir(graph(), 1e-4).network.population("lif")
    assert (found.tau_mem, found.tau_syn) == pytest.approx((1e-6, 5e-7), rel=1e-12)


def test_another_factor_stretches_all_times_of_our_own_file():
    network = NetworkSpec((LIFSpec(name="a", refractory_time=2e-6),))
    found = from_nir(through_a_file(network), 2e-3)
    a = found.network.population("a")
    times = (a.tau_mem, a.tau_syn, a.membrane_capacitance, a.refractory_time)
    assert times == pytest.approx((20e-6, 20e-6, 20e-6, 4e-6))
    assert found.notes == ()


def test_single_precision_is_read_as_the_number_that_was_meant():
    node = cuba()
    for name in ("tau_mem", "tau_syn", "r", "v_leak", "v_threshold", "v_reset", "w_in"):
        setattr(node, name, getattr(node, name).astype(np.float32))
    assert from_nir(graph(lif=node)).network.population("lif").tau_mem == 10e-6


def test_r_becomes_the_capacitance():
    network = from_nir(graph(lif=cuba(r=4.0))).network
    assert network.population("lif").membrane_capacitance == pytest.approx(2.5e-6)
    assert to_nir(network).nodes["lif"].r == pytest.approx([4.0, 4.0])


def test_potentials_are_read():
    network = from_nir(graph(lif=cuba(v_leak=0.5, v_reset=0.25, v_threshold=2))).network
    lif = network.population("lif")
    assert (lif.leak, lif.reset, lif.threshold) == (Value(0.5), Value(0.25), Value(2))


def test_w_in_is_folded_into_the_weights():
    found = from_nir(graph(lif=cuba(w_in=0.5)))
    assert np.array_equal(found.network.projection("w").weights, linear().weight / 2)
    assert "node 'w': the weights are multiplied by w_in = 0.5." in texts(found.notes)


def test_w_in_may_differ_between_neurons():
    node = cuba()
    node.w_in = np.array([1.0, 3.0])
    found = from_nir(graph(lif=node))
    factors = np.array([[1], [3]])
    assert np.array_equal(
        found.network.projection("w").weights, linear().weight * factors
    )
    assert "multiplied by w_in = 1 to 3." in "".join(texts(found.notes))


def test_steps_of_snntorch_are_found_and_weights_stay():
    node = cuba(tau_mem=1e-3, tau_syn=5e-4, r=10.0, w_in=5.0)
    found = from_nir(graph(lif=node), 1e-2)
    assert found.dt == pytest.approx(1e-6)
    assert np.array_equal(found.network.projection("w").weights, linear().weight)
    # v += i in each step is C dv/dt = i with C = dt.
    lif = found.network.population("lif")
    assert lif.membrane_capacitance == pytest.approx(found.dt)
    assert (
        "NIR file: r and w_in count in steps of 0.0001: a spike adds its weight, "
        "C = tau_mem / r is a step (1 µs)." in texts(found.notes)
    )


def test_a_delta_synapse_is_refused():
    assert problems_of(graph(lif=cuba(tau_syn=0.0))) == [
        "node 'lif': tau_syn is 0. It must be above 0."
    ]


@pytest.mark.parametrize("shape", [(), (1,)])
def test_scalar_parameters_fit_the_size_of_the_weights(shape):
    node = cuba(1)
    for name in vars(node):
        value = getattr(node, name)
        if isinstance(value, np.ndarray):
            setattr(node, name, value.reshape(shape))
    assert from_nir(graph(lif=node)).network.population("lif").size == 2


def test_affine_without_bias_is_linear():
    w = nir.Affine(linear().weight, np.zeros(2))
    found = from_nir(graph(w=w))
    assert found.network.projection("w").source == "in"
    assert "node 'w': Affine without bias is read as Linear." in texts(found.notes)


def test_a_batch_axis_of_the_input_is_left_out():
    found = from_nir(graph(**{"in": nir.Input({"input": np.array([1, 3])})}))
    assert found.network.population("in").size == 3
    assert "node 'in': its shape (1, 3) is read as (3,)." in texts(found.notes)


def test_a_file_of_others_is_laid_out_left_to_right():
    found = from_nir(
        graph(
            *(("a", "w1"), ("w1", "b"), ("b", "w2"), ("w2", "c"), ("in", "w")),
            *(("w", "a"), ("in", "v"), ("v", "c"), ("b", "back"), ("back", "a")),
            *(("in", "u"), ("u", "d"), ("c", "out"), ("d", "out2")),
            a=cuba(), b=cuba(), c=cuba(), d=cuba(), u=linear(), v=linear(),
            w1=linear(2, 2), w2=linear(2, 2), back=linear(2, 2), lif=cuba(),
            out2=nir.Output({"output": np.array([2])}),
        )
    )  # fmt: skip
    places = {p.name: p.position for p in found.network.populations}
    assert places["in"] == (60, 60)
    assert [places[n][0] for n in "abc"] == [205, 350, 495]
    assert places["d"] == (205, 170)
    assert found.network.outputs == ("c", "d")
    assert "come without hardware values and places" in "".join(texts(found.notes))


def test_a_time_that_the_chip_cannot_reach_names_the_factor_that_fits():
    notes = "".join(texts(from_nir(graph(), 1.0).notes))
    assert "membrane time constant of 'lif' = 10 ms" in notes
    assert "Open it with time_factor 0.001." in notes
    notes = from_nir(graph(lif=cuba(tau_mem=1.0, tau_syn=1e-6))).notes
    assert "No time_factor fits all: change the times." in notes[-1].fix


def test_numbers_changed_in_our_file_count():
    changed = through_a_file(RICH)
    changed.nodes["in_put_2"].v_threshold[:] = 0.75
    changed.nodes["in_put_2"].tau_mem[:] *= 2
    found = from_nir(changed)
    lif = found.network.population("in_put")
    assert lif.threshold == Value(0.75, code=500)
    assert lif.tau_mem == pytest.approx(20e-6)
    assert lif.refractory_time == 2.7e-6
    assert texts(found.notes) == [
        "node 'in_put_2': the file was changed: its tau_mem, v_threshold count."
    ]


@pytest.mark.parametrize("facts", ["no json", "[1]", '{"kind": "LIF"}', "[" * 10**5])
def test_broken_metadata_are_left_out(facts):
    broken = through_a_file(first_steps().network)
    broken.nodes["hidden"].metadata["hx"] = facts
    found = from_nir(broken)
    assert found.network.population("hidden").refractory_time == 1e-6


def test_a_capacitance_of_zero_in_metadata_does_no_harm():
    broken = through_a_file(first_steps().network)
    facts = json.loads(broken.nodes["hidden"].metadata["hx"])
    facts["membrane_capacitance"] = 0.0
    broken.nodes["hidden"].metadata["hx"] = json.dumps(facts)
    assert from_nir(broken).network.population("hidden").membrane_capacitance > 0


class Unknown(nir.NIRNode):
    """A node of a future version."""

    def __init__(self):
        self.input_type = self.output_type = {}


def test_one_error_lists_all_nodes_that_cannot_be_read():
    longer = cuba()
    longer.v_reset = np.ones(3)
    listed = problems_of(
        graph(
            *(("in", "w"), ("w", "lif"), ("lif", "gone"), ("in", "lif"), ("z", "lif")),
            *(("li", "v"), ("v", "lif"), ("w", "out"), ("out", "in"), ("p", "q")),
            *(("q", "p"), ("in", "p"), ("q", "o2"), ("lif", "o2"), ("in", "in2")),
            *(("in", "two"), ("in", "d"), ("d", "w"), ("in", "odd"), ("odd", "lif")),
            x=Unknown(),
            z=linear(2, 2),
            two=nir.NIRGraph(
                {"a": nir.Input([3]), "b": nir.Input([3])}, [], type_check=False
            ),
            d=nir.Delay(np.array([1e-3, 2e-3, 1e-3])),
            odd=nir.Conv2d((2, 2), np.ones((1, 1, 3, 3)), 1, 0, 1, 1, np.zeros(1)),
            li=nir.CubaLI(*np.ones((4, 2))),
            v=linear(2, 2),
            p=nir.Affine(linear(3, 3).weight, np.ones(3)),
            q=linear(3, 3),
            bad=cuba(tau_mem=-1.0, r=np.inf),
            longer=longer,
            o2=nir.Output({"output": np.array([2])}),
            in2=nir.Input({"input": np.array([0])}),
        )
    )
    assert sorted(listed) == sorted(
        [
            "node 'x': Unknown cannot be read. Use Input, Output, Linear, Affine, "
            "Scale, Flatten, Conv1d, Conv2d, SumPool2d, AvgPool2d, Delay, I, IF, LI, "
            "LIF, CubaLI, CubaLIF, Threshold.",
            "node 'two': this inner graph has 2 Input nodes. "
            "Give it one, or let edges name a node inside, such as 'two.x'.",
            "node 'lif': an edge joins it to 'gone', which does not exist. "
            "Remove the edge or add the node.",
            "node 'lif': it receives 3 values by 'in'. It has 2 neurons: "
            "check the shapes.",
            "node 'out': it sends to the input 'in'. "
            "An input receives nothing: remove the edge.",
            "node 'in': it sends to the input 'in2'. "
            "An input receives nothing: remove the edge.",
            "node 'v': it carries the membrane of 'li', not spikes. "
            "Only inputs and neurons that fire send spikes.",
            "node 'w': the weight matrix leads to an output. "
            "Put LI neurons between: they read out.",
            "node 'p': it is in a loop without neurons. "
            "Put neurons into the loop, or remove an edge.",
            "node 'd': its delays differ (0.001 to 0.002). "
            "Use one for all channels, or a projection for each delay.",
            "node 'odd': values of shape (3,) come in. "
            "It takes (channels, rows, columns).",
            "node 'bad': r holds numbers that are not finite. Set them to numbers.",
            "node 'bad': tau_mem is -1. It must be above 0.",
            "node 'longer': its parameters differ in length. "
            "Give each one value per neuron.",
            "node 'in2': the input has no size. Give it the shape (channels,).",
        ]
    )


def test_weights_of_another_shape_are_refused():
    assert problems_of(graph(w=linear(2, 4))) == [
        "node 'w': the weights have shape (2, 4). "
        "'in' and 'lif' need (2, 3) (target, source)."
    ]


@pytest.mark.parametrize("factor", [0, -1.0, float("nan"), float("inf")])
def test_an_impossible_factor_is_refused(factor):
    assert "time factor: it is" in problems_of(graph(), factor)[0]
    with pytest.raises(ConversionError, match="time factor: it is"):
        to_nir(RICH, time_factor=factor)


def test_what_is_no_graph_is_refused():
    assert problems_of(cuba()) == ["NIR graph: it is a CubaLIF. Give a nir.NIRGraph."]


def test_one_error_lists_all_that_nir_cannot_hold():
    network = NetworkSpec(
        (
            InputSpec("in", 2),
            LISpec("li", tau_mem=0.0),
            LIFSpec("lif", threshold=Value(1e300)),
            LIFSpec("lif2", membrane_capacitance=0.0),
        ),
        (
            ProjectionSpec("w", "in", "lif", np.zeros((1, 3))),
            ProjectionSpec("x", "in", "gone", np.zeros((1, 2))),
            ProjectionSpec("y", "li", "lif", np.zeros((1, 1))),
            ProjectionSpec("y", "in", "lif", [[np.nan, 0]]),
        ),
        ("none",),
    )
    with pytest.raises(ConversionError) as caught:
        to_nir(network)
    assert texts(caught.value.problems) == [
        "'y': 2 populations or projections have this name. Rename all but one.",
        "outputs: there is no population 'none'. Choose a population.",
        "projection 'w': the weights have shape (1, 3). "
        "The populations need (1, 2) (target, source).",
        "projection 'x': it ends at no population. Connect it anew.",
        "projection 'y': LI cannot project to LIF. Remove it.",
        "projection 'y': some weights are not finite. Set them to numbers.",
        "population 'li': tau_mem would be 0 in the file. Choose another value.",
        "population 'li': r would be 0 in the file. Choose another value.",
        "population 'lif': v_threshold would be inf in the file. Choose another value.",
        "population 'lif2': its capacitance is not above 0. Set it.",
    ]


def test_a_value_that_json_cannot_hold_is_named():
    network = NetworkSpec((LIFSpec("a", leak=Value(0.0, hardware=float("inf"))),))
    with pytest.raises(ConversionError, match=r"population 'a', leak.hardware: inf"):
        to_nir(network)


def test_unknown_types_in_a_file_are_all_named():
    raw = write_nir_bytes(graph())
    file = io.BytesIO(raw)
    with h5py.File(file, "r+") as f:
        for name in ("lif", "w"):
            del f[f"node/nodes/{name}/type"]
            f[f"node/nodes/{name}/type"] = f"New{name}"
    with pytest.raises(ConversionError) as caught:
        read_nir_bytes(file.getvalue())
    assert [p.where for p in caught.value.problems] == ["node 'lif'", "node 'w'"]
    assert "knows no node of type 'Newlif'." in str(caught.value)


def test_bytes_that_are_no_nir_file_are_refused():
    with pytest.raises(ConversionError, match="NIR file: it cannot be read"):
        read_nir_bytes(b"nothing")


def test_a_graph_that_nir_cannot_write_is_refused():
    node = cuba(1)
    node.r = node.r.reshape(())
    with pytest.raises(ConversionError, match="NIR file: nir cannot write it"):
        write_nir_bytes(graph(lif=node))


def test_a_file_of_norse_opens_with_factor_one():
    # norse 1.1.0 writes time constants times its dt of 1e-3: 10 ms stand as 1e-5.
    found = from_nir(read_nir_bytes((DATA / "norse_lif_4_10_2.nir").read_bytes()), 1.0)
    lif = found.network.population("1")
    assert (lif.size, lif.tau_mem, lif.tau_syn) == (10, 10e-6, 5e-6)
    assert lif.membrane_capacitance == lif.tau_mem
    assert [p.size for p in found.network.populations] == [4, 10, 2]
    assert found.network.outputs == ("3",)
    assert not [note for note in found.notes if "does not reach" in note.what]


def test_a_file_whose_times_the_chip_cannot_reach_names_a_factor_that_fits():
    # The factor is 1e-3 unless another is given: none is taken unasked.
    raw = (DATA / "norse_lif_4_10_2.nir").read_bytes()
    found = from_nir(read_nir_bytes(raw))
    assert (found.time_factor, found.report.fitting_factor) == (1e-3, 1.0)
    assert found.notes[-1].fix == "Open it with time_factor 1."
    chosen = from_nir(read_nir_bytes(raw), 1.0)
    assert chosen.report.fitting_factor is None
    assert "does not reach" not in chosen.report.text()


def test_neurons_without_leak_do_not_count_in_the_factor_that_fits():
    def told(node):
        return from_nir(graph(lif=node)).report

    # r = 1e-6 makes C 1000 s, which no chip reaches, but it has no such neurons at all.
    leakless = told(nir.IF(*(np.full(2, r) for r in (1e-6, 1.0))))
    assert leakless.fitting_factor is None
    assert "does not reach" not in leakless.text()
    leaky = told(nir.LIF(*(np.full(2, tau) for tau in (10.0, 1.0, 0.0, 1.0))))
    assert leaky.fitting_factor == pytest.approx(1e-6)


@pytest.mark.parametrize("in_steps", [False, True])
def test_another_factor_changes_the_step_of_our_own_file_as_its_times(in_steps):
    written = through_a_file(first_steps().network, dt=5e-7, in_steps=in_steps)
    assert from_nir(written).dt == (5e-7 if in_steps else None)
    assert from_nir(written, 2e-3).dt == pytest.approx(1e-6)


def test_a_file_that_tells_no_step_is_written_with_the_default_step():
    found = from_nir(read_nir_bytes((DATA / "norse_lif_4_10_2.nir").read_bytes()))
    assert found.dt is None
    steps = [
        json.loads(to_nir(found.network, dt=dt).metadata["hx"])["dt"]
        for dt in (None, 1e-6)
    ]
    assert steps == [1e-6, 1e-6]


def test_a_file_of_snntorch_opens_with_steps_of_a_microsecond():
    raw = (DATA / "snntorch_synaptic_4_10_2.nir").read_bytes()
    found = from_nir(read_nir_bytes(raw), 1e-2)
    lif = found.network.population("3")
    assert found.dt == pytest.approx(1e-6)
    assert (lif.tau_mem, lif.tau_syn) == pytest.approx((10e-6, 5e-6))
    assert found.network.projection("2").weights.max() < 0.25
