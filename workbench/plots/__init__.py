"""Data in, figures out: no widgets, no server."""
