"""Rows of docs/features.md that no other browser test shows: small things, one each."""

import csv
import json
import re

import pytest
from playwright.sync_api import expect

from tests.ui.bench import until, wait_until

pytestmark = pytest.mark.ui


@pytest.fixture(autouse=True)
def first_steps(bench):
    """Begin each test with the first example, on the model."""
    page = bench.page
    page.set_default_timeout(30_000)
    page.keyboard.press("Escape")
    bench.open_example("New, empty")
    wait_until(lambda: bench.boxes() == [])
    bench.open_example("First steps")
    wait_until(lambda: bench.boxes() == ["input", "hidden", "out"])
    wait_until(lambda: bench.arrows() == 2)


def box(bench, name):
    return bench.page.locator(f'.react-flow__node[data-id="{name}"]')


def arrow(bench, name):
    return bench.page.locator(f'.react-flow__edge[data-id="{name}"]')


def menu(bench, entry):
    bench.page.get_by_role("button", name="Edit", exact=True).click()
    bench.page.get_by_role("menuitem", name=entry).click()


def rows(bench, subject):
    bench.page.get_by_role("button", name=f"Save {subject}", exact=True).click()
    with bench.page.expect_download() as download:
        bench.page.get_by_role("menuitem", name="Data as CSV").click()
    with open(download.value.path(), newline="") as file:
        return list(csv.DictReader(file))


def test_one_population_is_coloured_reset_and_saved_alone(bench, tmp_path):
    bench.select("hidden")
    style = box(bench, "hidden").locator(".hx-box")
    color = style.get_attribute("style")
    menu(bench, "Next colour")
    wait_until(lambda: style.get_attribute("style") != color)
    set_to(bench, "threshold", 1.05)
    menu(bench, "Reset parameters")
    wait_until(lambda: bench.slider("threshold").input_value() == "1")
    saved = json.loads(bench.save_as("Selected population", tmp_path).read_text())
    assert [p["name"] for p in saved["network"]["populations"]] == ["hidden"]


def set_to(bench, name, value):
    """Type a value, again if a form that was just drawn has lost it."""
    field = bench.page.get_by_role("spinbutton", name=f"{name}, typed value")

    def act():
        field.fill(str(value))
        field.press("Enter")

    until(act, lambda: bench.slider(name).input_value() == str(value))


def words(bench, name):
    return arrow(bench, name).get_attribute("aria-label") or ""


def choose_arrow(bench, name):
    selected = bench.page.locator(f'.react-flow__edge.selected[data-id="{name}"]')

    def act():
        arrow(bench, name).focus()
        bench.page.keyboard.press("Enter")

    until(act, lambda: selected.count() == 1)


def test_the_sign_of_an_arrow_is_a_shape_and_inverts(bench):
    shapes = {"excitatory": (1, 0), "inhibitory": (0, 1), "mixed": (1, 1)}

    def as_said():
        sign = next(s for s in shapes if s in words(bench, "hidden_out"))
        drawn = arrow(bench, "hidden_out")
        found = drawn.locator(".hx-head").count(), drawn.locator(".hx-bar").count()
        return found == shapes[sign]

    wait_until(as_said)
    before = words(bench, "hidden_out")
    choose_arrow(bench, "hidden_out")
    menu(bench, "Weights")
    page = bench.page
    page.get_by_text("Weights of hidden → out").wait_for()
    page.get_by_role("application", name="Weight matrix").press("ArrowRight")
    weight = page.get_by_label("weight", exact=True)
    weight.fill("-9")
    weight.press("Enter")
    page.get_by_role("button", name="Apply").click()
    wait_until(lambda: words(bench, "hidden_out") != before)
    wait_until(as_said)
    before = words(bench, "hidden_out")
    menu(bench, "Invert signs")
    wait_until(as_said)
    menu(bench, "Invert signs")
    wait_until(lambda: words(bench, "hidden_out") == before)


def test_a_connection_is_reversed_or_refused_with_its_reason(bench):
    choose_arrow(bench, "input_hidden")
    menu(bench, "Reverse connection")
    wait_until(lambda: "receives none" in bench.message())
    menu(bench, "Select all")
    bench.page.get_by_role("button", name="+ LIF").click()
    wait_until(lambda: "neurons" in bench.boxes())
    box(bench, "hidden").focus()
    bench.page.keyboard.press("c")
    bench.page.get_by_text("Connect hidden to").wait_for()
    box(bench, "neurons").click()
    wait_until(lambda: bench.arrows() == 3)
    choose_arrow(bench, "hidden_neurons")
    menu(bench, "Reverse connection")
    arrow(bench, "neurons_hidden").wait_for()
    assert bench.arrows() == 3


