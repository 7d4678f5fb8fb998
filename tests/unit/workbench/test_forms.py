import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.chip.bench import shown
from core.chip.characterisation import Characterisation, Curve
from core.chip.curve_store import known, memory
from core.chip.geometry import CIRCUITS
from core.chip.network import Network
from core.chip.results import CalibResult, Execution, PlacementResult
from core.errors import NetworkError, ParameterError
from core.simulate import input_spikes
from core.spec import edit
from core.spec.check import bounds, check
from core.spec.chip import TYPICAL
from core.spec.examples import EXAMPLES, first_steps, psp, yin_yang
from core.spec.network import AELIFSpec, LIFSpec, NetworkSpec, Value, WeightRule
from core.spec.stimulus import ConstantCurrent, SpikeTimes, YinYangSample
from core.units import us
from workbench.forms import lines
from workbench.forms.calibration_curve import calibration_curve
from workbench.forms.chip_codes import Codes
from workbench.forms.population import population_lines


def select(spec, name):
    return spec.replace(view=spec.view.replace(selected=name))


def form(spec, name=None):
    """Return the lines of what is selected, by id."""
    spec = select(spec, name)
    return {line.id: line for line in lines(spec, tuple(check(spec)))}


def with_population(spec, name, **changes):
    network = spec.network
    new = network.population(name).replace(**changes)
    return spec.replace(network=network.with_population(new))


def hidden(**changes):
    return with_population(first_steps(), "hidden", **changes)


def close(a, b):
    """Return whether two documents agree but for the rounding of what is shown."""
    if dataclasses.is_dataclass(a):
        return type(a) is type(b) and all(
            close(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a)
        )
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(close, a, b))
    if isinstance(a, np.ndarray):
        # float32 weights, scaled by a float32
        return a.shape == b.shape and np.allclose(a, b, rtol=1e-6)
    if isinstance(a, float):
        return math.isclose(a, b, rel_tol=1e-9)
    return a == b


def out_of_bounds(spec):
    network = spec.network
    parts = (*network.populations, *network.projections, *spec.stimuli)
    return [p for part in (*parts, spec.run, spec.chip) for p in bounds(part, "", "")]


FORMS = [
    pytest.param(make(), name, id=f"{title}-{name}")
    for title, make in EXAMPLES.items()
    for name in (*make().network.names, None)
]


def numbers(spec, name):
    return [
        line for line in form(spec, name).values() if line.shown()["kind"] == "number"
    ]


# -- all lines of all examples ---------------------------------------------------


@pytest.mark.parametrize(("spec", "name"), FORMS)
def test_putting_back_what_is_shown_changes_nothing(spec, name):
    for line in form(spec, name).values():
        assert close(line.put(spec, line.value), spec), line.id


@pytest.mark.parametrize(("spec", "name"), FORMS)
def test_the_ends_of_a_slider_are_allowed(spec, name):
    for line in numbers(spec, name):
        for end in (line.low, line.high):
            assert out_of_bounds(line.put(spec, end)) == [], (line.id, end)


@pytest.mark.parametrize(("spec", "name"), FORMS)
def test_an_edited_number_is_what_the_form_shows_next(spec, name):
    for line in numbers(spec, name):
        value = line.low + line.step * round((line.high - line.low) / line.step / 3)
        value = type(line.value)(round(value, 6))
        after = form(line.put(spec, value), name)[line.id]
        # weights are float32
        assert after.value == pytest.approx(value, rel=1e-6, abs=1e-9), line.id


@pytest.mark.parametrize(("spec", "name"), FORMS)
def test_only_the_edited_line_changes_its_value(spec, name):
    before = form(spec, name)
    for line in numbers(spec, name):
        after = form(line.put(spec, line.high), name)
        changed = {key for key in before if after[key].value != before[key].value}
        assert changed <= {line.id}


@pytest.mark.parametrize(("spec", "name"), FORMS)
def test_the_browser_can_be_told_every_line(spec, name):
    for line in form(spec, name).values():
        shown = json.loads(json.dumps(line.shown(), allow_nan=False))
        assert shown["kind"] in ("number", "text", "choice", "switch")
        assert {"put", "acts"}.isdisjoint(shown)


@pytest.mark.parametrize(("spec", "name"), FORMS)
def test_every_control_has_a_label_a_group_and_a_help(spec, name):
    for line in form(spec, name).values():
        assert line.label, line.id
        assert line.group, line.id
        if line.shown()["kind"] != "text":
            assert line.help.endswith("."), line.id


