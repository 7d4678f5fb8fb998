"""Measured data of one population, step by step beside its input."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from core.errors import ShapeError


@dataclass(frozen=True)
class Measured:
    """What the chip recorded of a population; None is what it did not record.

    :param voltage: membranes, shape (time, batch, neurons), model units
    :param adaptation: adaptation currents, same shape, model units
    :param spikes: same shape, 0 or 1
    :param voltage_madc: samples of the MADC, passed through
    :param adaptation_madc: the same of the adaptation
    """

    voltage: Tensor | None = None
    adaptation: Tensor | None = None
    spikes: Tensor | None = None
    voltage_madc: Any = None
    adaptation_madc: Any = None

    @classmethod
    def of(cls, hw_data: Any) -> "Measured":
        """Return the parts of a handle with ``voltage``, ``adaptation``, ``spikes``.

        :param hw_data: the handle, each part may be None; None is nothing measured

        >>> Measured.of(None).spikes is None
        True
        """
        voltage = getattr(hw_data, "voltage", None)
        adaptation = getattr(hw_data, "adaptation", None)
        return cls(
            voltage=getattr(voltage, "cadc", None),
            adaptation=getattr(adaptation, "cadc", None),
            spikes=getattr(hw_data, "spikes", None),
            voltage_madc=getattr(voltage, "madc", None),
            adaptation_madc=getattr(adaptation, "madc", None),
        )

    def length(self, input: Tensor) -> int:
        """Return for how many steps there is input and all that was measured.

        :param input: shape (time, batch, neurons)
        :raises ShapeError: if batch size or number of neurons differ
        """
        parts = [p for p in self._parts() if p is not None]
        for part in parts:
            if part.shape[1:] != input.shape[1:]:
                raise ShapeError(
                    "measured data",
                    f"has shape {tuple(part.shape)}, the input {tuple(input.shape)}.",
                    "Give both the same batch entries and neurons.",
                )
        return min([len(input), *(len(part) for part in parts)])

    def steps(self, input: Tensor) -> Iterator[tuple[Tensor, Any, Any, Any]]:
        """Yield input, membrane, adaptation and spikes of each step."""
        length = self.length(input)
        return zip(
            input[:length].unbind(0),
            *(
                [None] * length if p is None else p[:length].unbind(0)
                for p in self._parts()
            ),
            strict=True,
        )

    def _parts(self) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        return self.voltage, self.adaptation, self.spikes