def places(bench):
    return {n: box(bench, n).bounding_box() for n in ("input", "hidden", "out")}


def test_a_heap_of_boxes_is_laid_out_from_left_to_right(bench):
    menu(bench, "Select all")
    menu(bench, "Align left")
    wait_until(lambda: len({round(p["x"]) for p in places(bench).values()}) == 1)
    menu(bench, "Lay out")
    wait_until(
        lambda: (
            places(bench)["input"]["x"] + 40
            < places(bench)["hidden"]["x"]
            < places(bench)["out"]["x"] - 40
        )
    )


def test_settings_are_carried_into_another_document(bench):
    bench.select("hidden")
    set_to(bench, "threshold", 1.05)
    box(bench, "hidden").focus()
    bench.page.keyboard.press("Control+c")
    bench.open_example("Leak above threshold")
    wait_until(lambda: bench.boxes() == ["neuron"])
    box(bench, "neuron").focus()
    bench.page.keyboard.press("Control+v")
    wait_until(lambda: bench.boxes() == ["neuron", "hidden"])
    bench.select("hidden")
    wait_until(lambda: bench.slider("threshold").input_value() == "1.05")


def test_intervals_between_spikes_are_a_histogram(bench):
    tab = bench.page.get_by_role("tab", name="Statistics")
    tab.click()
    wait_until(lambda: len(rows(bench, "intervals")) > 10)
    tab.click()


def test_a_miniature_in_the_box_follows_a_slider(bench):
    bench.select("hidden")
    path = box(bench, "hidden").locator(".hx-mini path")
    wait_until(lambda: len(path.get_attribute("d") or "") > 20)
    before = path.get_attribute("d")
    set_to(bench, "threshold", 1.2)
    wait_until(lambda: path.get_attribute("d") != before)


#: Which horizontal lines the membrane plot shows, and at which heights.
LEVELS = """() => [...Bokeh.documents[0]._all_models.values()]
  .filter(m => m.type === "Span" && m.dimension === "width" && m.visible)
  .map(m => m.location)"""


def test_lines_mark_leak_reset_and_threshold_and_follow_them(bench):
    bench.select("hidden")
    before = bench.page.evaluate(LEVELS)
    assert 1.0 in before
    set_to(bench, "threshold", 1.1)
    wait_until(lambda: 1.1 in [round(v, 4) for v in bench.page.evaluate(LEVELS)])


def test_without_live_a_change_waits_for_run(bench):
    bench.select("hidden")
    live = bench.page.get_by_label("live")
    before = bench.settled()
    live.set_checked(False, force=True)
    set_to(bench, "threshold", 1.2)
    assert bench.settled() == before
    bench.page.get_by_role("button", name="Run once").click()
    wait_until(lambda: bench.summary() != before)
    live.set_checked(True, force=True)


def test_a_new_trial_has_other_noise_and_rewind_brings_the_first_back(bench):
    page = bench.page
    page.get_by_role("button", name="chip", exact=True).click()
    page.get_by_text("circuit 0", exact=True).wait_for(timeout=180_000)
    bench.settled()

    def samples():
        return [
            r["value_model"] for r in rows(bench, "membrane") if r["trace"] == "CADC"
        ]

    first = samples()
    page.get_by_role("button", name="New trial").click()
    wait_until(lambda: samples() != first)
    page.get_by_role("button", name="Rewind").click()
    wait_until(lambda: samples() == first)
    page.get_by_role("button", name="mock", exact=True).click()


def test_many_spikes_are_counted_and_saved_whole(bench):
    bench.select("hidden")
    set_to(bench, "neurons", 512)
    wait_until(lambda: "512" in (box(bench, "hidden").inner_text()))
    found = re.compile(r"hidden (\d+) spikes")
    wait_until(lambda: int(found.search(bench.settled())[1]) > 2000, 60)
    count = int(found.search(bench.settled())[1])
    assert sum(r["population"] == "hidden" for r in rows(bench, "spikes")) == count


def test_a_second_current_is_added_to_the_first(bench):
    bench.select("hidden")
    page = bench.page
    before = bench.settled()
    page.get_by_role("combobox", name="current into the neurons").select_option("step")
    wait_until(lambda: bench.summary() != before)
    one = bench.settled()
    page.get_by_role("combobox", name="one more current").select_option("constant")
    wait_until(lambda: bench.summary() != one)
    page.get_by_role("combobox", name="current 2 into the neurons").wait_for()


