"""Times, intervals and ratios of the benchmarks."""

import gc
import itertools

import pytest
import torch

from benchmarks import one_core
from benchmarks.measure import (
    SLOW,
    SLOW_ROUNDS,
    Estimate,
    Samples,
    exponent,
    interleave,
    saved_bytes,
)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("gc.collect", lambda: 0)  # half a second with all of pytest


class Machine:
    """A clock that moves only while a step works."""

    def __init__(self):
        self.now = 0.0
        self.log = []

    def step(self, name, *durations):
        duration = itertools.chain(durations, itertools.repeat(durations[-1]))

        def step():
            self.log.append((name, gc.isenabled()))
            self.now += next(duration)

        return step

    def measure(self, steps, rounds):
        return interleave(steps, rounds, lambda: self.now)


# Ranks of the 95 % interval of a median as printed in tables of the sign test.
@pytest.mark.parametrize(
    ("n", "low", "high"), [(6, 1, 6), (9, 2, 8), (10, 2, 9), (15, 4, 12), (20, 6, 15)]
)
def test_the_interval_of_a_median_has_the_ranks_of_the_sign_test(n, low, high):
    estimate = Estimate.of(reversed(range(1, n + 1)))
    assert (estimate.low, estimate.high) == (low, high)
    assert estimate.median == (n + 1) / 2


@pytest.mark.parametrize("n", range(1, 6))
def test_few_samples_are_their_own_interval(n):
    estimate = Estimate.of(range(n))
    assert (estimate.low, estimate.high) == (0, n - 1)


def test_a_ratio_forgets_a_slow_minute_of_the_machine():
    drift = [1.0, 3.0, 0.5, 8.0, 1.5, 2.0]
    ours = Samples(tuple(2 * d for d in drift))
    theirs = Samples(tuple(4 * d for d in drift))
    assert ours.over(theirs) == Estimate(0.5, 0.5, 0.5)


def test_a_ratio_takes_the_rounds_that_both_have():
    assert Samples((1.0, 2.0, 90.0)).over(Samples((2.0, 4.0))).high == 0.5


def test_floors_add_round_by_round():
    total = Samples((1.0, 2.0)).times(2.0).plus(Samples((0.5, 0.25)))
    assert total.seconds == (2.5, 4.25)


def test_the_first_call_is_not_counted():
    machine = Machine()
    taken = machine.measure({"compiles": machine.step("compiles", 9.0, 1.0)}, 4)
    assert taken["compiles"].seconds == (1.0,) * 4


def test_the_order_alternates_from_round_to_round():
    machine = Machine()
    machine.measure({name: machine.step(name, 1.0) for name in "abc"}, 2)
    warm_up, rounds = machine.log[:6], machine.log[6:]
    assert [name for name, _ in warm_up] == list("aabbcc")
    assert [name for name, _ in rounds] == list("abccba")


def test_garbage_is_not_collected_during_a_sample():
    machine = Machine()
    machine.measure({"a": machine.step("a", 1.0)}, 2)
    assert not any(collecting for _, collecting in machine.log[1:])
    assert gc.isenabled()


def test_a_short_step_is_repeated_and_its_mean_is_taken():
    machine = Machine()
    taken = machine.measure({"short": machine.step("short", 0.01)}, 1)
    assert len(machine.log) == 2 + 3  # two to warm up, then 30 ms
    assert taken["short"].seconds[0] == pytest.approx(0.01)


def test_a_slow_step_takes_three_rounds_and_is_marked():
    machine = Machine()
    slow = machine.step("slow", SLOW + 1)
    taken = machine.measure({"slow": slow, "fast": machine.step("fast", 1.0)}, 7)
    assert taken["slow"].slow
    assert not taken["fast"].slow
    assert [len(taken[n].seconds) for n in ("slow", "fast")] == [SLOW_ROUNDS, 7]


def test_a_slow_compilation_does_not_make_a_step_slow():
    machine = Machine()
    taken = machine.measure({"a": machine.step("a", SLOW + 1, 1.0)}, 5)
    assert not taken["a"].slow
    assert len(taken["a"].seconds) == 5


def test_exponents_of_power_laws_are_found():
    sizes = [10, 20, 80]
    assert exponent(sizes, [3 * n**1.5 for n in sizes]) == pytest.approx(1.5)


def test_a_storage_that_is_saved_twice_counts_once():
    x = torch.ones(100, requires_grad=True)
    y = torch.ones(50)

    def step():
        (x * x).sum().backward()  # saves x for both factors
        (x[:50] * y * x[50:]).sum().backward()

    # x, y, and the product of its first half with y
    assert saved_bytes(step) == 4 * (100 + 50 + 50)


@pytest.fixture
def started(monkeypatch):
    calls = []
    monkeypatch.setattr("os.execve", lambda *call: calls.append(call))
    monkeypatch.setattr("os.sched_setaffinity", lambda *_: None, raising=False)
    return calls


def test_the_command_starts_again_with_one_thread(started, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    one_core.restart("benchmarks.layers")
    ((_, command, environment),) = started
    assert command[1:3] == ["-m", "benchmarks.layers"]
    assert environment["OMP_NUM_THREADS"] == "1"


def test_the_command_starts_again_only_once(started, monkeypatch):
    for name, value in one_core.ONE_THREAD.items():
        monkeypatch.setenv(name, value)
    one_core.restart("benchmarks.layers")
    assert started == []
