"""A from-scratch ``hxtorch.spiking``: ideal model and emulated chip."""
