"""Networks below `hxtorch`: values can be made, nothing is run."""

import importlib
import re
from contextlib import nullcontext

import numpy as np
import pytest
import torch

from core import LI, Experiment, LIFObservables, Synapse, run
from core.chip.results import Events
from core.compat import hxtorch_core, hxtorch_spiking
from core.compat.grenade import common, execution, network, signal_flow
from core.errors import HXError, NotEmulatedError
from core.observables import SpikeHandle

RoutingResult = network.RoutingResult


def test_the_coordinates_of_the_one_chip_are_keys():
    times = {common.ConnectionOnExecutor(): {common.ChipOnConnection(): 1}}
    assert times[common.ConnectionOnExecutor()][common.ChipOnConnection()] == 1
    assert int(common.ExecutionInstanceID(3)) == 3


@pytest.mark.parametrize(
    "make",
    [
        execution.ExecutionInstanceHooks,
        signal_flow.InputData,
        network.AtomicNeuronOnExecutionInstance,
        network.CADCRecording.Neuron,
        network.ConnectionToHardwareRoutes,
        network.ExternalSourcePopulation.Neuron,
        network.InputGenerator,
        network.Network,
        network.NetworkBuilder,
        network.Population.Neuron.Compartment.SpikeMaster,
        RoutingResult,
        RoutingResult.ExecutionInstance.PlacedConnection,
        network.routing.PortfolioRouter,
    ],
)
def test_values_of_the_register_level_can_be_made(make):
    assert make() is not None


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("NetworkBuilder.add", lambda: network.NetworkBuilder().add(None)),
        ("NetworkBuilder.done", lambda: network.NetworkBuilder().done()),
        ("InputGenerator.add", lambda: network.InputGenerator().add([], None)),
        ("InputGenerator.done", lambda: network.InputGenerator().done()),
        ("build_network_graph", lambda: network.build_network_graph(None, None)),
        ("RoutingResult", lambda: RoutingResult().row_source),
        (
            "ExecutionInstanceHooks",
            lambda: execution.ExecutionInstanceHooks(pre_realtime=[1]),
        ),
        ("_hxtorch_spiking.run", lambda: hxtorch_spiking.run({}, [], {})),
    ],
)
def test_what_would_run_on_the_register_level_names_the_call(name, call):
    with pytest.raises(NotEmulatedError, match=re.escape(name)) as caught:
        call()
    assert isinstance(caught.value, NotImplementedError)


@pytest.mark.parametrize(
    ("router", "error"),
    [
        (network.routing.PortfolioRouter(), None),
        (lambda *_: RoutingResult(), NotEmulatedError),
    ],
)
def test_a_run_takes_the_router_but_no_routing_written_by_hand(router, error):
    experiment = Experiment(hw_routing_func=router)
    synapse, neuron = Synapse(1, 1, experiment), LI(1, experiment)
    out = neuron(synapse(LIFObservables(spikes=torch.zeros(5, 1, 1))))
    with pytest.raises(error, match="by hand") if error else nullcontext():
        run(experiment, 5)
    assert (out.membrane_cadc is None) == bool(error)


def test_empty_hooks_are_fine():
    execution.ExecutionInstanceHooks(None, [], pre_realtime=None)


def test_names_of_populations_and_projections_are_keys():
    one = network.PopulationOnNetwork(network.PopulationOnExecutionInstance(1))
    assert one == network.PopulationOnNetwork(network.PopulationOnExecutionInstance(1))
    assert {one: "x"}[one] == "x"
    assert one.toPopulationOnExecutionInstance() == 1
    assert one.toExecutionInstanceID() == common.ExecutionInstanceID()
    two = network.ProjectionOnNetwork(network.ProjectionOnExecutionInstance(2))
    assert two.toProjectionOnExecutionInstance() == 2
    assert two.toExecutionInstanceID() == 0
    assert two != one


def test_receptors_are_told_apart_by_number_and_sign():
    kinds = network.Receptor.Type
    excitatory = network.Receptor(network.Receptor.ID(), kinds.excitatory)
    assert excitatory == network.Receptor()
    assert hash(excitatory) == hash(network.Receptor())
    assert excitatory != network.Receptor(network.Receptor.ID(), kinds.inhibitory)


