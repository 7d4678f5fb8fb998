import inspect
import math
import re
from typing import Any

import pytest
import torch

from core import (
    LI,
    LIF,
    Experiment,
    Handle,
    LIFObservables,
    LIObservables,
    MixedHXModelParameter,
    SynapseHandle,
    TrainableMixedHXModelParameter,
    run,
)
from core.errors import ParameterError, ShapeError
from core.functional import exp_cuba_li_integration, exp_cuba_lif_integration
from core.modules.neuron import EventPropLIF, NeuronExp, ReadoutNeuronExp
from core.observables import AnalogObservable

pytestmark = pytest.mark.filterwarnings("ignore:exp_cuba_li:DeprecationWarning")
DECAY = math.exp(-1 / 6)


def graded(*shape: int) -> Any:
    rng = torch.Generator().manual_seed(2)
    return SynapseHandle(graded_spikes=torch.rand(shape, generator=rng))


def test_spiking_neurons_fill_their_handle_by_name() -> None:
    experiment = Experiment(mock=True)
    neuron = NeuronExp(
        3, experiment, 0.1, -0.2, 0.7, MixedHXModelParameter(DECAY, 6e-6), 0.8, alpha=9
    )
    x = graded(30, 2, 3)
    out = neuron(x)
    run(experiment, None)
    spikes, membrane, current, _ = exp_cuba_lif_integration(
        x.graded_spikes,
        leak=0.1,
        reset=-0.2,
        threshold=0.7,
        tau_mem_exp=DECAY,
        tau_syn_exp=0.8,
        method="superspike",
        alpha=9,
    )
    assert isinstance(neuron, LIF)
    assert isinstance(out, LIFObservables)
    assert spikes.any()
    assert torch.equal(out.spikes, spikes)
    assert torch.equal(out.membrane_cadc, membrane)
    assert torch.equal(out.current, current)
    assert out.membrane_madc is None


def test_integrators_fill_their_handle_by_name() -> None:
    experiment = Experiment(mock=True)
    neuron = ReadoutNeuronExp(3, experiment, 0.1, DECAY, 0.8)
    x = graded(30, 2, 3)
    out = neuron(x)
    run(experiment, None)
    membrane, current, _ = exp_cuba_li_integration(
        x.graded_spikes, leak=0.1, tau_mem_exp=DECAY, tau_syn_exp=0.8
    )
    assert isinstance(neuron, LI)
    assert isinstance(out, LIObservables)
    assert torch.equal(out.membrane_cadc, membrane)
    assert torch.equal(out.current, current)
    assert out.membrane_madc is None


@pytest.mark.parametrize("kind", [NeuronExp, ReadoutNeuronExp])
def test_they_warn_when_they_run(kind: Any) -> None:
    with pytest.warns(DeprecationWarning, match="deprecated: use .* LIF and LI"):
        kind(3, None, tau_mem=DECAY, tau_syn=DECAY).forward_func(graded(5, 1, 3))


@pytest.mark.parametrize("kind", [NeuronExp, ReadoutNeuronExp])
def test_several_inputs_are_added(kind: Any) -> None:
    neuron = kind(3, None, leak=0, reset=0, threshold=1, tau_mem=DECAY, tau_syn=DECAY)
    x = graded(20, 2, 3)
    twice = SynapseHandle(graded_spikes=2 * x.graded_spikes)
    assert neuron.forward_func(x, x) == neuron.forward_func(twice)


@pytest.mark.parametrize("kind", [NeuronExp, ReadoutNeuronExp])
def test_input_of_another_size_is_refused(kind: Any) -> None:
    with pytest.raises(ShapeError, match=f"{kind.__name__}: has 3 neurons"):
        kind(3, None).forward_func(graded(5, 1, 4))


@pytest.mark.parametrize("kind", [NeuronExp, ReadoutNeuronExp])
def test_trained_decays_reach_their_target(kind: Any) -> None:
    def neuron(mem: Any, syn: Any) -> Any:
        values = {"leak": 0.0, "reset": 0.0, "threshold": 50.0}  # never reached
        return kind(1, None, **values, tau_mem=mem, tau_syn=syn)

    x = torch.zeros(40, 1, 1)
    x[2] = 5.0
    drive = SynapseHandle(graded_spikes=x)
    target = neuron(math.exp(-1 / 9.9), math.exp(-1 / 6)).forward_func(drive)
    decays = [TrainableMixedHXModelParameter(math.exp(-1 / 4), 4e-6) for _ in range(2)]
    trained = neuron(*decays)
    optimizer = torch.optim.Adam(trained.parameters(), lr=0.01)
    for _ in range(150):
        optimizer.zero_grad()
        out = trained.forward_func(drive)
        loss = (out.membrane_cadc - target.membrane_cadc).square().mean()
        loss = loss + (out.current - target.current).square().mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 4e-4  # the limit of hxtorch's own test
    tau_mem, tau_syn = (-1 / math.log(float(d.model_value_detach())) for d in decays)
    # Adam still moves by a part of its rate of 0.01
    assert tau_mem == pytest.approx(9.9, rel=0.05)
    assert tau_syn == pytest.approx(6, rel=0.05)


@pytest.mark.parametrize("kind", [NeuronExp, ReadoutNeuronExp])
def test_measured_data_lands_in_the_fields_of_its_name(kind: Any) -> None:
    x = graded(20, 1, 3)
    voltage, madc = torch.full((21, 1, 3), 0.3), torch.ones(2, 7, 1)
    spikes = torch.zeros(21, 1, 3) if kind is NeuronExp else None
    measured = Handle(
        voltage=AnalogObservable(voltage, madc),
        adaptation=AnalogObservable(),
        spikes=spikes,
    )
    decays = {"tau_mem": DECAY, "tau_syn": DECAY}
    out = kind(3, None, leak=0.0, **decays).forward_func(x, hw_data=measured)
    assert torch.equal(out.membrane_cadc, voltage[:20])
    assert torch.equal(out.membrane_madc, madc)
    assert out.current[-1].all()  # simulated
    if kind is NeuronExp:
        assert not out.spikes.any()


@pytest.mark.parametrize("kind", [NeuronExp, ReadoutNeuronExp])
@pytest.mark.parametrize("name", ["tau_mem", "tau_syn"])
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "is 0. Give a finite number above 0"),
        (-1e-5, "is -1e-05. Give a finite number above 0"),
        (torch.tensor([0.5, -1.0, 0.5]), "is -1. Give a finite number above 0"),
        (1.5, "is 1.5, it is the decay of one step. Give exp(-dt / tau)"),
    ],
)
def test_what_is_no_decay_is_refused(
    kind: Any, name: str, value: Any, text: str
) -> None:
    neuron = kind(3, None, **{name: value})
    with pytest.raises(ParameterError, match=re.escape(f"{name}: {text}")):
        neuron.forward_func(graded(30, 2, 3))


@pytest.mark.parametrize("kind", [NeuronExp, ReadoutNeuronExp, EventPropLIF])
def test_an_argument_that_is_given_twice_names_the_class(kind: Any) -> None:
    with pytest.raises(TypeError, match="got multiple values for leak") as error:
        kind(3, None, 80.0, leak=90.0)
    assert isinstance(error.value, ParameterError)
    assert str(error.value).startswith(f"{kind.__name__}: ")


@pytest.mark.parametrize(("kind", "parent"), [(NeuronExp, LIF), (ReadoutNeuronExp, LI)])
def test_the_arguments_are_those_of_their_parent(kind: Any, parent: Any) -> None:
    assert inspect.signature(kind) == inspect.signature(parent)
