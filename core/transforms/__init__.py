"""Data to spikes, traces to numbers, model weights to chip weights."""
