"""Whatever the network: no circuit twice, and every weight on the right synapse."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.chip.circuit import Circuits
from core.chip.geometry import CIRCUITS
from core.chip.network import (
    ExternalPopulation,
    Network,
    NeuronTarget,
    Population,
    Projection,
)
from core.chip.placement import place
from core.chip.routing import route
from core.chip.synapse_array import synaptic_drive
from core.chip.synapse_matrix import synapse_matrix
from tests.property.chip_events import response

NONE = np.zeros(0)
TARGET = NeuronTarget(*([NONE] * 7), *([NONE.astype(np.int64)] * 3))
SHAPES = [
    ((0, 0),),
    ((0, 0), (0, 1)),
    ((0, 0), (1, 0)),
    ((0, 0), (0, 1), (1, 0)),
    ((0, 0), (0, -1)),
]


@st.composite
def networks(draw):
    """Populations of neurons of one to three circuits, connected as it comes.

    Sizes keep in-degrees and circuits below the limits of the chip, wherever neurons
    are: an outside input has up to 64 channels, all populations together 60 neurons.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    names = ["a", "b", "c"][: draw(st.integers(1, 3))]
    populations = [
        Population(
            name,
            draw(st.integers(1, 20)),
            TARGET,
            fires=draw(st.booleans()),
            shape=draw(st.sampled_from(SHAPES)),
        )
        for name in names
    ]
    outside = {"in": draw(st.integers(1, 64)), "x": draw(st.integers(1, 4))}
    size = {p.name: p.size for p in populations} | outside
    pairs = [(a, b) for a in size for b in names]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, min_size=1))
    projections = tuple(
        Projection(
            f"{source}-{target}",
            source,
            target,
            rng.integers(-63, 64, (size[target], size[source])),
            rng.random((size[target], size[source])) < 0.7
            if rng.random() < 0.3
            else None,
        )
        for source, target in chosen
    )
    externals = tuple(ExternalPopulation(*item) for item in outside.items())
    network = Network(tuple(populations), externals, projections)
    return scattered(network, rng) if draw(st.booleans()) else network


def scattered(network, rng):
    """Give all neurons places anywhere on the chip."""
    free = np.ones((2, 256), bool)
    count = np.zeros(4, int)
    populations = []
    for population in network.populations:
        column, row = np.array(population.shape).T
        first = []
        while len(first) < population.size:
            x, y = rng.integers(256), rng.integers(2)
            bus = x // 32 % 4
            inside = (x + column < 256).all() and ((y + row) % 2 == y + row).all()
            # Of one bus no more than its drivers take, so that every network fits.
            if inside and free[y + row, x + column].all() and count[bus] < 32:
                free[y + row, x + column] = False
                count[bus] += 1
                first.append(256 * y + x)
        populations.append(replace(population, circuits=np.array(first)))
    return replace(network, populations=tuple(populations))


def written(network, placement, routing):
    """Return what `assemble` writes, as far as events and synapses go."""
    synapses = synapse_matrix(network, placement, routing)
    assert synapses.clipped == 0
    circuit_source = np.full(CIRCUITS, -1)
    for index, (name, neuron) in enumerate(routing.sources):
        if name in placement.circuits:
            circuit_source[placement.circuits[name][neuron]] = index
    return SimpleNamespace(
        weights=synapses.weights,
        labels=synapses.labels,
        row_sign=synapses.row_sign,
        driver_mask=routing.wiring.driver_mask,
        crossbar=routing.wiring.crossbar,
        source_labels=routing.wiring.labels,
        circuit_label=routing.wiring.circuit_label,
        circuit_source=circuit_source,
    )


@settings(max_examples=40, deadline=None)
@given(networks())
def test_placement_never_gives_a_circuit_twice(network):
    found = place(network)
    circuits = np.concatenate([found.groups(name).ravel() for name in found.circuits])
    assert len(set(circuits.tolist())) == len(circuits)
    assert circuits.min() >= 0
    assert circuits.max() < CIRCUITS


@settings(max_examples=30, deadline=None)
@given(networks())
def test_the_routed_chip_is_the_dense_matrix(network):
    placement = place(network)
    routing = route(network, placement)
    config = written(network, placement, routing)
    wanted = np.zeros((len(routing.sources), CIRCUITS), int)
    for index, (name, neuron) in enumerate(routing.sources):
        found = answer = response(config, placement, index, name, neuron)
        for projection in network.projections:
            groups = placement.groups(projection.target)
            if projection.source == name:
                there = 1 if projection.connected is None else projection.connected
                wanted[index, groups[:, 0]] += (projection.weights * there)[:, neuron]
        for population in network.populations:
            groups = placement.groups(population.name)
            total = found[groups].sum(1)
            np.testing.assert_array_equal(total, wanted[index, groups[:, 0]])
            found = np.where(np.isin(np.arange(CIRCUITS), groups), 0, found)
        assert not found.any()  # nothing anywhere else
        wanted[index] = answer
    # What the emulator reads off is the same.
    ones = Circuits(*[np.ones(CIRCUITS)] * 5, np.ones((2, CIRCUITS)))
    drive = synaptic_drive(config, ones, np.arange(CIRCUITS), np.ones((2, 256)))
    np.testing.assert_array_equal(drive[0] - drive[1], wanted)


@settings(max_examples=20, deadline=None)
@given(networks())
def test_neurons_that_drive_nothing_reach_no_synapse(network):
    placement = place(network)
    routing = route(network, placement)
    config = written(network, placement, routing)
    for population in network.populations:
        for neuron in range(population.size if population.fires else 0):
            if (population.name, neuron) not in routing.sources:
                found = response(config, placement, -1, population.name, neuron)
                assert not found.any()


def test_a_wrong_address_answers_to_a_wrong_source():
    """The emulator looks at what is written, not at what was meant."""
    weights = np.array([[10, 20]])
    network = Network(
        (Population("a", 1, TARGET),),
        (ExternalPopulation("in", 2),),
        (Projection("p", "in", "a", weights),),
    )
    placement = place(network)
    config = written(network, placement, route(network, placement))
    ones = Circuits(*[np.ones(1)] * 5, np.ones((2, 1)))

    def read():
        return synaptic_drive(config, ones, np.array([0]), np.ones((2, 256)))[0, :, 0]

    assert read().tolist() == [10, 20]
    config.labels[0, 0, 0] = 9  # nobody sends it
    assert read().tolist() == [0, 20]
