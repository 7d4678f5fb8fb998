"""Neurons of several circuits on the chip, from the modules to the spikes."""

import numpy as np
import pytest
import torch

from core import LIF, Experiment, LIFObservables, Synapse, run
from core.morphology import SingleCompartmentNeuron
from core.spec.chip import IDEAL


@pytest.mark.parametrize("horizontally", [False, True])
def test_a_neuron_of_two_circuits_hears_256_inputs_alike(horizontally):
    exp = Experiment(chip_spec=IDEAL)
    synapse = Synapse(256, 2, exp)
    wide = SingleCompartmentNeuron(2, expand_horizontally=horizontally)
    neurons = LIF(2, exp, neuron_structure=wide, threshold=220, refractory_time=1e-6)
    synapse.weight.data.fill_(40.0)
    inputs = [0, 63, 127, 128, 200, 255]
    spikes = torch.zeros(80, len(inputs), 256)
    spikes[5, range(len(inputs)), inputs] = 1  # one input in each batch entry
    out = neurons(synapse(LIFObservables(spikes=spikes)))
    run(exp, len(spikes))
    (config,) = exp.last_run_chip_configs
    assert config.weights.sum() == 2 * 256 * 40
    # One membrane: the height is the same by whichever circuit a spike comes in.
    trace = out.membrane_cadc.detach().numpy()  # (time, batch, neurons)
    height = trace.max(0) - trace[2]
    assert height.min() > 3
    np.testing.assert_allclose(height, height.mean(), atol=2)  # LSB of the CADC


@pytest.mark.parametrize("hidden", [10, 20, 32, 64])
def test_two_synapses_between_the_same_neurons_add_up(hidden):
    exp = Experiment(chip_spec=IDEAL)
    to_hidden, first, second = (
        Synapse(1, hidden, exp),
        Synapse(hidden, 5, exp),
        Synapse(hidden, 5, exp),
    )
    to_hidden.weight.data.zero_()
    for synapse in (first, second):
        synapse.weight.data.fill_(60.0)
    spikes = to_hidden(LIFObservables(spikes=torch.zeros(9, 1, 1)))
    handle = LIF(hidden, exp)(spikes)
    LIF(5, exp)(first(handle), second(handle))
    run(exp, 9)
    (config,) = exp.last_run_chip_configs
    assert config.weights.sum() == hidden * 5 * 120
    assert not any("clipped" in note for note in config.notes)
