"""Stand-in of `calix.spiking.neuron`: times have a unit, which is seconds."""

from typing import TYPE_CHECKING, Any

import numpy as np

from core.chip import calibration_target
from core.compat import quantities

if TYPE_CHECKING:
    from core.compat.quantities import Quantity
else:
    Quantity = quantities.package().Quantity  # the one that scripts import


class Times(Quantity):
    """Times in seconds; what has another unit is converted, bare numbers are seconds.

    >>> times = Times([1e-6, 2e-6], "s")
    >>> times[:1] = 5e-6
    >>> times.rescale("us").magnitude.tolist()
    [5.0, 2.0]
    """

    def __setitem__(self, key: Any, value: Any) -> None:
        given = value if hasattr(value, "rescale") else Quantity(value, self.units)
        super().__setitem__(key, given)


class NeuronCalibTarget(calibration_target.NeuronCalibTarget):
    """Targets of the neuron circuits; times have a unit.

    >>> target = NeuronCalibTarget.DenseDefault
    >>> target.tau_syn[:, :256] = 5 * quantities.us
    >>> target.tau_syn.rescale("us")[0, 255:257]
    array([ 5., 10.]) * us
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("tau") or name.endswith("time"):
            seconds = (
                value.rescale("s").magnitude if hasattr(value, "rescale") else value
            )
            value = Times(np.array(seconds, float), "s")
        super().__setattr__(name, value)
