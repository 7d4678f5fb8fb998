import copy
import logging
from typing import Any

import numpy as np
import pytest
import torch

from core import Experiment
from core.chip.network import NetworkBuilder
from core.errors import HXError, ParameterError
from core.modules.types import (
    BasePopulation,
    Population,
    Projection,
    SharedValueError,
    integer_weights,
    shared_value,
)
from core.parameter import HXParameter, MixedHXModelParameter


def test_parameters_have_defaults_in_the_order_of_the_interface() -> None:
    values = Population(2, None).params_dict()
    assert list(values)[:4] == ["leak", "reset", "threshold", "tau_mem"]
    assert values["threshold"].hardware_value == 125
    assert values["refractory_time"].hardware_value == 2e-6
    copy.deepcopy(values)


def test_plain_values_are_wrapped_and_parameters_kept() -> None:
    leak = MixedHXModelParameter(0.0, 70)
    population = Population(2, None, leak=leak, reset=60)
    assert population.leak is leak
    assert isinstance(population.reset, HXParameter)
    assert population.reset.model_value == 60


def test_unknown_parameter_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        Population(2, None, treshold=3)
    assert "'treshold', it is ignored. Did you mean 'threshold'?" in caplog.text


def test_trained_parameters_are_noted() -> None:
    population = Population(2, None)
    assert not population.has_trainable_params()
    population.leak.make_trainable()
    assert population.has_trainable_params()
    assert len(list(population.parameters())) == 1
    assert not BasePopulation(2, None).has_trainable_params()


def test_targets_are_in_units_of_the_chip() -> None:
    population = Population(
        3,
        None,
        leak=MixedHXModelParameter(0.0, 70),
        tau_mem=torch.tensor([1e-6, 2e-6, 3e-6]),
        tau_syn=torch.tensor([[1e-6] * 3, [2e-6] * 3]),
    )
    population.codes = {"leak": 400}
    target = population.neuron_target()
    assert target.leak.tolist() == [70, 70, 70]
    assert target.leak_code.tolist() == [400, 400, 400]
    assert target.reset_code.tolist() == [-1, -1, -1]
    np.testing.assert_allclose(target.tau_mem, [1e-6, 2e-6, 3e-6], rtol=1e-6)
    np.testing.assert_allclose(target.tau_syn[:, 0], [1e-6, 2e-6], rtol=1e-6)


@pytest.mark.parametrize("value", [torch.zeros(2), len])
def test_value_that_does_not_fit_is_refused_for_the_chip(value: Any) -> None:
    with pytest.raises(ParameterError, match=r"Population.leak: has the value.*3 neu"):
        Population(3, None, leak=value).neuron_target()


def test_shared_values_must_agree() -> None:
    populations = [Population(1, None), Population(1, None, i_synin_gm=600)]
    assert shared_value(populations[:1], "i_synin_gm", 1) == 500
    assert shared_value([], "i_synin_gm", 1) == 1
    with pytest.raises(SharedValueError, match=r"'i_synin_gm\[0\]' requires same") as e:
        shared_value(populations, "i_synin_gm", 1)
    assert isinstance(e.value, AttributeError)
    assert isinstance(e.value, HXError)
    populations[1].synapse_dac_bias = HXParameter(700)
    with pytest.raises(AttributeError, match="'synapse_dac_bias' requires same value"):
        shared_value(populations, "synapse_dac_bias", 1)


def test_weights_are_rounded_half_away_from_zero() -> None:
    weights = torch.tensor([-1.5, -0.4, 0.5, 2.5])
    assert integer_weights(weights).tolist() == [-2, 0, 1, 3]


def test_base_kinds_are_not_on_the_chip() -> None:
    with pytest.raises(NotImplementedError):
        BasePopulation(2, None).add_to_network_graph(NetworkBuilder())
    with pytest.raises(NotImplementedError):
        Projection(2, 3, None).add_to_network_graph("a", "b", NetworkBuilder())


def test_text_names_the_sizes() -> None:
    exp = Experiment(mock=True)
    assert "size=2" in repr(Population(2, exp))
    assert "in_features=2, out_features=3" in repr(Projection(2, 3, exp))
    BasePopulation(2, None).register_hw_entity()
    Projection(2, 3, None).register_hw_entity()
