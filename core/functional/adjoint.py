"""The adjoint equations of leaky integrate-and-fire neurons: EventProp.

Wunderlich and Pehle (2021). Backward in time, with ``lv`` of the membrane and ``li`` of
the current::

    tau_mem lv' = -lv,    tau_syn li' = lv - li

and at each spike, with the slopes of the membrane just before and after it::

    before = leak - threshold + i,    after = leak - reset + i
    lv becomes lv after / before + g / before

The gradient ``g`` of a spike counts as minus the derivative of the loss by its time: a
larger spike is an earlier one. Likewise the input has two gradients: ``tau_syn li`` by
its weight, and ``lv - li``, minus the derivative by its time for a weight of one.

From row to row, ``li`` becomes ``decay li + coupling lv + current_kick`` and ``lv``
becomes ``transfer lv + membrane_kick``. The schemes of `core.functional.trajectory`
differ in these factors only.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from core.functional.trajectory import Neuron, Trajectory, at, rates, response


class _Steps(NamedTuple):
    """Factors of all steps; row ``t`` leads from time ``t`` to ``t - 1``.

    All but ``decay`` have the shape (time, batch, neurons).
    """

    decay: Tensor
    coupling: Tensor
    current_kick: Tensor
    transfer: Tensor
    membrane_kick: Tensor


def adjoint(grad_spikes: Tensor, trajectory: Trajectory, n: Neuron) -> Tensor:
    """Return the gradients of the input.

    Neurons that only touch the threshold have no finite gradient; theirs is 0.

    :param grad_spikes: gradient of the spikes, shape (time, batch, neurons)
    :returns: gradient by weight and by time, shape (2, time, batch, neurons)

    >>> from core.functional.trajectory import integrate, neuron
    >>> x = torch.full((9, 1, 1), 0.5)
    >>> fixed = {"leak": 0, "reset": 0, "threshold": 1, "tau_syn": 6e-6}
    >>> n = neuron(x, dt=1e-6, tau_mem=6e-6, **fixed)
    >>> spike = integrate(x, n, "interpolated")
    >>> by_weight, _ = adjoint(spike.spikes, spike, n)
    >>> [round(1e6 * g) for g in by_weight.flatten().tolist()]  # µs earlier
    [2, 2, 2, 2, 2, 1, 1, 0, 0]
    """
    scheme = _on_the_grid if trajectory.moment is None else _interpolated
    steps = scheme(grad_spikes, trajectory, n)
    gradient = grad_spikes.new_zeros(2, *grad_spikes.shape)
    li, lv = gradient
    for t in range(len(lv) - 1, 0, -1):
        torch.addcmul(steps.current_kick[t], steps.coupling[t], lv[t], out=li[t - 1])
        li[t - 1] += steps.decay * li[t]
        torch.addcmul(steps.membrane_kick[t], steps.transfer[t], lv[t], out=lv[t - 1])
    lv -= li
    li *= n.tau_syn
    return gradient


def _on_the_grid(grad_spikes: Tensor, trajectory: Trajectory, n: Neuron) -> _Steps:
    """Return Euler steps; the slopes are those one step before the spike."""
    a, b = rates(grad_spikes, n)
    spiked = trajectory.spikes.nonzero(as_tuple=True)
    time, *place = spiked
    # row 0 leads nowhere, so it does not matter that the row before it is the last
    ratio, kick = _jump(trajectory.current[time - 1, *place], spiked, grad_spikes, n)
    transfer = (1 - a).expand_as(grad_spikes).clone()
    transfer[spiked] *= ratio
    membrane_kick = torch.zeros_like(grad_spikes)
    membrane_kick[spiked] = kick
    return _Steps(
        decay=1 - b,
        coupling=b.expand_as(grad_spikes),
        current_kick=torch.zeros_like(b).expand_as(grad_spikes),
        transfer=transfer,
        membrane_kick=membrane_kick,
    )


def _interpolated(grad_spikes: Tensor, trajectory: Trajectory, n: Neuron) -> _Steps:
    """Return exact steps; one with a spike has a part before and one after it."""
    assert trajectory.moment is not None, "of this scheme"
    a, b = rates(grad_spikes, n)
    transfer = torch.exp(-a).expand_as(grad_spikes).clone()
    coupling = response(b, a).expand_as(grad_spikes).clone()
    current_kick, membrane_kick = torch.zeros_like(coupling), torch.zeros_like(coupling)

    spiked = trajectory.spikes.nonzero(as_tuple=True)
    moment = trajectory.moment[spiked]
    a_before, b_before = (at(rate, grad_spikes, spiked) * moment for rate in (a, b))
    a_after, b_after = (at(r, grad_spikes, spiked) * (1 - moment) for r in (a, b))
    decay_before = torch.exp(-b_before)
    current = trajectory.current[spiked] * decay_before
    ratio, kick = _jump(current, spiked, grad_spikes, n)
    coupling_before = response(b_before, a_before)
    coupling[spiked] = (
        decay_before * response(b_after, a_after)
        + coupling_before * torch.exp(-a_after) * ratio
    )
    current_kick[spiked] = coupling_before * kick
    transfer[spiked] *= ratio
    membrane_kick[spiked] = torch.exp(-a_before) * kick
    return _Steps(torch.exp(-b), coupling, current_kick, transfer, membrane_kick)


def _jump(
    current: Tensor, spiked: tuple[Tensor, ...], grad_spikes: Tensor, n: Neuron
) -> tuple[Tensor, Tensor]:
    """Return factor and addend of ``lv`` at each spike, shape (spikes,).

    :param current: at the spikes, shape (spikes,)
    :param spiked: indices of the spikes in the trajectory
    """
    before = current + at(n.leak - n.threshold, grad_spikes, spiked)
    after = current + at(n.leak - n.reset, grad_spikes, spiked)
    return _finite(after / before), _finite(1 / before) * grad_spikes[spiked]


def _finite(quotient: Tensor) -> Tensor:
    return torch.where(torch.isfinite(quotient), quotient, 0.0)
