"""Several chips, their calibrations, and what users write to them by hand."""

import copy
import logging
from datetime import timedelta

import numpy as np
import pytest
import torch

from core import (
    AELIF,
    LI,
    LIF,
    ExecutionInstance,
    Experiment,
    HXTransformedModelParameter,
    LIFObservables,
    MixedHXModelParameter,
    Synapse,
    SynapseHandle,
    TrainableHXParameter,
    TrainableHXTransformedModelParameter,
    run,
)
from core.chip import pipeline
from core.chip.adex import active_terms
from core.chip.calibration_io import load, save
from core.chip.calibration_target import NeuronCalibTarget
from core.chip.coordinates import (
    AtomicNeuronOnDLS,
    ChipOnConnection,
    ConnectionOnExecutor,
    LogicalNeuronOnDLS,
)
from core.chip.neuron_block import Chip
from core.chip.stored_calibration import StoredCalibration, calibrate_whole_chip
from core.compat.grenade.execution import ExecutionInstanceHooks
from core.errors import (
    CalibrationError,
    NetworkError,
    NotEmulatedError,
    ParameterError,
)
from core.execution_instance import ExecutionInstances
from core.morphology import SingleCompartmentNeuron
from core.spec.chip import IDEAL, TYPICAL, chip_number

STEPS = 40


def spikes(size, *times, batch=1):
    grid = torch.zeros(STEPS, batch, size)
    grid[list(times)] = 1
    return LIFObservables(spikes=grid)


def layer(exp, sources, size, instance=None, weight=60.0, **parameters):
    synapse = Synapse(sources, size, exp, instance)
    synapse.weight.data.fill_(weight)
    neurons = LIF(size, exp, execution_instance=instance, **parameters)
    return synapse, neurons


def silent(exp, size=3, **parameters):
    """Return LI neurons without input, called."""
    neurons = LI(size, exp, **parameters)
    return neurons, neurons(SynapseHandle(graded_spikes=torch.zeros(STEPS, 1, size)))


# --- several chips --------------------------------------------------------------------


def test_spikes_of_one_chip_are_the_input_of_the_next():
    exp = Experiment()
    first, second = ExecutionInstance(), ExecutionInstance()
    syn_b, lif_b = layer(exp, 4, 2, second)
    syn_a, lif_a = layer(exp, 5, 4, first, threshold=105)
    z = lif_a(syn_a(spikes(5, 5, 6)))
    y = lif_b(syn_b(z))
    info = run(exp, STEPS)
    configs = exp.last_run_chip_configs
    assert len(configs) == 2
    assert [c.used.sum() for c in configs] == [4, 2]
    assert z.spikes.sum() > 0
    # The second chip was driven: its membranes rise after the first spike, not before.
    when = int(z.spikes.sum((1, 2)).nonzero()[0])
    rise = y.membrane_cadc[:, 0].mean(1) - y.membrane_cadc[0, 0].mean()
    assert rise[when - 2] < 5 < rise[when + 3 :].max()
    duration = info.time.execution_duration_per_hardware
    seconds = duration[ConnectionOnExecutor()][ChipOnConnection()].total_seconds()
    assert seconds == pytest.approx(2 * STEPS * 1e-6)


def test_gradients_pass_from_chip_to_chip():
    exp = Experiment()
    syn_a, lif_a = layer(exp, 5, 4, ExecutionInstance(), threshold=105)
    syn_b, lif_b = layer(exp, 4, 2, ExecutionInstance())
    out = lif_b(syn_b(lif_a(syn_a(spikes(5, 5, 6)))))
    run(exp, STEPS)
    out.membrane_cadc.sum().backward()
    assert syn_a.weight.grad.abs().sum() > 0
    assert syn_b.weight.grad.abs().sum() > 0


def test_one_layer_is_fed_by_two_chips():
    exp = Experiment()
    last = ExecutionInstance()
    parts = [layer(exp, 5, 3, ExecutionInstance(), threshold=105) for _ in range(2)]
    readouts = [Synapse(3, 2, exp, last) for _ in parts]
    li = LI(2, exp, execution_instance=last)
    hidden = [n(s(spikes(5, 5, 6))) for s, n in parts]
    outputs = [li(s(h)) for s, h in zip(readouts, hidden, strict=True)]
    run(exp, STEPS)
    assert outputs[0] is outputs[1]
    names = {p.source for p in exp.last_execution.network.projections}
    assert names == {n.descriptor for _, n in parts}


def test_chips_that_wait_for_each_other_are_refused():
    exp = Experiment()
    one, two = ExecutionInstance(), ExecutionInstance()
    syn_a, lif_a = layer(exp, 2, 2, one)
    syn_b, lif_b = layer(exp, 2, 2, two)
    lif_a(syn_a(lif_b(syn_b(lif_a.output_handle))))
    with pytest.raises(NetworkError, match="wait for each other's spikes"):
        run(exp, STEPS)


