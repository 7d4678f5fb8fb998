"""The chip beside the graph: what fits, where it lies, what it loses."""

import re

import pytest
from playwright.sync_api import expect

from tests.ui.bench import until, wait_until

pytestmark = pytest.mark.ui


@pytest.fixture
def chip(bench):
    """The page with the Yin-Yang network and the chip view open."""
    if bench.page.get_by_text("Chip 1", exact=True).is_visible():
        return bench
    bench.open_example("Yin-Yang")
    wait_until(lambda: "label" in bench.boxes(), 30)
    bench.settled()
    bench.page.get_by_role("button", name="Chip view").click()
    bench.page.get_by_text("hidden on circuits 0–119").wait_for()
    wait_until(lambda: figure(bench, 0).bounding_box()["width"] > 500)
    bench.page.wait_for_timeout(500)  # the plots take their new width
    return bench


def meter(bench, name):
    found = bench.page.get_by_role("meter", name=name, exact=True)
    return int(found.get_attribute("aria-valuenow"))


def tab(bench, name):
    bench.page.get_by_role("button", name=name, exact=True).click()


def preset(bench, name):
    bench.page.get_by_role("button", name=f"{name}: take").click()


def figure(bench, index):
    """A figure of the chip view, in the order of the page, after the plots."""
    return bench.page.locator(".bk-Figure:visible").nth(2 + index)


def click_at(bench, index, x, y):
    box = figure(bench, index).bounding_box()
    bench.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def selected(bench):
    return bench.page.locator(".react-flow__node.selected .rf-node-label")


def test_the_bar_says_what_the_network_takes_in_mock(chip):
    assert meter(chip, "circuits") == 123
    assert meter(chip, "rows, lower") == 240
    assert meter(chip, "sources") == 120


def test_a_click_on_a_circuit_selects_its_population(chip):
    chip.page.locator('.react-flow__node[data-id="label"]').click()
    wait_until(lambda: selected(chip).all_inner_texts() == ["label"])
    chip.page.wait_for_timeout(1000)  # the canvas answers for a while
    click_at(chip, 0, 0.35, 0.22)
    wait_until(lambda: selected(chip).all_inner_texts() == ["hidden"])


def test_a_click_on_a_synapse_selects_its_projection(chip):
    click_at(chip, 1, 0.6, 0.58)
    edge = chip.page.locator(".react-flow__edge.selected")
    wait_until(lambda: edge.count() == 1)
    assert edge.get_attribute("data-id") == "input_hidden"


def test_a_calibration_compares_targets_with_what_each_circuit_does(chip):
    tab(chip, "Calibration")
    chip.page.get_by_role("button", name="Run on the chip").click()
    row = chip.page.get_by_role("row", name="threshold")
    row.wait_for(timeout=60_000)
    cells = row.get_by_role("cell").all_inner_texts()
    assert cells[1] == "150 LSB"
    wait_until(lambda: "±" in row.get_by_role("cell").nth(2).inner_text(), 30)
    before, after = (
        float(row.get_by_role("cell").nth(k).inner_text().split("± ")[1])
        for k in (2, 3)
    )
    assert after < before / 2  # what a calibration is for


def test_the_remedy_of_clipped_weights_is_one_click(chip):
    tab(chip, "Losses")
    row = chip.page.get_by_role("row", name="input_hidden")
    clipped = row.get_by_role("cell").nth(4)
    wait_until(lambda: clipped.inner_text() == "154")
    chip.page.get_by_role(
        "button", name="Set the weight scale of input_hidden to 40.2"
    ).click()
    wait_until(lambda: clipped.inner_text() == "0")
    chip.page.get_by_text("CADC samples").first.wait_for(timeout=30_000)
    chip.page.keyboard.press("Control+z")
    wait_until(lambda: clipped.inner_text() == "154")


