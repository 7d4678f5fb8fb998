import numpy as np
import pytest
import torch

from core.chip.events import INPUT_LATENCY
from core.chip.pipeline import StageMemory
from core.datasets.yinyang import YinYangDataset
from core.errors import NetworkError
from core.simulate import clipped_weights, input_spikes, simulate
from core.spec.chip import IDEAL
from core.spec.examples import (
    EXAMPLES,
    first_steps,
    leak_over_threshold,
    psp,
    yin_yang,
)
from core.spec.fields import fingerprint
from core.spec.network import InputSpec, LISpec
from core.spec.stimulus import SpikeTimes, YinYangSample
from core.units import CYCLE, us

MODES = ("mock", "chip", "both")


def on(mode, spec, **run):
    return spec.replace(run=spec.run.replace(mode=mode, **run))


def projected(spec, name, **changes):
    network = spec.network
    new = network.projection(name).replace(**changes)
    return spec.replace(network=network.with_projection(new))


def same(a, b):
    """Return whether two results hold the same numbers, bit for bit."""
    kinds = ("model_spikes", "membrane", "chip_spikes", "cadc", "madc")
    for name, one in a.populations.items():
        other = b.populations[name]
        for kind in kinds:
            x, y = getattr(one, kind), getattr(other, kind)
            if (x is None) != (y is None):
                return False
            if x is not None and not all(
                np.array_equal(getattr(x, f), getattr(y, f)) for f in vars(x)
            ):
                return False
    return True


@pytest.fixture(
    scope="module",
    params=[(title, mode) for title in EXAMPLES for mode in MODES],
    ids=lambda p: f"{p[0]}-{p[1]}",
)
def run(request):
    title, mode = request.param
    spec = on(mode, EXAMPLES[title]())
    return spec, simulate(spec)


def test_a_result_belongs_to_its_document(run):
    spec, result = run
    assert result.fingerprint == fingerprint(spec)
    assert result.mode == spec.run.mode
    assert result.duration == pytest.approx(spec.run.runtime, abs=spec.run.dt / 2)
    assert result.seconds > 0
    assert list(result.populations) == [p.name for p in spec.network.populations]


def test_the_execution_is_there_if_the_chip_ran(run):
    spec, result = run
    assert (result.execution is None) == (spec.run.mode == "mock")


def test_the_model_gives_a_membrane_on_the_time_grid(run):
    spec, result = run
    for population in spec.network.populations:
        found = result.populations[population.name].membrane
        expected = isinstance(population, LISpec) and spec.run.mode != "chip"
        assert (found is not None) == expected
        if found is not None:
            assert found.time.shape == (spec.run.steps,)
            assert found.values.shape == (spec.run.steps, population.size)
            assert np.isfinite(found.values).all()


def test_only_what_spikes_has_spikes(run):
    spec, result = run
    mode = spec.run.mode
    for population in spec.network.populations:
        found = result.populations[population.name]
        is_input = isinstance(population, InputSpec)
        model = population.spiking and (is_input or mode != "chip")
        assert (found.model_spikes is not None) == model
        chip = population.spiking and not is_input and mode != "mock"
        assert (found.chip_spikes is not None) == chip


def test_spikes_lie_within_the_run_and_the_population(run):
    _, result = run
    for found in result.populations.values():
        for raster in (found.model_spikes, found.chip_spikes):
            if raster is not None:
                assert raster.time.shape == raster.neuron.shape
                assert ((raster.time >= 0) & (raster.time < result.duration)).all()
                assert ((raster.neuron >= 0) & (raster.neuron < found.size)).all()


def test_chip_spikes_are_on_the_grid_of_8_ns(run):
    _, result = run
    for found in result.populations.values():
        if found.chip_spikes is not None:
            cycles = found.chip_spikes.time / CYCLE
            # float64 holds cycles of a run to far better than a millionth
            np.testing.assert_allclose(cycles, np.rint(cycles), atol=1e-6)


def test_the_cadc_gives_at_most_100_samples_of_each_neuron(run):
    spec, result = run
    for population in spec.network.populations:
        found = result.populations[population.name].cadc
        measured = isinstance(population, LISpec) and spec.run.mode != "mock"
        assert (found is not None) == measured
        if found is not None:
            samples, neurons = found.values.shape
            assert 0 < samples <= 100
            assert neurons == population.size
            assert found.time.shape in ((samples,), (samples, neurons))


