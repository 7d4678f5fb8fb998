"""``hx-workbench [FILE] [--port N]``: serve the page and open it in the browser."""

import argparse
import os
import sys
from pathlib import Path

from workbench.serve import FILE_VARIABLE


def main(arguments: list[str] | None = None) -> int:
    """Serve the workbench until interrupted."""
    parser = argparse.ArgumentParser(
        prog="hx-workbench",
        description="A lab bench for spiking networks on an emulated BrainScaleS-2.",
    )
    parser.add_argument("file", nargs="?", help="a .json document or a .nir network")
    parser.add_argument("--port", type=int, default=5006)
    parser.add_argument(
        "--no-browser", action="store_true", help="do not open a browser"
    )
    given = parser.parse_args(arguments)
    if given.file is not None:
        path = Path(given.file)
        if not path.is_file():
            parser.error(f"there is no file {given.file}")
        os.environ[FILE_VARIABLE] = str(path.resolve())
    from panel.command import main as panel_main

    served = ["panel", "serve", str(Path(__file__).parent / "served.py")]
    served += ["--port", str(given.port), "--address", "127.0.0.1"]
    served += [] if given.no_browser else ["--show"]
    sys.argv = served  # Panel reads these, whatever it is given
    panel_main(served)
    return 0


if __name__ == "__main__":
    sys.exit(main())
