"""Goals of demos: how near a number is, how it is said, what may be moved."""

import math

import numpy as np
import pytest

from core.chip.nominal import potential_code
from core.demo import (
    Condition,
    Demo,
    coded,
    leak_bias,
    meter,
    number,
    observed,
    of,
    tuned,
    voltage_code,
    weight,
)
from core.simulate import simulate
from core.spec.examples import first_steps, leak_over_threshold, psp

NAN = float("nan")


def demo(*goal):
    return Demo(
        order=1,
        title="A",
        sentence="",
        spec=leak_over_threshold,
        plots=("model",),
        controls=(),
        task="",
        goal=goal,
        hint="",
        solution=lambda spec: spec,
        observations=(),
        source="",
    )


def condition(value, low=-math.inf, high=math.inf, **more):
    return Condition(lambda spec, result: value, "{} spikes", low, high, **more)


@pytest.mark.parametrize(
    ("value", "low", "high", "said"),
    [
        (13, 12, 14, "13 spikes"),
        (11, 12, 14, "11 spikes, 12 to 14 wanted"),
        (1, 2, math.inf, "1 spike, at least 2 wanted"),
        (3.456, -math.inf, 3, "3.46 spikes, at most 3 wanted"),
        (7, 8, 8, "7 spikes, 8 wanted"),
        (NAN, 12, 14, "nothing to measure yet: 12 to 14 spikes wanted"),
    ],
)
def test_a_condition_says_what_is_and_what_is_wanted(value, low, high, said):
    assert condition(value, low, high).said(value) == said


def test_the_meter_rises_towards_the_goal_and_is_full_only_there():
    spec = leak_over_threshold()
    result = simulate(spec)
    shares = [
        meter(demo(condition(v, 12, 14)), spec, result).share for v in (2, 8, 11, 12)
    ]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    # 11.999 of 12 is near, but no goal
    nearly = meter(demo(condition(11.999, 12, 14)), spec, result)
    assert nearly.share < 1
    assert not nearly.reached


def test_of_several_conditions_those_that_fail_are_said():
    spec = leak_over_threshold()
    found = meter(demo(condition(13, 12, 14), condition(1, 2)), spec, simulate(spec))
    assert found.sentence == "1 spike, at least 2 wanted"
    assert 0.5 < found.share < 1


def test_a_population_that_is_gone_reaches_nothing():
    spec = first_steps()
    lost = Condition(of("neuron", "spike count"), "{} spikes", 1)
    assert math.isnan(observed(lost, spec, simulate(spec)))
    assert not meter(demo(lost), spec, simulate(spec)).reached


def test_only_the_wanted_plots_are_shown():
    hidden = demo(condition(1)).start().view.hidden
    assert "rates" in hidden
    assert "model" not in hidden


def test_a_code_moves_the_model_to_what_a_typical_circuit_makes_of_it():
    spec = leak_over_threshold()
    control = voltage_code("neuron", "leak", "leak", 400, 1022)
    neuron = control.put(spec, 700).network.population("neuron")
    assert neuron.leak.code == 700
    # back through the data sheet: the code that gives the potential of the model
    lsb = neuron.scale.lsb(neuron.leak.replace(code=None))
    assert potential_code("leak", np.asarray(lsb)) == 700
    assert control.value(control.put(spec, 700)) == 700
    assert control.value(spec) is None  # it has no code to show


@pytest.mark.parametrize("code", [30, 95, 164, 700])
def test_a_leak_bias_comes_back_as_it_was_set(code):
    control = leak_bias("neuron")
    # a time constant is written with about four digits of the code
    assert control.read(control.put(leak_over_threshold(), code)) == code


def test_weights_follow_in_proportion_and_missing_synapses_stay_missing():
    spec = first_steps()
    before = spec.network.projection("hidden_out")
    weights = before.weights * (np.arange(16).reshape(2, 8) % 2)
    holed = before.replace(weights=weights.astype(np.float32))
    spec = spec.replace(network=spec.network.with_projection(holed))
    control = weight("hidden_out", "weight")
    after = control.put(spec, 30).network.projection("hidden_out")
    assert control.read(control.put(spec, 30)) == pytest.approx(30)
    assert np.array_equal(np.sign(after.weights), np.sign(holed.weights))


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (("neuron", "tau_mem"), 12.0),
        (("neuron", "threshold"), 0.8),
        (("run", "runtime"), 150.0),
    ],
)
def test_a_number_is_read_as_it_was_put(path, shown):
    scale = 1.0 if path[-1] == "threshold" else 1e6
    control = number(path, "x", 0, 1, 0.1, scale=scale)
    spec = control.put(leak_over_threshold(), shown)
    assert control.read(spec) == pytest.approx(shown)


@pytest.mark.parametrize("rising", [True, False])
def test_tuning_finds_the_value_that_a_student_would(rising):
    # more leak: shorter intervals, and a higher rate
    measure = of("neuron", "rate" if rising else "mean interval")
    target = 80e3 if rising else 12.5e-6
    leak = number(("neuron", "leak"), "leak", 0.5, 3, 0.01)
    spec = tuned(leak_over_threshold(), leak, measure, target, rising=rising)
    # spikes are counted in 200 µs: one more or less is 5 kHz of 80
    assert measure(spec, simulate(spec)) == pytest.approx(target, rel=0.07)


def test_an_amplitude_without_a_run_of_that_population_is_nothing():
    spec = psp()
    assert math.isnan(observed(condition(NAN), spec, simulate(spec)))
    assert coded("leak", 650, leak_over_threshold().network.populations[0]).model == 0