def test_a_plasticity_rule_has_a_timer_and_a_kernel():
    rule = network.PlasticityRule()
    rule.timer.start = network.PlasticityRule.Timer.Value(100)
    rule.timer.period, rule.timer.num_periods = 50, 2
    rule.kernel = "void PLASTICITY_RULE_KERNEL() {}"
    assert (rule.timer.start, network.PlasticityRule().timer.start) == (100, 0)


def test_a_recording_lists_its_neurons():
    recording = network.CADCRecording()
    recording.neurons.append(network.CADCRecording.Neuron())
    assert network.CADCRecording().neurons == []


def test_a_weight_becomes_a_list_of_synapses_row_by_row():
    weight = torch.tensor([[1.0, 0.0, -63.0], [2.5, -2.5, 4.0]])
    synapses = hxtorch_core.weight_to_connection(weight)
    assert [(s.index_post[0], s.index_pre[0], s.weight) for s in synapses] == [
        (0, 0, 1),
        (0, 1, 0),
        (0, 2, 63),
        (1, 0, 3),  # a half is rounded away from zero
        (1, 1, 3),
        (1, 2, 4),
    ]


def test_only_the_connections_that_are_asked_for_are_listed():
    weight = torch.arange(6.0).reshape(2, 3)
    synapses = hxtorch_core.weight_to_connection(weight, [[1, 0], [2, 1]])
    assert [(s.index_post[0], s.index_pre[0], s.weight) for s in synapses] == [
        (1, 2, 5),
        (0, 1, 1),
    ]


TENSOR = torch.zeros(2, 1, 3)
BAD_TENSORS = {
    "weight of one dimension": lambda: hxtorch_core.weight_to_connection(torch.ones(2)),
    "connection outside": lambda: hxtorch_core.weight_to_connection(
        torch.ones(2, 2), [[2], [0]]
    ),
    "connections of one row": lambda: hxtorch_core.weight_to_connection(
        torch.ones(2, 2), [[0]]
    ),
    "unequal shapes": lambda: hxtorch_core.dense_spikes_to_list(
        (torch.zeros(1, 2), torch.zeros(1, 3)), 3
    ),
    "no such neuron": lambda: hxtorch_core.dense_spikes_to_list(
        (torch.tensor([[3]]), torch.zeros(1, 1)), 3
    ),
    "two dimensions": lambda: hxtorch_spiking.tensor_to_spike_times(TENSOR[0], 1e-6),
    "empty": lambda: hxtorch_spiking.tensor_to_spike_times(TENSOR[:0], 1e-6),
    "not on the CPU": lambda: hxtorch_spiking.tensor_to_spike_times(
        TENSOR.to("meta"), 1e-6
    ),
}


@pytest.mark.parametrize("name", BAD_TENSORS)
def test_a_tensor_that_does_not_fit_is_a_runtime_error(name):
    with pytest.raises(RuntimeError) as caught:
        BAD_TENSORS[name]()
    assert isinstance(caught.value, HXError)


def test_dense_spikes_become_lists_of_times():
    spikes = torch.zeros(4, 2, 2)
    spikes[1, 0, 0] = spikes[3, 0, 0] = spikes[0, 1, 1] = 1
    assert hxtorch_spiking.tensor_to_spike_times(spikes, 0.5) == [
        [[0.5, 1.5], []],
        [[], [0.0]],
    ]


def test_the_first_spikes_are_extracted_and_listed_again():
    events = Events(
        cycle=np.array([125, 250, 375, 500]),
        batch=np.array([0, 0, 0, 1]),
        neuron=np.array([2, 0, 1, 1]),
    )
    index, time = hxtorch_core.extract_n_spikes(SpikeHandle(events, 2, 3), 2)
    assert index.tolist() == [[2, 0], [1, -1]]
    assert torch.allclose(time[0], torch.tensor([1e-6, 2e-6]))
    lists = hxtorch_core.dense_spikes_to_list((index, time), 3)
    assert [[len(neuron) for neuron in entry] for entry in lists] == [
        [1, 0, 1],
        [0, 1, 0],
    ]


def test_raw_recordings_have_the_names_of_the_interface():
    for name in ("SpikeHandle", "CADCHandle", "MADCHandle"):
        raw_handle = importlib.import_module("core.raw_handle")
        assert getattr(hxtorch_spiking, name) is getattr(raw_handle, name)
