"""Stand-in of `pygrenade_vx`: descriptions of networks below `hxtorch`.

Values can be made and looked at. What would build or run a network by hand raises
`NotEmulatedError` with the name of the call: the emulator is driven by modules.
"""

from core.compat.grenade import common, execution, network, signal_flow

__all__ = ["common", "execution", "network", "signal_flow"]
