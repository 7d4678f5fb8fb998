"""Measured scales of the emulated chip against what real chips show."""

import re

import pytest
import torch

from core import (
    Experiment,
    LIFObservables,
    MixedHXModelParameter,
    Synapse,
    connection,
    run,
)
from core.chip.atomic_neuron import CurrentType
from core.chip.geometry import CIRCUITS
from core.errors import ParameterError
from core.morphology import SingleCompartmentNeuron
from core.utils.calib_helper import nightly_calix_native_path
from core.utils.dynamic_range.boundary import Boundaries, get_dynamic_range
from core.utils.dynamic_range.helper import (
    OFFSET_CODE,
    ConstantCurrentNeuron,
    ConstantCurrentReadoutNeuron,
    threshold_in_model,
    threshold_on_chip,
)
from core.utils.dynamic_range.threshold import Threshold, get_trace_scaling
from core.utils.dynamic_range.weight_scaling import (
    WeightScaling,
    get_weight_scaling,
    hardware_weights,
    slope,
)


def params():
    return {
        "tau_mem": 10e-6,
        "tau_syn": 10e-6,
        "leak": MixedHXModelParameter(0.0, 80),
        "reset": MixedHXModelParameter(0.0, 80),
        "threshold": MixedHXModelParameter(1.0, 125),
    }


def test_membranes_reach_as_far_as_on_a_real_chip():
    baseline, upper, lower = get_dynamic_range()
    # The limits of hxtorch's own test, ±20 %.
    assert float(baseline) == pytest.approx(-45, rel=0.2)
    assert float(upper) == pytest.approx(100, rel=0.2)
    assert float(lower) == pytest.approx(-103, rel=0.2)


def test_the_trace_scale_is_that_of_a_real_chip():
    # Threshold 125, leak 80: 45 LSB; the limits of hxtorch's own test.
    assert get_trace_scaling(params()).item() == pytest.approx(1 / 45, abs=0.007)


def test_the_weight_scale_is_that_of_a_real_chip():
    found = get_weight_scaling(params(), weight_step=4)
    assert found.item() == pytest.approx(50, rel=0.2)  # of hxtorch's own test


def test_a_measured_weight_scale_makes_the_chip_answer_like_the_model():
    scaling = WeightScaling(params(), batch_size=10)
    _, scales, on_chip, in_model, heights, model_heights = scaling.run(weight_step=2)
    assert heights.shape == (2, CIRCUITS)
    assert model_heights.shape == (21, CIRCUITS)
    torch.testing.assert_close(scales, in_model / on_chip)
    # LSB of a model unit, 45, times the height of a weight of 1 in the model.
    answer = on_chip * scales.mean() * 45
    assert float(answer.mean() / (45 * in_model.mean())) == pytest.approx(1, rel=0.02)


def test_a_trace_scale_makes_both_slopes_model_units():
    plain = WeightScaling(params(), batch_size=4).run(2)
    scaled = WeightScaling(params(), batch_size=4, trace_scale=1 / 45).run(2)
    torch.testing.assert_close(scaled[2] * 45, plain[2], rtol=0.05, atol=0.02)
    torch.testing.assert_close(scaled[3], plain[3])


def test_thresholds_come_with_their_neurons_and_traces():
    mean, thresholds, traces, neurons = Threshold(params(), batch_size=5).run()
    assert thresholds.shape == (CIRCUITS,)
    assert traces.shape == (100, 5, CIRCUITS)
    assert len({*neurons}) == CIRCUITS
    assert float(mean) == pytest.approx(float(thresholds.mean()))
    assert float(thresholds.std()) < 5  # calibrated to a few LSB


def test_a_calibration_file_is_used():
    path = nightly_calix_native_path("spiking")
    mean, *_ = Boundaries(calib_path=path, batch_size=2).run()
    assert float(mean) == pytest.approx(-48, abs=2)


@pytest.mark.parametrize("was_open", [True, False])
def test_the_connection_is_left_as_it_was(was_open):
    if was_open:
        connection.open()
    try:
        Boundaries(batch_size=1).run()
        assert connection.present() is was_open
        with pytest.raises(ParameterError):
            WeightScaling(batch_size=1).run(0)
        assert connection.present() is was_open
    finally:
        connection.close()


def test_parameters_of_the_caller_stay_as_they_are():
    mine = params() | {"refractory_time": 2e-6}
    Boundaries(mine, nightly_calix_native_path("spiking2"), batch_size=1).run()
    assert mine["leak"].hardware_value == 80
    assert mine["tau_mem"] == 10e-6


def test_only_the_last_part_of_a_limit_counts():
    rising = torch.arange(100.0).reshape(100, 1, 1).expand(100, 2, 3)
    baseline, upper, lower = Boundaries().post_process(rising, rising, -rising)
    assert float(baseline) == 49.5
    assert float(upper) == 89.5
    assert float(lower) == -89.5


def test_a_threshold_is_the_mean_over_entries_of_the_highest_sample():
    traces = torch.tensor([[[0.0, 1.0], [5.0, 1.0]], [[3.0, 2.0], [4.0, 1.0]]])
    mean, thresholds = Threshold().post_process(traces, torch.tensor([-1.0, 1.0]))
    assert thresholds.tolist() == [(4 + 6) / 2, (1 + 0) / 2]
    assert float(mean) == 2.75


def test_a_height_has_the_sign_of_its_weight():
    traces = torch.tensor([-48.0, -40.0, -60.0]).reshape(3, 1, 1)
    scaling = WeightScaling()
    assert scaling.post_process(traces, 10).tolist() == [8.0]
    assert scaling.post_process(traces, 0).tolist() == [8.0]
    assert scaling.post_process(traces, -10).tolist() == [-12.0]


