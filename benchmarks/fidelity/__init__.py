"""How close the emulated chip is to silicon: measured figures beside published ones."""
