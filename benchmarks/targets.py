"""What was thought possible before the kernels were written.

The columns *realistic* and *ambitious* of the study of fused kernels, as far as this
command measures them. Its factors over hxtorch itself are left out: hxtorch does not
run here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.measure import Samples
from benchmarks.peers import LOOP, OURS

FLOOR, DENSE = "floor", "dense floor"


@dataclass(frozen=True)
class Target:
    """Limits for one workload.

    :ivar faster: by which factor we are faster than others, at least
    :ivar within: how many times a floor we take, at most
    """

    faster: Mapping[str, float] = field(default_factory=dict)
    within: Mapping[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        faster = [f"≥ {factor:g} × {name}" for name, factor in self.faster.items()]
        within = [f"≤ {limit:g} × {name}" for name, limit in self.within.items()]
        return ", ".join(faster + within)

    def reached(self, taken: Mapping[str, Samples]) -> bool | None:
        """Return whether all limits hold, None if one cannot be judged.

        :param taken: times of ours, of the others and of the floors
        """
        needed = {OURS, *self.faster, *self.within}
        if not needed <= taken.keys():
            return None
        ours = taken[OURS]
        limits = {name: 1 / factor for name, factor in self.faster.items()}
        limits |= self.within
        return all(ours.over(taken[n]).median <= limit for n, limit in limits.items())


REALISTIC = {
    "W1": Target({LOOP: 3.5, "jax": 1.0}, {FLOOR: 2.4}),
    "W2": Target({LOOP: 2.2}, {FLOOR: 1.15}),
    "W3": Target({LOOP: 60, "jax": 4.5}, {FLOOR: 1.8}),
    "W4": Target({LOOP: 2.5}, {FLOOR: 1.15}),
    "W5": Target({LOOP: 90}, {FLOOR: 2.1}),
    "W6": Target({"norse": 7, LOOP: 1.6, "jax": 1.5}, {FLOOR: 1.3}),
}
AMBITIOUS = {
    "W1": Target(within={FLOOR: 1.4}),
    "W2": Target(within={DENSE: 0.75}),
    "W3": Target(within={FLOOR: 1.15}),
    "W4": Target(within={DENSE: 0.65}),
    "W5": Target(within={FLOOR: 1.3}),
    "W6": Target(within={DENSE: 0.8}),
}

#: Ours takes at most this many times the prototype.
GATE = 1.05
