"""The neuron equations written a second time, plainly, to check those of `core`.

One explicit Euler step after the other, in double precision; right-hand sides are old
values unless marked ``'``::

    v' = v + dt/C (i + g (E - v) + g D exp((v - V) / D) - w)
    i' = i - i dt/tau_syn + x
    z' = 1 if v' > threshold else 0
    w' = w + (a (v' - E) - w) dt/tau_adap + b z'

and then, where there was a spike or the neuron is refractory, ``v' = reset``; a
refractory neuron hands out no spike. The surrogate gradient of a spike at a distance
``d`` from the threshold is ``1 / (1 + alpha |d|)²``, the slope of
``soft(d) = d / (1 + alpha |d|)``. Resets and refractoriness have no gradient.
"""

from typing import Any

import torch
from torch import Tensor

STEPS, BATCH, NEURONS = 60, 2, 4
DT, ALPHA = 1e-6, 5.0
HOLD, HELD_STEPS = 2.5e-6, 3  # refractory time, rounded up
TRACES = ("membrane", "current", "adaptation", "spikes")

#: Terms of each model, as `core.functional.cuba_aelif_integration` calls them.
MODELS: dict[str, dict[str, bool]] = {
    "LI": {"fire": False},
    "LIF": {"refractory": True},
    "AdEx": {
        "refractory": True,
        "exponential": True,
        "subthreshold_adaptation": True,
        "spike_triggered_adaptation": True,
    },
}
#: Ranges of the parameters; times in s, potentials in model units.
RANGES = {
    "leak": (-0.2, 0.2),
    "tau_syn": (4e-6, 8e-6),
    "c_mem": (6e-6, 12e-6),
    "g_l": (0.5, 1.5),
    "reset": (-0.6, -0.3),
    "threshold": (0.9, 1.2),
    "exp_slope": (0.2, 0.4),
    "exp_threshold": (0.6, 0.9),
    "tau_adap": (20e-6, 60e-6),
    "subthreshold_adaptation_strength": (0.1, 0.5),
    "spike_triggered_adaptation_increment": (0.1, 0.4),
}
#: Parameters that act in each model.
PARAMETERS = {
    "LI": tuple(RANGES)[:4],
    "LIF": tuple(RANGES)[:6],
    "AdEx": tuple(RANGES),
}


def draw(seed: int, strength: float) -> tuple[Tensor, dict[str, Tensor]]:
    """Return input, shape (time, batch, neurons), and parameters, shape (neurons,).

    :param strength: the largest graded spike; from 3 on all neurons spike
    """
    rng = torch.Generator().manual_seed(seed)
    shape = (STEPS, BATCH, NEURONS)
    size = torch.rand(shape, generator=rng, dtype=torch.float64) * 1.3 - 0.3
    x = strength * size * (torch.rand(shape, generator=rng) < 0.3)
    return x, {
        name: low + (high - low) * torch.rand(NEURONS, generator=rng).double()
        for name, (low, high) in RANGES.items()
    }


def soft(distance: Tensor) -> Tensor:
    """Return the integral of the surrogate gradient."""
    return distance / (1 + ALPHA * distance.abs())


def second_loop(
    x: Tensor,
    p: dict[str, Tensor],
    model: str,
    frozen: dict[str, Tensor] | None = None,
) -> dict[str, Tensor]:
    """Return `TRACES`, and ``step`` and ``value`` of all spikes before refractoriness.

    A spike is the step function plus `soft` minus the value of `soft`: autograd sees
    the slope. With ``frozen``, the result of an earlier call, steps and values are
    those of that call. That is a smooth function of input and parameters. Where the
    earlier call was made its gradient is the surrogate one; differences can measure it.
    """
    terms = MODELS[model]
    v = p["leak"].expand(BATCH, -1)
    i = w = none = torch.zeros_like(v)
    left = none.detach()
    rows: dict[str, list[Any]] = {name: [] for name in (*TRACES, "step", "value")}
    for t in range(len(x)):
        flow = i + p["g_l"] * (p["leak"] - v) - w
        if "exponential" in terms:
            onset = torch.exp((v - p["exp_threshold"]) / p["exp_slope"])
            flow = flow + p["g_l"] * p["exp_slope"] * onset
        v = v + DT * flow / p["c_mem"]
        i = i - DT * i / p["tau_syn"] + x[t]

        spike, step, value = none, none, none
        if terms.get("fire", True):
            smooth = soft(v - p["threshold"])
            step, value = (v > p["threshold"]).double(), smooth.detach()
            if frozen is not None:
                step, value = frozen["step"][t], frozen["value"][t]
            spike = step + smooth - value

        if "subthreshold_adaptation" in terms:
            pull = p["subthreshold_adaptation_strength"] * (v - p["leak"]) - w
            w = w + DT * pull / p["tau_adap"]
            w = w + p["spike_triggered_adaptation_increment"] * spike
        held = left > 0
        v = torch.where((step > 0) | held, p["reset"], v)
        left = torch.where((step > 0) & ~held, HELD_STEPS, (left - 1).clamp_min(0))

        now = (v, i, w, spike * ~held, step, value)
        for name, row in zip(rows, now, strict=True):
            rows[name].append(row)
    return {name: torch.stack(trace) for name, trace in rows.items()}
