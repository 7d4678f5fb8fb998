"""Inputs with a limit, and a reset that takes time, against fine integration."""

import numpy as np
import pytest

from core.kernels import emulation_rows as row
from tests.unit.core.chip.emulation import run_kernel


def fine(
    cycles, weights, duration, *, a, b, threshold, ref, tau_reset, limit, holdoff=0.0,
    tilt=(0.0, 0.0), level=0.0, h=1e-3,
):  # fmt: skip
    """Return spike times and the membrane each 0.2 µs, by RK4 of a step of 1 ns.

    :param weights: shape (events, 2)
    """
    x = np.zeros(3)  # v, e, i
    when = np.round(np.asarray(cycles) / 125 / h).astype(int)
    free, spikes, trace = -1, [], []

    def slope(y, held):
        e, i = y[1:] / np.sqrt(1 + (y[1:] / limit) ** 2) if limit else y[1:]
        e, i = e * (1 - tilt[0] * (y[0] - level)), i * (1 + tilt[1] * (y[0] - level))
        dv = -a * y[0] + e - i - (y[0] / tau_reset if held else 0)
        return np.array([dv, -b[0] * y[1], -b[1] * y[2]])

    for step in range(round(duration / h)):
        if step % round(0.2 / h) == 0:
            trace.append(x[0])
        for weight in weights[when == step]:
            x[1:] += weight
        held = step < free - round(holdoff / h)
        k1 = slope(x, held)
        k2 = slope(x + h / 2 * k1, held)
        k3 = slope(x + h / 2 * k2, held)
        k4 = slope(x + h * k3, held)
        x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        if step >= free and x[0] > threshold:
            spikes.append((step + 1) * h)
            free = step + 1 + round(ref / h)
    return np.array(spikes), np.array(trace)


# Of a membrane that fires from 20 LSB, as strong as 0.0026/LSB for one from 45.
TILTED = {"tilt": (0.006, 0.006), "level": -7.0}


@pytest.mark.parametrize(
    ("tau_reset", "limit", "holdoff", "tilted"),
    [
        (0.5, 0.0, 0.0, {}),
        (0.01, 20.0, 0.0, {}),
        (0.5, 20.0, 0.0, {}),
        (0.1, 0.0, 0.736, {}),
        (0.5, 0.0, 0.0, TILTED),
        (0.5, 20.0, 0.0, TILTED),
    ],
)
def test_spikes_agree_with_a_fine_integration(tau_reset, limit, holdoff, tilted):
    rng = np.random.default_rng(7)
    cycles = np.unique(rng.integers(0, 30 * 125, 25))
    weights = rng.uniform(0, 14, (len(cycles), 2)) * [1, 0.4]
    tau_syn = np.array([[6.0], [4.0]])
    drive = weights.T[:, :, None]
    found, truth = run_kernel(
        cycles, np.arange(len(cycles)), drive, np.array([8.0]), tau_syn, 20.0,
        duration=30.0, tau_reset=tau_reset, limit=limit, ref=1.024, holdoff=holdoff,
        samples=1, **tilted,
    )  # fmt: skip
    spikes, trace = fine(
        cycles, weights, 30.0, a=1 / 8, b=1 / tau_syn[:, 0], threshold=20.0,
        ref=1.024, tau_reset=tau_reset, limit=limit, holdoff=holdoff,
        **tilted,
    )  # fmt: skip
    assert len(spikes) >= 5
    assert found.shape[1] == len(spikes)
    late = np.abs(found[0] / 125 - spikes)
    # The reference rounds up to 1 ns, the chip to 8 ns; the mean share of an input
    # within a sub-step errs by less. The last spike is a grazing one, which magnifies.
    assert np.median(late) < 0.016
    assert late.max() < 0.15
    # A membrane that is free rises by some 20 LSB/µs, so 8 ns of a spike are 0.15 LSB.
    off = np.median(np.abs(truth[0, :, 0] - trace))
    assert off < (0.15 if holdoff else 0.05)


