"""The time loop through the compiled kernel, where no gradient is asked for.

`applies` decides once, before the loop: single precision on the CPU, no gradient, no
measured data, neither exponential nor adaptation terms. Everything else takes the
reference loop of `core.functional.aelif`; both give the same numbers to the last bit.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.kernels import membrane as kernel


def applies(input: Tensor, *parameters: Any) -> bool:
    """Return whether the kernel may integrate ``input`` with these parameters."""
    tensors = [input, *(p for p in parameters if isinstance(p, Tensor))]
    if torch.is_grad_enabled() and any(t.requires_grad for t in tensors):
        return False
    return all(t.dtype == torch.float32 and t.device.type == "cpu" for t in tensors)


def integrate(
    input: Tensor,
    *,
    mobility: Any,
    conductance: Any,
    leak: Any,
    start: Any,
    decay: Any,
    threshold: Any,
    reset: Any,
    hold: Any | None,
    leaky: bool,
    fire: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Integrate neurons over time.

    :param input: graded spikes, shape (time, batch, neurons), model units
    :param mobility: ``dt / C``; like all parameters a number or broadcastable to
        (batch, neurons)
    :param hold: refractory time in steps, None is none
    :returns: membrane, current and spikes, each of shape (time, batch, neurons)
    """
    steps, batch, neurons = input.shape

    def lanes(value: Any) -> NDArray[np.float32]:
        tensor = torch.as_tensor(value, dtype=torch.float32)
        spread = tensor.expand(batch, neurons).reshape(-1)
        return np.ascontiguousarray(spread.detach().numpy())

    x = input.detach().reshape(steps, batch * neurons).contiguous().numpy()
    results = [np.empty_like(x) for _ in range(3)]
    kernel.integrate(
        x,
        lanes(mobility),
        lanes(conductance),
        lanes(leak),
        lanes(start),
        lanes(decay),
        lanes(threshold),
        lanes(reset),
        lanes(0.0 if hold is None else hold),
        leaky,
        fire,
        hold is not None,
        results[0],
        results[1],
        results[2],
    )
    voltage, current, spikes = (
        torch.from_numpy(r).reshape(steps, batch, neurons) for r in results
    )
    return voltage, current, spikes