def test_a_file_without_the_fields_of_today_opens_with_their_defaults(bench, tmp_path):
    saved = bench.save_as("JSON", tmp_path)
    old = json.loads(saved.read_text())
    for name in ("view", "chip", "recording"):
        old.pop(name, None)
    for projection in old["network"]["projections"]:
        for name in ("delay", "rule", "weight_scale"):
            projection.pop(name, None)
    for population in old["network"]["populations"]:
        population.pop("color", None)
    path = tmp_path / "old.json"
    path.write_text(json.dumps(old | {"title": "of last year"}))
    bench.open_example("Leak above threshold")
    wait_until(lambda: bench.boxes() == ["neuron"])
    bench.open_file(path)
    wait_until(lambda: bench.boxes() == ["input", "hidden", "out"])
    assert bench.message() == ""


def test_a_read_out_answers_to_a_sample_and_to_drawn_spikes(bench):
    page = bench.page
    bench.open_example("Yin-Yang")
    wait_until(lambda: "label" in bench.boxes())
    answer = re.compile(r"label highest peak: (\S+ ?\d*) (-?\d\.\d\d), ")
    wait_until(lambda: answer.search(bench.summary()))
    assert answer.search(bench.summary())[1] in ("yin", "yang", "dot")
    bench.select("input")
    page.get_by_role("button", name="Draw by hand").click()
    wait_until(lambda: re.search(r"label highest peak: neuron \d", bench.summary()))
    before = answer.search(bench.settled())[2]
    times = page.get_by_role("textbox", name=re.compile("^spike times of input"))
    times.fill("2\n2\n2\n30\n30")
    times.press("Control+Enter")
    wait_until(lambda: answer.search(bench.summary())[2] != before)


def test_a_click_on_one_of_many_chips_takes_it(bench):
    page = bench.page
    bench.select("hidden")
    page.get_by_role("tab", name="Chips").click()
    page.get_by_role("button", name="Run on 20 chips").click()
    second = page.get_by_role("button", name="Take chip 2, drawn")
    expect(second).to_be_visible(timeout=180_000)  # two chips may have to be measured
    # All of them may be done by now: then there is nothing to cancel.
    stop = page.get_by_role("button", name="Cancel", exact=True)
    stop.evaluate_all("found => found.forEach(button => button.click())")
    expect(page.get_by_text("of 20. Click a chip")).to_be_visible(timeout=180_000)
    second.click()
    expect(second).to_have_attribute("aria-pressed", "true", timeout=30_000)
    chip = page.get_by_label("chip number").first
    expect(chip).to_have_value("2", timeout=30_000)
    bench.select("out")  # the same runs, of another population
    expect(page.get_by_text("out on chips of the same kind")).to_be_visible()
    expect(page.get_by_role("button", name="Take chip 1, drawn")).to_be_visible()
    page.get_by_role("tab", name="Chips").click()


def test_the_difference_between_model_and_chip_is_shaded(bench):
    page = bench.page
    switch = page.get_by_role("checkbox", name="difference", exact=True)
    expect(switch).to_have_count(0)  # a model alone has none
    page.get_by_role("button", name="both", exact=True).click()
    page.get_by_text("circuit 0", exact=True).wait_for(timeout=180_000)
    switch.check()

    def differences():
        kinds = [row["trace"] for row in rows(bench, "membrane")]
        return kinds.count("difference"), kinds.count("CADC")

    wait_until(lambda: differences()[0] == differences()[1] > 10)
    switch.uncheck()
    wait_until(lambda: differences()[0] == 0)
    page.get_by_role("button", name="mock", exact=True).click()


def test_a_tiny_curve_says_what_a_code_does_once_the_chip_is_measured(bench):
    page = bench.page
    bench.select("hidden")
    curve = page.get_by_role("img", name=re.compile("^threshold: code"))
    expect(curve).to_have_count(0)
    page.get_by_role("button", name="chip", exact=True).click()
    expect(curve).to_be_visible(timeout=180_000)
    assert " gives 125 LSB in the median circuit" in curve.get_attribute("aria-label")
    before = curve.locator("circle").get_attribute("cy")
    set_to(bench, "threshold", 1.4)
    higher = page.get_by_role("img", name=re.compile("^threshold: code .* 143 LSB"))
    expect(higher).to_be_visible(timeout=30_000)
    assert float(curve.locator("circle").get_attribute("cy")) < float(before)
    page.get_by_role("button", name="mock", exact=True).click()
