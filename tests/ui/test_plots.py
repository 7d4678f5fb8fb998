"""The plots and the run: what a person sees, switches, reads and takes home."""

import csv
import io
import re

import numpy as np
import pytest

from tests.ui.bench import wait_until

pytestmark = pytest.mark.ui


def show(bench, name):
    """Open a page of the drawer."""
    tab = bench.page.get_by_role("tab", name=name)
    if tab.get_attribute("aria-selected") != "true":
        tab.click()
    wait_until(lambda: tab.get_attribute("aria-selected") == "true")


def save(bench, subject, item):
    """Save something from the menu of a plot; return its bytes and name."""
    bench.page.get_by_role("button", name=f"Save {subject}", exact=True).click()
    with bench.page.expect_download() as download:
        bench.page.get_by_role("menuitem", name=item).click()
    with open(download.value.path(), "rb") as file:
        return file.read(), download.value.suggested_filename


def switch(bench, name, on):
    bench.page.get_by_role("checkbox", name=name, exact=True).set_checked(on)


def choose(bench, text):
    field = bench.page.get_by_role("textbox", name="neurons")
    field.fill(text)
    field.press("Enter")
    return field


def rows(bench, subject):
    content, _ = save(bench, subject, "Data as CSV")
    return list(csv.DictReader(io.StringIO(content.decode())))


def traces(bench):
    return {(row["trace"], row["neuron"]) for row in rows(bench, "membrane")}


def test_neurons_are_chosen_by_a_list_of_indices(bench):
    choose(bench, "1, 3-5")
    wait_until(lambda: ("model", "4") in traces(bench))
    shown = {n for kind, n in traces(bench) if kind == "model"}
    assert shown == {"1", "3", "4", "5"}


def test_a_neuron_that_is_none_is_said_and_the_field_returns(bench):
    field = choose(bench, "99")
    wait_until(lambda: "0 to 7" in bench.message())
    wait_until(lambda: field.input_value() == "1, 3-5")
    choose(bench, "0")
    wait_until(lambda: bench.message() == "")


def test_potentials_are_shown_in_lsb_and_back(bench):
    units = bench.page.get_by_role("radiogroup", name="unit of potentials")
    units.get_by_role("radio", name="LSB").check(force=True)
    wait_until(lambda: "value_lsb" in rows(bench, "membrane")[0])
    highest = max(float(row["value_lsb"]) for row in rows(bench, "membrane"))
    assert 100 < highest < 130  # the threshold is at 125
    units.get_by_role("radio", name="model").check(force=True)
    wait_until(lambda: "value_model" in rows(bench, "membrane")[0])


def test_the_pointer_reads_time_potential_neuron_and_spike(bench):
    figures = bench.page.locator(".bk-Figure")
    reading = bench.page.locator(".reading")
    box = figures.nth(0).bounding_box()
    bench.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_until(lambda: re.search(r"\d µs.*model -?\d", reading.inner_text()))
    box = figures.nth(1).bounding_box()
    for share in np.linspace(0.15, 0.85, 60):  # until a spike of some row is met
        bench.page.mouse.move(
            box["x"] + share * box["width"], box["y"] + 0.6 * box["height"]
        )
        if "spike at" in reading.inner_text():
            break
    assert re.search(r"hidden · neuron \d.*spike at [\d.]+ µs", reading.inner_text())
    bench.page.mouse.move(5, 5)
    wait_until(lambda: reading.inner_text() == "")


def test_rates_are_a_plot_of_their_own_when_they_are_wanted(bench):
    switch(bench, "rates", True)
    wait_until(lambda: bench.page.get_by_title("Fit the axes of rates").is_visible())
    first = rows(bench, "rates")[0]
    assert set(first) == {"from_us", "to_us", "input_hz", "hidden_hz"}
    switch(bench, "rates", False)
    wait_until(lambda: bench.page.get_by_title("Fit the axes of rates").is_hidden())


@pytest.mark.parametrize("subject", ["membrane", "spikes"])
def test_a_plot_is_taken_home_as_data_and_as_picture(bench, subject):
    content, name = save(bench, subject, "Data as NPZ")
    assert name == f"{subject}.npz"
    with np.load(io.BytesIO(content), allow_pickle=False) as kept:
        assert "time_us" in kept.files
        assert len(kept["time_us"]) == len(rows(bench, subject))
    content, _ = save(bench, subject, "Picture as PNG")
    assert content.startswith(b"\x89PNG")
    content, _ = save(bench, subject, "Picture as SVG")
    assert b"<svg" in content[:400]
    assert b"time" in content or subject == "membrane"


def test_the_data_of_a_plot_are_a_table_on_the_page(bench):
    bench.page.get_by_role("button", name="Save spikes", exact=True).click()
    bench.page.get_by_role("menuitem", name="Show as table").click()
    cells = bench.page.get_by_role("columnheader", name="population")
    wait_until(lambda: cells.count() == 1)
    count = int(re.search(r"hidden (\d+) spikes", bench.summary())[1])
    table = bench.page.get_by_role("table").inner_text()
    assert table.count("hidden") == min(count, 300)


