"""The integration step of `core.functional.aelif` as Python code, and its execution.

`CuBaStepCode` writes the code of one step; `integrate` executes such code, or a changed
one, once for each step. The code reads and writes these names:

====================================  ===============================================
name                                  meaning
====================================  ===============================================
``v``, ``i``, ``adaptation``, ``z``   state, shape (batch, neurons); recorded after
                                      each step
``ref_state``                         refractory steps left
``input``, ``ts``, ``dt``             graded spikes of all steps; number of this step;
                                      step width, s
``leak``, ``g_l``, ``c``,             parameters, numbers or broadcast to
``threshold``, ``reset``,             (batch, neurons); ``a`` and ``b`` are strength
``tau_syn``, ``tau_adaptation``,      and increment of the adaptation
``exp_slope``, ``exp_threshold``,
``a``, ``b``, ``refractory_time``
``membrane_hw``, ``adaptation_hw``,   measured data of all steps, if there is any
``spikes_hw``
``spiking_threshold``, ``method``,    functions and what they take
``alpha``, ``refractory_update``,
``Unterjubel``, ``exp``, ``torch``
====================================  ===============================================

The code comes from the caller of the Python interface only, never from a document.
"""

import re
from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from types import CodeType
from typing import Any, ClassVar, Final

import torch
from torch import Tensor

from core.errors import HXError, NotEmulatedError, Problem
from core.functional.measured import Measured
from core.functional.refractory import refractory_update
from core.functional.state import States, initial_membrane, stacked
from core.functional.threshold import threshold
from core.functional.unterjubel import Unterjubel

#: What tracebacks call the step code.
FILENAME = "<integration_step_code>"
#: What step code may call.
FUNCTIONS: Final[dict[str, Any]] = {
    "Unterjubel": Unterjubel,
    "exp": torch.exp,
    "refractory_update": refractory_update,
    "spiking_threshold": threshold,
    "torch": torch,
}


#: What the code changes, and what is recorded after each step.
STATE: Final = ("v", "i", "adaptation", "z")


class StepCodeError(HXError, RuntimeError):
    """The code of the integration step failed."""


@dataclass(frozen=True)
class CuBaStepCode:
    """The code of one integration step, for the terms that are on.

    :param hw_voltage_trace_available: whether membranes were measured; likewise the
        adaptation and the spikes
    :param noisy_traces: True is refused: the model has no noise
    :raises NotEmulatedError: if it is True

    >>> print(CuBaStepCode(fire=False).generate())
    dv = dt / c * (i + g_l * (leak - v))
    i = i * (1 - dt / tau_syn) + input[ts]
    v = dv + v
    """

    leaky: bool = True
    fire: bool = True
    refractory: bool = False
    exponential: bool = False
    subthreshold_adaptation: bool = False
    spike_triggered_adaptation: bool = False
    hw_voltage_trace_available: bool = False
    hw_adaptation_trace_available: bool = False
    hw_spikes_available: bool = False
    noisy_traces: InitVar[bool] = False

    leak_term_code: ClassVar[str] = " + g_l * (leak - v)"
    exponential_code: ClassVar[str] = (
        " + g_l * exp_slope * exp((v - exp_threshold) / exp_slope)"
    )
    adaptation_code_v_dgl: ClassVar[str] = " - adaptation"
    unterjubel_v_code: ClassVar[str] = "v = Unterjubel.apply(dv + v, membrane_hw[ts])"
    non_unterjubel_v_code: ClassVar[str] = "v = dv + v"

    def __post_init__(self, noisy_traces: bool) -> None:
        if noisy_traces:
            raise NotEmulatedError(
                "CuBaStepCode(noisy_traces=True)",
                "the model of the neurons has no noise.",
                "Leave noisy_traces out, or run the chip: its traces are noisy.",
            )

    @property
    def adaptive(self) -> bool:
        """Whether there is an adaptation current."""
        return self.subthreshold_adaptation or self.spike_triggered_adaptation

    @property
    def starts_at_leak(self) -> bool:
        """Whether the membrane starts at the leak potential, else at 0."""
        return self.leaky or self.subthreshold_adaptation

    def generate(self) -> str:
        """Return the code."""
        lines = [*self._currents(), self._membrane()]
        if self.fire:
            lines += self._spikes()
        if self.adaptive:
            lines += self._adaptation()
        if self.fire and not self.hw_voltage_trace_available:
            lines.append("v = torch.where(z.detach() > 0, reset, v)")
        if self.fire and self.refractory:
            lines.append(self._refractoriness())
        return "\n".join(lines)

    def _currents(self) -> list[str]:
        drive = "i"
        if self.leaky:
            drive += self.leak_term_code
        if self.exponential:
            drive += self.exponential_code
        if self.adaptive:
            drive += self.adaptation_code_v_dgl
        return [f"dv = dt / c * ({drive})", "i = i * (1 - dt / tau_syn) + input[ts]"]

    def _membrane(self) -> str:
        if self.hw_voltage_trace_available:
            return self.unterjubel_v_code
        return self.non_unterjubel_v_code

    def _spikes(self) -> list[str]:
        lines = ["z = spiking_threshold(v - threshold, method, alpha)"]
        if self.hw_spikes_available:
            lines.append("z = Unterjubel.apply(z, spikes_hw[ts])")
        return lines

    def _adaptation(self) -> list[str]:
        change = "adaptation * (1 - dt / tau_adaptation)"
        if self.subthreshold_adaptation:
            change += " + dt / tau_adaptation * a * (v - leak)"
        if self.spike_triggered_adaptation:
            change += " + b * z"
        lines = [f"adaptation = {change}"]
        if self.hw_adaptation_trace_available:
            lines.append("adaptation = Unterjubel.apply(adaptation, adaptation_hw[ts])")
        return lines

    def _refractoriness(self) -> str:
        spikes = "spikes_hw[ts]" if self.hw_spikes_available else "None"
        membrane = "membrane_hw[ts]" if self.hw_voltage_trace_available else "None"
        return (
            f"z, v, ref_state = refractory_update(z, v, ref_state, {spikes}, "
            f"{membrane}, reset=reset, refractory_time=refractory_time, dt=dt)"
        )