@pytest.mark.parametrize(("spec", "name"), FORMS)
def test_labels_of_a_form_are_unique(spec, name):
    labels = [(line.group, line.label) for line in form(spec, name).values()]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(("spec", "name"), FORMS)
def test_every_choice_can_be_made(spec, name):
    for line in form(spec, name).values():
        for choice in line.choices:
            after = line.put(spec, choice)
            assert form(after, name)[line.id].value == choice
            assert [p for p in check(after) if p.severity == "error"] == []


# -- a population ----------------------------------------------------------------


def test_the_lines_of_a_lif_population():
    shown = {line.id: line.label for line in form(first_steps(), "hidden").values()}
    assert shown == {
        "name": "name",
        "size": "neurons",
        "leak": "leak",
        "leaky": "leaks",
        "tau_mem": "membrane time constant",
        "membrane_capacitance": "capacitance",
        "synaptic_current": "current decays",
        "tau_syn": "synaptic time constant",
        "current.kind": "current into the neurons",
        "offset": "LSB of model 0",
        "gain": "LSB per model unit",
        "placed": "place is chosen",
        "reset": "reset",
        "threshold": "threshold",
        "refractory_time": "refractory time",
    }


def test_an_integrator_has_no_threshold():
    assert {"threshold", "reset", "refractory_time"}.isdisjoint(
        form(first_steps(), "out")
    )


def test_times_are_shown_in_microseconds_with_their_bounds():
    line = form(first_steps(), "hidden")["tau_mem"]
    assert (line.value, line.unit, line.default) == (10, "µs", 10)
    assert (line.low, line.high, line.step) == (0.5, 60, 0.1)


def test_an_edited_time_is_put_into_the_document_in_seconds():
    spec = first_steps()
    after = form(spec, "hidden")["tau_mem"].put(spec, 12.5)
    assert after == hidden(tau_mem=12.5 * us)


@settings(max_examples=40, deadline=None)  # a machine may have other work
@given(st.floats(0.5e-6, 60e-6))
def test_any_time_survives_being_shown(tau):
    spec = hidden(tau_mem=tau)
    line = form(spec, "hidden")["tau_mem"]
    after = line.put(spec, line.value).network.population("hidden").tau_mem
    assert abs(after - tau) <= 1e-9 * us  # nine digits of a µs are shown


def test_a_potential_says_its_value_on_all_scales():
    found = form(first_steps(), "hidden")["threshold"]
    assert [s.text for s in found.scales] == ["1.00", "125 LSB", "code –"]
    assert [s.chosen for s in found.scales] == [True, False, False]


def test_a_target_of_its_own_is_edited_in_lsb_and_the_model_keeps_its_value():
    spec = hidden(leak=Value(0.0, hardware=99))
    line = form(spec, "hidden")["leak"]
    assert (line.value, line.unit, line.high) == (99, "LSB", 255)
    assert line.also == "On the chip 0.422, not 0."  # (99 - 80) / 45
    after = line.put(spec, 110).network.population("hidden").leak
    assert after == Value(0.0, hardware=110)


def test_the_code_is_edited_where_one_is_given():
    spec = hidden(leak=Value(0.0, code=345))
    line = form(spec, "hidden")["leak"]
    assert (line.value, line.unit, line.low, line.high) == (345, "code", 0, 1022)
    after = line.put(spec, 346.0).network.population("hidden").leak
    assert after == Value(0.0, code=346)


def test_choosing_a_scale_unlocks_it_and_the_model_takes_it_back():
    spec, seen = first_steps(), []
    for scale in ("LSB", "code", "model"):
        spec = form(spec, "hidden")["threshold"].acts["scale"](spec, scale)
        value = spec.network.population("hidden").threshold
        seen.append((value.hardware, value.code is not None))
    assert seen == [(125, False), (125, True), (None, False)]
    assert value == Value(1.0)


def test_the_reach_of_a_potential_is_that_of_the_calibration_in_model_units():
    found = form(first_steps(), "hidden")  # LSB = 80 + 45 v
    assert found["leak"].reach == pytest.approx(((50 - 80) / 45, (160 - 80) / 45))
    assert found["threshold"].reach == pytest.approx(((50 - 80) / 45, (220 - 80) / 45))


