from dataclasses import replace

import numpy as np
import pytest

from core.chip.network import Network, Projection
from core.chip.placement import place
from core.errors import PlacementError


def test_no_two_neurons_share_a_circuit(population):
    network = Network(
        (population("a", 200), population("b", 100), population("c", 212))
    )
    circuits = np.concatenate(list(place(network).circuits.values()))
    assert sorted(circuits) == list(range(512))


def test_the_next_population_goes_where_more_circuits_are_free(population):
    network = Network((population("hidden", 120), population("out", 3)))
    circuits = place(network).circuits
    assert circuits["hidden"].tolist() == list(range(120))
    assert circuits["out"].tolist() == [256, 257, 258]


def test_the_owner_of_a_circuit_is_its_population(population):
    owner = place(Network((population("a", 2), population("b", 1)))).owner()
    assert owner[0] == owner[1] == "a"
    assert owner[256] == "b"
    assert owner[2] is None


def test_too_many_neurons_are_refused_with_numbers_and_a_remedy(population):
    network = Network((population("hidden", 500), population("out", 20)))
    with pytest.raises(PlacementError) as caught:
        place(network)
    text = str(caught.value)
    assert "population 'out'" in text
    assert "needs 20 neuron circuits, 12 of 512 are free" in text
    assert "smaller by 8 neurons" in text


def test_an_empty_network_is_placed():
    assert place(Network()).circuits == {}


def test_given_circuits_are_kept_and_the_others_go_around_them(population):
    fixed = replace(population("fixed", 3), circuits=np.array([0, 300, 2]))
    circuits = place(Network((population("free", 2), fixed))).circuits
    assert circuits["fixed"].tolist() == [0, 300, 2]
    assert not set(circuits["free"]) & {0, 300, 2}
    assert list(circuits) == ["free", "fixed"]


@pytest.mark.parametrize("wanted", [[5, 5], [0, 512], [-1, 0]])
def test_circuits_that_cannot_be_had_are_refused(population, wanted):
    fixed = replace(population("a", 2), circuits=np.array(wanted))
    with pytest.raises(ValueError, match="Cannot register LogicalNeuron"):
        place(Network((fixed,)))


COLUMN = ((0, 0), (0, 1))
SQUARE = ((0, 0), (0, 1), (1, 0), (1, 1))


@pytest.mark.parametrize(
    ("shape", "circuits"),
    [
        (COLUMN, [[0, 256], [1, 257]]),
        (SQUARE, [[0, 256, 1, 257], [2, 258, 3, 259]]),
        (((0, 0), (1, 0)), [[0, 1], [2, 3]]),
        (((0, 0), (0, -1)), [[256, 0], [257, 1]]),
    ],
)
def test_neurons_of_several_circuits_lie_side_by_side(population, shape, circuits):
    wide = replace(population("wide", 2), shape=shape)
    found = place(Network((wide,)))
    assert found.groups("wide").tolist() == circuits
    assert found.circuits["wide"].tolist() == [group[0] for group in circuits]


def test_neurons_of_one_circuit_have_groups_of_one(population):
    found = place(Network((population("a", 2),)))
    assert found.joined == {}
    assert found.groups("a").tolist() == [[0], [1]]


def test_a_wide_neuron_goes_around_taken_circuits(population):
    taken = replace(population("taken", 2), circuits=np.array([256, 3]))
    wide = replace(population("wide", 2), shape=SQUARE)
    found = place(Network((wide, taken)))
    assert found.groups("wide").tolist() == [[1, 257, 2, 258], [4, 260, 5, 261]]


def test_all_circuits_of_given_neurons_may_be_given(population):
    groups = np.array([[44, 43, 300], [2, 3, 4]])
    fixed = replace(population("fixed", 2), circuits=groups)
    found = place(Network((fixed,)))
    assert found.groups("fixed").tolist() == groups.tolist()
    assert found.owner()[300] == "fixed"


def test_first_circuits_and_a_shape_give_the_others(population):
    fixed = replace(population("a", 2), circuits=np.array([5, 9]), shape=COLUMN)
    assert place(Network((fixed,))).groups("a").tolist() == [[5, 261], [9, 265]]


@pytest.mark.parametrize(
    ("circuits", "message"),
    [
        ([[0, 1], [5, 7]], r"circuits \[5, 7\] of neuron 1 cannot be joined"),
        ([255, 3], "circuit -1"),
        ([4, 5], "circuit 5"),
        ([1, 3, 5], "3 places are given"),
    ],
)
def test_wide_places_that_cannot_be_had_are_refused(population, circuits, message):
    shape = ((0, 0), (1, 0))
    wide = replace(population("a", 2), circuits=np.array(circuits), shape=shape)
    with pytest.raises(ValueError, match=message):
        place(Network((wide,)))


def test_wide_neurons_that_find_no_place_are_refused(population):
    holes = replace(population("holes", 128), circuits=np.arange(1, 256, 2))
    wide = replace(population("wide", 150), shape=COLUMN)
    with pytest.raises(PlacementError, match="population 'wide'") as caught:
        place(Network((wide, holes)))
    assert "finds places for 128 of its 150 neurons" in str(caught.value)


def test_sources_leave_out_columns_of_buses_that_are_full(population):
    names = ("a", "b")
    links = [
        Projection(name, name, "out", np.ones((2, 60), np.int64)) for name in names
    ]
    layers = (*(population(name, 60) for name in names), population("out", 2))
    circuits = place(Network(layers, (), tuple(links))).circuits
    assert circuits["a"].tolist() == list(range(60))
    # Columns 0 to 59 have filled bus 0 and all but 4 places of bus 1.
    assert circuits["b"].tolist() == [
        256 + c for c in [*range(32, 36), *range(64, 120)]
    ]
