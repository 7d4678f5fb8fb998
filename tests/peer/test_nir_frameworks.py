"""Networks that other frameworks export run here as there, and ours run there.

Both sides count in the same steps, so rasters are equal, except that a spike takes one
step more here from layer to layer: a constant shift.
"""

import io
import warnings
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import nir
import numpy as np
import pytest
import torch
from torch import nn

from core.build import build
from core.spec.experiment import ExperimentSpec, RunSpec
from core.spec.network import (
    InputSpec,
    LIFSpec,
    NetworkSpec,
    ProjectionSpec,
    Value,
)
from core.spec.nir_io import (
    SNNTORCH_STEP,
    from_nir,
    read_nir_bytes,
    to_nir,
    write_nir_bytes,
)

with warnings.catch_warnings():  # theirs, of other libraries and of themselves
    warnings.simplefilter("ignore")
    import norse.torch as norse
    import snntorch
    from snntorch.export_nir import export_to_nir
    from snntorch.import_nir import import_from_nir

pytestmark = [pytest.mark.peer, pytest.mark.filterwarnings("ignore")]
DATA = Path(__file__).parents[1] / "data"
DT = 1e-6
STEPS = 80
#: Reset to a value, at the spike: the only reset that NIR has.
RESET = {"reset_mechanism": "zero", "reset_delay": False, "init_hidden": True}


def noise(channels, seed=0, rate=0.3):
    rng = np.random.default_rng(seed)
    return (rng.random((STEPS, channels)) < rate).astype(np.float32)


def through_a_file(graph):
    # With scalar parameters, nir.write fails for some frameworks: then as it is.
    try:
        return read_nir_bytes(write_nir_bytes(graph))
    except Exception:
        return graph


def run_here(found, spikes):
    """Return the spikes of all neurons, shape (time, neurons), by name."""
    return traces_here(found, spikes)[0]


def traces_here(found, spikes):
    """Return spikes and membranes of neurons that fire, by name."""
    run = RunSpec(runtime=len(spikes) * DT, dt=DT, loops=found.loops)
    spec = ExperimentSpec(network=found.network, stimuli=found.stimuli, run=run)
    (source,) = (p.name for p in found.network.populations if p.kind == "input")
    with torch.no_grad():
        handles = build(spec, mock=True)({source: torch.tensor(spikes)[:, None]})
    fire = {n: h for n, h in handles.items() if h.holds("spikes")}
    return (
        {name: h.spikes[:, 0].numpy() for name, h in fire.items()},
        {name: h.membrane_cadc[:, 0].numpy() for name, h in fire.items()},
    )


def assert_shifted(here, there, steps):
    """Whether rasters are equal, and not empty or full, with ``here`` that later."""
    here, there = here[steps:], there[: len(there) - steps]
    assert 0.01 < there.mean() < 0.9
    assert np.array_equal(here, there.reshape(here.shape))


def step_through(net, layers, spikes):
    """Return what layers of a snntorch or sinabs network give, (time, neurons)."""
    seen = {name: [] for name in layers}
    modules = dict(net.named_modules())
    hooks = [
        modules[name].register_forward_hook(
            lambda _, __, out, name=name: seen[name].append(
                (out[0] if isinstance(out, tuple) else out).detach().numpy().ravel()
            )
        )
        for name in layers
    ]
    with torch.no_grad():
        for x in spikes:
            net(torch.tensor(x)[None] if x.ndim == 1 else torch.tensor(x))
    for hook in hooks:
        hook.remove()
    return {name: np.array(rows) for name, rows in seen.items()}


def run_norse(net, layers, spikes):
    state, seen = None, {name: [] for name in layers}
    for name in layers:
        net[int(name)].register_forward_hook(
            lambda _, __, out, name=name: seen[name].append(out[0].numpy().ravel())
        )
    with torch.no_grad():
        for x in spikes:
            _, state = net(torch.tensor(x)[None], state)
    return {name: np.array(rows) for name, rows in seen.items()}


def scaled(net, factor):
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.mul_(factor)
    return net


