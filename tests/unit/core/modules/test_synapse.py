from typing import Any

import pytest
import torch

from core import LI, Experiment, LIFObservables, SparseSynapse, Synapse, run
from core.chip.network import NetworkBuilder
from core.errors import ParameterError, ShapeError
from core.modules import EventPropLIF
from core.modules.synapse import EventPropSynapse, FeatureError


def spikes(*shape: int) -> Any:
    return LIFObservables(spikes=torch.ones(shape))


def test_chip_gets_transformed_integer_weights() -> None:
    synapse = Synapse(2, 1, None, transform=lambda weight: 10 * weight)
    synapse.weight.data = torch.tensor([[0.55, -0.12]])
    synapse.descriptor = "s"
    builder = NetworkBuilder()
    assert synapse.add_to_network_graph("a", "b", builder) == ("s", "s")
    (projection,) = builder.projections
    assert projection.weights.tolist() == [[6, -1]]
    assert (projection.source, projection.target) == ("a", "b")


def test_wrong_number_of_sources_names_both() -> None:
    with pytest.raises(FeatureError, match="takes 2 sources, the input has 5") as e:
        Synapse(2, 3, None).forward_func(spikes(4, 1, 5))
    assert isinstance(e.value, ShapeError)
    assert isinstance(e.value, RuntimeError)


def test_empty_input_is_refused() -> None:
    with pytest.raises(TypeError):
        Synapse(2, 3, None).forward_func(LIFObservables())


def test_changed_weights_are_noted() -> None:
    synapse = Synapse(2, 3, None)
    assert synapse.changed_since_last_run
    synapse.reset_changed_since_last_run()
    assert not synapse.changed_since_last_run
    synapse.reset_parameters()
    assert synapse.changed_since_last_run


def test_left_over_positional_arguments_are_tolerated() -> None:
    assert Synapse(2, 3, Experiment(mock=True), len).execution_instance is None
    assert Synapse(2, 3, None, None, dtype=torch.float64).weight.dtype == torch.float64


def test_eventprop_synapse_adds_a_second_half_of_zeros() -> None:
    torch.manual_seed(11)
    plain = Synapse(3, 2, None)
    torch.manual_seed(11)
    synapse = EventPropSynapse(3, 2, None)
    assert torch.equal(synapse.weight, plain.weight)
    input = LIFObservables(spikes=torch.rand(6, 4, 3))
    found = synapse.forward_func(input).graded_spikes
    assert found.shape == (2, 6, 4, 2)
    torch.testing.assert_close(found[0], plain.forward_func(input).graded_spikes)
    assert not found[1].any()


def test_eventprop_synapse_is_a_synapse_on_the_chip() -> None:
    synapse = EventPropSynapse(2, 1, None, transform=lambda weight: 10 * weight)
    synapse.weight.data = torch.tensor([[0.55, -0.12]])
    synapse.descriptor = "s"
    builder = NetworkBuilder()
    synapse.add_to_network_graph("a", "b", builder)
    assert builder.projections[0].weights.tolist() == [[6, -1]]


def test_eventprop_synapse_refuses_what_a_synapse_refuses() -> None:
    synapse = EventPropSynapse(2, 3, None)
    with pytest.raises(FeatureError, match="takes 2 sources, the input has 5"):
        synapse.forward_func(spikes(4, 1, 5))
    with pytest.raises(TypeError):
        synapse.forward_func(LIFObservables())
    double = LIFObservables(spikes=torch.ones(4, 1, 2, dtype=torch.float64))
    with pytest.raises(RuntimeError, match="dtype"):
        synapse.forward_func(double)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("mock", [True, False])
@pytest.mark.parametrize("kind", ["dense", "sparse", "eventprop"])
def test_weights_that_are_not_finite_are_refused_in_model_and_chip(
    value: float, mock: bool, kind: str
) -> None:
    exp = Experiment(mock=mock)
    synapse: Any = {
        "dense": lambda: Synapse(2, 3, exp),
        "sparse": lambda: SparseSynapse(torch.ones(2, 3), exp),
        "eventprop": lambda: EventPropSynapse(2, 3, exp),
    }[kind]()
    synapse.name = "to the readout"
    synapse.weight.data[1] = value
    neurons = EventPropLIF(3, exp) if kind == "eventprop" else LI(3, exp)
    neurons(synapse(spikes(8, 1, 2)))
    said = r"^projection 'to the readout': 2 of 6 are not finite.*Look for NaN"
    with pytest.raises(ParameterError, match=said):
        run(exp, 8)
