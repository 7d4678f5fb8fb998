"""The time loop through the compiled kernels, forward and backward.

`reason` says once, before the loop, why they do not apply: they compute in single
precision on the CPU. Everything else takes the reference, `core.functional.loop`.
Without exponential term both give the same numbers to the last bit, except that what is
below 1e-30 becomes 0; with it they agree to about 1e-7.

Backward, nothing is saved but the results, 12 bytes per neuron and step; inside
`checkpointing` only the input, 4 bytes, from which they are computed a second time.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from core.errors import ParameterError
from core.functional.measured import Measured
from core.functional.projection import density, weight_gradient
from core.functional.refractory import refractory_steps
from core.functional.state import States
from core.functional.step_code import CuBaStepCode
from core.kernels import neuron as kernels
from core.kernels.backward import backward
from core.kernels.forward import forward
from core.kernels.lanes import F32, NOTHING, empty, run_lanes

_checkpointing: ContextVar[bool] = ContextVar("checkpointing", default=False)


@contextmanager
def checkpointing() -> Iterator[None]:
    """Save memory instead of time: gradients compute the states of a layer again.

    It pays where nothing else keeps the traces, in long runs of deep networks. It holds
    for the thread that asks for it.

    >>> x = torch.ones(9, 1, 3, requires_grad=True)
    >>> with checkpointing():
    ...     pass  # forward pass; the backward pass may follow outside
    """
    token = _checkpointing.set(True)
    try:
        yield
    finally:
        _checkpointing.reset(token)


def integrate(
    input: Tensor,
    hw: Measured,
    terms: CuBaStepCode,
    values: Mapping[str, Any],
    *,
    dt: float,
    alpha: float,
    feedback: Tensor | None = None,
    prompt: bool = False,
) -> States:
    """Integrate neurons over time.

    :param input: graded spikes, shape (time, batch, neurons), model units
    :param hw: what was measured of them
    :param values: the parameters of ``terms``, by their names in the step code
    :param dt: step width, s
    :param alpha: steepness of the superspike surrogate
    :param feedback: weights from the neurons to themselves, shape (target, source)
    :param prompt: in each step the current comes first, then the membrane
    """
    length = hw.length(input)
    x = input if length == len(input) else input[:length]  # a slice costs a gradient
    run = _Run(
        terms=_kernel_terms(terms, feedback is not None, prompt),
        measured=tuple(_measured(part, x) for part in hw.parts()),
        hold=refractory_steps(values["refractory_time"], dt) if terms.refractory else 0,
        alpha=alpha,
    )
    tensors = (x, feedback, *_rows(terms, values, dt))
    if torch.is_grad_enabled() and any(
        getattr(tensor, "requires_grad", False) for tensor in tensors
    ):
        states: States = _Integration.apply(run, *tensors)  # type: ignore[no-untyped-call]
        return states
    return run.forward(x, feedback, run.parameters(x, tensors[2:]))


def _kernel_terms(terms: CuBaStepCode, recurrent: bool, prompt: bool) -> kernels.Terms:
    return kernels.Terms(
        terms.leaky,
        terms.fire,
        terms.refractory,
        terms.exponential,
        terms.subthreshold_adaptation,
        terms.spike_triggered_adaptation,
        terms.hw_voltage_trace_available,
        terms.hw_adaptation_trace_available and terms.adaptive,
        terms.hw_spikes_available and terms.fire,
        recurrent and terms.fire,
        prompt,
    )


def _rows(terms: CuBaStepCode, values: Mapping[str, Any], dt: float) -> list[Any]:
    """Return the rows of the parameters but the last, numbers or tensors."""
    rows: list[Any] = [0.0] * (kernels.PARAMETERS - 1)
    rows[kernels.K] = dt / values["c"]
    rows[kernels.DECAY] = 1 - dt / values["tau_syn"]
    for row, name in (
        (kernels.G, "g_l"),
        (kernels.LEAK, "leak"),
        (kernels.THRESHOLD, "threshold"),
        (kernels.RESET, "reset"),
        (kernels.ONSET, "exp_threshold"),
        (kernels.INCREMENT, "b"),
    ):
        rows[row] = values.get(name, 0.0)
    if terms.starts_at_leak:
        rows[kernels.START] = values["leak"]
    if terms.exponential:
        rows[kernels.STRENGTH] = values["g_l"] * values["exp_slope"]
        rows[kernels.STEEPNESS] = math.log2(math.e) / values["exp_slope"]
    if terms.adaptive:
        rate = dt / values["tau_adaptation"]
        rows[kernels.DECAY_W] = 1 - rate
        rows[kernels.RATE] = rate * values.get("a", 0.0)
    return rows


def _measured(part: Tensor | None, x: Tensor) -> F32:
    return NOTHING if part is None else lanes_of(part[: len(x)].to(x))


def lanes_of(tensor: Tensor) -> F32:
    """Return the array (time, lanes) of a tensor (time, batch, neurons)."""
    array: F32 = tensor.detach().contiguous().numpy()
    return array.reshape(len(array), math.prod(array.shape[1:]))


def rows_of(values: Sequence[Any], like: Tensor) -> F32:
    """Return numbers and tensors as rows for all lanes, shape (values, lanes).

    :param like: shape (time, batch, neurons)
    """
    rows = empty((len(values), *like.shape[1:]))
    for row, value in enumerate(values):
        rows[row] = value.detach().numpy() if isinstance(value, Tensor) else value
    return rows.reshape(len(values), math.prod(like.shape[1:]))


class _Run(NamedTuple):
    """What one call of the kernels needs besides tensors with gradients."""

    terms: kernels.Terms
    measured: tuple[F32, ...]
    hold: Any
    alpha: float

    @property
    def present(self) -> tuple[bool, ...]:
        """Which of membrane, current, adaptation and spikes are computed."""
        adaptive = self.terms.subthreshold_adaptation
        adaptive = adaptive or self.terms.spike_triggered_adaptation
        return True, True, adaptive, self.terms.fire

    def parameters(self, x: Tensor, rows: Sequence[Any]) -> F32:
        """Return the parameters, shape (rows, lanes), or (rows, 1) if all are alike."""
        values = [*rows, self.hold]
        if all(isinstance(value, float | int) for value in values):
            return np.array(values, np.float32)[:, None]
        return rows_of(values, x)

    def forward(self, x: Tensor, feedback: Tensor | None, parameters: F32) -> States:
        """Return the states over time, each of the shape of ``x``."""
        rows = lanes_of(x)
        weight = NOTHING if feedback is None else feedback.detach().T.contiguous()
        results = [empty(rows.shape) if p else NOTHING for p in self.present]
        self.over_lanes(
            forward(self.terms),
            (rows, np.asarray(weight), parameters, *self.measured, *results),
            x.shape,
        )
        none = x.new_zeros(1).expand(x.shape)  # takes no memory
        v, i, w, z = (
            torch.from_numpy(r.reshape(x.shape)) if p else none
            for r, p in zip(results, self.present, strict=True)
        )
        return v, i, w, z

    def over_lanes(
        self, kernel: kernels.Kernel, arguments: tuple[Any, ...], shape: torch.Size
    ) -> None:
        """Run a kernel on lanes, or on whole batch entries of a recurrent layer."""
        steps, batch, neurons = shape
        if batch * neurons == 0:
            return
        threads = torch.get_num_threads()
        if self.terms.recurrent:
            run_lanes(kernel, arguments, steps * neurons, batch, threads, align=4)
        else:
            run_lanes(kernel, arguments, steps, batch * neurons, threads)


class _Integration(torch.autograd.Function):
    """Neurons over time, with gradients of input, feedback and parameters."""

    @staticmethod
    def forward(
        ctx: Any, run: _Run, x: Tensor, feedback: Tensor | None, *rows: Any
    ) -> States:
        parameters = run.parameters(x, rows)
        states = run.forward(x, feedback, parameters)
        absent = [s for s, p in zip(states, run.present, strict=True) if not p]
        ctx.mark_non_differentiable(*absent)
        ctx.set_materialize_grads(False)
        ctx.checkpointed = _checkpointing.get()
        if ctx.checkpointed:  # what was measured may be overwritten until then
            run = run._replace(measured=tuple(m.copy() for m in run.measured))
        kept = (x,) if ctx.checkpointed else states
        ctx.save_for_backward(feedback, *kept)
        ctx.run, ctx.parameters = run, parameters
        ctx.shapes = [np.shape(row) for row in rows]
        return states

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Any, ...]:
        if torch.is_grad_enabled():
            raise ParameterError(
                "integration",
                "the compiled kernels have no derivative of their gradient.",
                "Run the forward pass inside `with core.functional.reference():`.",
            )
        run, parameters = ctx.run, ctx.parameters
        feedback, *states = ctx.saved_tensors
        if ctx.checkpointed:
            states = run.forward(states[0], feedback, parameters)
        shape = states[0].shape
        lanes = shape[1] * shape[2]
        _, _, needs_feedback, *needs_rows = ctx.needs_input_grad
        rows = [
            lanes_of(state) if present else NOTHING
            for state, present in zip(states, run.present, strict=True)
        ]
        membrane, _, adaptation, spikes = rows  # where measured, they are what was
        hold = np.ceil(parameters[kernels.HOLD]).astype(np.int64)
        g_x = empty((shape[0], lanes))
        g_rows = np.zeros(
            (kernels.PARAMETERS, lanes if any(needs_rows) else 1), np.float32
        )
        run.over_lanes(
            backward(run.terms, any(needs_rows)),
            (
                NOTHING if feedback is None else feedback.detach().contiguous().numpy(),
                parameters,
                membrane,
                adaptation,
                spikes,
                *rows,
                run.alpha,
                hold,
                int(hold[0]) if (hold == hold[:1]).all() and lanes else -1,
                *(_gradient(g, lanes) for g in gradients),
                g_x,
                g_rows,
            ),
            shape,
        )
        graded = torch.from_numpy(g_x).view(shape)
        g_feedback = None
        if needs_feedback:
            later, spikes = graded[1:].flatten(0, 1), states[3][:-1].flatten(0, 1)
            g_feedback = weight_gradient(spikes, later, density(spikes))
        return (
            None,
            graded,
            g_feedback,
            *(
                torch.from_numpy(g.copy()).view(shape[1:]).sum_to_size(size)
                if need
                else None
                for g, size, need in zip(g_rows, ctx.shapes, needs_rows, strict=False)
            ),
        )


def _gradient(g: Tensor | None, lanes: int) -> F32:
    """Return a gradient (time, lanes), or (1, lanes) if all steps have the same."""
    if g is None:
        return np.zeros((1, lanes), np.float32)
    return lanes_of(g[:1] if g.stride(0) == 0 else g)