def test_the_capacitance_says_the_capacitor():
    line = form(first_steps(), "hidden")["membrane_capacitance"]
    assert [s.text for s in line.scales] == ["10 µs", "63 LSB"]
    assert line.reach == pytest.approx((0, 10))  # µs: the capacitor is full at 10
    own = form(hidden(capacitance_lsb=20.0), "hidden")["membrane_capacitance"]
    assert (own.value, own.unit, own.scales[1].chosen) == (20, "LSB", True)


def test_the_scale_of_voltages_can_be_edited():
    spec = first_steps()
    after = form(spec, "hidden")["gain"].put(spec, 60)
    assert after.network.population("hidden").scale.gain == 60
    assert form(after, "hidden")["threshold"].scales[1].text == "140 LSB"


def test_a_new_size_resizes_the_weights():
    spec = first_steps()
    after = form(spec, "hidden")["size"].put(spec, 3)
    assert after.network.projection("input_hidden").weights.shape == (3, 6)
    assert check(after) == []


def test_a_new_name_is_given_everywhere():
    spec = first_steps()
    after = form(spec, "hidden")["name"].put(spec, "layer")
    assert after.network.projection("hidden_out").source == "layer"


def test_a_taken_name_is_refused():
    spec = first_steps()
    with pytest.raises(NetworkError, match="taken"):
        form(spec, "hidden")["name"].put(spec, "out")


def test_a_problem_is_said_on_its_line():
    spec = hidden(tau_mem=1.0)
    found = form(spec, "hidden")
    assert "Use 0.5 to 60 µs." in found["tau_mem"].problem
    assert [k for k, line in found.items() if line.problem] == ["tau_mem"]


def test_a_problem_of_another_population_is_not_said_here():
    assert all(not v.problem for v in form(hidden(tau_mem=1.0), "out").values())


def test_both_problems_of_a_line_are_said():
    spec = hidden(tau_mem=0.1e-6)  # below its bound and below the step
    problem = form(spec, "hidden")["tau_mem"].problem
    assert "Use 0.5 to 60 µs" in problem
    assert "shorter than the step" in problem


@pytest.mark.parametrize(("field", "shown", "put"), [("refractory_time", 2, 2 * us)])
def test_a_time_that_is_a_whole_number_of_seconds_is_edited_in_microseconds(
    field, shown, put
):
    spec = hidden(**{field: 0})
    after = form(spec, "hidden")[field].put(spec, shown)
    assert getattr(after.network.population("hidden"), field) == pytest.approx(put)


def test_a_number_declared_with_fractions_takes_them():
    spec = yin_yang()  # its weight scale is written as 66, without a point
    after = form(spec, "input_hidden")["weight_scale"].put(spec, 66.5)
    assert after.network.projection("input_hidden").weight_scale == 66.5


# -- an input --------------------------------------------------------------------


def test_an_input_shows_its_stimulus_and_the_fields_of_it():
    found = form(first_steps(), "input")
    assert found["stimulus"].value == "Poisson"
    assert (found["stimulus.rate"].value, found["stimulus.rate"].unit) == (30e3, "Hz")
    assert found["stimulus.seed"].value == 3
    assert "population" not in found


def test_times_of_a_stimulus_are_in_microseconds():
    found = form(psp(), "input")["stimulus.period"]
    assert (found.value, found.unit) == (60, "µs")


def test_an_edited_stimulus_is_that_of_its_input_alone():
    spec = first_steps()
    other = spec.replace(stimuli=(*spec.stimuli, SpikeTimes("elsewhere")))
    after = form(other, "input")["stimulus.seed"].put(other, 9)
    assert after.stimuli == (spec.stimuli[0].replace(seed=9), SpikeTimes("elsewhere"))


def test_yin_yang_gives_the_input_its_five_channels():
    spec = first_steps()
    after = form(spec, "input")["stimulus"].put(spec, "Yin-Yang")
    assert after.network.population("input").size == 5
    assert after.network.projection("input_hidden").weights.shape == (8, 5)
    assert after.stimuli == (YinYangSample("input"),)
    assert check(after) == []


def test_choosing_the_stimulus_it_has_keeps_its_fields():
    spec = first_steps()
    assert form(spec, "input")["stimulus"].put(spec, "Poisson") == spec


def test_no_stimulus_can_be_chosen():
    spec = first_steps()
    after = form(spec, "input")["stimulus"].put(spec, "none")
    assert after.stimuli == ()
    assert "stimulus.rate" not in form(after, "input")


