"""A NIR file on the page: its time factor, what became of it, and files for others."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.spec.examples import first_steps
from core.spec.nir_io import SNNTORCH_STEP, from_nir, read_nir_bytes

pytestmark = pytest.mark.ui
DATA = Path(__file__).parents[1] / "data"


def factor(bench):
    return bench.page.get_by_role("textbox", name="Time factor, s")


def button(bench, name):
    return bench.page.get_by_role("button", name=name, exact=True)


@pytest.fixture
def opened(bench):
    """The page with a network of Norse, whose times stand as 1e-5."""
    bench.open_file(DATA / "norse_lif_4_10_2.nir")
    expect(factor(bench)).to_have_value("0.001", timeout=30_000)
    return bench


def test_the_time_factor_of_a_file_is_shown_and_can_be_changed(opened):
    field = factor(opened)
    fit = opened.page.get_by_role("button", name=re.compile("^Use "))
    expect(fit).to_be_visible(timeout=30_000)  # the chip does not reach 10 ns
    expect(field).to_have_value("0.001")
    fit.click()
    expect(fit).to_be_hidden(timeout=30_000)
    expect(field).to_have_value("1", timeout=30_000)
    for name, shown in (("Undo", "0.001"), ("Redo", "1")):
        button(opened, name).click()
        expect(field).to_have_value(shown, timeout=30_000)
    field.fill("soon")
    field.press("Enter")
    alert = opened.page.get_by_role("alert").get_by_text("is no number above 0")
    expect(alert).to_be_visible(timeout=30_000)
    opened.open_example("First steps")
    expect(field).to_be_hidden(timeout=30_000)


def test_the_report_says_what_was_read_and_assumed(opened):
    button(opened, "Report").click()
    dialog = opened.page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Read")).to_be_visible(timeout=30_000)
    expect(dialog.get_by_role("heading", name="Assumed")).to_be_visible()
    expect(dialog.get_by_text("with 60 weights")).to_be_visible()
    expect(dialog.get_by_text("All times fit with time factor 1.")).to_be_visible()
    opened.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden(timeout=30_000)


def test_a_file_for_programs_that_count_in_steps_says_what_they_miss(bench, tmp_path):
    bench.open_example("First steps")
    expect(factor(bench)).to_be_hidden(timeout=30_000)
    button(bench, "Save").click()
    lost = bench.page.get_by_role("menuitem", name=re.compile("1 of its traits"))
    expect(lost).to_be_visible(timeout=30_000)  # the refractory time
    bench.page.keyboard.press("Escape")
    graph = read_nir_bytes(bench.save_as("Stepped NIR", tmp_path).read_bytes())
    hidden = graph.nodes["hidden"]
    assert hidden.r == pytest.approx(hidden.tau_mem / SNNTORCH_STEP, rel=1e-6)
    (hidden_here,) = (p for p in from_nir(graph).network.populations if p.size == 8)
    assert hidden_here == first_steps().network.population("hidden")
    told = bench.page.get_by_text("NIR has no refractory time").first
    expect(told).to_be_visible(timeout=30_000)
