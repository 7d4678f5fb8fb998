"""Trajectories of leaky integrate-and-fire neurons, as EventProp needs them.

Between spikes, in model units::

    tau_mem dv/dt = leak - v + i,    tau_syn di/dt = -i

Row ``t`` of a membrane is its value at time ``t dt``. An input in row ``t`` acts from
then on, its current is recorded in row ``t + 1``, and the last input acts no more. Two
schemes lead from row to row:

``"grid"``
    Euler steps; a spike happens at the end of its step, where ``v = reset`` then::

        i' = i (1 - dt/tau_syn) + x,    v' = v + dt/tau_mem (leak - v + i')

``"interpolated"``
    The exact solution, with ``a = dt/tau_mem`` and ``b = dt/tau_syn``::

        i' = i exp(-b) + x
        v' = leak + (v - leak) exp(-a) + i' a (exp(-b) - exp(-a)) / (a - b)

    A spike happens where the parabola through ``v``, its slope and ``v'`` crosses the
    threshold; the membrane is reset there and goes on for the rest of the step.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from core.errors import ParameterError, did_you_mean
from core.functional.parameters import check_parameter, parameter

CROSSINGS = ("grid", "interpolated")


class Neuron(NamedTuple):
    """Checked parameters: numbers, or tensors that broadcast to (batch, neurons).

    Potentials are in model units, times in seconds.
    """

    leak: Any
    reset: Any
    threshold: Any
    tau_syn: Any
    tau_mem: Any
    dt: float


class Trajectory(NamedTuple):
    """What neurons did; tensors have the shape (time, batch, neurons).

    :ivar spikes: 0 or 1
    :ivar membrane: model units, None if it is not known
    :ivar current: model units
    :ivar moment: when in its step a spike happened, 0…1, and 1 without a spike; None if
        spikes happen on the grid
    """

    spikes: Tensor
    membrane: Tensor | None
    current: Tensor
    moment: Tensor | None


def neuron(like: Tensor, *, dt: float, **parameters: Any) -> Neuron:
    """Return the checked parameters of neurons with the input ``like``.

    :param dt: step width, s
    :raises ParameterError: if a value is not finite, or a time not above zero
    :raises ShapeError: if a value does not broadcast to (batch, neurons)
    """
    above = {"tau_syn": 0.0, "tau_mem": 0.0}
    return Neuron(
        dt=check_parameter("dt", dt, 0.0),
        **{n: parameter(n, v, like, above.get(n)) for n, v in parameters.items()},
    )


def check_crossing(crossing: str) -> str:
    """Return ``crossing``, the name of a scheme.

    :raises ParameterError: if there is none of this name
    """
    if crossing not in CROSSINGS:
        raise ParameterError(
            "crossing",
            f"there is no scheme {crossing!r}.",
            f"Use one of {list(CROSSINGS)}.{did_you_mean(str(crossing), CROSSINGS)}",
        )
    return crossing


def integrate(x: Tensor, n: Neuron, crossing: str) -> Trajectory:
    """Integrate neurons from rest.

    :param x: graded spikes, shape (time, batch, neurons), model units
    :param crossing: ``"grid"`` or ``"interpolated"``

    >>> x = torch.full((9, 1, 1), 0.5)
    >>> fixed = {"leak": 0, "reset": 0, "threshold": 1, "tau_syn": 6e-6}
    >>> n = neuron(x, dt=1e-6, tau_mem=6e-6, **fixed)
    >>> integrate(x, n, "interpolated").spikes.flatten().nonzero().flatten().tolist()
    [7]
    """
    current = currents(x, n, crossing)
    return (_on_the_grid if crossing == "grid" else _interpolated)(current, n)


def currents(x: Tensor, n: Neuron, crossing: str) -> Tensor:
    """Return the synaptic current alone, shape (time, batch, neurons)."""
    euler = crossing == "grid"
    decay = 1 - n.dt / n.tau_syn if euler else torch.exp(-rates(x, n)[1])
    current = torch.zeros_like(x)
    for t, row in enumerate(x[:-1].unbind(0)):
        torch.add(current[t] * decay, row, out=current[t + 1])
    return current


def rates(like: Tensor, n: Neuron) -> tuple[Tensor, Tensor]:
    """Return ``dt / tau_mem`` and ``dt / tau_syn`` as tensors."""
    return _tensor(n.dt / n.tau_mem, like), _tensor(n.dt / n.tau_syn, like)


def response(a: Tensor, b: Tensor) -> Tensor:
    """Return the membrane after a time in which a current of 1 decayed.

    ``a (exp(-b) - exp(-a)) / (a - b)``, also where the two are equal.

    :param a: the time over ``tau_mem``
    :param b: the time over ``tau_syn``
    """
    x = -(a - b).abs()
    mean = torch.where(x == 0, 1.0, torch.expm1(x) / x)
    return a * torch.exp(-torch.minimum(a, b)) * mean


def at(value: Any, like: Tensor, place: tuple[Tensor, ...]) -> Tensor:
    """Return a parameter of each neuron that is at ``place`` in ``like``."""
    return _tensor(value, like).expand_as(like)[place]


def _tensor(value: Any, like: Tensor) -> Tensor:
    return torch.as_tensor(value, dtype=like.dtype, device=like.device)


def _on_the_grid(current: Tensor, n: Neuron) -> Trajectory:
    rate = n.dt / n.tau_mem
    membrane, spikes = torch.empty_like(current), torch.zeros_like(current)
    membrane[:1] = n.leak
    for t in range(1, len(current)):
        v = membrane[t - 1]
        v = v + rate * (n.leak - v + current[t])
        fired = v > n.threshold
        spikes[t] = fired
        membrane[t] = torch.where(fired, n.reset, v)
    return Trajectory(spikes, membrane, current, None)


def _interpolated(current: Tensor, n: Neuron) -> Trajectory:
    a, b = rates(current, n)
    decay, gain = torch.exp(-a), response(a, b)
    membrane, spikes = torch.empty_like(current), torch.zeros_like(current)
    moment = torch.ones_like(current)
    membrane[:1] = n.leak
    for t in range(1, len(current)):
        v, i = membrane[t - 1], current[t]
        membrane[t] = n.leak + (v - n.leak) * decay + i * gain
        fired = (membrane[t] > n.threshold).nonzero(as_tuple=True)
        if len(fired[0]):
            spikes[t][fired] = 1
            moment[t][fired], membrane[t][fired] = _spike(v, i, membrane[t], fired, n)
    return Trajectory(spikes, membrane, current, moment)


def _spike(
    v: Tensor, i: Tensor, free: Tensor, place: tuple[Tensor, ...], n: Neuron
) -> tuple[Tensor, Tensor]:
    """Return moment and membrane after the step for the neurons that spike in it.

    :param v: membranes before the step, shape (batch, neurons), like ``i``
    :param free: membranes after the step, had there been no spike
    :param place: batch entry and neuron of each spike
    """
    a, b, leak, reset, threshold = (
        at(p, v, place) for p in (*rates(v, n), n.leak, n.reset, n.threshold)
    )
    v, i, free = v[place], i[place], free[place]
    slope = a * (leak - v + i)
    moment = _crossing(threshold - v, slope, free - v - slope)
    rest = 1 - moment
    i = i * torch.exp(-b * moment)
    after = leak + (reset - leak) * torch.exp(-a * rest)
    return moment, after + i * response(a * rest, b * rest)


def _crossing(gap: Tensor, slope: Tensor, bend: Tensor) -> Tensor:
    """Return where ``slope x + bend x²`` first reaches ``gap``, 0…1.

    A membrane that starts above the threshold crosses it at once.
    """
    root = torch.sqrt((slope.square() + 4 * bend * gap).clamp_min(0))
    return torch.nan_to_num(2 * gap / (slope + root), nan=0.0).clamp(0, 1)