@pytest.mark.parametrize(
    ("cell", "factor", "bias"),
    [("LIFCell", 12, False), ("LIFBoxCell", 30, False), ("LIFBoxCell", 20, True)],
)
def test_layers_of_norse_give_the_same_spikes(cell, factor, bias):
    torch.manual_seed(0)
    layers = [nn.Linear(4, 10, bias=bias), getattr(norse, cell)()]
    # A bias of the second layer would begin before its first spikes arrive: a current
    # is there from the first step, a spike comes one step later from layer to layer.
    layers += [nn.Linear(10, 5, bias=False), getattr(norse, cell)()]
    net = scaled(norse.SequentialState(*layers), factor)
    # norse 1.1 writes tau × dt: 10 ms stand as 1e-5, which is chip seconds by chance.
    given = through_a_file(norse.to_nir(net, torch.zeros(1, 4)))
    assert from_nir(given).report.fitting_factor == 1.0
    found = from_nir(given, 1.0)
    assert len(found.stimuli) == bias
    spikes = noise(4)
    here, there = run_here(found, spikes), run_norse(net, ("1", "3"), spikes)
    assert_shifted(here["1"], there["1"], 1)
    assert_shifted(here["3"], there["3"], 2)


def leaky(n):
    return snntorch.Leaky(
        beta=torch.full((n,), 0.8), threshold=torch.full((n,), 0.7), **RESET
    )


def synaptic(n):
    return snntorch.Synaptic(
        alpha=torch.full((n,), 0.6),
        beta=torch.linspace(0.7, 0.9, n),
        threshold=torch.ones(n),
        **RESET,
    )


@pytest.mark.parametrize("neurons", [leaky, synaptic])
def test_layers_of_snntorch_give_the_same_spikes(neurons):
    torch.manual_seed(2)
    net = nn.Sequential(
        *(nn.Linear(4, 10, bias=neurons is leaky), neurons(10)),
        *(nn.Linear(10, 5, bias=False), neurons(5)),
    )
    net = scaled(net, 1.5)
    found = from_nir(through_a_file(export_to_nir(net, torch.zeros(4))), 1e-2)
    assert found.dt == pytest.approx(DT)
    spikes = noise(4)
    here, there = run_here(found, spikes), step_through(net, ("1", "3"), spikes)
    assert_shifted(here["1"], there["1"], 1)
    assert_shifted(here["3"], there["3"], 2)


def test_a_convolution_of_snntorch_gives_the_same_spikes():
    torch.manual_seed(3)
    first = snntorch.Leaky(
        beta=torch.full((3, 6, 6), 0.8), threshold=torch.ones(3, 6, 6), **RESET
    )
    net = nn.Sequential(
        *(nn.Conv2d(2, 3, 3, bias=False), first),
        *(nn.AvgPool2d(2), nn.Flatten(0), nn.Linear(27, 5, bias=False), leaky(5)),
    )
    net = scaled(net, 6.0)
    found = from_nir(export_to_nir(net, torch.zeros(2, 8, 8)), 1e-2)
    spikes = noise(2 * 8 * 8, rate=0.1)
    here = run_here(found, spikes)
    there = step_through(net, ("1", "5"), spikes.reshape(-1, 2, 8, 8))
    assert [p.weights.shape for p in found.network.projections] == [
        (108, 128),
        (5, 108),
    ]
    assert_shifted(here["1"], there["1"], 1)
    assert_shifted(here["5"], there["5"], 2)


@pytest.mark.parametrize("name", ["layers", "convolution"])
def test_files_of_spikingjelly_give_the_spikes_that_it_gave(name):
    # LIF with and without r = tau / dt, IF with r = 1 / dt, CubaLIF in steps.
    graph = read_nir_bytes((DATA / "spikingjelly" / f"{name}.nir").read_bytes())
    found = from_nir(graph, 1e-2)
    there = np.load(DATA / "spikingjelly" / f"{name}.npz")
    here = run_here(found, there["input"].astype(np.float32))
    first, second = (p.name for p in found.network.populations[1:])
    assert_shifted(here[first], there["first"], 1)
    assert_shifted(here[second], there["second"], 2)


