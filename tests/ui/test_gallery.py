"""The gallery: open a demo, reach its goal with a slider, share it with a class."""

import pytest

from tests.ui.bench import Bench, wait_until

pytestmark = pytest.mark.ui


def goal(page):
    """How full the meter is, 0…1, and its sentence."""
    meter = page.get_by_role("meter", name="Goal")
    if not meter.count():
        return -1.0, ""
    value = meter.get_attribute("aria-valuenow") or "-1"
    return float(value), meter.get_attribute("aria-valuetext") or ""


def test_a_slider_reaches_the_goal_and_the_meter_is_full(bench):
    page = bench.page
    page.get_by_role("button", name="Demos").click()
    page.get_by_role("button", name="f–I curve").click()
    wait_until(lambda: "rheobase at code" in goal(page)[1], 60)
    share, sentence = goal(page)
    assert share < 1
    assert "200 to 270 wanted" in sentence
    bench.slider("threshold").focus()
    page.keyboard.press("End")  # too far: no neuron fires before code 270
    wait_until(lambda: goal(page)[1] != sentence)
    assert goal(page)[0] < 1
    for _ in range(45):  # 3.0 in steps of 0.02 down to 2.1
        page.keyboard.press("ArrowLeft")
    wait_until(lambda: goal(page)[0] == 1, 30, str(goal(page)))
    assert "wanted" not in goal(page)[1]


def test_hint_solution_and_the_way_back(bench):
    page = bench.page
    hint = page.get_by_text("A steady current lifts the membrane")
    assert not hint.is_visible()
    page.get_by_role("button", name="Hint").click()
    hint.wait_for()
    page.get_by_role("button", name="Back to start").click()
    wait_until(lambda: 0 < goal(page)[0] < 1)
    page.get_by_role("button", name="Show solution").click()
    wait_until(lambda: goal(page)[0] == 1, 60)
    page.get_by_role("button", name="All demos").click()
    page.get_by_role("button", name="f–I curve ✓").wait_for()


def test_a_link_for_a_class_offers_one_demo_and_its_controls_alone(browser, served):
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    other = Bench(page, f"{served}?demo=leak_over_threshold")
    try:
        page.get_by_role("heading", name="Leak over threshold").wait_for()
        rail = page.get_by_role("navigation", name="Tools").get_by_role("button")
        assert rail.all_inner_texts() == ["Demos"]
        page.keyboard.press("i")  # the key of the inspector
        page.wait_for_timeout(500)
        assert page.get_by_role("slider", name="leak code").is_visible()
        for name in ("Show solution", "All demos", "Edit", "Chip"):
            button = page.get_by_role("button", name=name, exact=True)
            assert not button.is_visible()
        assert page.locator(".hx-palette button").count() == 0
        assert not page.get_by_role("combobox", name="Document").is_visible()
        page.locator(".react-flow__node").first.focus()
        page.keyboard.press("Delete")
        page.wait_for_timeout(1000)
        assert other.boxes() == ["neuron"]
        assert not other.foreign
        assert not other.complaints
    finally:
        page.close()
