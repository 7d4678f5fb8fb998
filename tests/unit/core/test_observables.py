import numpy as np

from core.chip.network import ExternalPopulation, Network
from core.chip.results import Events, Execution, Observables
from core.observables import HardwareObservables, HardwareObservablesExtractor


def events() -> Events:
    return Events(*np.zeros((3, 0), np.int64))


def test_what_was_not_recorded_is_none() -> None:
    nothing = Observables(
        events(),
        np.zeros((0, 1, 2), np.uint8),
        np.zeros((0, 1, 2), np.int64),
        np.zeros(2, np.int64),
    )
    network = Network(
        externals=(ExternalPopulation("in", 3), ExternalPopulation("x", 2))
    )
    run = Execution(network, sent={"in": events()}, observables={"x": nothing})
    extractor = HardwareObservablesExtractor()
    extractor.set_data(network, run)
    assert extractor.get("in").spikes.to_dense(1e-6, 1e-6).shape == (2, 1, 3)
    found = extractor.get("x")
    assert found.spikes is not None
    assert found.cadc is None
    assert found.madc is None
    found.set_data()
    assert found == HardwareObservables()
