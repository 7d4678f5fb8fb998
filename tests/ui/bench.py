"""What a person does on the page, for the browser tests."""

import re
import time

from playwright.sync_api import expect


def wait_until(condition, seconds=30.0, message="it did not happen in time"):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(message)


def until(act, condition, seconds=60.0, pause=3.0):
    """Do what may come too early, again and again, until the page has taken it."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it was never taken"
        act()
        tried = time.monotonic()
        while time.monotonic() < tried + pause and not condition():
            time.sleep(0.05)


def said(bench, pattern, seconds=60):
    """Wait for a sentence of the page that matches, and return it."""
    found = []

    def heard():
        texts = bench.page.get_by_role("status").all_inner_texts()
        found[:] = [text for text in texts if re.search(pattern, text)]
        return bool(found)

    wait_until(heard, seconds, f"it never says {pattern}")
    return found[0]


class Bench:
    """One browser page with the workbench, and what a person does on it."""

    def __init__(self, page, address):
        self.page = page
        self.spoilt = False  # by a test that failed
        self.foreign: list[str] = []
        self.complaints: list[str] = []
        page.on("request", self._request)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.started = time.monotonic()
        page.goto(address)
        page.locator(".react-flow__node").first.wait_for(timeout=60_000)
        wait_until(lambda: "spikes" in self.summary(), 60)

    def _request(self, request):
        own = ("http://localhost", "ws://localhost", "data:", "blob:")
        if not request.url.startswith(own):
            self.foreign.append(request.url)

    def _console(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def summary(self):
        """The sentence under the plots."""
        texts = self.page.get_by_role("status").all_inner_texts()
        return next((text for text in texts if "spike" in text), "")

    def settled(self, seconds=1.2):
        """The summary, once it has not changed for a while."""
        last, since = self.summary(), time.monotonic()
        while time.monotonic() - since < seconds:
            self.page.wait_for_timeout(100)
            if self.summary() != last:
                last, since = self.summary(), time.monotonic()
        return last

    def message(self):
        """What is written in red under the graph."""
        alerts = self.page.get_by_role("alert").all_inner_texts()
        return "\n".join(text for text in alerts if text.strip())

    def boxes(self):
        return self.page.locator(".react-flow__node .rf-node-label").all_inner_texts()

    def arrows(self):
        return self.page.locator(".react-flow__edge").count()

    def slider(self, name):
        return self.page.get_by_role("slider", name=name, exact=True)

    def press(self, name, key, times=1):
        """Press a key on a slider and wait for a new summary."""
        before = self.settled()
        self.slider(name).focus()
        for _ in range(times):
            self.page.keyboard.press(key)
        wait_until(lambda: self.summary() != before, 30, f"{name} changed nothing")

    def open_tool(self, name):
        """Open a tool of the rail, unless it is open."""
        tool = self.page.get_by_role("button", name=name, exact=True)
        if tool.get_attribute("aria-pressed") != "true":
            self.settled()
            tool.click()
        # The first time a tool is made; a busy machine takes its time.
        expect(tool).to_have_attribute("aria-pressed", "true", timeout=60_000)

    def select(self, name):
        box = self.page.locator(f'.react-flow__node[data-id="{name}"]')
        box.click()
        field = self.page.get_by_role("textbox", name="name")
        wait_until(lambda: field.input_value() == name)
        box.and_(self.page.locator(".selected")).wait_for()  # shown, too

    def draw_arrow(self, source, target):
        """Draw a connection with the mouse."""

        def centre(node, side):
            port = self.page.locator(
                f'.react-flow__handle[data-nodeid="{node}"][data-handleid="{side}"]'
            )
            box = port.bounding_box()
            return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

        x0, y0 = centre(source, "out")
        x1, y1 = centre(target, "in")
        mouse = self.page.mouse
        mouse.move(x0, y0)
        mouse.down()
        mouse.move((x0 + x1) / 2, (y0 + y1) / 2 - 40, steps=8)
        self.page.wait_for_timeout(500)  # the server is asked whether it may be
        mouse.move(x1, y1, steps=8)
        self.page.wait_for_timeout(200)
        mouse.up()

    def open_file(self, path):
        self.settled()  # what is sent while the page is drawn would be lost
        self.page.locator("input[type=file]").first.set_input_files(path)

    def open_example(self, title):
        self.page.get_by_role("combobox", name="Document").click()
        self.page.get_by_text(title, exact=True).last.click()

    def save_as(self, entry, folder):
        """Save by the menu of the document."""
        self.page.get_by_role("button", name="Save", exact=True).click()
        item = self.page.get_by_role("menuitem", name=re.compile(f"^{entry}"))
        with self.page.expect_download() as download:
            item.click()
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        return path

    def save(self, label, folder):
        with self.page.expect_download() as download:
            self.page.get_by_role("button", name=label).or_(
                self.page.get_by_role("link", name=label)
            ).first.click()
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        return path
