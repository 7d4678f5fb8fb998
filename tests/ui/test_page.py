"""The way of a first visit: look, move a slider, draw, undo, open, save."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.ui.bench import wait_until

DATA = Path(__file__).parents[1] / "data"
pytestmark = pytest.mark.ui


def test_the_page_opens_with_a_running_example(bench):
    assert bench.boxes() == ["input", "hidden", "out"]
    assert "hidden" in bench.summary()


def test_moving_the_threshold_changes_the_raster(bench):
    plot = bench.page.locator(".bk-Figure").nth(1)
    before = plot.screenshot()
    bench.press("threshold", "ArrowRight", times=15)
    wait_until(lambda: plot.screenshot() != before)


def test_a_double_click_resets_the_slider(bench):
    before = bench.settled()
    bench.slider("threshold").dblclick()
    wait_until(lambda: bench.summary() != before)
    assert bench.slider("threshold").input_value() == "1"


def test_a_typed_value_is_taken(bench):
    field = bench.page.get_by_role("spinbutton", name="leak, typed value")
    before = bench.settled()
    field.fill("0.4")
    field.press("Enter")
    wait_until(lambda: bench.summary() != before)
    bench.page.get_by_role("button", name="reset leak").click()
    wait_until(lambda: bench.summary() == before)


def test_a_connection_is_drawn_with_the_mouse_and_undone_with_the_keyboard(bench):
    wait_until(lambda: bench.arrows() == 2)
    before = bench.arrows()
    bench.draw_arrow("input", "out")
    wait_until(lambda: bench.arrows() == before + 1)
    bench.page.keyboard.press("Control+z")
    wait_until(lambda: bench.arrows() == before)
    bench.page.keyboard.press("Control+y")
    wait_until(lambda: bench.arrows() == before + 1)
    bench.page.get_by_role("button", name="Undo").click()
    wait_until(lambda: bench.arrows() == before)


def test_an_impossible_connection_is_refused_and_the_graph_stays(bench):
    wait_until(lambda: bench.arrows() == 2)
    bench.draw_arrow("hidden", "out")  # exists already
    bench.page.wait_for_timeout(1500)
    assert bench.arrows() == 2


def test_a_population_is_added_renamed_and_deleted(bench):
    bench.page.get_by_role("button", name="+ LIF").click()
    wait_until(lambda: bench.boxes()[-1:] == ["neurons"])
    field = bench.page.get_by_role("textbox", name="name")
    wait_until(lambda: field.input_value() == "neurons")
    field.fill("second")
    field.press("Enter")
    wait_until(lambda: "second" in bench.boxes())
    bench.page.get_by_role("button", name="Delete", exact=True).click()
    wait_until(lambda: "second" not in bench.boxes())


def test_every_rename_reaches_the_canvas(bench):
    bench.select("hidden")
    field = bench.page.get_by_role("textbox", name="name")
    for name in ("a/b", "<b>x</b>", "hidden"):
        field.fill(name)
        field.press("Enter")
        wait_until(lambda name=name: name in bench.boxes())
        wait_until(lambda name=name: field.input_value() == name)


def test_the_runtime_field_takes_every_enter(bench):
    field = bench.page.get_by_label("runtime, µs")
    for runtime in ("300", "500", "200"):
        field.fill(runtime)
        field.press("Enter")
        text = f"{runtime} µs of hardware time"
        wait_until(lambda text=text: bench.page.get_by_text(text).count() == 1)


def test_an_impossible_scale_is_said_and_can_be_undone(bench):
    bench.select("hidden")
    field = bench.page.get_by_role("spinbutton", name="LSB per model unit, typed value")
    field.fill("0")
    field.press("Enter")
    wait_until(
        lambda: "LSB per model unit" in bench.message() or "gain" in bench.message()
    )
    bench.page.get_by_role("button", name="Undo").click()
    wait_until(lambda: bench.message() == "")


def test_deleting_a_box_with_the_key_takes_its_arrows_along(bench):
    bench.select("out")
    bench.page.keyboard.press("Delete")
    wait_until(lambda: "out" not in bench.boxes() and bench.arrows() == 1)
    bench.page.keyboard.press("Control+z")
    wait_until(lambda: "out" in bench.boxes() and bench.arrows() == 2)


def test_the_chip_shows_its_measurements_beside_the_model(bench):
    before = bench.settled()
    bench.page.get_by_role("button", name="both").click()
    wait_until(lambda: bench.page.get_by_text("MADC", exact=True).count() > 0, 30)
    wait_until(lambda: bench.summary() != before, 30)


def test_another_chip_behaves_differently(bench):
    before = bench.settled()
    bench.page.get_by_role("button", name="New chip").click()
    wait_until(lambda: bench.summary() != before, 30)
    bench.page.get_by_role("button", name="mock").click()


def test_a_network_of_another_framework_opens_and_runs(bench):
    bench.open_file(DATA / "norse_lif_4_10_2.nir")
    wait_until(lambda: bench.boxes() and bench.boxes() != ["input", "hidden", "out"])
    fit = bench.page.get_by_role("button", name="Use 1", exact=True)
    fit.click()  # Norse writes its times so that 1e-3 makes them too short for a chip
    expect(fit).to_be_hidden(timeout=30_000)
    wait_until(lambda: "spikes" in bench.summary(), 30)
    assert bench.message() == ""


def test_the_foreign_network_runs_on_the_chip_too(bench):
    bench.page.get_by_role("button", name="chip", exact=True).click()
    wait_until(lambda: bench.page.get_by_text("MADC", exact=True).count() > 0, 30)
    assert bench.message() == ""
    bench.page.get_by_role("button", name="mock").click()


def test_a_saved_document_reopens_as_an_equal_document(bench, tmp_path):
    bench.open_example("Yin-Yang")
    wait_until(lambda: "label" in bench.boxes(), 30)
    saved = bench.save_as("JSON", tmp_path)
    bench.open_example("First steps")
    wait_until(lambda: "out" in bench.boxes(), 30)
    bench.open_file(saved)
    wait_until(lambda: "label" in bench.boxes(), 30)
    folder = tmp_path / "again"
    folder.mkdir()
    again = bench.save_as("JSON", folder)  # the same content a second time
    assert json.loads(again.read_text()) == json.loads(saved.read_text())


def test_a_saved_nir_file_reopens_with_the_same_network(bench, tmp_path):
    bench.open_example("Yin-Yang")
    wait_until(lambda: "label" in bench.boxes(), 30)
    saved = bench.save_as("NIR", tmp_path)
    bench.open_example("Leak above threshold")
    wait_until(lambda: bench.boxes() == ["neuron"], 30)
    bench.open_file(saved)
    wait_until(lambda: bench.boxes() == ["input", "hidden", "label"], 30)


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("broken.json", b'{"format": 1', "broken.json"),
        ("broken.nir", b"\x89HDF\r\n\x1a\n" + bytes(200), "broken.nir"),
        ("picture.nir", b"\x89PNG\r\n\x1a\n", "picture.nir"),
    ],
)
def test_a_corrupt_file_is_refused_and_the_document_stays(
    bench, tmp_path, name, content, text
):
    boxes = bench.boxes()
    path = tmp_path / name
    path.write_bytes(content)
    bench.open_file(path)
    wait_until(lambda: text in bench.message(), 30)
    assert bench.boxes() == boxes
