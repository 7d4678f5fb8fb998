"""Stand-in of `sta`: configurations as bytes, here those of stored calibrations."""

from typing import Any

from core.chip.neuron_block import Chip
from core.errors import ConversionError
from core.utils.calib_helper import chip_from_portable_binary


class DumperDone:
    """A stored configuration; empty until `from_portablebinary` fills it."""

    def __init__(self) -> None:
        self.data = b""


def from_portablebinary(dumper: DumperDone, data: bytes) -> None:
    """Fill ``dumper`` with the content of a calibration file."""
    dumper.data = bytes(data)


def convert_to_chip(dumper: DumperDone, previous: Any = None) -> Chip:
    """Return the chip that ``dumper`` configures.

    :param previous: unused, a stored calibration is complete
    :raises ConversionError: if it is empty
    """
    if not dumper.data:
        raise ConversionError(
            "sta.convert_to_chip",
            "the dumper holds no configuration.",
            "Fill it by sta.from_portablebinary.",
        )
    return chip_from_portable_binary(dumper.data)