def test_what_really_happens_is_shown_beside_what_the_lab_sees(chip):
    tab(chip, "both")
    tab(chip, "Inside")
    chip.page.get_by_text("CADC samples of each neuron").wait_for(timeout=30_000)
    figures = chip.page.locator(".bk-Figure:visible")
    chip.page.wait_for_timeout(1500)  # those of the tab before are gone
    before = figures.count()
    tab(chip, "What really happens")
    chip.page.get_by_text("The CADC is off by").wait_for(timeout=30_000)
    # The currents that no converter reads.
    wait_until(lambda: figures.count() == before + 1)


def test_a_preset_moves_the_sliders_and_a_slider_leaves_the_preset(chip):
    tab(chip, "What to blame")
    slider = chip.slider("all of mismatch")
    wait_until(lambda: slider.input_value() == "100")
    preset(chip, "worst")
    wait_until(lambda: slider.input_value() == "200")
    preset(chip, "typical")
    wait_until(lambda: slider.input_value() == "100")
    noise = chip.slider("CADC noise")
    noise.focus()
    chip.page.keyboard.press("ArrowLeft")
    wait_until(lambda: noise.input_value() == "95")
    chip.page.get_by_text("own", exact=True).wait_for()
    preset(chip, "typical")
    wait_until(lambda: noise.input_value() == "100")


def test_the_table_of_blame_fills_while_it_is_measured_and_can_be_cancelled(chip):
    rows = chip.page.get_by_role("row")
    tab(chip, "each source")
    chip.page.get_by_role("button", name="Measure").click()
    wait_until(lambda: rows.filter(has_text="chip as it is").count() == 1, 60)
    chip.page.get_by_role("button", name="Cancel").click()
    chip.page.get_by_text("cancelled").wait_for(timeout=30_000)
    assert rows.filter(has_text="ideal model").count() == 0


def test_what_does_not_fit_is_said_with_its_remedy_before_a_run(chip):
    tab(chip, "mock")
    chip.page.keyboard.press("Escape")
    chip.select("input")
    field = chip.page.get_by_role("spinbutton", name="channels, typed value")
    field.fill("200")
    field.press("Enter")
    what = "need 400 synapse rows for each neuron of 'hidden'"
    text = chip.page.get_by_role("status").filter(has_text=what)
    wait_until(lambda: text.count() > 0)
    on_arrow = chip.page.locator(".react-flow__edge").filter(has_text=what)
    wait_until(lambda: on_arrow.count() == 1)
    assert meter(chip, "sources") == 200
    assert "use at most 128 sources" in text.first.inner_text()
    chip.page.get_by_role("button", name="Undo").click()
    wait_until(lambda: text.count() == 0)


def test_the_chip_opens_and_closes_with_the_keyboard(chip):
    chip.page.locator("body").click(position={"x": 330, "y": 30})
    heading = chip.page.get_by_text("Chip 1", exact=True)
    chip.page.keyboard.press("h")
    wait_until(lambda: heading.is_visible(), 10, "H does not open it")
    chip.page.keyboard.press("Escape")
    wait_until(lambda: not heading.is_visible(), 10, "Escape does not close it")


def test_a_population_moves_to_the_circuit_that_is_clicked(chip):
    tab(chip, "Map")
    chip.page.locator('.react-flow__node[data-id="label"]').click()
    wait_until(lambda: selected(chip).all_inner_texts() == ["label"])
    move = chip.page.get_by_role("button", name=re.compile("^Move label to circuit"))
    until(lambda: click_at(chip, 0, 0.8, 0.22), move.is_visible)
    circuit = int(move.inner_text().split()[-1])
    move.click()
    placed = chip.page.get_by_text(re.compile(rf"label on circuits {circuit}–"))
    expect(placed).to_be_visible(timeout=30_000)
    chip.open_tool("Inspect")
    first = chip.page.get_by_role("spinbutton", name="first circuit, typed value")
    expect(first).to_have_value(str(circuit), timeout=30_000)
    first.fill("510")
    first.press("Enter")
    problem = chip.page.get_by_text("the last one is 511").first
    expect(problem).to_be_visible(timeout=30_000)
    chip.page.get_by_role("switch", name="place is chosen").click()
    expect(first).to_be_hidden(timeout=30_000)