def test_two_chips_are_two_numbers_and_mock_needs_none():
    one, two = ExecutionInstance(), ExecutionInstance()
    assert one.ID != two.ID
    assert len({one.ID, two.ID}) == 2
    exp = Experiment(mock=True)
    syn_a, lif_a = layer(exp, 2, 2, one)
    syn_b, lif_b = layer(exp, 2, 2, two)
    out = lif_b(syn_b(lif_a(syn_a(spikes(2, 5)))))
    assert run(exp, None) is None
    assert out.spikes.shape == (STEPS, 1, 2)


def test_pauses_between_batch_entries_count_in_the_duration():
    exp = Experiment(inter_batch_entry_wait=250_000_000)
    synapse, neurons = layer(exp, 2, 2)
    neurons(synapse(spikes(2, 5, batch=2)))
    info = run(exp, STEPS)
    duration = info.time.execution_duration_per_hardware
    (total,) = duration[ConnectionOnExecutor()].values()
    assert isinstance(total, timedelta)
    assert total.total_seconds() == pytest.approx(2 * (2.0 + STEPS * 1e-6))
    assert "The pause of 2 s between batch entries only counts" in str(info)


def test_several_chips_are_listed_together():
    exp = Experiment()
    instances = ExecutionInstances([ExecutionInstance(), ExecutionInstance()])
    for instance in instances:
        silent(exp, execution_instance=instance)
    run(exp, STEPS)
    assert set(instances.chips) == {i.ID for i in instances}
    assert len(instances.cadc_recordings) == 2
    assert instances.plasticity_rules == []
    assert set(instances.playback_hooks) == set(instances.chips)


# --- numbers and places ---------------------------------------------------------------


def test_neurons_get_consecutive_numbers_and_places():
    exp = Experiment()
    first, _ = silent(exp)
    second, _ = silent(exp, size=2)
    run(exp, STEPS)
    instance = exp.default_execution_instance
    assert first.unit_ids.tolist() == [0, 1, 2]
    assert second.unit_ids.tolist() == [3, 4]
    assert instance.id_counter == 5
    assert instance.cadc_neurons == {
        first.descriptor: [0, 1, 2],
        second.descriptor: [3, 4],
    }
    circuits = exp.last_execution.placement.circuits[second.descriptor]
    places = instance.neuron_placement.id2logicalneuron([3, 4])
    assert [int(p.get_atomic_neurons()[0]) for p in places] == circuits.tolist()
    assert not instance.has_madc_recording


def test_a_placement_constraint_is_kept():
    exp = Experiment()
    shape = SingleCompartmentNeuron(1).compartments
    wanted = [LogicalNeuronOnDLS(shape, AtomicNeuronOnDLS(c)) for c in (300, 7)]
    neurons, _ = silent(exp, size=2, placement_constraint=wanted)
    run(exp, STEPS)
    assert exp.last_execution.placement.circuits[neurons.descriptor].tolist() == [
        300,
        7,
    ]
    assert neurons.coordinates == wanted


@pytest.mark.parametrize("given", [False, True])
def test_neurons_of_several_circuits_know_all_of_them(given):
    exp = Experiment()
    wide = SingleCompartmentNeuron(3)
    anchors = (300 - 256, 7) if given else (0, 2)
    places = [
        LogicalNeuronOnDLS(wide.compartments, AtomicNeuronOnDLS(a)) for a in anchors
    ]
    constraint = places if given else None
    neurons = LIF(2, exp, neuron_structure=wide, placement_constraint=constraint)
    neurons.register_hw_entity()
    instance = exp.default_execution_instance
    network = instance.network_builder().done()
    assert network.populations[0].shape == ((0, 0), (0, 1), (1, 0))
    instance.locate(pipeline.placed(network, instance.memory))
    assert neurons.coordinates == places


class Lifted(SingleCompartmentNeuron):
    """A neuron with a current onto its membrane."""

    def implement_morphology(self, coord, neuron_block):
        super().implement_morphology(coord, neuron_block)
        (circuit,) = coord.get_atomic_neurons()
        current = neuron_block.atomic_neurons[circuit].constant_current
        current.i_offset, current.enable = 100 + int(circuit), True


def test_a_shape_of_the_user_is_written_to_the_circuits():
    exp = Experiment()
    silent(exp, size=2, neuron_structure=Lifted(1))
    run(exp, STEPS)
    (config,) = exp.last_run_chip_configs
    assert config.constant_current[[0, 1, 2]].tolist() == [100, 101, 0]


def test_traces_are_scaled_by_coordinate():
    exp = Experiment(chip_spec=IDEAL)
    shape = SingleCompartmentNeuron(1).compartments
    places = [LogicalNeuronOnDLS(shape, AtomicNeuronOnDLS(c)) for c in (3, 4)]
    offsets = dict(zip(places, (-48.0, -50.0), strict=True))
    neurons, out = silent(
        exp, size=2, placement_constraint=places, trace_offset=offsets, trace_scale=0.5
    )
    run(exp, STEPS)
    # 80 LSB reads −48 and one LSB of quantisation
    np.testing.assert_allclose(out.membrane_cadc[-1, 0], [0.0, 1.0], atol=0.5)
    neurons(SynapseHandle(graded_spikes=torch.zeros(STEPS, 1, 2)))
    neurons.offset = {places[0]: 0.0}
    with pytest.raises(KeyError, match="trace_offset: has no value for"):
        run(exp, STEPS)


