"""The door to a chip on the measuring bench: all that a calibration may use.

Whatever finds codes (`search`, `characterisation`, `correction`) imports this and the
data sheet `core.chip.nominal`, never the circuits themselves; an import contract holds
it to that.
"""

from typing import Protocol

from core.chip.network import Floats, Integers


class Port(Protocol):
    """All that a calibration can do with a chip; arrays end with the circuits."""

    def write(self, **codes: Integers | Floats) -> None:
        """Write CapMem codes and the ``capacitance``; what is not named stays.

        No analog cell ever holds its code exactly, and each write comes out
        differently.
        """

    def read_leak(self) -> Floats:
        """Return the potential at rest, LSB."""

    def read_reset(self) -> Floats:
        """Return the potential during a long refractory time, LSB."""

    def read_threshold(self) -> Floats:
        """Return the highest potential under an offset current, LSB."""

    def read_decay(self, window: Floats) -> tuple[Floats, Floats]:
        """Return times (µs) and membrane after a step, shape (points, circuits)."""

    def read_synaptic_decay(self, line: int, window: Floats) -> tuple[Floats, Floats]:
        """Return times (µs) and synaptic line after an event, as `read_decay`."""

    def read_psp(self, line: int, weight: Floats) -> Floats:
        """Return the height of the response to one event of ``weight``, LSB."""
