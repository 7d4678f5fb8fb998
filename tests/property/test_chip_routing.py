"""Whatever the network: no circuit twice, and every weight on the right synapse."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.chip.config import synapse_matrix
from core.chip.geometry import column_of, hemisphere_of
from core.chip.network import (
    ExternalPopulation,
    Network,
    NeuronTarget,
    Population,
    Projection,
)
from core.chip.placement import place
from core.chip.routing import route

NONE = np.zeros(0)
TARGET = NeuronTarget(*([NONE] * 7), *([NONE.astype(np.int64)] * 3))


@st.composite
def networks(draw):
    """Two populations and an input, connected by any subset of possible projections."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = {
        "in": draw(st.integers(1, 20)),
        "a": draw(st.integers(1, 40)),
        "b": draw(st.integers(1, 300)),
    }
    pairs = [("in", "a"), ("in", "b"), ("a", "a"), ("a", "b")]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, min_size=1))
    projections = tuple(
        Projection(
            f"{source}-{target}",
            source,
            target,
            rng.integers(-63, 64, (sizes[target], sizes[source])),
        )
        for source, target in chosen
    )
    populations = tuple(Population(n, sizes[n], TARGET) for n in ("a", "b"))
    return Network(populations, (ExternalPopulation("in", sizes["in"]),), projections)


@settings(max_examples=40, deadline=None)
@given(networks())
def test_placement_never_gives_a_circuit_twice(network):
    circuits = np.concatenate(list(place(network).circuits.values()))
    assert len(set(circuits.tolist())) == len(circuits)
    assert circuits.min() >= 0
    assert circuits.max() < 512


@settings(max_examples=40, deadline=None)
@given(networks())
def test_the_routed_matrix_is_the_dense_matrix(network):
    placement = place(network)
    routing = route(network, placement)
    weights, clipped = synapse_matrix(network, placement, routing)
    assert clipped == 0
    signed = weights.astype(int) * routing.row_sign[:, :, None]
    found = 0
    for projection in network.projections:
        circuits = placement.circuits[projection.target]
        for neuron in range(projection.weights.shape[1]):
            source = routing.sources.index((projection.source, neuron))
            rows = (routing.row_source == source)[:, :, None]
            reached = (signed * rows).sum(1)  # (hemisphere, column)
            column = reached[hemisphere_of(circuits), column_of(circuits)]
            np.testing.assert_array_equal(column, projection.weights[:, neuron])
            found += np.abs(column).sum()
    assert weights.sum() == found  # and nothing anywhere else