def test_statistics_agree_with_the_summary(bench):
    show(bench, "Statistics")
    table = bench.page.get_by_role("table", name="Statistics")
    count = re.search(r"hidden (\d+) spikes", bench.settled())[1]
    row = table.get_by_role("row").filter(has_text="hidden")
    wait_until(lambda: row.get_by_role("cell").first.inner_text() == count)


def test_statistics_follow_a_slider_while_they_are_open(bench):
    table = bench.page.get_by_role("table", name="Statistics")
    before = table.inner_text()
    bench.press("threshold", "ArrowRight", times=8)
    wait_until(lambda: table.inner_text() != before)


def test_the_history_says_what_changed_and_goes_back_in_one_step(bench):
    show(bench, "History")
    runs = bench.page.get_by_role("list", name="Last runs").get_by_role("listitem")
    wait_until(
        lambda: re.search("hidden: threshold .* → 1.08", runs.first.inner_text())
    )
    changed = bench.settled()
    bench.page.get_by_role("button", name="Go back to run 1", exact=True).click()
    wait_until(lambda: bench.slider("threshold").input_value() == "1")
    wait_until(lambda: bench.summary() != changed)
    bench.page.get_by_role("button", name="Undo").click()
    wait_until(lambda: bench.slider("threshold").input_value() == "1.08")


def test_a_pinned_run_is_the_overlay_until_it_is_unpinned(bench):
    bench.page.get_by_role("button", name="Pin run 1", exact=True).click()
    wait_until(lambda: bench.page.get_by_role("checkbox", name="run 1").count() == 1)
    bench.page.get_by_role("button", name="Unpin run 1", exact=True).click()
    overlay = bench.page.get_by_role("checkbox", name="previous run")
    wait_until(lambda: overlay.count() == 1)


def test_the_phase_plane_and_the_weights_can_be_looked_at(bench):
    show(bench, "Phase plane")
    wait_until(lambda: bench.page.get_by_text("the membrane stands still").count())
    first = rows(bench, "phase plane")[0]
    assert set(first) == {"time_us", "membrane_model", "synaptic_current"}
    show(bench, "Weights")
    assert len(rows(bench, "weights")) == 6 * 8


def test_escape_closes_the_drawer(bench):
    bench.page.keyboard.press("Escape")
    tabs = bench.page.get_by_role("tab")
    wait_until(
        lambda: all(t.get_attribute("aria-selected") == "false" for t in tabs.all())
    )


def test_runtime_step_and_the_three_times_stand_at_the_bottom(bench):
    field = bench.page.get_by_label("step, µs")
    field.fill("0.5")
    field.press("Enter")
    wait_until(lambda: float(rows(bench, "membrane")[1]["time_us"]) == 0.5)
    text = "200 µs of hardware time · 200 ms of biology · computed in"
    assert bench.page.get_by_text(text).count() == 1
    field.fill("1")
    field.press("Enter")


def test_the_chip_has_its_own_traces_and_a_truth_behind_them(bench):
    bench.page.get_by_role("button", name="both").click()
    bench.page.get_by_text("circuit 0", exact=True).wait_for(timeout=60_000)
    wait_until(lambda: {"CADC", "MADC", "model"} <= {k for k, _ in traces(bench)})
    assert "true" not in {k for k, _ in traces(bench)}
    switch(bench, "true", True)
    wait_until(lambda: "true" in {k for k, _ in traces(bench)}, 30)
    switch(bench, "CADC", False)
    wait_until(lambda: "CADC" not in {k for k, _ in traces(bench)})


def test_a_neuron_is_found_by_its_circuit_on_the_chip(bench):
    wait_until(lambda: bench.page.get_by_text("circuit 0", exact=True).count() == 1)
    field = choose(bench, "c5")
    wait_until(lambda: field.input_value() == "5")
    wait_until(lambda: bench.page.get_by_text("circuit 5", exact=True).count() == 1)


def test_a_new_chip_says_how_far_its_calibration_is_and_can_be_given_up(bench):
    before = bench.settled()
    bench.page.get_by_role("button", name="New chip").click()
    cancel = bench.page.get_by_role("button", name="Cancel")
    cancel.wait_for(timeout=20_000)
    assert bench.page.get_by_role("progressbar", name="progress of the run").count()
    cancel.click()
    cancel.wait_for(state="hidden")
    bench.page.wait_for_timeout(500)
    assert bench.summary() == before  # the old plot stays
    bench.page.get_by_role("button", name="Run once").click()
    wait_until(lambda: bench.summary() != before, 60)
    bench.page.get_by_role("button", name="mock").click()
