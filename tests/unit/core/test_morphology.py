import numpy as np
import pytest
import torch

from core.chip.adex import active_terms
from core.chip.coordinates import (
    AtomicNeuronOnDLS,
    CompartmentOnLogicalNeuron,
    LogicalNeuronOnDLS,
)
from core.chip.joined import membrane_of
from core.chip.neuron_block import AtomicNeuron, NeuronBlock
from core.errors import ParameterError
from core.morphology import Morphology, SingleCompartmentNeuron
from core.observables import ReadoutSource

SOMA = CompartmentOnLogicalNeuron()
JOINS = ("connect_right", "connect_vertical")


@pytest.fixture
def block():
    """All circuits on, with a leak, a threshold and a capacitor."""
    made = NeuronBlock()
    for codes in made.settings.codes.values():
        codes[:] = 100
    made.settings.codes["tau_mem_range"][:] = 0
    made.settings.capacitance[:] = 63
    made.settings.fires[:] = made.settings.event_output[:] = True
    return made


def placed(neuron, anchor=0):
    return LogicalNeuronOnDLS(neuron.compartments, AtomicNeuronOnDLS(anchor))


@pytest.mark.parametrize(
    ("size", "horizontal", "circuits"),
    [
        (1, False, [0]),
        (2, False, [0, 256]),
        (3, False, [0, 256, 1]),
        (4, False, [0, 256, 1, 257]),
        (4, True, [0, 1, 2, 3]),
    ],
)
def test_circuits_fill_columns_or_a_row(size, horizontal, circuits):
    neuron = SingleCompartmentNeuron(size, expand_horizontally=horizontal)
    (part,) = neuron.compartments.get_compartments().values()
    assert [int(circuit) for circuit in part] == circuits


@pytest.mark.parametrize("arguments", [(0,), (513,), (257, True)])
def test_a_neuron_that_does_not_fit_is_refused(arguments):
    with pytest.raises(ParameterError, match="Use 1 to"):
        SingleCompartmentNeuron(*arguments)


def test_only_the_first_circuit_keeps_its_membrane(block):
    before = block.settings.copy()
    SingleCompartmentNeuron(3).implement_morphology(
        placed(SingleCompartmentNeuron(3), anchor=10), block
    )
    settings, silenced = block.settings, [266, 11]
    assert np.flatnonzero(~settings.fires).tolist() == sorted(silenced)
    assert np.flatnonzero(settings.capacitance == 0).tolist() == sorted(silenced)
    assert (settings.codes["tau_mem"][silenced] == 0).all()
    assert (settings.codes["tau_mem_range"][silenced] == -1).all()
    assert settings.codes["tau_mem"][10] == before.codes["tau_mem"][10]
    assert (settings.codes["leak"] == before.codes["leak"]).all()


def test_neighbours_are_joined(block):
    neuron = SingleCompartmentNeuron(3)
    neuron.implement_morphology(placed(neuron, anchor=10), block)
    joined = {
        int(circuit): [
            getattr(block.atomic_neurons[circuit].multicompartment, join)
            for join in JOINS
        ]
        for circuit in placed(neuron, anchor=10).get_atomic_neurons()
    }
    assert joined == {10: [True, True], 266: [False, True], 11: [False, False]}
    membrane = membrane_of(block.settings.stored)
    assert np.flatnonzero(membrane == 10).tolist() == [10, 11, 266]
    assert len(np.unique(membrane)) == 510


def test_a_row_ends_at_the_edge_of_the_chip(block):
    neuron = SingleCompartmentNeuron(2, expand_horizontally=True)
    neuron.implement_morphology(placed(neuron, anchor=254), block)
    assert not block.atomic_neurons[255].multicompartment.connect_right


def test_a_single_circuit_is_left_as_it_is(block):
    before = block.settings.copy()
    neuron = SingleCompartmentNeuron(1)
    neuron.implement_morphology(placed(neuron), block)
    assert len(np.unique(membrane_of(block.settings.stored))) == 512
    for name, codes in before.codes.items():
        assert (block.settings.codes[name] == codes).all()


