"""Small networks for the chip, in chip units."""

from collections.abc import Callable

import numpy as np
import pytest

from core.chip.network import (
    ExternalPopulation,
    Network,
    NeuronTarget,
    Population,
    Projection,
)
from core.chip.results import Events
from core.units import us


def _target(size: int, **changes: float) -> NeuronTarget:
    values = {
        "leak": 80.0,
        "reset": 80.0,
        "threshold": 125.0,
        "tau_mem": 10 * us,
        "refractory_time": 1 * us,
        "membrane_capacitance": 63.0,
    }
    tau_syn = changes.pop("tau_syn", 10 * us)
    codes = {
        f"{name}_code": np.full(size, changes.pop(f"{name}_code", -1), np.int64)
        for name in ("leak", "reset", "threshold")
    }
    values |= changes
    arrays = {name: np.full(size, float(value)) for name, value in values.items()}
    return NeuronTarget(tau_syn=np.full((2, size), tau_syn), **arrays, **codes)


@pytest.fixture
def population() -> Callable[..., Population]:
    """``population(name, size, fires=True, leak=80.0, ...)``."""

    def make(name: str, size: int, *, fires: bool = True, mask=None, **target: float):
        return Population(name, size, _target(size, **target), fires, mask)

    return make


@pytest.fixture
def network(population) -> Callable[..., Network]:
    """``network(weights, ...)``: one layer driven by an external population ``in``."""

    def make(weights, *, madc=None, record_cadc=True, calibrated=True, **options):
        weights = np.atleast_2d(np.asarray(weights, np.int64))
        size, inputs = weights.shape
        return Network(
            populations=(population("lif", size, **options),),
            externals=(ExternalPopulation("in", inputs),),
            projections=(Projection("syn", "in", "lif", weights),),
            madc=madc,
            record_cadc=record_cadc,
            calibrated=calibrated,
        )

    return make


@pytest.fixture
def events() -> Callable[..., Events]:
    """``events([(µs, batch, neuron), ...])``."""

    def make(spikes) -> Events:
        table = sorted((b, round(t * 125), n) for t, b, n in spikes)
        batch, cycle, neuron = np.array(table, np.int64).reshape(-1, 3).T
        return Events(cycle, batch, neuron)

    return make


@pytest.fixture
def poisson() -> Callable[..., Events]:
    """``poisson(neurons, us, rate_per_us, batch)``: random input, always the same."""

    def make(neurons: int, duration: float, rate: float, batch: int = 1) -> Events:
        rng = np.random.default_rng(1)
        count = int(neurons * duration * rate * batch)
        cycle = rng.integers(0, int(duration * 125), count)
        entry = rng.integers(0, batch, count)
        order = np.lexsort((cycle, entry))
        return Events(cycle[order], entry[order], rng.integers(0, neurons, count))

    return make
