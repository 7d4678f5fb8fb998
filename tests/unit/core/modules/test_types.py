import copy
import logging
from typing import Any

import numpy as np
import pytest
import torch

from core import Experiment
from core.chip.calibration_target import NeuronCalibTarget, SpikingCalibTarget
from core.chip.coordinates import (
    AtomicNeuronOnDLS,
    CompartmentOnLogicalNeuron,
    LogicalNeuronCompartments,
    LogicalNeuronOnDLS,
)
from core.chip.network import NetworkBuilder
from core.errors import HXError, NetworkError, ParameterError
from core.modules import LI
from core.modules.types import BasePopulation, Population, Projection, integer_weights
from core.parameter import HXParameter, MixedHXModelParameter, TrainableHXParameter


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
    builder = NetworkBuilder()
    Population(1, None).share_values(builder)
    assert builder.shared == {"i_synin_gm": 500, "synapse_dac_bias": 600}
    other = Population(1, None, i_synin_gm=600)
    with pytest.raises(AttributeError, match=r"'i_synin_gm\[0\]' requires same") as e:
        other.share_values(builder)
    assert isinstance(e.value, HXError)
    other = Population(1, None, synapse_dac_bias=700)
    with pytest.raises(AttributeError, match="'synapse_dac_bias' requires same value"):
        other.share_values(builder)


# --- targets of a calibration ---------------------------------------------------------


def neurons(*circuits: tuple[int, ...]) -> list[LogicalNeuronOnDLS]:
    """Return neurons made of the given circuits of the upper row."""
    return [
        LogicalNeuronOnDLS(
            LogicalNeuronCompartments(
                {CompartmentOnLogicalNeuron(): [c - part[0] for c in part]}
            ),
            AtomicNeuronOnDLS(part[0]),
        )
        for part in circuits
    ]


def test_parameters_come_from_the_first_circuit_of_each_neuron() -> None:
    targets = SpikingCalibTarget(neuron_target=NeuronCalibTarget.DenseDefault)
    targets.neuron_target.leak[[4, 5, 9]] = 91, 92, 93
    targets.neuron_target.tau_syn[:, 9] = 3e-6, 4e-6
    targets.neuron_target.i_synin_gm[:] = 510
    population = Population(2, None)
    population.params_from_calibration(targets, neurons((4, 5), (9, 10)))
    assert population.leak.hardware_value.tolist() == [91, 93]
    assert population.i_synin_gm.hardware_value.dtype == torch.int64
    assert population.i_synin_gm.hardware_value.tolist() == [510, 510]
    assert population.synapse_dac_bias.hardware_value == 600
    assert population.tau_syn.hardware_value.shape == (2, 2)
    np.testing.assert_allclose(population.tau_syn.hardware_value[:, 1], [3e-6, 4e-6])
    np.testing.assert_allclose(population.tau_mem.hardware_value, [10e-6] * 2)


def test_targets_come_from_the_parameters_and_back() -> None:
    population = Population(
        2,
        None,
        leak=torch.tensor([70.0, 90.0]),
        tau_syn=torch.tensor([[1e-6, 2e-6], [3e-6, 4e-6]]),
        refractory_time=5e-6,
        synapse_dac_bias=700,
    )
    targets = SpikingCalibTarget(neuron_target=NeuronCalibTarget.DenseDefault)
    places = neurons((4, 5), (9, 10))
    target = population.calibration_from_params(targets, places)
    assert target is targets.neuron_target
    assert target.leak[[4, 5, 9, 10, 11]].tolist() == [70, 70, 90, 90, 80]
    assert target.synapse_dac_bias == 700
    assert target.e_coba_reversal[:, 4].tolist() == [np.inf, -np.inf]
    assert np.isnan(target.e_coba_reference[:, 4]).all()
    np.testing.assert_allclose(target.refractory_time[4], 5e-6)
    again = Population(2, None)
    again.params_from_calibration(targets, places)
    for name in ("leak", "tau_syn", "refractory_time", "synapse_dac_bias"):
        mine, theirs = (getattr(p, name).hardware_value for p in (population, again))
        expected = torch.as_tensor(mine, dtype=torch.float64)
        found = torch.as_tensor(theirs, dtype=torch.float64)
        torch.testing.assert_close(*torch.broadcast_tensors(expected, found))


def test_what_a_circuit_was_not_calibrated_for_keeps_its_value() -> None:
    targets = SpikingCalibTarget(neuron_target=NeuronCalibTarget.DenseDefault)
    targets.neuron_target.threshold[:] = np.nan
    targets.neuron_target.leak[5] = np.nan
    population = Population(2, None, leak=70, threshold=MixedHXModelParameter(1, 90))
    population.params_from_calibration(targets, neurons((4,), (5,)))
    assert population.leak.hardware_value.tolist() == [80, 70]
    assert population.threshold.hardware_value == 90
    assert population.e_coba_reference.hardware_value.isnan().all()  # no reversal


def test_silent_neurons_have_no_refractory_time() -> None:
    targets = SpikingCalibTarget(neuron_target=NeuronCalibTarget.DenseDefault)
    population = LI(1, None)
    population.calibration_from_params(targets, neurons((0,)))
    np.testing.assert_allclose(targets.neuron_target.refractory_time[0], 2e-6)
    population.params_from_calibration(targets, neurons((0,)))
    assert population.refractory_time.hardware_value == 0


def test_circuits_of_neurons_are_listed() -> None:
    places = neurons((4, 5), (9,))
    assert Population._get_an_indices(places).tolist() == [4, 5, 9]
    assert Population._get_in_pop_indices(places).tolist() == [0, 0, 1]
    assert Population._get_an_to_in_pop_indices(places).tolist() == [4, 9]
    assert Population._resize(3, 2).tolist() == [3, 3]
    assert Population._resize(torch.tensor([[1.0], [2.0]]), 2, 2).tolist() == [
        [1, 1],
        [2, 2],
    ]


def test_changes_of_values_on_the_chip_are_noted() -> None:
    population = Population(2, None, leak=torch.tensor([70.0, 90.0]), tau_mem=len)
    assert population.calib_changed_since_last_run()
    assert not population.calib_changed_since_last_run()
    population.leak.hardware_value = torch.tensor([70.0, 91.0])
    assert population.calib_changed_since_last_run()
    population.leak = MixedHXModelParameter(5.0, torch.tensor([70.0, 91.0]))
    assert not population.calib_changed_since_last_run()  # only the model changed


def test_trained_values_are_written_not_calibrated() -> None:
    seen: list[Any] = []
    population = Population(2, None, tau_mem=TrainableHXParameter(3e-6, seen.append))
    np.testing.assert_allclose(population.neuron_target().tau_mem, 10e-6)
    with pytest.raises(NetworkError, match="has no place on a chip yet"):
        population.set_trainable_params(None)


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