class Recurrent(nn.Module):
    """A matrix and one recurrent layer of snntorch."""

    def __init__(self, kind, **decay):
        super().__init__()
        self.fc = nn.Linear(4, 10, bias=False)
        # RSynaptic of snntorch 1.0 fails with a reset at the spike: run resets it.
        reset = {"reset_mechanism": "none", "init_hidden": True}
        reset = RESET if kind is snntorch.RLeaky else reset
        self.layer = kind(**decay, threshold=1.0, linear_features=10, **reset)

    def forward(self, x):
        return self.layer(self.fc(x))

    def run(self, spikes):
        """Return spikes and membranes from rest, shape (time, neurons) each."""
        self.layer.spk = self.layer.mem = torch.zeros(1, 10)
        self.layer.syn = torch.zeros(1, 10)
        steps = []
        with torch.no_grad():
            for x in spikes:
                z = self(torch.tensor(x)[None])
                self.layer.mem = self.layer.mem * (1 - z)
                steps.append((z[0].numpy(), self.layer.mem[0].numpy()))
        return np.array(steps).swapaxes(0, 1)


#: A membrane so close to its threshold spikes or not by the last digits.
CLOSE = 1e-4


def first_close(z, v, threshold=1.0):
    """Return the step in which a neuron first misses its threshold by a hair."""
    close = (abs(v - threshold) < CLOSE) & (z == 0)
    return int(np.argmax(close.any(1))) if close.any() else len(v)


@pytest.mark.parametrize(
    ("kind", "decay", "bias"),
    [
        (snntorch.RLeaky, {"beta": 0.8}, True),
        # The bias of a layer with a current is there at once here, and rises there.
        (snntorch.RSynaptic, {"alpha": 0.6, "beta": 0.8}, False),
    ],
)
def test_a_recurrent_layer_of_snntorch_gives_the_same_spikes(
    kind, decay, bias, record_property
):
    torch.manual_seed(4)
    net = Recurrent(kind, **decay)
    if not bias:
        net.layer.recurrent.bias.data.zero_()
    found = from_nir(through_a_file(export_to_nir(net, torch.zeros(4))), 1e-2)
    assert {"layer.lif", "layer.w_rec"} <= set(found.network.names)
    assert found.loops == "prompt"
    assert "arrive promptly" in found.report.text()
    rates, same, fed_back = [], [], False
    for seed in range(20):
        spikes = noise(4, seed)
        z, v = (trace["layer.lif"][1:] for trace in traces_here(found, spikes))
        there, membrane = (trace[:-1] for trace in net.run(spikes))
        equal = min(first_close(z, v), first_close(there, membrane))
        assert 0.01 < there.mean() < 0.9
        assert np.array_equal(z[:equal], there[:equal])
        fed_back |= not np.array_equal(z, plain_layer(found, spikes)[1:])
        same.append(equal)
        rates.append((z.mean(0), there.mean(0)))
    record_property("steps until a neuron is close to its threshold", same)
    assert fed_back  # the loop matters
    assert np.median(same) > STEPS / 2
    here, there = np.array(rates).swapaxes(0, 1).reshape(2, -1)
    assert here @ there / np.linalg.norm(here) / np.linalg.norm(there) >= 0.99


def plain_layer(found, spikes):
    """Return the spikes of the layer without its recurrent weights."""
    network = found.network
    ahead = tuple(p for p in network.projections if p.source != p.target)
    return run_here(replace(found, network=network.replace(projections=ahead)), spikes)[
        "layer.lif"
    ]


def test_loops_as_in_hxtorch_take_one_step_more():
    torch.manual_seed(4)
    net = Recurrent(snntorch.RLeaky, beta=0.8)
    found = from_nir(export_to_nir(net, torch.zeros(4)), 1e-2)
    w, rec = net.fc.weight.detach(), net.layer.recurrent
    v, past = torch.zeros(10), [torch.zeros(10)] * 2
    spikes = noise(4)
    with torch.no_grad():
        for x in spikes:
            v = 0.8 * v + w @ torch.tensor(x) + rec.weight @ past[-2] + rec.bias
            past.append((v > 1.0).float())
            v = v * (1 - past[-1])
    here = run_here(replace(found, loops="late"), spikes)["layer.lif"]
    assert_shifted(here, np.array(past[2:]), 1)