def test_the_model_answers_in_proportion_to_the_weight():
    scaling = WeightScaling(params())
    one, half = (scaling.execute(w, mock=True) for w in (1.0, -0.5))
    assert one.shape == (100, 1, CIRCUITS)
    torch.testing.assert_close(half, one * -0.5)
    # Closed form of τ = C = τ_syn: t / τ exp(−t / τ) peaks at 1 / e; Euler is first
    # order in dt / τ.
    assert one.max().item() == pytest.approx(1 / torch.e, rel=0.1)


def test_weights_are_whole_and_a_count():
    assert hardware_weights(1, -63, 63).tolist() == [-63]
    assert hardware_weights(3, -63, 63).tolist() == [-63, 0, 63]
    assert hardware_weights(22, -63, 63).diff().unique().tolist() == [6]
    assert hardware_weights(127, -63, 63).tolist() == [*range(-63, 64)]
    assert hardware_weights(500, -63, 63).frac().any().item() is False
    for count in (0, -3):
        with pytest.raises(ParameterError, match=f"weight_step is {count}, the number"):
            hardware_weights(count, -63, 63)
    for count in (3.0, "3", None):
        with pytest.raises(ParameterError, match="Use a whole number of 2 or more, 22"):
            get_weight_scaling(params(), count)


@pytest.mark.parametrize("kind", [Boundaries, Threshold, WeightScaling])
@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("neuron_structure", "Give neuron_structure to {} itself."),
        ("size", "Leave it out: the measurement sets it."),
        ("fire", "Leave it out: the measurement sets it."),
    ],
)
def test_arguments_of_the_measurement_are_no_parameters(kind, name, fix):
    said = f"{kind.__name__}.params: {name} cannot be a parameter of its neurons. {fix}"
    with pytest.raises(TypeError, match=re.escape(said.format(kind.__name__))) as e:
        kind({name: 1, "leak": 80})
    assert isinstance(e.value, ParameterError)


def test_a_trace_scale_is_an_argument_of_the_weight_scaling():
    with pytest.raises(TypeError, match="Give trace_scale to WeightScaling itself"):
        get_weight_scaling(params() | {"trace_scale": 1 / 45})


def test_parameters_of_spiking_neurons_are_left_out_where_none_spike():
    spiking = params() | {"refractory_time": 2e-6, "enable_spike_recording": True}
    trace = WeightScaling(spiking).execute(1.0, mock=True)
    assert trace.shape == (100, 1, CIRCUITS)


def test_a_slope_is_exact_for_a_line():
    weights = torch.tensor([-2.0, 0.0, 1.0])
    found = slope(weights, weights[:, None] * torch.tensor([3.0, -1.0]))
    torch.testing.assert_close(found, torch.tensor([3.0, -1.0]))


@pytest.mark.parametrize(
    ("given", "in_model", "on_chip"),
    [
        ({}, 45, 45),
        (params(), 1.0, 45),
        ({"threshold": MixedHXModelParameter(1.0, 150)}, 1.0, 70),
        ({"leak": 60, "threshold": 100}, 40, 40),
        ({"threshold": MixedHXModelParameter(torch.full((3,), 2.0), 100)}, 2.0, 20),
        ({"leak": MixedHXModelParameter(0.5, 90), "threshold": 110.0}, 109.5, 20),
    ],
)
def test_thresholds_are_counted_from_the_leak(given, in_model, on_chip):
    assert torch.as_tensor(threshold_in_model(given)).unique().tolist() == [in_model]
    assert threshold_on_chip(given) == on_chip


def test_a_threshold_below_the_leak_has_no_scale():
    with pytest.raises(ParameterError, match="the threshold is 70 LSB, the leak 80"):
        get_weight_scaling({"threshold": 70}, weight_step=2)


@pytest.mark.parametrize("kind", [ConstantCurrentNeuron, ConstantCurrentReadoutNeuron])
@pytest.mark.parametrize(
    ("current_type", "enable", "code"),
    [
        (CurrentType.source, True, OFFSET_CODE),
        (CurrentType.sink, True, -OFFSET_CODE),
        (CurrentType.source, False, 0),
    ],
)
def test_a_constant_current_is_written_to_the_circuits(
    kind, current_type, enable, code
):
    exp = Experiment(mock=False)
    synapse, neurons = Synapse(1, 3, exp), kind(3, exp)
    neurons.current_type, neurons.enable_current = current_type, enable
    neurons(synapse(LIFObservables(spikes=torch.zeros(20, 1, 1))))
    run(exp, 20)
    currents = exp.last_run_chip_configs[0].constant_current
    assert sorted(currents.tolist(), key=abs)[-3:] == [code] * 3
    assert (currents != 0).sum() == (3 if enable else 0)


def test_neurons_of_two_circuits_fill_the_chip():
    wide = Boundaries(neuron_structure=SingleCompartmentNeuron(2), batch_size=1)
    baseline, upper, lower = (float(trace.mean()) for trace in wide.run())
    # The bands of single circuits, ± 20 %: the second circuit adds little but synapses.
    assert baseline == pytest.approx(-45, rel=0.2)
    assert upper == pytest.approx(100, rel=0.2)
    assert lower == pytest.approx(-103, rel=0.2)
    assert not connection.present()


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"leak": "a"}, "leak: is 'a', not a number"),
        ({"threshold": None}, "threshold: is None, not a number"),
        (5, r"WeightScaling\.params: are 5\. Give a dict"),
    ],
)
def test_parameters_that_are_no_numbers_are_refused(params, text):
    with pytest.raises(ParameterError, match=text):
        get_weight_scaling(params, 3)
    if isinstance(params, dict):
        with pytest.raises(ParameterError, match=text):
            threshold_in_model(params)
