"""Physics of the emulated circuits against closed forms."""

import numpy as np
import pytest

from core.chip.circuit import physical
from core.chip.events import INPUT_LATENCY
from core.chip.mismatch import sample_mismatch
from core.chip.network import ExternalPopulation, Network, Projection
from core.chip.pipeline import execute
from core.kernels.emulation_rows import LOOP_STEPS, STEP_CYCLES
from core.spec.chip import IDEAL, TYPICAL
from core.units import us

CHIP = IDEAL.replace(number=3)


def true_circuit(execution, circuit=0):
    config = execution.config
    codes = {name: c[..., circuit].astype(float) for name, c in config.codes.items()}
    at = np.array([circuit])
    codes = {name: np.expand_dims(c, -1) for name, c in codes.items()}
    return physical(codes, sample_mismatch(CHIP).at(at), config.capacitance[at])


def spikes_us(execution, name="lif", neuron=0):
    events = execution.observables[name].events
    return events.cycle[events.neuron == neuron] / 125


def test_a_resting_membrane_reads_its_leak(network):
    run = execute(network([[63]]), {}, 1, 12500, IDEAL)
    cadc = run.observables["lif"].cadc.astype(int)
    assert np.abs(cadc - 80).max() <= 1
    assert len(run.observables["lif"].events.cycle) == 0


def test_noise_of_a_resting_membrane_has_the_given_size(network):
    chip = TYPICAL.replace(membrane_noise=2.0, mismatch=0.0)
    net = network(np.zeros((64, 1)), threshold=200.0)
    run = execute(net, {}, 4, 25000, chip, keep_membrane=True)
    settled = run.observables["lif"].membrane[
        50:
    ]  # five time constants after the start
    assert (settled - settled.mean((0, 1))).std() == pytest.approx(2.0, rel=0.1)


def test_the_largest_weight_moves_the_membrane_by_about_20_lsb(network, events):
    # Published: 20…22 LSB by the weight scale, 17 by a figure.
    run = execute(network([[63]]), {"in": events([(10, 0, 0)])}, 1, 12500, IDEAL)
    cadc = run.observables["lif"].cadc.astype(int)
    assert 17 <= cadc.max() - 80 <= 24


def test_a_response_follows_the_alpha_function(network, events):
    net = network([[40]], tau_mem=10 * us, tau_syn=5 * us, threshold=220.0)
    run = execute(net, {"in": events([(10, 0, 0)])}, 1, 12500, CHIP, keep_membrane=True)
    true = true_circuit(run)
    a, b = 1 / true.tau_mem[0], 1 / true.tau_syn[0, 0]
    t = np.maximum(np.arange(100) - 10 - INPUT_LATENCY / 125, 0)
    drive = 40 * true.strength[0, 0]
    exact = true.leak[0] + drive * (np.exp(-b * t) - np.exp(-a * t)) / (a - b)
    found = run.observables["lif"].membrane[:, 0, 0]
    np.testing.assert_allclose(found, exact, atol=1e-3)  # float32 over 500 sub-steps


def test_inhibition_mirrors_excitation(network, events):
    spikes = {"in": events([(10, 0, 0)])}
    net = network([[40], [-40]], threshold=220.0)
    run = execute(net, spikes, 1, 12500, CHIP, keep_membrane=True)
    up, down = run.observables["lif"].membrane[:, 0, :].T
    # Codes of the two circuits may differ by one: 0.2 % in strength, 2 % in τ.
    np.testing.assert_allclose(up - up[0], down[0] - down, atol=0.4)


def test_the_period_of_a_leak_over_threshold_neuron_is_the_closed_form(network):
    net = network([[0]], leak=150.0)
    run = execute(net, {}, 1, 25000, CHIP)
    true = true_circuit(run)
    refractory = run.config.refractory_cycles[0] * 0.008
    charge = np.log((true.leak[0] - true.reset[0]) / (true.leak[0] - true.threshold[0]))
    period = true.tau_mem[0] * charge + refractory
    np.testing.assert_allclose(np.diff(spikes_us(run)), period, atol=0.016)


def test_a_single_input_fires_when_the_closed_form_says(network, events):
    # With τ_m = 2 τ_s the crossing is a quadratic in exp(−t / τ_m).
    net = network([[63]], tau_syn=5 * us, threshold=88.0)
    run = execute(net, {"in": events([(10, 0, 0)])}, 1, 12500, CHIP)
    true = true_circuit(run)
    a, b = 1 / true.tau_mem[0], 1 / true.tau_syn[0, 0]
    drive, level = 63 * true.strength[0, 0], true.threshold[0] - true.leak[0]
    low, high = 0.0, np.log(b / a) / (b - a)  # the peak
    for _ in range(60):
        t = 0.5 * (low + high)
        v = drive * (np.exp(-b * t) - np.exp(-a * t)) / (a - b)
        low, high = (t, high) if v < level else (low, t)
    assert spikes_us(run)[0] == pytest.approx(10 + INPUT_LATENCY / 125 + low, abs=0.009)


