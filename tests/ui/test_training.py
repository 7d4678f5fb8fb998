"""Training and sweeps as a person does them, in a browser."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.ui.bench import Bench, said, wait_until

pytestmark = pytest.mark.ui


@pytest.fixture
def training(bench):
    """The page with the training tool open."""
    bench.open_tool("Train")
    return bench


def type_in(bench, name, value):
    field = bench.page.get_by_role("spinbutton", name=f"{name}, typed value")
    field.fill(str(value))
    field.press("Enter")


def button(bench, name):
    return bench.page.get_by_role("button", name=name, exact=True)


def ready(training):
    """Have the ready network in the document."""
    if "label" not in training.boxes():
        button(training, "Use the ready network").click()
    wait_until(lambda: "label" in training.boxes())
    expect(button(training, "Start")).to_be_enabled(timeout=30_000)


def test_a_document_that_does_not_fit_says_why_and_a_ready_one_is_offered(training):
    expect(button(training, "Start")).to_be_disabled()
    assert "has 6 channels, the data have 5" in said(training, "cannot be trained")
    ready(training)


def test_two_epochs_leave_another_window_quick_and_are_one_step_to_undo(
    training, browser, served
):
    ready(training)
    other = Bench(browser.new_page(viewport={"width": 1280, "height": 800}), served)
    other.settled()
    quiet = seconds_to_answer(other)
    type_in(training, "training samples", 4000)
    type_in(training, "epochs", 2)
    training.settled()
    button(training, "Start").click()
    said(training, "(?s)Running: epoch . of 2.*loss")
    # Both share one core and the lock of Python.
    assert seconds_to_answer(other) < 3 * quiet + 2
    other.page.close()
    text = said(training, "of the test samples", 90)
    assert float(re.search(r"([\d.]+)% of the test", text)[1]) > 60  # chance is 33
    assert "Undo takes them out" in text

    trained = training.settled(4)  # the run with its weights
    training.page.locator("body").click(position={"x": 330, "y": 30})
    training.page.keyboard.press("Control+z")
    wait_until(lambda: training.summary() != trained)
    assert "label" in training.boxes()  # the network is still there
    training.page.keyboard.press("Control+y")
    wait_until(lambda: training.summary() == trained)


def seconds_to_answer(bench):
    """Move a slider and wait until the page says what that does."""
    before = bench.summary()
    bench.slider("threshold").focus()
    started = time.monotonic()
    bench.page.keyboard.press("PageUp")
    wait_until(lambda: bench.summary() != before, 20)
    return time.monotonic() - started


def test_a_training_is_cancelled_at_once_saved_and_loaded_again(training, tmp_path):
    ready(training)
    button(training, "Settings").click()
    type_in(training, "epochs", 40)
    button(training, "Start").click()
    said(training, r"Running: epoch ([2-9]|\d\d) of 40")
    button(training, "Pause").click()
    said(training, "Paused: epoch")
    started = time.monotonic()
    button(training, "Cancel").click()
    said(training, "Cancelled: epoch")
    assert time.monotonic() - started < 15  # a batch is finished; an epoch is not
    wait_until(lambda: button(training, "Go on").is_visible())
    path = training.save("Save: the training", tmp_path)
    assert path.name.endswith(".training.npz")
    training.page.locator("input[type=file]").last.set_input_files(path)
    said(training, "can be gone on with")
    button(training, "Go on").click()
    said(training, "Running: epoch")
    button(training, "Cancel").click()
    said(training, "Cancelled: epoch")
