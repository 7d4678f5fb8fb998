import re
from typing import Any

import pytest
import torch

from core import (
    AELIF,
    LI,
    LIF,
    Experiment,
    HXParameter,
    InputNeuron,
    LIFObservables,
    LIObservables,
    Synapse,
    SynapseHandle,
    run,
)
from core.chip.adex import active_terms
from core.chip.network import NetworkBuilder
from core.errors import ParameterError, ShapeError
from core.modules import EventPropLIF, NeuronExp, ReadoutNeuronExp
from core.modules.neuron.in_model import check_finite
from core.spec.chip import IDEAL


def graded(*shape: int) -> Any:
    return SynapseHandle(graded_spikes=torch.ones(shape))


@pytest.mark.parametrize("fire", [True, False])
@pytest.mark.parametrize("adaptation", [True, False])
def test_output_has_the_fields_of_the_terms(fire: bool, adaptation: bool) -> None:
    neuron = AELIF(
        2,
        None,
        fire=fire,
        subthreshold_adaptation=adaptation,
        spike_triggered_adaptation=False,
    )
    names = set(neuron.output_handle.names())
    assert ("spikes" in names) is fire
    assert ("adaptation_cadc" in names) is adaptation
    assert set(LIObservables.names()) <= names


def test_library_neurons_have_the_library_handles() -> None:
    assert LIF(2, None).output_type is LIFObservables
    assert LI(2, None).output_type is LIObservables


def test_all_terms_run_in_mock() -> None:
    exp = Experiment(mock=True)
    neuron = AELIF(
        2,
        exp,
        leak=0.0,
        reset=0.0,
        threshold=1.0,
        exponential_slope=0.2,
        exponential_threshold=0.7,
        spike_triggered_adaptation_increment=0.2,
    )
    out = neuron(graded(30, 1, 2))
    run(exp, None)
    assert out.spikes.any()
    assert out.adaptation_cadc.any()
    assert out.adaptation_madc is None


@pytest.mark.parametrize(
    ("kind", "fixed", "said"),
    [
        (LIF, {"fire": False}, "LIF: does not take fire: here fire is always True"),
        (EventPropLIF, {"leaky": True}, "EventPropLIF: does not take leaky"),
        (NeuronExp, {"exponential": True}, "NeuronExp: does not take exponential"),
        (
            LI,
            {"refractory_time": 1e-6, "fire": True},
            "LI: does not take fire, refractory_time: here fire is always False, "
            "refractory_time is always 0.0. Leave it out, or use AELIF",
        ),
        (
            ReadoutNeuronExp,
            {"enable_spike_recording": True},
            "ReadoutNeuronExp: does not take enable_spike_recording",
        ),
    ],
)
def test_fixed_arguments_are_refused_by_the_class_that_was_called(
    kind: Any, fixed: dict[str, Any], said: str
) -> None:
    with pytest.raises(TypeError, match=f"^{re.escape(said)}") as caught:
        kind(2, None, **fixed)
    assert isinstance(caught.value, ParameterError)


@pytest.mark.parametrize("alpha", [float("nan"), float("inf"), "50", None, -1.0])
def test_a_steepness_that_is_no_slope_is_refused(alpha: Any) -> None:
    for kind in (AELIF, LIF, EventPropLIF, LI):
        with pytest.raises(ParameterError, match=rf"^{kind.__name__}\.alpha: is "):
            kind(2, None, alpha=alpha)
    neuron = LIF(2, None)
    with pytest.raises(ParameterError, match=r"^LIF\.alpha: is "):
        neuron.alpha = alpha
    assert neuron.alpha == 50


def test_a_steepness_of_zero_passes_the_gradient_on() -> None:
    drive = torch.ones(8, 1, 2, requires_grad=True)
    neuron = LIF(2, None, leak=0, reset=0, threshold=1, alpha=0)
    neuron.forward_func(SynapseHandle(drive)).spikes[2].sum().backward()
    assert drive.grad is not None
    # Two steps of the membrane: dt / C = 0.1, then 0.1 (1 - 0.1) and the next current.
    assert drive.grad[0, 0].tolist() == pytest.approx([0.1 * 0.9 + 0.1 * 0.9] * 2)


def test_runaway_membranes_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    exp = Experiment(mock=True)
    neuron = AELIF(2, exp)  # all terms with the default values
    for _ in range(2):
        out = neuron(SynapseHandle(20 * torch.ones(60, 1, 2)))
        run(exp, None)
        assert not torch.isfinite(out.membrane_cadc).all()
    (record,) = caplog.records
    text = record.getMessage()
    first = int((~torch.isfinite(out.membrane_cadc[:, 0, 0])).nonzero()[0])
    assert text.startswith(f"AELIF: the membrane is not finite from step {first} on")
    assert "exponential=False" in text


def test_unstable_steps_are_told_apart_from_broken_input(
    caplog: pytest.LogCaptureFixture,
) -> None:
    drive = torch.ones(400, 1, 1)
    # Euler steps of more than twice the time constant grow; 399 steps reach infinity.
    LI(1, None, tau_mem=0.1e-6).forward_func(SynapseHandle(drive))
    assert "Use a smaller dt or longer time constants." in caplog.text
    caplog.clear()
    LI(1, None).forward_func(SynapseHandle(drive * torch.nan))
    LI(1, None).forward_func(SynapseHandle(drive))
    check_finite(LI(1, None), drive, 3e38 * drive)  # finite, but its sum is not
    assert not caplog.records


