"""A JupyterLab of the test's own, and one notebook driven in it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
from playwright.sync_api import expect

ROOT = Path(__file__).parents[2]
#: Settings of the user: ask nothing on the first visit, keep all cells in the page.
SETTINGS = {
    "apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "notebook-extension/tracker": {"windowingMode": "none"},
}


class Lab:
    """A server with its own configuration, kernels and settings in ``folder``."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        for name, values in SETTINGS.items():
            file = folder / "settings/@jupyterlab" / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values))
        self.work = folder / "work"
        self.work.mkdir()
        own = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "IPYTHONDIR": "ipython",
        }
        paths = {name: str(folder / part) for name, part in own.items()}
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            *(f"--port={port}", "--ServerApp.port_retries=0"),
            *("--IdentityProvider.token=", "--LabApp.extension_manager=readonly"),
        ]
        self.log = folder / "log.txt"
        with self.log.open("w") as out:
            self._server = subprocess.Popen(
                command,
                cwd=self.work,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **paths, "PYTHONPATH": path},
            )

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def stop(self) -> None:
        self._server.terminate()  # ends its kernels, too
        self._server.wait(60)

    def write(self, name: str, cells: list[str]) -> None:
        """Put a notebook with these code cells into the folder that is served."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(notebook, self.work / name)


class Notebook:
    """One notebook in a page of the browser from which only localhost is reached."""

    def __init__(self, page, lab: Lab, name: str) -> None:
        self.page = page
        self.foreign: set[str] = set()
        self.errors: list[str] = []
        page.route("**/*", self._let_through)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        # Sessions of a slow machine are found late: then Jupyter asks for the kernel.
        page.add_locator_handler(
            page.get_by_role("dialog").get_by_role("button", name="Select Kernel"),
            lambda button: button.click(),
        )
        page.goto(f"{lab.address}/lab/tree/{name}")
        expect(page.get_by_text("| Idle")).to_be_visible(timeout=120_000)

    def _let_through(self, route) -> None:
        url = route.request.url
        if url.startswith(("http://localhost", "ws://localhost", "data:", "blob:")):
            route.continue_()
        else:
            self.foreign.add(url)
            route.abort()

    def run_all(self, seconds: float = 400) -> None:
        """Run all cells and wait until the last one has its number."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_text("Run All Cells", exact=True).click()
        numbers = self.page.locator(".jp-CodeCell .jp-InputPrompt")
        expect(numbers.last).to_have_text(
            re.compile(r"\[\d+\]:"), timeout=1e3 * seconds
        )

    def cell(self, index: int):
        """The code cell with this number, from 0."""
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(index)

    def live(self, index: int):
        """What the live view of a cell has drawn."""
        return self.cell(index).locator("[data-root-id] > *").first

    def spikes(self) -> list[int]:
        """How many ticks each raster of the notebook holds, in the order of cells."""
        return self.page.evaluate(
            """() => window.Bokeh.documents.map(
                 (d) => d.get_model_by_name('spikes')?.data.x.length ?? -1
               ).filter((n) => n >= 0)"""
        )
