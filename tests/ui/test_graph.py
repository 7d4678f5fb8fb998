"""The graph editor with the mouse, with the keyboard alone, and from its menu."""

import pytest

from tests.ui.bench import until, wait_until

pytestmark = pytest.mark.ui


@pytest.fixture(autouse=True)
def first_steps(bench):
    """Begin each test with the first example."""
    page = bench.page
    page.set_default_timeout(15_000)
    page.keyboard.press("Escape")
    bench.open_example("Leak over threshold")
    wait_until(lambda: bench.boxes() == ["neuron"])
    bench.open_example("First steps")
    wait_until(lambda: bench.boxes() == ["input", "hidden", "out"])
    wait_until(lambda: bench.arrows() == 2)
    still_width(bench)  # the view is fitted smoothly


def node(bench, name):
    return bench.page.locator(f'.react-flow__node[data-id="{name}"]')


def arrow(bench, name):
    return bench.page.locator(f'.react-flow__edge[data-id="{name}"]')


def centre(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def selected(bench):
    chosen = bench.page.locator(".react-flow__node.selected").all()
    return [one.get_attribute("data-id") for one in chosen]


def drag(bench, start, end, wait=0):
    mouse = bench.page.mouse
    mouse.move(*start)
    mouse.down()
    mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
    mouse.move(*end, steps=6)
    bench.page.wait_for_timeout(wait)
    mouse.up()


def menu(bench, entry):
    bench.page.get_by_role("button", name="Edit", exact=True).click()
    bench.page.get_by_role("menuitem", name=entry).click()


# -- mouse -----------------------------------------------------------------------


def test_a_population_is_dragged_from_the_palette_to_its_place(bench):
    pane = bench.page.locator(".react-flow__pane")
    bench.page.get_by_role("button", name="+ LI", exact=True).drag_to(
        pane, target_position={"x": 200, "y": 180}
    )
    wait_until(lambda: "readout" in bench.boxes())
    x, y = centre(node(bench, "readout"))
    area = pane.bounding_box()
    assert abs(x - area["x"] - 200) < 12  # the box is centred, to within its shadow
    assert abs(y - area["y"] - 180) < 12


def test_an_impossible_connection_says_why_at_the_place(bench):
    target = centre(node(bench, "input"))
    start = bench.page.locator(
        '.react-flow__handle[data-nodeid="hidden"][data-handleid="out"]'
    )
    drag(bench, centre(start), target, wait=600)
    graph = bench.page.get_by_role("region", name="Graph of the network")
    reason = graph.get_by_role("alert").filter(has_text="receives none")
    reason.wait_for()
    box = reason.bounding_box()
    assert abs(box["x"] + box["width"] / 2 - target[0]) < 40
    assert abs(box["y"] - target[1]) < 60
    assert bench.arrows() == 2


def test_a_line_may_end_anywhere_on_a_box(bench):
    start = bench.page.locator(
        '.react-flow__handle[data-nodeid="input"][data-handleid="out"]'
    )
    drag(bench, centre(start), centre(node(bench, "out")), wait=1200)
    wait_until(lambda: bench.arrows() == 3)
    bench.page.keyboard.press("Control+z")
    wait_until(lambda: bench.arrows() == 2)


def test_a_double_click_renames_in_place_and_escape_leaves_the_name(bench):
    for key, name in (("Escape", "hidden"), ("Enter", "layer")):
        node(bench, "hidden").dblclick()
        field = bench.page.get_by_role("textbox", name="new name of hidden")
        field.fill("layer")
        field.press(key)
        wait_until(lambda name=name: name in bench.boxes())
    node(bench, "layer").dblclick()
    field = bench.page.get_by_role("textbox", name="new name of layer")
    field.fill("out")
    field.press("Enter")
    wait_until(lambda: "is taken" in bench.message())
    assert bench.boxes() == ["input", "layer", "out"]


def test_boxes_are_chosen_with_shift_and_moved_together_as_one_step(bench):
    node(bench, "input").click()
    node(bench, "out").click(modifiers=["Shift"])
    wait_until(lambda: selected(bench) == ["input", "out"])
    before = [centre(node(bench, n)) for n in ("input", "hidden", "out")]
    x, y = before[0]
    drag(bench, (x, y), (x, y - 80))
    wait_until(lambda: centre(node(bench, "out"))[1] < before[2][1] - 60)
    after = [centre(node(bench, n)) for n in ("input", "hidden", "out")]
    assert abs(after[0][1] - after[2][1]) < 2
    assert after[1] == pytest.approx(before[1], abs=1)
    bench.page.keyboard.press("Control+z")
    wait_until(
        lambda: (
            [centre(node(bench, n)) for n in ("input", "hidden", "out")]
            == [pytest.approx(place, abs=1) for place in before]
        )
    )


def test_a_frame_drawn_with_shift_chooses_what_is_in_it(bench):
    x, y = centre(node(bench, "input"))
    end = centre(node(bench, "hidden"))
    bench.page.keyboard.down("Shift")
    drag(bench, (x - 60, y - 60), (end[0] + 55, end[1] + 60))
    bench.page.keyboard.up("Shift")
    wait_until(lambda: selected(bench) == ["input", "hidden"])


def test_the_map_and_the_zoom_are_buttons(bench):
    page = bench.page
    assert page.locator(".react-flow__minimap").count() == 0
    page.get_by_role("button", name="Map of the graph").click()
    page.locator(".react-flow__minimap").wait_for()
    page.get_by_role("button", name="Map of the graph").click()
    page.get_by_role("button", name="Fit the graph into the view").click()
    width = still_width(bench)
    page.get_by_role("button", name="Zoom in").click()
    wait_until(lambda: node(bench, "input").bounding_box()["width"] > width * 1.1)
    assert still_width(bench) > width * 1.1
    page.get_by_role("button", name="Fit the graph into the view").click()
    wait_until(
        lambda: abs(node(bench, "input").bounding_box()["width"] - width) < width / 50
    )


def still_width(bench):
    """The width of a box once it has stopped growing."""
    seen = []
    while len(seen) < 5 or len(set(seen[-5:])) > 1:
        bench.page.wait_for_timeout(150)
        seen.append(node(bench, "input").bounding_box()["width"])
    return seen[-1]


# -- keyboard --------------------------------------------------------------------


def test_a_network_is_built_with_the_keyboard_alone(bench):
    page, keys = bench.page, bench.page.keyboard
    node(bench, "input").focus()
    keys.press("Control+a")
    wait_until(lambda: len(selected(bench)) == 3)
    keys.press("Delete")
    wait_until(lambda: bench.boxes() == [])
    page.get_by_text("Nothing is here yet").wait_for()
    for name in ("+ Input", "+ LIF"):
        page.get_by_role("button", name=name, exact=True).focus()
        keys.press("Enter")
    wait_until(lambda: bench.boxes() == ["input", "neurons"])
    node(bench, "input").focus()
    keys.press("c")
    page.get_by_text("Connect input to").wait_for()
    keys.press("Tab")
    wait_until(lambda: page.locator(".react-flow__node:focus").count() == 1)
    keys.press("Enter")
    wait_until(lambda: bench.arrows() == 1)
    wait_until(lambda: "neurons" in bench.summary() and "spike" in bench.summary())


def test_arrow_keys_move_and_f2_renames_the_box_with_the_focus(bench):
    keys = bench.page.keyboard
    node(bench, "out").focus()
    keys.press("Enter")
    wait_until(lambda: selected(bench) == ["out"])
    before = centre(node(bench, "out"))
    for _ in range(4):
        keys.press("ArrowDown")
    wait_until(lambda: centre(node(bench, "out"))[1] > before[1] + 10)
    keys.press("F2")
    keys.type("membrane")
    keys.press("Enter")
    wait_until(lambda: bench.boxes() == ["input", "hidden", "membrane"])
    wait_until(lambda: bench.page.locator(".react-flow__node:focus").count() == 1)
    keys.press("Backspace")
    wait_until(lambda: bench.boxes() == ["input", "hidden"])


def test_enter_on_a_chosen_box_goes_to_its_parameters(bench):
    node(bench, "out").focus()
    bench.page.keyboard.press("Enter")
    wait_until(lambda: selected(bench) == ["out"])
    bench.page.keyboard.press("Enter")
    wait_until(
        lambda: bench.page.locator(".hx-inspector *:focus").count() > 0,
        message="the focus is not in the inspector",
    )


def test_copies_are_made_with_the_keyboard(bench):
    keys = bench.page.keyboard
    node(bench, "input").click()
    node(bench, "hidden").click(modifiers=["Shift"])
    wait_until(lambda: selected(bench) == ["input", "hidden"])
    keys.press("Control+c")
    keys.press("Control+v")
    wait_until(lambda: bench.boxes()[3:] == ["input2", "hidden2"])
    wait_until(lambda: selected(bench) == ["input2", "hidden2"])
    assert bench.arrows() == 3
    keys.press("Control+d")
    wait_until(lambda: bench.boxes()[5:] == ["input3", "hidden3"])
    keys.press("Control+z")
    keys.press("Control+z")
    wait_until(lambda: bench.boxes() == ["input", "hidden", "out"])


def test_boxes_and_arrows_say_what_they_are(bench):
    assert node(bench, "hidden").get_attribute("aria-label") == "hidden, LIF, 8 neurons"
    words = arrow(bench, "input_hidden").get_attribute("aria-label")
    assert words.startswith("input → hidden: 48 weights, ")
    bench.page.get_by_role("region", name="Graph of the network").wait_for()


# -- menu, badges and loops ------------------------------------------------------


def test_the_menu_does_what_the_gestures_do(bench):
    node(bench, "hidden").click()
    menu(bench, "Duplicate")
    wait_until(lambda: bench.boxes()[3:] == ["hidden2"])
    menu(bench, "Connect to")
    bench.page.get_by_text("Connect hidden2 to").wait_for()
    until(lambda: node(bench, "out").click(), lambda: bench.arrows() == 3, pause=10)
    menu(bench, "Select all")
    menu(bench, "Align top")
    wait_until(
        lambda: len({round(centre(node(bench, n))[1]) for n in bench.boxes()}) == 1
    )


def test_a_problem_is_a_badge_at_its_box(bench):
    bench.select("hidden")
    field = bench.page.get_by_role("spinbutton", name="LSB per model unit, typed value")
    field.fill("0")
    field.press("Enter")
    badge = node(bench, "hidden").get_by_role("img")
    badge.wait_for()
    assert badge.get_attribute("title")
    bench.page.get_by_role("button", name="Undo").click()
    badge.wait_for(state="detached")


def test_a_loop_is_drawn_above_its_box(bench):
    node(bench, "hidden").click()
    menu(bench, "Connect to")
    bench.page.get_by_text("Connect hidden to").wait_for()
    until(lambda: node(bench, "hidden").click(), lambda: bench.arrows() == 3, pause=10)
    loop = arrow(bench, "hidden_hidden").locator(".react-flow__edge-path")
    box = node(bench, "hidden").bounding_box()
    wait_until(lambda: loop.bounding_box()["y"] < box["y"] - 10)
    assert loop.bounding_box()["width"] > box["width"]


# -- dialogs ---------------------------------------------------------------------


def test_a_rule_and_one_weight_are_each_one_step(bench):
    page = bench.page

    def words():
        return arrow(bench, "input_hidden").get_attribute("aria-label")

    before = words()
    for times in (1, 2):  # a dialog that opened once opens again
        arrow(bench, "input_hidden").focus()
        page.keyboard.press("w")
        page.get_by_text("Weights of input → hidden").wait_for()
        if times == 1:
            page.get_by_role("button", name="one-to-one").click()
            page.get_by_text("the source has 6 neurons").wait_for()
            page.get_by_role("button", name="sparse").click()
            page.get_by_text("of 48 pairs connected").wait_for()
        else:
            page.get_by_role("application", name="Weight matrix").press("ArrowRight")
            weight = page.get_by_label("weight", exact=True)

            def clip(weight=weight):  # the field may still take the chosen weight
                weight.fill("-2")
                weight.press("Enter")

            until(clip, page.get_by_text("1 clipped to 6 bit").is_visible)
        page.get_by_role("button", name="Apply").click()
        page.get_by_text("Weights of input → hidden").wait_for(state="detached")
        wait_until(lambda: words() != before)
    for _ in range(2):
        page.get_by_role("button", name="Undo").click()
    wait_until(lambda: words() == before)


def test_the_keyboard_map_opens_with_a_question_mark(bench):
    node(bench, "out").focus()
    bench.page.keyboard.press("?")
    bench.page.get_by_text("connect to the box that is chosen next").wait_for()
    bench.page.keyboard.press("Escape")
    bench.page.get_by_text("connect to the box").wait_for(state="detached")
