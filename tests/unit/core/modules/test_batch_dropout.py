import numpy as np
import pytest
import torch

from core import (
    LIF,
    BatchDropout,
    Experiment,
    LIFObservables,
    Synapse,
    SynapseHandle,
    run,
)
from core.backend.module_manager import DropoutError

STEPS, BATCH, SIZE = 30, 4, 40


def network(exp, dropout=0.5):
    """Return neurons that all spike, a dropout and a synapse after it."""
    neurons = LIF(SIZE, exp, leak=0.0, reset=0.0, threshold=1.0)
    return neurons, BatchDropout(SIZE, dropout, exp), Synapse(SIZE, 2, exp)


def call(neurons, dropout, synapse):
    drive = torch.ones(STEPS, BATCH, SIZE, requires_grad=True)
    spikes = neurons(SynapseHandle(graded_spikes=drive))
    masked = dropout(spikes)
    return drive, spikes, masked, synapse(masked)


def test_training_silences_the_same_neurons_in_the_whole_batch():
    torch.manual_seed(5)
    exp = Experiment(mock=True)
    modules = network(exp)
    drive, spikes, masked, graded = call(*modules)
    run(exp, None)
    mask = modules[1].mask
    assert 0 < mask.sum() < SIZE
    assert spikes.spikes.sum((0, 1)).all()  # the neurons themselves all spike
    torch.testing.assert_close(masked.spikes, spikes.spikes * mask, rtol=0, atol=0)
    assert torch.equal(modules[0].mask, mask)
    assert graded.graded_spikes.shape == (STEPS, BATCH, 2)
    masked.spikes.sum().backward()
    assert not drive.grad[:, :, ~mask].any()
    assert drive.grad[:, :, mask].any()


def test_each_run_draws_a_new_mask_and_evaluation_drops_nothing():
    exp = Experiment(mock=True)
    modules = network(exp)
    masks = []
    for _ in range(2):
        call(*modules)
        run(exp, None)
        masks.append(modules[1].mask)
    assert not torch.equal(*masks)
    modules[1].eval()
    _, spikes, masked, _ = call(*modules)
    run(exp, None)
    assert modules[1].mask.all()
    assert torch.equal(masked.spikes, spikes.spikes)


def test_the_share_of_silenced_neurons_is_the_probability():
    torch.manual_seed(0)
    dropout = BatchDropout(10_000, 0.3, None)
    assert dropout.mask is None
    share = 1 - dropout.set_mask().float().mean().item()
    assert share == pytest.approx(0.3, abs=4 * np.sqrt(0.3 * 0.7 / 10_000))  # 4 sigma


def test_on_the_chip_silenced_neurons_send_no_events():
    torch.manual_seed(1)
    exp = Experiment()
    synapse_in = Synapse(5, SIZE, exp)
    synapse_in.weight.data.fill_(63.0)
    neurons, dropout, synapse = network(exp)
    neurons.threshold.hardware_value = 110
    readout = LIF(2, exp)
    spikes = torch.zeros(STEPS, 1, 5)
    spikes[5] = 1
    recorded = neurons(synapse_in(LIFObservables(spikes=spikes)))
    masked = dropout(recorded)
    readout(synapse(masked))
    run(exp, STEPS)
    mask = dropout.mask
    assert 0 < mask.sum() < SIZE
    assert not recorded.spikes[:, :, ~mask].any()
    assert recorded.spikes[:, :, mask].sum() > 0
    assert torch.equal(masked.spikes, recorded.spikes)


def test_dropout_follows_neurons_only():
    exp = Experiment(mock=True)
    BatchDropout(2, 0.5, exp)(
        Synapse(3, 2, exp)(LIFObservables(spikes=torch.ones(3, 1, 3)))
    )
    message = "The BatchDropout module is only allowed to succeed a Neuron module."
    with pytest.raises(TypeError, match=message) as caught:
        run(exp, None)
    assert isinstance(caught.value, DropoutError)


def test_dropout_of_an_input_is_masked_too():
    exp = Experiment(mock=True)
    dropout = BatchDropout(3, 1.0, exp)
    out = dropout(LIFObservables(spikes=torch.ones(3, 1, 3)))
    run(exp, None)
    assert not out.spikes.any()


def test_a_mask_lasts_for_one_run_and_keeps_that_of_the_user():
    exp = Experiment()
    neurons, dropout, _ = network(exp, dropout=1.0)
    own = torch.arange(SIZE) % 2 == 0
    neurons.mask = own
    synapse = Synapse(5, SIZE, exp)
    synapse.weight.data.fill_(63.0)
    neurons.threshold.hardware_value = 110
    spikes = torch.zeros(STEPS, 1, 5)
    spikes[5] = 1
    for with_dropout in (True, False):
        out = neurons(synapse(LIFObservables(spikes=spikes)))
        if with_dropout:
            dropout(out)
        run(exp, STEPS)
        assert bool(out.spikes.any()) is not with_dropout
    assert neurons.mask is own
    assert not out.spikes[:, :, ~own].any()


def test_dropout_alone_runs_with_a_chip():
    exp = Experiment()
    out = BatchDropout(3, 0.0, exp)(LIFObservables(spikes=torch.ones(STEPS, 1, 3)))
    run(exp, STEPS)
    assert out.spikes.all()


@pytest.mark.parametrize("dropout", [-0.1, 1.1, float("nan")])
def test_dropout_is_a_probability(dropout):
    with pytest.raises(ValueError, match="it is a probability"):
        BatchDropout(3, dropout, None)


def test_wrong_size_is_refused():
    exp = Experiment(mock=True)
    BatchDropout(3, 0.5, exp)(LIFObservables(spikes=torch.ones(3, 1, 4)))
    with pytest.raises(ValueError, match="has 3 neurons, its input has 4"):
        run(exp, None)


def test_text_names_size_and_probability():
    assert "size=3, dropout=0.5" in repr(BatchDropout(3, 0.5, None))
