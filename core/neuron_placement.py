"""Which circuits the neurons of one chip sit on, by the number of the neuron.

Each neuron takes the first anchor, counted row by row, at which all circuits of its
shape are free; a neuron with a given place takes that.
"""

from collections.abc import Iterable, Sequence
from typing import Any, overload

import numpy as np

from core.chip.coordinates import (
    AtomicNeuronOnDLS,
    LogicalNeuronCompartments,
    LogicalNeuronOnDLS,
)
from core.chip.geometry import COLUMNS, HEMISPHERES
from core.errors import ParameterError, PlacementError

#: The place of one neuron.
Place = LogicalNeuronOnDLS


class RegistrationError(PlacementError, ValueError):
    """A neuron finds no free circuits, or its number has a place."""


class NeuronPlacement:
    """Circuits of neurons that are registered one after the other.

    >>> from core.morphology import SingleCompartmentNeuron
    >>> placement = NeuronPlacement()
    >>> placement.register_id([0, 1], SingleCompartmentNeuron(2).compartments)
    >>> placement.id2logicalneuron(1).get_atomic_neurons()
    [AtomicNeuronOnDLS(1, 0), AtomicNeuronOnDLS(1, 1)]
    """

    def __init__(self) -> None:
        self._id_2_ln: dict[int, Place] = {}
        self._used_an: set[AtomicNeuronOnDLS] = set()

    def register_id(
        self,
        neuron_id: int | Iterable[int],
        shape: LogicalNeuronCompartments,
        placement_constraint: Place | Sequence[Place] | None = None,
    ) -> None:
        """Give neurons a place; if one finds none, none of them is registered.

        :param neuron_id: number of the neuron, or of several
        :param shape: circuits of each neuron; unused with a constraint
        :param placement_constraint: the place of each neuron
        :raises RegistrationError: if a number is taken or a neuron finds no place
        :raises ParameterError: if there are not as many places as numbers
        """
        ids = _as_list(neuron_id)
        before = dict(self._id_2_ln), set(self._used_an)
        try:
            if placement_constraint is None:
                for number in ids:
                    self._register(number, shape)
            else:
                self._register_with_logical_neurons(ids, placement_constraint)
        except Exception:
            self._id_2_ln, self._used_an = before
            raise

    def _register_with_logical_neurons(
        self,
        neuron_id: int | Iterable[int],
        placement_constraint: Place | Sequence[Place],
    ) -> None:
        """Give neurons the places ``placement_constraint``."""
        ids = _as_list(neuron_id)
        places = (
            [placement_constraint]
            if isinstance(placement_constraint, Place)
            else list(placement_constraint)
        )
        if len(places) != len(ids):
            raise ParameterError(
                "neuron placement",
                f"{len(places)} places are given for {len(ids)} neurons.",
                "Give each neuron one LogicalNeuronOnDLS.",
            )
        for number, place in zip(ids, places, strict=True):
            taken = self._used_an.intersection(place.get_atomic_neurons())
            if taken:
                raise RegistrationError(
                    "neuron placement",
                    f"Cannot register LogicalNeuron {place}: {_listed(taken)} taken.",
                    "Give each neuron circuits of its own.",
                )
            self._take(number, place)

    def _register(self, neuron_id: int, shape: LogicalNeuronCompartments) -> None:
        """Give one neuron the first free place."""
        anchor = self._first_anchor(shape)
        if anchor is None:
            raise RegistrationError(
                "neuron placement",
                f"Cannot register ID {neuron_id}: no free place is left for its "
                f"circuits, {len(self._used_an)} of {HEMISPHERES * COLUMNS} are taken.",
                "Use fewer neurons, or neurons of fewer circuits.",
            )
        self._take(neuron_id, Place(shape, anchor))

    def _first_anchor(
        self, shape: LogicalNeuronCompartments
    ) -> AtomicNeuronOnDLS | None:
        """Return the first anchor at which all circuits of ``shape`` are free."""
        free = np.ones((HEMISPHERES, COLUMNS), bool)
        free.flat[[int(circuit) for circuit in self._used_an]] = False
        fits = np.ones_like(free)
        for part in shape.get_compartments().values():
            for circuit in part:
                column, row = (int(number) for number in circuit.split())
                here = np.zeros_like(free)
                here[: HEMISPHERES - row, : COLUMNS - column] = free[row:, column:]
                fits &= here
        anchors = np.flatnonzero(fits)
        return AtomicNeuronOnDLS(anchors[0]) if len(anchors) else None

    def _take(self, neuron_id: int, place: Place) -> None:
        if neuron_id in self._id_2_ln:
            raise RegistrationError(
                "neuron placement",
                f"Cannot register ID {neuron_id}: it has a place.",
                "Give each neuron a number of its own.",
            )
        self._id_2_ln[neuron_id] = place
        self._used_an.update(place.get_atomic_neurons())

    @overload
    def id2logicalneuron(self, neuron_id: int) -> Place: ...
    @overload
    def id2logicalneuron(self, neuron_id: Iterable[int]) -> list[Place]: ...
    def id2logicalneuron(self, neuron_id: Any) -> Any:
        """Return the place of a neuron, or of several.

        :raises ParameterError: if a neuron has none
        """
        ids = _as_list(neuron_id)
        unknown = [number for number in ids if number not in self._id_2_ln]
        if unknown:
            raise ParameterError(
                "neuron placement",
                f"neurons {unknown} have no place.",
                f"Registered are {len(self._id_2_ln)} neurons: register them first.",
            )
        places = [self._id_2_ln[number] for number in ids]
        return places if isinstance(neuron_id, Iterable) else places[0]


def relative(shape: LogicalNeuronCompartments) -> tuple[tuple[int, int], ...]:
    """Return (column, row) of each circuit of ``shape``, relative to its first.

    >>> from core.morphology import SingleCompartmentNeuron
    >>> relative(SingleCompartmentNeuron(3).compartments)
    ((0, 0), (0, 1), (1, 0))
    """
    places = [c.split() for part in shape.get_compartments().values() for c in part]
    (left, top) = places[0]
    return tuple((int(c) - int(left), int(r) - int(top)) for c, r in places)


def placed(shape: LogicalNeuronCompartments, first: int) -> Place:
    """Return the neuron of ``shape`` whose first circuit is ``first``."""
    circuits = [c for part in shape.get_compartments().values() for c in part]
    return Place(shape, AtomicNeuronOnDLS(first - int(circuits[0])))


def _as_list(neuron_id: Any) -> list[int]:
    """Return one or several numbers as a list."""
    several = neuron_id if isinstance(neuron_id, Iterable) else [neuron_id]
    return [int(number) for number in several]


def _listed(circuits: Iterable[AtomicNeuronOnDLS]) -> str:
    return ", ".join(str(circuit) for circuit in sorted(circuits))
