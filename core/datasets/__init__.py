"""Data sets."""

from core.datasets.plane import PlaneDataset
from core.datasets.spikepatterns import SpikePatternDataset
from core.datasets.yinyang import YinYangDataset

__all__ = ["PlaneDataset", "SpikePatternDataset", "YinYangDataset"]
