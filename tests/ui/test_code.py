"""Program, link, picture, and what a reload keeps."""

import pytest

from core.script.program import to_script
from core.spec.json_io import from_json
from core.spec.packed import embedded, pack, unpack
from tests.ui.bench import Bench, wait_until

pytestmark = pytest.mark.ui


def document(bench, folder):
    return from_json(bench.save_as("JSON", folder).read_text(encoding="utf-8"))


def test_the_program_is_one_click_away_and_follows_the_document(bench, tmp_path):
    bench.page.get_by_role("button", name="Code").click()
    program = bench.page.get_by_role("region", name="the program")
    wait_until(lambda: "MOCK = True" in program.inner_text())
    spec = document(bench, tmp_path)
    expected = to_script(spec, "First_steps.py").strip()
    assert program.inner_text().strip() == expected
    saved = bench.save("Save .py", tmp_path)
    assert saved.read_text(encoding="utf-8").strip() == expected
    bench.page.get_by_role("button", name="chip", exact=True).click()
    wait_until(lambda: "MOCK = False" in program.inner_text())


def test_a_link_opens_the_same_document(bench, browser, tmp_path):
    link = bench.page.get_by_role("region", name="the link").inner_text().strip()
    spec = document(bench, tmp_path)
    assert unpack(link.partition("document=")[2]) == spec
    other = Bench(browser.new_page(), link)
    try:
        assert document(other, tmp_path) == spec
        assert not other.foreign
    finally:
        other.page.close()


def test_a_damaged_link_says_so_and_opens_an_example(browser, served):
    other = Bench(browser.new_page(), f"{served}?document=nonsense")
    try:
        wait_until(lambda: "it holds no document" in other.message())
    finally:
        other.page.close()


@pytest.mark.parametrize("form", ["SVG", "PNG"])
def test_a_picture_carries_the_document_and_opens_again(bench, tmp_path, form):
    saved = bench.save(f"Save {form}", tmp_path)
    spec = document(bench, tmp_path)
    bench.open_example("Leak above threshold")
    wait_until(lambda: bench.boxes() == ["neuron"], 30)
    bench.open_file(saved)
    wait_until(lambda: bench.boxes() == ["input", "hidden", "out"], 60)
    assert document(bench, tmp_path) == spec
    assert from_json(embedded(saved.read_bytes())) == document(bench, tmp_path)


def test_a_reload_brings_the_work_back(browser, served, tmp_path):
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    bench = Bench(page, served)
    try:
        bench.press("threshold", "ArrowRight", times=5)
        changed = document(bench, tmp_path)
        assert changed.network.population("hidden").threshold.model == 1.05
        stored = "localStorage.getItem('hx-workbench:documents') ?? ''"
        wait_until(lambda: pack(changed) in page.evaluate(stored))
        page.reload()
        field = page.get_by_role("slider", name="threshold", exact=True)
        wait_until(lambda: field.count() and field.input_value() == "1.05", 60)
    finally:
        page.close()
