import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.plots.miniature import HEIGHT, WIDTH, raster_svg, trace_svg

COLOR = "#0977a9"


def moves(svg):
    """Return (x, y, length) of each tick."""
    path = ET.fromstring(svg).find("path").get("d")
    parts = [part.replace("v", " ").split() for part in path.split("M")[1:]]
    return np.array(parts, float).reshape(-1, 3)


def points(svg):
    line = ET.fromstring(svg).find("polyline").get("points")
    return np.array([p.split(",") for p in line.split()], float)


@given(st.integers(0, 400), st.integers(1, 100))
def test_spikes_are_well_formed_and_inside(count, size):
    rng = np.random.default_rng(count)
    svg = raster_svg(
        rng.uniform(0, 1, count), rng.integers(0, size, count), size, 1.0, COLOR
    )
    ticks = moves(svg)
    assert len(ticks) == min(count, 300)
    assert ((ticks[:, 0] >= 0) & (ticks[:, 0] <= WIDTH)).all()
    # a tick may stand out by its least length of 1.5 px
    assert ((ticks[:, 1] >= 0) & (ticks[:, 1] + ticks[:, 2] <= HEIGHT + 1.5)).all()


def test_each_of_few_spikes_has_its_tick_in_its_row():
    svg = raster_svg(np.array([0.0, 0.5, 1.0]), np.array([0, 1, 1]), 2, 1.0, COLOR)
    np.testing.assert_allclose(
        moves(svg)[:, :2], [[0, 0], [WIDTH / 2, 11], [WIDTH, 11]]
    )


def test_no_more_than_300_ticks_are_drawn_and_they_span_the_run():
    ticks = moves(raster_svg(np.linspace(0, 1, 9000), np.zeros(9000), 1, 1.0, COLOR))
    assert len(ticks) == 300
    assert (ticks[0, 0], ticks[-1, 0]) == (0, WIDTH)


def test_no_spikes_are_an_empty_picture():
    assert len(moves(raster_svg(np.zeros(0), np.zeros(0), 3, 1.0, COLOR))) == 0


def test_no_samples_are_an_empty_picture():
    assert list(ET.fromstring(trace_svg(np.zeros(0), COLOR))) == []


@given(st.integers(1, 500), st.floats(0.01, 1e6))
def test_a_trace_fills_the_box_and_stays_inside(count, scale):
    values = np.random.default_rng(count).normal(size=count) * scale
    found = points(trace_svg(values, COLOR))
    assert len(found) == min(count, WIDTH)
    assert (found >= 0).all()
    assert (found <= [WIDTH, HEIGHT]).all()


def test_a_higher_potential_is_drawn_higher():
    found = points(trace_svg(np.array([0.0, 1.0]), COLOR))
    assert found[1, 1] < found[0, 1]


@pytest.mark.parametrize("value", [0.0, -3.5, 1e9])
def test_a_constant_trace_is_a_line(value):
    found = points(trace_svg(np.full(10, value, np.float32), COLOR))
    assert len(set(found[:, 1])) == 1


def test_pictures_are_hidden_from_screen_readers_and_in_their_colour():
    for svg in (
        raster_svg(np.zeros(1), np.zeros(1), 1, 1.0, COLOR),
        trace_svg(np.arange(3.0), COLOR),
    ):
        root = ET.fromstring(svg)
        assert root.get("aria-hidden") == "true"
        assert root[0].get("stroke") == COLOR
