"""The time loop of the adaptive exponential leaky integrate-and-fire neuron.

Explicit Euler with step ``dt``; right-hand sides are old values unless marked ``'``::

    v' = v + dt/C (i + g (E - v) + g D exp((v - V) / D) - w)
    i' = i (1 - dt/tau_syn) + x
    z' = 1 if v' > threshold else 0
    w' = w (1 - dt/tau_adap) + dt/tau_adap a (v' - E) + b z'
    v' = reset where z' = 1, and while the neuron is refractory

A spike that arrives in step t changes the current of step t and moves the membrane
first in step t + 1. This loop is the reference; measured data replaces what is computed
and gradients pass (`core.functional.unterjubel`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from core.errors import NotEmulatedError, ShapeError
from core.functional import dynamics, fused
from core.functional.refractory import (
    refractory_mask,
    refractory_restart,
    refractory_steps,
)
from core.functional.threshold import check_method
from core.functional.threshold import threshold as spiking_threshold
from core.functional.unterjubel import inject

#: membrane, its MADC samples, current, adaptation, its MADC samples, spikes
Traces = tuple[Tensor, Any, Tensor, Tensor, Any, Tensor]


def cuba_aelif_integration(
    input: Tensor,
    *,
    leak: Any,
    reset: Any,
    threshold: Any,
    tau_syn: Any,
    c_mem: Any,
    g_l: Any,
    refractory_time: Any,
    method: str,
    alpha: float,
    exp_slope: Any,
    exp_threshold: Any,
    subthreshold_adaptation_strength: Any,
    spike_triggered_adaptation_increment: Any,
    tau_adap: Any,
    hw_data: Any = None,
    dt: float = 1e-6,
    leaky: bool = True,
    fire: bool = True,
    refractory: bool = False,
    exponential: bool = False,
    subthreshold_adaptation: bool = False,
    spike_triggered_adaptation: bool = False,
    integration_step_code: str | None = None,
) -> Traces:
    """Integrate neurons with current-based synapses over time.

    Parameters are numbers or broadcast to (batch, neurons); potentials are in model
    units, times in seconds.

    :param input: graded spikes, shape (time, batch, neurons), model units
    :param c_mem: membrane capacitance, s
    :param g_l: leak conductance, None is 1
    :param method: surrogate gradient of the spikes, with steepness ``alpha``
    :param hw_data: handle with ``voltage``, ``adaptation`` and ``spikes`` as measured,
        each may be None; if it is shorter than ``input``, so is the result
    :param dt: step width, s
    :returns: membrane, membrane by MADC, current, adaptation, adaptation by MADC,
        spikes; each of shape (time, batch, neurons), the MADC ones as measured or None
    :raises ShapeError: if ``input`` has not three dimensions
    :raises ParameterError: if there is no surrogate gradient ``method``
    :raises NotEmulatedError: if custom step code is given
    """
    _check(input, method, integration_step_code)
    hw = _measured(hw_data)
    adaptive = subthreshold_adaptation or spike_triggered_adaptation
    leak, reset, threshold, tau_syn, c_mem, g_l, slope, onset, tau_adap, a, b = (
        _parameter(p, input)
        for p in (
            leak,
            reset,
            threshold,
            tau_syn,
            c_mem,
            1.0 if g_l is None else g_l,
            exp_slope,
            exp_threshold,
            tau_adap,
            subthreshold_adaptation_strength,
            spike_triggered_adaptation_increment,
        )
    )
    hold = refractory_steps(refractory_time, dt) if refractory and fire else None
    mobility, decay = dt / c_mem, 1 - dt / tau_syn
    start = leak if leaky or subthreshold_adaptation else 0.0
    plain = hw_data is None and not (exponential or adaptive)
    if plain and fused.applies(
        input, mobility, g_l, leak, decay, threshold, reset, hold
    ):
        membrane, synaptic, spikes = fused.integrate(
            input,
            mobility=mobility,
            conductance=g_l,
            leak=leak,
            start=start,
            decay=decay,
            threshold=threshold,
            reset=reset,
            hold=hold,
            leaky=leaky,
            fire=fire,
        )
        return membrane, None, synaptic, torch.zeros_like(membrane), None, spikes
    currents = dynamics.currents(
        g_l,
        leak=leak if leaky else None,
        exponential=(slope, onset) if exponential else None,
        adaptive=adaptive,
    )
    adapt = dynamics.adaptation_step(
        dt,
        tau_adap if adaptive else 1.0,
        leak,
        strength=a if subthreshold_adaptation else None,
        increment=b if spike_triggered_adaptation else None,
    )

    i = w = z = input.new_zeros(input.shape[1:])
    v = torch.zeros_like(i) + start
    counter = i.float()
    trace = []
    for x, v_hw, w_hw, z_hw in hw.steps(input):
        drive = i
        for current in currents:
            drive = drive + current(v, w)
        v = inject(v + mobility * drive, v_hw)
        i = i * decay + x
        if fire:
            z = inject(spiking_threshold(v - threshold, method, alpha), z_hw)
        if adaptive:
            w = inject(adapt(w, v, z), w_hw)
        if fire and v_hw is None:
            v = torch.where(z.detach() > 0, reset, v)
        if hold is not None:
            z, v, counter = refractory_mask(z, v, counter, reset)
            z, v = inject(z, z_hw), inject(v, v_hw)
            counter = refractory_restart(z, counter, hold)
        trace.append((v, i, w, z))
    membrane, synaptic, adaptation, spikes = map(torch.stack, zip(*trace, strict=True))
    return (
        membrane,
        hw.voltage_madc,
        synaptic,
        adaptation,
        hw.adaptation_madc,
        spikes,
    )


@dataclass(frozen=True)
class _Measured:
    """Measured data of one population; None is what was not measured."""

    voltage: Tensor | None = None
    adaptation: Tensor | None = None
    spikes: Tensor | None = None
    voltage_madc: Any = None
    adaptation_madc: Any = None

    def steps(self, input: Tensor) -> Iterator[tuple[Tensor, Any, Any, Any]]:
        """Yield input, membrane, adaptation and spikes of each step."""
        parts = (self.voltage, self.adaptation, self.spikes)
        length = min([len(input), *(len(part) for part in parts if part is not None)])
        return zip(
            input[:length].unbind(0),
            *([None] * length if p is None else p[:length].unbind(0) for p in parts),
            strict=True,
        )


def _measured(hw_data: Any) -> _Measured:
    if hw_data is None:
        return _Measured()
    voltage, adaptation = hw_data.voltage, hw_data.adaptation
    return _Measured(
        voltage=getattr(voltage, "cadc", None),
        adaptation=getattr(adaptation, "cadc", None),
        spikes=hw_data.spikes,
        voltage_madc=getattr(voltage, "madc", None),
        adaptation_madc=getattr(adaptation, "madc", None),
    )


def _parameter(value: Any, like: Tensor) -> Any:
    """Return a tensor parameter with dtype and device of ``like``."""
    return value.to(like) if isinstance(value, Tensor) else value


def _check(input: Tensor, method: str, integration_step_code: str | None) -> None:
    if input.ndim != 3:
        raise ShapeError(
            "integration",
            f"graded spikes have shape {tuple(input.shape)}.",
            "Give them the shape (time, batch, neurons).",
        )
    check_method(method)
    if integration_step_code is not None:
        raise NotEmulatedError(
            "integration_step_code",
            "custom step code is not executed.",
            "Leave it out and choose the terms by the flags.",
        )