def test_the_madc_reads_one_neuron_of_one_population(run):
    spec, result = run
    for name, found in result.populations.items():
        read = spec.recording.madc_population == name and spec.run.mode != "mock"
        assert (found.madc is not None) == read
        assert found.madc_neuron == (spec.recording.madc_neuron if read else None)
        if found.madc is not None:
            assert found.madc.values.shape == (len(found.madc.time), 1)


def test_the_spikes_to_show_are_those_of_the_chip_if_it_ran():
    found = simulate(on("both", first_steps())).populations
    assert found["hidden"].spikes is found["hidden"].chip_spikes
    assert found["input"].spikes is found["input"].model_spikes


def test_nothing_is_sampled_if_the_cadc_is_off():
    spec = on("chip", first_steps())
    spec = spec.replace(recording=spec.recording.replace(cadc=False))
    assert simulate(spec).populations["out"].cadc is None


def test_no_madc_is_read_if_none_is_asked_for():
    spec = on("chip", first_steps())
    spec = spec.replace(recording=spec.recording.replace(madc_population=None))
    assert all(p.madc is None for p in simulate(spec).populations.values())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("make", EXAMPLES.values(), ids=EXAMPLES)
def test_the_same_document_gives_the_same_result(make, mode):
    spec = on(mode, make())
    assert same(simulate(spec), simulate(spec))


def test_a_remembered_calibration_changes_no_number():
    memory = StageMemory()
    spec = on("chip", first_steps())
    simulate(spec, memory)
    assert same(simulate(spec, memory), simulate(spec))


def test_another_trial_has_other_noise_on_the_chip():
    spec = first_steps()
    first, second = (simulate(on("chip", spec, trial=n)) for n in (0, 1))
    assert not same(first, second)


def test_another_trial_is_the_same_in_mock():
    spec = first_steps()
    first, second = (simulate(on("mock", spec, trial=n)) for n in (0, 1))
    assert same(first, second)


def test_another_chip_has_another_fixed_pattern():
    spec = on("chip", first_steps())
    quiet = spec.chip.replace(noise=0.0)
    first, second = (
        simulate(spec.replace(chip=quiet.replace(number=n))) for n in (1, 2)
    )
    assert not same(first, second)


def test_another_chip_is_the_same_in_mock():
    spec = on("mock", first_steps())
    other = spec.replace(chip=spec.chip.replace(number=2))
    assert same(simulate(spec), simulate(other))


def test_a_psp_on_an_ideal_chip_is_that_of_the_model():
    # 47 LSB on the chip are a model weight of 1 at the default strengths
    spec = projected(psp(), "input_membrane", weight_scale=47)
    spec = on("both", spec.replace(chip=IDEAL), dt=0.1 * us)
    found = simulate(spec).populations["membrane"]
    gain = spec.network.population("membrane").scale.gain
    late = INPUT_LATENCY * 8e-9  # an input reaches its synapse, s
    for measured in (found.cadc, found.madc):
        at = measured.time.ravel() - late
        model = np.interp(at, found.membrane.time, found.membrane.values[:, 0])
        # one LSB of digitisation, one of the calibration's own codes
        np.testing.assert_allclose(measured.values.ravel(), model, atol=2 / gain)


def test_a_neuron_on_an_ideal_chip_fires_as_often_as_the_model():
    spec = leak_over_threshold().replace(chip=IDEAL)
    found = simulate(on("both", spec, dt=0.1 * us)).populations["neuron"]
    model, chip = len(found.model_spikes.time), len(found.chip_spikes.time)
    assert model > 10
    assert abs(model - chip) <= 1  # the last one may fall off the end of the run


def test_a_changed_weight_does_not_calibrate_again():
    memory = StageMemory()
    spec = on("chip", first_steps())
    first = simulate(spec, memory).execution
    weights = spec.network.projection("input_hidden").weights * 0.5
    second = simulate(projected(spec, "input_hidden", weights=weights), memory)
    assert second.execution.calibration is first.calibration
    assert not np.array_equal(second.execution.config.weights, first.config.weights)


def test_a_changed_time_constant_calibrates_again():
    memory = StageMemory()
    spec = on("chip", first_steps())
    first = simulate(spec, memory).execution
    hidden = spec.network.population("hidden").replace(tau_mem=12 * us)
    other = spec.replace(network=spec.network.with_population(hidden))
    assert simulate(other, memory).execution.calibration is not first.calibration


def test_a_document_with_errors_is_refused_with_all_of_them():
    spec = first_steps()
    hidden = spec.network.population("hidden").replace(tau_mem=1.0)
    network = spec.network.with_population(hidden)
    spec = spec.replace(network=network, run=spec.run.replace(dt=1.0))
    with pytest.raises(NetworkError) as caught:
        simulate(spec)
    found = {(p.subject, p.parameter) for p in caught.value.problems}
    assert {("hidden", "tau_mem"), ("run", "dt")} <= found


