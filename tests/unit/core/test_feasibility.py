"""What a document takes of a chip must be what a run then takes."""

import numpy as np
import pytest

from core.chip_layout import layout
from core.feasibility import feasibility, structure
from core.rounding import rounding
from core.simulate import StageMemory, clipped_weights, simulate
from core.spec.chip import IDEAL
from core.spec.examples import first_steps, leak_over_threshold, psp, yin_yang
from core.spec.experiment import ExperimentSpec
from core.spec.network import (
    InputSpec,
    LIFSpec,
    LISpec,
    NetworkSpec,
    ProjectionSpec,
    Value,
)
from core.spec.stimulus import PoissonSpikes, RegularSpikes
from core.units import us


def dense(name, source, target, value=1.0):
    weights = np.full((target.size, source.size), value)
    return ProjectionSpec(name, source.name, target.name, weights)


def one(name, weights, **more):
    """A projection and a document around it."""
    size = weights.shape
    projection = ProjectionSpec(name, "a", "b", weights, **more)
    ends = InputSpec("a", size[1]), LIFSpec("b", size[0])
    return projection, ExperimentSpec(network=NetworkSpec(ends, (projection,)))


def two_layers(inputs, hidden, out):
    """A feed-forward document that names its read-out first."""
    a, b, c = InputSpec("in", inputs), LIFSpec("hidden", hidden), LISpec("out", out)
    return ExperimentSpec(
        network=NetworkSpec(
            (c, a, b), (dense("second", b, c, -0.5), dense("first", a, b))
        )
    )


def recurrent():
    """Two populations that drive each other, and one that drives itself."""
    spec = two_layers(6, 20, 2)
    a, b = LIFSpec("hidden", 20), LIFSpec("back", 9)
    loops = (dense("ab", a, b), dense("ba", b, a, -0.2), dense("aa", a, a, 0.1))
    network = spec.network
    return spec.replace(
        network=network.replace(
            populations=(b, *network.populations),
            projections=(*loops, *network.projections),
        )
    )