def test_spike_times_begin_as_what_the_input_sent_before():
    spec = first_steps()
    after = form(spec, "input")["stimulus"].put(spec, "times")
    before, now = input_spikes(spec)["input"], input_spikes(after)["input"]
    assert before.sum() > 0
    assert bool((before == now).all())


def test_a_problem_of_a_stimulus_is_said_on_its_line():
    spec = first_steps()
    bad = spec.replace(stimuli=(spec.stimuli[0].replace(rate=1e9),))
    assert form(bad, "input")["stimulus.rate"].problem


# -- a projection ----------------------------------------------------------------


def test_the_strength_of_a_projection_scales_all_weights():
    spec = first_steps()
    before = spec.network.projection("input_hidden").weights
    line = form(spec, "input_hidden")["weights"]
    assert line.value == pytest.approx(np.abs(before).mean(), rel=1e-6)
    after = line.put(spec, 2 * line.value).network.projection("input_hidden").weights
    np.testing.assert_allclose(after, 2 * before, rtol=1e-6)  # float32


def test_signs_survive_a_change_of_strength():
    spec = first_steps()
    before = spec.network.projection("hidden_out").weights
    after = form(spec, "hidden_out")["weights"].put(spec, 1.0)
    after = after.network.projection("hidden_out").weights
    np.testing.assert_array_equal(np.sign(after), np.sign(before))


def test_a_single_weight_is_edited_itself_and_may_be_negative():
    spec = psp()
    line = form(spec, "input_membrane")["weights"]
    assert (line.label, line.value, line.low) == ("weight", 1.0, -2)
    after = line.put(spec, -1.5).network.projection("input_membrane").weights
    np.testing.assert_array_equal(after, np.float32([[-1.5]]))


def test_weights_that_are_all_zero_can_be_given_a_strength():
    spec = first_steps()
    line = form(spec, "input_hidden")["weights"]
    zero = line.put(spec, 0.0)
    after = form(zero, "input_hidden")["weights"].put(zero, 0.5)
    weights = after.network.projection("input_hidden").weights
    np.testing.assert_allclose(weights, 0.5)


@pytest.mark.parametrize("name", ["input_hidden", "hidden_out"])
def test_a_strength_that_floats_cannot_hold_is_refused(name):
    spec = first_steps()
    with pytest.raises(ParameterError, match="too strong"):
        form(spec, name)["weights"].put(spec, 1e300)


def test_the_largest_weight_is_said_in_lsb():
    spec = first_steps()
    spec = form(spec, "hidden_out")["weight_scale"].put(spec, 50)
    line = form(spec, "hidden_out")["weights"]  # all of them ±0.35
    assert form(line.put(spec, 0.4), "hidden_out")["weights"].also == "largest 20 LSB"
    spec = form(psp(), "input_membrane")["weight_scale"].put(psp(), 50)
    assert form(spec, "input_membrane")["weights"].also == "50 LSB"


def test_clipped_weights_are_counted():
    also = form(yin_yang(), "input_hidden")["weights"].also
    assert also.endswith(", 154 of 600 clipped to 63")


# -- the experiment --------------------------------------------------------------


def test_without_a_selection_the_experiment_is_shown():
    found = form(first_steps())
    assert (found["run.runtime"].value, found["run.runtime"].unit) == (200, "µs")
    assert found["run.calibration"].choices == ("calibrated", "uncalibrated")
    assert {line.group for line in found.values()} == {"run", "emulated chip"}


def test_what_has_a_button_has_no_line():
    assert {"run.mode", "run.trial", "chip.number"}.isdisjoint(form(first_steps()))


def test_an_edited_setting_is_put_into_the_document():
    spec = first_steps()
    after = form(spec)["run.dt"].put(spec, 0.5)
    assert after.run == spec.run.replace(dt=0.5 * us)
    after = form(spec)["chip.mismatch"].put(spec, 0.3)
    assert after.chip == spec.chip.replace(mismatch=0.3)


def test_a_problem_of_the_run_is_said_on_its_line():
    spec = first_steps()
    bad = spec.replace(run=spec.run.replace(runtime=1.0))
    assert "Use" in form(bad)["run.runtime"].problem


def test_a_selection_that_does_not_exist_shows_the_experiment_with_its_problems():
    spec = first_steps()
    bad = spec.replace(run=spec.run.replace(runtime=1.0))
    assert form(bad, "gone")["run.runtime"].problem


