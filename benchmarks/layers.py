"""How fast our layers are: beside the prototype, other libraries and the floor.

    python -m benchmarks.layers [--only W1,W3] [--against FILE] [--write FILE]

Everything runs in one process on one core: each round takes one sample of each
implementation, process CPU time, and the first call of each is not counted. See
README.md in this folder for the libraries and for what the columns mean.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks import one_core, public_api, scaling, sparse, tables
from benchmarks.peers import LIBRARIES, LOOP, OURS, PROTOTYPE, installed, load
from benchmarks.results import Result, measure
from benchmarks.workloads import SHAPES

#: The parts that are measured on their own, by their options.
PARTS: dict[str, Callable[[int], str]] = {
    "scaling": lambda rounds: f"{scaling.exponents(rounds)}\n\n{scaling.memory()}",
    "silent": scaling.silence,
    "sparse": sparse.crossover,
    "overhead": public_api.overhead,
    "profile": lambda rounds: public_api.training_profile(),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write what was asked for; return the exit status."""
    given = parse(arguments)
    asked = [part for part in PARTS if getattr(given, part)]
    measured_on = machine()
    print(measured_on)
    results: list[Result] = []
    texts: dict[str, str] = {}

    def report(name: str, text: str) -> None:
        texts[name] = text
        print(f"\n## {name}\n\n{text}", flush=True)

    if given.all or given.only or not asked:
        results = compare(given)
        report("workloads", tables.everyone(results))
        report("targets", tables.against_targets(results))
        if given.against:
            report("gate", tables.gate(results))
    for part in PARTS if given.all else asked:
        report(part, PARTS[part](given.rounds))
    if given.json:
        workloads = [result.document() for result in results]
        document = {"machine": measured_on, "tables": texts, "workloads": workloads}
        given.json.write_text(json.dumps(document, indent=1))
    if given.write:
        write(given.write, {"machine": measured_on} | texts)
    return 0 if not given.against or all(r.passes() for r in results) else 1


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--only", type=_names(SHAPES), default=[], help="workloads, W1,W3 for example"
    )
    parser.add_argument(
        "--peers",
        type=_names(LIBRARIES),
        help="libraries beside the loop, by default those that can be imported",
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument(
        "--against",
        type=Path,
        metavar="FILE",
        help="a prototype; exit with 1 if ours takes more than 1.05 times as long",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="put the tables into a document"
    )
    parser.add_argument("--scaling", action="store_true", help="exponents in T, B, N")
    parser.add_argument("--silent", action="store_true", help="silent over active")
    parser.add_argument("--sparse", action="store_true", help="sums over few spikes")
    parser.add_argument("--overhead", action="store_true", help="of modules and run")
    parser.add_argument("--profile", action="store_true", help="of a training step, W1")
    parser.add_argument("--all", action="store_true", help="workloads and all parts")
    given = parser.parse_args(arguments)
    if given.rounds < 1:
        parser.error("--rounds: give 1 or more")
    return given


def _names(known: Mapping[str, object]) -> Callable[[str], list[str]]:
    def names(text: str) -> list[str]:
        wanted = [name for name in text.split(",") if name]
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(
                f"unknown: {', '.join(unknown)}; there are {', '.join(known)}"
            )
        return wanted

    return names


def compare(given: argparse.Namespace) -> list[Result]:
    """Return the results of all workloads."""
    kernels = load(given.against) if given.against else None
    peers = installed() if given.peers is None else given.peers
    names = [OURS, *([PROTOTYPE] if kernels else []), LOOP, *peers]
    return [
        measure(name, SHAPES[name], names, given.rounds, kernels)
        for name in given.only or SHAPES
    ]


def write(path: Path, texts: dict[str, str]) -> None:
    """Put the tables between their lines of a document."""
    document = path.read_text()
    for name, text in texts.items():
        document = tables.replaced(document, name, f"\n{text}\n")
    path.write_text(document)


def machine() -> str:
    """Return one line about where and with what this was measured."""
    versions = []
    for package in ("torch", "numba", *LIBRARIES):
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return (
        f"{datetime.datetime.now(datetime.UTC):%-d %B %Y}, {processor()}, one of "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
        f"Python {platform.python_version()}, {', '.join(versions)}."
    )


def processor() -> str:
    """Return the name of the processor."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    one_core.restart("benchmarks.layers")
    sys.exit(main())
