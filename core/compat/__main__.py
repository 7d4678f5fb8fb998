"""Runs a script for the real chip on the emulator."""

import os
import runpy
import sys
from argparse import REMAINDER, ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.compat import pylogging
from core.compat.install import install
from core.errors import HXError
from core.experiment import ChipDefaults, Experiment
from core.spec.check import bounds
from core.spec.json_io import from_json

_HERE = Path(__file__).resolve().parent


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the script as if it were called directly; its exit status is ours.

    :param arguments: the script and its arguments; None takes those of the process
    """
    parser = ArgumentParser(prog="python -m core.compat", description=__doc__)
    _add_chip(parser)
    parser.add_argument("script", help="path of a Python script")
    parser.add_argument("arguments", nargs=REMAINDER, help="given to the script")
    options = parser.parse_args(arguments)
    script = Path(options.script)
    if not script.is_file():
        parser.error(f"there is no script '{script}'. Give the path of a Python file.")
    Experiment.defaults = _chip(parser, options)
    sys.argv = [options.script, *options.arguments]
    # The first entry is the working directory, for a script it is the script's folder.
    sys.path[0 : 0 if sys.flags.safe_path else 1] = [str(script.resolve().parent)]
    install()
    _reach_children()
    pylogging.default_config(level=pylogging.INFO)
    sys.stderr.write(
        f"core.compat: {script.name} runs on an EMULATED chip, no hardware is used.\n"
    )
    _warn_of_namesake(script.resolve().parent)
    runpy.run_path(options.script, run_name="__main__")


def _add_chip(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--document", metavar="FILE", help="JSON document: its chip, trial, calibration"
    )
    parser.add_argument("--chip", metavar="N", type=int, help="serial number of chip")
    parser.add_argument("--trial", metavar="N", type=int, help="seed of temporal noise")
    parser.add_argument(
        "--uncalibrated", action="store_true", help="all circuits get the same codes"
    )


def _chip(parser: ArgumentParser, options: Namespace) -> ChipDefaults:
    """Return the chip that the options name."""
    chip = ChipDefaults()
    if options.document is not None:
        try:
            spec = from_json(Path(options.document).read_text(encoding="utf-8"))
        except (OSError, HXError, ValueError) as error:
            parser.error(f"--document {options.document}: {error}")
        calibrated = spec.run.calibration == "calibrated"
        chip = ChipDefaults(spec.chip, spec.run.trial, calibrated)
    if options.chip is not None:
        numbered = chip.chip_spec.replace(number=options.chip)
        problems = list(bounds(numbered, "--chip", "chip"))
        if problems:
            parser.error(str(problems[0]))
        chip = replace(chip, chip_spec=numbered)
    if options.trial is not None:
        if options.trial < 0:
            parser.error(f"--trial is {options.trial}. Give 0 or more.")
        chip = replace(chip, trial=options.trial)
    return replace(chip, calibrated=chip.calibrated and not options.uncalibrated)


def _reach_children() -> None:
    """Let the interpreters that the script starts know the foreign names, too."""
    child = str(_HERE / "child")
    path = os.environ.get("PYTHONPATH", "")
    others = [entry for entry in path.split(os.pathsep) if entry != child]
    os.environ["PYTHONPATH"] = os.pathsep.join([child, *others] if path else [child])


def _warn_of_namesake(folder: Path) -> None:
    """Say it if ``folder`` has a module `core` that is not ours: ours hides it."""
    own = folder / "core"
    if own.resolve() == _HERE.parent:
        return
    namesakes = [own.with_suffix(".py"), own / "__init__.py", *sorted(own.glob("*.py"))]
    found = next((path for path in namesakes if path.is_file()), None)
    if found is not None:
        sys.stderr.write(
            f"core.compat: the script cannot import {found}: here, 'core' is the"
            " package of the emulator. If the script needs it, rename it, for example"
            f" to '{folder.name}_core'.\n"
        )


if __name__ == "__main__":
    main()
