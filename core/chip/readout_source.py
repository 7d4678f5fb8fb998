"""What a converter reads of a neuron."""

from enum import Enum
from typing import Final


class ReadoutSource(Enum):
    """What an ADC reads of a neuron.

    >>> ReadoutSource.VOLTAGE.name
    'VOLTAGE'
    """

    VOLTAGE = "voltage"
    EXC_SYNIN = "exc_synin"
    INH_SYNIN = "inh_synin"
    ADAPTATION = "adaptation"


#: The number of each source, as `core.kernels.emulation_readout.reading` counts them.
LINE: Final = {source: number for number, source in enumerate(ReadoutSource)}
