"""The Yin-Yang demo is trained by the tool, and its meter reads the weights."""

import re

import pytest
from playwright.sync_api import expect

from tests.ui.bench import Bench

pytestmark = pytest.mark.ui
#: ms; nothing here depends on how fast the machine is.
PATIENCE = 60_000


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def type_in(page, name, value):
    field = page.get_by_role("spinbutton", name=f"{name}, typed value")
    field.fill(str(value))
    field.press("Enter")
    expect(field).to_have_value(str(value), timeout=PATIENCE)


@pytest.mark.slow
@pytest.mark.timeout(900)  # a loaded machine took 256 s, an idle one far less
def test_the_demo_trains_and_cancels_while_another_window_answers(
    bench, browser, served
):
    page = bench.page
    button(page, "Demos").click()
    page.get_by_role("button", name="Yin-Yang").click()
    meter = page.get_by_role("meter", name="Goal")
    expect(meter).to_have_attribute(
        "aria-valuetext", re.compile("samples are right"), timeout=PATIENCE
    )
    expect(meter).not_to_have_attribute("aria-valuenow", "1.00", timeout=PATIENCE)
    button(page, "Train…").click()
    # what the exercise asks for is in view: the gradient, and four epochs
    expect(page.get_by_text("gradient", exact=True)).to_be_visible(timeout=PATIENCE)
    epochs = page.get_by_role("spinbutton", name="epochs, typed value")
    expect(epochs).to_have_value("4", timeout=PATIENCE)
    type_in(page, "training samples", 2000)
    type_in(page, "epochs", 200)
    button(page, "Start").click()
    status = page.get_by_role("status")
    running = status.filter(has_text=re.compile(r"Running.*epoch \d+ of 200"))
    expect(running).to_be_visible(timeout=PATIENCE)

    second = Bench(browser.new_page(viewport={"width": 1280, "height": 800}), served)
    try:
        second.press("threshold", "ArrowLeft", 3)  # waits for a new summary
        assert not second.foreign
        assert not second.complaints
    finally:
        second.page.close()
    expect(running).to_be_visible(timeout=PATIENCE)  # it went on meanwhile
    button(page, "Cancel").click()
    expect(status.filter(has_text="Cancelled")).to_be_visible(timeout=PATIENCE)

    button(page, "Settings").click()
    type_in(page, "epochs", 2)
    type_in(page, "training samples", 5000)
    button(page, "Start").click()
    done = status.filter(has_text=re.compile(r"Done.*of the test samples"))
    expect(done).to_be_visible(timeout=3 * PATIENCE)
    button(page, "Back to the demo").click()
    expect(page.get_by_text(re.compile(r"of the test samples")).first).to_be_visible(
        timeout=PATIENCE
    )
    expect(meter).to_have_attribute(
        "aria-valuetext", re.compile(r"[234] of 4 samples"), timeout=PATIENCE
    )
