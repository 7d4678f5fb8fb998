import pickle
from typing import Any

import pytest
import torch

from core import LIF, Experiment, LIFObservables, MixedHXModelParameter, SynapseHandle
from core import run as run_experiment
from core.errors import ParameterError, ShapeError
from core.functional.eventprop import EventPropLIFFunction
from core.handle import Handle
from core.modules.neuron import EventPropLIF
from core.modules.neuron.eventprop import SingleInputError
from core.modules.synapse import EventPropSynapse, Synapse
from core.observables import AnalogObservable

VALUES: dict[str, Any] = {
    "leak": 0.1,
    "reset": -0.2,
    "threshold": 0.7,
    "tau_mem": 6e-6,
    "tau_syn": 5e-6,
}


def graded(*shape: int) -> Any:
    rng = torch.Generator().manual_seed(2)
    return SynapseHandle(graded_spikes=torch.rand(shape, generator=rng))


@pytest.mark.parametrize("crossing", ["grid", "interpolated"])
@pytest.mark.parametrize("dt", [1e-6, 0.5e-6])
def test_the_module_gives_its_values_to_the_function(crossing: str, dt: float) -> None:
    experiment = Experiment(mock=True, dt=dt)
    neuron = EventPropLIF(
        3,
        experiment,
        **{**VALUES, "leak": MixedHXModelParameter(0.1, hardware_value=80)},
        crossing=crossing,
        refractory_time=5e-6,  # it has none
    )
    x = graded(2, 40, 2, 3)
    out = neuron(x)
    run_experiment(experiment, None)
    spikes, membrane, current = EventPropLIFFunction.apply(
        x.graded_spikes, 0.1, -0.2, 0.7, 5e-6, 6e-6, None, dt, crossing
    )
    assert spikes.any()
    assert torch.equal(out.spikes, spikes)
    assert torch.equal(out.membrane_cadc, membrane)
    assert torch.equal(out.current, current)
    assert out.membrane_madc is None


def test_it_takes_the_arguments_of_lif_by_position() -> None:
    neuron = EventPropLIF(2, None, 1, 2, 3, 4e-6, 5e-6)
    values = {k: p.model_value for k, p in neuron.params_dict().items()}
    assert [values[k] for k in ("leak", "reset", "threshold")] == [1, 2, 3]
    assert (values["tau_mem"], values["tau_syn"]) == (4e-6, 5e-6)
    assert isinstance(neuron, LIF)
    assert neuron.crossing == "grid"
    assert neuron.output_type is LIFObservables


def test_gradients_reach_all_weights_of_a_deep_network() -> None:
    experiment = Experiment(mock=True)
    torch.manual_seed(0)
    layers = []
    handle = LIFObservables(spikes=(torch.rand(40, 4, 5) > 0.8).float())
    for size_in, size_out in ((5, 8), (8, 6), (6, 2)):
        synapse = EventPropSynapse(size_in, size_out, experiment)
        synapse.weight.data = torch.rand(size_out, size_in)
        neuron = EventPropLIF(size_out, experiment, **VALUES)
        handle = neuron(synapse(handle))
        layers.append(synapse)
    run_experiment(experiment, None)
    handle.spikes.sum().backward()
    for synapse in layers:
        assert synapse.weight.grad is not None
        assert synapse.weight.grad.any()
        assert torch.isfinite(synapse.weight.grad).all()


def test_measured_spikes_have_as_many_steps_as_the_input() -> None:
    voltage, madc = torch.rand(41, 2, 3), torch.rand(2, 90, 2)
    hw = Handle(
        voltage=AnalogObservable(voltage, madc),
        adaptation=AnalogObservable(),
        spikes=torch.ones(41, 2, 3),
    )
    out = EventPropLIF(3, None, **VALUES).forward_func(graded(2, 40, 2, 3), hw_data=hw)
    assert out.spikes.shape == (40, 2, 3)
    assert torch.equal(out.membrane_cadc, voltage[:40])
    assert torch.equal(out.membrane_madc, madc)
    assert out.current is None


def test_a_run_on_the_chip_fills_its_handle() -> None:
    experiment = Experiment(mock=False)
    synapse = EventPropSynapse(4, 3, experiment)
    synapse.weight.data = torch.full((3, 4), 63.0)
    neuron = EventPropLIF(3, experiment)
    spikes = torch.zeros(50, 2, 4)
    spikes[5:30:5] = 1
    out = neuron(synapse(LIFObservables(spikes=spikes)))
    run_experiment(experiment, 50)
    assert out.spikes.shape == (50, 2, 3)
    assert out.spikes.any()
    assert out.membrane_cadc.shape == (50, 2, 3)
    out.spikes.sum().backward()
    assert synapse.weight.grad is not None
    assert synapse.weight.grad.any()


def test_several_inputs_are_refused() -> None:
    neuron = EventPropLIF(3, None)
    message = "EventPropLIF: takes one input, it has 2.*in one EventPropSynapse"
    with pytest.raises(SingleInputError, match=message) as e:
        neuron.forward_func(graded(2, 5, 1, 3), graded(2, 5, 1, 3))
    assert isinstance(e.value, AssertionError)


@pytest.mark.parametrize("shape", [(5, 1, 3), (2, 5, 1, 4), (3, 5, 1, 3)])
def test_input_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"has 3 neurons.*\(2, time, batch, 3\)"):
        EventPropLIF(3, None).forward_func(graded(*shape))


def test_a_plain_synapse_before_it_is_refused() -> None:
    experiment = Experiment(mock=True)
    out = Synapse(2, 3, experiment)(LIFObservables(spikes=torch.ones(5, 1, 2)))
    EventPropLIF(3, experiment)(out)
    with pytest.raises(ShapeError, match="as EventPropSynapse does"):
        run_experiment(experiment, None)


def test_unknown_crossings_are_refused_at_once() -> None:
    with pytest.raises(ParameterError, match=r"no scheme 'exact'.*grid.*interpolated"):
        EventPropLIF(3, None, crossing="exact")


def test_trained_parameters_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    neuron = EventPropLIF(3, None, **VALUES)
    neuron.tau_mem.make_trainable()
    neuron.leak.make_trainable()
    for _ in range(2):
        neuron.forward_func(graded(2, 5, 1, 3))
    (record,) = caplog.records
    assert record.getMessage() == (
        "EventPropLIF: leak, tau_mem will not be trained: EventProp has gradients of"
        " weights only. Use LIF to train parameters."
    )


@pytest.mark.parametrize("trace", ["membrane_cadc", "current"])
def test_a_loss_of_a_trace_is_told_once(
    trace: str, caplog: pytest.LogCaptureFixture
) -> None:
    neuron, x = EventPropLIF(3, None, **VALUES), graded(2, 40, 1, 3)
    x.graded_spikes.requires_grad_()
    neuron.forward_func(x).spikes.sum().backward()
    pickle.dumps(neuron.forward_func(x))  # torch warns of hooks that it cannot save
    assert x.graded_spikes.grad.any()
    assert not caplog.records
    for _ in range(2):
        x.graded_spikes.grad = None
        getattr(neuron.forward_func(x), trace).sum().backward()
        assert x.graded_spikes.grad is None or not x.graded_spikes.grad.any()
    (record,) = caplog.records
    assert "a loss of its membrane or current has no gradient" in record.getMessage()
    assert "Use the spikes, or LIF and LI." in record.getMessage()