EXAMPLES = {
    "first steps": first_steps(),
    "one neuron": leak_over_threshold(),
    "psp": psp(),
    "yin-yang": yin_yang(),
    "read-out first": two_layers(7, 40, 3),
    "a loop": recurrent(),
    "both hemispheres": two_layers(20, 300, 2).replace(
        network=NetworkSpec(
            (InputSpec("in", 20), LIFSpec("hidden", 300)),
            (dense("p", InputSpec("in", 20), LIFSpec("hidden", 300)),),
        )
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_document_lies_on_the_chip_as_a_run_puts_it_there(name):
    spec = EXAMPLES[name].replace(chip=IDEAL)
    spec = spec.replace(run=spec.run.replace(mode="chip", runtime=20 * us))
    found, laid_out = feasibility(spec), layout(spec)
    run = simulate(spec, StageMemory()).execution
    assert found.fits
    assert list(found.placement.circuits) == list(run.placement.circuits)
    for population, circuits in run.placement.circuits.items():
        np.testing.assert_array_equal(found.placement.circuits[population], circuits)
    np.testing.assert_array_equal(found.usage.rows(), run.routing.rows_used())
    assert found.usage.circuits == run.config.used.sum()
    np.testing.assert_array_equal(np.abs(laid_out.weights), run.config.weights)
    np.testing.assert_array_equal(laid_out.labels, run.config.labels)


def test_too_many_sources_name_the_projection_and_the_remedy():
    found = feasibility(two_layers(200, 12, 2))
    assert not found.fits
    (problem,) = found.misfits
    assert problem.subject == "first"
    assert "need 400 synapse rows" in problem.what
    assert "at most 128 sources" in problem.fix
    sources = next(r for r in found.resources() if r.name == "sources")
    assert (sources.used, sources.available, sources.fits) == (200, 128, False)


def test_too_many_neurons_name_the_population_and_leave_the_rows_unknown():
    found = feasibility(two_layers(5, 600, 2))
    (problem,) = found.misfits
    assert problem.subject == "hidden"
    assert "Make the populations smaller by" in problem.fix
    assert [r.name for r in found.resources()][:2] == ["circuits", "events in/µs"]
    assert found.placement is None
    assert layout(two_layers(5, 600, 2)).problems == found.usage.problems


def test_a_half_drawn_network_is_judged_without_what_is_missing():
    good = two_layers(5, 6, 2)
    loose = ProjectionSpec("loose", "nobody", "hidden", np.ones((6, 2)))
    into_input = ProjectionSpec("back", "hidden", "in", np.ones((5, 6)))
    torn = ProjectionSpec("torn", "in", "out", np.ones((9, 9)))
    more = (*good.network.projections, loose, into_input, torn)
    spec = good.replace(network=good.network.replace(projections=more))
    assert [p.name for p in structure(spec.network).projections] == [
        "first",
        "second",
        "torn",
    ]
    assert feasibility(spec).fits
    assert layout(spec).weights is not None
    assert feasibility(ExperimentSpec()).usage.circuits == 0


def test_an_edit_of_a_value_is_answered_from_memory(monkeypatch):
    spec = first_steps()
    before = feasibility(spec)
    monkeypatch.setattr("core.feasibility.place", None)  # would fail if it was asked
    hidden = spec.network.population("hidden").replace(threshold=Value(1.5))
    moved = spec.replace(network=spec.network.with_population(hidden))
    assert feasibility(moved).usage is before.usage


def test_a_target_that_a_calibration_may_miss_is_a_note_on_its_population():
    spec = leak_over_threshold()
    slow = spec.network.population("neuron").replace(leak=Value(2.9))
    spec = spec.replace(network=spec.network.with_population(slow))
    (problem,) = feasibility(spec).problems
    assert (problem.severity, problem.subject) == ("note", "neuron")
    assert "circuits may miss it" in problem.what
    raw = spec.replace(run=spec.run.replace(calibration="uncalibrated"))
    assert feasibility(raw).problems == ()


@pytest.mark.parametrize(
    ("stimulus", "size", "events"),
    [
        (RegularSpikes("in", period=20 * us), 7, 7),
        (None, 7, 0),
        (PoissonSpikes("in", rate=0), 7, 0),
    ],
)
def test_input_events_are_counted_in_their_busiest_microsecond(stimulus, size, events):
    spec = two_layers(size, 4, 2)
    spec = spec.replace(stimuli=() if stimulus is None else (stimulus,))
    assert feasibility(spec).events_in == events


def test_samples_of_a_data_set_show_their_events_only_in_a_run():
    assert feasibility(yin_yang()).events_in is None


def test_rounding_counts_what_the_notes_of_a_run_count():
    for projection in yin_yang().network.projections:
        spec = yin_yang()
        found = rounding(projection, spec)
        alone = spec.network.replace(projections=(projection,))
        notes = clipped_weights(spec.replace(network=alone))
        assert (found.clipped > 0) == bool(notes)
        if notes:
            assert f"{found.clipped} of {found.weights} weights" in notes[0].what
            assert found.worth_a_fix


def test_rounding_is_half_a_lsb_at_most_where_nothing_is_clipped():
    rng = np.random.default_rng(3)
    weights = rng.uniform(-1, 1, (40, 30))
    found = rounding(*one("p", weights, weight_scale=60))
    assert found.clipped == 0
    # Uniform rounding errors have a standard deviation of 1/√12 LSB = 0.289; with 1200
    # weights its estimate is good to 2 %.
    assert found.error == pytest.approx(12**-0.5, rel=0.06)
    assert 60 < found.fit < 66


def test_the_remedy_of_rounding_holds_every_weight():
    projection, spec = one("p", np.array([[3.0, -0.2]]), weight_scale=50)
    found = rounding(projection, spec)
    assert found.clipped == 1
    mended = rounding(projection.replace(weight_scale=found.fit), spec)
    assert (mended.clipped, mended.worth_a_fix) == (0, False)
    assert rounding(projection.replace(weights=np.zeros((1, 2))), spec).fit is None


def test_a_synapse_knows_its_projection_and_the_projection_its_synapses():
    found = layout(first_steps())
    mask = found.of_projection("input_hidden")
    assert mask.sum() == 8 * 6 * 2  # a row of each sign for every source
    hemisphere, row, column = np.argwhere(mask)[0]
    assert found.projections_at(hemisphere, row, column) == ["input_hidden"]
    assert found.projections_at(hemisphere, 255, 255) == []
    assert found.of_projection("nobody") is None
