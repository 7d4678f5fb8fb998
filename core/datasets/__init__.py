"""Data sets."""

from core.datasets.yinyang import YinYangDataset

__all__ = ["YinYangDataset"]