def test_a_population_named_like_a_setting_is_shown_as_itself():
    spec = first_steps().replace(network=NetworkSpec((LIFSpec("run", 2),)))
    assert "tau_mem" in form(spec, "run")


def test_the_adex_terms_that_are_off_have_no_lines():
    spec = first_steps()
    network = NetworkSpec((AELIFSpec("adex", spike_triggered_adaptation=False),))
    spec = spec.replace(network=network)
    found = form(spec, "adex")
    assert "spike_triggered_adaptation_increment" not in found
    assert "tau_adap" in found  # the other adaptation needs it
    spec = found["subthreshold_adaptation"].put(spec, False)
    assert "tau_adap" not in form(spec, "adex")


def test_a_synapse_without_a_current_of_its_own_has_no_time_constant():
    spec = first_steps()
    after = form(spec, "hidden")["synaptic_current"].put(spec, False)
    assert after.network.population("hidden").tau_syn is None
    assert "tau_syn" not in form(after, "hidden")
    again = form(after, "hidden")["synaptic_current"].put(after, True)
    assert again == spec


# -- values of single neurons ----------------------------------------------------


def act(spec, field, what, value):
    return form(spec, "hidden")[field].acts[what](spec, value)


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [("uniform", 9.0, 11.0), ("normal", 4.0, 16.0), ("log-normal", 0.5, 60.0)],
)
def test_values_are_drawn_by_seed_within_the_bounds(kind, low, high):
    wanted = {"kind": kind, "mean": 10, "spread": 1, "seed": 7}
    first, again = (act(first_steps(), "tau_mem", "draw", wanted) for _ in range(2))
    other = act(first_steps(), "tau_mem", "draw", wanted | {"seed": 8})
    taus = first.network.population("hidden").tau_mem
    assert first == again != other
    assert taus.shape == (8,)
    assert low <= taus.min() / us < taus.max() / us <= high  # 6 σ, or the bounds
    assert [p for p in check(first) if p.is_error] == []