# --- calibration ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored():
    return calibrate_whole_chip(NeuronCalibTarget(leak=100, tau_mem=15e-6))


def test_a_native_calibration_gives_codes_and_targets(tmp_path, stored):
    path = tmp_path / "chip.pkl"
    save(path, stored)
    exp = Experiment()
    exp.default_execution_instance = ExecutionInstance(path)
    neurons, out = silent(exp)
    run(exp, STEPS)
    # It follows the file, not the default of 80 LSB: calix tolerates 5 LSB.
    assert out.membrane_cadc[5:].mean() + 128 == pytest.approx(100, abs=5)
    assert neurons.leak.hardware_value.tolist() == [100] * 3
    np.testing.assert_allclose(neurons.tau_mem.hardware_value, 15e-6, rtol=1e-6)
    assert neurons.i_synin_gm.hardware_value.tolist() == [500, 500]
    assert exp.default_execution_instance.calib.target.neuron_target.leak[0] == 100


def test_a_target_that_is_changed_after_loading_is_replaced_with_a_warning(
    tmp_path, stored, caplog
):
    path = tmp_path / "chip.pkl"
    save(path, stored)
    exp = Experiment()
    exp.default_execution_instance = ExecutionInstance(path)
    synapse, neurons = Synapse(1, 3, exp), LI(3, exp)

    def again():
        neurons(synapse(LIFObservables(spikes=torch.zeros(STEPS, 1, 1))))
        run(exp, STEPS)

    again()
    again()
    assert "replaced by its targets" not in caplog.text
    neurons.leak.hardware_value = 60
    again()
    assert caplog.text.count("replaced by its targets") == 1
    assert neurons.leak.hardware_value.tolist() == [100] * 3


def test_own_values_may_be_kept(tmp_path, stored):
    path = tmp_path / "chip.pkl"
    save(path, stored)
    exp = Experiment()
    exp.default_execution_instance.load_calib(path)
    neurons, _ = silent(exp)
    neurons.read_params_from_calibration = False
    run(exp, STEPS)
    assert neurons.leak.hardware_value == 80


def test_a_portable_binary_gives_codes_only(tmp_path, stored, caplog):
    path = tmp_path / "chip.pbin"
    save(path, stored)
    exp = Experiment()
    exp.default_execution_instance.load_calib(path)
    neurons, out = silent(exp)
    run(exp, STEPS)
    assert out.membrane_cadc[5:].mean() + 128 == pytest.approx(100, abs=5)
    assert neurons.leak.hardware_value == 80
    assert exp.default_execution_instance.calib is None
    assert "parameters are not read" in caplog.text


def test_a_calibration_of_another_chip_is_used_with_a_warning(stored, caplog):
    exp = Experiment(chip_spec=TYPICAL.replace(number=9))
    exp.calibration = stored
    assert exp.calibration is stored
    assert "the calibration is of chip 1, this is chip 9" in caplog.text


def test_settings_of_a_calibration_are_a_copy(stored):
    before = stored.result.codes["leak"][0]
    chip = ExecutionInstance().use_calibration(stored)
    chip.neuron_block.atomic_neurons[AtomicNeuronOnDLS(0)].leak.v_leak = 7
    assert stored.result.codes["leak"][0] == before


def test_one_parameter_may_serve_populations_of_different_sizes(stored):
    exp = Experiment()
    exp.calibration = stored
    leak = MixedHXModelParameter(0.0, 80)
    first, _ = silent(exp, size=3, leak=leak)
    second, _ = silent(exp, size=2, leak=leak)
    run(exp, STEPS)
    assert first.leak.hardware_value.tolist() == [100] * 3
    assert second.leak.hardware_value.tolist() == [100] * 2


def test_parameters_of_the_user_survive_a_calibration_that_is_read(stored):
    leak = MixedHXModelParameter(0.0, 80)
    exp = Experiment()
    exp.calibration = stored
    neurons, _ = silent(exp, leak=leak)
    run(exp, STEPS)
    assert neurons.leak.hardware_value.tolist() == [100] * 3
    assert leak.hardware_value == 80
    read = neurons.params_dict()
    neurons(SynapseHandle(graded_spikes=torch.zeros(STEPS, 1, 3)))
    run(exp, STEPS)  # the same is read again: nothing is replaced
    assert all(neurons.params_dict()[name] is read[name] for name in read)


def hidden_and_readout(size=4):
    """Return an experiment with a LIF and an LI layer, and how to run it."""
    exp = Experiment()
    synapse, hidden = layer(exp, 5, size)
    readout, neurons = Synapse(size, 2, exp), LI(2, exp)

    def once():
        out = neurons(readout(hidden(synapse(spikes(5, 5)))))
        run(exp, STEPS)
        return out

    return exp, neurons, once


