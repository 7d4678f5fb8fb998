import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import core
from core.build import build
from core.describe import describe
from core.errors import NetworkError
from core.loops import Link, Loop
from core.simulate import input_spikes, simulate
from core.spec.check import check
from core.spec.examples import EXAMPLES
from core.spec.experiment import ExperimentSpec, RecordingSpec, RunSpec
from core.spec.network import (
    AELIFSpec,
    InputSpec,
    LIFSpec,
    LISpec,
    NetworkSpec,
    ProjectionSpec,
    Value,
    VoltageScale,
)
from core.spec.stimulus import ConstantCurrent, SpikeTimes, current

DT = 1e-6


def described(spec, *, mock=True):
    snn = build(spec, mock=mock)
    snn._connect(input_spikes(spec))  # no run, so that no kernel has to be compiled
    return describe(snn.exp)


def plain(spec):
    """Return what does not depend on order, places and colours, by name."""
    bare = {"position": (0.0, 0.0), "color": None}
    return (
        {p.name: p.replace(**bare) for p in spec.network.populations},
        {p.name: p for p in spec.network.projections},
        set(spec.network.outputs),
        spec.recording,
        spec.run,
        spec.chip,
    )


def per_neuron(low, high, size):
    """Return numbers with few digits: one for all neurons, or one for each."""
    one = st.integers(0, 100).map(lambda n: round(low + (high - low) * n / 100, 9))
    return one | st.lists(one, min_size=size, max_size=size).map(np.array)


@st.composite
def populations(draw, name, kind):
    size = draw(st.integers(1, 3))

    def number(low, high):
        return draw(per_neuron(low, high, size))

    def potential(low, high):
        hardware = st.none() | per_neuron(240, 255, size)  # none that would follow
        code = st.none() | st.integers(0, 1022)
        return Value(number(low, high), draw(hardware), draw(code))

    fields = {
        "leak": potential(0, 0.5),
        "tau_mem": number(2e-6, 50e-6),
        "tau_syn": draw(st.none() | per_neuron(2e-6, 20e-6, size)),
        "membrane_capacitance": number(2e-6, 50e-6),
        "capacitance_lsb": draw(st.none() | st.integers(1, 9)),
        "scale": VoltageScale(draw(st.integers(50, 100)), draw(st.integers(30, 90))),
    }
    if kind is not LISpec:
        fields |= {
            "reset": potential(-0.5, 0),
            "threshold": potential(0.6, 1.5),
            "refractory_time": number(0, 5e-6),
        }
    if kind is AELIFSpec:
        on = draw(st.sampled_from([(1, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 1)]))
        names = ("exponential", "subthreshold_adaptation", "spike_triggered_adaptation")
        fields |= {n: bool(x) for n, x in zip(names, on, strict=True)}
        fields["exponential_slope"] = Value(number(0.05, 0.2))
        fields["tau_adap"] = number(50e-6, 500e-6)
    else:
        fields["leaky"] = draw(st.booleans())
    return kind(name, size, **fields)


@st.composite
def documents(draw):
    """Return documents with one input, a layer that may loop, and a read-out."""
    kind = draw(st.sampled_from([LIFSpec, AELIFSpec]))
    first = draw(populations("first", kind))
    out = draw(populations("out", LISpec))
    source = InputSpec("input", draw(st.integers(1, 3)))
    pairs = [(source, first), (first, out)]
    pairs += [(first, first)] * draw(st.booleans())
    projections = tuple(
        ProjectionSpec(
            f"p{n}",
            pre.name,
            post.name,
            np.random.default_rng(n).normal(0.3, 0.3, (post.size, pre.size)),
            weight_scale=draw(st.integers(1, 200)),
            delay=draw(st.sampled_from([0.0, 2e-6, 5e-6])),
        )
        for n, (pre, post) in enumerate(pairs)
    )
    trains = st.lists(st.integers(0, 20).map(lambda n: round(n * DT, 9)), max_size=4)
    times = tuple(tuple(sorted(set(draw(trains)))) for _ in range(source.size))
    return ExperimentSpec(
        NetworkSpec((source, first, out), projections, ("out",)),
        (SpikeTimes("input", times),),
        RecordingSpec("first", draw(st.integers(0, first.size - 1))),
        RunSpec(
            runtime=20e-6,
            dt=DT,
            trial=draw(st.integers(0, 9)),
            # Without a loop there is nothing to tell it by.
            loops=draw(st.sampled_from(["late", "prompt"][: len(pairs) - 1])),
        ),
    )


