"""The chip and its neuron circuits as containers over arrays.

>>> settings = NeuronSettings.unused()
>>> NeuronBlock(settings).atomic_neurons[AtomicNeuronOnDLS(5)].leak.v_leak = 300
>>> int(settings.codes["leak"][5])
300
"""

from collections.abc import Iterator
from typing import Any

from core.chip.atomic_neuron import AtomicNeuron
from core.chip.coordinates import AtomicNeuronOnDLS
from core.chip.geometry import CIRCUITS
from core.chip.neuron_settings import NeuronSettings

__all__ = ["AtomicNeuron", "AtomicNeurons", "Chip", "NeuronBlock", "NeuronSettings"]


class AtomicNeurons:
    """The circuits of a chip, by coordinate."""

    def __init__(self, settings: NeuronSettings) -> None:
        self._settings = settings

    def __getitem__(self, coordinate: Any) -> AtomicNeuron:
        return AtomicNeuron(self._settings, int(AtomicNeuronOnDLS(coordinate)))

    def __setitem__(self, coordinate: Any, neuron: AtomicNeuron) -> None:
        self[coordinate].assign(neuron)

    def __len__(self) -> int:
        return CIRCUITS

    def __iter__(self) -> Iterator[AtomicNeuron]:
        return (self[circuit] for circuit in range(CIRCUITS))


class NeuronBlock:
    """All neuron circuits of a chip as containers over ``settings``."""

    def __init__(self, settings: NeuronSettings | None = None) -> None:
        self.settings = NeuronSettings.unused() if settings is None else settings
        self.atomic_neurons = AtomicNeurons(self.settings)


class _Bypass:
    """Gives a new bypass chip at each access, so that none is shared."""

    def __get__(self, instance: "Chip | None", owner: type["Chip"]) -> "Chip":
        return owner(bypass=True)


class Chip:
    """What is written to a chip.

    :param neuron_block: settings of the neuron circuits
    :param bypass: every input event of a circuit makes it spike once
    :cvar default_neuron_bypass: a new chip with this bypass

    >>> Chip.default_neuron_bypass.bypass
    True
    """

    default_neuron_bypass = _Bypass()

    def __init__(
        self, neuron_block: NeuronBlock | None = None, *, bypass: bool = False
    ) -> None:
        self.neuron_block = NeuronBlock() if neuron_block is None else neuron_block
        self.bypass = self.bypass or bypass

    @property
    def bypass(self) -> bool:
        """Whether events bypass the neurons, see `core.chip.bypass`."""
        return self.neuron_block.settings.bypass

    @bypass.setter
    def bypass(self, bypass: bool) -> None:
        self.neuron_block.settings.bypass = bypass

    def copy(self) -> "Chip":
        """Return a chip with settings of its own."""
        return Chip(NeuronBlock(self.neuron_block.settings.copy()))