@pytest.mark.parametrize("name", ["assigned", "loaded", "at construction"])
def test_the_calibration_of_a_network_with_a_readout_can_be_read_back(tmp_path, name):
    exp, _, once = hidden_and_readout()
    once()
    path = tmp_path / "chip.pkl"
    save(path, exp.default_execution_instance.calib)
    again, readout, once = hidden_and_readout()
    readout.reset.hardware_value = 90  # replaced: it is calibrated
    readout.threshold.hardware_value = 130  # kept: the readout has none
    if name == "assigned":
        again.calibration = load(path)
    elif name == "loaded":
        again.default_execution_instance.load_calib(path)
    else:
        again.default_execution_instance.calib_path = path
    once()
    codes = [e.last_execution.config.codes for e in (exp, again)]
    assert all((codes[0][key] == codes[1][key]).all() for key in codes[0])
    assert readout.threshold.hardware_value == 130
    assert readout.reset.hardware_value.tolist() == [80, 80]


def test_neurons_that_spike_need_a_calibrated_threshold():
    exp, _, once = hidden_and_readout()
    once()
    other = Experiment()
    other.calibration = exp.default_execution_instance.calib
    (first, hidden), (second, last) = layer(other, 5, 4), layer(other, 4, 2)
    last(second(hidden(first(spikes(5, 5)))))  # the last where the readout was
    with pytest.raises(CalibrationError, match="has no threshold for 'LIF 1'"):
        run(other, STEPS)
    assert hidden.threshold.hardware_value == 125  # nothing was read


def test_another_calibration_is_read_too(stored):
    exp = Experiment()
    exp.calibration = stored
    neurons, _ = silent(exp)
    run(exp, STEPS)
    exp.calibration = calibrate_whole_chip(NeuronCalibTarget(leak=90))
    neurons(SynapseHandle(graded_spikes=torch.zeros(STEPS, 1, 3)))
    run(exp, STEPS)
    assert neurons.leak.hardware_value.tolist() == [90] * 3


def test_a_default_chip_that_is_assigned_later_is_that_of_all_modules(tmp_path, stored):
    exp = Experiment()
    elsewhere = ExecutionInstance()
    other, _ = silent(exp, size=2, execution_instance=elsewhere)
    neurons, _ = silent(exp)
    exp.default_execution_instance = ExecutionInstance("/nowhere/chip.pkl")
    with pytest.raises(FileNotFoundError, match="Failed to open calibration"):
        run(exp, STEPS)
    first = exp.default_execution_instance = ExecutionInstance()
    silent_again = SynapseHandle(graded_spikes=torch.zeros(STEPS, 1, 3))
    neurons(silent_again)
    run(exp, STEPS)
    assert neurons.leak.hardware_value == 80
    path = tmp_path / "chip.pkl"
    save(path, stored)
    exp.default_execution_instance = ExecutionInstance(path)
    neurons(silent_again)
    run(exp, STEPS)
    assert neurons.leak.hardware_value.tolist() == [100] * 3
    assert neurons.execution_instance is exp.default_execution_instance
    assert other.execution_instance is elsewhere
    assert (first.modules, first.id_counter) == ([], 0)
    assert exp.default_execution_instance.id_counter == 3


def test_a_default_chip_is_an_execution_instance():
    with pytest.raises(ParameterError, match=r"is set to 'chip\.pkl'\. Give an"):
        Experiment().default_execution_instance = "chip.pkl"


def test_a_calibration_leaves_trained_values_alone(stored):
    exp = Experiment()
    exp.calibration = stored
    leak = TrainableHXParameter(90.0, lambda *_: None)
    neurons, _ = silent(exp, leak=leak)
    run(exp, STEPS)
    assert neurons.leak.model_value.item() == 90


def test_two_synaptic_time_constants_stay_apart_from_the_model():
    exp = Experiment()
    exp.calibration = calibrate_whole_chip(
        NeuronCalibTarget(tau_syn=np.array([5e-6, 10e-6]))
    )
    neurons = LI(3, exp)
    out = neurons(SynapseHandle(graded_spikes=torch.ones(STEPS, 2, 3)))
    run(exp, STEPS)
    assert neurons.tau_syn.hardware_value.shape == (2, 3)
    np.testing.assert_allclose(neurons.tau_syn.model_value, 7.5e-6, rtol=1e-5)
    assert torch.equal(out.current[:, 0], out.current[:, 1])


def test_the_calibration_of_a_run_can_be_looked_at_and_forgotten(stored):
    exp = Experiment()
    silent(exp, leak=90)
    run(exp, STEPS)
    calib = exp.default_execution_instance.calib
    assert calib.target.neuron_target.leak[0] == 90
    exp.calibration = stored
    exp.calibration = None
    _, out = silent(exp, leak=90)
    run(exp, STEPS)
    assert out.membrane_cadc[5:].mean() + 128 == pytest.approx(90, abs=5)


