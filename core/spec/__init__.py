"""The document as plain immutable values: dataclasses and NumPy, no torch, no GUI."""
