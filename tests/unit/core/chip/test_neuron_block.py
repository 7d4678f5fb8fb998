from itertools import permutations
from operator import attrgetter

import numpy as np
import pytest

from core.chip.adex import active_terms
from core.chip.coordinates import AtomicNeuronOnDLS
from core.chip.neuron_block import AtomicNeuron, Chip, NeuronBlock, NeuronSettings
from core.errors import NotEmulatedError, ParameterError

HERE = AtomicNeuronOnDLS(300)
SINK = AtomicNeuron.ConstantCurrent.Type.sink
SOURCE = AtomicNeuron.ConstantCurrent.Type.source

#: Attribute -> the array it shows, a value, and the number in the array.
SHOWN = {
    "leak.i_bias": (lambda s: s.codes["tau_mem"], 100, 100),
    "leak.v_leak": (lambda s: s.codes["leak"], 1022, 1022),
    "leak.enable_division": (lambda s: s.codes["tau_mem_range"], True, -1),
    "leak.enable_multiplication": (lambda s: s.codes["tau_mem_range"], True, 1),
    "reset.v_reset": (lambda s: s.codes["reset"], 3, 3),
    "threshold.v_threshold": (lambda s: s.codes["threshold"], 4, 4),
    "threshold.enable": (lambda s: s.fires, True, 1),
    "excitatory_input.i_bias_tau": (lambda s: s.codes["tau_syn"][0], 5, 5),
    "inhibitory_input.i_bias_tau": (lambda s: s.codes["tau_syn"][1], 6, 6),
    "excitatory_input.i_bias_gm": (lambda s: s.codes["strength"][0], 7, 7),
    "inhibitory_input.i_bias_gm": (lambda s: s.codes["strength"][1], 8, 8),
    "inhibitory_input.enable_high_resistance": (
        lambda s: s.codes["tau_syn_range"][1],
        True,
        -1,
    ),
    "membrane_capacitance.capacitance": (lambda s: s.capacitance, 63, 63),
    "event_routing.enable_digital": (lambda s: s.event_output, True, 1),
    "event_routing.analog_output": (
        lambda s: s.event_output,
        AtomicNeuron.EventRouting.AnalogOutputMode.normal,
        1,
    ),
}
STORED = {
    "exponential.enable": True,
    "exponential.v_exp": 110,
    "adaptation.i_bias_a": 20,
    "adaptation.invert_a": True,
    "multicompartment.connect_right": True,
    "readout.source": AtomicNeuron.Readout.Source.adaptation,
    "readout.enable_amplifier": True,
}


@pytest.fixture
def settings():
    used = NeuronSettings.unused()
    for codes in used.codes.values():
        codes[:] = 0
    return used


@pytest.fixture
def circuit(settings):
    return NeuronBlock(settings).atomic_neurons[HERE]


def put(view, path, value):
    part, name = path.split(".")
    setattr(getattr(view, part), name, value)


def everything(settings):
    arrays = [*settings.codes.values(), settings.capacitance, settings.fires]
    arrays += [settings.constant_current, settings.event_output]
    return np.concatenate([np.ravel(a).astype(float) for a in arrays])


@pytest.mark.parametrize("path", SHOWN)
def test_what_is_written_to_a_container_is_written_to_one_entry(
    path, settings, circuit
):
    array, value, number = SHOWN[path]
    before = everything(settings)
    put(circuit, path, value)
    assert array(settings)[HERE] == number
    assert np.sum(everything(settings) != before) == 1
    assert attrgetter(path)(circuit) == value


@pytest.mark.parametrize("path", SHOWN)
def test_what_is_written_to_the_arrays_is_read_from_the_container(
    path, settings, circuit
):
    array, value, number = SHOWN[path]
    array(settings)[HERE] = number
    assert attrgetter(path)(circuit) == value


@pytest.mark.parametrize("path", STORED)
def test_settings_without_effect_are_kept(path, settings, circuit):
    before = everything(settings)
    assert attrgetter(path)(circuit) == 0
    put(circuit, path, STORED[path])
    assert attrgetter(path)(circuit) == STORED[path]
    assert (everything(settings) == before).all()
    assert attrgetter(path)(NeuronBlock(settings).atomic_neurons[0]) == 0


@pytest.mark.parametrize("wrong", [-1, 1023, 2.5, None])
@pytest.mark.parametrize("path", ["leak.i_bias", "constant_current.i_offset"])
def test_what_is_no_code_is_refused_with_its_place(path, wrong, circuit):
    with pytest.raises(ParameterError) as caught:
        put(circuit, path, wrong)
    assert f"circuit 300, {path}" in str(caught.value)
    assert "Use 0 to 1022." in str(caught.value)


def test_a_capacitance_above_63_is_refused(circuit):
    with pytest.raises(ParameterError, match="Use 0 to 63"):
        circuit.membrane_capacitance.capacitance = 64


def test_an_unknown_direction_is_refused(circuit):
    with pytest.raises(ParameterError, match="not a valid CurrentType"):
        circuit.constant_current.type = 5


