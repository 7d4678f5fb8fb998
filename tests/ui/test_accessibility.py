"""No serious finding of axe-core in any state of the page; and a page without a mouse.

`axe-core <https://github.com/dequelabs/axe-core>`_ lies in ``tests/vendor``. What it
calls serious or critical fails: names, roles, contrast, what the keyboard cannot reach.
"""

from functools import cache
from pathlib import Path

import pytest

from tests.ui.bench import Bench, wait_until

pytestmark = pytest.mark.ui
VENDOR = Path(__file__).parents[1] / "vendor"
#: Runs the rules on an element; returns the serious findings in words.
RULES = """async element => (await axe.run(element, { resultTypes: ["violations"] }))
  .violations.filter(rule => ["serious", "critical"].includes(rule.impact))
  .flatMap(rule => rule.nodes.map(node =>
    `${rule.id}: ${rule.help}: ${node.html.slice(0, 200)}: ${node.failureSummary}`))
"""


@cache
def axe():
    return (VENDOR / "axe.min.js").read_text(encoding="utf-8")


def findings(page):
    page.wait_for_timeout(600)  # drawers and dialogs have come to rest
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe())
    return page.locator("body").evaluate(RULES)


@pytest.fixture(scope="module", params=["light", "dark"])
def themed(request, browser, served):
    """A page of its own in each theme."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    made = Bench(page, f"{served}?theme={request.param}")
    made.settled()
    yield made
    page.close()


def tool(name):
    def open_it(bench):
        rail = bench.page.get_by_role("navigation", name="Tools")
        button = rail.get_by_role("button", name=name, exact=True)
        if button.get_attribute("aria-pressed") != "true":
            button.click()
        bench.page.wait_for_timeout(1500)

    return open_it


def drawer(name):
    def open_it(bench):
        tab = bench.page.get_by_role("tab", name=name)
        if tab.get_attribute("aria-selected") != "true":
            tab.click()
        wait_until(lambda: tab.get_attribute("aria-selected") == "true")

    return open_it


def chip_tab(name):
    def open_it(bench):
        tool("Chip")(bench)
        bench.page.get_by_role("button", name=name, exact=True).click()

    return open_it


def example(bench):
    bench.page.get_by_text("LSB per model unit").first.wait_for()


def stimulus(bench):
    bench.page.keyboard.press("Escape")
    tool("Inspect")(bench)
    bench.select("input")


def weights(bench):
    bench.page.keyboard.press("Escape")
    bench.page.locator(".react-flow__edge").first.focus()
    bench.page.keyboard.press("w")
    bench.page.get_by_text("Weights of input → hidden").wait_for()


def keyboard_map(bench):
    bench.page.keyboard.press("Escape")
    bench.page.locator(".react-flow__node").first.focus()
    bench.page.keyboard.press("?")
    bench.page.get_by_text("connect to the box that is chosen next").wait_for()


def problem(bench):
    """A value that cannot be: the message, the badge and the line in red."""
    bench.page.keyboard.press("Escape")
    bench.page.get_by_text("connect to the box").wait_for(state="detached")
    tool("Inspect")(bench)
    bench.select("hidden")
    field = bench.page.get_by_role("spinbutton", name="LSB per model unit, typed value")
    field.fill("0")
    field.press("Enter")
    wait_until(lambda: bench.message())


def empty(bench):
    bench.page.keyboard.press("Escape")
    bench.page.locator(".react-flow__node").first.focus()
    bench.page.keyboard.press("Control+a")
    wait_until(lambda: bench.page.locator(".react-flow__node.selected").count() == 3)
    bench.page.keyboard.press("Delete")
    bench.page.get_by_text("Nothing is here yet").wait_for()


@pytest.mark.parametrize(
    "prepare",
    [
        pytest.param(example, id="the example"),
        *(
            pytest.param(make, id=name, marks=pytest.mark.slow)
            for name, make in {
                "stimulus": stimulus,
                "demos": tool("Demos"),
                "train": tool("Train"),
                "sweep": tool("Sweep"),
                "code": tool("Code"),
                "chip map": tool("Chip"),
                "calibration": chip_tab("Calibration"),
                "losses": chip_tab("Losses"),
                "inside": chip_tab("Inside"),
                "blame": chip_tab("What to blame"),
                "statistics": drawer("Statistics"),
                "phase plane": drawer("Phase plane"),
                "weights": drawer("Weights"),
                "history": drawer("History"),
                "characterise": drawer("Characterise"),
                "recording": drawer("Recording"),
                "chips": drawer("Chips"),
                "table": drawer("Table"),
                "dialog of weights": weights,
                "keyboard map": keyboard_map,
                "problem": problem,
            }.items()
        ),
        pytest.param(empty, id="empty"),
    ],
)
def test_nothing_serious_is_found(themed, prepare):
    prepare(themed)
    assert findings(themed.page) == []
