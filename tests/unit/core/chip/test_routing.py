import numpy as np
import pytest

from core.chip.network import ExternalPopulation, Network, Projection
from core.chip.placement import place
from core.chip.routing import GreedyRouter, route
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


def test_more_sources_than_rows_are_refused_with_numbers_and_a_remedy(network):
    net = network(np.ones((4, 129)))
    with pytest.raises(RoutingError) as caught:
        route(net, place(net))
    text = str(caught.value)
    assert "projection 'syn' (in → lif, 129 sources)" in text
    assert "need 258 synapse rows in the upper hemisphere, 256 exist" in text
    assert "at most 128 sources per hemisphere" in text


def test_both_crowded_hemispheres_are_named_at_once(network):
    net = network(np.ones((300, 129)))
    with pytest.raises(RoutingError) as caught:
        GreedyRouter()(net)
    assert len(caught.value.problems) == 2
    assert "lower hemisphere" in str(caught.value)
