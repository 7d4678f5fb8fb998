"""Stand-in of `calix.spiking.neuron`: times have a unit, which is seconds.

NumPy drops the units of quantities in ``np.array([5 * us, 6 * us])``. Bare numbers are
seconds, and no time of a neuron is longer than 60 µs, so what lost its unit is found by
its size and refused.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.chip import calibration_target
from core.compat import quantities
from core.compat.writers import WRITERS, with_written
from core.errors import ParameterError
from core.units import ms

if TYPE_CHECKING:
    from core.compat.quantities import Quantity
else:
    Quantity = quantities.package().Quantity  # the one that scripts import

#: Bare numbers above it, in seconds, have lost their unit.
_LONGEST = 1 * ms


class Times(Quantity):
    """Times in seconds; what has another unit is converted, bare numbers are seconds.

    What is assigned is one of these, or a list of them.

    :raises ParameterError: if a bare number that is assigned is longer than 1 ms

    >>> times = Times([1e-6, 2e-6], "s")
    >>> times[:1] = 5e-6
    >>> times[1:] = [2 * quantities.us]
    >>> times.rescale("us").magnitude.tolist()
    [5.0, 2.0]
    """

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, _in_seconds(value))

    def fill(self, value: Any) -> None:
        self[...] = value

    def put(self, indices: Any, values: Any, mode: Any = "raise") -> None:
        super().put(indices, _in_seconds(values), mode)

    def __array_function__(
        self, function: Any, types: Any, arguments: Any, options: Any
    ) -> Any:
        if function in WRITERS and arguments and arguments[0] is self:
            arguments, options = with_written(function, arguments, options, _in_seconds)
        return super().__array_function__(function, types, arguments, options)


class NeuronCalibTarget(calibration_target.NeuronCalibTarget):
    """Targets of the neuron circuits; times have a unit.

    >>> target = NeuronCalibTarget.DenseDefault
    >>> target.tau_syn[:, :256] = 5 * quantities.us
    >>> target.tau_syn.rescale("us")[0, 255:257]
    array([ 5., 10.]) * us
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("tau") or name.endswith("time"):
            value = Times(_seconds(value), "s")
        super().__setattr__(name, value)


def _in_seconds(value: Any) -> Quantity:
    return Quantity(_seconds(value), "s")


def _seconds(value: Any) -> NDArray[np.float64]:
    """Return times, or lists of times, as new numbers in seconds."""
    if hasattr(value, "rescale"):
        return np.array(value.rescale("s").magnitude, float)
    if isinstance(value, np.ndarray) and value.dtype == object:
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return np.array([_seconds(part) for part in value], float)
    bare = np.array(value, float)
    lost = bare[np.isfinite(bare) & (bare > _LONGEST)]
    if lost.size:
        raise ParameterError(
            "calibration target",
            f"a time is {lost[0]:g} s: a bare number is seconds.",
            f"Give it a unit, {lost[0]:g} * pq.us or [{lost[0]:g}, …] * pq.us; an array"
            " that NumPy makes of a list of quantities has none.",
        )
    return bare
