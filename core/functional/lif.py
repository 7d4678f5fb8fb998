"""Leaky integrate-and-fire neurons with exponential decays; deprecated.

The subthreshold equations are those of `core.functional.li`, and::

    z' = 1 if v' > threshold else 0
    v' = reset where z' = 1
"""

from typing import Any

import torch
from torch import Tensor

from core.functional.aelif import check_input
from core.functional.li import deprecated, exponential_step
from core.functional.measured import Measured
from core.functional.parameters import parameter
from core.functional.state import initial_membrane, stacked
from core.functional.threshold import check_alpha, check_method
from core.functional.threshold import threshold as spiking_threshold
from core.functional.unterjubel import inject


def exp_cuba_lif_integration(
    input: Tensor,
    *,
    leak: Any,
    reset: Any,
    threshold: Any,
    tau_syn_exp: Any,
    tau_mem_exp: Any,
    method: str,
    alpha: float,
    hw_data: Any = None,
) -> tuple[Tensor, Tensor, Tensor, Any]:
    """Integrate leaky integrate-and-fire neurons over time.

    Deprecated: `core.functional.cuba_aelif_integration` takes time constants.

    :param input: graded spikes, shape (time, batch, neurons), model units
    :param leak: potential at rest, model units, like ``reset`` and ``threshold``
    :param tau_syn_exp: ``exp(-dt / tau_syn)``
    :param tau_mem_exp: ``exp(-dt / tau_mem)``
    :param method: surrogate gradient of the spikes, with steepness ``alpha``
    :param hw_data: handle with ``voltage`` and ``spikes`` as measured; a measured
        membrane is not reset
    :returns: spikes, membrane, current, and what the MADC measured or None
    :raises ShapeError: if ``input`` has not three dimensions
    :raises ParameterError: if a parameter is not finite or ``method`` unknown

    >>> import warnings
    >>> with warnings.catch_warnings(action="ignore"):
    ...     spikes, membrane, current, madc = exp_cuba_lif_integration(
    ...         torch.ones(9, 1, 1), leak=0, reset=0, threshold=1, tau_syn_exp=0.8,
    ...         tau_mem_exp=0.8, method="superspike", alpha=50.0
    ...     )
    >>> spikes.flatten().tolist()
    [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0]
    """
    deprecated("exp_cuba_lif_integration")
    check_input(input)
    check_method(method)
    alpha = check_alpha("alpha", alpha)
    hw = Measured.of(hw_data)
    leak, reset, threshold, a_syn, a_mem = (
        parameter(name, value, input)
        for name, value in (
            ("leak", leak),
            ("reset", reset),
            ("threshold", threshold),
            ("tau_syn_exp", tau_syn_exp),
            ("tau_mem_exp", tau_mem_exp),
        )
    )
    v = initial_membrane(input, leak)
    i = input.new_zeros(v.shape)
    trace = []
    for x, v_hw, _, z_hw in hw.steps(input):
        v, i = exponential_step(v, i, x, leak, a_mem, a_syn)
        v = inject(v, v_hw)
        z = inject(spiking_threshold(v - threshold, method, alpha), z_hw)
        if v_hw is None:
            v = torch.where(z.detach() > 0, reset, v)
        trace.append((v, i, i, z))
    membrane, current, _, spikes = stacked(trace, input)
    return spikes, membrane, current, hw.voltage_madc
