"""The reference loop of `core.functional.aelif`, torch operation by operation."""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from core.functional import dynamics
from core.functional.measured import Measured
from core.functional.refractory import (
    refractory_mask,
    refractory_restart,
    refractory_steps,
)
from core.functional.state import States, initial_membrane, stacked
from core.functional.step_code import CuBaStepCode
from core.functional.threshold import threshold
from core.functional.unterjubel import inject


def integrate(
    input: Tensor,
    hw: Measured,
    terms: CuBaStepCode,
    values: Mapping[str, Any],
    *,
    dt: float,
    method: str,
    alpha: float,
    feedback: Tensor | None = None,
    prompt: bool = False,
) -> States:
    """Integrate neurons over time.

    :param input: graded spikes, shape (time, batch, neurons), model units
    :param hw: what was measured of them
    :param terms: which terms there are
    :param values: the parameters of these terms, by their names in the step code
    :param dt: step width, s
    :param feedback: weights from the neurons to themselves, shape (target, source)
    :param prompt: in each step the current comes first, then the membrane
    """
    mobility, decay = dt / values["c"], 1 - dt / values["tau_syn"]
    leak, reset = values.get("leak"), values.get("reset", 0.0)
    currents = dynamics.currents(
        values.get("g_l"),
        leak=leak if terms.leaky else None,
        exponential=(
            (values["exp_slope"], values["exp_threshold"])
            if terms.exponential
            else None
        ),
        adaptive=terms.adaptive,
    )
    adapt = dynamics.adaptation_step(
        dt,
        values.get("tau_adaptation", 1.0),
        leak,
        strength=values.get("a"),
        increment=values.get("b"),
    )
    hold = refractory_steps(values["refractory_time"], dt) if terms.refractory else None

    v = initial_membrane(input, leak if terms.starts_at_leak else 0.0)
    i = w = z = torch.zeros_like(v)
    counter = i.float()
    trace = []
    for x, v_hw, w_hw, z_hw in hw.steps(input):
        fed = x if feedback is None else x + F.linear(z, feedback)
        if prompt:
            i = i * decay + fed
        drive = i
        for current in currents:
            drive = drive + current(v, w)
        v = inject(v + mobility * drive, v_hw)
        if not prompt:
            i = i * decay + fed
        if terms.fire:
            z = inject(threshold(v - values["threshold"], method, alpha), z_hw)
        if terms.adaptive:
            w = inject(adapt(w, v, z), w_hw)
        if terms.fire and v_hw is None:
            v = torch.where(z.detach() > 0, reset, v)
        if hold is not None:
            z, v, counter = refractory_mask(z, v, counter, reset)
            z, v = inject(z, z_hw), inject(v, v_hw)
            counter = refractory_restart(z, counter, hold)
        trace.append((v, i, w, z))
    return stacked(trace, input)
