from dataclasses import replace

import numpy as np
import pytest

from core.chip.network import Network
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
