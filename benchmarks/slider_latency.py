"""How long from a slider step to the picture: the real page beside its echo floor.

    python benchmarks/slider_latency.py [--steps 50] [--mode mock|chip|both]

One arrow-key step on the threshold slider, timed in Chromium from the input event to
the first frame that was painted with new data. The floor is the same page in the same
run, where the step does nothing but patch one of two ready-made data sets. Also prints
the import time and the time until the page shows its first result.
"""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
PORT = 5123

#: Wraps ``paint`` of the membrane plot: notes when it has drawn data it had not before.
WATCH = """() => {
  const models = Bokeh.documents.flatMap(d => [...d._all_models.values()])
  const source = figure => figure.renderers?.find(r => r.glyph?.line_width?.value === 2
    && r.glyph.type === "Line")
  const figure = models.find(m => m.type === "Figure" && source(m))
  const plot = [...Bokeh.index.find_by_id(figure.id)][0]
  const lines = figure.renderers.filter(r => r.data_source)
  const seen = () => lines.map(r => r.data_source.data.y)
  window.steps = []
  window.started = null
  let last = seen()
  const paint = plot.paint.bind(plot)
  plot.paint = (...given) => {
    const result = paint(...given)
    const now = seen()
    if (now.some((y, k) => y !== last[k])) {
      last = now
      const start = window.started
      if (start !== null) {
        window.started = null
        requestAnimationFrame(() => window.steps.push(performance.now() - start))
      }
    }
    return result
  }
  document.addEventListener("input", () => {
    window.started = performance.now()
  }, true)
  return models.length
}"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--mode", default="mock", choices=("mock", "chip", "both"))
    given = parser.parse_args()
    print(
        f"{platform.platform()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    print(f"import of the workbench: {import_time():.2f} s (best of 3)")
    with Server():
        floor, loaded = measure("echo_page", given.steps, "mock")
        real, again = measure("app", given.steps, given.mode)
    print(f"page load to first result: {loaded:.1f} s, second page {again:.1f} s")
    print(f"| {given.steps} steps, {given.mode} | median ms | 95th percentile ms |")
    print("|---|---|---|")
    for name, times in (("echo floor", floor), ("slider to plot", real)):
        print(f"| {name} | {statistics.median(times):.0f} | {percentile(times):.0f} |")


def percentile(times: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(times, n=20)[-1]


def import_time() -> float:
    """Return the time of a whole process that imports the page, s."""

    def once() -> float:
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", "import workbench.app"], cwd=ROOT, check=True
        )
        return time.perf_counter() - started

    return min(once() for _ in range(3))


class Server:
    """Serves the page and its echo twin while the measurement lasts."""

    def __enter__(self) -> None:
        scripts = [str(ROOT / "app.py"), str(HERE / "echo_page.py")]
        command = [
            sys.executable,
            "-m",
            "panel",
            "serve",
            *scripts,
            "--port",
            str(PORT),
        ]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen([*command, "--warm"], cwd=ROOT, **quiet)

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)


def measure(page_name: str, steps: int, mode: str) -> tuple[list[float], float]:
    """Return the times of the steps in ms, and of loading the page in s."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        loaded = load(page, f"http://localhost:{PORT}/{page_name}")
        if mode != "mock":
            page.get_by_role("button", name=mode, exact=True).click()
            page.wait_for_timeout(3000)
        page.wait_for_timeout(1500)
        page.evaluate(WATCH)
        slider = page.get_by_role("slider", name="threshold", exact=True)
        slider.focus()
        for step in range(steps + 3):  # the first three warm up
            page.keyboard.press("ArrowRight" if step % 20 < 10 else "ArrowLeft")
            page.wait_for_function(f"window.steps.length > {step}", timeout=20_000)
            page.wait_for_timeout(120)
        times = page.evaluate("window.steps")[3:]
        browser.close()
    return times, loaded


def load(page: Any, address: str) -> float:
    """Open the page; return the time until it shows a result, s."""
    for _ in range(200):  # until the server answers
        try:
            started = time.perf_counter()
            page.goto(address)
            break
        except Exception:
            time.sleep(0.5)
    page.get_by_role("status").filter(has_text="spikes").wait_for(timeout=60_000)
    page.locator(".react-flow__node").first.wait_for(timeout=60_000)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
