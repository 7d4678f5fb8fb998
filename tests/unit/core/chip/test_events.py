import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.chip.events import by_external, by_population, pack, serialise
from core.chip.network import ExternalPopulation, Network, Projection
from core.chip.placement import place
from core.chip.results import Events, no_events
from core.chip.routing import route


def packed(net, inputs, batch=1, runtime=12500):
    return pack(net, route(net, place(net)), inputs, batch, runtime)


def test_events_at_the_same_time_take_consecutive_cycles(network, events):
    net = network(np.ones((1, 3)))
    found, lost = packed(net, {"in": events([(1, 0, 2), (1, 0, 0), (1, 0, 1)])})
    assert found.cycle.tolist() == [125, 126, 127]
    assert found.neuron.tolist() == [0, 1, 2]
    assert lost == 0


def test_batch_entries_do_not_delay_each_other(network, events):
    net = network([[1]])
    found, _ = packed(net, {"in": events([(1, 0, 0), (1, 1, 0)])}, batch=2)
    assert found.cycle.tolist() == [125, 125]
    assert found.batch.tolist() == [0, 1]


def test_a_delayed_event_delays_the_next(rng):
    cycle = np.array([5, 5, 5, 6, 20])
    assert serialise(cycle, np.zeros(5, int), 100).tolist() == [5, 6, 7, 8, 20]


@given(
    seed=st.integers(0, 2**32),
    count=st.integers(0, 300),
    width=st.integers(1, 400),
    batch=st.integers(1, 4),
)
def test_serialising_keeps_the_order_and_delays_no_more_than_needed(
    seed, count, width, batch
):
    rng = np.random.default_rng(seed)
    entry = np.sort(rng.integers(0, batch, count))
    cycle = rng.integers(0, width, count)
    cycle = cycle[np.lexsort((cycle, entry))]
    found = serialise(cycle, entry, width)
    for b in range(batch):
        mine, sent = found[entry == b], cycle[entry == b]
        now = -1
        for came, left in zip(sent, mine, strict=True):
            now = max(came, now + 1)
            assert left == now


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), count=st.integers(0, 400), end=st.integers(1, 300))
def test_an_input_event_is_lost_only_at_the_end(network, seed, count, end):
    rng = np.random.default_rng(seed)
    entry = np.sort(rng.integers(0, 2, count))
    cycle = rng.integers(0, end, count)
    cycle = cycle[np.lexsort((cycle, entry))]
    inputs = {"in": Events(cycle, entry, rng.integers(0, 3, count))}
    found, lost = packed(network(np.ones((1, 3))), inputs, 2, end)
    assert len(found.cycle) + lost == count
    for b in range(2):
        late = (entry == b).sum() - (found.batch == b).sum()
        taken = set(found.cycle[found.batch == b])
        assert not late or end - 1 in taken  # the link was busy to the last cycle


def test_what_entered_the_chip_is_known_by_population(population, events):
    externals = (ExternalPopulation("a", 2), ExternalPopulation("b", 3))
    net = Network(
        (population("lif", 2),),
        (*externals, ExternalPopulation("idle", 1)),
        tuple(
            Projection(e.name, e.name, "lif", np.ones((2, e.size), np.int64))
            for e in externals
        ),
    )
    inputs = {"a": events([(1, 0, 1)]), "b": events([(1, 0, 0), (1, 0, 2), (2, 0, 1)])}
    routing = route(net, place(net))
    sent, _ = pack(net, routing, inputs, 1, 12500)
    found = by_external(sent, routing, ["a", "b", "idle"])
    assert found["a"].cycle.tolist() == [125]
    assert found["b"].cycle.tolist() == [126, 127, 250]
    assert found["b"].neuron.tolist() == [0, 2, 1]
    assert found["idle"].cycle.size == 0


def test_events_pushed_beyond_the_end_are_lost(network, events):
    net = network(np.ones((1, 3)))
    late = (12499 / 125, 0)
    found, lost = packed(net, {"in": events([(*late, n) for n in range(3)])})
    assert len(found.cycle) == 1
    assert lost == 2


def test_events_outside_the_run_are_dropped(network, events):
    net = network([[1]])
    found, lost = packed(net, {"in": events([(-1, 0, 0), (100, 0, 0), (5, 3, 0)])})
    assert len(found.cycle) == 0
    assert lost == 1  # what comes after the end, as spikes of another chip may


def test_inputs_that_project_nowhere_are_ignored(network, events):
    net = network([[1]])
    more = Network(
        net.populations,
        (*net.externals, ExternalPopulation("other", 2)),
        net.projections,
    )
    found, _ = packed(more, {"other": events([(1, 0, 0)])})
    assert len(found.cycle) == 0


def test_spikes_are_counted_within_their_population(events):
    circuits = {"a": np.array([3, 4]), "b": np.array([256])}
    found = by_population(events([(1, 0, 4), (2, 0, 256), (3, 0, 3)]), circuits)
    assert found["a"].neuron.tolist() == [1, 0]
    assert found["b"].neuron.tolist() == [0]
    assert by_population(no_events(), circuits)["a"].cycle.size == 0
