"""What an ADC reads of a neuron.

>>> ReadoutSource.VOLTAGE
<ReadoutSource.VOLTAGE: 'voltage'>
"""

from core.observables import ReadoutSource

__all__ = ["ReadoutSource"]
