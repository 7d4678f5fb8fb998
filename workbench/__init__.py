"""The lab bench: a page and its views over the engine in `core`."""