def test_a_partial_calibration_is_refused_before_it_is_read(stored):
    exp = Experiment()
    neurons, _ = silent(exp)
    run(exp, STEPS)
    partial = exp.default_execution_instance.calib
    more, _ = silent(exp, size=20)
    neurons(SynapseHandle(graded_spikes=torch.zeros(STEPS, 1, 3)))
    exp.calibration = partial
    with pytest.raises(RuntimeError, match="has no codes for 'LI 1'"):
        run(exp, STEPS)
    assert not isinstance(more.leak.hardware_value, torch.Tensor)


def test_a_calibration_can_be_made_before_the_run():
    exp = Experiment()
    neurons, _ = silent(exp, leak=90)
    neurons.register_hw_entity()
    instance = exp.default_execution_instance
    assert instance.chip is None
    instance.calibrate()
    assert instance.calib.target.neuron_target.leak[0] == 90
    code = instance.chip.neuron_block.atomic_neurons[AtomicNeuronOnDLS(0)].leak.v_leak
    run(exp, STEPS)
    assert exp.last_execution.config.codes["leak"][0] == code


def test_a_changed_target_is_calibrated_for_again():
    exp = Experiment()
    neurons, out = silent(exp)
    run(exp, STEPS)
    before = out.membrane_cadc[5:].mean()
    neurons.leak.hardware_value = 110
    neurons(SynapseHandle(graded_spikes=torch.zeros(STEPS, 1, 3)))
    run(exp, STEPS)
    # 30 LSB higher, each time within the 5 LSB of a calibration
    assert out.membrane_cadc[5:].mean() - before == pytest.approx(30, abs=6)


def test_missing_files_and_paths_are_said():
    instance = ExecutionInstance()
    with pytest.raises(AssertionError, match="has no calibration to load"):
        instance.load_calib(None)
    with pytest.raises(FileNotFoundError, match="Failed to open calibration at"):
        instance.load_calib("/nowhere/chip.pkl")
    with pytest.raises(AssertionError, match="no population is recorded by the CADC"):
        instance.cadc_recordings()


# --- written by hand ------------------------------------------------------------------


def test_codes_written_by_hand_stay_until_the_next_calibration():
    exp = Experiment(chip_spec=IDEAL)
    neurons, out = silent(exp)
    run(exp, STEPS)
    chip = exp.default_execution_instance.chip
    circuit = neurons.coordinates[0].get_atomic_neurons()[0]
    chip.neuron_block.atomic_neurons[circuit].leak.v_leak = 730
    for _ in range(2):
        neurons(SynapseHandle(graded_spikes=torch.zeros(STEPS, 1, 3)))
        run(exp, STEPS)
        rest = out.membrane_cadc[-1, 0]
        # 80 codes more are 33 LSB (200 / 480 LSB per code)
        assert rest[0] - rest[1] == pytest.approx(33, abs=3)


class Driven(LI):
    """Neurons with a constant current, as a user would write them."""

    def configure_hw_entity(self, neuron_id, neuron_block, coord):
        super().configure_hw_entity(neuron_id, neuron_block, coord)
        circuit = neuron_block.atomic_neurons[coord.get_atomic_neurons()[0]]
        circuit.constant_current.enable = True
        circuit.constant_current.i_offset = 100 * neuron_id


def test_configure_hw_entity_is_called_for_each_neuron():
    exp = Experiment(chip_spec=IDEAL)
    neurons = Driven(3, exp)
    out = neurons(SynapseHandle(graded_spikes=torch.zeros(STEPS, 1, 3)))
    run(exp, STEPS)
    rest = out.membrane_cadc[-1, 0]
    # 0.03 LSB/µs per code for τ = 10 µs: 30 LSB per 100 codes
    np.testing.assert_allclose(rest - rest[0], [0, 30, 60], atol=2)


def code_of(tau):
    """Return the bias code for a membrane time constant, s (chip.circuit)."""
    return torch.clamp(164 * (6e-6 / tau) ** (1 / 0.93), 1, 1022)


def write_tau(value, chip, coords):
    for neuron, coord in enumerate(coords):
        circuit = coord.get_atomic_neurons()[0]
        code = float(value[neuron] if value.ndim else value)
        chip.neuron_block.atomic_neurons[circuit].leak.i_bias = round(code)