@pytest.mark.parametrize("tilted", [{}, TILTED], ids=["", "tilted"])
@pytest.mark.parametrize("kind", ["joined", "adapting"])
def test_holdoff_and_tilt_act_alike_on_all_kinds_of_circuits(kind, tilted):
    rng = np.random.default_rng(8)
    cycles = np.unique(rng.integers(0, 60 * 125, 60))
    drive = rng.uniform(0, 12, (2, len(cycles), 1)) * [[[1]], [[0.3]]]
    tau_syn = np.array([[5.0], [3.0]])
    options = {"duration": 60.0, "ref": 2.0, "tau_reset": 0.1, **tilted}
    at = cycles, np.arange(len(cycles))
    one = run_kernel(*at, drive, np.array([8.0]), tau_syn, 15.0, holdoff=1.5, **options)
    none = run_kernel(*at, drive, np.array([8.0]), tau_syn, 15.0, **options)
    assert one.shape[1] > none.shape[1] > 5  # what is free earlier fires more
    tau = np.array([8.0])
    if kind == "joined":
        tau, tau_syn = np.full(2, 8.0), np.repeat(tau_syn, 2, 1)
        # Both have the same capacitance, and the synapses are on the second.
        drive = np.concatenate([0 * drive, 2 * drive], axis=2)
        options["membrane"] = [0, 0]
    else:
        options["adex"] = np.zeros((row.ADEX_ROWS, 1), np.float32)
        names = (row.ADEX, row.SLOPE, row.ONSET, row.V_TO_V, row.W_TO_W)
        values = (1, 1, row.NEVER, np.exp(-row.STEP_US / 8), 1)
        options["adex"][[name - row.ADEX for name in names], 0] = values
        options["adex_lanes"] = np.array([[0, 1]])
    other = run_kernel(*at, drive, tau, tau_syn, 15.0, holdoff=1.5, **options)
    # The sums are rounded in another order: a spike may fall into the next cycle.
    assert other.shape == one.shape
    assert np.abs(other[0] - one[0]).max() <= 1


def test_a_limit_that_is_far_away_changes_nothing():
    drive = np.array([[[30.0]], [[0.0]]])
    at = ([5, 700, 1400], [0, 0, 0], drive, np.array([9.0]), np.full((2, 1), 5.0), 40.0)
    plain = run_kernel(*at, duration=30.0)
    assert plain.shape[1] > 3
    np.testing.assert_array_equal(plain, run_kernel(*at, duration=30.0, limit=1e5))


def test_a_current_saturates_at_its_limit():
    # A membrane that leaks fast follows the current: v = e / a.
    drive = np.array([[[w] for w in (5.0, 50.0, 500.0)], [[0.0]] * 3])
    heights = []
    for source in range(3):
        _, truth = run_kernel(
            [0], [source], drive, np.array([0.5]), np.full((2, 1), 1000.0), 1e9,
            duration=8.0, limit=10.0, samples=1,
        )  # fmt: skip
        heights.append(truth[0, -1, 0] * 2)
    currents = np.array([5.0, 50.0, 500.0]) * np.exp(-7.8 / 1000)
    exact = currents / np.sqrt(1 + (currents / 10) ** 2)
    np.testing.assert_allclose(heights, exact, rtol=1e-3)  # decays by 1/1000 per µs


def test_a_short_refractory_time_does_not_fully_reset():
    drive = np.array([[[200.0]], [[0.0]]])
    _, truth = run_kernel(
        [0], [0], drive, np.array([10.0]), np.full((2, 1), 0.05), 8.0,
        duration=4.0, tau_reset=0.5, ref=0.6, samples=1,
    )  # fmt: skip
    v = truth[0, :, 0]
    peak = v.argmax()
    left = v[peak + 1 :].min() / v.max()
    assert np.exp(-0.8 / 0.5) < left < np.exp(-0.3 / 0.5)
