import numpy as np
import pytest

from core.errors import NetworkError
from core.spec import edit
from core.spec.check import check
from core.spec.examples import first_steps, leak_over_threshold
from core.spec.network import InputSpec, LIFSpec, LISpec, Value
from core.spec.stimulus import ConstantCurrent


def test_a_new_population_gets_a_free_name_and_a_free_colour():
    spec = edit.add_population(first_steps(), InputSpec, (0, 0))
    added = spec.network.populations[-1]
    assert added.name == "input2"
    colors = [edit.color_of(spec.network, p.name) for p in spec.network.populations]
    assert len(set(colors)) == len(colors)


def test_a_new_input_comes_with_a_stimulus():
    spec = edit.add_population(first_steps(), InputSpec, (0, 0))
    assert spec.stimulus("input2") is not None


def test_connecting_draws_weights_of_the_right_shape():
    spec = edit.add_population(first_steps(), LISpec, (0, 0))
    name = spec.network.populations[-1].name
    spec = edit.connect(spec, "hidden", name)
    assert spec.network.projections[-1].weights.shape == (4, 8)
    assert not check(spec)


@pytest.mark.parametrize(
    ("source", "target", "reason"),
    [
        ("hidden", "input", "sends spikes and receives none"),
        ("out", "hidden", "never spikes"),
        ("input", "hidden", "exists already"),
    ],
)
def test_an_edge_that_means_nothing_is_refused_with_its_reason(source, target, reason):
    with pytest.raises(NetworkError, match=reason):
        edit.connect(first_steps(), source, target)


def test_removing_a_population_removes_all_that_refers_to_it():
    spec = edit.remove(first_steps(), ["hidden"])
    assert [p.name for p in spec.network.populations] == ["input", "out"]
    assert spec.network.projections == ()
    assert spec.recording.madc_population is None
    assert spec.view.selected is None
    assert not [p for p in check(spec) if p.severity == "error"]


def test_the_colours_of_the_others_stay_when_one_is_removed():
    before = first_steps()
    after = edit.remove(before, ["input"])
    for name in ("hidden", "out"):
        old = edit.color_of(before.network, name)
        assert edit.color_of(after.network, name) == old


def test_renaming_reaches_projections_stimuli_recording_and_outputs():
    spec = edit.rename(first_steps(), "hidden", "layer")
    assert spec.network.projections[0].target == "layer"
    assert spec.recording.madc_population == "layer"
    assert spec.view.selected == "layer"
    spec = edit.rename(spec, "input", "source")
    assert spec.stimulus("source") is not None
    assert edit.rename(spec, "out", "y").network.outputs == ("y",)


@pytest.mark.parametrize(("name", "reason"), [("out", "taken"), ("  ", "empty")])
def test_a_name_that_is_taken_or_empty_is_refused(name, reason):
    with pytest.raises(NetworkError, match=reason):
        edit.rename(first_steps(), "hidden", name)


def test_resizing_keeps_the_weights_that_still_have_a_place():
    before = first_steps()
    after = edit.resize(before, "hidden", 12)
    old, new = (s.network.projection("input_hidden").weights for s in (before, after))
    np.testing.assert_array_equal(new[:8], old)
    back = edit.resize(after, "hidden", 8)
    np.testing.assert_array_equal(back.network.projection("input_hidden").weights, old)
    assert not check(after)


def test_resizing_keeps_values_of_neurons_and_repeats_the_last():
    spec = first_steps()
    own = spec.network.population("hidden").replace(
        tau_mem=np.linspace(8e-6, 15e-6, 8), leak=Value(np.linspace(0, 0.7, 8))
    )
    spec = spec.replace(
        network=spec.network.with_population(own),
        stimuli=(*spec.stimuli, ConstantCurrent("hidden", current=np.arange(8))),
    )
    small, large = (edit.resize(spec, "hidden", size) for size in (3, 10))
    np.testing.assert_array_equal(
        small.network.population("hidden").tau_mem, own.tau_mem[:3]
    )
    assert large.network.population("hidden").leak.model[-3:].tolist() == [0.7] * 3
    assert large.stimuli[1].current.tolist() == [*range(8), 7, 7]
    assert not check(small)


def test_resizing_below_the_recorded_neuron_records_the_last():
    spec = first_steps()
    spec = spec.replace(recording=spec.recording.replace(madc_neuron=7))
    assert edit.resize(spec, "hidden", 3).recording.madc_neuron == 2


def test_a_single_neuron_can_be_given_an_input():
    spec = edit.add_population(leak_over_threshold(), InputSpec, (0, 0))
    spec = edit.connect(spec, "input", "neuron")
    assert isinstance(spec.network.population("neuron"), LIFSpec)
    assert not check(spec)
