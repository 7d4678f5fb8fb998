"""Stand-in of `hxtorch.perceptron`: empty, it is about networks without spikes."""
