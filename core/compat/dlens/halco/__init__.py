"""Stand-in of `halco`: coordinates.

Those that the emulator needs itself are in `core.chip.coordinates`; the others are made
here, and only name places.
"""

from core.chip.coordinates import (
    AtomicNeuronOnDLS,
    AtomicNeuronOnLogicalNeuron,
    CompartmentOnLogicalNeuron,
    HemisphereOnDLS,
    LogicalNeuronCompartments,
    LogicalNeuronOnDLS,
    NeuronColumnOnDLS,
    NeuronColumnOnLogicalNeuron,
    NeuronRowOnDLS,
    NeuronRowOnLogicalNeuron,
)
from core.chip.ranged import (
    Coordinate,
    EnumRanged_256_,
    EnumRanged_512_,
    RangeError,
    iter_all,
    paired,
    ranged,
)
from core.compat.dlens.halco import common

__all__ = [
    "AtomicNeuronOnDLS",
    "AtomicNeuronOnLogicalNeuron",
    "CompartmentOnLogicalNeuron",
    "EnumRanged_256_",
    "EnumRanged_512_",
    "HemisphereOnDLS",
    "LogicalNeuronCompartments",
    "LogicalNeuronOnDLS",
    "NeuronColumnOnDLS",
    "NeuronColumnOnLogicalNeuron",
    "NeuronRowOnDLS",
    "NeuronRowOnLogicalNeuron",
    "RangeError",
    "SpikeLabel",
    "common",
    "iter_all",
]

_HALVES = ("top", "bottom")
_RANGED: dict[str, tuple[int, tuple[str, ...]]] = {
    "CrossbarInputOnDLS": (20, ()),
    "CrossbarOutputOnDLS": (12, ()),
    "NeuronBackendConfigBlockOnDLS": (2, ()),
    "NeuronEventOutputOnNeuronBackendBlock": (4, ()),
    "NeuronLabel": (2**14, ()),
    "PADIBusBlockOnDLS": (2, _HALVES),
    "PADIBusOnPADIBusBlock": (4, ()),
    "PPUMemoryBlockSize": (2**12 + 1, ()),  # words of one processor
    "SPL1Address": (4, ()),
    "SynapseDriverBlockOnDLS": (2, _HALVES),
    "SynapseDriverOnPADIBus": (32, ()),
    "SynapseDriverOnSynapseDriverBlock": (128, ()),
    "SynapseLabel": (64, ()),
    "SynapseRowOnSynram": (256, ()),
    "SynapticInputOnNeuron": (2, ("excitatory", "inhibitory")),
    "SynramOnDLS": (2, _HALVES),
}
_PAIRED = {
    "CrossbarNodeOnDLS": ("CrossbarInputOnDLS", "CrossbarOutputOnDLS"),
    "NeuronEventOutputOnDLS": (
        "NeuronEventOutputOnNeuronBackendBlock",
        "NeuronBackendConfigBlockOnDLS",
    ),
    "PADIBusOnDLS": ("PADIBusOnPADIBusBlock", "PADIBusBlockOnDLS"),
    "SynapseDriverOnDLS": (
        "SynapseDriverOnSynapseDriverBlock",
        "SynapseDriverBlockOnDLS",
    ),
    "SynapseRowOnDLS": ("SynapseRowOnSynram", "SynramOnDLS"),
}


def _made() -> dict[str, type[Coordinate]]:
    kinds: dict[str, type[Coordinate]] = {
        name: ranged(name, size, names) for name, (size, names) in _RANGED.items()
    }
    for name, parts in _PAIRED.items():
        kinds[name] = paired(name, *(kinds[part] for part in parts))
    for kind in kinds.values():
        kind.__module__ = __name__
    return kinds


_MADE = _made()
globals().update(_MADE)
__all__ += list(_MADE)


class SpikeLabel(Coordinate, size=2**16):
    """The label of an event on the chip: 2 bits of address, 14 of the neuron."""

    def get_spl1_address(self) -> Coordinate:
        return _MADE["SPL1Address"](self >> 14)

    def get_neuron_label(self) -> Coordinate:
        return _MADE["NeuronLabel"](self & (2**14 - 1))

    def get_synapse_label(self) -> Coordinate:
        return _MADE["SynapseLabel"](self & (2**6 - 1))