def test_values_of_single_neurons_are_shown_listed_and_made_one_again():
    spec = act(first_steps(), "leak", "list", "0 0.1, 0.2; 0.3\n0.4 0.5 0.6 0.7")
    line = form(spec, "hidden")["leak"]
    assert line.each.values == (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
    assert line.each.text == "mean 0.35 (0 to 0.7)"
    assert sum(line.each.bars) == 8
    spec = act(spec, "leak", "neuron", {"index": 2, "value": 0.25})
    leak = spec.network.population("hidden").leak.model
    np.testing.assert_allclose(leak, [0, 0.1, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7])
    assert act(spec, "leak", "one", "0") == first_steps()


def test_each_neuron_may_have_an_lsb_or_a_code_of_its_own():
    spec = hidden(leak=Value(0.0, hardware=99))
    after = act(spec, "leak", "neuron", {"index": 7, "value": 80})
    leak = after.network.population("hidden").leak
    np.testing.assert_array_equal(leak.hardware, [99] * 7 + [80])
    spec = hidden(leak=Value(0.0, code=300))
    after = act(spec, "leak", "list", "1 2 3 4 5 6 7 8")
    assert after.network.population("hidden").leak.code.dtype == np.int64


@pytest.mark.parametrize(
    ("what", "value", "said"),
    [
        ("list", "1 2 3", "3 numbers for 8 neurons"),
        ("list", "1, 2, x", "number 3: 'x' is no number"),
        ("list", None, "no list"),
        ("list", "nan " * 8, "no number"),
        ("draw", {"kind": "odd"}, "unknown"),
        ("draw", {"kind": "normal", "mean": 1, "spread": -1, "seed": 0}, "spread"),
        ("draw", {"kind": "normal", "mean": "", "spread": 1, "seed": 0}, "no number"),
        ("draw", {"kind": "log-normal", "mean": 0, "spread": 1, "seed": 0}, "median"),
        ("neuron", {"index": 8, "value": 1}, "Neurons are 0 to 7"),
        ("neuron", {"index": 0.5, "value": 1}, "no neuron 0.5"),
        ("neuron", None, "no neuron"),
        ("one", "1e400", "no number"),
    ],
)
def test_what_is_no_value_of_a_neuron_is_refused_with_its_reason(what, value, said):
    with pytest.raises(ParameterError, match=said):
        act(first_steps(), "tau_mem", what, value)


# -- codes of the last run on the chip ------------------------------------------


def test_codes_are_those_of_the_circuits_of_the_population():
    spec = select(first_steps(), "hidden")
    circuits = np.array([3, 300])
    codes, target = np.full(512, -1), np.full(512, np.nan)
    codes[circuits], target[circuits] = [600, 610], 125.0
    execution = Execution(
        Network((), (), ()),
        placement=PlacementResult({"hidden": circuits}),
        calibration=CalibResult({"threshold": target}, {"threshold": codes}, {}, codes),
    )
    spec = with_population(spec, "hidden", size=2)
    line = {x.id: x for x in lines(spec, (), execution)}["threshold"]
    assert [s.text for s in line.scales][2] == "code 605 (600–610)"
    assert not line.scales[2].old
    unlocked = line.acts["scale"](spec, "code").network.population("hidden").threshold
    assert unlocked.code == 605
    moved = line.put(spec, 1.2)
    assert {x.id: x for x in lines(moved, (), execution)}["threshold"].scales[2].old


# -- currents --------------------------------------------------------------------


def test_a_current_into_neurons_is_constant_or_a_step():
    spec = first_steps()
    constant = form(spec, "hidden")["current.kind"].put(spec, "constant")
    assert constant.stimuli[-1] == ConstantCurrent("hidden")
    found = form(constant, "hidden")
    assert "current.start" not in found
    assert found["current.current"].scales[1].text.startswith("code ")
    step = found["current.kind"].put(constant, "step")
    assert step.stimuli[-1] == ConstantCurrent("hidden", 0.5, 50 * us, 150 * us)
    endless = form(step, "hidden")["current.stops"].put(step, False)
    assert endless.stimuli[-1].stop is None
    assert form(endless, "hidden")["current.kind"].put(endless, "none") == spec


# -- others ----------------------------------------------------------------------


def test_weights_drawn_by_a_rule_are_edited_by_it_until_one_is_changed_by_hand():
    spec = edit.draw(
        first_steps(), "input_hidden", WeightRule("sparse", weights="normal")
    )
    found = form(spec, "input_hidden")
    assert found["rule.seed"].seed
    assert found["rule.mean"].group == "drawn by rule: sparse, normal"
    after = found["rule.probability"].put(spec, 1.0).network.projection("input_hidden")
    assert (after.weights != 0).all()
    by_hand = found["weights"].put(spec, 1.0)
    assert "rule.seed" not in form(by_hand, "input_hidden")


def test_an_adex_population_has_lines_for_its_terms():
    spec = first_steps()
    network = NetworkSpec((*spec.network.populations, AELIFSpec("adex")))
    found = form(spec.replace(network=network), "adex")
    assert found["exponential_slope"].value == 0.05
    assert found["tau_adap"].unit == "µs"
    assert found["exponential_slope"].group == "exponential"


def test_a_tiny_curve_says_what_a_code_does_on_a_chip_that_is_characterised():
    rising = Curve(False, 715.0, 275.0, np.array([[130.0], [90.0], [0.0]]))
    measured = Codes(curves={"leak": rising})
    hidden = first_steps().network.population("hidden")
    lines = {x.id: x for x in population_lines(first_steps(), hidden, measured)}
    assert lines["threshold"].curve is None  # nobody measured it
    drawn = lines["leak"].curve
    wanted = 715 + 275 * (80 - 130) / 90  # of 80 LSB on the straight line
    assert drawn.text == f"code {wanted:.0f} gives 80 LSB in the median circuit"
    assert drawn.x == pytest.approx(46 * (wanted - 440) / 550, abs=0.1)
    assert drawn.y == pytest.approx(20 * (1 - (80 - 40) / 180), abs=0.1)
    assert drawn.path.startswith("M0 20L")
    assert drawn.path.endswith("L46 0")
    own = hidden.replace(leak=Value(0.0, code=990))
    drawn = calibration_curve("leak", own, own.leak, measured)
    assert (drawn.x, drawn.y) == (46.0, 0.0)


def test_curves_are_those_of_a_chip_that_this_process_has_measured():
    memory().clear()
    assert known(TYPICAL) is None
    found = characterised_chip()
    memory().recall(shown(TYPICAL), lambda: found)
    assert known(TYPICAL) is found
    assert known(TYPICAL.replace(number=77)) is None
    memory().clear()


def characterised_chip():
    curve = Curve(False, 715.0, 275.0, np.ones((3, CIRCUITS)))
    zero = np.zeros(CIRCUITS)
    return Characterisation({"leak": curve}, zero, zero)
