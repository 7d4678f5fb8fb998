"""Stand-in of `halco.common`."""

from core.chip.ranged import Enum, iter_all

__all__ = ["Enum", "iter_all"]
