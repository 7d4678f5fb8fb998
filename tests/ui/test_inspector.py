"""Lines of the inspector: steps, scales, help, switches, values of single neurons."""

import re

import pytest

from tests.ui.bench import wait_until

pytestmark = pytest.mark.ui


def button(bench, name):
    return bench.page.get_by_role("button", name=name, exact=True)


def segment(bench, scale, line):
    return bench.page.get_by_role("radio", name=re.compile(f"{scale} of {line}$"))


def undo(bench):
    bench.page.get_by_role("button", name="Undo").click()


def test_the_buttons_step_and_reset_is_disabled_at_the_default(bench):
    bench.select("hidden")
    assert button(bench, "reset threshold").is_disabled()
    before = bench.settled()
    for _ in range(20):
        button(bench, "increase threshold").click()
    assert bench.slider("threshold").input_value() == "1.2"
    wait_until(lambda: bench.summary() != before)
    button(bench, "reset threshold").click()
    wait_until(lambda: bench.summary() == before)
    assert button(bench, "reset threshold").is_disabled()


def test_help_opens_with_the_keyboard_and_closes_with_escape(bench):
    mark, tip = button(bench, "help: threshold"), bench.page.get_by_role("tooltip")
    mark.focus()
    bench.page.keyboard.press("Enter")
    text = "Potential above which the neuron spikes."
    wait_until(lambda: tip.filter(has_text=text).is_visible())
    bench.page.keyboard.press("Tab")
    wait_until(lambda: not tip.filter(has_text=text).is_visible())


def test_choosing_lsb_edits_the_target_and_the_model_takes_it_back(bench):
    assert segment(bench, "model", "threshold").get_attribute("aria-checked") == "true"
    segment(bench, "LSB", "threshold").click()
    wait_until(lambda: bench.slider("threshold").input_value() == "125")
    bench.slider("threshold").focus()
    bench.page.keyboard.press("ArrowRight")
    wait_until(lambda: segment(bench, "LSB", "threshold").inner_text() == "126 LSB")
    assert bench.page.get_by_text("On the chip 1.02, not 1.").count() == 1
    segment(bench, "model", "threshold").click()
    wait_until(lambda: bench.slider("threshold").input_value() == "1")


def test_a_switch_closes_what_it_switches_off(bench):
    bench.page.get_by_role("switch", name="current decays").uncheck()
    wait_until(lambda: bench.slider("synaptic time constant").count() == 0)
    undo(bench)
    wait_until(lambda: bench.slider("synaptic time constant").count() == 1)


def test_a_group_is_folded_and_stays_so_for_other_populations(bench):
    bench.page.get_by_role("button", name="membrane group").click()
    wait_until(lambda: not bench.slider("leak").is_visible())
    bench.select("out")
    assert not bench.slider("leak").is_visible()
    bench.page.get_by_role("button", name="membrane group").click()
    wait_until(lambda: bench.slider("leak").is_visible())
    bench.select("hidden")


def test_values_are_drawn_for_each_neuron_shown_and_made_one_again(bench):
    before = bench.settled()
    button(bench, "threshold, per neuron").click()
    field = bench.page.get_by_role("spinbutton", name="spread, threshold per neuron")
    field.fill("0.3")
    button(bench, "set threshold of all neurons").click()
    wait_until(lambda: bench.summary() != before)
    assert bench.page.get_by_text(re.compile(r"^mean [\d.]+ \(")).count() == 1
    index = bench.page.get_by_role("spinbutton", name="neuron, threshold per neuron")
    single = bench.page.get_by_role("spinbutton", name="its value, threshold")
    index.fill("3")
    single.fill("2.9")
    single.press("Enter")
    wait_until(lambda: bench.page.get_by_text(re.compile("to 2.9")).count() == 1)
    undo(bench)
    undo(bench)  # a draw is one step
    wait_until(lambda: bench.summary() == before)
    button(bench, "threshold, per neuron").click()


def test_a_list_that_does_not_fit_is_refused_with_its_reason(bench):
    button(bench, "leak, per neuron").click()
    how = bench.page.get_by_role("combobox", name="how, leak per neuron")
    how.select_option("list")
    text = bench.page.get_by_role("textbox", name="numbers, leak per neuron")
    text.fill("0 0.1 0.2")
    button(bench, "set leak of all neurons").click()
    wait_until(lambda: "3 numbers for 8 neurons" in bench.message())
    text.fill("0 0.1 0.2 0 0 0 0 0")
    button(bench, "set leak of all neurons").click()
    wait_until(lambda: bench.page.get_by_text("mean 0.0375 (0 to 0.2)").count() == 1)
    button(bench, "reset leak").click()
    wait_until(lambda: bench.slider("leak").is_visible())
    button(bench, "leak, per neuron").click()


def test_a_step_of_current_moves_the_membrane(bench):
    before = bench.settled()
    kind = bench.page.get_by_role("combobox", name="current into the neurons")
    kind.select_option("step")
    wait_until(lambda: bench.summary() != before)
    assert bench.slider("start").input_value() == "50"
    kind.select_option("none")
    wait_until(lambda: bench.summary() == before)


@pytest.mark.slow
def test_codes_of_the_chip_are_shown_and_the_one_that_is_chosen_is_edited(bench):
    code = segment(bench, "code", "threshold")
    assert code.inner_text() == "code –"
    bench.page.get_by_role("button", name="chip", exact=True).click()
    wait_until(lambda: re.match(r"code \d+ \(\d+–\d+\)", code.inner_text()), 120)
    code.click()
    wait_until(lambda: code.get_attribute("aria-checked") == "true")
    shown = bench.slider("threshold").input_value()
    assert code.inner_text() == f"code {shown}"
    segment(bench, "model", "threshold").click()
    bench.page.get_by_role("button", name="mock", exact=True).click()
    wait_until(lambda: bench.slider("threshold").input_value() == "1")


def test_two_populations_are_edited_together(bench):
    box = '.react-flow__node[data-id="{}"]'
    button(bench, "increase membrane time constant").click()
    bench.page.locator(box.format("out")).click(modifiers=["Shift"])
    bench.page.get_by_text("2 together: hidden, out").wait_for()
    field = bench.page.get_by_role(
        "spinbutton", name="membrane time constant, typed value"
    )
    assert field.get_attribute("placeholder") == "mixed"
    field.fill("17")
    field.press("Enter")
    wait_until(lambda: field.get_attribute("placeholder") == "")
    for name in ("out", "hidden"):
        bench.select(name)
        wait_until(lambda: field.input_value() == "17")
    undo(bench)
    wait_until(lambda: field.input_value() == "10.1")
