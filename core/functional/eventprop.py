"""EventProp: exact gradients of spike times instead of surrogate gradients.

Synapses hand on their graded spikes twice, shape (2, time, batch, neurons): forward the
second half is zero, backward the halves carry the gradients by weight and by time. See
`core.functional.trajectory` for the neurons and `core.functional.adjoint` for their
gradients; the parameters of the neurons have none.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from core.errors import ShapeError
from core.functional import adjoint, fused_eventprop, trajectory
from core.functional.compiled import applies, reason
from core.functional.measured import Measured
from core.functional.projection import density, project, weight_gradient
from core.functional.trajectory import Neuron, Trajectory, check_crossing, neuron


class CUBALIFParams(NamedTuple):
    """Parameters of leaky integrate-and-fire neurons, for `EventPropNeuron`.

    Times in seconds, potentials in model units. `EventPropNeuron` uses neither
    ``refractory_time`` nor the surrogate gradient.

    >>> float(CUBALIFParams(tau_mem=6e-6, tau_syn=6e-6).threshold)
    1.0
    """

    tau_mem: Any
    tau_syn: Any
    refractory_time: Any = torch.tensor(0.0)
    leak: Any = torch.tensor(0.0)
    threshold: Any = torch.tensor(1.0)
    reset: Any = torch.tensor(0.0)
    alpha: float = 50.0
    method: str = "superspike"


class EventPropLIFFunction(torch.autograd.Function):
    """Leaky integrate-and-fire neurons with EventProp gradients.

    >>> graded = torch.zeros(2, 4, 1, 1)
    >>> graded[0, 0] = 8
    >>> spikes, membrane, current = EventPropLIFFunction.apply(
    ...     graded, 0.0, 0.0, 1.0, 5e-6, 5e-6
    ... )
    >>> spikes.flatten().tolist()
    [0.0, 1.0, 1.0, 1.0]
    """

    @staticmethod
    def forward(
        ctx: Any,
        input: Tensor,
        leak: Any,
        reset: Any,
        threshold: Any,
        tau_syn: Any,
        tau_mem: Any,
        hw_data: Any = None,
        dt: float = 1e-6,
        crossing: str = "grid",
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Integrate the neurons, or take what was measured.

        :param input: graded spikes, shape (2, time, batch, neurons), model units
        :param hw_data: handle with ``voltage`` and ``spikes`` as measured; rows after
            the last input are dropped, missing spikes are computed
        :param dt: step width, s
        :param crossing: ``"grid"`` or ``"interpolated"``; measured spikes are taken at
            their step by both
        :returns: spikes, membrane and current, each of shape (time, batch, neurons);
            with measured spikes the current is None, and so is a membrane that was not
            measured
        :raises ShapeError: if ``input`` or a parameter has another shape
        :raises ParameterError: if a parameter or ``crossing`` is out of range
        """
        n = _neuron(input, leak, reset, threshold, tau_syn, tau_mem, dt)
        return _forward(ctx, input, n, Measured.of(hw_data), crossing)

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, grad_spikes: Tensor | None, grad_membrane: Any, grad_current: Any
    ) -> tuple[Tensor | None, ...]:
        """Return the gradient of ``input``; those of both traces are not used."""
        return _backward(ctx, grad_spikes), *[None] * 8


class EventPropNeuron(torch.autograd.Function):
    """`EventPropLIFFunction` with its parameters in one object.

    >>> params = CUBALIFParams(tau_mem=5e-6, tau_syn=5e-6)
    >>> spikes, *_ = EventPropNeuron.apply(torch.zeros(2, 9, 1, 3), params, 1e-6)
    >>> spikes.shape
    torch.Size([9, 1, 3])
    """

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, params: Any, dt: float, hw_data: Any = None
    ) -> tuple[Tensor, Tensor | None, Any]:
        """Integrate the neurons, or take what was measured.

        :param input: graded spikes, shape (2, time, batch, neurons), model units
        :param params: `CUBALIFParams`, or anything with ``leak``, ``reset``,
            ``threshold``, ``tau_syn`` and ``tau_mem``
        :param dt: step width, s
        :param hw_data: measured spikes, CADC and MADC data, which are returned; rows
            after the last input are dropped
        :returns: spikes, membrane and current, each of shape (time, batch, neurons)
        """
        p = params
        n = _neuron(input, p.leak, p.reset, p.threshold, p.tau_syn, p.tau_mem, dt)
        spikes, voltage, madc = (None, None, None) if hw_data is None else hw_data
        measured = Measured(spikes=spikes, voltage=voltage)
        spikes, membrane, current = _forward(ctx, input, n, measured, "grid")
        return spikes, membrane, current if madc is None else madc.clone()

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, grad_spikes: Tensor | None, grad_membrane: Any, grad_current: Any
    ) -> tuple[Tensor | None, ...]:
        """Return the gradient of ``input``; those of both traces are not used."""
        return _backward(ctx, grad_spikes), None, None, None


