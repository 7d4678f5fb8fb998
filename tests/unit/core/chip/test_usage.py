from dataclasses import replace

import numpy as np
import pytest

from core.chip.network import ExternalPopulation, Network, Projection
from core.chip.placement import place
from core.chip.routing import route
from core.chip.usage import usage


def test_what_is_shown_is_what_routing_uses(network):
    net = network(np.ones((300, 50)))
    found = usage(net)
    assert found.fits
    assert found.circuits == 300
    assert found.rows().tolist() == list(route(net, place(net)).rows_used())
    assert found.drivers.tolist() == [[13, 13, 12, 12]] * 2
    assert found.labels.tolist() == [13, 13, 12, 12]
    assert found.sources == (50, 128)


def test_neurons_that_drive_others_are_counted_by_event_output(population):
    net = Network(
        (population("hidden", 60), population("out", 3)),
        (),
        (Projection("p", "hidden", "out", np.ones((3, 60), np.int64)),),
    )
    found = usage(net)
    assert found.senders.tolist() == [32, 28, 0, 0, 0, 0, 0, 0]
    # The spikes of the readout leave by an output that synapses hear.
    assert found.labels.tolist() == [32 + 3, 28, 0, 0]


@pytest.mark.parametrize(
    ("size", "inputs", "rows", "words"),
    [
        (4, 200, 400, "need 400 synapse rows"),
        (600, 5, 0, "needs 600 neuron circuits"),
    ],
)
def test_what_does_not_fit_is_shown_not_raised(network, size, inputs, rows, words):
    found = usage(network(np.ones((size, inputs))))
    assert not found.fits
    assert found.circuits == size
    assert found.rows()[0] == rows
    assert words in found.problems[0].what


def test_a_bus_that_is_too_full_shows_what_it_would_need(population):
    columns = np.concatenate([np.arange(40), np.arange(128, 168)])
    net = Network(
        (replace(population("a", 80), circuits=columns), population("out", 3)),
        (ExternalPopulation("in", 4),),
        (Projection("p", "a", "out", np.ones((3, 80), np.int64)),),
    )
    found = usage(net)
    assert found.drivers[1].tolist() == [64, 16, 0, 0]
    assert "PADI bus 0" in found.problems[0].what


def test_an_empty_network_uses_nothing():
    found = usage(Network())
    assert found.fits
    assert found.circuits == found.rows().sum() == 0
