"""Neurons of several circuits: which are joined, and what their membrane does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.chip.circuit import Circuits
from core.chip.joined import RIGHT, VERTICAL, joined, membrane_of
from tests.unit.core.chip.emulation import exact_spikes, run_kernel


def switches(right=(), vertical=()):
    stored = {RIGHT: np.zeros(512, np.int64), VERTICAL: np.zeros(512, np.int64)}
    stored[RIGHT][list(right)] = 1
    stored[VERTICAL][list(vertical)] = 1
    return stored


@pytest.mark.parametrize(
    ("right", "vertical", "expected"),
    [
        ((), (), {}),
        ((10,), (), {11: 10}),
        ((), (10,), {266: 10}),
        ((), (266,), {266: 10}),  # either end closes the connection
        ((10, 266), (11,), {11: 10, 266: 10, 267: 10}),
        ((255, 511), (), {}),  # the last column has no neighbour
        ((10, 11, 12), (13,), {11: 10, 12: 10, 13: 10, 269: 10}),
    ],
)
def test_circuits_that_are_connected_have_one_membrane(right, vertical, expected):
    membrane = membrane_of(switches(right, vertical))
    changed = np.flatnonzero(membrane != np.arange(512))
    assert {int(c): int(membrane[c]) for c in changed} == expected


def test_capacitances_and_conductances_add_and_the_leak_is_their_mean():
    flat = np.zeros(3)
    circuits = Circuits(
        leak=np.array([60.0, 100.0, 7.0]),
        reset=flat,
        threshold=np.array([120.0, 110.0, 5.0]),
        tau_mem=np.array([10.0, 5.0, 3.0]),
        tau_syn=np.ones((2, 3)),
        strength=np.ones((2, 3)),
    )
    load = np.array([2.0, 1.0, 1.0])
    on = np.array([True, True, False])
    found = joined(circuits, load, on, np.array([4, 4, 9]))
    # g = C / τ: both are 0.2, the sum of capacitances is 3.
    np.testing.assert_allclose(found.circuits.tau_mem, [7.5, 7.5, 3.0])
    np.testing.assert_allclose(found.circuits.leak, [80.0, 80.0, 7.0])
    np.testing.assert_allclose(found.circuits.strength[0], [2 / 3, 1 / 3, 1.0])
    assert found.head.tolist() == [1, 1, 2]  # the lowest comparator decides
    assert found.heads.tolist() == [1]
    start, member = found.members()
    assert sorted(member[start[1] : start[2]].tolist()) == [0, 1]


def poisson(seed, sources, duration, count):
    rng = np.random.default_rng(seed)
    cycles = np.unique(rng.integers(0, int(duration * 125), count))
    return cycles, rng.integers(0, sources, len(cycles)), rng


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**16), k=st.integers(2, 6))
def test_circuits_of_which_one_has_all_synapses_are_one_of_their_capacitance(seed, k):
    cycles, sources, rng = poisson(seed, 5, 100.0, 120)
    own = rng.uniform(3, 12, (2, 5))
    load = rng.uniform(0.05, 1.0, k)
    tau = rng.uniform(5, 15, k)
    drive = np.zeros((2, 5, k))
    drive[:, :, 0] = own
    tau_syn = rng.uniform(4, 15, (2, k))
    several = run_kernel(
        cycles, sources, drive, tau, tau_syn, 20.0,
        duration=100.0, load=load, membrane=np.zeros(k, int),
    )  # fmt: skip
    one = run_kernel(
        cycles,
        sources,
        drive[:, :, :1] * load[0] / load.sum(),
        np.array([load.sum() / (load / tau).sum()]),
        tau_syn[:, :1],
        20.0,
        duration=100.0,
    )
    # The sums are rounded in another order: a spike may fall into the next cycle.
    assert several.shape == one.shape
    assert np.abs(several[0] - one[0]).max(initial=0) <= 1


def test_synapses_spread_over_joined_circuits_act_as_on_one():
    cycles, sources, rng = poisson(5, 6, 200.0, 200)
    weights = rng.uniform(5, 15, (2, 6)) * [[1.0], [0.4]]
    k = 3
    drive = np.zeros((2, 6, k))
    for source in range(6):
        drive[:, source, source % k] = weights[:, source] * k
    tau, tau_syn = np.full(k, 9.0), np.full((2, k), 7.0)
    several = run_kernel(
        cycles, sources, drive, tau, tau_syn, 30.0,
        duration=200.0, membrane=np.zeros(k, int), tau_reset=0.5, limit=0.0,
    )  # fmt: skip
    one = run_kernel(
        cycles, sources, weights[:, :, None], tau[:1], tau_syn[:, :1], 30.0,
        duration=200.0, tau_reset=0.5,
    )  # fmt: skip
    assert several.shape == one.shape
    assert one.shape[1] > 5
    assert np.abs(several[0] - one[0]).max() <= 1
    assert set(several[2]) == {0}


@pytest.mark.parametrize("k", [2, 3])
def test_spike_trains_of_joined_circuits_are_exact_to_the_cycle(k):
    cycles, sources, rng = poisson(11 + k, 8, 200.0, 250)
    weights = rng.normal(4, 9, (8, k))
    drive = np.stack([np.maximum(weights, 0), np.maximum(-weights, 0)])
    load, tau = rng.uniform(0.3, 1.0, k), rng.uniform(5, 15, k)
    tau_syn = rng.uniform(2, 15, (2, k))
    found = run_kernel(
        cycles, sources, drive, tau, tau_syn, 30.0,
        duration=200.0, load=load, membrane=np.zeros(k, int),
    )  # fmt: skip
    exact = exact_spikes(
        cycles / 125,
        (drive * load / load.sum()).transpose(1, 0, 2).reshape(8, -1)[sources],
        (load / tau).sum() / load.sum(),
        1 / tau_syn.ravel(),
        30.0,
        200.0,
        sign=np.repeat([1, -1], k),
    )
    assert len(exact) > 20
    assert set(found[2]) == {0}
    # Rounding to a cycle of 8 ns, and float32 over the interval before.
    np.testing.assert_allclose(found[0], exact * 125, atol=1.0)


def test_members_of_different_time_constants_add_exactly():
    # Without a threshold the membrane is linear: the sum of two alpha functions.
    tau_syn = np.array([[3.0, 8.0], [5.0, 5.0]])
    drive = np.zeros((2, 2, 2))
    drive[0, 0, 0], drive[0, 1, 1] = 4.0, 2.0
    load = np.array([1.0, 0.5])
    _, truth = run_kernel(
        [130, 391], [0, 1], drive, np.array([10.0, 6.0]), tau_syn, 1e9,
        duration=40.0, load=load, membrane=[0, 0], samples=1,
    )  # fmt: skip
    a = (load / [10.0, 6.0]).sum() / load.sum()
    t = np.arange(200) * 0.2
    exact = np.zeros(200)
    for start, height, b in ((130, 4 / 1.5, 1 / 3), (391, 2 * 0.5 / 1.5, 1 / 8)):
        since = np.maximum(t - start / 125, 0)
        exact += height * (np.exp(-b * since) - np.exp(-a * since)) / (a - b)
    np.testing.assert_allclose(truth[0, :, 0], exact, atol=1e-4)  # float32
    np.testing.assert_array_equal(truth[0, :, 0], truth[0, :, 1])