def test_a_time_constant_trains_in_the_loop():
    """The chip's membrane shall take the shape of a response with τ = 6 µs."""

    def response(tau, train):
        exp = Experiment(chip_spec=IDEAL)
        kind = TrainableHXTransformedModelParameter(tau, code_of, write_tau)
        # The drive follows from the capacitance, so only the shape is to be learned.
        neurons = LI(
            1,
            exp,
            leak=MixedHXModelParameter(0.0, 80),
            tau_mem=kind,
            tau_syn=5e-6,
            membrane_capacitance=HXTransformedModelParameter(10e-6, lambda m: 63),
            trace_offset=-48.0,
            trace_scale=1 / 45,
        )
        synapse = Synapse(1, 1, exp)
        synapse.weight.data.fill_(63.0)

        def once():
            out = neurons(synapse(spikes(1, 5)))
            run(exp, STEPS)
            return out.membrane_cadc

        return once, neurons.tau_mem

    target, _ = response(6e-6, train=False)
    wanted = target().detach()
    once, tau = response(12e-6, train=True)
    optimizer = torch.optim.Adam(tau.parameters(), lr=4e-7)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = (once() - wanted).pow(2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.05 * losses[0]
    # One CADC LSB of a response of 15 LSB is 7 %.
    assert tau.model_value.item() == pytest.approx(6e-6, rel=0.15)


def test_a_trained_value_needs_a_way_to_the_chip():
    exp = Experiment()
    silent(exp, tau_mem=TrainableHXParameter(10e-6))
    with pytest.raises(ValueError, match="set_on_chip_func needs to be provided"):
        run(exp, STEPS)


def test_a_chip_may_be_given(stored):
    exp = Experiment()
    exp.default_execution_instance.chip = stored.chip_settings()
    for _ in range(2):
        _, out = silent(exp)
        run(exp, STEPS)
        # 100 LSB as in the calibration, not the default of 80
        assert out.membrane_cadc[5:].mean() + 128 == pytest.approx(100, abs=5)
        exp.clear()
    exp.default_execution_instance.chip = Chip()
    silent(exp)
    with pytest.raises(CalibrationError, match="its chip has no codes for 'LI 0'"):
        run(exp, STEPS)
    exp.default_execution_instance.chip = None
    _, out = silent(exp)
    run(exp, STEPS)
    assert out.membrane_cadc[5:].mean() + 128 == pytest.approx(80, abs=5)


@pytest.mark.parametrize("given", ["chip", "calibration", "calibrated chip"])
def test_each_event_of_a_bypassed_neuron_is_one_spike(given, stored):
    exp = Experiment()
    if given == "calibration":
        exp.calibration = StoredCalibration.from_chip(Chip.default_neuron_bypass)
    else:
        calibrated = given == "calibrated chip"
        chip = stored.chip_settings() if calibrated else Chip()
        chip.bypass = True
        exp.default_execution_instance.chip = chip
    synapse, neurons = layer(exp, 3, 3)
    synapse.weight.data = 63 * torch.tensor([[1.0, 0, 0], [0, 1, -1], [0, 0, 0]])
    times = [[3, 9, 10, 11, 30], [4, 20], [5, 12, 21]]
    grid = torch.zeros(STEPS, 2, 3)
    for neuron, when in enumerate(times):
        grid[when, 1, neuron] = 1
    out = neurons(synapse(LIFObservables(spikes=grid)))
    run(exp, STEPS)
    assert out.spikes[:, 0].sum() == 0  # the other batch entry
    # Inhibition does nothing; a spike lies less than a step of 1 µs after its event.
    for neuron, when in enumerate([times[0], times[1], []]):
        found = out.spikes[:, 1, neuron].nonzero().flatten()
        assert found.tolist() == pytest.approx(when, abs=1)
    notes = " ".join(exp.last_execution.notes)
    assert "The neurons are bypassed" in notes
    assert "took no sample" not in notes
    assert exp.last_execution.output.cadc.shape[0] == 0


def test_the_bypass_can_be_switched_off_again(stored):
    exp = Experiment()
    chip = stored.chip_settings()
    exp.default_execution_instance.chip = chip
    for bypass in (True, False):
        chip.bypass = bypass
        synapse, neurons = layer(exp, 1, 1, threshold=200)
        out = neurons(synapse(spikes(1, 5)))
        run(exp, STEPS)
        assert out.spikes.sum() == bypass  # one event is below the threshold
        exp.clear()


@pytest.mark.parametrize("hook", [None, [], ExecutionInstanceHooks()])
def test_hooks_without_commands_are_accepted(hook):
    instance = ExecutionInstance()
    instance.injection_pre_realtime = hook
    assert instance.generate_playback_hooks() == {}


def test_switches_set_by_hand_stay_too():
    exp = Experiment(chip_spec=IDEAL)
    synapse, neurons = layer(exp, 5, 3, threshold=100)
    spikes_of = []
    for _ in range(2):
        z = neurons(synapse(spikes(5, 5, 6)))
        run(exp, STEPS)
        spikes_of.append(z.spikes.sum((0, 1)))
        chip = exp.default_execution_instance.chip
        circuit = neurons.coordinates[0].get_atomic_neurons()[0]
        chip.neuron_block.atomic_neurons[circuit].threshold.enable = False
    assert spikes_of[0].all()
    assert not spikes_of[1][0]
    assert spikes_of[1][1:].all()


def test_terms_that_are_switched_off_are_off_in_the_next_run():
    exp = Experiment(chip_spec=IDEAL)
    neurons = AELIF(
        2,
        exp,
        exponential_slope=300,
        exponential_threshold=400,
        tau_adap=100,
        subthreshold_adaptation_strength=500,
        spike_triggered_adaptation_increment=100,
    )
    off = ["exponential", "subthreshold_adaptation", "spike_triggered_adaptation"]
    seen = []
    for flag in [None, *off]:
        if flag:
            setattr(neurons, flag, False)
        neurons(SynapseHandle(graded_spikes=torch.zeros(STEPS, 1, 2)))
        run(exp, STEPS)
        seen.append(list(active_terms(exp.last_execution.config.stored)))
        if flag == off[1]:  # by hand it stays
            chip = exp.default_execution_instance.chip
            circuit = neurons.coordinates[1].get_atomic_neurons()[0]
            chip.neuron_block.atomic_neurons[circuit].exponential.enable = True
    every = ["exponential", "subthreshold adaptation", "spike-triggered adaptation"]
    assert seen == [every, every[1:], every[2:], every[:1]]
    stored = exp.last_execution.config.stored
    assert stored["exponential.enable"].sum() == 1


# --- going on after a mistake ---------------------------------------------------------


def test_a_corrected_layer_takes_the_place_of_a_refused_one():
    exp = Experiment()
    for leak in (1000, 80):
        neurons, out = silent(exp, leak=leak)
        if leak == 1000:
            with pytest.raises(ValueError, match="leak is 1000 LSB"):
                run(exp, STEPS)
    run(exp, STEPS)
    assert neurons.descriptor == "LI 0"
    assert neurons.unit_ids.tolist() == [0, 1, 2]
    assert out.membrane_cadc.shape == (STEPS, 1, 3)


def test_layers_that_are_no_longer_called_are_named_in_errors():
    exp = Experiment()
    silent(exp, enable_madc_recording=True, record_neuron_id=0)
    run(exp, STEPS)
    silent(exp, enable_madc_recording=True, record_neuron_id=0)
    with pytest.raises(RuntimeError, match="already registered MADC") as caught:
        run(exp, STEPS)
    (note,) = caught.value.__notes__
    assert "LI 0: not called in this run" in note
    assert "experiment.clear()" in note


def test_an_interrupted_run_leaves_nothing_behind(monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    exp = Experiment()
    synapse, neurons = layer(exp, 2, 2)
    neurons(synapse(spikes(2, 5)))
    with monkeypatch.context() as patch:
        patch.setattr(ExecutionInstance, "execute", interrupt)
        with pytest.raises(KeyboardInterrupt):
            run(exp, STEPS)
    out = neurons(synapse(spikes(2, 5)))
    run(exp, STEPS)
    assert out.spikes.shape == (STEPS, 1, 2)


def test_one_chip_serves_one_experiment_after_the_other():
    instance = ExecutionInstance()
    for _ in range(2):
        exp = Experiment()
        neurons, _ = silent(exp, execution_instance=instance)
        run(exp, STEPS)
        assert neurons.unit_ids.tolist() == [0, 1, 2]


def test_two_chips_have_noise_of_their_own():
    exp = Experiment()
    outs = [silent(exp, execution_instance=ExecutionInstance())[1] for _ in range(2)]
    run(exp, STEPS)
    assert not torch.equal(*(out.membrane_cadc for out in outs))


def test_losses_are_said_once(caplog):
    exp = Experiment()
    synapse, neurons = Synapse(1, 1, exp), LI(1, exp)
    for _ in range(2):
        neurons(synapse(LIFObservables(spikes=torch.zeros(400, 1, 1))))
        run(exp, 400)  # longer than the memory of the CADC
    (note,) = exp.last_execution.notes
    assert "nothing was recorded after" in note
    said = [r.message for r in caplog.records if r.levelname == "WARNING"]
    assert len(said) == 1
    assert "nothing was recorded after" in said[0]


# --- copies ---------------------------------------------------------------------------


@pytest.mark.parametrize("mock", [True, False])
def test_a_network_that_ran_can_be_copied_and_saved(mock, tmp_path):
    exp = Experiment(mock=mock)
    synapse, neurons = layer(exp, 2, 2)
    net = torch.nn.ModuleList([synapse, neurons])
    neurons(synapse(spikes(2, 5)))
    run(exp, STEPS)
    torch.save(net, tmp_path / "net.pt")
    loaded = torch.load(tmp_path / "net.pt", weights_only=False)
    for other in (copy.deepcopy(net), loaded):
        assert other[0].experiment is other[1].experiment
        assert other[0].experiment is not exp
        assert torch.equal(other[0].weight, synapse.weight)
        out = other[1](other[0](spikes(2, 5)))
        assert not out.holds("membrane_cadc")
        run(other[0].experiment, STEPS)
        assert out.membrane_cadc.shape == (STEPS, 1, 2)


# --- what the emulated chip does not run ----------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("injection_pre_realtime", ["x"]),
        ("write_ppu_symbols", {"a": 1}),
        ("read_ppu_symbols", {"a"}),
    ],
)
def test_commands_of_the_user_are_refused_empty_ones_are_not(name, content):
    exp = Experiment()
    instance = exp.default_execution_instance
    assert instance.generate_playback_hooks() == {}
    setattr(instance, name, content)
    silent(exp)
    with pytest.raises(NotEmulatedError, match=name):
        run(exp, STEPS)


