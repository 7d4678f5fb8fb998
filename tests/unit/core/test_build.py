import numpy as np
import pytest
import torch

from core.build import build
from core.errors import NetworkError
from core.modules import LI, LIF, Synapse
from core.simulate import input_spikes, simulate
from core.spec import edit
from core.spec.examples import EXAMPLES, first_steps, leak_over_threshold
from core.spec.network import Value


@pytest.fixture(params=[True, False], ids=["mock", "chip"])
def mock(request):
    return request.param


def changed(spec, name, **changes):
    network = spec.network
    new = network.population(name).replace(**changes)
    return spec.replace(network=network.with_population(new))


@pytest.mark.parametrize("make", EXAMPLES.values(), ids=EXAMPLES)
def test_every_example_becomes_modules_with_its_weights(make):
    spec = make()
    snn = build(spec, mock=True)
    kinds = {"LI": LI, "LIF": LIF}
    for population in spec.network.populations:
        if population.accepts_input:
            module = snn.modules_by_name[population.name]
            assert type(module) is kinds[population.kind]
            assert module.size == population.size
    for projection in spec.network.projections:
        module = snn.modules_by_name[projection.name]
        assert type(module) is Synapse
        np.testing.assert_array_equal(module.weight.detach(), projection.weights)


def test_training_does_not_write_into_the_document():
    spec = first_steps()
    before = spec.network.projections[0].weights.copy()
    with torch.no_grad():
        build(spec, mock=True).modules_by_name["input_hidden"].weight.add_(1)
    np.testing.assert_array_equal(spec.network.projections[0].weights, before)


def test_all_weights_are_parameters_of_the_network():
    snn = build(first_steps(), mock=True)
    shapes = sorted(tuple(p.shape) for p in snn.parameters())
    assert shapes == [(2, 8), (8, 6)]


def test_the_handles_of_neurons_are_returned_by_name(mock):
    spec = first_steps()
    handles = build(spec, mock=mock)(input_spikes(spec))
    assert set(handles) == {"hidden", "out"}
    assert handles["hidden"].spikes.shape == (spec.run.steps, 1, 8)
    assert handles["out"].membrane_cadc.shape == (spec.run.steps, 1, 2)


def test_a_batch_gives_a_batch(mock):
    spec = first_steps()
    inputs = {k: v.repeat(1, 3, 1) for k, v in input_spikes(spec).items()}
    handles = build(spec, mock=mock)(inputs)
    assert handles["out"].membrane_cadc.shape == (spec.run.steps, 3, 2)


def test_gradients_reach_all_weights(mock):
    spec = first_steps()
    snn = build(spec, mock=mock)
    out = snn(input_spikes(spec))["out"]
    out.membrane_cadc.pow(2).sum().backward()
    for name, weight in snn.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.abs().max() > 0, name


def test_a_step_of_training_lowers_the_loss_in_mock():
    spec = first_steps()
    snn, inputs = build(spec, mock=True), input_spikes(spec)
    optimizer = torch.optim.SGD([snn.modules_by_name["hidden_out"].weight], 1e-3)

    def loss():
        return (snn(inputs)["out"].membrane_cadc - 1).pow(2).mean()

    first = loss()
    first.backward()
    optimizer.step()
    assert loss() < first


def test_the_network_can_run_again_and_again(mock):
    spec = first_steps()
    snn, inputs = build(spec, mock=mock), input_spikes(spec)
    first = snn(inputs)["out"].membrane_cadc
    second = snn(inputs)["out"].membrane_cadc
    assert first.shape == second.shape


def test_measuring_runs_the_chip_alone():
    spec = first_steps()
    snn = build(spec, mock=False)
    execution = snn.measure(input_spikes(spec))
    assert set(execution.observables) == {"hidden", "out"}


def test_measuring_in_mock_gives_nothing():
    spec = first_steps()
    assert build(spec, mock=True).measure(input_spikes(spec)) is None


def test_neurons_without_any_input_run(mock):
    spec = leak_over_threshold()
    handles = build(spec, mock=mock)({})
    assert handles["neuron"].spikes.sum() > 5  # its leak is over its threshold


def test_errors_of_a_document_are_listed_all_at_once():
    spec = changed(first_steps(), "hidden", tau_mem=1.0, tau_syn=1.0)
    with pytest.raises(NetworkError) as caught:
        build(spec, mock=True)
    assert {p.parameter for p in caught.value.problems} == {"tau_mem", "tau_syn"}
    assert "membrane time constant is 1000000 µs" in str(caught.value)


def test_a_note_does_not_keep_a_document_from_being_built():
    spec = first_steps().replace(stimuli=())
    assert build(spec, mock=True).spec is spec


@pytest.mark.parametrize(
    "name",
    ["a.b", "training", "größe µ", "a b", "weight", "../x", "0", "<b>", "forward", '"'],
)
def test_any_name_builds_and_runs(name):
    spec = edit.rename(first_steps(), "hidden", name)
    spec = edit.rename(spec, "input_hidden", f"{name}.{name}")
    result = simulate(spec.replace(run=spec.run.replace(mode="both")))
    assert len(result.populations[name].spikes.time) > 0


def test_the_order_of_populations_does_not_matter():
    spec = first_steps()
    network = spec.network.replace(populations=spec.network.populations[::-1])
    found = simulate(spec.replace(network=network)).populations["out"].membrane
    expected = simulate(spec).populations["out"].membrane
    np.testing.assert_array_equal(found.values, expected.values)


def test_a_code_is_written_to_the_chip_as_it_is():
    spec = changed(first_steps(), "hidden", leak=Value(0.0, code=345))
    execution = build(spec, mock=False).measure(input_spikes(spec))
    circuits = execution.placement.circuits["hidden"]
    assert (execution.config.codes["leak"][circuits] == 345).all()


def test_the_madc_reads_the_chosen_neuron_only():
    spec = first_steps()
    recording = spec.recording.replace(madc_neuron=3)
    snn = build(spec.replace(recording=recording), mock=False)
    execution = snn.measure(input_spikes(spec))
    assert execution.network.madc == ("hidden", 3)


def test_an_input_that_several_projections_read_is_sent_to_the_chip_once(caplog):
    spec = first_steps()
    spec = edit.connect(spec, "input", "out")
    inputs = input_spikes(spec)
    snn = build(spec, mock=False)
    assert set(snn(inputs)) == {"hidden", "out"}
    sent = snn.exp.last_execution.output.sent
    assert len(sent.cycle) == int(inputs["input"].sum()) > 0
    assert "read by several synapses" not in caplog.text
