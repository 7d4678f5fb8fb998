"""Adaptive exponential leaky integrate-and-fire neurons over time.

Explicit Euler with step ``dt``; right-hand sides are old values unless marked ``'``::

    v' = v + dt/C (i + g (E - v) + g D exp((v - V) / D) - w)
    i' = i (1 - dt/tau_syn) + x
    z' = 1 if v' > threshold else 0
    w' = w (1 - dt/tau_adap) + dt/tau_adap a (v' - E) + b z'
    v' = reset where z' = 1, and while the neuron is refractory

A spike that arrives in step t changes the current of step t and moves the membrane
first in step t + 1. Measured data replaces what is computed and gradients pass
(`core.functional.unterjubel`). Three ways lead to the same numbers: the reference
`core.functional.loop`, the kernel behind `core.functional.fused`, and code of the
caller, `core.functional.step_code`.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from core.errors import ParameterError, ShapeError
from core.functional import fused, loop, step_code
from core.functional.compiled import applies, refuse_transforms
from core.functional.measured import Measured
from core.functional.parameters import check_parameter, parameter
from core.functional.step_code import CuBaStepCode
from core.functional.threshold import check_alpha, check_method

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
    recurrent_weight: Tensor | None = None,
    recurrent_delay: int = 1,
) -> Traces:
    """Integrate neurons with current-based synapses over time.

    Parameters are numbers or broadcast to (batch, neurons); potentials are in model
    units, times in seconds. Those of terms that are off may be None.

    :param input: graded spikes, shape (time, batch, neurons), model units
    :param c_mem: membrane capacitance, s
    :param g_l: leak conductance, None is 1
    :param method: surrogate gradient of the spikes, with steepness ``alpha``
    :param hw_data: handle with ``voltage``, ``adaptation`` and ``spikes`` as measured,
        each may be None; if it is shorter than ``input``, so is the result
    :param dt: step width, s
    :param integration_step_code: code to execute in each step, see
        `core.functional.step_code`; what `CuBaStepCode` writes for these flags takes
        the loops of the library, like None
    :param recurrent_weight: weights from the neurons to themselves, shape (target,
        source), model units
    :param recurrent_delay: steps from a spike to the current that it adds by these
        weights: 1, or 0 as between different populations
    :returns: membrane, membrane by MADC, current, adaptation, adaptation by MADC,
        spikes; each of shape (time, batch, neurons), the MADC ones as measured or None
    :raises ShapeError: if ``input`` has not three dimensions, or measured data or a
        parameter does not fit it
    :raises ParameterError: if ``recurrent_delay`` is neither 0 nor 1, if there is no
        surrogate gradient ``method``, or a parameter is not finite, or not above zero
        where the equations divide by it
    :raises StepCodeError: if the code of the caller fails

    Traces are what gradients are computed from: change a clone of them.

    >>> import torch
    >>> values = {"leak": 0, "reset": 0, "threshold": 1, "tau_syn": 5e-6, "g_l": 1}
    >>> values |= {"c_mem": 5e-6, "refractory_time": 2e-6, "method": "superspike"}
    >>> off = dict.fromkeys(("exp_slope", "exp_threshold", "tau_adap"))
    >>> off |= dict.fromkeys(["subthreshold_adaptation_strength"])
    >>> off |= dict.fromkeys(["spike_triggered_adaptation_increment"])
    >>> membrane, *_, spikes = cuba_aelif_integration(
    ...     torch.ones(12, 1, 1), alpha=50.0, refractory=True, **values, **off
    ... )
    >>> spikes.flatten().nonzero().flatten().tolist()
    [4, 8]
    """
    check_input(input)
    check_method(method)
    alpha = check_alpha("alpha", alpha)
    dt = check_parameter("dt", dt, above=0)
    hw = Measured.of(hw_data)
    terms = CuBaStepCode(
        leaky,
        fire,
        refractory and fire,
        exponential,
        subthreshold_adaptation,
        spike_triggered_adaptation,
        hw_voltage_trace_available=hw.voltage is not None,
        hw_adaptation_trace_available=hw.adaptation is not None,
        hw_spikes_available=hw.spikes is not None,
    )
    values = _used(
        input,
        terms,
        leak=leak,
        g_l=1.0 if g_l is None else g_l,
        c_mem=c_mem,
        tau_syn=tau_syn,
        threshold=threshold,
        reset=reset,
        refractory_time=refractory_time,
        exp_slope=exp_slope,
        exp_threshold=exp_threshold,
        tau_adap=tau_adap,
        subthreshold_adaptation_strength=subthreshold_adaptation_strength,
        spike_triggered_adaptation_increment=spike_triggered_adaptation_increment,
    )
    if fire:
        refuse_transforms()
    code, feedback = integration_step_code, recurrent_weight
    prompt = feedback is not None and _prompt(recurrent_delay)
    if feedback is not None:
        _check_feedback(feedback, input, terms)
        _check_binary(hw.spikes)
    graded = _later(input) if prompt else input
    if code is not None and code != terms.generate():
        if feedback is not None:
            raise ParameterError(
                "recurrent_weight",
                "step code of the caller has no recurrence.",
                "Write it into the code: v, i and z are those of the last step.",
            )
        membrane, current, adaptation, spikes = step_code.integrate(
            code, input, hw, terms, values, dt=dt, method=method, alpha=alpha
        )
    elif applies(input, values | {"weight": feedback, "alpha": alpha}):
        membrane, current, adaptation, spikes = fused.integrate(
            graded,
            hw,
            terms,
            values,
            dt=dt,
            alpha=alpha,
            feedback=feedback,
            prompt=prompt,
        )
    else:
        membrane, current, adaptation, spikes = loop.integrate(
            graded,
            hw,
            terms,
            values,
            dt=dt,
            method=method,
            alpha=alpha,
            feedback=feedback,
            prompt=prompt,
        )
    if prompt and feedback is not None and len(current):
        last = len(current) - 1
        added = input[last] + F.linear(spikes[last], feedback)
        after = current[last] * (1 - dt / values["tau_syn"]) + added
        current = torch.cat([current[1:], after[None]])
    return (
        membrane,
        hw.voltage_madc,
        current,
        adaptation,
        hw.adaptation_madc,
        spikes,
    )


def _prompt(delay: int) -> bool:
    if delay not in (0, 1):
        what, fix = f"it is {delay}.", "Give 0 or 1 steps."
        raise ParameterError("recurrent_delay", what, fix)
    return delay == 0


def _later(input: Tensor) -> Tensor:
    """Return ``input`` one step later.

    Then the current of step t, with what the spikes of step t - 1 add, is the one that
    moves the membrane in step t: current first is as prompt as the input.
    """
    return torch.cat([torch.zeros_like(input[:1]), input[:-1]])


def _check_feedback(weight: Tensor, input: Tensor, terms: CuBaStepCode) -> None:
    neurons = input.shape[-1]
    if weight.shape != (neurons, neurons):
        raise ShapeError(
            "recurrent_weight",
            f"has shape {tuple(weight.shape)}, there are {neurons} neurons.",
            f"Give it the shape ({neurons}, {neurons}), (target, source).",
        )
    if not terms.fire:
        raise ParameterError(
            "recurrent_weight",
            "neurons that do not fire have no recurrence.",
            "Set fire=True, or leave the weight out.",
        )


def _check_binary(spikes: Tensor | None) -> None:
    if spikes is not None and not ((spikes == 0) | (spikes == 1)).all():
        raise ParameterError(
            "measured data",
            "some spikes are neither 0 nor 1.",
            "Give recurrent neurons 1 where they spiked, 0 elsewhere.",
        )


def check_input(input: Tensor) -> None:
    """Raise if graded spikes are no floats of the shape (time, batch, neurons).

    :raises ShapeError: if they have another shape
    :raises ParameterError: if they are whole numbers, in which nothing can be computed
    """
    if not isinstance(input, Tensor):
        raise ParameterError(
            "integration",
            f"graded spikes are a {type(input).__name__}.",
            "Give a tensor: torch.as_tensor(graded_spikes).",
        )
    if not input.is_floating_point():
        raise ParameterError(
            "integration",
            f"graded spikes are of type {input.dtype}.",
            "Convert them: graded_spikes.float().",
        )
    if input.ndim != 3:
        raise ShapeError(
            "integration",
            f"graded spikes have shape {tuple(input.shape)}.",
            "Give them the shape (time, batch, neurons).",
        )


def _used(input: Tensor, terms: CuBaStepCode, **given: Any) -> dict[str, Any]:
    """Return the checked parameters of ``terms`` by their names in the step code."""
    wanted: dict[str, tuple[str, float | None]] = {
        "c": ("c_mem", 0.0),
        "tau_syn": ("tau_syn", 0.0),
    }
    if terms.leaky or terms.subthreshold_adaptation:
        wanted["leak"] = ("leak", None)
    if terms.leaky or terms.exponential:
        wanted["g_l"] = ("g_l", None)
    if terms.exponential:
        wanted["exp_slope"] = ("exp_slope", 0.0)
        wanted["exp_threshold"] = ("exp_threshold", None)
    if terms.adaptive:
        wanted["tau_adaptation"] = ("tau_adap", 0.0)
    if terms.subthreshold_adaptation:
        wanted["a"] = ("subthreshold_adaptation_strength", None)
    if terms.spike_triggered_adaptation:
        wanted["b"] = ("spike_triggered_adaptation_increment", None)
    if terms.fire:
        wanted |= {"threshold": ("threshold", None), "reset": ("reset", None)}
    if terms.refractory:
        wanted["refractory_time"] = ("refractory_time", None)
    return {
        name: parameter(label, given[label], input, above)
        for name, (label, above) in wanted.items()
    }
