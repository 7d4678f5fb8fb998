"""Stand-in of `lola`: configuration containers that act on the emulated chip."""

from core.chip.neuron_block import AtomicNeuron, Chip, NeuronBlock
from core.chip.ranged import Ranged
from core.units import WEIGHT_MAX

__all__ = ["AtomicNeuron", "Chip", "NeuronBlock", "SynapseWeightMatrix"]


class SynapseWeightMatrix:
    class Value(Ranged, size=WEIGHT_MAX + 1):
        """The weight of a synapse, 0…63."""
