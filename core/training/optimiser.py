"""Optimisers: made from the settings, saved as arrays, and put back."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from core.errors import ConversionError
from core.training.checkpoint import Arrays, Checkpoint
from core.training.settings import TrainSpec

#: What each optimiser remembers of a weight.
_STATE: dict[type, tuple[str, ...]] = {
    torch.optim.Adam: ("step", "exp_avg", "exp_avg_sq"),
    torch.optim.SGD: ("momentum_buffer",),
}


def optimiser(
    weights: Sequence[torch.nn.Parameter], settings: TrainSpec
) -> torch.optim.Optimizer:
    """Return a new optimiser of ``weights``."""
    rate = settings.rate(0)
    if settings.optimiser == "Adam":
        return torch.optim.Adam(weights, lr=rate)
    return torch.optim.SGD(weights, lr=rate, momentum=settings.momentum)


def state_arrays(optimiser: torch.optim.Optimizer) -> Arrays:
    """Return what it remembers, as ``optimiser/NUMBER/KEY``."""
    return {
        f"optimiser/{index}/{key}": np.asarray(value.detach().numpy()).copy()
        for index, state in optimiser.state_dict()["state"].items()
        for key, value in state.items()
        if value is not None
    }


def load_state(optimiser: torch.optim.Optimizer, checkpoint: Checkpoint) -> None:
    """Put the state of a checkpoint into ``optimiser``.

    :raises ConversionError: if it is that of another one
    """
    (group,) = optimiser.param_groups
    wanted = {
        f"{index}/{key}": () if key == "step" else tuple(weight.shape)
        for index, weight in enumerate(group["params"])
        for key in _STATE[type(optimiser)]
    }
    found = checkpoint.group("optimiser")
    shapes = {name: array.shape for name, array in found.items()}
    if found and shapes != wanted:  # before the first step there is none
        raise ConversionError(
            "checkpoint",
            "the state of the optimiser does not fit the weights.",
            "Resume from another one.",
        )
    state: dict[int, dict[str, Any]] = {}
    for name, array in found.items():
        index, key = name.split("/")
        state.setdefault(int(index), {})[key] = torch.tensor(array)
    groups = optimiser.state_dict()["param_groups"]
    optimiser.load_state_dict({"state": state, "param_groups": groups})
