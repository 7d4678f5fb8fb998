from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

import core
from core import (
    LI,
    LIF,
    ExecutionInstance,
    Experiment,
    LIFObservables,
    MixedHXModelParameter,
    Synapse,
    SynapseHandle,
    run,
)
from core.chip import pipeline
from core.chip.network import Network
from core.chip.results import Events, Execution, Observables
from core.chip.routing import GreedyRouter
from core.errors import NetworkError, ParameterError, ShapeError
from core.modules.neuron.recording import RecordingError
from core.observables import SpikeHandle
from core.spec.chip import IDEAL
from core.transforms.weight_transforms import linear_saturating

STEPS = 20


class FakeChip:
    """Stands in for the emulator: neuron 0 spikes at 3 µs, membranes are at 100 LSB."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def execute(
        self,
        network: Network,
        inputs: dict[str, Events],
        batch: int,
        runtime_cycles: int,
        chip: Any,
        **settings: Any,
    ) -> Execution:
        call = {"network": network, "inputs": inputs, "batch": batch}
        self.calls.append({**call, "cycles": runtime_cycles, "chip": chip, **settings})
        one = np.array([1])
        samples = 2 if network.record_cadc else 0
        observables = {
            p.name: Observables(
                Events(375 * one, 0 * one, 0 * one),
                np.full((samples, batch, p.size), 100, np.uint8),
                np.full((samples, batch, 2), [[[0]], [[125]]][:samples] or 0),
                np.zeros(p.size, np.int64),
                np.ones((2, 5, batch))
                if network.madc and network.madc[0] == p.name
                else None,
            )
            for p in network.populations
        }
        return Execution(network, batch, inputs, sent=inputs, observables=observables)


@pytest.fixture
def chip(monkeypatch: pytest.MonkeyPatch) -> FakeChip:
    fake = FakeChip()
    monkeypatch.setattr(pipeline, "execute", fake.execute)
    return fake


def spikes(*shape: int) -> Any:
    grid = torch.zeros(shape)
    grid[2] = 1
    return LIFObservables(spikes=grid.requires_grad_())


def network(exp: Experiment, **settings: Any) -> tuple[Synapse, LIF]:
    scale = partial(linear_saturating, scale=10.0)
    leak = MixedHXModelParameter(0.0, 80)
    threshold = MixedHXModelParameter(1.0, 125)
    return Synapse(2, 3, exp, transform=scale), LIF(
        3, exp, leak=leak, reset=0.0, threshold=threshold, **settings
    )


def call(exp: Experiment, synapse: Synapse, neuron: LIF, batch: int = 4) -> Any:
    return neuron(synapse(spikes(STEPS, batch, 2)))


def test_mock_needs_no_runtime() -> None:
    exp = Experiment(mock=True)
    out = call(exp, *network(exp))
    assert run(exp, None) is None  # type: ignore[func-returns-value]
    assert out.spikes.shape == (STEPS, 4, 3)
    assert exp.last_run_chip_configs is None


def test_second_run_in_mock_leaves_the_handles(
    chip: FakeChip, caplog: pytest.LogCaptureFixture
) -> None:
    exp = Experiment(mock=True)
    out = call(exp, *network(exp))
    run(exp, None)
    before = out.spikes
    run(exp, None)
    assert out.spikes is before
    assert not chip.calls
    assert "call the modules again" in caplog.text


@pytest.mark.parametrize("runtime", [None, 10.0, np.int64(10), 0, True])
def test_chip_needs_a_whole_number_of_steps(runtime: Any) -> None:
    exp = Experiment()
    call(exp, *network(exp))
    with pytest.raises(ParameterError, match="Requested runtime invalid"):
        run(exp, runtime)


def test_runtime_is_limited_by_the_timer(chip: FakeChip) -> None:
    exp = Experiment()
    call(exp, *network(exp))
    with pytest.raises(ParameterError, match=r"Runtime of 40 s to long.*34.36 s"):
        run(exp, 40_000_000)


def test_chip_gets_the_network_in_its_units(chip: FakeChip) -> None:
    exp = Experiment(dt=2e-6, trial=7)
    synapse, neuron = network(exp)
    synapse.weight.data = torch.tensor([[1.0, 0.0], [0.0, -1.0], [9.0, 0.25]])
    call(exp, synapse, neuron)
    run(exp, STEPS)

    (seen,) = chip.calls
    found: Network = seen["network"]
    (population,), (external,), (projection,) = (
        found.populations,
        found.externals,
        found.projections,
    )
    assert (population.size, external.size) == (3, 2)
    assert population.target.leak.tolist() == [80, 80, 80]
    assert population.target.threshold.tolist() == [125, 125, 125]
    assert (projection.source, projection.target) == (external.name, population.name)
    assert projection.weights.tolist() == [[10, 0], [0, -10], [63, 3]]
    assert (seen["batch"], seen["cycles"], seen["trial"]) == (4, STEPS * 250, 7)
    events = seen["inputs"][external.name]
    assert set(events.cycle.tolist()) == {500}
    assert len(events.cycle) == 8
    assert (found.i_synin_gm, found.synapse_dac_bias) == (500, 600)


def test_measured_data_reaches_the_handles_and_gradients_pass(chip: FakeChip) -> None:
    exp = Experiment()
    synapse, neuron = network(exp, trace_offset=-48.0, trace_scale=1 / 20)
    out = call(exp, synapse, neuron)
    run(exp, STEPS)
    assert out.spikes.nonzero().tolist() == [[3, 0, 0]]
    torch.testing.assert_close(out.membrane_cadc, torch.ones(STEPS, 4, 3))
    assert out.membrane_madc is None
    (out.spikes.sum() + out.membrane_cadc.sum()).backward()
    assert synapse.weight.grad is not None
    assert synapse.weight.grad.any()


def test_unrecorded_membranes_are_simulated(chip: FakeChip) -> None:
    exp = Experiment()
    out = call(exp, *network(exp, enable_cadc_recording=False))
    run(exp, STEPS)
    assert not chip.calls[0]["network"].record_cadc
    assert out.membrane_cadc[0].unique() == 0  # the leak of the model


def test_unrecorded_spikes_are_simulated(chip: FakeChip) -> None:
    exp = Experiment()
    out = call(exp, *network(exp, enable_spike_recording=False))
    run(exp, STEPS)
    assert not out.spikes[3, 0, 0]


def test_each_run_has_its_own_noise_and_the_same_names(chip: FakeChip) -> None:
    exp = Experiment(trial=3)
    modules = network(exp)
    for _ in range(2):
        call(exp, *modules)
        run(exp, STEPS)
    assert [c["trial"] for c in chip.calls] == [3, 4]
    assert exp.trial == 5
    first, second = (c["network"] for c in chip.calls)
    assert first.populations[0].name == second.populations[0].name == "LIF 0"
    assert len(second.externals) == 1
    assert chip.calls[0]["memory"] is chip.calls[1]["memory"]


def test_modules_may_choose_their_name(chip: FakeChip) -> None:
    exp = Experiment()
    synapse, neuron = network(exp)
    neuron.name = "hidden"
    call(exp, synapse, neuron)
    run(exp, STEPS)
    assert neuron.descriptor == "hidden"
    other = LI(3, exp)
    other.name = "hidden"
    other(SynapseHandle(graded_spikes=torch.zeros(STEPS, 4, 3)))
    with pytest.raises(NetworkError, match="'hidden': another module has this name"):
        run(exp, STEPS)


def test_neuron_may_run_without_synapses(chip: FakeChip) -> None:
    exp = Experiment()
    neuron = LI(3, exp)
    out = neuron(SynapseHandle(graded_spikes=torch.zeros(STEPS, 2, 3)))
    run(exp, STEPS)
    assert chip.calls[0]["batch"] == exp.batch_size == 2
    assert chip.calls[0]["inputs"] == {}
    assert out.membrane_cadc.shape == (STEPS, 2, 3)


def test_one_handle_feeds_two_synapses(chip: FakeChip) -> None:
    exp = Experiment()
    source = spikes(STEPS, 1, 2)
    outs = [LIF(3, exp)(Synapse(2, 3, exp)(source)) for _ in range(2)]
    run(exp, STEPS)
    assert len(chip.calls[0]["network"].externals) == 2
    assert all(out.spikes.any() for out in outs)


def test_loopback_uses_the_sent_spikes(chip: FakeChip) -> None:
    exp = Experiment(input_loopback=True)
    modules = network(exp)
    call(exp, *modules)
    results = exp.get_hw_results(STEPS)
    assert results["LIF 0"].spikes.any()
    assert results["InputNeuron 1"].sum() == 8
    (execution,) = results.executions.values()
    assert execution is exp.last_execution


def test_inputs_have_no_results_without_loopback(chip: FakeChip) -> None:
    exp = Experiment()
    call(exp, *network(exp))
    assert exp.get_hw_results(STEPS)["InputNeuron 1"] is None


def test_second_run_on_the_chip_says_what_to_do(chip: FakeChip) -> None:
    exp = Experiment()
    call(exp, *network(exp))
    run(exp, STEPS)
    with pytest.raises(NetworkError, match="Call the modules again before each run"):
        run(exp, STEPS)


def test_failed_run_leaves_nothing_behind(chip: FakeChip) -> None:
    exp = Experiment()
    modules = network(exp)
    call(exp, *modules)
    with pytest.raises(ParameterError, match="to long"):
        run(exp, 40_000_000)
    call(exp, *modules)
    run(exp, STEPS)
    assert len(chip.calls[0]["inputs"]["InputNeuron 1"].cycle) == 8


def test_input_of_another_size_names_both(chip: FakeChip) -> None:
    exp = Experiment()
    synapse, neuron = network(exp)
    neuron(synapse(spikes(STEPS, 1, 5)))
    with pytest.raises(ShapeError, match=r"has 2 channels, its spikes have shape \(20"):
        run(exp, STEPS)


def test_batch_sizes_must_agree(chip: FakeChip) -> None:
    exp = Experiment()
    call(exp, *network(exp), batch=2)
    call(exp, *network(exp), batch=3)
    with pytest.raises(ShapeError, match=r"different batch sizes: \[2, 3\]"):
        run(exp, STEPS)


def test_synapse_without_neurons_is_refused(chip: FakeChip) -> None:
    exp = Experiment()
    Synapse(2, 3, exp)(spikes(STEPS, 1, 2))
    with pytest.raises(NetworkError, match="has 1 source and 0 target populations"):
        run(exp, STEPS)


def test_a_synapse_is_on_the_chip_of_its_target(chip: FakeChip) -> None:
    exp = Experiment()
    synapse, _ = network(exp)
    neuron = LIF(3, exp, execution_instance=ExecutionInstance())
    call(exp, synapse, neuron)
    with pytest.raises(NetworkError, match="Give a synapse the execution instance of"):
        run(exp, STEPS)


def test_madc_reads_one_population(chip: FakeChip) -> None:
    exp = Experiment()
    out = call(exp, *network(exp, enable_madc_recording=True, record_neuron_id=1))
    run(exp, STEPS)
    assert chip.calls[0]["network"].madc == ("LIF 0", 1)
    assert out.membrane_madc.shape == (2, 5, 4)
    call(exp, *network(exp, enable_madc_recording=True, record_neuron_id=1))
    with pytest.raises(RecordingError, match="Another HXModule already registered"):
        run(exp, STEPS)


def test_cadc_memories_are_not_mixed(chip: FakeChip) -> None:
    exp = Experiment()
    for in_dram in (True, False):
        call(exp, *network(exp, enable_cadc_recording_placement_in_dram=in_dram))
    with pytest.raises(RecordingError, match="some populations record into DRAM"):
        run(exp, STEPS)


def test_default_execution_instance_is_made_once_and_can_be_set() -> None:
    exp = Experiment(mock=True)
    assert exp.default_execution_instance is exp.default_execution_instance
    instance = ExecutionInstance()
    exp.default_execution_instance = instance
    assert exp.default_execution_instance is instance
    assert str(instance) == f"ExecutionInstance(ID={int(instance.ID)})"


def test_get_hw_results_in_mock_is_empty_and_harmless() -> None:
    exp = Experiment(mock=True)
    call(exp, *network(exp))
    for _ in range(2):
        results = exp.get_hw_results(None)
        assert results == {}
        assert results.executions == {}
        assert results.execution_info is None
    assert len(exp.modules.nodes) == 2


def test_clear_forgets_everything(chip: FakeChip) -> None:
    exp = Experiment()
    call(exp, *network(exp))
    run(exp, STEPS)
    exp.clear()
    assert not exp.modules.nodes
    assert exp.last_execution is None
    assert exp._populations == exp._projections == []


def test_network_runs_on_the_emulated_chip() -> None:
    torch.manual_seed(0)
    exp = Experiment()
    synapse, neuron = network(exp, trace_offset=-48.0, trace_scale=1 / 45)
    synapse.weight.data.fill_(6.0)
    neuron.threshold = MixedHXModelParameter(0.3, 95)
    out = call(exp, synapse, neuron)
    run(exp, STEPS)
    assert out.spikes.sum() > 0
    assert exp.last_run_chip_configs is not None
    assert exp.last_execution is not None
    assert exp.last_execution.output is not None
    (out.spikes.sum()).backward()
    assert synapse.weight.grad is not None


def test_ideal_chip_follows_the_model() -> None:
    def psp(mock: bool) -> torch.Tensor:
        exp = Experiment(mock=mock, chip_spec=IDEAL)
        synapse = Synapse(1, 1, exp, transform=partial(linear_saturating, scale=50.0))
        synapse.weight.data.fill_(1.0)
        leak = MixedHXModelParameter(0.0, 80)
        neuron = LI(1, exp, leak=leak, trace_offset=-48.0, trace_scale=1 / 45)
        out = neuron(synapse(spikes(60, 1, 1)))
        run(exp, 60)
        trace: torch.Tensor = out.membrane_cadc.detach()
        return trace

    chip, model = psp(mock=False), psp(mock=True)
    late = 0.8  # of a step: an input reaches its synapse
    model = (1 - late) * model[1:] + late * model[:-1]
    # 2 LSB: quantisation of the CADC, its sampling, and Euler steps in the model
    torch.testing.assert_close(chip[1:], model, rtol=0, atol=2 / 45)


def test_modules_run_on_the_chip_again_after_clear():
    experiment = core.Experiment(mock=False)
    synapse, neurons = core.Synapse(2, 3, experiment), core.LIF(3, experiment)
    for _ in range(2):
        handle = neurons(synapse(core.LIFObservables(spikes=torch.zeros(20, 1, 2))))
        core.run(experiment, 20)
        assert handle.membrane_cadc.shape == (20, 1, 3)
        experiment.clear()


def test_a_refused_run_leaves_no_half_built_graph_behind():
    experiment = core.Experiment(mock=False)
    synapse, neurons = core.Synapse(2, 3, experiment), core.LIF(3, experiment)

    def call():
        return neurons(synapse(core.LIFObservables(spikes=torch.zeros(20, 1, 2))))

    call()
    with pytest.raises(ValueError, match=r"Requested runtime invalid\."):
        core.run(experiment, 20.0)
    handle = call()
    core.run(experiment, 20)
    assert handle.spikes.shape == (20, 1, 3)


def test_the_router_of_the_user_gets_the_placed_network_of_the_chip() -> None:
    asked = []

    def router(network: Network) -> Any:
        asked.append(network)
        return GreedyRouter()(network)

    exp = Experiment(hw_routing_func=router)
    call(exp, *network(exp))
    run(exp, STEPS)
    assert exp.last_execution is not None
    assert exp.last_execution.placement is not None
    (seen,) = asked
    circuits = exp.last_execution.placement.circuits["LIF 0"]
    assert seen.populations[0].circuits.tolist() == circuits.tolist()


def test_a_run_on_the_chip_notes_that_it_saw_all_changes() -> None:
    exp = Experiment()
    modules = network(exp)
    call(exp, *modules)
    assert exp.modules.changed_since_last_run()
    run(exp, STEPS)
    call(exp, *modules)
    exp.modules.pre_process(exp)
    assert not exp.modules.changed_since_last_run()
    modules[0].weight.data += 1
    assert exp.modules.changed_since_last_run()


def test_only_populations_that_are_recorded_get_measured_membranes(
    chip: FakeChip,
) -> None:
    exp = Experiment()
    scale = {"trace_offset": -48.0, "trace_scale": 1 / 20}
    recorded = call(exp, *network(exp, **scale))
    silent = call(exp, *network(exp, enable_cadc_recording=False, **scale))
    run(exp, STEPS)
    assert recorded.membrane_cadc.unique().tolist() == [1.0]  # as the fake measures
    assert silent.membrane_cadc[0].unique().tolist() == [0.0]  # as the model rests


def test_loopback_puts_what_was_sent_into_the_model(
    chip: FakeChip, monkeypatch: pytest.MonkeyPatch
) -> None:
    exp = Experiment(input_loopback=True)
    synapse, neuron = network(exp, enable_spike_recording=False)
    source = spikes(STEPS, 1, 2)
    graded = synapse(source)
    neuron(graded)
    sent = torch.zeros(STEPS + 1, 1, 2)
    sent[5] = 1  # recorded three steps later than they were meant
    monkeypatch.setattr(SpikeHandle, "to_dense", lambda *_: sent)
    run(exp, STEPS)
    assert graded.graded_spikes[5].any()
    assert not graded.graded_spikes[2].any()
    graded.graded_spikes.sum().backward()
    assert source.spikes.grad.any()
