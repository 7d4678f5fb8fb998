"""Bypassed neurons: spikes pass through, at the time that is documented."""

from dataclasses import replace

import numpy as np
import pytest

from core.chip.bypass import LATENCY
from core.chip.config import neuron_settings
from core.chip.events import INPUT_LATENCY
from core.chip.network import ExternalPopulation, Network, Projection
from core.chip.pipeline import execute
from core.kernels.emulation_rows import LOOP_STEPS, STEP_CYCLES
from core.spec.chip import IDEAL

#: From an input to a spike, and from a spike to the next, µs.
THROUGH = (INPUT_LATENCY + LATENCY) / 125
LOOP = (LOOP_STEPS * STEP_CYCLES + LATENCY) / 125


def bypass(network, placement, calibration):
    return replace(neuron_settings(network, placement, calibration), bypass=True)


def run(net, inputs, batch=1, us=100):
    return execute(net, inputs, batch, us * 125, IDEAL, configure=bypass)


@pytest.fixture
def chain(population):
    """``chain(*sizes, back=...)``: populations in a row, fed by one input."""

    def make(*sizes, back=None, mask=None):
        names = [f"p{k}" for k in range(len(sizes))]
        populations = tuple(
            population(n, s, mask=mask if k == 0 else None)
            for k, (n, s) in enumerate(zip(names, sizes, strict=True))
        )
        ends = list(zip(["in", *names], names, (1, *sizes), sizes, strict=False))
        if back:
            ends.append((names[-1], names[0], sizes[-1], sizes[0]))
        projections = tuple(
            Projection(f"{a}>{b}", a, b, np.full((n, m), 63)) for a, b, m, n in ends
        )
        return Network(populations, (ExternalPopulation("in", 1),), projections)

    return make


def times(run, name, neuron=0):
    found = run.observables[name].events
    return (found.cycle[found.neuron == neuron] / 125).tolist()


def test_spikes_pass_along_a_chain_with_one_latency_per_neuron(chain, events):
    done = run(chain(1, 2, 1), {"in": events([(10, 0, 0), (40, 0, 0)])})
    first = [10 + THROUGH, 40 + THROUGH]
    assert THROUGH < 2  # published
    assert times(done, "p0") == pytest.approx(first)
    for neuron in range(2):
        assert times(done, "p1", neuron) == pytest.approx([t + LOOP for t in first])
    # Both neurons of the middle spike in the same cycle: one spike.
    assert times(done, "p2") == pytest.approx([t + 2 * LOOP for t in first])


def test_a_loop_keeps_a_spike_alive_to_the_end_and_no_longer(chain, events):
    done = run(chain(1, 3, back=True), {"in": events([(10, 0, 0)])})
    expected = np.arange(10 + THROUGH, 100, 2 * LOOP)
    assert times(done, "p0") == pytest.approx(expected.tolist())
    assert done.output.events.cycle.max() < 100 * 125


def test_a_masked_neuron_passes_nothing_on(chain, events):
    done = run(chain(1, 1, mask=np.array([False])), {"in": events([(10, 0, 0)])})
    assert len(done.output.events.cycle) == 0


def test_many_events_give_as_many_spikes_of_each_target(network, poisson):
    inputs = poisson(20, 100, 0.2, batch=3)
    weights = np.random.default_rng(2).integers(-63, 64, (30, 20))
    done = run(network(weights), {"in": inputs}, batch=3)
    sent = done.output.sent
    end = 100 * 125 - INPUT_LATENCY - LATENCY
    source = np.array([n for _, n in done.routing.sources])
    for entry in range(3):
        mine = (sent.batch == entry) & (sent.cycle < end)
        count = np.bincount(source[sent.neuron[mine]], minlength=20)
        found = done.observables["lif"].events
        spikes = np.bincount(found.neuron[found.batch == entry], minlength=30)
        np.testing.assert_array_equal(spikes, (weights > 0) @ count)


def test_events_of_joined_circuits_that_do_nothing_are_told(population, events):
    wide = replace(population("wide", 1), shape=((0, 0), (1, 0)))
    net = Network(
        (wide,),
        (ExternalPopulation("in", 200),),
        (Projection("syn", "in", "wide", np.full((1, 200), 63)),),
    )
    inputs = {"in": events([(5 + 0.4 * k, 0, k) for k in range(200)])}
    done = run(net, inputs)
    idle = [note for note in done.notes if "joined" in note]
    silent = int(idle[0].split()[0]) if idle else 0
    assert 0 < silent < 200
    assert len(done.output.events.cycle) == 200 - silent
