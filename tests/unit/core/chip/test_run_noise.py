"""The noise of a run belongs to a circuit of an entry, not to the order of the work."""

import os

import numpy as np
import pytest

from core.chip import signal_flow
from core.chip.calibration import calibrate
from core.chip.capmem import write
from core.chip.mismatch import sample_mismatch
from core.chip.network import Network
from core.chip.pipeline import execute
from core.chip.placement import place
from core.chip.readout import Recording, cadc_cycles, madc_codes
from core.spec.chip import TYPICAL
from core.units import us

RUNTIME = 100 * 125


@pytest.fixture
def two(population):
    """Two populations that never fire; with only the first, and with both."""
    first = population("first", 5, threshold=220.0)
    second = population("second", 300, threshold=220.0, tau_syn=6 * us)
    return Network((first,)), Network((first, second))


def test_results_of_a_circuit_do_not_depend_on_what_else_is_on_the_chip(two):
    alone, among = (
        execute(network, {}, 3, RUNTIME, TYPICAL, trial=4, keep_membrane=True)
        for network in two
    )
    one, other = (run.observables["first"] for run in (alone, among))
    np.testing.assert_array_equal(one.membrane, other.membrane)
    np.testing.assert_array_equal(one.cadc, other.cadc)
    assert one.membrane.std() > 0.1


def test_a_calibrated_circuit_does_not_depend_on_what_else_is_calibrated(two):
    alone, among = (
        calibrate(network, place(network), TYPICAL, sample_mismatch(TYPICAL))
        for network in two
    )
    for name, codes in alone.codes.items():
        np.testing.assert_array_equal(codes[..., :5], among.codes[name][..., :5])


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_and_the_split_of_the_batch_change_nothing(
    network, poisson, monkeypatch, threads
):
    net = network([[40] * 10] * 20, madc=("lif", 3))
    inputs = {"in": poisson(10, 100, 0.05, batch=7)}
    whole = execute(net, inputs, 7, RUNTIME, TYPICAL, keep_membrane=True)
    monkeypatch.setattr(signal_flow, "_WORK_OF_A_THREAD", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: threads)
    shared = execute(net, inputs, 7, RUNTIME, TYPICAL, keep_membrane=True)
    for name in ("cycle", "batch", "neuron"):
        np.testing.assert_array_equal(
            getattr(whole.output.events, name), getattr(shared.output.events, name)
        )
    for name in ("cadc", "madc", "membrane"):
        np.testing.assert_array_equal(
            getattr(whole.output, name), getattr(shared.output, name)
        )
    assert len(whole.output.events.cycle) > 20


def test_the_upper_half_of_a_trial_counts(two):
    # The second chip of a run has the trial of the first plus 2³².
    runs = [
        execute(two[0], {}, 1, RUNTIME, TYPICAL, trial=trial, keep_membrane=True)
        for trial in (0, 1 << 32, 1)
    ]
    first, second, third = (run.output.membrane[50:, 0].ravel() for run in runs)
    assert not np.array_equal(second, first)
    assert not np.array_equal(second, third)


def test_every_write_of_a_cell_differs_a_little():
    chip = TYPICAL.replace(weak_cells=0.0, baseline_shift=0.0)
    codes = {"leak": np.full(512, 400), "tau_syn": np.full((2, 512), 100)}
    one, again, other = (write(codes, chip, trial) for trial in (1, 1, 2))
    sigma = {"leak": chip.voltage_write_noise, "tau_syn": chip.write_noise}
    errors = np.concatenate(
        [(written[name] - codes[name]).ravel() / sigma[name]
         for written in (one, other) for name in codes]
    )  # fmt: skip
    np.testing.assert_array_equal(one["leak"], again["leak"])
    assert len(np.unique(errors)) > 3060  # of 3072, in single precision
    # Standard errors of mean and deviation are 0.018 and 0.013: four of each.
    assert errors.mean() == pytest.approx(0, abs=0.072)
    assert errors.std() == pytest.approx(1, abs=0.052)


