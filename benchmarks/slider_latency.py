"""How long from a slider step to the picture: the real page beside its echo floor.

    python -m benchmarks.slider_latency [--steps 50] [--mode mock|chip|both]
        [--document first|single|yinyang|full] [--growth]

One arrow-key step on the threshold slider, timed in Chromium from the input event to
the first frame that was painted with new data. The floor is the same page in the same
run, where the step does nothing but patch one of two ready-made data sets. ``--growth``
prints memory instead: of the process and of the page, after 100 and after 500 runs.
"""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.spec.examples import first_steps, leak_over_threshold, yin_yang
from core.spec.experiment import ExperimentSpec, RecordingSpec, RunSpec, ViewSpec
from core.spec.json_io import to_json
from core.spec.network import InputSpec, LIFSpec, NetworkSpec, ProjectionSpec
from core.spec.stimulus import PoissonSpikes
from workbench.serve import FILE_VARIABLE

HERE = Path(__file__).parent
ROOT = HERE.parent
PORT = 5123

#: Wraps ``paint`` of the membrane plot: notes when it has drawn data it had not before.
WATCH = """() => {
  const models = Bokeh.documents.flatMap(d => [...d._all_models.values()])
  const source = models.find(m => m.type === "ColumnDataSource" && m.name === "model")
  const figure = models.find(m => m.type === "Figure"
    && m.renderers.some(r => r.data_source === source))
  const plot = [...Bokeh.index.find_by_id(figure.id)][0]
  const lines = figure.renderers.filter(r => r.data_source)
  const seen = () => lines.map(r => r.data_source.data.ys ?? r.data_source.data.y)
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
#: Size of the heap of the page after all garbage was collected, bytes.
HEAP = "() => { window.gc?.(); return performance.memory?.usedJSHeapSize ?? 0 }"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--mode", default="mock", choices=("mock", "chip", "both"))
    parser.add_argument("--document", default="first", choices=tuple(DOCUMENTS))
    parser.add_argument("--growth", action="store_true", help="memory, 100 to 500 runs")
    given = parser.parse_args()
    print(
        f"{platform.platform()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "document.json"
        path.write_text(to_json(document(given.document, given.mode)))
        with Server(path) as server:
            if given.growth:
                grow(server)
            else:
                compare(given.steps, f"{given.document}, {given.mode}")


def compare(steps: int, name: str) -> None:
    """Print the echo floor and the real page of one run below each other."""
    floor, loaded = measure("echo_page", steps)
    real, again = measure("served", steps)
    print(f"page load to first result: {loaded:.1f} s, second page {again:.1f} s")
    print(f"| {steps} steps, {name} | median ms | 95th percentile ms |")
    print("|---|---|---|")
    for row, times in (("echo floor", floor), ("slider to plot", real)):
        print(f"| {row} | {statistics.median(times):.0f} | {percentile(times):.0f} |")


#: The documents of the goals, by name.
DOCUMENTS: dict[str, Callable[[], ExperimentSpec]] = {
    "first": first_steps,
    "single": leak_over_threshold,
    "yinyang": yin_yang,
    "full": lambda: full_chip(),
}


def document(name: str, mode: str) -> ExperimentSpec:
    """Return a document with a spiking population selected, to be run on ``mode``."""
    spec = DOCUMENTS[name]()
    spiking = next(p for p in spec.network.populations if isinstance(p, LIFSpec))
    return spec.replace(
        run=spec.run.replace(mode=mode), view=spec.view.replace(selected=spiking.name)
    )


def full_chip() -> ExperimentSpec:
    """Return 512 neurons with 128 inputs, dense, 1 ms, eight traces."""
    weights = np.random.default_rng(1).normal(0.03, 0.06, (512, 128))
    return ExperimentSpec(
        title="Full chip",
        network=NetworkSpec(
            populations=(
                InputSpec("input", 128, position=(0, 60)),
                LIFSpec("neurons", 512, position=(145, 60)),
            ),
            projections=(ProjectionSpec("input_neurons", "input", "neurons", weights),),
        ),
        stimuli=(PoissonSpikes("input", rate=10e3, seed=1),),
        recording=RecordingSpec(madc_population="neurons"),
        run=RunSpec(runtime=1e-3),
        view=ViewSpec(neurons=tuple(range(1, 8))),
    )


def grow(server: "Server") -> None:
    """Print memory of the process and heap of the page after 100 and 500 runs."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser, page, _ = open_page(playwright, "served")
        slider = page.get_by_role("slider", name="threshold", exact=True)
        slider.focus()
        found = []
        for run in range(500):
            page.keyboard.press("ArrowRight" if run % 20 < 10 else "ArrowLeft")
            page.wait_for_timeout(60)
            if run in (99, 499):
                page.wait_for_timeout(2000)
                found.append((server.memory(), page.evaluate(HEAP)))
        browser.close()
    for name, before, after in zip(("process", "page"), *found, strict=True):
        print(
            f"{name}: {before / 2**20:.1f} MiB after 100 runs, {after / 2**20:.1f} "
            f"after 500: {100 * (after / before - 1):+.1f} %"
        )


def percentile(times: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(times, n=20)[-1]


class Server:
    """Serves the page and its echo twin while the measurement lasts."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> "Server":
        scripts = [str(ROOT / "workbench" / "served.py"), str(HERE / "echo_page.py")]
        command = [sys.executable, "-m", "panel", "serve", *scripts]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(
            [*command, "--port", str(PORT)],
            cwd=ROOT,
            env={**os.environ, FILE_VARIABLE: str(self._path)},
            **quiet,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)

    def memory(self) -> int:
        """Return the memory of the process in use, bytes (Linux)."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


def measure(page_name: str, steps: int) -> tuple[list[float], float]:
    """Return the times of the steps in ms, and of loading the page in s."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser, page, loaded = open_page(playwright, page_name)
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


def open_page(playwright: Any, name: str) -> tuple[Any, Any, float]:
    """Return browser and page, at rest, and the time until its first result, s."""
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
        args=[
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--enable-precise-memory-info",
            "--js-flags=--expose-gc",
        ],
    )
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    loaded = load(page, f"http://localhost:{PORT}/{name}")
    page.wait_for_timeout(3000)
    return browser, page, loaded


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
