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


#: The number of each source that can be read, for `core.kernels.emulation_readout`.
#: What is missing here is refused when an experiment asks for it.
READABLE: Final = {
    ReadoutSource.VOLTAGE: 0,
    ReadoutSource.EXC_SYNIN: 1,
    ReadoutSource.INH_SYNIN: 2,
}
