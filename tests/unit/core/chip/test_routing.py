from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from core.chip.network import ExternalPopulation, Network, Projection
from core.chip.placement import place
from core.chip.results import SEVERAL, RoutingResult
from core.chip.routing import GreedyRouter, route
from core.chip.synapse_matrix import synapse_matrix
from core.errors import RoutingError


def test_each_source_gets_one_row_of_each_sign(network):
    net = network(np.ones((4, 3)))
    result = route(net, place(net))
    assert result.rows_used() == (6, 0)
    assert result.row_source[0, :6].tolist() == [0, 0, 1, 1, 2, 2]
    assert result.row_sign[0, :6].tolist() == [1, -1, 1, -1, 1, -1]
    assert result.sources == (("in", 0), ("in", 1), ("in", 2))


def test_a_population_in_both_hemispheres_needs_rows_in_both(network):
    net = network(np.ones((300, 5)))
    assert route(net, place(net)).rows_used() == (10, 10)


def test_a_recurrent_projection_uses_two_rows_per_neuron(population):
    net = Network(
        (population("hidden", 60),),
        (ExternalPopulation("in", 5),),
        (
            Projection("ff", "in", "hidden", np.ones((60, 5), np.int64)),
            Projection("rec", "hidden", "hidden", np.ones((60, 60), np.int64)),
        ),
    )
    assert route(net, place(net)).rows_used() == (130, 0)


def test_two_projections_from_one_source_share_its_rows(network):
    net = network(np.ones((4, 3)))
    twice = Network(net.populations, net.externals, net.projections * 2)
    assert route(twice, place(twice)).rows_used() == (6, 0)


def test_zero_weights_take_rows_too(network):
    net = network(np.zeros((4, 3)))
    assert route(net, place(net)).rows_used() == (6, 0)


def test_128_sources_fit_a_hemisphere(network):
    net = network(np.ones((4, 128)))
    assert route(net, place(net)).rows_used() == (256, 0)


def test_a_projection_without_a_synapse_takes_no_row(network):
    net = network(np.ones((4, 3)))
    only = replace(net.projections[0], connected=np.eye(4, 3, dtype=bool))
    net = replace(net, projections=(only,))
    routing = route(net, place(net))
    found = routing.wiring.synapse_source[0, :, :4]
    assert [(found == source).sum() for source in range(3)] == [2, 2, 2]


def test_rows_are_shared_by_sources_of_other_columns(population):
    net = wired(
        [
            replace(population("a", 4), circuits=np.arange(4)),
            replace(population("b", 4), circuits=np.arange(10, 14)),
        ],
        {"in": 128, "x": 128},
        [("in", "a"), ("x", "b")],
    )
    routing = route(net, place(net))
    assert routing.rows_used() == (256, 0)
    assert (routing.row_source[0] == SEVERAL).all()


def test_a_source_knows_its_bus_and_its_drivers(network):
    net = network(np.ones((300, 5)))
    routing = route(net, place(net))
    buses = [routing.buses_of(source) for source in range(5)]
    assert buses == [[0], [1], [2], [3], [0]]
    assert routing.drivers_of(4) == [(0, 4), (1, 4)]


