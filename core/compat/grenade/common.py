"""Stand-in of `grenade.common`: which chip."""

from core.chip.coordinates import (
    ChipOnConnection,
    ConnectionOnExecutor,
    ExecutionInstanceID,
)

__all__ = ["ChipOnConnection", "ConnectionOnExecutor", "ExecutionInstanceID"]
