import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from core.chip import pipeline
from core.chip.network import Network, Population, Projection
from core.chip.pipeline import StageMemory, execute
from core.chip.routing import GreedyRouter
from core.errors import NetworkError, PlacementError, RoutingError
from core.spec.chip import IDEAL, TYPICAL, WORST

RUNTIME = 60 * 125


@pytest.fixture
def net(network, rng):
    return network(rng.integers(-30, 63, (20, 8)), threshold=110.0)


@pytest.fixture
def inputs(poisson):
    return {"in": poisson(8, 60, 0.05, batch=3)}


def same(a, b):
    return (
        np.array_equal(a.output.events.cycle, b.output.events.cycle)
        and np.array_equal(a.output.events.neuron, b.output.events.neuron)
        and np.array_equal(a.output.cadc, b.output.cadc)
    )


def test_the_same_arguments_give_the_same_bits(net, inputs):
    a, b = (execute(net, inputs, 3, RUNTIME, TYPICAL) for _ in range(2))
    assert len(a.output.events.cycle) > 20
    assert same(a, b)


def test_remembered_stages_change_nothing(net, inputs):
    memory = StageMemory()
    fresh = execute(net, inputs, 3, RUNTIME, TYPICAL, memory=memory)
    again = execute(net, inputs, 3, RUNTIME, TYPICAL, memory=memory)
    assert again.calibration is fresh.calibration
    assert same(fresh, again)


def test_a_new_trial_has_new_noise_on_the_same_calibration(net, inputs):
    a, b = (execute(net, inputs, 3, RUNTIME, TYPICAL, trial=t) for t in (0, 1))
    assert not same(a, b)
    np.testing.assert_array_equal(
        a.calibration.codes["leak"], b.calibration.codes["leak"]
    )


def test_a_noiseless_chip_repeats_its_spikes_in_every_trial(net, inputs):
    a, b = (execute(net, inputs, 3, RUNTIME, IDEAL, trial=t) for t in (0, 1))
    np.testing.assert_array_equal(a.output.events.cycle, b.output.events.cycle)


def test_another_chip_behaves_differently(net, inputs):
    other = TYPICAL.replace(number=7)
    a, b = (execute(net, inputs, 3, RUNTIME, chip) for chip in (TYPICAL, other))
    assert not same(a, b)


def test_a_batch_entry_does_not_depend_on_the_others(net, inputs):
    full = execute(net, inputs, 3, RUNTIME, TYPICAL)
    first = execute(net, inputs, 1, RUNTIME, TYPICAL)
    mine = full.output.events.batch == 0
    np.testing.assert_array_equal(
        full.output.events.cycle[mine], first.output.events.cycle
    )
    np.testing.assert_array_equal(full.output.cadc[:, :1], first.output.cadc)


def test_a_neuron_does_not_depend_on_silent_company(network, inputs, rng):
    weights = rng.integers(-30, 63, (20, 8))
    few = execute(network(weights[:5]), inputs, 3, RUNTIME, IDEAL)
    many = execute(network(weights), inputs, 3, RUNTIME, IDEAL)
    a, b = few.observables["lif"].events, many.observables["lif"].events
    counts = [np.bincount(e.neuron, minlength=20)[:5] for e in (a, b)]
    np.testing.assert_allclose(*counts, atol=1)  # codes may differ by one


class Counter:
    """Counts how often the stages of the pipeline are computed."""

    def __init__(self, monkeypatch):
        self.calls = []
        for stage in ("place", "calibrate", "route", "assemble", "emulate"):
            monkeypatch.setattr(pipeline, stage, self.watch(stage))

    def watch(self, stage):
        compute = getattr(pipeline, stage)

        def counted(*arguments, **options):
            self.calls.append(stage)
            return compute(*arguments, **options)

        return counted

    def of(self, run):
        self.calls.clear()
        run()
        return self.calls


