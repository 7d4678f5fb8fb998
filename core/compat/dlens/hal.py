"""Stand-in of `hal`: values of registers."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ClassVar

from core.chip.atomic_neuron import CapacitorSize, CapMemValue
from core.chip.ranged import Ranged
from core.observables import ReadoutSource
from core.units import CYCLES_PER_US


class CapMemCell:
    Value = CapMemValue


class NeuronConfig:
    MembraneCapacitorSize = CapacitorSize

    class ReadoutSource:
        """What an ADC reads of a neuron."""

        membrane = ReadoutSource.VOLTAGE
        exc_synin = ReadoutSource.EXC_SYNIN
        inh_synin = ReadoutSource.INH_SYNIN
        adaptation = ReadoutSource.ADAPTATION


@dataclass(frozen=True)
class CrossbarNode:
    """What a node of the crossbar lets through; the emulator has no crossbar."""

    mask: int = 0
    target: int = 0

    drop_all: ClassVar["CrossbarNode"]


#: No label agrees with 1 where no bit of it is looked at.
CrossbarNode.drop_all = CrossbarNode(mask=0, target=1)


class SynapseDriverConfig:
    class RowMode(IntEnum):
        """Sign of a synapse row."""

        disabled = 0
        excitatory = 1
        inhibitory = 2
        excitatory_and_inhibitory = 3


class Timer:
    class Value(Ranged, size=2**32):
        """A time, FPGA cycles of 8 ns."""

        fpga_clock_cycles_per_us: ClassVar[int] = CYCLES_PER_US


@dataclass(frozen=True)
class PPUMemoryWord:
    """A word of the memory of a processor on the chip, which the emulator lacks."""

    value: Any = 0

    class Value(Ranged, size=2**32):
        """The content of a word."""


class PPUMemoryBlock:
    """Words of the memory of a processor on the chip, which the emulator lacks.

    :param words: how many, or their content
    """

    def __init__(self, words: int | Iterable[Any] = 0) -> None:
        empty = range(words) if isinstance(words, int) else ()
        self.words: list[Any] = [PPUMemoryWord() for _ in empty]
        if not isinstance(words, int):
            self.words = list(words)

    def __len__(self) -> int:
        return len(self.words)