def test_plasticity_is_refused():
    exp = Experiment()
    synapse = Synapse(1, 1, exp, plasticity_rule="rule")
    LI(1, exp)(synapse(spikes(1, 5)))
    message = "CADC recoding & plasticity rule cannot both be active!"
    with pytest.raises(ValueError, match=message):
        run(exp, STEPS)
    LI(1, exp, enable_cadc_recording=False)(synapse(spikes(1, 5)))
    with pytest.raises(NotEmulatedError, match="PPU"):
        run(exp, STEPS)


def test_logging_does_not_raise(caplog):
    caplog.set_level(logging.INFO)
    silent(exp := Experiment())
    run(exp, STEPS)
    assert "calibrate in" in caplog.text


def test_codes_written_by_training_go_with_the_trained_parameter():
    exp = Experiment(mock=False)
    neurons = LIF(2, exp)
    synapse = Synapse(1, 2, exp)
    codes = []

    def write(value, chip, coordinates):
        for coord in coordinates:
            circuit = coord.get_atomic_neurons()[0]
            chip.neuron_block.atomic_neurons[circuit].threshold.v_threshold = 600

    def measure():
        neurons(synapse(LIFObservables(spikes=torch.zeros(5, 1, 1))))
        run(exp, 5)
        (config,) = exp.last_run_chip_configs
        codes.append(config.codes["threshold"][config.used].tolist())

    measure()
    trained = MixedHXModelParameter(torch.nn.Parameter(torch.ones(2)), 125.0)
    trained.set_on_chip_func = write
    neurons.threshold = trained
    measure()
    neurons.threshold = MixedHXModelParameter(1.0, 125.0)
    measure()
    assert codes[1] == [600, 600]
    assert codes[2] == codes[0]