@pytest.mark.parametrize("order", list(permutations(["enable", "i_offset", "type"])))
@pytest.mark.parametrize(("kind", "code"), [(SOURCE, 1000), (SINK, -1000)])
def test_a_constant_current_can_be_set_in_any_order(
    order, kind, code, settings, circuit
):
    values = {"enable": True, "i_offset": 1000, "type": kind}
    for name in order:
        put(circuit, f"constant_current.{name}", values[name])
    assert settings.constant_current[HERE] == code
    assert {n: getattr(circuit.constant_current, n) for n in values} == values


def test_a_constant_current_that_is_switched_off_keeps_its_size(settings, circuit):
    settings.constant_current[HERE] = -300
    circuit.constant_current.enable = False
    assert settings.constant_current[HERE] == 0
    assert circuit.constant_current.i_offset == 300
    circuit.constant_current.enable = True
    assert settings.constant_current[HERE] == -300


def test_a_current_that_the_arrays_switch_off_is_off(settings, circuit):
    circuit.constant_current.i_offset = 10
    circuit.constant_current.enable = True
    settings.constant_current[:] = 0
    assert not circuit.constant_current.enable


def test_the_last_range_switch_holds(settings, circuit):
    circuit.leak.enable_division = True
    circuit.leak.enable_multiplication = True
    assert not circuit.leak.enable_division
    circuit.leak.enable_division = False
    assert circuit.leak.enable_multiplication
    circuit.leak.enable_multiplication = False
    assert settings.codes["tau_mem_range"][HERE] == 0


def test_an_unused_circuit_reads_as_off():
    circuit = NeuronBlock().atomic_neurons[HERE]
    assert circuit.leak.i_bias == 0
    assert not circuit.leak.enable_division
    assert not circuit.excitatory_input.enable_high_resistance


@pytest.mark.parametrize("action", [setattr, lambda part, name, _: getattr(part, name)])
def test_a_mistyped_setting_is_refused_and_the_right_one_offered(action, circuit):
    with pytest.raises(NotEmulatedError, match="Did you mean 'i_bias'") as caught:
        action(circuit.leak, "i_bais", 3)
    assert isinstance(caught.value, AttributeError)
    assert not hasattr(circuit, "synapse_driver")


def test_a_circuit_takes_over_all_settings_of_another(settings):
    block = NeuronBlock(settings)
    other = AtomicNeuron()
    for path, (_, value, _) in SHOWN.items():
        put(other, path, value)
    for path, value in STORED.items():
        put(other, path, value)
    other.constant_current.i_offset = 9
    other.constant_current.enable = True
    block.atomic_neurons[HERE] = other
    assert repr(block.atomic_neurons[HERE]) == repr(other)
    assert settings.constant_current[HERE] == 9
    block.atomic_neurons[1].leak = other.leak
    assert settings.codes["leak"][1] == 1022
    assert settings.codes["reset"][1] == 0


def test_a_part_takes_only_a_part_of_its_kind(circuit):
    with pytest.raises(ParameterError, match="Assign another Leak"):
        circuit.leak = circuit.reset


def test_a_term_is_on_if_it_is_enabled_and_has_a_code(settings, circuit):
    circuit.exponential.enable = True
    circuit.adaptation.enable = True
    circuit.adaptation.i_bias_a = 1
    assert active_terms(settings.stored) == {}  # all other codes are 0, which is off
    circuit.exponential.i_bias = 1
    circuit.adaptation.i_bias_tau = 1
    circuit.adaptation.i_bias_b = 1
    circuit.adaptation.enable_pulse = True
    assert {n: list(where) for n, where in active_terms(settings.stored).items()} == {
        "exponential": [300],
        "subthreshold adaptation": [300],
        "spike-triggered adaptation": [300],
    }


def test_a_copy_has_settings_of_its_own(settings, circuit):
    circuit.readout.enable_amplifier = True
    copy = settings.copy()
    chip = Chip(NeuronBlock(settings), bypass=True).copy()
    circuit.leak.v_leak = 99
    circuit.readout.enable_amplifier = False
    assert copy.codes["leak"][HERE] == 0
    assert NeuronBlock(copy).atomic_neurons[HERE].readout.enable_amplifier
    assert chip.bypass
    assert chip.neuron_block.atomic_neurons[HERE].leak.v_leak == 0


def test_the_bypass_chip_is_a_new_one_each_time():
    first = Chip.default_neuron_bypass
    first.neuron_block.atomic_neurons[0].leak.v_leak = 5
    assert first.bypass
    assert Chip.default_neuron_bypass.neuron_block.atomic_neurons[0].leak.v_leak == 0
    assert not Chip().bypass


def test_there_are_512_circuits():
    circuits = NeuronBlock().atomic_neurons
    assert [neuron.circuit for neuron in circuits] == list(range(len(circuits)))
    assert len(circuits) == 512
    with pytest.raises(ParameterError, match="out of range"):
        circuits[512]
