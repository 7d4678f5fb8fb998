"""Leaky integrators with exponential decays; deprecated, kept for old scripts.

The parameters are the decays of one step, ``a = exp(-dt / tau)``; ``i`` is the old
current::

    v' = a_mem (v - leak) + leak + (1 - a_mem) i
    i' = a_syn i + x
"""

import warnings
from typing import Any

from torch import Tensor

from core.functional.aelif import check_input
from core.functional.measured import Measured
from core.functional.parameters import parameter
from core.functional.state import initial_membrane, stacked
from core.functional.unterjubel import inject


def exp_cuba_li_integration(
    input: Tensor,
    *,
    leak: Any,
    tau_syn_exp: Any,
    tau_mem_exp: Any,
    hw_data: Any = None,
) -> tuple[Tensor, Tensor, Any]:
    """Integrate leaky integrators over time.

    Deprecated: `core.functional.cuba_aelif_integration` with ``fire=False`` takes time
    constants.

    :param input: graded spikes, shape (time, batch, neurons), model units
    :param leak: potential at rest, model units
    :param tau_syn_exp: ``exp(-dt / tau_syn)``
    :param tau_mem_exp: ``exp(-dt / tau_mem)``
    :param hw_data: handle with ``voltage`` as measured, or None
    :returns: membrane, current, and what the MADC measured or None
    :raises ShapeError: if ``input`` has not three dimensions
    :raises ParameterError: if a parameter is not finite

    >>> import torch
    >>> with warnings.catch_warnings(action="ignore"):
    ...     membrane, current, madc = exp_cuba_li_integration(
    ...         torch.ones(9, 1, 2), leak=0.5, tau_syn_exp=0.8, tau_mem_exp=0.9
    ...     )
    >>> membrane.shape
    torch.Size([9, 1, 2])
    """
    deprecated("exp_cuba_li_integration")
    check_input(input)
    hw = Measured.of(hw_data)
    leak, a_syn, a_mem = (
        parameter(name, value, input)
        for name, value in (
            ("leak", leak),
            ("tau_syn_exp", tau_syn_exp),
            ("tau_mem_exp", tau_mem_exp),
        )
    )
    v = initial_membrane(input, leak)
    i = input.new_zeros(v.shape)
    trace = []
    for x, v_hw, _, _ in hw.steps(input):
        v, i = exponential_step(v, i, x, leak, a_mem, a_syn)
        v = inject(v, v_hw)
        trace.append((v, i, i, i))
    membrane, current, _, _ = stacked(trace, input)
    return membrane, current, hw.voltage_madc


def exponential_step(
    v: Tensor, i: Tensor, x: Tensor, leak: Any, a_mem: Any, a_syn: Any
) -> tuple[Tensor, Tensor]:
    """Return membrane and current one step later, without a threshold."""
    return a_mem * (v - leak) + leak + (1 - a_mem) * i, a_syn * i + x


def deprecated(name: str) -> None:
    """Warn the caller of the caller of this function."""
    warnings.warn(
        f"{name} is deprecated: use cuba_aelif_integration, or the modules LIF and LI, "
        "with time constants instead of decays.",
        DeprecationWarning,
        stacklevel=3,
    )
