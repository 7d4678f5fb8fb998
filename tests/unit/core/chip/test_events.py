import numpy as np

from core.chip.events import by_population, pack, serialise
from core.chip.network import ExternalPopulation, Network
from core.chip.placement import place
from core.chip.results import no_events
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


def test_serialised_events_are_strictly_ordered_and_never_early(rng):
    entry = np.sort(rng.integers(0, 4, 300))
    cycle = rng.integers(0, 120, 300)
    cycle = cycle[np.lexsort((cycle, entry))]
    found = serialise(cycle, entry, 120)
    assert np.all(found >= cycle)
    for b in range(4):
        assert np.all(np.diff(found[entry == b]) > 0)


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
    assert lost == 0


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
