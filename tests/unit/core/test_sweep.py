from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core.chip.pipeline import StageMemory
from core.errors import NetworkError, ParameterError
from core.measures import MEASURES
from core.simulate import simulate
from core.spec.examples import first_steps, leak_over_threshold, psp
from core.sweep import Axis, plan, sweep, with_value
from core.units import us

WEIGHTS = Axis(("input_membrane", "weights"), [0.5, 1.0, 2.0])
TAU = Axis(("membrane", "tau_mem"), [5 * us, 10 * us])


def chipped(spec):
    return spec.replace(run=spec.run.replace(mode="chip"))


def test_one_parameter_gives_one_value_for_each_point_and_neuron():
    result = sweep(psp(), [WEIGHTS], ["amplitude", "mean membrane"])
    assert result.population == "membrane"
    assert result.values["amplitude"].shape == (3, 1, 1)  # points, chips, neurons
    # an integrator is linear in its weight; single precision
    assert result.mean("amplitude") == pytest.approx(
        result.mean("amplitude")[1] * WEIGHTS.values, rel=1e-5
    )
    assert result.units == {"amplitude": "model", "mean membrane": "model"}
    assert result.labels == ("input_membrane: weights",)
    assert result.finished


def test_two_parameters_are_combined_with_the_first_axis_first():
    result = sweep(psp(), [WEIGHTS, TAU], ["amplitude"])
    assert result.values["amplitude"].shape == (3, 2, 1, 1)
    for i, weight in enumerate(WEIGHTS.values):
        for j, tau in enumerate(TAU.values):
            point = with_value(psp(), WEIGHTS.path, weight)
            point = with_value(point, TAU.path, tau)
            (value,) = sweep(point, [Axis(("run", "trial"), [0])], ["amplitude"]).mean(
                "amplitude"
            )
            assert result.mean("amplitude")[i, j] == value


def test_chips_differ_and_each_is_calibrated_once(monkeypatch):
    from core.chip import pipeline

    calibrated = []
    calibrate = pipeline.calibrate
    monkeypatch.setattr(
        pipeline,
        "calibrate",
        lambda network, placement, chip, *rest: (
            calibrated.append(chip.number) or calibrate(network, placement, chip, *rest)
        ),
    )
    result = sweep(
        chipped(psp()), [WEIGHTS], ["amplitude"], chips=(3, 7), memory=StageMemory()
    )
    assert calibrated == [3, 7]
    assert result.chips == (3, 7)
    one, other = result.values["amplitude"][:, :, 0].T
    assert (one != other).all()
    assert (np.diff(one) > 0).all()


def test_in_mock_there_are_no_other_chips():
    result = sweep(psp(), [WEIGHTS], ["amplitude"], chips=(3, 7))
    assert result.chips == (1,)
    assert result.values["amplitude"].shape == (3, 1, 1)


def test_points_are_what_simulate_would_give():
    spec = leak_over_threshold()
    axis = Axis(("neuron", "leak"), [0.9, 1.2, 2.0])
    found = sweep(spec, [axis], ["spike count"]).mean("spike count")
    for leak, count in zip(axis.values, found, strict=True):
        run = simulate(with_value(spec, axis.path, leak))
        assert len(run.populations["neuron"].spikes.time) == count
    assert found[0] == 0  # below the threshold
    assert found[2] > found[1] > 0


@pytest.mark.parametrize(
    ("path", "value", "read"),
    [
        (("hidden", "threshold"), 0.7, lambda s: _hidden(s).threshold.model),
        (("hidden", "leak", "code"), 500, lambda s: _hidden(s).leak.code),
        (("hidden", "leak", "hardware"), 99, lambda s: _hidden(s).leak.hardware),
        (("hidden", "scale", "gain"), 30, lambda s: _hidden(s).scale.gain),
        (("hidden", "tau_syn"), 3e-6, lambda s: _hidden(s).tau_syn),
        (("input", "rate"), 1e3, lambda s: s.stimulus("input").rate),
        (("input", "seed"), 9, lambda s: s.stimulus("input").seed),
        (("run", "synapse_dac_bias"), 700, lambda s: s.run.synapse_dac_bias),
        (("chip", "noise"), 0.5, lambda s: s.chip.noise),
        (
            ("input_hidden", "weight_scale"),
            20,
            lambda s: s.network.projection("input_hidden").weight_scale,
        ),
        (
            ("input_hidden", "weights"),
            0.25,
            lambda s: (
                float(np.ptp(s.network.projection("input_hidden").weights))
                + float(s.network.projection("input_hidden").weights[0, 0])
            ),
        ),
    ],
    ids=lambda x: ".".join(x) if isinstance(x, tuple) else None,
)
def test_a_path_reaches_every_part_of_the_document(path, value, read):
    changed = with_value(first_steps(), path, value)
    assert read(changed) == value
    assert changed != first_steps()
    again = with_value(changed, path, value)
    assert again == changed


def _hidden(spec):
    return spec.network.population("hidden")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (("hiden", "leak"), "there is no 'hiden'. Did you mean 'hidden'"),
        (("hidden",), "names no parameter"),
        (("hidden", "laek"), "'hidden' has no laek. Did you mean 'leak'"),
        (("hidden", "scale", "gian"), "there is no gian. Did you mean 'gain'"),
        (("hidden", "name"), "is no number"),
        (("run", "mode"), "is no number"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(path, message):
    with pytest.raises(ParameterError, match=message):
        sweep(first_steps(), [Axis(path, [1.0])], ["rate"], population="hidden")


def test_a_point_out_of_bounds_is_refused_before_any_is_run():
    told = []
    axis = Axis(("neuron", "threshold"), [1.0, 99.0])
    with pytest.raises(NetworkError, match=r"threshold is 99\. Use -0\.5 to 3"):
        sweep(leak_over_threshold(), [axis], ["rate"], callback=told.append)
    assert told == []


@pytest.mark.parametrize(
    ("axes", "measures", "message"),
    [
        ([], ["amplitude"], "Give one or two"),
        ([WEIGHTS] * 3, ["amplitude"], "Give one or two"),
        ([WEIGHTS], ["amplitud"], "Did you mean 'amplitude'"),
    ],
)
def test_axes_and_measures_are_checked(axes, measures, message):
    with pytest.raises(ParameterError, match=message):
        sweep(psp(), axes, measures)


@pytest.mark.parametrize("values", [[], [[1.0]], [np.inf]])
def test_an_axis_is_a_list_of_numbers(values):
    with pytest.raises(ParameterError, match="Give a list of numbers"):
        Axis(("run", "dt"), values)


def test_a_cancelled_sweep_returns_what_it_has():
    told = []
    result = sweep(
        psp(),
        [WEIGHTS],
        ["amplitude"],
        callback=told.append,
        cancel=lambda: len(told) == 2,
    )
    assert not result.finished
    assert [p.done for p in told] == [1, 2]
    assert all(p.total == 3 for p in told)
    assert np.isnan(result.mean("amplitude")).tolist() == [False, False, True]


def test_a_pool_gives_the_same_values():
    here = sweep(psp(), [WEIGHTS], ["amplitude"])
    with ThreadPoolExecutor(1) as pool:
        there = sweep(psp(), [WEIGHTS], ["amplitude"], over=pool.map)
    assert np.array_equal(here.values["amplitude"], there.values["amplitude"])


def test_jobs_are_values_of_their_own():
    jobs = list(plan(psp(), [WEIGHTS], tuple(MEASURES)[-2:], "membrane", (1, 2)))
    assert [j.spec.chip.number for j in jobs] == [1, 1, 1, 2, 2, 2]
