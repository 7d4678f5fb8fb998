"""Stand-in of `calix.spiking`."""

from core.chip.calibration_target import SpikingCalibTarget
from core.compat.calix.spiking import neuron

__all__ = ["SpikingCalibTarget", "neuron"]
