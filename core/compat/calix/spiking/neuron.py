"""Stand-in of `calix.spiking.neuron`."""

from typing import Any

from core.chip import calibration_target


class NeuronCalibTarget(calibration_target.NeuronCalibTarget):
    """Targets of the neuron circuits; times with a unit become seconds.

    >>> NeuronCalibTarget.DenseDefault.tau_syn.shape
    (2, 512)
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("tau") or name.endswith("time"):
            value = value.rescale("s").magnitude if hasattr(value, "rescale") else value
        super().__setattr__(name, value)
