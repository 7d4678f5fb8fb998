"""Neurons with a constant current onto their membrane, on the chip.

The model gets the same current as an input; here stands what is written to circuits.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.chip.atomic_neuron import CurrentType
from core.chip.coordinates import CompartmentOnLogicalNeuron
from core.chip.neuron_block import Chip
from core.modules.neuron.aelif import AELIF
from core.modules.neuron.li import LI
from core.modules.neuron.lif import LIF


class Driven:
    """Writes currents to the first circuit of each neuron.

    :ivar current_codes: shape (neurons,), −1022…1022; positive lifts the membrane
    """

    current_codes: NDArray[np.int64]

    def configure_on_chip(self: Any, chip: Chip) -> None:
        """Write what the neurons need and their currents."""
        super().configure_on_chip(chip)  # type: ignore[misc]
        for code, coord in zip(self.current_codes, self.coordinates, strict=True):
            circuit = coord.get_placed_compartments()[CompartmentOnLogicalNeuron(0)][0]
            current = chip.neuron_block.atomic_neurons[circuit].constant_current
            current.i_offset = abs(int(code))
            current.type = CurrentType.sink if code < 0 else CurrentType.source
            current.enable = bool(code)


class DrivenLI(Driven, LI):
    """`LI` neurons under a constant current."""


class DrivenLIF(Driven, LIF):
    """`LIF` neurons under a constant current."""


class DrivenAELIF(Driven, AELIF):
    """`AELIF` neurons under a constant current."""


DRIVEN: Final[dict[type[AELIF], type[AELIF]]] = {
    LI: DrivenLI,
    LIF: DrivenLIF,
    AELIF: DrivenAELIF,
}
