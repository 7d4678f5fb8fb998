import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.plots.miniature import HEIGHT, WIDTH, raster, trace


def moves(picture):
    """Return (x, y, length) of each tick."""
    parts = [part.replace("v", " ").split() for part in picture["path"].split("M")[1:]]
    return np.array(parts, float).reshape(-1, 3)


def points(picture):
    return np.array([p.split() for p in picture["path"][1:].split("L")], float)


@given(st.integers(0, 400), st.integers(1, 100))
def test_spikes_are_well_formed_and_inside(count, size):
    rng = np.random.default_rng(count)
    picture = raster(rng.uniform(0, 1, count), rng.integers(0, size, count), size, 1.0)
    ticks = moves(picture)
    assert len(ticks) == min(count, 300)
    assert ((ticks[:, 0] >= 0) & (ticks[:, 0] <= WIDTH)).all()
    # a tick may stand out by its least length of 1.5 px
    assert ((ticks[:, 1] >= 0) & (ticks[:, 1] + ticks[:, 2] <= HEIGHT + 1.5)).all()


def test_each_of_few_spikes_has_its_tick_in_its_row():
    picture = raster(np.array([0.0, 0.5, 1.0]), np.array([0, 1, 1]), 2, 1.0)
    row = HEIGHT / 2
    np.testing.assert_allclose(
        moves(picture)[:, :2], [[0, 0], [WIDTH / 2, row], [WIDTH, row]]
    )


def test_no_more_than_300_ticks_are_drawn_and_they_span_the_run():
    ticks = moves(raster(np.linspace(0, 1, 9000), np.zeros(9000), 1, 1.0))
    assert len(ticks) == 300
    assert (ticks[0, 0], ticks[-1, 0]) == (0, WIDTH)


def test_no_spikes_and_no_samples_are_empty_pictures():
    assert raster(np.zeros(0), np.zeros(0), 3, 1.0)["path"] == ""
    assert trace(np.zeros(0))["path"] == ""


@given(st.integers(1, 500), st.floats(0.01, 1e6))
def test_a_trace_fills_the_box_and_stays_inside(count, scale):
    values = np.random.default_rng(count).normal(size=count) * scale
    found = points(trace(values))
    assert len(found) == min(count, WIDTH)
    assert (found >= 0).all()
    assert (found <= [WIDTH, HEIGHT]).all()


def test_a_higher_potential_is_drawn_higher():
    found = points(trace(np.array([0.0, 1.0])))
    assert found[1, 1] < found[0, 1]


@pytest.mark.parametrize("value", [0.0, -3.5, 1e9])
def test_a_constant_trace_is_a_line(value):
    found = points(trace(np.full(10, value, np.float32)))
    assert len(set(found[:, 1])) == 1
