"""The time loop through the compiled kernel, where no gradient is asked for.

`applies` decides once, before the loop: single precision on the CPU, no gradient, no
measured data, neither exponential nor adaptation terms. Everything else takes the
reference, `core.functional.loop`; both give the same numbers to the last bit.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.functional.refractory import refractory_steps
from core.functional.state import States
from core.functional.step_code import CuBaStepCode
from core.kernels import membrane as kernel


def applies(input: Tensor, terms: CuBaStepCode, values: Mapping[str, Any]) -> bool:
    """Return whether the kernel may integrate ``input`` with these parameters.

    :param terms: which terms there are
    :param values: the parameters of these terms
    """
    if terms.exponential or terms.adaptive:
        return False
    tensors = [input, *(p for p in values.values() if isinstance(p, Tensor))]
    if torch.is_grad_enabled() and any(t.requires_grad for t in tensors):
        return False
    return all(t.dtype == torch.float32 and t.device.type == "cpu" for t in tensors)


def integrate(
    input: Tensor, terms: CuBaStepCode, values: Mapping[str, Any], *, dt: float
) -> States:
    """Integrate neurons over time.

    :param input: graded spikes, shape (time, batch, neurons), model units
    :param values: the parameters of ``terms``, by their names in the step code
    :param dt: step width, s
    """
    steps, batch, neurons = input.shape

    def lanes(value: Any) -> NDArray[np.float32]:
        tensor = torch.as_tensor(value, dtype=torch.float32)
        spread = tensor.expand(batch, neurons).reshape(-1)
        return np.ascontiguousarray(spread.detach().numpy())

    def parameter(name: str) -> NDArray[np.float32]:
        return lanes(values.get(name, 0.0))

    hold = refractory_steps(values["refractory_time"], dt) if terms.refractory else 0.0
    x = input.detach().reshape(steps, batch * neurons).contiguous().numpy()
    results = [np.empty_like(x) for _ in range(3)]
    kernel.integrate(
        x,
        lanes(dt / values["c"]),
        parameter("g_l"),
        parameter("leak"),
        lanes(values["leak"] if terms.starts_at_leak else 0.0),
        lanes(1 - dt / values["tau_syn"]),
        parameter("threshold"),
        parameter("reset"),
        lanes(hold),
        terms.leaky,
        terms.fire,
        terms.refractory,
        results[0],
        results[1],
        results[2],
    )
    membrane, current, spikes = (
        torch.from_numpy(r).reshape(steps, batch, neurons) for r in results
    )
    return membrane, current, torch.zeros_like(membrane), spikes