@settings(max_examples=25, deadline=None)
@given(documents())
def test_a_document_comes_back_from_its_modules(spec):
    found = described(spec)
    for got, expected in zip(plain(found), plain(spec), strict=True):
        assert got == expected
    assert [p for p in check(found) if p.is_error] == [
        p for p in check(spec) if p.is_error
    ]
    np.testing.assert_array_equal(
        input_spikes(found)["input"], input_spikes(spec)["input"]
    )


@pytest.mark.parametrize("title", EXAMPLES)
def test_the_examples_come_back_and_run_alike(title):
    spec = EXAMPLES[title]()
    snn = build(spec, mock=True)
    snn(input_spikes(spec))
    found = describe(snn.exp)
    assert plain(found)[:2] == plain(spec)[:2]
    one, other = simulate(spec).populations, simulate(found).populations
    for name, population in one.items():
        if population.membrane is not None:
            np.testing.assert_array_equal(
                population.membrane.values, other[name].membrane.values
            )


def test_codes_that_follow_stay_out_of_a_document_others_do_not():
    own = AELIFSpec("a", 2, exponential_slope=Value(0.05, code=[200, 201]))
    spec = ExperimentSpec(
        NetworkSpec((own,), (), ("a",)), run=RunSpec(mode="chip", runtime=20e-6)
    )
    assert plain(described(spec, mock=False))[0] == {"a": own}


def test_currents_come_back_as_steps():
    steps = (
        ConstantCurrent("o", current=[0.3, -0.2], start=5e-6, stop=12e-6),
        ConstantCurrent("o", current=0.1),
    )
    spec = ExperimentSpec(
        NetworkSpec((LISpec("o", 2),)), steps, run=RunSpec(runtime=30e-6)
    )
    found = described(spec)
    assert len(found.stimuli) == 3
    grids = [current(s.stimuli, "o", 2, 30, DT) for s in (spec, found)]
    # read back from single precision
    np.testing.assert_allclose(*grids, atol=1e-5)


def test_a_script_of_the_interface_becomes_a_document():
    experiment = core.Experiment(mock=True, dt=DT)
    synapse = core.Synapse(2, 3, experiment)
    neuron = core.LIF(
        3,
        experiment,
        leak=core.MixedHXModelParameter(0.0, 80),
        reset=core.MixedHXModelParameter(0.0, 80),
        threshold=core.MixedHXModelParameter(1.0, 125),
        tau_mem=torch.tensor([1e-5, 2e-5, 3e-5]),
        trace_offset=-48,
        trace_scale=1 / 45,
    )
    spikes = torch.zeros(30, 1, 2)
    spikes[5] = 1
    neuron(synapse(core.LIFObservables(spikes=spikes)))
    core.run(experiment, 30)
    spec = describe(experiment, "script")
    (lif,) = (p for p in spec.network.populations if p.kind == "LIF")
    assert lif.scale == VoltageScale(80, 45)
    assert lif.threshold == Value(1.0)
    assert lif.tau_mem.tolist() == [1e-5, 2e-5, 3e-5]
    assert spec.stimuli == (SpikeTimes("input", ((5e-6,), (5e-6,))),)
    assert (spec.title, spec.run.runtime) == ("script", 30e-6)


def test_what_no_document_can_say_is_listed_at_once():
    class Rates(core.HXFunctionalModule):
        def forward_func(self, input):
            return core.TensorHandle(tensor=input.spikes.mean(0))

    experiment = core.Experiment(mock=True)
    neuron = core.LIF(2, experiment, trace_scale=torch.tensor([1.0, 2.0]))
    drive = core.SynapseHandle(graded_spikes=torch.rand(30, 1, 2))
    Rates(experiment)(neuron(drive))
    core.run(experiment, None)
    with pytest.raises(NetworkError) as caught:
        describe(experiment)
    text = str(caught.value)
    assert "a Rates has no place in a document" in text
    assert "a scale or an offset for each neuron" in text
    assert "no current in steps" in text


def test_loops_that_differ_in_when_spikes_arrive_are_no_document():
    experiment = core.Experiment(mock=True)
    for prompt in (True, False):
        neuron, back = core.LIF(1, experiment), core.Synapse(1, 1, experiment)
        neuron(core.SynapseHandle(graded_spikes=torch.zeros(5, 1, 1)))
        neuron(back(neuron.output_handle))
        Loop(experiment, [neuron], [Link(back, 0, 0, 0)], [1], prompt)()
    with pytest.raises(NetworkError, match="some loops of it are prompt"):
        describe(experiment)


def test_an_experiment_that_ran_nothing_has_no_document():
    with pytest.raises(NetworkError, match="it ran no modules"):
        describe(core.Experiment(mock=True))
