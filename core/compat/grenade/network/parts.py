"""Populations, projections and what belongs to them, as values."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from core.chip.ranged import Ranged


class Receptor:
    """Which input of a neuron a synapse drives.

    :param id: number of the receptor
    :param type: excitatory or inhibitory
    """

    class ID(Ranged, size=2**32):
        """Number of a receptor."""

    class Type(IntEnum):
        """Sign of a receptor."""

        excitatory = 0
        inhibitory = 1

    def __init__(self, id: Any = 0, type: Any = Type.excitatory) -> None:
        self.id = self.ID(id)
        self.type = self.Type(type)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Receptor):
            return NotImplemented
        return (self.id, self.type) == (other.id, other.type)

    def __hash__(self) -> int:
        return hash((self.id, self.type))


@dataclass
class Population:
    """Neurons on one chip."""

    neurons: list[Any] = field(default_factory=list)

    @dataclass
    class Neuron:
        """A neuron: its place and its compartments."""

        coordinate: Any = None
        compartments: dict[Any, Any] = field(default_factory=dict)

        @dataclass
        class Compartment:
            """A compartment: which circuit spikes, which receptors each has."""

            spike_master: Any = None
            receptors: list[Any] = field(default_factory=list)

            @dataclass(frozen=True)
            class SpikeMaster:
                """The circuit that spikes for the compartment."""

                neuron_on_compartment: int = 0
                enable_record_spikes: bool = False


@dataclass
class ExternalSourcePopulation:
    """Sources of events outside of the chip."""

    neurons: list[Any] = field(default_factory=list)

    @dataclass(frozen=True)
    class Neuron:
        """A source of events."""

        enable_record_spikes: bool = False


@dataclass
class Projection:
    """Synapses between two populations."""

    receptor: Any = None
    connections: list[Any] = field(default_factory=list)
    population_pre: Any = None
    population_post: Any = None

    @dataclass
    class Connection:
        """A synapse: number of the neuron and of its compartment, and a weight."""

        index_pre: tuple[int, int] = (0, 0)
        index_post: tuple[int, int] = (0, 0)
        weight: Any = 0

        class Weight(Ranged, size=2**32):
            """A weight without sign; on the chip it may take several synapses."""


@dataclass
class CADCRecording:
    """Neurons that the CADC reads."""

    neurons: list[Any] = field(default_factory=list)

    @dataclass(frozen=True)
    class Neuron:
        """A circuit that the CADC reads, and what of it."""

        coordinate: Any = None
        readout_source: Any = None


@dataclass
class PlasticityRule:
    """A program of the processors on the chip; to run one is not emulated."""

    timer: Any = None
    kernel: str = ""
    projections: list[Any] = field(default_factory=list)
    populations: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.timer is None:
            self.timer = self.Timer()

    @dataclass
    class Timer:
        """When the program is run, in clock cycles of the processor."""

        start: Any = 0
        period: Any = 0
        num_periods: int = 0

        class Value(Ranged, size=2**32):
            """A number of clock cycles."""
