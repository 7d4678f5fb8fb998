"""Data to spikes, traces to numbers, model weights to chip weights."""

from core.transforms import decode, encode, weight_transforms

__all__ = ["decode", "encode", "weight_transforms"]