def test_the_chip_of_an_experiment_can_be_changed_between_runs():
    exp = Experiment(mock=False)
    neurons, synapse = LIF(2, exp), Synapse(1, 2, exp)
    codes = []
    for chip, calibrated in ((TYPICAL, True), (chip_number(7), True), (TYPICAL, False)):
        exp.chip_spec, exp.calibrated = chip, calibrated
        neurons(synapse(LIFObservables(spikes=torch.zeros(5, 1, 1))))
        run(exp, 5)
        (config,) = exp.last_run_chip_configs
        codes.append(config.codes["leak"][config.used].tolist())
    assert codes[0] != codes[1] != codes[2] != codes[0]
    assert len(set(codes[2])) == 1  # not calibrated: all alike


@pytest.mark.parametrize("batch", [1, 5, 20])
def test_runs_shorter_than_a_period_of_the_cadc_work(batch):
    exp = Experiment(mock=False)
    handle = LI(2, exp)(
        Synapse(1, 2, exp)(LIFObservables(spikes=torch.zeros(1, batch, 1)))
    )
    run(exp, 1)
    assert handle.membrane_cadc.shape == (1, batch, 2)
    # At rest, leak 80 LSB: deviations of a calibration and of a run, 5 of them.
    assert (handle.membrane_cadc + 48).abs().max() < 12


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"number": -1}, "number is -1"),
        ({"number": 1.5}, "number is 1.5"),
        ({"noise": float("nan")}, "noise is nan"),
        ({"cadc_period": 0.0}, "cadc period is 0"),
        ({"event_depth": 1.5}, "event_depth is 1.5"),
        ({"membrane_low": 200.0, "membrane_high": 100.0}, "is not below"),
    ],
)
def test_a_chip_that_cannot_be_is_refused(change, text):
    exp = Experiment(mock=False, chip_spec=TYPICAL.replace(**change))
    LI(2, exp)(Synapse(1, 2, exp)(LIFObservables(spikes=torch.zeros(2, 1, 1))))
    with pytest.raises(ParameterError, match=text):
        run(exp, 2)


@pytest.mark.parametrize("trial", ["a", 1.5, -1, 2**70, True])
def test_a_trial_is_a_whole_number(trial):
    with pytest.raises(ParameterError, match="trial is"):
        Experiment(trial=trial)


def test_what_the_chip_cannot_be_sent_is_said(caplog):
    exp = Experiment(mock=False)
    first, second = Synapse(1, 2, exp), Synapse(1, 2, exp)
    neurons = LI(2, exp)
    spikes = torch.zeros(5, 1, 1)
    spikes[2] = 0.5
    for _ in range(2):
        handle = LIFObservables(spikes=spikes)
        neurons(first(handle), second(handle))
        run(exp, 5)
    assert caplog.text.count("A handle is read by several synapses") == 1
    assert caplog.text.count("neither 0 nor 1") == 2  # one for each input
