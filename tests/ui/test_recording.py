"""A real recording over the run: opened, moved, scaled, fitted, measured, removed."""

import csv
import io
import re

import pytest

from tests.ui.bench import wait_until

pytestmark = pytest.mark.ui


@pytest.fixture(autouse=True)
def recording_page(bench):
    """Each test begins with the page of the drawer open and nothing laid over."""
    tab = bench.page.get_by_role("tab", name="Recording")
    if tab.get_attribute("aria-selected") != "true":
        bench.settled()
        tab.click()
    bench.page.get_by_text("Open recording…", exact=True).wait_for()
    remove = button(bench, "Remove recording")
    if remove.is_visible():
        remove.click()
    remove.wait_for(state="hidden")


def button(bench, name):
    return bench.page.get_by_role("button", name=name, exact=True)


def rows(bench, subject):
    """The data of a plot, as it saves them."""
    bench.page.get_by_role("button", name=f"Save {subject}", exact=True).click()
    with bench.page.expect_download() as download:
        bench.page.get_by_role("menuitem", name="Data as CSV").click()
    with open(download.value.path(), newline="") as file:
        return list(csv.DictReader(file))


def lay_over(bench, path):
    bench.page.locator("input[type=file]").last.set_input_files(path)


def said(bench, pattern):
    """The sentence of the page that matches, as soon as it is there."""
    found = []

    def heard():
        texts = bench.page.get_by_role("status").all_inner_texts()
        found[:] = [match for text in texts if (match := re.search(pattern, text))]
        return bool(found)

    wait_until(heard, 60, f"it never says {pattern}")
    return found[0]


def field(bench, label):
    return bench.page.get_by_label(label, exact=True)


def write(path, columns, table):
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(table)
    path.write_text(text.getvalue())
    return path


def test_a_trace_is_moved_scaled_and_fitted_until_little_is_left(bench, tmp_path):
    run = [r for r in rows(bench, "membrane") if r["trace"] == "model"]
    first = [r for r in run if r["neuron"] == run[0]["neuron"]]
    late = [
        (float(r["time_us"]) + 10, 50 + 40 * float(r["value_model"])) for r in first
    ]
    lay_over(bench, write(tmp_path / "madc.csv", ("time_us", "madc"), late))
    before = float(said(bench, r"RMS residual at hidden 0: ([\d.]+) model units")[1])
    shift = field(bench, "time shift, µs")
    shift.fill("-10")
    shift.press("Enter")
    wait_until(
        lambda: float(said(bench, r"RMS residual at hidden 0: ([\d.]+)")[1]) != before
    )
    shift.fill("3")
    shift.press("Enter")
    button(bench, "Fit to the run").click()
    said(bench, r"RMS residual at hidden 0: (\d\.\d*e-\d+|0|0\.0\d*) model units")
    wait_until(lambda: shift.input_value() == "-10")  # what was put in, taken out again
    laid = [r for r in rows(bench, "membrane") if r["trace"] == "recording"]
    assert len(laid) == len(first)
    value = float(laid[40]["value_model"])
    assert value == pytest.approx(float(first[40]["value_model"]), abs=0.02)
    bench.page.get_by_role("checkbox", name="recording", exact=True).uncheck()
    wait_until(lambda: all(r["trace"] != "recording" for r in rows(bench, "membrane")))
    bench.page.get_by_role("checkbox", name="recording", exact=True).check()


def test_spikes_are_drawn_in_rows_of_their_own_and_coincide_or_not(bench, tmp_path):
    run = [r for r in rows(bench, "spikes") if r["population"] == "hidden"]
    table = [(float(r["time_us"]) * 1e-6, r["neuron"], "hidden") for r in run]
    columns = ("time_s", "neuron", "population")
    lay_over(bench, write(tmp_path / "lab.csv", columns, table))
    match = said(bench, r"hidden: (\d+) of (\d+) recorded .* factor ([\d.]+)")
    assert int(match[1]) == int(match[2]) == len(run)
    assert float(match[3]) > 0.95
    count = sum(r["kind"] == "recorded spike" for r in rows(bench, "spikes"))
    assert count == len(run)
    bench.page.get_by_text("from top to bottom of a row: run, recording").wait_for()
    shift = field(bench, "time shift, µs")
    shift.fill("7")
    shift.press("Enter")
    wait_until(lambda: int(said(bench, r"hidden: (\d+) of")[1]) < len(run) / 2)
    button(bench, "Remove recording").click()
    wait_until(
        lambda: all(r["kind"] != "recorded spike" for r in rows(bench, "spikes"))
    )


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("wrong.csv", b"time,volts\n1,2\n", "columns"),
        ("words.csv", b"time_us,value\n1,two\n", "no number"),
        ("broken.npz", b"PK\x03\x04broken", "damaged"),
    ],
)
def test_a_file_that_is_no_recording_is_refused_with_its_reason(
    bench, tmp_path, name, content, text
):
    path = tmp_path / name
    path.write_bytes(content)
    lay_over(bench, path)
    wait_until(lambda: name in bench.message() and text in bench.message(), 60)
    assert not button(bench, "Remove recording").is_visible()
