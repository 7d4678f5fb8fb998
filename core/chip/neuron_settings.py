"""What is written to the neuron circuits, as arrays over all 512."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from core.chip.geometry import CIRCUITS
from core.chip.network import Floats, Integers

_PER_CIRCUIT = ("leak", "reset", "threshold", "tau_mem", "tau_mem_range", "synapse_dac")
#: Settings of the excitatory and of the inhibitory input.
_PER_INPUT = ("tau_syn", "tau_syn_range", "strength")


@dataclass(eq=False)
class NeuronSettings:
    """What is written to the 512 neuron circuits; arrays are changed in place.

    :param codes: as in `core.chip.results.CalibResult`, −1 where unused
    :param capacitance: shape (512,), LSB 0…63
    :param constant_current: shape (512,), code; positive lifts the membrane, negative
        draws it down, 0 is off
    :param fires: shape (512,), threshold comparator on
    :param event_output: shape (512,), events leave the circuit
    :param stored: other settings by name: adaptation, exponential term, which circuits
        are joined, what is read out
    :param bypass: every input event of a circuit makes it spike once

    >>> settings = NeuronSettings.unused()
    >>> changed = settings.copy()
    >>> changed.constant_current[5] = -300
    >>> int(settings.constant_current[5])
    0
    """

    codes: dict[str, Integers]
    capacitance: Floats
    constant_current: Integers
    fires: NDArray[np.bool_]
    event_output: NDArray[np.bool_]
    stored: dict[str, Integers] = field(default_factory=dict)
    bypass: bool = False

    @classmethod
    def unused(cls) -> Self:
        """Return the settings of a chip without neurons."""
        codes = {name: np.full(CIRCUITS, -1) for name in _PER_CIRCUIT}
        codes |= {name: np.full((2, CIRCUITS), -1) for name in _PER_INPUT}
        return cls(
            codes=codes,
            capacitance=np.zeros(CIRCUITS),
            constant_current=np.zeros(CIRCUITS, np.int64),
            fires=np.zeros(CIRCUITS, bool),
            event_output=np.zeros(CIRCUITS, bool),
        )

    def copy(self) -> "NeuronSettings":
        """Return settings with arrays of their own."""
        return deepcopy(self)

    def read_stored(self, name: str, circuit: int) -> int:
        """Return a stored setting of one circuit, 0 if it was never written."""
        return int(self.stored[name][circuit]) if name in self.stored else 0

    def write_stored(self, name: str, circuit: Any, number: Any) -> None:
        """Store a setting of one circuit, or of several."""
        self.stored.setdefault(name, np.zeros(CIRCUITS, np.int64))[circuit] = number
