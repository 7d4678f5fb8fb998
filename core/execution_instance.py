"""One use of one emulated chip."""

from itertools import count
from pathlib import Path
from typing import ClassVar

from core.chip.pipeline import StageMemory
from core.spec.chip import TYPICAL, ChipSpec


class ExecutionInstance:
    """One chip: its limits and noise, and what its earlier runs left behind.

    :param calib_path: file of a calibration to use instead of calibrating
    :param calib_cache_dir: folder for calibrations
    :param input_loopback: record the input spikes and use them for the gradients
    :param chip_spec: the emulated chip
    :param memory: keeps the stages of the chip from run to run

    >>> first, second = ExecutionInstance(), ExecutionInstance()
    >>> second.ID - first.ID
    1
    """

    _ids: ClassVar = count()

    def __init__(
        self,
        calib_path: str | Path | None = None,
        calib_cache_dir: str | Path | None = None,
        input_loopback: bool = False,
        *,
        chip_spec: ChipSpec = TYPICAL,
        memory: StageMemory | None = None,
    ) -> None:
        self._id = next(self._ids)
        self.calib_path = calib_path
        self.calib_cache_dir = calib_cache_dir
        self.input_loopback = input_loopback
        self.chip_spec = chip_spec
        self.memory = StageMemory() if memory is None else memory

    @property
    def ID(self) -> int:  # noqa: N802, the name of the interface
        """Unique number, counting up."""
        return self._id

    def __str__(self) -> str:
        return f"ExecutionInstance(ID={self.ID})"
