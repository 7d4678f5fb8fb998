from typing import Any

import pytest
import torch

from core import (
    LI,
    LIF,
    Experiment,
    LIFObservables,
    Synapse,
    SynapseHandle,
    TensorHandle,
    run,
)
from core.backend.module_manager import ModuleManager
from core.errors import NetworkError
from core.modules import HXFunctionalModule


@pytest.fixture
def exp() -> Experiment:
    return Experiment(mock=True)


def chain(exp: Experiment) -> tuple[Any, ...]:
    """Return a synapse and a neuron, called, and the handles."""
    synapse, neuron = Synapse(2, 3, exp), LIF(3, exp)
    source = LIFObservables(spikes=torch.zeros(5, 1, 2))
    graded = synapse(source)
    return synapse, neuron, source, graded, neuron(graded)


def test_handles_connect_modules(exp: Experiment) -> None:
    synapse, neuron, source, graded, out = chain(exp)
    manager = exp.modules
    assert manager.get_id_by_module(neuron) == 1
    assert manager.get_module_by_id(0) is synapse
    assert manager.get_module_by_id(7) is None
    assert manager.has_module(synapse)
    assert not manager.has_module(LIF(1, exp))
    assert manager.find_edges(graded) == [(0, 1)]
    assert manager.find_edges(source) == [("s_0_0", 0)]
    assert manager.find_edges(out) == [(1, "t_1")]
    assert manager.input_data() == [source]


def test_order_is_topological_whatever_the_order_of_calls(exp: Experiment) -> None:
    synapse, neuron = Synapse(2, 3, exp), LIF(3, exp)
    out = neuron(synapse.output_handle)
    graded = synapse(LIFObservables(spikes=torch.zeros(5, 1, 2)))
    steps = exp.modules.done()
    assert [module for module, _, _ in steps] == [synapse, neuron]
    assert steps[1][1][0] is graded
    assert steps[1][2] is out


def test_equal_handles_are_not_confused(exp: Experiment) -> None:
    first, second = LI(3, exp), LI(3, exp)
    for neuron in (first, second):
        neuron(SynapseHandle(graded_spikes=torch.zeros(5, 1, 3)))
    assert len(exp.modules.input_data()) == 2


def test_handle_may_feed_two_modules(exp: Experiment) -> None:
    source = LIFObservables(spikes=torch.zeros(5, 1, 2))
    for synapse in (Synapse(2, 3, exp), Synapse(2, 4, exp)):
        synapse(source)
    assert len(exp.modules.input_data()) == 1
    assert [inputs for _, inputs, _ in exp.modules.done()] == [(source,)] * 2


def test_second_call_adds_an_input(exp: Experiment) -> None:
    neuron = LI(3, exp)
    sources = [SynapseHandle(graded_spikes=torch.zeros(5, 1, 3)) for _ in range(3)]
    outs = [neuron(source) for source in sources]
    assert outs[0] is outs[1] is outs[2]
    ((_, inputs, _),) = exp.modules.done()
    assert [a is b for a, b in zip(inputs, sources, strict=True)] == [True] * 3


def test_done_starts_a_new_graph_and_keeps_the_modules(exp: Experiment) -> None:
    synapse, *_ = chain(exp)
    graph = exp.modules.graph
    exp.modules.done()
    assert exp.modules.prev_graph is graph
    assert exp.modules.done() == []
    assert exp.modules.get_id_by_module(synapse) == 0


def test_circle_is_refused(exp: Experiment) -> None:
    synapse, neuron = Synapse(3, 3, exp), LIF(3, exp)
    synapse(neuron(synapse.output_handle))
    message = "Encountered cyclic dependencies in the network.*LIF, Synapse"
    with pytest.raises(NetworkError, match=message):
        exp.modules.done()


def test_nearest_populations_are_found(exp: Experiment) -> None:
    synapse, neuron, _, _, out = chain(exp)
    between = HXFunctionalModule(exp)
    between.output_type = LIFObservables
    readout, li = Synapse(3, 1, exp), LI(1, exp)
    li(readout(between(out)))
    manager = exp.modules
    assert manager.source_populations(readout) == [neuron]
    assert manager.target_populations(synapse) == [neuron]
    assert manager.target_populations(readout) == [li]
    assert manager.source_populations(synapse) == []


def test_mock_has_no_input_modules(exp: Experiment) -> None:
    chain(exp)
    exp.modules.pre_process(exp)
    assert len(exp.modules.nodes) == 2


def test_chip_gets_one_input_for_each_open_synapse() -> None:
    exp = Experiment()
    synapse, *_ = chain(exp)
    for _ in range(2):
        exp.modules.pre_process(exp)
        assert len(exp.modules.nodes) == 3
        (source,) = exp.modules.source_populations(synapse)
        assert source.size == 2
        exp.modules.done()
        synapse(LIFObservables(spikes=torch.zeros(5, 1, 2)))


def test_changes_are_noted(exp: Experiment) -> None:
    synapse, *_ = chain(exp)
    assert exp.modules.changed_since_last_run()
    exp.modules.reset_changed_since_last_run()
    assert not exp.modules.changed_since_last_run()
    synapse.weight.data += 1
    assert exp.modules.changed_since_last_run()


def test_text_lists_the_modules(exp: Experiment) -> None:
    chain(exp)
    assert "0: Synapse(in_features=2" in str(exp.modules)
    assert str(ModuleManager()) == "ModuleManager:"


class Difference(HXFunctionalModule):
    def forward_func(self, a: Any, b: Any) -> Any:
        return TensorHandle(tensor=a.tensor - b.tensor)


class Same(HXFunctionalModule):
    def forward_func(self, a: Any) -> Any:
        return TensorHandle(tensor=a.tensor)


def test_inputs_keep_their_order_when_one_is_filled_later(exp: Experiment) -> None:
    first, difference = Same(exp), Difference(exp)
    out = difference(first.output_handle, TensorHandle(tensor=torch.tensor(2.0)))
    first(TensorHandle(tensor=torch.tensor(10.0)))
    run(exp, None)
    assert out.tensor == 8


def test_a_handle_that_is_read_twice_counts_twice(exp: Experiment) -> None:
    once, twice = LI(1, exp), LI(1, exp)
    drive = SynapseHandle(graded_spikes=torch.ones(3, 1, 1))
    single, double = once(drive), twice(drive, drive)
    run(exp, None)
    assert torch.equal(double.current, 2 * single.current)


def test_connect_fills_the_handle_it_is_given(exp: Experiment) -> None:
    neuron, out = LIF(3, exp), LIFObservables()
    exp.connect(neuron, SynapseHandle(graded_spikes=torch.ones(5, 1, 3)), out)
    readout, li = Synapse(3, 1, exp), LI(1, exp)
    y = li(readout(out))
    run(exp, None)
    assert out.spikes.shape == (5, 1, 3)
    assert y.membrane_cadc.shape == (5, 1, 1)


def test_projections_know_their_populations(exp: Experiment) -> None:
    synapse, neuron, *_, out = chain(exp)
    readout, li = Synapse(3, 1, exp), LI(1, exp)
    li(readout(out))
    assert readout.source_population() is neuron
    assert readout.target_population() is li
    assert synapse.target_population() is neuron
