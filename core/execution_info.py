"""What a run on the chip took and how it went."""

from dataclasses import dataclass, field
from datetime import timedelta

from core.chip.coordinates import ChipOnConnection, ConnectionOnExecutor


@dataclass(frozen=True)
class ExecutionTimeInfo:
    """Durations of a run.

    :param execution_duration_per_hardware: hardware time by connection and chip, with
        the waits between batch entries
    """

    execution_duration_per_hardware: dict[
        ConnectionOnExecutor, dict[ChipOnConnection, timedelta]
    ] = field(default_factory=dict)


@dataclass(frozen=True)
class ExecutionHealthInfo:
    """What went wrong in a run without stopping it.

    :param lost_events: events that found no place on the link, by execution instance
    :param notes: what was rounded, clipped or missed, one sentence each
    """

    lost_events: dict[int, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExecutionInfo:
    """What `core.run` returns of a run on the chip.

    >>> from core.chip.coordinates import ChipOnConnection, ConnectionOnExecutor
    >>> info = ExecutionInfo.of(seconds=2.5)
    >>> chips = info.time.execution_duration_per_hardware[ConnectionOnExecutor()]
    >>> chips[ChipOnConnection()].total_seconds()
    2.5
    """

    time: ExecutionTimeInfo = field(default_factory=ExecutionTimeInfo)
    health: ExecutionHealthInfo = field(default_factory=ExecutionHealthInfo)

    @classmethod
    def of(
        cls, seconds: float, health: ExecutionHealthInfo | None = None
    ) -> "ExecutionInfo":
        """Return the information on a run of ``seconds`` of hardware time."""
        chips = {ChipOnConnection(): timedelta(seconds=seconds)}
        time = ExecutionTimeInfo({ConnectionOnExecutor(): chips})
        return cls(time, health or ExecutionHealthInfo())
