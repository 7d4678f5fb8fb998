"""Stand-in of `hxtorch.ann`: empty, this package is about spiking networks."""
