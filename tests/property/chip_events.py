"""Reads connections off a chip configuration, one event at a time.

Written for tests from the description of the hardware alone: slower than
`core.chip.synapse_array`, and nothing is shared with it.
"""

import numpy as np


def answering(config, label, crossbar_input):
    """Return signed weights that answer to one event, shape (2, 256) = circuits."""
    reached = np.zeros((2, 256), int)
    for hemisphere in range(2):
        for bus in range(4):
            if crossbar_input < 8 and crossbar_input % 4 != bus:
                continue  # no such node
            node = crossbar_input, 4 * hemisphere + bus
            if label & config.crossbar.mask[node] != config.crossbar.target[node]:
                continue
            number = np.arange(32)
            mask = config.driver_mask[hemisphere, 4 * number + bus]
            hears = number[(label >> 6 & 31) & mask == number & mask]
            for row in (*(2 * (4 * hears + bus)), *(2 * (4 * hears + bus) + 1)):
                hit = config.labels[hemisphere, row] == label & 63
                weight = config.weights[hemisphere, row].astype(int)
                reached[hemisphere] += config.row_sign[hemisphere, row] * weight * hit
    return reached.ravel()


def response(config, placement, source, name, neuron):
    """Return what a spike of a source does to all circuits, shape (512,)."""
    if name in placement.circuits:
        circuit = placement.circuits[name][neuron]
        return answering(
            config, int(config.circuit_label[circuit]), circuit % 256 // 32
        )
    sent = [int(label) for label in config.source_labels[source] if label >= 0]
    found = [answering(config, label, 8 + (label >> 14)) for label in sent]
    return np.sum([np.zeros(512, int), *found], axis=0)