def column(circuits):
    """Return the shape of a neuron that fills columns of two."""
    return tuple((number // 2, number % 2) for number in range(circuits))


def line(circuits):
    return tuple((number, 0) for number in range(circuits))


LAYERS = {
    "25-120-3": ({"in": 25}, [("hidden", 120, line(1)), ("out", 3, line(1))]),
    "256-246-10": ({"in": 256}, [("hidden", 246, column(2)), ("out", 10, column(2))]),
    "784-64": ({"in": 784}, [("hidden", 64, column(7))]),
    "128-384-42": ({"in": 128}, [("hidden", 384, line(1)), ("out", 42, line(3))]),
}


@pytest.mark.parametrize("name", LAYERS)
def test_published_layers_can_be_routed(population, name):
    outside, layers = LAYERS[name]
    made = [replace(population(n, size), shape=shape) for n, size, shape in layers]
    names = [*outside, *(layer[0] for layer in layers)]
    net = wired(made, outside, list(pairwise(names)))
    routing = route(net, place(net))
    written = synapse_matrix(net, place(net), routing)
    assert written.weights.sum() == sum(p.weights.sum() for p in net.projections)


def test_layers_that_feed_one_population_are_spread_over_the_buses(population):
    layers = [population(name, 40) for name in ("a", "b", "c")]
    pairs = [(name, "out") for name in ("a", "b", "c")]
    net = wired([*layers, population("out", 3)], {}, pairs)
    routing = route(net, place(net))
    carried = np.bincount([routing.buses_of(source)[0] for source in range(120)])
    assert carried.max() <= 32


def wired(populations, outside, pairs):
    size = {p.name: p.size for p in populations} | outside
    return Network(
        tuple(populations),
        tuple(ExternalPopulation(*item) for item in outside.items()),
        tuple(
            Projection(f"{a}-{b}", a, b, np.ones((size[b], size[a]), np.int64))
            for a, b in pairs
        ),
    )


def failing(population, name):
    """Return networks that do not fit, with words of the message."""
    apart = np.concatenate([np.arange(40), np.arange(128, 168)])
    sparse = np.zeros((80, 1100), bool)
    sparse[np.arange(1100) % 80, np.arange(1100)] = True
    nets = {
        "in-degree": (
            wired([population("lif", 4)], {"in": 129}, [("in", "lif")]),
            ["projection 'in-lif' (in → lif, 129 sources)"],
            "need 258 synapse rows for each neuron of 'lif', 256 exist for 1 circuit",
            "at most 128 sources, neurons of 2 circuits",
        ),
        "both inputs": (
            wired(
                [replace(population("lif", 150), shape=column(2))],
                {"in": 200, "x": 100},
                [("in", "lif"), ("x", "lif")],
            ),
            ["'in-lif' (in → lif, 200 sources)", "'x-lif' (x → lif, 100 sources)"],
            "need 600 synapse rows for each neuron of 'lif', 512 exist for 2 circuits",
            "at most 256 sources, neurons of 3 circuits",
        ),
        "one bus": (
            wired(
                [replace(population("lif", 80), circuits=apart), population("o", 3)],
                {},
                [("lif", "o")],
            ),
            ["projection 'lif-o' (lif → o, 80 sources)"],
            "64 signed sources from PADI bus 0, which carries the events of columns"
            " 0–31 and 128–159; a neuron of 1 circuit takes 32 from a bus",
            "Place 'lif' in other columns, or use neurons of 2 circuits",
        ),
        "labels": (
            Network(
                (population("lif", 80),),
                (ExternalPopulation("in", 1100),),
                (Projection("s", "in", "lif", np.ones((80, 1100), np.int64), sparse),),
            ),
            ["population 'in'"],
            "the 1100 sources of the network need as many labels, 1024 exist",
            "Use fewer sources",
        ),
    }
    return nets[name]


@pytest.mark.parametrize("name", ["in-degree", "both inputs", "one bus", "labels"])
def test_what_does_not_fit_is_refused_with_numbers_and_a_remedy(population, name):
    net, where, what, fix = failing(population, name)
    with pytest.raises(RoutingError) as caught:
        route(net, place(net))
    text = str(caught.value)
    assert all(part in text for part in (*where, what, fix)), text


def test_every_population_that_does_not_fit_is_named(population):
    pairs = [("in", "a"), ("in", "b")]
    net = wired([population("a", 3), population("b", 3)], {"in": 129}, pairs)
    with pytest.raises(RoutingError) as caught:
        GreedyRouter()(net)
    assert [p.subject for p in caught.value.problems] == ["in-a", "in-b"]


def rows_only(net, *, shift=0, swap=False):
    """Return what a router of the user may return: rows, and no labels."""
    result = GreedyRouter()(net)
    sign = -result.row_sign if swap else result.row_sign
    return replace(
        result,
        row_source=np.roll(result.row_source, shift, axis=1),
        row_sign=np.roll(sign, shift, axis=1),
        wiring=None,
    )


@pytest.mark.parametrize("options", [{}, {"shift": 10}, {"swap": True}])
def test_a_router_may_return_rows_only(network, options):
    net = network([[5, -7], [0, 63]])
    routing = route(net, place(net), lambda given: rows_only(given, **options))
    written = synapse_matrix(net, place(net), routing)
    signed = written.weights.astype(int) * routing.row_sign[..., None]
    assert signed[0, :, :2].sum(0).tolist() == [-2, 63]
    assert routing.wiring.labels.shape == (2, 4)


def test_rows_that_the_events_of_a_neuron_do_not_reach_are_refused(population):
    net = wired([population("a", 3)], {}, [("a", "a")])
    with pytest.raises(RoutingError, match="columns 0 to 31 reach bus 0 only") as error:
        route(net, place(net), lambda given: rows_only(given, shift=2))
    assert "source 0 of 'a': is on row 2 of the upper hemisphere, bus 1" in str(
        error.value
    )


def test_a_router_that_forgets_a_population_is_refused(population):
    net = wired([population("a", 3)], {"in": 2}, [("in", "a")])
    nothing = RoutingResult(np.full((2, 256), -1), np.zeros((2, 256), np.int64), ())
    with pytest.raises(RoutingError, match="not among the sources of the routing"):
        synapse_matrix(net, place(net), route(net, place(net), lambda _: nothing))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda r: replace(r, sources=r.sources[:1], wiring=None),
            "refers to source 1 of 1",
        ),
        (
            lambda r: replace(r, wiring=replace(r.wiring, labels=r.wiring.labels[:1])),
            r"labels of shape \(1, 4\)",
        ),
        (
            lambda r: replace(r, wiring=replace(r.wiring, driver_mask=np.zeros(3))),
            r"driver_mask of shape \(3,\)",
        ),
    ],
)
def test_a_routing_that_does_not_fit_together_is_refused(network, change, message):
    net = network([[5, -7], [0, 63]])
    with pytest.raises(RoutingError, match=message):
        route(net, place(net), lambda given: change(GreedyRouter()(given)))


def test_a_router_sees_all_circuits_of_wide_neurons(population):
    wide = replace(population("a", 2), shape=column(3))
    net = wired([wide], {"in": 5}, [("in", "a")])
    seen = []

    def router(given):
        seen.append(given.populations[0].circuits.tolist())
        return GreedyRouter()(given)

    route(net, place(net), router)
    assert seen == [[[0, 256, 1], [2, 258, 3]]]