def test_a_configuration_shifts_the_potentials_of_a_quadrant_together():
    quiet = TYPICAL.replace(voltage_write_noise=0.0, write_noise=0.0)
    codes = {name: np.full(512, 400) for name in ("leak", "threshold", "tau_mem")}
    shifts = []
    for trial in range(200):
        held = write(codes, quiet, trial)
        assert np.array_equal(held["leak"], held["threshold"])
        assert np.all(held["tau_mem"] == 400)
        per_quadrant = held["leak"].reshape(2, 2, 128)
        assert np.all(per_quadrant == per_quadrant[..., :1])
        shifts.append((per_quadrant[..., 0].ravel() - 400) * 200 / 480)
    # 800 numbers know their deviation to 2.5 %: four of that.
    assert np.std(shifts) == pytest.approx(quiet.baseline_shift, rel=0.1)
    assert np.abs(np.corrcoef(np.array(shifts).T)[0, 1:]).max() < 0.3


def test_weak_cells_are_few_always_the_same_and_ten_times_worse():
    chip = TYPICAL.replace(baseline_shift=0.0, weak_cells=0.05)
    codes = {"leak": np.full(512, 500)}
    errors = np.stack([write(codes, chip, t)["leak"] - 500 for t in range(40)])
    spread = errors.std(0) / chip.voltage_write_noise
    weak = spread > 4  # 40 writes know a deviation to 11 %
    assert spread[weak].mean() == pytest.approx(10, rel=0.1)
    assert spread[~weak].max() < 1.6
    assert 10 <= weak.sum() <= 45  # 26 ± 4 σ
    alike = np.stack(
        [write(codes, chip.replace(mismatch=0.0), t)["leak"] for t in range(40)]
    )
    assert alike.std(0).max() / chip.voltage_write_noise < 1.6


def test_a_cell_is_written_the_same_whatever_else_is_written():
    codes = {"leak": np.full(512, 400), "reset": np.full(512, 400)}
    both = write(codes, TYPICAL, 1)
    alone = write({"reset": codes["reset"]}, TYPICAL, 1)
    np.testing.assert_array_equal(both["reset"], alone["reset"])
    assert not np.array_equal(both["reset"], both["leak"])


def test_samples_of_circuits_and_entries_have_noise_of_their_own(network):
    chip = TYPICAL.replace(cadc_noise=10.0, madc_noise=20.0, membrane_noise=0.0)
    net = network(np.zeros((8, 1)), leak=128.0, threshold=220.0)
    cadc = execute(net, {}, 4, RUNTIME, chip).observables["lif"].cadc[:50]
    few = execute(net, {}, 2, RUNTIME, chip).observables["lif"].cadc[:50]
    np.testing.assert_array_equal(cadc[:, :2], few)
    series = cadc.transpose(1, 2, 0).reshape(32, 50) - 128.0
    correlation = np.corrcoef(series)[np.triu_indices(32, 1)]
    assert np.abs(correlation).max() < 0.65  # 4.6 of 1 / √50; 496 pairs
    trace = np.full((2, 501), 100.0, np.float32)
    first, second = madc_codes(trace, 12500, 3, chip, 0).T
    (again,) = madc_codes(trace[:1], 12500, 3, chip, 0).T
    np.testing.assert_array_equal(first, again)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.09  # 4.8 of 1 / √2941


def test_the_phase_of_the_cadc_is_anywhere_in_its_period():
    period = TYPICAL.cadc_period / us * 125
    cycles, _ = cadc_cycles(Recording(), TYPICAL, RUNTIME, 250, 0)
    first = cycles[0]
    assert first.min() >= 0
    assert first.max() <= 1.2 * period  # nine deviations of its jitter
    # The standard error of the mean of a uniform number is 0.29 / √250: 4.5 of it.
    np.testing.assert_allclose(first.mean(0) / period, 0.5, atol=0.082)
