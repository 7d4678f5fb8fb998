"""Recorded spikes: saved, looked at elsewhere, and opened again as input."""

import nir
import pytest

from core.spec.spike_table import from_csv, from_npz
from tests.ui.bench import wait_until

pytestmark = pytest.mark.ui


def says(bench, text):
    """Wait until the page says ``text``."""
    bench.page.get_by_text(text).first.wait_for(timeout=60_000)


def save(bench, form, folder):
    return bench.save_as(f"Spikes as {form}", folder)


def test_saved_spikes_are_read_by_nir_and_drive_the_input_again(bench, tmp_path):
    before = bench.settled()
    assert before.startswith("input ")
    saved = save(bench, "NIRData", tmp_path)
    assert saved.name == "First_steps_spikes.nir"
    node = nir.read_data(saved).nodes["input"].observables["spikes"]
    count = int((node.idx != -1).sum())
    assert count > 0
    bench.open_file(saved)
    says(bench, f"it sends the {count} spikes of the file.")
    assert bench.message() == ""
    same = bench.page.get_by_role("status").filter(has_text="kHz per neuron")
    wait_until(lambda: same.first.inner_text() == before)  # same spikes, same answer


@pytest.mark.parametrize(("form", "read"), [("CSV", from_csv), ("NPZ", from_npz)])
def test_tables_of_spikes_go_out_and_come_in(bench, tmp_path, form, read):
    saved = save(bench, form, tmp_path)
    assert saved.name.endswith(f"_spikes.{form.lower()}")
    content = saved.read_bytes()
    found = read(content.decode() if form == "CSV" else content)
    assert {"input", "hidden"} <= {recording.name for recording in found}
    bench.open_file(saved)
    says(bench, "are of no input")


def test_spikes_that_fit_no_input_are_refused_and_the_document_stays(bench, tmp_path):
    boxes = bench.boxes()
    path = tmp_path / "wide.csv"
    path.write_text("time_s,neuron\n1e-6,77\n")
    bench.open_file(path)
    wait_until(lambda: "Set its size to 78." in bench.message(), 60)
    assert bench.boxes() == boxes
