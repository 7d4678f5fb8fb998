import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.chip import coordinates
from core.chip.coordinates import (
    AtomicNeuronOnDLS,
    AtomicNeuronOnLogicalNeuron,
    ChipOnConnection,
    CompartmentOnLogicalNeuron,
    ConnectionOnExecutor,
    ExecutionInstanceID,
    HemisphereOnDLS,
    LogicalNeuronCompartments,
    LogicalNeuronOnDLS,
    NeuronColumnOnDLS,
    NeuronRowOnDLS,
)
from core.chip.ranged import Coordinate, Enum, EnumRanged_512_, Pair, iter_all
from core.errors import HXError, ParameterError

SOMA = CompartmentOnLogicalNeuron(0)
KINDS = [
    kind
    for kind in vars(coordinates).values()
    if isinstance(kind, type)
    and issubclass(kind, Coordinate)
    and kind not in (Coordinate, Pair)
]


def neuron(circuits, anchor):
    shape = LogicalNeuronCompartments({SOMA: circuits})
    return LogicalNeuronOnDLS(shape, AtomicNeuronOnDLS(anchor))


@given(column=st.integers(0, 255), row=st.integers(0, 1))
def test_a_circuit_is_made_of_its_column_and_row_or_of_its_number(column, row):
    circuit = AtomicNeuronOnDLS(NeuronColumnOnDLS(column), NeuronRowOnDLS(row))
    assert circuit.toEnum().value() == row * 256 + column
    assert circuit == AtomicNeuronOnDLS(row * 256 + column)
    assert circuit == AtomicNeuronOnDLS(circuit.toEnum())
    assert circuit == AtomicNeuronOnDLS(EnumRanged_512_(row * 256 + column))
    assert circuit.toNeuronColumnOnDLS() == NeuronColumnOnDLS(column)
    assert circuit.toNeuronRowOnDLS() == NeuronRowOnDLS(row)
    assert repr(circuit) == f"AtomicNeuronOnDLS({column}, {row})"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_value(kind):
    value = kind(1)
    assert value == kind(1)
    assert hash(value) == hash(kind(1))
    assert kind() == kind(0) < value
    assert sorted([value, kind()]) == [kind(), value]
    assert pickle.loads(pickle.dumps(value)) == value
    assert type(copy.deepcopy(value)) is kind
    with pytest.raises(AttributeError, match="cannot be changed"):
        value.size = 3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("builtin", [ValueError, RuntimeError, OverflowError, HXError])
def test_what_is_outside_of_the_range_is_refused(kind, builtin):
    for outside in (-1, kind.size):
        with pytest.raises(builtin, match=f"{outside} is out of range"):
            kind(outside)
    assert kind(kind.max) == kind.max == kind.size - 1


def test_coordinates_of_different_kinds_are_neither_equal_nor_ordered():
    row, column = NeuronRowOnDLS(1), NeuronColumnOnDLS(1)
    assert row != column
    assert len({row: 0, column: 1, 1: 2}) == 2  # a plain 1 is the row that is there
    with pytest.raises(TypeError):
        assert row < column
    with pytest.raises(ParameterError, match="no whole number"):
        NeuronColumnOnDLS(row)


def test_a_swapped_row_and_column_are_noticed():
    with pytest.raises(ParameterError):
        AtomicNeuronOnDLS(NeuronRowOnDLS(1), NeuronColumnOnDLS(1))


@pytest.mark.parametrize("value", [0.5, 1.0, "1", None])
def test_what_is_no_whole_number_is_refused(value):
    with pytest.raises(ParameterError, match="no whole number"):
        NeuronRowOnDLS(value)


def test_halves_have_names():
    assert NeuronRowOnDLS.top == NeuronRowOnDLS(0)
    assert NeuronRowOnDLS.bottom == NeuronRowOnDLS(1)
    assert HemisphereOnDLS.top < HemisphereOnDLS.bottom


def test_the_defaults_name_the_one_emulated_chip():
    times = {ConnectionOnExecutor(): {ChipOnConnection(): 3}}
    assert times[ConnectionOnExecutor()][ChipOnConnection()] == 3
    assert int(ExecutionInstanceID(7)) == 7


def test_all_values_of_a_kind_come_in_order():
    circuits = list(iter_all(AtomicNeuronOnDLS))
    assert len(circuits) == AtomicNeuronOnDLS.size == 512
    assert circuits == sorted(circuits)


def test_positions_count_like_plain_numbers():
    assert Enum(5) == 5
    assert Enum(5) + 1 == 6
    assert Enum(5) == EnumRanged_512_(5)


@given(
    circuits=st.lists(st.integers(0, 511), min_size=1, max_size=6, unique=True),
    anchor=st.integers(0, 511),
)
def test_a_neuron_lies_where_its_anchor_puts_it_or_is_refused(circuits, anchor):
    rows = [anchor // 256 + circuit // 256 for circuit in circuits]
    columns = [anchor % 256 + circuit % 256 for circuit in circuits]
    if max(rows) > 1 or max(columns) > 255:
        with pytest.raises(ParameterError, match="out of range"):
            neuron(circuits, anchor)
    else:
        placed = neuron(circuits, anchor)
        wanted = [r * 256 + c for r, c in zip(rows, columns, strict=True)]
        assert [int(circuit) for circuit in placed.get_atomic_neurons()] == wanted
        assert placed.get_placed_compartments()[SOMA] == placed.get_atomic_neurons()


def test_neurons_are_equal_by_shape_and_place():
    assert neuron([0, 256], 3) == neuron([0, 256], 3)
    assert {neuron([0], 3): "x"}[neuron([0], 3)] == "x"
    assert neuron([0], 3) != neuron([0], 4)
    assert neuron([0], 3) < neuron([0], 4)
    assert neuron([0], 3) != neuron([0, 1], 3)


def test_a_shape_cannot_be_changed_from_outside():
    shape = LogicalNeuronCompartments({SOMA: [0]})
    shape.get_compartments()[SOMA].append(1)
    assert shape.get_compartments() == {SOMA: [AtomicNeuronOnLogicalNeuron(0)]}
    with pytest.raises(AttributeError):
        shape._circuits = ()


def test_compartments_keep_their_circuits():
    shape = LogicalNeuronCompartments({1: [256], 0: [0, 1]})
    placed = LogicalNeuronOnDLS(shape, AtomicNeuronOnDLS(10)).get_placed_compartments()
    assert placed == {SOMA: [10, 11], CompartmentOnLogicalNeuron(1): [266]}


def test_a_circuit_belongs_to_one_compartment():
    with pytest.raises(ParameterError, match="listed twice"):
        LogicalNeuronCompartments({0: [3], 1: [3]})
