"""From the output of a network to a loss.

A decoder makes one score of each output neuron, shape (batch, classes), the larger the
better::

    max over time    max_t v
    spike count      number of spikes
    first spike      -t / tau_mem, with t the end of the run where there is none

and a loss compares them with the labels. Cross entropy and margin see
``score_scale * scores``; the mean square has targets of its own.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.errors import NetworkError
from core.spec.network import LISpec
from core.training.settings import TrainSpec


class FirstSpike(torch.autograd.Function):
    """Time of the first spike of each neuron, in steps; their number if there is none.

    The gradient of a spike is minus that of its time: a larger spike is an earlier one,
    as in `core.functional.adjoint`. Silent neurons have none.

    >>> spikes = torch.tensor([[[0.0, 0.0]], [[1.0, 0.0]]], requires_grad=True)
    >>> times = FirstSpike.apply(spikes)
    >>> times.sum().backward()
    >>> times.tolist(), spikes.grad[1].tolist()
    ([[1.0, 2.0]], [[-1.0, 0.0]])
    """

    @staticmethod
    def forward(ctx: Any, spikes: Tensor) -> Tensor:
        """Return the times, (time, batch, neurons) -> (batch, neurons)."""
        fired = spikes > 0
        first = fired.int().argmax(0)  # of equal ones the first
        silent = ~fired.any(0)
        ctx.save_for_backward(first, silent)
        ctx.steps = len(spikes)
        return torch.where(silent, len(spikes), first).to(spikes.dtype)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> Tensor:
        """Return the gradient of the spikes."""
        first, silent = ctx.saved_tensors
        by_time = torch.where(silent, 0.0, grad_outputs[0])
        gradient = by_time.new_zeros(ctx.steps, *by_time.shape)
        return gradient.scatter_(0, first.unsqueeze(0), -by_time.unsqueeze(0))


def scores(output: Any, population: LISpec, settings: TrainSpec, dt: float) -> Tensor:
    """Return the score of each class, shape (batch, classes).

    :param output: the filled handle of ``population``
    :param dt: step width, s
    :raises NetworkError: if spikes are decoded and it has none
    """
    if settings.decoder == "max over time":
        found: Tensor = output.membrane_cadc.amax(0)
        return found
    if not population.spiking:
        raise NetworkError(
            f"population '{population.name}'",
            f"never spikes, and its {settings.decoder} is to be decoded.",
            "Decode the maximum over time, or make it a population of LIF neurons.",
        )
    if settings.decoder == "spike count":
        count: Tensor = output.spikes.sum(0)
        return count
    times: Tensor = FirstSpike.apply(output.spikes)  # type: ignore[no-untyped-call]
    return -times * dt / _tau(population)


def loss(
    found: Tensor, labels: Tensor, population: LISpec, settings: TrainSpec
) -> Tensor:
    """Return the loss of a batch, a scalar.

    :param found: scores, shape (batch, classes)
    :param labels: shape (batch,)
    """
    if settings.loss == "cross entropy":
        return F.cross_entropy(settings.score_scale * found, labels)
    if settings.loss == "margin":
        return F.multi_margin_loss(settings.score_scale * found, labels)
    right, others = settings.score_label, settings.score_others
    if settings.decoder == "first spike":
        tau = _tau(population)
        right, others = -settings.t_label / tau, -settings.t_others / tau
    target = torch.full_like(found, others).scatter_(1, labels.unsqueeze(1), right)
    return F.mse_loss(found, target)


def penalty(
    found: Tensor,
    spikes: Mapping[str, Tensor],
    weights: Mapping[str, Tensor],
    settings: TrainSpec,
) -> Tensor:
    """Return what is added to the loss, a scalar.

    :param spikes: of each spiking population, shape (time, batch, neurons)
    :param weights: of each projection, shape (target, source)
    """
    total = settings.readout_penalty * found.square().mean()
    if settings.rate_penalty:
        for fired in spikes.values():
            excess = (fired.sum(0).mean(0) - settings.rate_target).relu()
            total = total + settings.rate_penalty * excess.square().mean()
    if settings.weight_penalty:
        for weight in weights.values():
            total = total + settings.weight_penalty * weight.square().mean()
    return total


def _tau(population: LISpec) -> float:
    return float(np.mean(population.tau_mem))
