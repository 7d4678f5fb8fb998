"""One workload, measured: all implementations and floors in the same rounds."""

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import Any

from benchmarks import floors
from benchmarks.measure import Samples, interleave, saved_bytes
from benchmarks.peers import OURS, PROTOTYPE, candidates
from benchmarks.targets import DENSE, FLOOR, GATE
from benchmarks.workloads import Shape, Workload


@dataclass(frozen=True)
class Result:
    """What was found for one workload.

    :ivar asked: the implementations that were asked for; some may have no such layer
    :ivar taken: times of the implementations, and of the floors
    :ivar spike_rates: spikes for each neuron and step
    :ivar saved: bytes kept for the backward pass, for each element T·B·N
    """

    name: str
    shape: Shape
    asked: tuple[str, ...]
    taken: Mapping[str, Samples]
    spike_rates: Mapping[str, float]
    saved: Mapping[str, float]

    def passes(self) -> bool:
        """Return whether ours is measured and within the gate of the prototype."""
        if not {OURS, PROTOTYPE} <= self.taken.keys():
            return False
        return self.taken[OURS].over(self.taken[PROTOTYPE]).median <= GATE

    def document(self) -> dict[str, Any]:
        """Return everything as plain values, times in s."""
        return asdict(self)


def measure(
    name: str,
    shape: Shape,
    asked: list[str],
    rounds: int,
    prototype: ModuleType | None = None,
) -> Result:
    """Measure one workload.

    :param asked: names of the implementations
    :param rounds: samples of each
    :param prototype: the kernels of "prototype"
    """
    work = Workload(shape)
    found = candidates(work, asked, prototype)
    print(f"{name} ({shape}): {', '.join(found)}", file=sys.stderr, flush=True)
    floor_steps = floors.steps(work)
    steps = {each: candidate.step for each, candidate in found.items()}
    timed = interleave(steps | floor_steps, rounds)
    taken = {each: timed[each] for each in found}
    taken[FLOOR] = floors.total(shape, timed)
    if floors.DENSE in timed:
        taken[DENSE] = timed[floors.DENSE]
    saved = {
        each: saved_bytes(candidate.step) / shape.elements
        for each, candidate in found.items()
        if candidate.torch and shape.trained and not timed[each].slow
    }
    rates = {
        each: candidate.spike_rate()
        for each, candidate in found.items()
        if not timed[each].slow
    }
    return Result(name, shape, tuple(asked), taken, rates, saved)
