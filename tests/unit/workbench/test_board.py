"""The board as a picture without a browser."""

import io
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from core.simulate import simulate
from core.spec.examples import first_steps
from core.spec.experiment import ExperimentSpec
from core.spec.json_io import from_json
from core.spec.packed import embedded
from workbench.plots.board import HEIGHT, WIDTH, board_png, board_svg
from workbench.plots.svg import round_ticks

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def spec():
    document = first_steps().replace(title='a <b> & "c"')
    return document.replace(run=document.run.replace(mode="both"))


@pytest.fixture(scope="module")
def result(spec):
    return simulate(spec)


def words(svg):
    return [e.text for e in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("dark", [False, True])
def test_the_picture_shows_names_axes_and_counts_and_carries_the_document(
    spec, result, dark
):
    svg = board_svg(spec, result, dark=dark)
    shown = words(svg)
    assert {'a <b> & "c"', "input", "hidden", "out", "time, µs", "threshold"} <= {
        *shown
    }
    count = len(result.populations["hidden"].spikes.time)
    assert f"{count} spikes" in shown
    assert from_json(embedded(svg.encode())) == spec


def test_each_spike_is_one_mark(spec, result):
    svg = board_svg(spec, result)
    paths = [e.get("d") for e in ElementTree.fromstring(svg).iter(f"{SVG}path")]
    for name in ("input", "hidden"):
        count = len(result.populations[name].spikes.time)
        assert any(d.count("M") == count and d.count("v") == count for d in paths)


def test_everything_lies_inside_of_the_picture(spec, result):
    for rectangle in ElementTree.fromstring(board_svg(spec, result)).iter(f"{SVG}rect"):
        x, y = float(rectangle.get("x", 0)), float(rectangle.get("y", 0))
        assert 0 <= x <= WIDTH - float(rectangle.get("width")) + 0.1
        assert 0 <= y <= HEIGHT - float(rectangle.get("height")) + 0.1


def test_pixels_carry_the_document_too(spec, result):
    raw = board_png(board_svg(spec, result), spec, zoom=1)
    image = Image.open(io.BytesIO(raw))
    image.load()
    assert image.size == (WIDTH, HEIGHT)
    assert from_json(embedded(raw)) == spec
    assert len(np.unique(np.asarray(image.convert("L")))) > 20  # something is drawn


def test_an_empty_document_is_a_picture_too():
    svg = board_svg(ExperimentSpec())
    assert "An empty network" in words(svg)
    assert from_json(embedded(svg.encode())) == ExperimentSpec()


def test_ticks_are_round_and_inside():
    assert round_ticks(0, 200, 5) == [0, 50, 100, 150, 200]
    ticks = round_ticks(-0.31, 1.17)
    assert all(-0.31 <= t <= 1.17 for t in ticks)
    assert 0.0 in ticks
    assert f"{ticks[ticks.index(0.0)]:g}" == "0"
