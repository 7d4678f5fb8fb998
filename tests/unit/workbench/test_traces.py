from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.simulate import simulate
from core.spec.examples import first_steps
from workbench.plots.tables import membrane_table
from workbench.plots.traces import (
    MOST_NEURONS,
    Membrane,
    format_indices,
    membrane_of,
    parse_indices,
    shade,
)
from workbench.theme import POPULATION_COLORS


@pytest.fixture(scope="module")
def both():
    spec = first_steps()
    return spec, simulate(spec.replace(run=spec.run.replace(mode="both")), truth=True)


def shown(both, **more):
    spec, result = both
    hidden = spec.network.population("hidden")
    found = result.populations["hidden"]
    return membrane_of(hidden, found, found, (0, 3), **more)


def test_all_kinds_of_traces_are_there_for_all_neurons(both):
    membrane = shown(both)
    kinds = {(t.kind, t.neuron) for t in membrane.traces}
    assert kinds == {
        ("ghost", 0),
        ("madc", 0),
        *((kind, n) for kind in ("true", "model", "cadc") for n in (0, 3)),
    }


@pytest.mark.parametrize("kind", ["ghost", "true", "madc", "model", "cadc"])
def test_a_hidden_kind_is_not_drawn(both, kind):
    assert shown(both, hidden=(kind,)).of(kind) == []
    assert len(shown(both, hidden=(kind,)).traces) < len(shown(both).traces)


def test_lsb_are_model_units_on_the_scale_of_the_population(both):
    model, lsb = shown(both), shown(both, lsb=True)
    for a, b in zip(model.traces, lsb.traces, strict=True):
        np.testing.assert_allclose(b.values, 80 + 45 * a.values, rtol=1e-5)
    assert model.levels == {"leak": 0, "reset": 0, "threshold": 1}
    assert lsb.levels == {"leak": 80, "reset": 80, "threshold": 125}
    assert lsb.unit == "CADC LSB"


@pytest.mark.parametrize(("mode", "expected"), [("both", "model"), ("chip", "true")])
def test_a_difference_is_samples_minus_what_was_expected(both, mode, expected):
    spec, result = both
    hidden, found = spec.network.population("hidden"), result.populations["hidden"]
    if mode == "chip":
        found = replace(found, membrane=None)
    drawn = membrane_of(hidden, found, None, (3,), difference=True, hidden=("cadc",))
    of = drawn.difference
    assert (of.expected, of.neuron) == (expected, 3)
    (read,) = membrane_of(hidden, found, None, (3,)).of("cadc")
    (base,) = drawn.of(expected)
    at = np.interp(read.time, base.time, base.values)
    np.testing.assert_array_equal(of.high - of.low, read.values - at)
    table = membrane_table("membrane", drawn).columns
    kept = table["value_model"][table["trace"] == "difference"]
    np.testing.assert_allclose(kept, read.values - at)
    lsb = membrane_of(hidden, found, None, (3,), difference=True, lsb=True).difference
    np.testing.assert_allclose(lsb.high - lsb.low, 45 * (read.values - at), rtol=1e-4)


def test_without_a_chip_there_is_no_difference(both):
    spec, result = both
    hidden, found = spec.network.population("hidden"), result.populations["hidden"]
    found = replace(found, cadc=None)
    assert membrane_of(hidden, found, None, (0,), difference=True).difference is None


def test_what_the_adc_reads_follows_the_true_membrane(both):
    membrane = shown(both)
    (true, _), (read, _) = membrane.of("true"), membrane.of("cadc")
    error = read.values - np.interp(read.time, true.time, true.values)
    # One LSB of the CADC is 0.022, its noise and offset about as much again; spikes
    # between two samples of the truth, 1 µs, make a few errors of a whole swing.
    assert np.median(np.abs(error)) < 0.06


def test_the_spikes_are_those_of_the_leading_neuron(both):
    spikes = both[1].populations["hidden"].chip_spikes
    np.testing.assert_array_equal(shown(both).spikes, spikes.time[spikes.neuron == 0])


@given(st.lists(st.integers(0, 30), min_size=1, max_size=MOST_NEURONS, unique=True))
def test_indices_are_read_as_they_are_written(neurons):
    assert parse_indices(format_indices(neurons), 31) == tuple(neurons)


@pytest.mark.parametrize(
    ("text", "neurons"),
    [
        ("0, 3-5", (0, 3, 4, 5)),
        ("7 1;2", (7, 1, 2)),
        ("5-3", (5, 4, 3)),
        ("1-3, 2", (1, 2, 3)),
        ("0–2", (0, 1, 2)),
        ("0-30", tuple(range(MOST_NEURONS))),
    ],
)
def test_a_list_of_indices_is_understood(text, neurons):
    assert parse_indices(text, 31) == neurons


@pytest.mark.parametrize(
    ("text", "reason"),
    [("a", "no index"), ("1.5", "no index"), ("31", "0 to 30"), (" ", "at least one")],
)
def test_what_is_no_list_of_indices_is_refused_with_the_reason(text, reason):
    with pytest.raises(ValueError, match=reason):
        parse_indices(text, 31)


@pytest.mark.parametrize("dark", [False, True])
def test_shades_of_all_colours_are_different(dark):
    for color in POPULATION_COLORS["dark" if dark else "light"]:
        shades = [shade(color, place, dark) for place in range(MOST_NEURONS)]
        assert len(set(shades)) == MOST_NEURONS
        assert shades[0] == color


def test_nothing_to_show_is_an_empty_membrane():
    assert Membrane().of("model") == []
