"""Stand-in of `dlens_vx_v3`: coordinates and configuration of the chip."""

from core.compat.dlens import hal, halco, hxcomm, lola, sta

__all__ = ["hal", "halco", "hxcomm", "lola", "sta"]