def test_a_new_weight_repeats_only_assemble_and_later(net, inputs, monkeypatch):
    counter, memory = Counter(monkeypatch), StageMemory()
    execute(net, inputs, 3, RUNTIME, TYPICAL, memory=memory)
    synapse = net.projections[0]
    changed = replace(
        net, projections=(replace(synapse, weights=synapse.weights // 2),)
    )
    calls = counter.of(
        lambda: execute(changed, inputs, 3, RUNTIME, TYPICAL, memory=memory)
    )
    assert calls == ["assemble", "emulate"]


def test_a_new_target_repeats_only_calibrate_and_later(network, inputs, monkeypatch):
    counter, memory = Counter(monkeypatch), StageMemory()
    weights = np.ones((3, 8))
    execute(network(weights), inputs, 3, RUNTIME, TYPICAL, memory=memory)
    changed = network(weights, threshold=140.0)
    calls = counter.of(
        lambda: execute(changed, inputs, 3, RUNTIME, TYPICAL, memory=memory)
    )
    assert calls == ["calibrate", "assemble", "emulate"]


def test_a_router_of_the_user_is_asked_each_time(net, inputs):
    asked = []

    def router(network):
        asked.append(network)
        return GreedyRouter()(network)

    memory = StageMemory()
    for _ in range(2):
        run = execute(net, inputs, 3, RUNTIME, TYPICAL, router=router, memory=memory)
    assert len(asked) == 2
    circuits = asked[0].populations[0].circuits
    assert circuits.tolist() == run.placement.circuits["lif"].tolist()
    assert same(run, execute(net, inputs, 3, RUNTIME, TYPICAL))


def test_a_network_that_cannot_be_routed_still_shows_its_placement(network):
    with pytest.raises(RoutingError) as caught:
        execute(network(np.ones((2, 200))), {}, 1, RUNTIME, TYPICAL)
    execution = caught.value.execution
    assert execution.placement is not None
    assert execution.calibration is not None
    assert execution.routing is None


def test_a_network_that_cannot_be_placed_still_comes_with_the_error(network):
    with pytest.raises(PlacementError) as caught:
        execute(network(np.ones((600, 2))), {}, 1, RUNTIME, TYPICAL)
    assert caught.value.execution.placement is None


def test_a_projection_to_nowhere_is_refused_with_the_near_miss(net):
    wrong = Projection("out", "lif", "lfi", np.ones((1, 20), np.int64))
    with pytest.raises(NetworkError) as caught:
        execute(replace(net, projections=(wrong,)), {}, 1, RUNTIME, TYPICAL)
    assert "projection 'out': refers to 'lfi'" in str(caught.value)
    assert "Did you mean 'lif'?" in str(caught.value)


def test_weights_of_the_wrong_shape_are_refused(net):
    wrong = replace(net.projections[0], weights=np.ones((8, 20), np.int64))
    with pytest.raises(NetworkError, match=r"\(target, source\) = \(20, 8\)"):
        execute(replace(net, projections=(wrong,)), {}, 1, RUNTIME, TYPICAL)


def test_a_madc_on_an_unknown_population_is_refused(net):
    with pytest.raises(NetworkError, match="MADC: shall read 'lfi'"):
        execute(replace(net, madc=("lfi", 0)), {}, 1, RUNTIME, TYPICAL)


def test_a_madc_on_a_neuron_that_does_not_exist_is_refused(net):
    with pytest.raises(NetworkError, match=r"neuron 20 of 'lif', which has 20"):
        execute(replace(net, madc=("lif", 20)), {}, 1, RUNTIME, TYPICAL)


def test_no_runtime_and_no_network_give_empty_results(net, inputs):
    nothing = execute(net, inputs, 3, 0, TYPICAL)
    assert nothing.output.cadc.shape[:2] == (0, 3)
    assert len(nothing.output.events.cycle) == 0
    assert execute(Network(), {}, 1, RUNTIME, TYPICAL).observables == {}


def test_an_empty_population_is_harmless(net, inputs):
    empty = Population("none", 0, net.populations[0].target)
    target = replace(
        empty.target,
        **{
            name: getattr(empty.target, name)[..., :0]
            for name in empty.target.__dataclass_fields__
        },
    )
    more = replace(net, populations=(*net.populations, replace(empty, target=target)))
    assert execute(more, inputs, 3, RUNTIME, TYPICAL).observables["none"].cadc.size == 0


def test_the_cadc_can_be_left_unrecorded(network, inputs):
    run = execute(
        network(np.ones((3, 8)), record_cadc=False), inputs, 3, RUNTIME, TYPICAL
    )
    assert run.observables["lif"].cadc.shape == (0, 3, 3)


def test_leaving_the_cadc_unrecorded_does_not_change_the_spikes(net, inputs):
    a = execute(net, inputs, 3, RUNTIME, TYPICAL)
    b = execute(replace(net, record_cadc=False), inputs, 3, RUNTIME, TYPICAL)
    np.testing.assert_array_equal(a.output.events.cycle, b.output.events.cycle)


def test_observables_know_the_hemisphere_that_sampled_them(network, inputs):
    run = execute(network(np.ones((300, 8))), inputs, 3, RUNTIME, TYPICAL)
    observed = run.observables["lif"]
    assert observed.cadc_cycles is run.output.cadc_cycles
    circuits = run.placement.circuits["lif"]
    np.testing.assert_array_equal(observed.hemisphere, circuits // 256)
    assert set(observed.hemisphere) == {0, 1}


def test_a_full_cadc_memory_is_noted(net):
    run = execute(net, {}, 1, 400 * 125, TYPICAL)
    assert "CADC memory holds 100 samples" in " ".join(run.notes)


def test_missed_targets_are_noted(network):
    run = execute(network([[1]], leak=250.0), {}, 1, RUNTIME, TYPICAL)
    assert "1 circuits missed a calibration target." in run.notes


def test_every_stage_is_timed(net, inputs):
    seconds = execute(net, inputs, 3, RUNTIME, TYPICAL).seconds
    assert {"place", "calibrate", "route", "assemble", "emulate", "observe"} <= set(
        seconds
    )


def test_the_memory_forgets_the_oldest_result():
    memory = StageMemory()
    calls = []
    for argument in [*range(9), 8, 0]:
        memory.recall("stage", argument, lambda a=argument: calls.append(a) or a)
    assert calls == [*range(9), 0]


@pytest.mark.parametrize(
    "extreme",
    [
        {"tau_mem": 0.1e-6, "tau_syn": 0.1e-6},
        {"tau_mem": 2e-3, "tau_syn": 100e-6},
        {"membrane_capacitance": 0.0},
        {"leak": 0.0, "threshold": 255.0, "reset": 255.0},
        {"leak": 200.0, "reset": 200.0, "refractory_time": 0.0},
    ],
)
@pytest.mark.parametrize("bias", [0, 1022])
def test_extreme_settings_give_finite_membranes(network, inputs, extreme, bias):
    net = replace(
        network(np.full((3, 8), 63), **extreme), i_synin_gm=bias, synapse_dac_bias=bias
    )
    run = execute(net, inputs, 3, RUNTIME, WORST, keep_membrane=True)
    assert np.isfinite(run.observables["lif"].membrane).all()


@pytest.mark.parametrize("madc", [None, ("lif", 0)])
def test_what_a_long_run_records_bounds_its_memory(network, madc):
    net = replace(network(np.zeros((512, 1)), madc=madc), cadc_dram=True)
    execute(net, {}, 1, 125, TYPICAL)  # compiled, and the chip is known
    tracemalloc.start()
    run = execute(net, {}, 1, 8000 * 125, TYPICAL)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(run.output.cadc) > 1000
    # Measured 1.5; with all samples as floats before they are codes, above 2.2.
    assert peak < 1.8 * kept
