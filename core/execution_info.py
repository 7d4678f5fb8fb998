"""What a run on the chip took and how it went."""

from dataclasses import dataclass, field
from datetime import timedelta

from core.chip.coordinates import ChipOnConnection, ConnectionOnExecutor
from core.chip.results import OutputData
from core.units import format_quantity


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
class ChipHealth:
    """Counters of one chip in one run, over all batch entries.

    :param sent: events that entered the chip
    :param received: spikes that the FPGA recorded
    :param lost_in: events that found no place on the link into the chip
    :param lost_out: spikes that found no place on the link out of it
    :param cadc_samples: samples that the two CADCs took together
    :param madc_samples: samples of the MADC
    :param peak_in: largest number of events into the chip in a microsecond
    :param peak_out: largest number of spikes recorded in a microsecond
    """

    sent: int = 0
    received: int = 0
    lost_in: int = 0
    lost_out: int = 0
    cadc_samples: int = 0
    madc_samples: int = 0
    peak_in: int = 0
    peak_out: int = 0

    @classmethod
    def of(cls, output: OutputData) -> "ChipHealth":
        """Return what is counted of ``output``."""
        madc = output.madc_counts
        return cls(
            sent=len(output.sent.cycle),
            received=len(output.events.cycle),
            lost_in=output.lost_in,
            lost_out=output.lost_out,
            cadc_samples=int(output.cadc_counts.sum()),
            madc_samples=0 if madc is None else int(madc.sum()),
            peak_in=output.sent.peak_per_us(),
            peak_out=output.events.peak_per_us(),
        )

    def __str__(self) -> str:
        return (
            f"{self.sent} events sent, {self.received} received, {self.lost_in} lost on"
            f" the way in, {self.lost_out} on the way out; at most {self.peak_in} per"
            f" µs in and {self.peak_out} out; {self.cadc_samples} CADC samples,"
            f" {self.madc_samples} of the MADC"
        )


@dataclass(frozen=True)
class ExecutionHealthInfo:
    """How the chips fared, and what went wrong in a run without stopping it.

    :param chips: counters by execution instance
    :param notes: what was rounded, clipped or missed, one sentence each
    """

    chips: dict[int, ChipHealth] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def lost_events(self) -> dict[int, int]:
        """Events lost on the link, both ways, by execution instance."""
        return {i: chip.lost_in + chip.lost_out for i, chip in self.chips.items()}


@dataclass(frozen=True)
class ExecutionInfo:
    """What `core.run` returns of a run on the chip.

    >>> from core.chip.coordinates import ChipOnConnection, ConnectionOnExecutor
    >>> info = ExecutionInfo.of(seconds=2.5)
    >>> chips = info.time.execution_duration_per_hardware[ConnectionOnExecutor()]
    >>> chips[ChipOnConnection()].total_seconds()
    2.5
    >>> print(info)
    2.5 s on 1 chip
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

    def __str__(self) -> str:
        durations = self.time.execution_duration_per_hardware.values()
        total = sum(d.total_seconds() for chips in durations for d in chips.values())
        lines = [f"chip {i}: {chip}" for i, chip in self.health.chips.items()]
        count = max(1, len(lines))
        first = f"{format_quantity(total, 's')} on {count} chip{'s'[: count - 1]}"
        return "\n".join([first, *lines, *self.health.notes])
