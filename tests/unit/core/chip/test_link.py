import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.chip.link import INPUTS, survivors, transmit
from core.chip.pipeline import execute
from core.chip.results import Events, no_events
from core.spec.chip import IDEAL, TYPICAL

RUNTIME = 100 * 125


def spikes(cycle, neuron, batch=0) -> Events:
    cycle, batch, neuron = np.broadcast_arrays(cycle, batch, neuron)
    order = np.lexsort((neuron, cycle, batch))
    return Events(*(part[order].astype(np.int64) for part in (cycle, batch, neuron)))


def rows(events: Events) -> set[tuple[int, ...]]:
    return set(zip(events.batch, events.neuron, events.cycle, strict=True))


def test_a_quiet_link_changes_nothing(rng):
    sparse = spikes(np.arange(500) * 20, rng.integers(0, 512, 500))
    found, lost = transmit(sparse, RUNTIME, TYPICAL, 0)
    assert rows(found) == rows(sparse)
    assert lost == 0
    assert transmit(no_events(), RUNTIME, TYPICAL, 0)[1] == 0


def test_of_512_neurons_that_fire_at_once_half_are_recorded():
    # A test of real chips asks for 250 and accepts that others are lost.
    found, lost = transmit(spikes(100, np.arange(512)), RUNTIME, TYPICAL, 0)
    assert len(found.cycle) == 8 * 32
    assert lost == 512 - len(found.cycle)
    assert np.bincount(found.neuron % 256 // 32).tolist() == [32] * 8
    # Two per cycle: 250 million of 125 million cycles in a second.
    assert np.bincount(found.cycle - 100).tolist() == [2] * 128


def test_deeper_queues_and_a_faster_link_lose_less():
    burst = spikes(np.repeat([100, 110, 120], 512), np.tile(np.arange(512), 3))
    lost = [
        transmit(burst, RUNTIME, TYPICAL.replace(**change), 0)[1]
        for change in (
            {},
            {"event_depth": 64},
            {"link_rate": 375e6},
            {"link_rate": 0.0},
        )
    ]
    assert lost[0] > lost[1] > lost[3] == 0
    assert lost[0] > lost[2]


@pytest.mark.parametrize("rate", [20e6, 125e6, 250e6, 375e6])
def test_a_busy_link_carries_its_rate(rate):
    # Each of 512 neurons fires every 50 cycles: 1280 million spikes in a second.
    cycle = np.repeat(np.arange(0, RUNTIME, 50), 512)
    burst = spikes(cycle, np.tile(np.arange(512), RUNTIME // 50))
    found, lost = transmit(burst, RUNTIME, TYPICAL.replace(link_rate=rate), 0)
    during = (found.cycle < RUNTIME).sum()
    # A cycle more at the start.
    assert during == pytest.approx(rate * RUNTIME * 8e-9, abs=3)
    assert len(found.cycle) + lost == len(burst.cycle)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    count=st.integers(0, 400),
    width=st.integers(1, 300),
    rate=st.sampled_from([1e6, 60e6, 125e6, 200e6, 375e6]),
    depth=st.integers(1, 40),
)
def test_the_link_is_a_set_of_queues(seed, count, width, rate, depth):
    rng = np.random.default_rng(seed)
    sent = spikes(
        rng.integers(0, width, count),
        rng.integers(0, 512, count),
        rng.integers(0, 3, count),
    )
    chip = TYPICAL.replace(link_rate=rate, event_depth=depth)
    found, lost = transmit(sent, 400, chip, 0)
    assert len(found.cycle) + lost == count
    assert np.all((found.cycle >= 0) & (found.cycle < 400 + 125))
    keys = found.batch * 525 + found.cycle
    assert np.all(np.diff(keys) >= 0)
    if len(keys):
        assert np.bincount(keys).max() <= 3  # a word
    for b, output in np.ndindex(3, 8):
        of = [e.batch == b for e in (sent, found)]
        of = [m & (e.neuron % 256 // 32 == output)
              for m, e in zip(of, (sent, found), strict=True)]  # fmt: skip
        entered, left = sent.cycle[of[0]], found.cycle[of[1]]
        assert np.all(np.diff(left) > 0)  # one at a time
        # The k-th to leave came no later, and no more leave than came.
        assert np.all(left >= entered[: len(left)])
    again, _ = transmit(sent, 400, chip, 0)
    assert rows(again) == rows(found)


def test_entries_do_not_disturb_each_other():
    alone = transmit(spikes(100, np.arange(512), 1), RUNTIME, TYPICAL, 0)[0]
    both = spikes(100, np.tile(np.arange(512), 2), np.repeat([0, 1], 512))
    found = transmit(both, RUNTIME, TYPICAL, 0)[0]
    assert rows(alone) == {row for row in rows(found) if row[0] == 1}


def test_spikes_are_recorded_for_a_microsecond_after_the_end():
    late = spikes(RUNTIME - 1, np.arange(512))
    slow = TYPICAL.replace(link_rate=62.5e6)  # one event in two cycles
    found, lost = transmit(late, RUNTIME, slow, 0)
    assert found.cycle.max() == RUNTIME + 123
    assert len(found.cycle) == 63
    assert lost == 512 - 63
    assert found.per_us(1, RUNTIME).sum(1)[-2:].tolist() == [1, 62]


def test_random_losses_have_the_given_share_and_do_not_depend_on_company():
    chip = TYPICAL.replace(event_loss=0.1, link_rate=0.0)
    many = spikes(np.repeat(np.arange(100) * 100, 400), np.tile(np.arange(400), 100))
    found, lost = transmit(many, RUNTIME, chip, 3)
    # Four standard errors of a share of 40 000.
    assert lost / 40_000 == pytest.approx(0.1, abs=0.006)
    few = spikes(many.cycle[::7], many.neuron[::7])
    assert rows(transmit(few, RUNTIME, chip, 3)[0]) == rows(few) & rows(found)
    assert rows(transmit(many, RUNTIME, chip, 4)[0]) != rows(found)
    assert rows(survivors(many, chip, 3, INPUTS)) != rows(found)
    assert survivors(many, TYPICAL, 3) is many


def test_losses_of_a_run_are_counted_each_way_and_change_no_membrane(network, poisson):
    net = network(np.full((40, 8), 40), threshold=100.0)
    inputs = {"in": poisson(8, 100, 0.05, batch=2)}
    chip = IDEAL.replace(link_rate=1e6)
    free, tight = (
        execute(net, inputs, 2, RUNTIME, c, keep_membrane=True) for c in (IDEAL, chip)
    )
    assert free.output.lost_events == 0
    assert tight.output.lost_out > 100
    assert tight.output.lost_in == 0
    assert tight.output.lost_events == tight.output.lost_out
    np.testing.assert_array_equal(tight.output.membrane, free.output.membrane)
    text = " ".join(tight.notes)
    assert f"{tight.output.lost_out} spikes of the chip were not recorded" in text
    lossy = execute(net, inputs, 2, RUNTIME, IDEAL.replace(event_loss=0.2))
    assert lossy.output.lost_in > 0
    assert f"{lossy.output.lost_in} input events found no place" in " ".join(
        lossy.notes
    )
    assert len(lossy.output.sent.cycle) + lossy.output.lost_in == len(
        inputs["in"].cycle
    )


def test_the_load_of_the_link_counts_every_event(network, poisson):
    net = network(np.full((40, 8), 40), threshold=100.0)
    inputs = {"in": poisson(8, 100, 0.05, batch=2)}
    output = execute(net, inputs, 2, RUNTIME - 60, TYPICAL).output
    loads = output.link_load()
    for load, events in zip(loads, (output.sent, output.events), strict=True):
        assert load.shape == (101, 2)
        assert load.sum() == len(events.cycle) > 0
        assert load.max() == events.peak_per_us()
        mine = (events.batch == 1) & (events.cycle // 125 == 37)
        assert load[37, 1] == mine.sum()
    assert no_events().peak_per_us() == 0
