"""Stand-in of `calix`: what a chip is calibrated for."""

from core.compat.calix import spiking

__all__ = ["spiking"]
