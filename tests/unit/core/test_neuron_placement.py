import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.chip.coordinates import AtomicNeuronOnDLS, LogicalNeuronOnDLS
from core.errors import ParameterError, PlacementError
from core.morphology import SingleCompartmentNeuron
from core.neuron_placement import NeuronPlacement

ONE = SingleCompartmentNeuron(1).compartments
PAIR = SingleCompartmentNeuron(2).compartments
ROW = SingleCompartmentNeuron(2, expand_horizontally=True).compartments


def circuits(placement, ids):
    return [
        [int(circuit) for circuit in place.get_atomic_neurons()]
        for place in placement.id2logicalneuron(ids)
    ]


def at(*anchors):
    return [LogicalNeuronOnDLS(ONE, AtomicNeuronOnDLS(anchor)) for anchor in anchors]


def test_each_neuron_takes_the_first_anchor_with_free_circuits():
    placement = NeuronPlacement()
    placement.register_id(0, ONE)
    placement.register_id([1, 2], PAIR)
    placement.register_id([3], ROW)
    placement.register_id([4], ONE)
    wanted = [[0], [1, 257], [2, 258], [3, 4], [5]]
    assert circuits(placement, range(5)) == wanted


def test_gaps_are_filled():
    placement = NeuronPlacement()
    placement.register_id([0], ONE, at(1))
    placement.register_id([1, 2], ROW)
    placement.register_id([3], ONE)
    assert circuits(placement, [1, 2, 3]) == [[2, 3], [4, 5], [0]]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=40))
def test_no_two_neurons_share_a_circuit_and_none_takes_a_later_place(shapes):
    placement, used = NeuronPlacement(), set()
    for number, (size, horizontal) in enumerate(shapes):
        shape = SingleCompartmentNeuron(size, horizontal).compartments
        placement.register_id(number, shape)
        place = placement.id2logicalneuron(number)
        assert used.isdisjoint(place.get_atomic_neurons())
        for anchor in range(place.anchor):  # the reference: try one after the other
            try:
                earlier = LogicalNeuronOnDLS(shape, anchor).get_atomic_neurons()
            except ParameterError:
                continue
            assert not used.isdisjoint(earlier)
        used.update(place.get_atomic_neurons())


def test_a_full_chip_refuses_one_more():
    placement = NeuronPlacement()
    placement.register_id(range(512), ONE)
    with pytest.raises(ValueError, match="Cannot register ID 512") as caught:
        placement.register_id(512, ONE)
    assert isinstance(caught.value, PlacementError)
    assert "512 of 512 are taken" in str(caught.value)


def test_neurons_of_two_circuits_fill_the_chip():
    placement = NeuronPlacement()
    placement.register_id(range(256), PAIR)
    with pytest.raises(ValueError, match="Cannot register ID 256"):
        placement.register_id(256, ONE)


def test_places_that_are_given_are_taken():
    placement = NeuronPlacement()
    placement.register_id([7, 8], ONE, at(500, 3))
    placement.register_id(9, ONE, at(4)[0])
    assert circuits(placement, [7, 8, 9]) == [[500], [3], [4]]


@pytest.mark.parametrize("places", [(3, 3), (500, 3)])
def test_a_place_that_is_taken_is_refused_and_nothing_is_registered(places):
    placement = NeuronPlacement()
    placement.register_id(0, ONE, at(3))
    with pytest.raises(ValueError, match=r"Cannot register LogicalNeuron .*\(3, 0\)"):
        placement.register_id([1, 2], ONE, at(*places))
    placement.register_id([1, 2], ONE, at(500, 4))
    assert circuits(placement, [0, 1, 2]) == [[3], [500], [4]]


def test_a_number_has_one_place():
    placement = NeuronPlacement()
    placement.register_id(0, ONE)
    with pytest.raises(ValueError, match="Cannot register ID 0"):
        placement.register_id(0, ONE)


def test_each_number_needs_a_place():
    with pytest.raises(ParameterError, match="2 places are given for 1 neurons"):
        NeuronPlacement().register_id([0], ONE, at(1, 2))


def test_one_number_gives_one_place_and_several_a_list():
    placement = NeuronPlacement()
    placement.register_id([0, 1], ONE)
    assert placement.id2logicalneuron(1) == at(1)[0]
    assert placement.id2logicalneuron(torch.tensor([1, 0])) == at(1, 0)


def test_a_number_without_a_place_is_named():
    with pytest.raises(ParameterError, match=r"neurons \[4\] have no place"):
        NeuronPlacement().id2logicalneuron([4])