def test_a_spike_resets_and_holds_for_the_refractory_time(network, events):
    net = network([[63]], threshold=84.0, reset=60.0, refractory_time=5 * us)
    run = execute(net, {"in": events([(10, 0, 0)])}, 1, 12500, CHIP, keep_membrane=True)
    first = spikes_us(run)[0]
    held = run.observables["lif"].membrane[int(first) + 1 : int(first) + 5, 0, 0]
    np.testing.assert_allclose(held, true_circuit(run).reset[0], atol=1e-3)


def test_a_spike_passes_from_neuron_to_neuron_after_the_latency(population, events):
    strong = {"threshold": 82.0, "refractory_time": 30 * us}
    net = Network(
        (population("first", 1, **strong), population("second", 1, **strong)),
        (ExternalPopulation("in", 1),),
        (
            Projection("a", "in", "first", np.array([[63]])),
            Projection("b", "first", "second", np.array([[63]])),
        ),
    )
    run = execute(net, {"in": events([(10, 0, 0)])}, 1, 3125, CHIP)
    first, second = (spikes_us(run, name)[0] for name in ("first", "second"))
    loop = LOOP_STEPS * STEP_CYCLES / 125
    # The same circuit reacts the same, but for codes that may differ by one.
    delay = first - 10 - INPUT_LATENCY / 125
    assert second - first == pytest.approx(loop + delay, abs=0.1)
    assert first - 10 < 2  # a bypass answers within two µs


def test_a_masked_neuron_is_not_heard(population, events):
    net = Network(
        (
            population("first", 1, threshold=82.0, mask=np.array([False])),
            population("second", 1, threshold=82.0),
        ),
        (ExternalPopulation("in", 1),),
        (
            Projection("a", "in", "first", np.array([[63]])),
            Projection("b", "first", "second", np.array([[63]])),
        ),
    )
    run = execute(net, {"in": events([(10, 0, 0)])}, 1, 3125, CHIP)
    assert len(run.output.events.cycle) == 0


def test_membranes_stay_within_what_the_supply_allows(network, poisson):
    net = network([[63] * 20, [-63] * 20], threshold=240.0)
    run = execute(
        net, {"in": poisson(20, 100, 0.2)}, 1, 12500, TYPICAL, keep_membrane=True
    )
    membrane = run.observables["lif"].membrane
    assert membrane.max() <= TYPICAL.membrane_high + 1e-3
    assert membrane.min() >= TYPICAL.membrane_low - 1e-3
    assert membrane.max() > 220
    assert membrane.min() < 30


def test_a_reset_above_threshold_fires_at_the_refractory_rate(network):
    net = network([[0]], leak=140.0, reset=130.0, threshold=100.0)
    run = execute(net, {}, 1, 12500, CHIP)
    cycles = run.observables["lif"].events.cycle
    assert np.all(np.diff(cycles) == run.config.refractory_cycles[0])


def test_a_neuron_that_fires_at_rest_is_never_read_above_its_threshold(network):
    net = network([[0]] * 4, leak=200.0, threshold=100.0)
    # The CADC of some trials samples within the first sub-step.
    for trial in range(40):
        run = execute(net, {}, 1, 1250, IDEAL, trial=trial, keep_membrane=True)
        observed = run.observables["lif"]
        assert observed.cadc.max() <= 101  # half a code of calibration, rounding
        assert observed.membrane.max() <= 100.5
        assert observed.events.cycle.min() <= 1


def test_the_madc_sees_what_the_membrane_does(network, events):
    net = network([[63]], madc=("lif", 0), threshold=220.0)
    run = execute(
        net, {"in": events([(10, 0, 0)])}, 2, 110 * 125, CHIP, keep_membrane=True
    )
    madc = run.observables["lif"].madc
    assert madc.shape == (2, 3235, 2)
    times, raw = madc[:, times_after(madc, 30), 0]
    membrane = run.observables["lif"].membrane[:, 0, 0]
    exact = np.interp(times / 125, np.arange(110), membrane)
    # Half an LSB of rounding, and the curvature between points 1 µs apart.
    assert np.abs(raw - (65 + 3 * exact)).max() < 0.7


def times_after(madc, us):
    return madc[0, :, 0] > us * 125


def test_an_ideal_chip_converges_to_the_model_as_its_steps_shrink(network, events):
    spikes = [(10, 0, 0), (14, 0, 0), (21, 0, 0)]
    net = network([[40]], tau_mem=10 * us, tau_syn=5 * us, threshold=220.0)
    run = execute(net, {"in": events(spikes)}, 1, 12500, CHIP, keep_membrane=True)
    true = true_circuit(run)
    a, b = 1 / true.tau_mem[0], 1 / true.tau_syn[0, 0]
    found = run.observables["lif"].membrane[:, 0, 0] - true.leak[0]
    errors = []
    for steps in (10, 20, 40):  # of a microsecond
        dt = 1 / steps
        times = [round((t + INPUT_LATENCY / 125) * steps) for t, _, _ in spikes]
        v = i = 0.0
        model = []
        for k in range(100 * steps):
            if k % steps == 0:
                model.append(v)
            # The model of core.functional: Euler, the membrane before the current.
            v += dt * (i - a * v)
            i += -dt * b * i + 40 * true.strength[0, 0] * times.count(k)
        errors.append(np.abs(np.array(model) - found).max())
    # Euler is of first order: each halving of the step halves the error.
    np.testing.assert_allclose(np.divide(errors[:-1], errors[1:]), 2, rtol=0.15)
