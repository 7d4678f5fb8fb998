"""The stimulus of an input: kinds, spikes drawn by hand, text, map and file."""

import re

import pytest

from tests.ui.bench import wait_until

pytestmark = pytest.mark.ui


def raster(bench):
    return bench.page.get_by_role("img", name=re.compile("^input: "))


def says(bench, text):
    wait_until(lambda: text in (raster(bench).get_attribute("aria-label") or ""))


def kind(bench):
    return bench.page.get_by_role("combobox", name="stimulus", exact=True)


def times(bench):
    return bench.page.get_by_role("textbox", name=re.compile("^spike times of input"))


def place(bench, channel, time, channels=6, end=200):
    """The pixel of a spike, which lies in the upper part, above the axis."""
    box = raster(bench).bounding_box()
    height = (box["height"] - 18) / channels
    return box["x"] + box["width"] * time / end, box["y"] + height * (channel + 0.5)


def test_a_new_seed_sends_other_spikes(bench):
    bench.select("input")
    says(bench, "47 spikes on 6 channels")
    before = bench.settled()
    bench.page.get_by_role("button", name="new seed").click()
    wait_until(lambda: bench.summary() != before)
    bench.page.get_by_role("button", name="Undo").click()
    says(bench, "47 spikes on 6 channels")


def test_spikes_are_drawn_with_the_mouse(bench):
    bench.page.get_by_role("button", name="Draw by hand").click()
    wait_until(lambda: kind(bench).input_value() == "times")
    mouse = bench.page.mouse
    mouse.click(*place(bench, 3, 100))
    says(bench, "48 spikes")
    assert "input 48 spikes" in bench.settled()
    x, y = place(bench, 3, 100)
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + 30, y, steps=4)
    mouse.up()
    there = re.compile(r"^(5 24) (1[12]\d) (188)$")  # 30 px are about 20 µs
    wait_until(lambda: there.match(times(bench).input_value().split("\n")[3]))
    now = there.match(times(bench).input_value().split("\n")[3])
    mouse.click(*place(bench, 3, float(now.group(2))))
    says(bench, "47 spikes")


def test_the_text_is_the_keyboard_twin_and_says_what_is_wrong(bench):
    field = times(bench)
    field.fill("1 2 3\n4 five")
    field.press("Control+Enter")
    wait_until(lambda: "channel 1: 'five' is no time" in bench.message())
    field.fill("1 2 3\n4 5")
    field.press("Control+Enter")
    says(bench, "5 spikes on 6 channels")
    wait_until(lambda: "input 5 spikes" in bench.summary())


def test_a_sample_of_the_data_set_is_shown_on_its_map(bench):
    kind(bench).select_option("Yin-Yang")
    picture = bench.page.get_by_role("img", name=re.compile(r"^sample 0: dot, at"))
    picture.wait_for()
    bench.page.get_by_role("button", name="increase sample").click()
    bench.page.get_by_role("img", name=re.compile(r"^sample 1: ")).wait_for()


def test_recorded_spikes_of_a_file_are_sent(bench, tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("time_s,neuron\n10e-6,0\n20e-6,4\n")
    chooser = bench.page.locator("input[type=file]").last
    chooser.set_input_files(path)
    wait_until(lambda: kind(bench).input_value() == "times")
    assert times(bench).input_value().split() == ["10", "20"]
    says(bench, "2 spikes on 5 channels")
