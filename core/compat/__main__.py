"""Runs a script for the real chip on the emulator."""

import runpy
import sys
from argparse import REMAINDER, ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from core.compat import pylogging
from core.compat.install import install


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the script as if it were called directly; its exit status is ours.

    :param arguments: the script and its arguments; None takes those of the process
    """
    parser = ArgumentParser(prog="python -m core.compat", description=__doc__)
    parser.add_argument("script", help="path of a Python script")
    parser.add_argument("arguments", nargs=REMAINDER, help="given to the script")
    options = parser.parse_args(arguments)
    script = Path(options.script)
    if not script.is_file():
        parser.error(f"there is no script '{script}'. Give the path of a Python file.")
    sys.argv = [options.script, *options.arguments]
    # The first entry is the working directory, for a script it is the script's folder.
    sys.path[0 : 0 if sys.flags.safe_path else 1] = [str(script.resolve().parent)]
    install()
    pylogging.default_config(level=pylogging.INFO)
    sys.stderr.write(
        f"core.compat: {script.name} runs on an EMULATED chip, no hardware is used.\n"
    )
    runpy.run_path(options.script, run_name="__main__")


if __name__ == "__main__":
    main()
