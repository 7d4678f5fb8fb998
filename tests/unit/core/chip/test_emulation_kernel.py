"""The kernel against an event-driven solution that is exact to rounding."""

import numpy as np
import pytest

from core.kernels.emulation_events import insert_sorted
from core.kernels.emulation_response import crossing, response
from tests.unit.core.chip.emulation import exact_spikes, run_kernel, tilted_spikes


@pytest.mark.parametrize(
    ("weight", "tau_mem", "tau_syn", "microseconds"),
    [
        # Published first spike times of a LIF neuron with threshold 0.6.
        (0.3, 10.0, 5.0, 3.2350713115745),
        (0.6, 5.0, 5.0, 1.2958555090954),
    ],
)
def test_one_input_gives_the_published_spike_time(
    weight, tau_mem, tau_syn, microseconds
):
    drive = np.array([[[weight]], [[0.0]]])
    taus = np.array([tau_mem]), np.full((2, 1), tau_syn)
    cycle = run_kernel([0], [0], drive, *taus, 0.6, duration=20, ref=100)[0]
    assert cycle.tolist() == [round(microseconds * 125)]


def test_spike_trains_are_exact_to_the_cycle(rng):
    lanes, sources, duration = 12, 10, 200.0
    tau_mem = rng.uniform(4, 15, lanes)
    tau_syn = rng.uniform(4, 15, (2, lanes)) + 0.01
    weights = rng.normal(2, 5, (sources, lanes))
    drive = np.stack([np.maximum(weights, 0), np.maximum(-weights, 0)])
    cycles = np.unique(rng.integers(0, int(duration * 125), 150))
    which = rng.integers(0, sources, len(cycles))
    found = run_kernel(cycles, which, drive, tau_mem, tau_syn, 45.0, duration=duration)
    total = 0
    for lane in range(lanes):
        exact = exact_spikes(
            cycles / 125,
            drive[:, which, lane].T,
            1 / tau_mem[lane],
            1 / tau_syn[:, lane],
            45.0,
            duration,
        )
        mine = found[0][found[2] == lane]
        assert len(mine) == len(exact)
        # Rounding to a cycle, and float32 over the interval before.
        np.testing.assert_allclose(mine, exact * 125, atol=1.0)
        total += len(exact)
    assert total > 50


@pytest.mark.parametrize("tilt", [(0.005, 0.0), (0.0026, 0.0026)])
def test_spike_trains_of_tilted_inputs_are_exact_to_the_cycle(rng, tilt):
    # A typical tilt is 0.0026; currents reach 30 LSB/µs, so lanes fire at 400 kHz.
    lanes, sources, duration = 8, 10, 100.0
    tau_mem = rng.uniform(4, 15, lanes)
    tau_syn = rng.uniform(4, 15, (2, lanes)) + 0.01
    weights = rng.normal(2, 5, (sources, lanes))
    drive = np.stack([np.maximum(weights, 0), np.maximum(-weights, 0)])
    cycles = np.unique(rng.integers(0, int(duration * 125), 80))
    which = rng.integers(0, sources, len(cycles))
    found = run_kernel(
        cycles, which, drive, tau_mem, tau_syn, 45.0,
        duration=duration, tilt=tilt, level=10.0,
    )  # fmt: skip
    exact = tilted_spikes(
        cycles, drive[:, which].transpose(1, 0, 2), 1 / tau_mem, 1 / tau_syn, 45.0,
        duration, tilt, 10.0,
    )  # fmt: skip
    for lane in range(lanes):
        mine = found[0][found[2] == lane]
        assert len(mine) == len(exact[lane])
        # Rounding to a cycle, and what the mean of both ends leaves of 40 spikes.
        np.testing.assert_allclose(mine, exact[lane] * 125, atol=1.0)
    assert sum(map(len, exact)) > 30


def test_a_peak_between_two_sub_steps_is_not_missed():
    # The peak is above threshold for about 0.1 µs, wherever it lies in a sub-step.
    tau_mem, tau_syn = np.array([2.0]), np.full((2, 1), 1.0)
    a, b = 0.5, 1.0
    t = np.log(b / a) / (b - a)
    peak = (np.exp(-a * t) - np.exp(-b * t)) / (b - a)
    for cycle in range(25):
        drive = np.array([[[1.0]], [[0.0]]]) * 10 / peak
        found = run_kernel(
            [cycle], [0], drive, tau_mem, tau_syn, 9.99, duration=5, ref=100
        )
        assert found.shape[1] == 1


def test_the_response_has_no_pole_at_equal_rates():
    for b in (0.1, 0.1 + 1e-9, 0.1001):
        value = response(5.0, 0.1, b, np.exp(-0.5), np.exp(-5 * b))
        assert value == pytest.approx(5 * np.exp(-0.5), rel=1e-3)
    unequal = response(2.0, 3.0, 0.1, np.exp(-6.0), np.exp(-0.2))
    assert unequal == pytest.approx((np.exp(-0.2) - np.exp(-6.0)) / 2.9)


@pytest.mark.parametrize(("end", "slope"), [(3.0, 2.0), (1.2, -2.0), (0.5, -5.0)])
def test_a_crossing_lies_on_the_cubic(end, slope):
    x = crossing(0.0, 4.0, end, slope, 0.9)
    a = 4.0 - 2 * end + slope
    b = -8.0 + 3 * end - slope
    assert ((a * x + b) * x + 4.0) * x == pytest.approx(0.9, abs=1e-6)


def test_no_crossing_is_reported_as_beyond_the_segment():
    assert crossing(0.0, 1.0, 0.5, 0.2, 0.9) == 2.0
    assert crossing(0.0, -1.0, 0.5, 0.2, 0.9) == 2.0


def test_events_are_kept_in_order_of_time():
    left, source = np.zeros(4, np.int64), np.zeros(4, np.int64)
    count = 0
    for c, s in ((5, 1), (20, 2), (11, 3), (20, 4), (1, 5)):
        count = insert_sorted(left, source, count, c, s)
    assert count == 4  # full
    assert left.tolist() == [20, 20, 11, 5]
    assert source.tolist() == [2, 4, 3, 1]