def ours(recurrent=False, group="a."):
    rng = np.random.default_rng(5)
    values, lif = {"refractory_time": 0.0, "threshold": Value(0.8)}, f"{group}lif"
    populations = (
        InputSpec("in", 4),
        LIFSpec(lif, 10, tau_mem=8e-6, tau_syn=4e-6, **values),
        LIFSpec(
            "b", 5, tau_mem=6e-6, membrane_capacitance=3e-6, tau_syn=None, **values
        ),
    )
    projections = (
        ProjectionSpec("w1", "in", lif, rng.normal(0.5, 2, (10, 4))),
        ProjectionSpec("w2", lif, "b", rng.normal(0.5, 2, (5, 10))),
        # snnTorch wants these two names in an inner graph.
        ProjectionSpec(f"{group}w_rec", lif, lif, rng.normal(0, 0.5, (10, 10))),
    )
    return NetworkSpec(populations, projections[: 3 if recurrent else 2], ("b",))


def unrolled():
    """Return a network of ours whose weights are a convolution and a pool."""
    torch.manual_seed(3)
    weights = 6.0 * torch.randn(2, 1, 2, 2).numpy()
    one = np.ones((2, 2, 2), np.float32)
    graph = nir.NIRGraph(
        {
            "in": nir.Input({"input": np.array([1, 3, 3])}),
            "conv": nir.Conv2d((3, 3), weights, 1, 0, 1, 1, np.zeros(2)),
            "first": nir.LIF(5e-4 * one, one, 0 * one, one, 0 * one),
            "pool": nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
            "flat": nir.Flatten({"input": np.array([2, 1, 1])}, 0, -1),
            "fc": nir.Linear(3.0 * np.array([[1.0, 0.5], [0.5, 1.0], [1, 1]])),
            "b": nir.LIF(*(x * np.ones(3) for x in (4e-4, 1.0, 0.0, 1.0, 0.0))),
            "out": nir.Output({"output": np.array([3])}),
        },
        [],
        type_check=False,
    )
    graph.edges = [*pairwise(graph.nodes)]
    network = from_nir(graph, DT / SNNTORCH_STEP).network
    names = [p.name for p in network.projections]
    assert names == ["conv", "pool+fc"]
    return network


def exported(network):
    graph = to_nir(network, dt=DT, in_steps=True, time_factor=DT / SNNTORCH_STEP)
    return nir.read(io.BytesIO(write_nir_bytes(graph)))


def assert_runs_there_as_here(net, network, spikes):
    """Whether a network of another framework, imported from ours, does what ours does.

    :param net: what takes the input of a step and a state
    """
    state, rows = None, []
    with torch.no_grad():
        for x in spikes:
            z, state = net(torch.tensor(x)[None], state)
            rows.append(z.numpy().ravel())
    found = replace(from_nir(to_nir(network)), loops="prompt")
    assert_shifted(run_here(found, spikes)["b"], np.array(rows), 2)


NETWORKS = {"layers": ours(), "convolution": unrolled(), "loop": ours(recurrent=True)}
#: The loop again, by names that make no inner graph, the way back written last.
LOOSE = ours(recurrent=True, group="a_")


@pytest.mark.parametrize("name", [*NETWORKS, "loop without a graph of its own"])
def test_norse_runs_our_network_as_we_do(name):
    network = NETWORKS.get(name, LOOSE)
    net = norse.from_nir(exported(network), dt=SNNTORCH_STEP)
    spikes = noise(network.populations[0].size)
    assert_runs_there_as_here(net, network, spikes)


@pytest.mark.parametrize("name", NETWORKS)
def test_snntorch_runs_our_network_as_we_do(name):
    network = NETWORKS[name]
    net = import_from_nir(exported(network))
    spikes = noise(network.populations[0].size)
    assert_runs_there_as_here(net, network, spikes)


def test_a_loop_that_snntorch_runs_is_not_as_in_hxtorch():
    network, spikes = NETWORKS["loop"], noise(4)
    late = from_nir(to_nir(network))
    assert late.loops == "late"
    one, other = (
        run_here(f, spikes)["b"] for f in (late, replace(late, loops="prompt"))
    )
    assert not np.array_equal(one, other)
