"""Names of populations, projections and neurons in a network of several chips."""

from dataclasses import dataclass, field
from typing import Any

from core.chip.coordinates import (
    AtomicNeuronOnLogicalNeuron,
    CompartmentOnLogicalNeuron,
    ExecutionInstanceID,
)
from core.chip.ranged import Coordinate


class PopulationOnExecutionInstance(Coordinate, size=2**32):
    """A population of one chip."""


class ProjectionOnExecutionInstance(Coordinate, size=2**32):
    """A projection of one chip."""


@dataclass(frozen=True, order=True)
class PopulationOnNetwork:
    """A population and the chip it is on."""

    population: PopulationOnExecutionInstance = field(
        default_factory=PopulationOnExecutionInstance
    )
    execution_instance: ExecutionInstanceID = field(default_factory=ExecutionInstanceID)

    def toPopulationOnExecutionInstance(self) -> PopulationOnExecutionInstance:
        return self.population

    def toExecutionInstanceID(self) -> ExecutionInstanceID:
        return self.execution_instance


@dataclass(frozen=True, order=True)
class ProjectionOnNetwork:
    """A projection and the chip it is on."""

    projection: ProjectionOnExecutionInstance = field(
        default_factory=ProjectionOnExecutionInstance
    )
    execution_instance: ExecutionInstanceID = field(default_factory=ExecutionInstanceID)

    def toProjectionOnExecutionInstance(self) -> ProjectionOnExecutionInstance:
        return self.projection

    def toExecutionInstanceID(self) -> ExecutionInstanceID:
        return self.execution_instance


@dataclass(frozen=True, order=True)
class AtomicNeuronOnExecutionInstance:
    """A circuit of a neuron of a population of one chip."""

    population: PopulationOnExecutionInstance = field(
        default_factory=PopulationOnExecutionInstance
    )
    neuron_on_population: int = 0
    compartment_on_neuron: Any = field(default_factory=CompartmentOnLogicalNeuron)
    atomic_neuron_on_compartment: Any = field(
        default_factory=AtomicNeuronOnLogicalNeuron
    )
