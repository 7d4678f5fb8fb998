"""Compiled loops: NumPy arrays in and out."""