class EventPropSynapseFunction(torch.autograd.Function):
    """Weighted sums over the sources, for EventProp neurons.

    >>> EventPropSynapseFunction.apply(torch.ones(7, 1, 2), torch.ones(3, 2)).shape
    torch.Size([2, 7, 1, 3])
    """

    @staticmethod
    def forward(ctx: Any, input: Tensor, weight: Tensor, _: Any = None) -> Tensor:
        """Return ``input @ weight.T`` and as many zeros.

        :param input: spikes, shape (time, batch, source)
        :param weight: shape (target, source), model units
        :returns: shape (2, time, batch, target)
        """
        ctx.save_for_backward(input, weight)
        graded = project(input, weight)
        return torch.stack([graded, torch.zeros_like(graded)])

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, grad_output: Tensor
    ) -> tuple[Tensor | None, Tensor | None, None]:
        """Return the gradients of input and weight.

        :param grad_output: gradients by weight and time, (2, time, batch, target)
        """
        input, weight = ctx.saved_tensors
        by_weight, by_time = grad_output
        grad_input = grad_weight = None
        if ctx.needs_input_grad[0]:
            grad_input = by_time @ weight
        if ctx.needs_input_grad[1]:
            spikes, g = input.flatten(0, -2), by_weight.flatten(0, -2)
            sparse = reason(g, {"input": spikes}) is None
            share = density(spikes) if sparse else 1.0
            grad_weight = weight_gradient(spikes, g, share)
        return grad_input, grad_weight, None


#: Its name until 2025; `core.modules.EventPropSynapse` is the module.
EventPropSynapse = EventPropSynapseFunction


def _neuron(
    input: Tensor,
    leak: Any,
    reset: Any,
    threshold: Any,
    tau_syn: Any,
    tau_mem: Any,
    dt: float,
) -> Neuron:
    if input.ndim != 4 or len(input) != 2:
        raise ShapeError(
            "EventProp neurons",
            f"graded spikes have shape {tuple(input.shape)}.",
            "Give them the shape (2, time, batch, neurons), as EventPropSynapse does.",
        )
    return neuron(
        input[0],
        leak=leak,
        reset=reset,
        threshold=threshold,
        tau_syn=tau_syn,
        tau_mem=tau_mem,
        dt=dt,
    )


def _forward(
    ctx: Any, input: Tensor, n: Neuron, measured: Measured, crossing: str
) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """Return spikes, membrane and current, and keep what the gradient needs."""
    check_crossing(crossing)
    x = input[0, : measured.length(input[0])]
    compiled = applies(x, n._asdict())
    loops: Any = fused_eventprop if compiled else trajectory
    if measured.spikes is None:
        found = loops.integrate(x, n, crossing)
    else:
        found = Trajectory(
            spikes=measured.spikes[: len(x)].to(x, copy=True),
            membrane=None,
            current=loops.currents(x, n, crossing),
            moment=None if crossing == "grid" else torch.ones_like(x),
        )
    membrane = found.membrane
    if measured.voltage is not None:
        membrane = measured.voltage[: len(x)].to(x, copy=True)
    ctx.neuron, ctx.shape = n, input.shape
    ctx.adjoint = (fused_eventprop if compiled else adjoint).adjoint
    ctx.save_for_backward(found.spikes, found.current, found.moment)
    ctx.set_materialize_grads(False)
    current = found.current if measured.spikes is None else None
    return found.spikes, membrane, current


def _backward(ctx: Any, grad_spikes: Tensor | None) -> Tensor | None:
    if grad_spikes is None:
        return None
    spikes, current, moment = ctx.saved_tensors
    found: Tensor = ctx.adjoint(
        grad_spikes, Trajectory(spikes, None, current, moment), ctx.neuron
    )
    if len(spikes) == ctx.shape[1]:
        return found
    gradient = grad_spikes.new_zeros(ctx.shape)
    gradient[:, : len(spikes)] = found
    return gradient