def integrate(
    code: str,
    input: Tensor,
    hw: Measured,
    terms: CuBaStepCode,
    values: Mapping[str, Any],
    *,
    dt: float,
    method: str,
    alpha: float,
) -> States:
    """Execute ``code`` once for each step.

    :param input: graded spikes, shape (time, batch, neurons), model units
    :param hw: what was measured of the neurons
    :param terms: which terms the parameters are for
    :param values: parameters by name
    :param dt: step width, s
    :raises StepCodeError: if the code cannot be read or raises an exception
    """
    compiled = _compile(code)
    v = initial_membrane(input, values["leak"] if terms.starts_at_leak else 0.0)
    measured = {
        "membrane_hw": hw.voltage,
        "adaptation_hw": hw.adaptation,
        "spikes_hw": hw.spikes,
    }
    namespace = {
        **FUNCTIONS,
        **values,
        **{name: data for name, data in measured.items() if data is not None},
        "input": input,
        "dt": dt,
        "method": method,
        "alpha": alpha,
        "v": v,
        "i": torch.zeros_like(v),
        "adaptation": torch.zeros_like(v),
        "z": torch.zeros_like(v),
        "ref_state": input.new_zeros(input.shape[-1]),
    }
    trace = []
    for ts in range(hw.length(input)):
        namespace["ts"] = ts
        try:
            # The one exec: step code is a part of the interface of hxtorch.
            exec(compiled, namespace)  # noqa: S102
        except Exception as error:
            raise _failed(code, _line(error), error) from error
        _check_state(code, namespace, v)
        # cloned, because the next step may change its state in place
        v, i, w, z = (namespace[n].clone() for n in STATE)
        trace.append((v, i, w, z))
    return stacked(trace, input)


def _check_state(code: str, namespace: Mapping[str, Any], like: Tensor) -> None:
    """Raise if a state variable is no longer a tensor like the membrane."""
    for name in STATE:
        value = namespace.get(name)
        if isinstance(value, Tensor):
            if (value.shape, value.dtype) == (like.shape, like.dtype):
                continue
            found = f"a tensor of {value.dtype} and shape {tuple(value.shape)}"
        else:
            found = "gone" if name not in namespace else f"a {type(value).__name__}"
        wish = f"Keep it a tensor of {like.dtype} and shape {tuple(like.shape)}."
        lines = code.splitlines()
        named = [
            k for k, line in enumerate(lines, 1) if re.search(rf"\b{name}\b", line)
        ]
        error = TypeError(f"after the step '{name}' is {found}")
        raise _failed(code, named[-1] if named else 1, error, wish)


def _compile(code: str) -> CodeType:
    if not isinstance(code, str):
        raise StepCodeError(
            "integration_step_code",
            f"is a {type(code).__name__}.",
            "Give the code of one step as text.",
        )
    try:
        return compile(code, FILENAME, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:  # the latter for null characters
        line = getattr(error, "lineno", None)
        raise _failed(code, line or 1, error) from error


def _line(error: Exception) -> int:
    """Return the innermost line of the step code that led to ``error``."""
    line, traceback = 1, error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == FILENAME:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def _failed(
    code: str,
    line: int,
    error: Exception,
    fix: str = "Change the code, or leave it out and choose the terms by the flags.",
) -> StepCodeError:
    lines = code.splitlines()
    source = lines[line - 1] if line <= len(lines) else ""
    # hxtorch's text to the letter: scripts compare it
    failed = StepCodeError(
        "An error occured while executing the code of the integration step.\n"
        f'In line {line} ("{source}") in integration_step_code, following error '
        f"occured:\n{error}"
    )
    failed.problems = (
        Problem(
            f"integration_step_code, line {line}",
            f"'{source.strip()}' raised {type(error).__name__}: {error}.",
            fix,
        ),
    )
    return failed
