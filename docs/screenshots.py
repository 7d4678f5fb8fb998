"""Take the pictures in ``docs/images``: ``python docs/screenshots.py``."""

import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
PORT = 5124
ADDRESS = f"http://localhost:{PORT}/app"


def main() -> None:
    """Serve the page and photograph it in its two themes and two sizes."""
    command = [sys.executable, "-m", "panel", "serve", "app.py", "--port", str(PORT)]
    server = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        _wait()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium")
                or shutil.which("google-chrome"),
                args=["--no-sandbox", "--disable-gpu"],
            )
            for name, size, query in (
                ("page-light", (1440, 900), ""),
                ("page-dark", (1440, 900), "?theme=dark"),
                ("narrow-light", (1024, 768), ""),
                ("narrow-dark", (1024, 768), "?theme=dark"),
            ):
                page = _open(browser, size, query)
                _both(page)
                page.screenshot(path=IMAGES / f"{name}.png")
                page.close()
            _start(_open(browser, (1440, 900), ""))
    finally:
        server.terminate()


def _wait() -> None:
    for _ in range(120):
        try:
            urllib.request.urlopen(ADDRESS, timeout=30)
            return
        except OSError:
            time.sleep(0.5)


def _open(browser: Any, size: tuple[int, int], query: str) -> Page:
    page: Page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(ADDRESS + query)
    page.locator(".react-flow__node").first.wait_for(timeout=60_000)
    page.wait_for_timeout(2000)
    return page


def _start(page: Page) -> None:
    """Photograph the steps of the first ten minutes."""
    page.screenshot(path=IMAGES / "start-mock.png")
    threshold = page.get_by_role("slider", name="threshold", exact=True)
    threshold.focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(300)
    _both(page)
    page.screenshot(path=IMAGES / "start-both.png")
    page.get_by_role("button", name="Demos").click()
    page.get_by_role("button", name="Leak over threshold").click()
    page.get_by_role("button", name="Hint").wait_for()
    code = page.get_by_role("spinbutton", name="leak code, typed value")
    code.fill("880")
    code.press("Enter")
    meter = page.get_by_role("meter", name="Goal")
    expect(meter).not_to_have_attribute("aria-valuenow", "0.00", timeout=60_000)
    page.wait_for_timeout(4000)
    page.screenshot(path=IMAGES / "start-demo.png")
    page.close()


def _both(page: Page) -> None:
    """Show model and chip, with the ghost of a run before."""
    page.get_by_role("button", name="both").click()
    page.wait_for_timeout(4000)
    page.mouse.move(720, 860)
    page.wait_for_timeout(500)


if __name__ == "__main__":
    main()
