"""Products of spikes and weights, by adding rows of weights where few sources spike.

Dense products cost the same for any input; adding costs as much as there are spikes. So
the share of inputs that are not 0, counted in every 17th row, decides. Below 65 536
weights the dense product wins anyway. Limits measured on one core, see
`docs/performance.md`.
"""

import math
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.functional.compiled import reason
from core.kernels import projection as kernels
from core.kernels.lanes import empty, run_lanes

#: Largest share of spiking inputs with which adding wins, for sums and for gradients.
SPARSE_SUM: Final = 0.12
SPARSE_GRADIENT: Final = 0.10
#: Fewest weights with which it wins.
SPARSE_WEIGHTS: Final = 1 << 16
#: Results of fewer numbers are left to torch, if there are also fewer weights.
_LARGE: Final = 1 << 22


def project(input: Tensor, weight: Tensor) -> Tensor:
    """Return ``input @ weight.T``.

    :param input: shape (…, source), model units
    :param weight: shape (target, source)
    :returns: shape (…, target)
    """
    rows = math.prod(input.shape[:-1])
    if (
        rows == 0
        or (rows * len(weight) < _LARGE and weight.numel() < SPARSE_WEIGHTS)
        or input.shape[-1] != weight.shape[-1]
        or reason(input, {"weight": weight}) is not None
        or torch.is_autocast_enabled("cpu")
    ):
        return F.linear(input, weight)
    x = input.reshape(rows, -1)
    y: Tensor = _Projection.apply(x, weight)  # type: ignore[no-untyped-call]
    return y.view(*input.shape[:-1], -1)


def density(x: Tensor) -> float:
    """Return the share of numbers that are not 0, of every 17th row of ``x``.

    >>> density(torch.eye(32))
    0.03125
    """
    part = x[::17]  # batch sizes are rarely multiples: rows of all entries
    return float(part.count_nonzero()) / max(part.numel(), 1)


class _Projection(torch.autograd.Function):
    """`project` of rows, with gradients of both."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.density = 1.0
        if weight.numel() >= SPARSE_WEIGHTS:
            ctx.density = density(x)
        ctx.save_for_backward(x, weight)
        return _sum(x, weight, ctx.density < SPARSE_SUM)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (g,), (x, weight) = gradients, ctx.saved_tensors
        needs_x, needs_weight = ctx.needs_input_grad
        if torch.is_grad_enabled():  # a derivative of the gradient is wanted
            return g @ weight if needs_x else None, g.T @ x if needs_weight else None
        g = g.contiguous()
        g_x = _dense(g, weight) if needs_x else None
        if not needs_weight:
            return g_x, None
        return g_x, weight_gradient(x, g, ctx.density)


def weight_gradient(x: Tensor, g: Tensor, share: float) -> Tensor:
    """Return ``g.T @ x``, shape (target, source).

    :param x: shape (row, source), of which ``share`` is not 0
    :param g: gradient of the sums, shape (row, target)
    """
    sources, targets = x.shape[1], g.shape[1]
    if share >= SPARSE_GRADIENT or sources * targets < SPARSE_WEIGHTS:
        return g.T @ x
    gradient = np.empty((sources, targets), np.float32)
    run_lanes(
        kernels.weight_gradient,
        (x.contiguous().numpy(), g.contiguous().numpy(), gradient),
        int(x.numel() * share),
        targets,
        torch.get_num_threads(),
    )
    return torch.from_numpy(gradient).T


def _sum(x: Tensor, weight: Tensor, sparse: bool) -> Tensor:
    x, weight = x.detach(), weight.detach()
    if not sparse:
        return _dense(x, weight.T)
    y = empty((len(x), len(weight)))
    run_lanes(
        kernels.project,
        (x.contiguous().numpy(), weight.T.contiguous().numpy(), y),
        weight.numel() // 16,
        len(x),
        torch.get_num_threads(),
    )
    return torch.from_numpy(y)


def _dense(a: Tensor, b: Tensor) -> Tensor:
    """Return ``a @ b`` in memory that is used again."""
    y = torch.from_numpy(empty((a.shape[0], b.shape[1])))
    return torch.mm(a, b, out=y)
