"""Send damaged files through the door, and say what became of them.

``python -m benchmarks.fuzz_nir --files 10000 --seed 1 --write docs/nir_safety.md``

File n is a function of seed and n alone (``--only n`` repeats it). What ends its child,
or what the server raises beside a `ConversionError`, is kept with ``--keep FOLDER``.
"""

import argparse
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks.fuzz_nir.campaign import Tally, fuzz
from benchmarks.fuzz_nir.seeds import seeds
from workbench.reader import MEMORY

#: Between these lines of the document stands the result.
MARKS = "<!-- fuzz -->", "<!-- end of fuzz -->"


def report(tally: Tally, seed: int) -> str:
    """Return the result as Markdown."""
    count = len(tally.seconds)
    lines = [
        f"`python -m benchmarks.fuzz_nir --files {count} --seed {seed}`, "
        f"{len(seeds())} files to damage:",
        "",
        "| what became of it | files |",
        "|---|---|",
        *(f"| {name} | {n} |" for name, n in tally.outcomes.most_common()),
        "",
        f"Computing time of the child for a file: {_times(tally.computing)}. Wall"
        f" time with the check in the server: {_times(tally.seconds)}, on a machine"
        f" with {os.cpu_count()} cores and a load of {os.getloadavg()[2]:.1f}. Most"
        f" memory of a child: {tally.memory / 2**20:.0f} MB (limit"
        f" {MEMORY / 2**20:.0f} MB).",
        "",
        "| damage | opened | refused | child ended | failed |",
        "|---|---|---|---|---|",
    ]
    for way in sorted({way for way, _ in tally.ways}):
        row: Counter[str] = Counter()
        for (name, found), n in tally.ways.items():
            if name == way:
                row[_column(found)] += n
        cells = [row[c] for c in ("opened", "refused", "child ended", "failed")]
        lines.append(f"| {way} | " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"


def _times(seconds: list[float]) -> str:
    ms = np.array(seconds) * 1e3
    return (
        f"median {np.median(ms):.1f} ms, mean {ms.mean():.1f} ms, 99 % below"
        f" {np.percentile(ms, 99):.0f} ms, longest {ms.max():.0f} ms"
    )


def _column(found: str) -> str:
    if found == "ConversionError":
        return "refused"
    if found.startswith("child"):
        return "child ended"
    return "failed" if found.startswith("FAILED") else "opened"


def main() -> None:
    """Fuzz, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--only", type=int, help="number of the one file to read")
    parser.add_argument("--write", type=Path, help="document to write the result to")
    parser.add_argument("--keep", type=Path, help="folder for files that failed")
    chosen = parser.parse_args()
    numbers = range(chosen.files)
    if chosen.only is not None:
        numbers = range(chosen.only, chosen.only + 1)
    shares = [numbers[n :: chosen.jobs] for n in range(chosen.jobs)]
    tally = Tally()
    with ProcessPoolExecutor(chosen.jobs, get_context("spawn")) as pool:
        for part in pool.map(fuzz, shares, [chosen.seed] * chosen.jobs):
            tally.add(part)
    text = report(tally, chosen.seed)
    print(text)
    for number, why, kind, raw in tally.failed:
        print(f"{number}: {why} ({len(raw)} bytes)")
        if chosen.keep:
            chosen.keep.mkdir(parents=True, exist_ok=True)
            (chosen.keep / f"{chosen.seed}_{number}{kind}").write_bytes(raw)
    if chosen.write:
        before, _, rest = chosen.write.read_text().partition(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        body = f"{MARKS[0]}\n\n{text}\n{MARKS[1]}"
        chosen.write.write_text(before + body + after)


if __name__ == "__main__":
    main()
