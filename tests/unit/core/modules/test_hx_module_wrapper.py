import copy

import pytest
import torch

from core import (
    LI,
    LIF,
    Experiment,
    HXModuleWrapper,
    LIFObservables,
    Synapse,
    SynapseHandle,
    run,
)

STEPS, BATCH, SIZE = 25, 2, 4


class Recurrent(HXModuleWrapper):
    """Neurons with synapses among themselves, step by step.

    A spike acts on the current of the next step, as between two layers.
    """

    def forward_func(self, input, hw_data=None):
        synapse, neurons = self.modules["synapse"], self.modules["neurons"]
        measured = (None, None) if hw_data is None else hw_data
        graded = torch.zeros_like(input.graded_spikes)
        for _ in range(STEPS // 2 + 1):  # two more steps are right each time
            both = SynapseHandle(graded_spikes=input.graded_spikes + graded)
            out = neurons.forward_func(both, hw_data=measured[1])
            handle = synapse.forward_func(out)
            graded = handle.graded_spikes
        return handle, out


def build(exp, weight=-0.5):
    synapse_in = Synapse(3, SIZE, exp)
    neurons = LIF(
        SIZE, exp, leak=0.0, reset=0.0, threshold=1.0, tau_mem=10e-6, tau_syn=10e-6
    )
    synapse = Synapse(SIZE, SIZE, exp)
    torch.nn.init.constant_(synapse_in.weight, 1.0)
    torch.nn.init.constant_(synapse.weight, weight)
    return (
        synapse_in,
        neurons,
        synapse,
        Recurrent(exp, synapse=synapse, neurons=neurons),
    )


def call(synapse_in, neurons, synapse, wrapper):
    spikes = torch.zeros(STEPS, BATCH, 3)
    spikes[2:8] = 1
    out = neurons(synapse_in(LIFObservables(spikes=spikes)))
    neurons(synapse(out))
    wrapper()
    return out


def reference(w_in, w_rec):
    """Return the spikes of the network, integrated neuron by neuron in plain Python."""
    dt, tau = 1e-6, 10e-6
    v = i = z = torch.zeros(SIZE)
    hold = torch.zeros(SIZE)
    found = []
    for t in range(STEPS):
        x = torch.ones(3) * (2 <= t < 8)
        v = v + dt / tau * (i - v)
        i = i * (1 - dt / tau) + w_in @ x
        z = (v > 1).float()
        v = torch.where(z > 0, torch.zeros(()), v)
        refractory = hold > 0
        v, z = torch.where(refractory, 0.0, v), torch.where(refractory, 0.0, z)
        hold = torch.where(z > 0, 1.0, torch.relu(hold - refractory.float()))
        i = i + w_rec @ z  # the spikes of this step drive the current of this step
        found.append(z)
    return torch.stack(found)


@pytest.mark.parametrize("weight", [-0.5, 0.2])
def test_a_recurrent_network_follows_the_step_by_step_reference(weight):
    exp = Experiment(mock=True)
    modules = build(exp, weight)
    out = call(*modules)
    run(exp, None)
    expected = reference(modules[0].weight.detach(), modules[2].weight.detach())
    assert expected.sum() > 0
    assert torch.equal(out.spikes[:, 0], expected)
    assert torch.equal(out.spikes[:, 1], expected)


def test_gradients_reach_input_and_recurrent_weights():
    exp = Experiment(mock=True)
    modules = build(exp)
    out = call(*modules)
    run(exp, None)
    out.spikes.sum().backward()
    assert modules[0].weight.grad.abs().sum() > 0
    assert modules[2].weight.grad.abs().sum() > 0


def test_a_recurrent_network_trains():
    torch.manual_seed(0)
    exp = Experiment(mock=True)
    modules = build(exp)
    optimizer = torch.optim.Adam(modules[3].parameters(), lr=0.05)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        out = call(*modules)
        run(exp, None)
        loss = (out.spikes.sum(0).mean() - 6.0) ** 2
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert min(losses) < 0.3 * losses[0]


def test_a_recurrent_network_runs_on_the_chip():
    exp = Experiment()
    modules = build(exp, weight=-20.0)
    modules[0].weight.data.fill_(60.0)
    out = call(*modules)
    info = run(exp, STEPS)
    names = [(p.source, p.target) for p in exp.last_execution.network.projections]
    neurons = modules[1].descriptor
    assert (neurons, neurons) in names
    assert out.spikes.sum() > 0
    assert out.membrane_cadc.shape == (STEPS, BATCH, SIZE)
    assert info is not None
    # What was measured of the member is in its handle.
    recorded = modules[1].post_process(modules[1].hw_observables, STEPS * 1e-6)
    assert torch.equal(out.spikes, recorded.spikes[:STEPS])
    assert torch.equal(out.membrane_cadc, recorded.voltage.cadc[:STEPS])
    out.spikes.sum().backward()
    assert modules[2].weight.grad is not None


def test_a_circle_without_a_wrapper_is_refused():
    exp = Experiment(mock=True)
    synapse_in, neurons, synapse, _ = build(exp)
    neurons(synapse(neurons(synapse_in(LIFObservables(spikes=torch.ones(5, 1, 3))))))
    with pytest.raises(ValueError, match=r"Encountered cyclic dep.*Wrapper"):
        run(exp, None)


def test_modules_after_the_group_read_its_handles():
    exp = Experiment(mock=True)
    modules = build(exp)
    readout, li = Synapse(SIZE, 2, exp), LI(2, exp)
    y = li(readout(call(*modules)))
    run(exp, None)
    assert y.membrane_cadc.shape == (STEPS, BATCH, 2)


def test_two_handles_of_a_group_may_enter_one_module():
    class Pair(HXModuleWrapper):
        def forward_func(self, first, second, hw_data=None):
            assert hw_data == (None, None)
            return (
                SynapseHandle(graded_spikes=first.spikes),
                SynapseHandle(graded_spikes=2 * second.spikes),
            )

    exp = Experiment(mock=True)
    a, b, li = Synapse(2, 2, exp), Synapse(2, 2, exp), LI(2, exp)
    wrapper = Pair(exp, a=a, b=b)
    ones = LIFObservables(spikes=torch.ones(4, 1, 2))
    y = li(a(ones), b(ones))
    wrapper()
    run(exp, None)
    assert y.current[0, 0].tolist() == [3, 3]


def test_post_simulation_processing_gets_all_handles():
    class Doubled(Recurrent):
        def post_simulation_processing(self, output):
            output[1].spikes = 2 * output[1].spikes

    exp = Experiment(mock=True)
    synapse_in, neurons, synapse, _ = build(exp)
    wrapper = Doubled(exp, synapse=synapse, neurons=neurons)
    out = call(synapse_in, neurons, synapse, wrapper)
    run(exp, None)
    assert set(out.spikes.unique().tolist()) == {0.0, 2.0}


def test_wrong_number_of_handles_is_refused():
    class Short(HXModuleWrapper):
        def forward_func(self, input, hw_data=None):
            return SynapseHandle(graded_spikes=input.spikes)

    exp = Experiment(mock=True)
    a, b = Synapse(2, 2, exp), Synapse(2, 2, exp)
    wrapper = Short(exp, a=a, b=b)
    b(a(LIFObservables(spikes=torch.ones(4, 1, 2))))
    wrapper()
    with pytest.raises(AssertionError, match="returned 1 handles, there are 2 members"):
        run(exp, None)


def test_overlapping_wrappers_are_refused_and_repeated_calls_are_not():
    exp = Experiment(mock=True)
    synapse_in, neurons, _synapse, wrapper = build(exp)
    wrapper()
    wrapper()
    assert list(exp.modules.wrappers.values()) == ["w_0"]
    other = Recurrent(exp, synapse=synapse_in, neurons=neurons)
    with pytest.raises(ValueError, match="partially registered in another group"):
        other()


def test_a_group_that_was_called_in_part_is_refused():
    exp = Experiment(mock=True)
    synapse_in, neurons, _, wrapper = build(exp)
    neurons(synapse_in(LIFObservables(spikes=torch.ones(5, 1, 3))))
    wrapper()
    with pytest.raises(ValueError, match="1 of its 2 modules were not called"):
        run(exp, None)


def test_members_and_torch_modules_are_both_at_hand():
    exp = Experiment(mock=True)
    synapse_in, neurons, synapse, wrapper = build(exp)
    assert wrapper.modules == {"synapse": synapse, "neurons": neurons}
    assert wrapper.contains(neurons)
    assert wrapper.contains([neurons, synapse])
    assert not wrapper.contains([neurons, synapse_in])
    assert {id(m) for m in wrapper.modules()} >= {id(wrapper), id(synapse), id(neurons)}
    assert {n for n, _ in wrapper.named_parameters()} == {"synapse.weight"}
    wrapper.update(only=synapse)
    assert wrapper.modules == {"only": synapse}
    assert not wrapper.contains(neurons)
    assert "modules=[only]" in repr(wrapper)
    copied = copy.deepcopy(wrapper)
    assert copied.modules["only"] is copied.only


def test_a_wrapper_needs_an_experiment_and_numerics():
    with pytest.raises(ValueError, match="belongs to no experiment"):
        HXModuleWrapper(None)()
    with pytest.raises(NotImplementedError, match="defines no forward_func"):
        HXModuleWrapper(None).forward_func()
