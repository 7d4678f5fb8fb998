import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.simulate import Raster
from workbench.plots.intervals import interval_counts
from workbench.plots.raster import Band
from workbench.plots.statistics import histogram, statistics
from workbench.plots.tables import (
    Table,
    membrane_table,
    raster_table,
    rates_table,
)
from workbench.plots.traces import Membrane, Trace
from workbench.views.data_table import table_html


def raster(*trains):
    time = np.concatenate([np.asarray(t, float) for t in trains])
    neuron = np.concatenate([np.full(len(t), n) for n, t in enumerate(trains)])
    return Raster(time, neuron.astype(int))


def test_a_regular_train_has_no_variation_and_no_adaptation():
    said = statistics(raster(np.arange(1, 11) * 1e-5), 1, 2e-4)
    assert (said.count, said.rate) == (10, pytest.approx(50e3))
    assert (said.first, said.interval) == (pytest.approx(1e-5), pytest.approx(1e-5))
    assert said.variation == pytest.approx(0, abs=1e-6)
    assert said.adaptation == pytest.approx(1)


def test_a_poisson_train_has_a_variation_of_one():
    rng = np.random.default_rng(1)
    time = np.cumsum(rng.exponential(1e-5, 4000))
    # The variation of 4000 intervals scatters by about 1 / sqrt(4000) = 0.016.
    assert statistics(raster(time), 1, 1).variation == pytest.approx(1, abs=0.05)


def test_a_train_that_slows_down_adapts():
    assert statistics(raster([0, 1, 3, 6]), 1, 10).adaptation == pytest.approx(3)


def test_what_cannot_be_said_is_left_out():
    silent = statistics(raster([]), 3, 1.0)
    assert (silent.count, silent.rate, silent.first) == (0, 0, None)
    one = statistics(raster([0.5], []), 2, 1.0)
    assert (one.first, one.interval, one.variation) == (0.5, None, None)
    two = statistics(raster([0.1, 0.4]), 1, 1.0)
    assert two.interval == pytest.approx(0.3)
    assert two.variation is None


@given(
    st.lists(st.lists(st.floats(0, 1, width=32), max_size=8, unique=True), max_size=5)
)
def test_the_numbers_are_those_of_a_loop_over_neurons(trains):
    trains = [sorted(t) for t in trains]
    spikes = raster(*trains) if trains else raster([])
    rng = np.random.default_rng(0)
    mixed = rng.permutation(len(spikes.time))
    said = statistics(Raster(spikes.time[mixed], spikes.neuron[mixed]), 5, 1.0)
    gaps = [np.diff(t) for t in trains if len(t) > 1]
    assert said.count == sum(map(len, trains))
    if gaps:
        assert said.interval == pytest.approx(np.concatenate(gaps).mean(), rel=1e-6)
    rich = [d for d in gaps if len(d) > 1]
    if rich:
        expected = np.mean([d.std() / d.mean() for d in rich])
        # the square of small differences of large numbers costs half of the digits
        assert said.variation == pytest.approx(expected, abs=1e-5)
        expected = np.mean([d[-1] / d[0] for d in rich])
        assert said.adaptation == pytest.approx(expected, rel=1e-6)


def test_a_histogram_counts_what_lies_before_its_end():
    counts = histogram(np.array([0.0, 0.1, 0.99, 1.0, 5.0]), 1.0, 10)
    assert counts.tolist() == [1, 1, 0, 0, 0, 0, 0, 0, 0, 1]


def band(name, *trains):
    spikes = raster(*trains)
    return Band(name, len(trains), "#0977a9", spikes.time, spikes.neuron)


def test_interval_histograms_share_their_bins():
    edges, counts = interval_counts([band("a", [0, 1e-5, 2e-5]), band("b", [0, 5e-5])])
    assert counts["a"].sum() == 2
    assert counts["b"].sum() == 1
    assert len(edges) == len(counts["a"]) + 1


# -- tables ----------------------------------------------------------------------


def tables():
    time = np.arange(5) * 1e-6
    traces = (Trace("ghost", 0, time, time), Trace("model", 3, time, time * 1e6))
    bands = [band("a", [1e-6, 2e-6], [5e-6]), band('b "x", y', [])]
    return [
        membrane_table("hidden", Membrane(traces, (0, 3))),
        raster_table(bands),
        rates_table(bands, 1e-5),
        rates_table([], 0.0),
        membrane_table("nothing", Membrane()),
        raster_table([]),
    ]


@pytest.mark.parametrize("table", tables(), ids=lambda t: f"{t.title} {t.rows}")
def test_files_hold_what_the_table_holds(table):
    rows = list(csv.reader(io.StringIO(table.csv().decode())))
    assert rows[0] == list(table.columns)
    assert len(rows) == table.rows + 1
    with np.load(io.BytesIO(table.npz()), allow_pickle=False) as kept:
        assert sorted(kept.files) == sorted(table.columns)
        for place, (name, column) in enumerate(table.columns.items()):
            np.testing.assert_array_equal(kept[name], column)
            if column.dtype.kind == "f":
                written = [float(row[place]) for row in rows[1:]]
                np.testing.assert_allclose(written, column, rtol=1e-6)


def test_a_table_of_traces_has_a_row_per_sample_the_past_last():
    table = tables()[0]
    assert table.columns["trace"].tolist() == ["model"] * 5 + ["previous run"] * 5
    np.testing.assert_allclose(table.columns["time_us"], [*range(5), *range(5)])
    assert set(table.columns) >= {"neuron", "value_model"}


def test_a_table_on_the_page_is_escaped_and_says_what_it_leaves_out():
    table = Table("<b>", {"<i>": np.arange(10), "n": np.array(["<u>"] * 10)})
    html = table_html(table, most=4)
    assert html.count("<tr>") == 5
    assert "10 rows, the first 4 here" in html
    for tag in ("<b>", "<i>", "<u>"):
        assert tag not in html
