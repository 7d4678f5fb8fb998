"""EventProp through the compiled kernels: `trajectory` and `adjoint` for lanes.

Where `core.functional.compiled.applies`, they take the place of
`core.functional.trajectory.integrate` and `core.functional.adjoint.adjoint`.
"""

import math
from typing import Any

import torch
from torch import Tensor

from core.functional.fused import lanes_of, rows_of
from core.functional.trajectory import Neuron, Trajectory
from core.kernels import eventprop as kernels
from core.kernels.lanes import F32, NOTHING, empty, run_lanes


def integrate(x: Tensor, n: Neuron, crossing: str) -> Trajectory:
    """Integrate neurons from rest.

    :param x: graded spikes, shape (time, batch, neurons), model units
    :param crossing: ``"grid"`` or ``"interpolated"``
    """
    interpolated = crossing == "interpolated"
    rows = lanes_of(x)
    results = [empty(rows.shape) for _ in range(4 if interpolated else 3)]
    moment = results[3] if interpolated else NOTHING
    run_lanes(
        kernels.forward(interpolated),
        (rows, _parameters(x, n), *results[:3], moment),
        len(x),
        rows.shape[1],
        torch.get_num_threads(),
    )
    z, v, i, *m = (torch.from_numpy(r).view(x.shape) for r in results)
    return Trajectory(z, v, i, m[0] if m else None)


def currents(x: Tensor, n: Neuron, crossing: str) -> Tensor:
    """Return the synaptic current alone, shape (time, batch, neurons)."""
    return integrate(x, n._replace(threshold=math.inf), crossing).current


def adjoint(grad_spikes: Tensor, trajectory: Trajectory, n: Neuron) -> Tensor:
    """Return the gradients of the input.

    :param grad_spikes: gradient of the spikes, shape (time, batch, neurons)
    :returns: gradient by weight and by time, shape (2, time, batch, neurons)
    """
    gradient = lanes_of(grad_spikes)
    moment = trajectory.moment
    results = empty((2, *gradient.shape))
    run_lanes(
        kernels.backward(moment is not None),
        (
            _parameters(grad_spikes, n),
            lanes_of(trajectory.spikes),
            lanes_of(trajectory.current),
            NOTHING if moment is None else lanes_of(moment),
            gradient,
            results[0],
            results[1],
        ),
        len(gradient),
        gradient.shape[1],
        torch.get_num_threads(),
    )
    return torch.from_numpy(results).view(2, *grad_spikes.shape)


def _parameters(like: Tensor, n: Neuron) -> F32:
    """Return the parameters of all lanes, shape (rows, lanes)."""
    values: dict[int, Any] = {
        kernels.LEAK: n.leak,
        kernels.RESET: n.reset,
        kernels.THRESHOLD: n.threshold,
        kernels.A: n.dt / n.tau_mem,
        kernels.B: n.dt / n.tau_syn,
        kernels.TAU_SYN: n.tau_syn,
    }
    return rows_of([values[row] for row in range(kernels.PARAMETERS)], like)
