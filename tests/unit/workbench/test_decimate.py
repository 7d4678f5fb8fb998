import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workbench.plots.decimate import COLUMNS, counted, min_max

VALUES = arrays(
    np.float32, st.integers(1, 400), elements=st.floats(-1e6, 1e6, width=32)
)


@given(VALUES, st.integers(1, 60))
def test_extremes_ends_and_order_are_kept(values, columns):
    x, y = min_max(np.arange(len(values)), values, columns)
    assert (y.min(), y.max()) == (values.min(), values.max())
    assert (x[0], x[-1]) == (0, len(values) - 1)
    assert (np.diff(x) > 0).all()


@given(VALUES, st.integers(1, 60))
def test_every_point_is_one_of_the_trace(values, columns):
    x, y = min_max(np.arange(len(values)), values, columns)
    np.testing.assert_array_equal(y, values[x.astype(int)])


@given(st.integers(1, 3000), st.integers(1, 40))
def test_there_are_never_more_points_than_the_columns_need(count, columns):
    values = np.random.default_rng(count).normal(size=count)
    x, y = min_max(np.arange(count), values, columns)
    assert len(x) == len(y) <= 2 * columns + 2


@given(VALUES)
def test_each_column_keeps_its_own_extremes(values):
    columns = 7
    x, y = min_max(np.arange(len(values)), values, columns)
    width = -(-len(values) // columns)
    if len(values) > 2 * columns:
        for start in range(0, len(values), width):
            inside = (x >= start) & (x < start + width)
            block = values[start : start + width]
            assert (y[inside].min(), y[inside].max()) == (block.min(), block.max())


def test_a_short_trace_is_drawn_as_it_is():
    time, values = np.linspace(0, 1, 2 * COLUMNS), np.ones(2 * COLUMNS)
    x, y = min_max(time, values)
    np.testing.assert_array_equal(x, time.astype(np.float32))
    np.testing.assert_array_equal(y, values.astype(np.float32))


def test_a_single_spike_among_many_samples_is_seen():
    values = np.zeros(50_000)
    values[31_234] = 1
    assert min_max(np.arange(50_000.0), values)[1].max() == 1


def test_an_empty_trace_is_empty():
    x, y = min_max(np.zeros(0), np.zeros(0))
    assert len(x) == len(y) == 0


def test_the_trace_itself_is_not_changed():
    values = np.random.default_rng(0).normal(size=5000)
    before = values.copy()
    min_max(np.arange(5000), values, 10)
    np.testing.assert_array_equal(values, before)


SPIKES = st.lists(
    st.tuples(st.floats(-0.5, 1.5), st.integers(0, 999)), max_size=200
)  # some of them outside of the run


@given(SPIKES, st.integers(1, 1000), st.integers(1, 50))
def test_no_spike_is_lost(spikes, rows, columns):
    time = np.array([t for t, _ in spikes])
    row = np.array([n % rows for _, n in spikes], dtype=int)
    image = counted(time, row, 1.0, rows, columns)
    assert image.sum() == len(spikes)
    assert image.shape == (min(rows, 400), columns)


@pytest.mark.parametrize("rows", [1, 7, 49, 98, 133, 400])
def test_each_spike_is_in_the_row_of_its_neuron(rows):
    row = np.arange(rows)
    image = counted(np.zeros(rows), row, 1.0, rows, 3)
    np.testing.assert_array_equal(image[:, 0], np.ones(rows))


def test_spikes_are_in_the_column_of_their_time():
    time = np.array([0.0, 0.49, 0.51, 0.99, 1.0])
    image = counted(time, np.zeros(5, int), 1.0, 1, 2)
    np.testing.assert_array_equal(image, [[2, 3]])


def test_many_rows_share_the_rows_of_the_image():
    image = counted(np.zeros(800), np.arange(800), 1.0, 800, 1)
    np.testing.assert_array_equal(image[:, 0], np.full(400, 2))
