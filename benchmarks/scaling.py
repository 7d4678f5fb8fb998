"""How the time of our LIF layer grows, and whether silence costs more than activity.

The layer alone, forward and backward, no projection. The time should grow linearly with
T, B and N; a network that decays to silence should not be slower than an active one,
which it is where numbers far below 1e-38 are computed.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from benchmarks import ours, torch_loop
from benchmarks.measure import Step, exponent, interleave, saved_bytes
from benchmarks.peers import OURS, candidates
from benchmarks.tables import interval, number, table
from benchmarks.workloads import DIRECT_INPUT, SHAPES, Workload

#: Sizes (T, B, N) along each axis; the exponent is fitted to the last three.
SWEEPS = {
    "T": [(t, 16, 256) for t in (50, 100, 200, 400, 800)],
    "B": [(100, b, 256) for b in (1, 4, 16, 64, 256)],
    "N": [(100, 16, n) for n in (16, 64, 256, 1024, 4096)],
}
FITTED = 3

#: Silent from this step on.
QUIET = 10


def exponents(rounds: int) -> str:
    """Return a table of times, and of the exponents fitted to them."""
    rows = []
    for place, (axis, sizes) in enumerate(SWEEPS.items()):
        along = {size[place]: layer_step(ours.lif, size) for size in sizes}
        taken = interleave(along, rounds)
        seconds = [samples.estimate.median for samples in taken.values()]
        fitted = exponent(list(along)[-FITTED:], seconds[-FITTED:])
        pairs = zip(along, seconds, strict=True)
        measured = ", ".join(f"{size}: {number(1e3 * s)}" for size, s in pairs)
        rows.append([axis, measured, f"{fitted:.2f}"])
    return table(["", "size: ms", "exponent of the last three"], rows)


def memory() -> str:
    """Return what the layer alone keeps for its backward pass."""
    size = (100, 32, 256)
    elements = 100 * 32 * 256
    rows = [
        [name, f"{saved_bytes(layer_step(layer, size)) / elements:.1f}"]
        for name, layer in (
            (OURS, ours.lif),
            ("torch loop", lambda x: torch_loop.lif(x)[0]),
        )
    ]
    return table(["LIF layer alone", "saved, B per T·B·N"], rows)


def layer_step(layer: Callable[[Tensor], Tensor], size: Sequence[int]) -> Step:
    """Return a step through one layer, forward and backward."""
    rng = torch.Generator().manual_seed(1)
    x = DIRECT_INPUT * (torch.rand(*size, generator=rng) < 0.05).float()
    gradient = torch.randn(*size, generator=rng)

    def step() -> None:
        layer(x.detach().requires_grad_()).backward(gradient)

    return step


def silence(rounds: int, names: Sequence[str] = ("W1", "W3", "W5", "W6")) -> str:
    """Return the time of workloads whose input stops, over that of active ones."""
    rows = []
    for name in names:
        active, silent = Workload(SHAPES[name]), Workload(SHAPES[name])
        silent.input[:QUIET] = silent.input.max()
        silent.input[QUIET:] = 0
        both = [candidates(work, [OURS]).get(OURS) for work in (active, silent)]
        steps = [candidate.step for candidate in both if candidate is not None]
        if not steps:
            rows.append([name, "n/a", "n/a", "n/a"])
            continue
        first, then = interleave(dict(enumerate(steps)), rounds).values()
        times = [interval(taken.estimate, 1e3) for taken in (first, then)]
        rows.append([name, *times, interval(then.over(first))])
    return table(["", "active, ms", "silent, ms", "silent / active (95 %)"], rows)