def test_a_neuron_shows_the_settings_of_its_circuits():
    first, second = SingleCompartmentNeuron(2).logical_neuron[SOMA]
    assert isinstance(first, AtomicNeuron)
    assert first.multicompartment.connect_vertical
    assert not second.multicompartment.connect_right


def test_a_neuron_can_be_silenced_and_heard_again(block):
    coord = placed(SingleCompartmentNeuron(2), anchor=3)
    Morphology.set_spike_recording(False, coord, block)
    Morphology.disable_spiking(coord, block)
    assert np.flatnonzero(~block.settings.event_output).tolist() == [3]
    assert np.flatnonzero(~block.settings.fires).tolist() == [3]
    Morphology.set_spike_recording(True, coord, block)
    assert block.settings.event_output.all()


def test_a_leak_is_made_as_small_as_it_can_be(block):
    Morphology.disable_leak(placed(SingleCompartmentNeuron(1), anchor=3), block)
    leak = block.atomic_neurons[3].leak
    assert leak.i_bias == 0
    assert leak.enable_division


@pytest.mark.parametrize(
    ("source", "line"),
    [(ReadoutSource.VOLTAGE, "membrane"), (ReadoutSource.ADAPTATION, "adaptation")],
)
def test_the_madc_is_shown_a_membrane_or_an_adaptation(source, line, block):
    coord = placed(SingleCompartmentNeuron(1), anchor=3)
    Morphology.enable_madc_recording(coord, block, source)
    readout = block.atomic_neurons[3].readout
    assert readout.source.name == line
    assert readout.enable_amplifier


def test_terms_are_written_with_their_signs(block):
    coord = placed(SingleCompartmentNeuron(1), anchor=300)
    Morphology.set_exponential_params(coord, block, 110, torch.tensor(50.9))
    Morphology.set_adaptation_base_params(coord, block, 40)
    Morphology.set_subthreshold_adaptation_strength(coord, block, -20, None)
    Morphology.set_spike_triggered_adaptation_increment(coord, block, 30, (4, 6))
    circuit = block.atomic_neurons[300]
    assert (circuit.exponential.v_exp, circuit.exponential.i_bias) == (110, 50)
    adaptation = circuit.adaptation
    assert (adaptation.i_bias_tau, adaptation.v_ref) == (40, 511)
    assert (adaptation.i_bias_a, adaptation.invert_a) == (20, True)
    assert (adaptation.i_bias_b, adaptation.invert_b) == (30, False)
    assert adaptation.v_leak == circuit.leak.v_leak == 100
    assert adaptation.clock_scale == 6  # the circuit is in the lower row
    assert len(active_terms(block.settings.stored)) == 3


def test_the_adaptation_can_rest_elsewhere(block):
    coord = placed(SingleCompartmentNeuron(1))
    Morphology.set_subthreshold_adaptation_strength(coord, block, 0, 7)
    assert block.atomic_neurons[0].adaptation.v_leak == 7


def test_the_default_terms_are_off_on_the_chip(block):
    coord = placed(SingleCompartmentNeuron(1))
    Morphology.set_exponential_params(coord, block, 110, 50e-3)
    Morphology.set_adaptation_base_params(coord, block, 100e-6)
    Morphology.set_subthreshold_adaptation_strength(coord, block, 1, None)
    Morphology.set_spike_triggered_adaptation_increment(coord, block, 1)
    assert active_terms(block.settings.stored) == {}


@pytest.mark.parametrize(("value", "code"), [(-3, 0), (1023, 1022), (1e6, 1022)])
def test_a_value_that_is_no_code_is_clipped_with_a_warning(value, code):
    with pytest.warns(UserWarning, match=f"it is set to {code}"):
        assert Morphology.format_to_CapMemCell_value(v_exp=value) == {"v_exp": code}
