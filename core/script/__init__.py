"""The document as a Python program of the public API."""
