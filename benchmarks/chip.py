"""How fast the emulated chip is: beside real time, a prototype and a plain loop.

    python -m benchmarks.chip [--only E1,E2] [--against FILE] [--write FILE]

Everything runs in one process on one core and in one thread: each round takes one
sample of each implementation, process CPU time; the first call of each, which compiles,
is not counted. `chip_workloads` says what E1 and E2 are, `chip_peers` what the others
leave out.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

from benchmarks import chip_peers, one_core
from benchmarks.chip_workloads import WORKLOADS, ChipWorkload
from benchmarks.layers import machine, write
from benchmarks.measure import Samples, interleave
from benchmarks.tables import interval, number, table
from core.spec.chip import TYPICAL

#: What is measured beside the others: the kernel of a run alone.
RUN, KERNEL, PROTOTYPE, LOOP = "emulate", "its kernel", "prototype", "plain loop"

#: The typical chip, and the same without what the prototype leaves out.
ALIKE = ", with the effects of the prototype alone"
CHIPS = {
    "": TYPICAL,
    ALIKE: TYPICAL.replace(
        tau_reset=0.0, drive_limit=0.0, drive_slope=0.0, cadc_noise=0.0
    ),
}

#: The kernel takes at most this many times the prototype.
GATE = 1.1


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write what was asked for; return the exit status."""
    given = parse(arguments)
    kernels = chip_peers.load(given.against) if given.against else None
    rows: list[list[str]] = []
    passes = True
    for name in given.only:
        for what, chip in CHIPS.items():
            work = WORKLOADS[name](chip)
            taken = measure(work, kernels, given.rounds)
            rows += lines(f"{name}{what}", work, taken)
            if PROTOTYPE in taken and what:
                passes &= taken[KERNEL].over(taken[PROTOTYPE]).median <= GATE
    text = table(["", "ms (95 %)", "× chip time", "/ prototype", "/ plain loop"], rows)
    measured_on = machine()
    print(f"{measured_on}\n\n{text}")
    if given.write:
        write(given.write, {"chip machine": measured_on, "chip": text})
    return 0 if passes else 1


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--only", type=lambda text: text.split(","), default=list(WORKLOADS)
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument(
        "--against",
        type=Path,
        metavar="FILE",
        help=f"a prototype; exit with 1 if the kernel takes more than {GATE} times it",
    )
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="put the table into a document"
    )
    return parser.parse_args(arguments)


def measure(
    work: ChipWorkload, kernels: ModuleType | None, rounds: int
) -> Mapping[str, Samples]:
    """Return the times of all implementations of one workload."""
    steps = {RUN: work.run, KERNEL: chip_peers.kernel_alone(work)}
    if kernels is not None:
        steps[PROTOTYPE] = chip_peers.prototype(work, kernels)
    return interleave(steps | {LOOP: chip_peers.plain_loop(work)}, rounds)


def lines(
    name: str, work: ChipWorkload, taken: Mapping[str, Samples]
) -> list[list[str]]:
    """Return the lines of one workload."""
    events = work.run().events
    lanes = int(work.config.used.sum())
    rate = len(events.cycle) / work.chip_seconds / lanes / 1e3
    rows = [[f"**{name}** {work.text}, {rate:.1f} kHz", *[""] * 4]]
    for each, samples in taken.items():
        real = samples.estimate.median / work.chip_seconds
        row = [each, interval(samples.estimate, 1e3), number(real)]
        row += [
            number(samples.over(taken[other]).median) if other in taken else "–"
            for other in (PROTOTYPE, LOOP)
        ]
        rows.append(row)
    return rows


if __name__ == "__main__":
    one_core.restart("benchmarks.chip")
    sys.exit(main())
