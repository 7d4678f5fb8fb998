"""Send damaged files through the door, and count what becomes of them."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.fuzz_nir.mutations import damaged
from benchmarks.fuzz_nir.seeds import seeds
from core.errors import ConversionError
from core.spec.check import check
from core.spec.examples import first_steps
from workbench.reader import LIGHT, MEMORY, CrashError, Reader
from workbench.uploads import believed

#: Seconds of CPU time and of wall time for one file: a hang costs no more.
CPU, WALL = 2, 6
FAST = LIGHT.replace(
    "main()",
    "import workbench.read_upload as r\n"
    f"r.CPU_SECONDS, r.WALL_SECONDS = {CPU}, {WALL}\n"
    "main()",
)


@dataclass
class Tally:
    """What became of the files."""

    outcomes: Counter[str] = field(default_factory=Counter)
    ways: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    computing: list[float] = field(default_factory=list)
    memory: int = 0
    failed: list[tuple[int, str, str, bytes]] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Count the files of another one, too."""
        self.outcomes += other.outcomes
        self.ways += other.ways
        self.seconds += other.seconds
        self.computing += other.computing
        self.memory = max(self.memory, other.memory)
        self.failed += other.failed


def outcome(reader: Reader, kind: str, raw: bytes) -> tuple[str, int, float]:
    """Return what becomes of one file on the page, memory and time of its child."""
    memory, seconds = 0, 0.0
    try:
        answer = reader.ask(kind, raw)
        memory, seconds = answer.memory, answer.seconds
        upload = believed(answer)
        spec, _ = upload.opened_over(first_steps(), "fuzz")
        check(spec)
    except CrashError as crash:
        return f"child ended ({crash.signal or 'code'})", crash.memory, CPU
    except ConversionError:
        return "ConversionError", memory, seconds
    except Exception as error:  # what must not be
        return f"FAILED: {type(error).__name__}: {error}"[:200], memory, seconds
    if upload.recordings:
        return "recording", memory, seconds
    return "document" if upload.network is None else "network", memory, seconds


def fuzz(numbers: Sequence[int], seed: int) -> Tally:
    """Read the files ``numbers`` of a seed."""
    tally, files = Tally(), seeds()
    reader = Reader(("-P", "-c", FAST))
    outcome(reader, ".json", b"")  # the start of the process is not counted
    for number in numbers:
        rng = np.random.default_rng((seed, number))
        name, kind, raw = files[int(rng.integers(0, len(files)))]
        way, raw = damaged(rng, kind, raw)
        started = time.perf_counter()
        found, memory, computing = outcome(reader, kind, raw)
        tally.seconds.append(time.perf_counter() - started)
        tally.computing.append(computing)
        tally.outcomes[found] += 1
        tally.ways[way, found] += 1
        tally.memory = max(tally.memory, memory)
        if found.startswith(("child", "FAILED")) or memory > MEMORY:
            tally.failed.append((number, f"{name}, {way}: {found}", kind, raw))
    reader.close()
    return tally
