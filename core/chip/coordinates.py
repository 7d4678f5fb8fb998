"""Coordinates: values that name a place on the chip, or one of several chips.

Circuits are counted row by row::

    circuit = row · 256 + column

A logical neuron is one or more circuits that share a membrane: its compartments say
where they lie relative to each other, its anchor where they lie on the chip.

>>> neuron = AtomicNeuronOnDLS(NeuronColumnOnDLS(3), NeuronRowOnDLS.bottom)
>>> neuron == AtomicNeuronOnDLS(259), neuron.toNeuronColumnOnDLS()
(True, NeuronColumnOnDLS(3))
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from core.chip.geometry import COLUMNS, HEMISPHERES
from core.chip.ranged import Coordinate, Pair
from core.errors import ParameterError


class HemisphereOnDLS(Coordinate, size=HEMISPHERES, names=("top", "bottom")):
    """The upper or the lower half of the chip."""

    top: ClassVar["HemisphereOnDLS"]
    bottom: ClassVar["HemisphereOnDLS"]


class NeuronRowOnDLS(Coordinate, size=HEMISPHERES, names=("top", "bottom")):
    """A row of neuron circuits."""

    top: ClassVar["NeuronRowOnDLS"]
    bottom: ClassVar["NeuronRowOnDLS"]


class NeuronColumnOnDLS(Coordinate, size=COLUMNS):
    """A column of neuron circuits."""


class AtomicNeuronOnDLS(Pair, parts=(NeuronColumnOnDLS, NeuronRowOnDLS)):
    """A neuron circuit: row · 256 + column."""


class NeuronRowOnLogicalNeuron(Coordinate, size=HEMISPHERES):
    """A row of a neuron, relative to its anchor."""


class NeuronColumnOnLogicalNeuron(Coordinate, size=COLUMNS):
    """A column of a neuron, relative to its anchor."""


class AtomicNeuronOnLogicalNeuron(
    Pair, parts=(NeuronColumnOnLogicalNeuron, NeuronRowOnLogicalNeuron)
):
    """A circuit of a neuron, relative to its anchor: row · 256 + column."""


class CompartmentOnLogicalNeuron(Coordinate, size=512):
    """A compartment of a neuron."""


class ConnectionOnExecutor(Coordinate, size=2**16):
    """A connection to a system of chips; the emulator has one."""


class ChipOnConnection(Coordinate, size=2**16):
    """A chip behind a connection; the emulator has one."""


class ExecutionInstanceID(Coordinate, size=2**32):
    """One use of one chip."""


@dataclass(frozen=True, order=True, init=False, repr=False)
class LogicalNeuronCompartments:
    """The shape of a neuron: where the circuits of its compartments lie.

    :param compartments: circuits of each compartment, relative to the anchor
    :raises ParameterError: if a circuit is in it twice

    >>> shape = LogicalNeuronCompartments({CompartmentOnLogicalNeuron(): [0, 1]})
    >>> shape.get_compartments()[CompartmentOnLogicalNeuron()][1]
    AtomicNeuronOnLogicalNeuron(1, 0)
    """

    _circuits: tuple[
        tuple[CompartmentOnLogicalNeuron, tuple[AtomicNeuronOnLogicalNeuron, ...]], ...
    ]

    def __init__(self, compartments: Mapping[Any, Sequence[Any]] | None = None) -> None:
        circuits = tuple(
            (
                CompartmentOnLogicalNeuron(number),
                tuple(AtomicNeuronOnLogicalNeuron(circuit) for circuit in part),
            )
            for number, part in sorted((compartments or {}).items())
        )
        flat = [circuit for _, part in circuits for circuit in part]
        if len(set(flat)) < len(flat):
            raise ParameterError(
                type(self).__name__,
                "a circuit is listed twice.",
                "Put each circuit into one compartment.",
            )
        object.__setattr__(self, "_circuits", circuits)

    def get_compartments(
        self,
    ) -> dict[CompartmentOnLogicalNeuron, list[AtomicNeuronOnLogicalNeuron]]:
        """Return the circuits of each compartment."""
        return {compartment: list(part) for compartment, part in self._circuits}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.get_compartments()})"


@dataclass(frozen=True, order=True)
class LogicalNeuronOnDLS:
    """A neuron on the chip.

    :param compartments: its shape
    :param anchor: the circuit that relative positions count from
    :raises RangeError: if a circuit would lie outside of the chip

    >>> shape = LogicalNeuronCompartments({CompartmentOnLogicalNeuron(): [0, 1]})
    >>> LogicalNeuronOnDLS(shape, AtomicNeuronOnDLS(7)).get_atomic_neurons()
    [AtomicNeuronOnDLS(7, 0), AtomicNeuronOnDLS(8, 0)]
    """

    compartments: LogicalNeuronCompartments
    anchor: AtomicNeuronOnDLS = AtomicNeuronOnDLS(0)  # noqa: RUF009, cannot be changed

    def __post_init__(self) -> None:
        object.__setattr__(self, "anchor", AtomicNeuronOnDLS(self.anchor))
        self.get_placed_compartments()  # raises here, not at its first use

    def get_placed_compartments(
        self,
    ) -> dict[CompartmentOnLogicalNeuron, list[AtomicNeuronOnDLS]]:
        """Return the circuits on the chip of each compartment."""
        parts = _placed(self.compartments._circuits, self.anchor)
        return {compartment: list(part) for compartment, part in parts}

    def get_atomic_neurons(self) -> list[AtomicNeuronOnDLS]:
        """Return all circuits on the chip, in the order of the compartments."""
        parts = _placed(self.compartments._circuits, self.anchor)
        return [circuit for _, part in parts for circuit in part]


@lru_cache(maxsize=4096)  # each run asks for each neuron several times
def _placed(
    circuits: Any, anchor: AtomicNeuronOnDLS
) -> tuple[tuple[CompartmentOnLogicalNeuron, tuple[AtomicNeuronOnDLS, ...]], ...]:
    """Return the circuits on the chip of each compartment."""
    column, row = anchor.split()
    return tuple(
        (
            compartment,
            tuple(
                AtomicNeuronOnDLS(column + c, row + r)
                for c, r in (circuit.split() for circuit in part)
            ),
        )
        for compartment, part in circuits
    )
