"""Sweeps and characterisation as a person does them, in a browser."""

import csv
from itertools import pairwise

import pytest

from tests.ui.bench import said, until, wait_until

pytestmark = pytest.mark.ui


@pytest.fixture
def sweeping(bench):
    """The page with the sweep tool open."""
    bench.open_tool("Sweep")
    bench.page.get_by_role("button", name="Run sweep").wait_for()
    return bench


def run(sweeping):
    sweeping.page.get_by_role("button", name="Run sweep").click()
    said(sweeping, "Finished")


def test_a_sweep_of_the_threshold_gives_a_falling_curve_in_kilohertz(
    sweeping, tmp_path
):
    assert "11 runs" in said(sweeping, "runs")
    run(sweeping)
    sweeping.page.get_by_role("button", name="Save sweep").click()
    with sweeping.page.expect_download() as download:
        sweeping.page.get_by_role("menuitem", name="Data as CSV").click()
    path = tmp_path / "sweep.csv"
    download.value.save_as(path)
    rows = list(csv.DictReader(path.read_text().splitlines()))
    rate = [float(row["rate of hidden (kHz)"]) for row in rows]
    assert len(rate) == 11
    assert all(a > b for a, b in pairwise(rate))


def test_a_click_on_a_point_sets_the_document_in_one_step(sweeping):
    run(sweeping)
    figure = sweeping.page.locator(".bk-Figure:visible").last
    before = sweeping.settled()

    def click():
        box = figure.bounding_box()  # it grows when the curve comes
        sweeping.page.mouse.click(
            box["x"] + 0.86 * box["width"], box["y"] + 0.4 * box["height"]
        )

    until(click, lambda: sweeping.summary() != before)
    sweeping.page.keyboard.press("Escape")
    threshold = sweeping.slider("threshold")
    assert float(threshold.input_value()) > 1.2
    sweeping.page.keyboard.press("Control+z")
    wait_until(lambda: float(threshold.input_value()) == 1.0)
    wait_until(lambda: sweeping.summary() == before)


def test_one_click_measures_the_selected_population_in_mock_and_on_the_chip(sweeping):
    sweeping.page.get_by_role("tab", name="Characterise").click()
    sweeping.page.get_by_role("button", name="Characterise hidden").click()
    said(sweeping, "hidden: mock dashed, chip as a line", 120)
    assert (
        "Characterise hidden"
        in sweeping.page.get_by_role("button", name="Characterise hidden").inner_text()
    )
