"""From the empty page to plotted spikes, undo and a saved file, without any mouse.

Only keys: the focus goes where Tab takes it, and what has it must have a name.
"""

import json
import re

import pytest

from tests.ui.bench import wait_until

pytestmark = pytest.mark.ui

#: The role and the name of what has the focus, in shadow roots, too.
FOCUSED = """() => {
  let node = document.activeElement
  while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement
  if (!node) return ""
  const root = node.getRootNode()
  const by = (node.getAttribute("aria-labelledby") ?? "").split(" ")
    .map(id => root.getElementById(id)?.innerText ?? "").join(" ")
  const label = [...node.labels ?? []].map(one => one.innerText).join(" ")
  const name = node.getAttribute("aria-label") || by.trim() || label || node.title
    || node.innerText || ""
  return `${node.getAttribute("role") ?? node.tagName.toLowerCase()}: ${name.trim()}`
}"""


class Keys:
    """A person with a keyboard."""

    def __init__(self, bench):
        self.bench, self.page = bench, bench.page
        self.seen = []

    def press(self, key, times=1):
        for _ in range(times):
            self.page.keyboard.press(key)

    def focused(self):
        return self.page.evaluate(FOCUSED)

    def tab_to(self, pattern, most=160, key="Tab"):
        """Press Tab until what has the focus is called so."""
        self.seen = []
        for _ in range(most):
            self.press(key)
            self.seen.append(self.focused())
            if re.search(pattern, self.seen[-1]):
                return
        raise AssertionError(f"Tab never reaches {pattern}: {self.seen}")


@pytest.fixture
def keys(bench):
    bench.page.set_default_timeout(30_000)
    return Keys(bench)


def test_a_network_is_made_run_undone_and_saved_with_keys_alone(keys, tmp_path):
    bench, page = keys.bench, keys.page
    bench.settled()
    keys.tab_to("^combobox: .*Document")
    keys.press("Enter")
    page.get_by_role("option", name="New, empty").wait_for()
    page.keyboard.type("New")
    wait_until(lambda: "New, empty" in keys.focused())
    keys.press("Enter")
    page.get_by_text("Nothing is here yet").wait_for()

    keys.tab_to(r"^button: \+ Input")
    keys.press("Enter")
    wait_until(lambda: bench.boxes() == ["input"])
    keys.tab_to(r"^button: \+ LIF")
    keys.press("Enter")
    wait_until(lambda: bench.boxes() == ["input", "neurons"])

    keys.tab_to("^group: input, |: input, ", key="Shift+Tab")
    keys.press("c")
    page.get_by_text("Connect input to").wait_for()
    keys.tab_to(": neurons, ")
    keys.press("Enter")
    wait_until(lambda: bench.arrows() == 1)

    keys.tab_to(": input, ", key="Shift+Tab")
    keys.press("Enter")
    field = page.get_by_role("textbox", name="name")
    wait_until(lambda: field.input_value() == "input")
    keys.press("Enter")  # to its parameters
    keys.tab_to("^select: stimulus$")
    page.keyboard.type("regular")
    kind = page.get_by_role("combobox", name="stimulus", exact=True)
    wait_until(lambda: kind.input_value() == "regular")
    keys.tab_to("^input: rate")
    keys.press("End")
    keys.tab_to("^button: .*Run", most=260)
    before = bench.summary()
    keys.press("Enter")
    found = re.compile(r"neurons [1-9]\d* spikes")
    wait_until(lambda: found.search(bench.settled()), 60, f"{before} → no spikes")

    keys.press("Control+z")
    wait_until(lambda: not found.search(bench.settled()), 60, "undo changed nothing")
    keys.press("Control+y")
    wait_until(lambda: found.search(bench.settled()), 60, "redo changed nothing")

    keys.tab_to("^button: Save$", most=260)
    keys.press("Enter")
    wait_until(lambda: "menuitem" in keys.focused())
    with page.expect_download() as download:
        keys.press("Enter")
    path = tmp_path / "saved.json"
    download.value.save_as(path)
    names = [p["name"] for p in json.loads(path.read_text())["network"]["populations"]]
    assert names == ["input", "neurons"]
