from dataclasses import replace

import numpy as np

from core.chip.calibration import calibrate
from core.chip.config import assemble, neuron_settings
from core.chip.mismatch import sample_mismatch
from core.chip.network import Network
from core.chip.pipeline import execute
from core.chip.placement import place
from core.chip.refractory import quantise_holdoff, quantise_refractory, tick_of
from core.chip.results import CalibResult
from core.chip.routing import GreedyRouter, route
from core.chip.synapse_matrix import synapse_matrix
from core.spec.chip import IDEAL
from core.units import us


def configured(net, routing=None):
    placement = place(net)
    routing = routing or route(net, placement)
    calibration = calibrate(net, placement, IDEAL, sample_mismatch(IDEAL))
    settings = neuron_settings(net, placement, calibration)
    return assemble(net, placement, settings, routing)


def test_signed_weights_end_on_the_row_of_their_sign(network):
    net = network([[5, -7], [0, 63]])
    written = synapse_matrix(net, place(net), route(net, place(net)))
    weights = written.weights
    assert written.clipped == 0
    assert weights[0, :4, :2].tolist() == [[5, 0], [0, 0], [0, 63], [7, 0]]
    assert weights.sum() == 75


def test_what_a_synapse_cannot_hold_goes_to_free_ones(network):
    net = network([[40], [-63]])
    config = configured(Network(net.populations, net.externals, net.projections * 2))
    assert config.weights[0, :, 0].sum() == 80
    assert config.weights[0, :, 1].sum() == 126
    assert set(config.row_sign[0, np.nonzero(config.weights[0, :, 1])[0]]) == {-1}
    assert config.notes == ("2 more synapses carry what a weight is above 63.",)


def test_without_free_synapses_weights_are_clipped_with_a_note(network):
    net = network(np.full((1, 128), 40))
    config = configured(Network(net.populations, net.externals, net.projections * 2))
    assert config.weights.sum() == 128 * 63
    (note,) = config.notes
    assert note.startswith("128 synapse weights from 'in' were clipped to 63: no free")


def test_a_source_on_several_buses_is_noted(network):
    net = network([[5]])

    def twice(given):
        result = GreedyRouter()(given)
        source, sign = result.row_source.copy(), result.row_sign.copy()
        source[0, :4], sign[0, :4] = 0, [1, -1, 1, -1]
        return replace(result, row_source=source, row_sign=sign)

    routing = route(net, place(net), twice)
    assert routing.buses_of(0) == [0, 1]
    config = configured(net, routing)
    assert config.weights.sum() == 5
    assert "1 outside sources use several buses" in config.notes[0]


def test_a_masked_neuron_keeps_its_comparator_but_sends_nothing(network):
    mask = np.array([True, False])
    config = configured(network([[1], [1]], mask=mask))
    assert config.fires[:2].tolist() == [True, True]
    assert config.event_output[:2].tolist() == [True, False]


def test_a_population_that_does_not_fire_has_no_comparator(network):
    config = configured(network([[1]], fires=False))
    assert not config.fires.any()
    assert config.used.sum() == 1


def test_one_circuit_of_a_wide_neuron_has_the_membrane(population):
    wide = replace(population("wide", 2), shape=((0, 0), (0, 1), (1, 0)))
    net = Network((wide, population("thin", 1)))
    placement = place(net)
    codes = {n: np.full(512, 500) for n in ("leak", "tau_mem", "tau_mem_range")}
    found = CalibResult({}, codes, {}, np.ones(512, bool))
    settings = neuron_settings(net, placement, found)
    used = [0, 256, 1, 2, 258, 3]  # of the wide neurons
    assert settings.fires[used].tolist() == [True, False, False] * 2
    assert settings.event_output[used].tolist() == [True, False, False] * 2
    assert settings.capacitance[used].tolist() == [63, 0, 0] * 2
    assert settings.codes["tau_mem"][used].tolist() == [500, 0, 0] * 2
    assert settings.codes["tau_mem_range"][[256, 1]].tolist() == [-1, -1]
    assert settings.fires[placement.circuits["thin"]].all()
    right = settings.stored["multicompartment.connect_right"]
    vertical = settings.stored["multicompartment.connect_vertical"]
    assert np.flatnonzero(right).tolist() == [0, 2]
    assert np.flatnonzero(vertical).tolist() == [0, 2, 256, 258]


def test_one_microsecond_becomes_32_ticks_of_32_ns():
    cycles, _ = quantise_refractory(np.array([1 * us]), np.array([True]))
    assert cycles.tolist() == [128]


def test_two_microseconds_become_32_ticks_of_64_ns():
    cycles, _ = quantise_refractory(np.array([2 * us]), np.array([True]))
    assert cycles.tolist() == [256]


def test_longer_refractory_times_never_become_shorter():
    seconds = np.geomspace(0.04 * us, 32 * us, 60)
    cycles, too_long = quantise_refractory(seconds, np.ones(60, bool))
    assert too_long == 0
    assert np.all(np.diff(cycles) >= 0)
    assert np.all(cycles * 8e-9 >= seconds)


def test_silent_neurons_do_not_choose_the_clock():
    seconds = np.array([1 * us, 30 * us])
    cycles, _ = quantise_refractory(seconds, np.array([True, False]))
    assert cycles.tolist() == [128, 0]


def test_a_refractory_time_beyond_the_counter_is_counted():
    cycles, too_long = quantise_refractory(np.array([1.0]), np.array([True]))
    assert too_long == 1
    assert cycles[0] == 255 * 2**15


def test_a_holdoff_is_an_odd_number_of_ticks_within_the_refractory_time():
    refractory = np.array([1, 1, 1, 1, 2, 1]) * us
    fires = np.array([True] * 5 + [False])
    tick = tick_of(refractory, fires)
    assert tick.tolist() == [4, 4, 4, 4, 8, 0]  # FPGA cycles
    cycles, _ = quantise_refractory(refractory, fires)
    wanted = np.array([0, 0.5, 0.97, 4, 1, 1]) * us
    holdoff, shortened = quantise_holdoff(wanted, tick, cycles)
    # 15, 31 and 31 ticks of 32 ns, 15 of 64 ns; one tick is left to the reset.
    assert holdoff.tolist() == [0, 60, 124, 124, 120, 0]
    assert shortened == 1


def test_a_holdoff_frees_the_membrane_but_not_the_comparator(network):
    def spikes(holdoff):
        net = network([[0]], leak=150.0, reset=60.0, refractory_time=2 * us)
        target = replace(net.populations[0].target, holdoff_time=np.array([holdoff]))
        net = replace(net, populations=(replace(net.populations[0], target=target),))
        run = execute(net, {}, 1, 200 * 125, IDEAL)
        return run, np.diff(run.output.events.cycle)

    plain, without = spikes(0.0)
    run, intervals = spikes(1 * us)
    # The membrane rises for 15 ticks of 64 ns longer while it is refractory.
    np.testing.assert_allclose(without[0] - intervals[0], 120, atol=2)
    assert run.notes == plain.notes
    assert any("holdoff" in note for note in spikes(4 * us)[0].notes)
