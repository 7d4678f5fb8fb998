"""Where adding rows of weights beats the dense product, by the share of spikes.

Speed of the dense product of torch over that of our sums, and the same of the gradient
of the weights: above 1, adding is faster. `core.functional.projection` takes its limits
from here.
"""

import torch

from benchmarks.measure import Samples, interleave
from benchmarks.tables import table
from core.functional.projection import SPARSE_GRADIENT, SPARSE_SUM
from core.kernels import projection as kernels

ROWS = 16_000
SIZES = [(128, 128), (256, 256), (700, 256), (512, 512)]  # source, target
SHARES = (0.01, 0.02, 0.05, 0.1, 0.2)


def crossover(rounds: int) -> str:
    """Return a table of speeds, sums / gradients."""
    rows = []
    for sources, targets in SIZES:
        cells = [_speeds(sources, targets, share, rounds) for share in SHARES]
        rows.append([f"{sources} → {targets}", *cells])
    limits = f"chosen below {SPARSE_SUM:.0%} / {SPARSE_GRADIENT:.0%}"
    return table([limits, *(f"{share:.0%}" for share in SHARES)], rows)


def _speeds(sources: int, targets: int, share: float, rounds: int) -> str:
    rng = torch.Generator().manual_seed(1)
    x = (torch.rand(ROWS, sources, generator=rng) < share).float()
    weight = torch.randn(targets, sources, generator=rng)
    g = torch.randn(ROWS, targets, generator=rng)
    turned = weight.T.contiguous().numpy()
    y, g_weight = torch.empty(ROWS, targets), torch.empty(sources, targets)
    sums = x.numpy(), turned, y.numpy(), 0, ROWS
    gradients = x.numpy(), g.numpy(), g_weight.numpy(), 0, targets
    taken: dict[str, Samples] = interleave(
        {
            "dense": lambda: torch.mm(x, weight.T, out=y),
            "dense gradient": lambda: torch.mm(g.T, x),
            "ours": lambda: kernels.project(*sums),
            "our gradient": lambda: kernels.weight_gradient(*gradients),
        },
        rounds,
    )
    faster = taken["dense"].over(taken["ours"]).median
    steeper = taken["dense gradient"].over(taken["our gradient"]).median
    return f"{faster:.2g} / {steeper:.2g}"
