"""The emulated BrainScaleS-2 chip: LSB and clock cycles, NumPy only, stage by stage."""
