"""Training and sweeps as a person does them, in a browser."""

import re
import time

import pytest

from tests.ui.bench import Bench, wait_until

pytestmark = pytest.mark.ui


@pytest.fixture(scope="module")
def training(bench):
    """The page with the training tool open."""
    bench.settled()
    bench.page.get_by_role("button", name="Train", exact=True).click()
    bench.page.get_by_role("button", name="Use the ready network").wait_for()
    return bench


def type_in(bench, name, value):
    field = bench.page.get_by_role("spinbutton", name=f"{name}, typed value")
    field.fill(str(value))
    field.press("Enter")


def button(bench, name):
    return bench.page.get_by_role("button", name=name, exact=True)


def said(bench, pattern, seconds=60):
    """Wait for a sentence of the tool."""
    text = bench.page.get_by_role("status").filter(has_text=re.compile(pattern))
    wait_until(lambda: text.count() > 0, seconds, f"it never says {pattern}")
    return text.first.inner_text()


def test_a_document_that_does_not_fit_says_why_and_a_ready_one_is_offered(training):
    assert button(training, "Start").is_disabled()
    assert "has 6 channels, the data have 5" in said(training, "cannot be trained")
    button(training, "Use the ready network").click()
    wait_until(lambda: "label" in training.boxes())
    wait_until(lambda: button(training, "Start").is_enabled())


def test_two_epochs_pause_go_on_and_are_one_step_to_undo(training, browser, served):
    # Another window, which has to stay quick.
    other = Bench(browser.new_page(viewport={"width": 1280, "height": 800}), served)
    type_in(training, "training samples", 3000)
    type_in(training, "epochs", 2)
    training.settled()
    button(training, "Start").click()
    said(training, "Running: epoch 1 of 2")
    waits = []
    for _ in range(3):
        started = time.monotonic()
        other.press("threshold", "ArrowRight")
        waits.append(time.monotonic() - started)
    other.page.close()
    # `press` itself waits 1.2 s for the page to settle.
    assert min(waits) < 4
    said(training, "2 of 2.*validation|of the test samples")
    text = said(training, "of the test samples", 90)
    accuracy = float(re.search(r"([\d.]+)% of the test samples", text)[1])
    assert accuracy > 70  # chance is 33 %
    assert "Undo takes them out" in text
    training.page.keyboard.press("Escape")
    training.page.keyboard.press("Control+z")
    training.page.get_by_role("button", name="Train", exact=True).click()
    # One step further back is the document before the ready network.
    assert "label" in training.boxes()


def test_a_training_is_cancelled_at_once_saved_and_loaded_again(training, tmp_path):
    type_in_settings = training.page.get_by_role("button", name="Settings", exact=True)
    type_in_settings.click()
    type_in(training, "epochs", 40)
    button(training, "Start").click()
    said(training, "Running: epoch 2 of 40")
    button(training, "Pause").click()
    said(training, "Paused: epoch")
    started = time.monotonic()
    button(training, "Cancel").click()
    said(training, "Cancelled: epoch")
    assert time.monotonic() - started < 5
    wait_until(lambda: button(training, "Go on").is_visible())
    path = training.save("Save: the training", tmp_path)
    assert path.name.endswith(".training.npz")
    training.page.locator("input[type=file]").last.set_input_files(path)
    said(training, "can be gone on with")
    button(training, "Go on").click()
    said(training, "Running: epoch")
    button(training, "Cancel").click()
    said(training, "Cancelled: epoch")