@pytest.mark.parametrize("kind", [LIF, EventPropLIF, ReadoutNeuronExp])
@pytest.mark.parametrize("values", [[0.0, 0.0, 0.0], (0.0, 0.0, 0.0)])
def test_a_list_as_a_value_is_refused_with_the_way_out(kind: Any, values: Any) -> None:
    shape = (2, 5, 1, 3) if kind is EventPropLIF else (5, 1, 3)
    said = rf"{kind.__name__}\.leak: is a {type(values).__name__} of 3 values"
    with pytest.raises(ParameterError, match=said):
        kind(3, None, leak=values).forward_func(graded(*shape))


def test_li_takes_the_parameters_of_a_spiking_neuron() -> None:
    neuron = LI(2, None, reset=1, threshold=2, alpha=3.0, method="superspike")
    assert neuron.threshold.model_value == 2
    assert not neuron.fire


def test_each_neuron_has_its_own_capacitance() -> None:
    first, second = LIF(2, None), LIF(2, None)
    assert first.membrane_capacitance is not second.membrane_capacitance
    first.membrane_capacitance.model_value = 5e-6
    assert first.membrane_capacitance.hardware_value == pytest.approx(31.5)
    assert second.membrane_capacitance.hardware_value == 63


@pytest.mark.parametrize("shape", [(5, 1, 7), (5, 2)])
def test_input_of_another_size_names_both(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"LIF: has 2 neurons, its input has shape"):
        LIF(2, None).forward_func(graded(*shape))


def test_inputs_of_different_shapes_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"its inputs have shapes \[\(5, 1, 2\), \(6"):
        LIF(2, None).forward_func(graded(5, 1, 2), graded(6, 1, 2))


def test_placement_constraint_must_fit_the_size() -> None:
    message = "`placement_constraint` does not equal the `size`.*Give 2 of them, not 3"
    with pytest.raises(ShapeError, match=message):
        LIF(2, None, placement_constraint=[0, 1, 2])


def test_refractory_time_without_spikes_warns() -> None:
    neuron = AELIF(2, None, fire=False)
    with pytest.warns(UserWarning, match="Refractory period is not applicable"):
        neuron.forward_func(graded(5, 1, 2))


def test_leftover_function_is_tolerated() -> None:
    LIF(10, Experiment(mock=True), lambda x: x)


def test_mask_switches_event_outputs_off() -> None:
    neuron, builder = LIF(2, None), NetworkBuilder()
    neuron.descriptor = "n"
    neuron.reset_changed_since_last_run()
    neuron.mask = torch.tensor([True, False])
    assert neuron.changed_since_last_run
    neuron.add_to_network_graph(builder)
    (population,) = builder.populations
    assert population.mask is not None
    assert population.mask.tolist() == [True, False]


def on_the_chip(**terms: Any) -> tuple[AELIF, Any]:
    """Run three driven neurons; return them and the spikes of each."""
    exp = Experiment(mock=False, chip_spec=IDEAL)
    neuron = AELIF(3, exp, leak=150.0, threshold=125.0, refractory_time=5e-6, **terms)
    silence = InputNeuron(1, exp)(LIFObservables(spikes=torch.zeros(400, 1, 1)))
    out = neuron(Synapse(1, 3, exp)(silence))
    run(exp, 400)
    return neuron, out.spikes[:, 0]


def test_default_adex_codes_are_off_on_the_chip() -> None:
    neuron, _ = on_the_chip()
    chip = neuron.execution_instance.chip
    assert active_terms(chip.neuron_block.settings.stored) == {}


def test_each_neuron_has_the_adaptation_of_its_code_on_the_chip() -> None:
    jump = torch.tensor([0.0, 100.0, 400.0])
    codes = {"tau_adap": 100, "exponential": False, "subthreshold_adaptation": False}
    neuron, spikes = on_the_chip(spike_triggered_adaptation_increment=jump, **codes)
    chip = neuron.execution_instance.chip
    circuit = neuron.coordinates[2].get_atomic_neurons()[0]
    assert chip.neuron_block.atomic_neurons[circuit].adaptation.i_bias_b == 400
    counts = spikes.sum(0)
    assert counts[0] > 1.2 * counts[1] > 1.2 * counts[2] > 0


def test_a_leak_conductance_takes_the_place_of_the_time_constant() -> None:
    exp = Experiment(mock=True)
    drive = SynapseHandle(graded_spikes=torch.ones(20, 1, 1))
    capacitance = HXParameter(4e-6)
    values = {"leak": 0.0, "membrane_capacitance": capacitance}
    by_time = LI(1, exp, tau_mem=8e-6, **values)
    by_conductance = LI(1, exp, leak_conductance=0.5, **values)
    first, second = by_time(drive), by_conductance(drive)
    run(exp, None)
    torch.testing.assert_close(first.membrane_cadc, second.membrane_cadc)