def test_a_note_on_clipped_weights_says_which_scale_would_do():
    spec = projected(psp(), "input_membrane", weight_scale=100)
    (note,) = clipped_weights(spec)
    assert (note.severity, note.subject) == ("note", "input_membrane")
    assert note.parameter == "weight_scale"
    assert "1 of 1 weights" in note.what
    fixed = projected(spec, "input_membrane", weight_scale=63)
    assert "63 LSB" in note.fix
    assert clipped_weights(fixed) == []


def test_inhibitory_weights_are_clipped_too():
    spec = projected(psp(), "input_membrane", weights=[[-2.0]])
    assert len(clipped_weights(spec)) == 1


def test_the_scale_that_the_note_proposes_holds_all_weights():
    spec = yin_yang()
    (note,) = clipped_weights(spec)
    proposed = float(note.fix.split()[4])
    assert clipped_weights(projected(spec, note.subject, weight_scale=proposed)) == []


def test_clipped_weights_are_no_matter_for_the_model():
    spec = projected(psp(), "input_membrane", weight_scale=100)
    assert simulate(on("mock", spec)).problems == ()
    assert simulate(on("chip", spec)).problems[0] == clipped_weights(spec)[0]


def test_the_spikes_of_a_yin_yang_sample_are_those_of_the_data_set():
    spec = yin_yang(index=5)
    sample = spec.stimuli[0]
    point, _ = YinYangDataset(size=1000, seed=sample.seed)[5]
    times = sample.t_early + np.asarray(point) * (sample.t_late - sample.t_early)
    steps = np.rint(np.append(times, sample.t_bias) / spec.run.dt).astype(int)
    grid = input_spikes(spec)["input"]
    expected = torch.zeros(spec.run.steps, 1, 5)
    expected[steps, 0, np.arange(5)] = 1
    torch.testing.assert_close(grid, expected, rtol=0, atol=0)


@pytest.mark.parametrize("step", [20, 23, 46, 53])
def test_a_bias_spike_on_the_grid_falls_into_its_step(step):
    spec = on("mock", yin_yang(), dt=0.05 * us)
    sample = spec.stimuli[0].replace(t_bias=round(step * 0.05, 2) * us)
    grid = input_spikes(spec.replace(stimuli=(sample,)))["input"]
    assert grid[:, 0, 4].nonzero().flatten().tolist() == [step]


def test_a_yin_yang_sample_that_ends_after_the_run_loses_its_late_spikes():
    spec = on("mock", yin_yang(), runtime=10 * us)
    grid = input_spikes(spec)["input"]
    assert grid.shape == (10, 1, 5)
    assert 0 < grid.sum() < 5
    simulate(spec)


def test_an_input_without_a_stimulus_is_silent():
    spec = first_steps().replace(stimuli=())
    grid = input_spikes(spec)["input"]
    assert grid.shape == (spec.run.steps, 1, 6)
    assert grid.sum() == 0


def test_given_spike_times_come_out_as_the_spikes_of_the_input():
    spec = first_steps().replace(
        stimuli=(SpikeTimes("input", ((3e-6, 8e-6), (5e-6,))),)
    )
    raster = simulate(spec).populations["input"].spikes
    np.testing.assert_allclose(raster.time, [3e-6, 5e-6, 8e-6], rtol=1e-12)
    np.testing.assert_array_equal(raster.neuron, [0, 1, 0])


@pytest.mark.parametrize("mode", MODES)
def test_an_empty_document_runs_and_gives_nothing(mode):
    spec = first_steps()
    empty = spec.replace(
        network=type(spec.network)(),
        stimuli=(),
        recording=spec.recording.replace(madc_population=None),
    )
    assert simulate(on(mode, empty)).populations == {}


@pytest.mark.parametrize("mode", MODES)
def test_inputs_alone_run(mode):
    spec = first_steps()
    only = spec.network.replace(
        populations=spec.network.populations[:1], projections=(), outputs=()
    )
    spec = spec.replace(
        network=only, recording=spec.recording.replace(madc_population=None)
    )
    assert len(simulate(on(mode, spec)).populations["input"].spikes.time) > 0


def test_a_stimulus_is_drawn_for_one_document_only():
    a = input_spikes(yin_yang(0))["input"]
    b = input_spikes(yin_yang(1))["input"]
    assert not torch.equal(a, b)
    assert isinstance(yin_yang(1).stimuli[0], YinYangSample)
