"""What a population of neurons asks of the model, checked before and after it runs."""

import logging
import warnings
from collections.abc import Iterable, Mapping, Sequence
from inspect import Signature
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor

from core.errors import ParameterError
from core.functional.parameters import all_finite

if TYPE_CHECKING:
    from core.modules.neuron.aelif import AELIF

log = logging.getLogger(__name__)

#: Arguments of `AELIF` that `LIF` does not let choose; below, those of `LI`.
LIF_TERMS: Final[dict[str, Any]] = {
    "leaky": True,
    "fire": True,
    "exponential": False,
    "subthreshold_adaptation": False,
    "spike_triggered_adaptation": False,
}
LI_TERMS: Final[dict[str, Any]] = {
    **LIF_TERMS,
    "fire": False,
    "refractory_time": 0.0,
    "enable_spike_recording": False,
}


class FixedArgumentError(ParameterError, TypeError):
    """A class was given an argument that it does not let choose."""


def refuse_arguments(
    where: str, given: Iterable[str], fixed: Mapping[str, Any]
) -> None:
    """Raise if an argument is ``given`` that is ``fixed``.

    :param where: the class that was called
    :param fixed: values by argument
    :raises FixedArgumentError: lists all of them
    """
    wrong = [name for name in fixed if name in given]
    if wrong:
        raise FixedArgumentError(
            where,
            f"does not take {', '.join(wrong)}: here "
            f"{', '.join(f'{name} is always {fixed[name]}' for name in wrong)}.",
            "Leave it out, or use AELIF, where it can be chosen.",
        )


class DoubledArgumentError(ParameterError, TypeError):
    """An argument was given by its place and by its name."""


def refuse_doubled(
    kind: type, arguments: Signature, places: Sequence[Any], names: Iterable[str]
) -> None:
    """Raise if an argument is given by its place and by its name.

    Python would name the class that ``kind`` is derived from.

    :param arguments: what ``kind`` takes
    :param places: what was given by place
    :param names: what was given by name
    :raises DoubledArgumentError: lists all of them
    """
    taken = list(arguments.parameters)[: len(places)]
    doubled = [name for name in taken if name in names]
    if doubled:
        raise DoubledArgumentError(
            kind.__name__,
            f"got multiple values for {', '.join(doubled)}.",
            "Give each once: the ones after the experiment by name.",
        )


def model_values(neuron: "AELIF") -> dict[str, Any]:
    """Return the values of the model by parameter.

    :raises ParameterError: if one is a list
    """
    values = {name: p.model_value for name, p in neuron.params_dict().items()}
    for name, value in values.items():
        if isinstance(value, (list, tuple)):
            raise ParameterError(
                f"{type(neuron).__name__}.{name}",
                f"is a {type(value).__name__} of {len(value)} values.",
                f"Give a tensor of {neuron.size} values: torch.tensor([...]).",
            )
    return values


def is_refractory(neuron: "AELIF", refractory_time: Any) -> bool:
    """Return whether the neurons are held at reset after a spike.

    :param refractory_time: s, number or tensor
    :raises ParameterError: if it is negative
    """
    number = isinstance(refractory_time, float)  # mostly, and this is quick
    time = refractory_time if number else torch.as_tensor(refractory_time)
    if not (time >= 0 if number else (time >= 0).all()):
        raise ParameterError(
            type(neuron).__name__,
            f"the refractory time is {time if number else float(time.min()):g} s.",
            "Give 0 or more.",
        )
    applies = bool(time > 0 if number else time.any())
    if applies and not neuron.fire:
        warnings.warn(
            "Refractory period is not applicable due to specified non-spiking "
            "behaviour.",
            UserWarning,
            stacklevel=2,
        )
    return applies and neuron.fire


def may_run_away(neuron: "AELIF", values: Mapping[str, Any], dt: float) -> bool:
    """Return whether membranes could grow without bound.

    Leaky ones with fixed time constants above ``dt`` cannot: each step brings them
    nearer to where they are driven.

    :param values: of the model, by parameter
    """
    times = values["tau_mem"], values["tau_syn"]
    fixed = neuron.leaky and neuron.leak_conductance is None
    fixed &= not (neuron.exponential or neuron.adaptation)
    return not (fixed and all(isinstance(t, float) and dt < t for t in times))


def check_finite(neuron: "AELIF", drive: Tensor, membrane: Tensor) -> None:
    """Log a warning if membranes ran away.

    Without exponential term they do not come back, so that the last step tells.

    :param drive: graded spikes, shape (time, batch, neurons)
    :param membrane: same shape
    """
    membrane = membrane.detach()
    seen = membrane if neuron.exponential else membrane[-1:]
    if all_finite(seen) or not all_finite(drive.detach()):
        return
    lost = (~torch.isfinite(membrane)).flatten(1).any(1)  # (time,)
    fix = "Use a smaller dt or longer time constants."
    if neuron.exponential:
        fix = (
            "Give exponential_slope and exponential_threshold in the units of the"
            " model, or leave the term out with exponential=False. The defaults are"
            " for the chip."
        )
    warn_once(
        neuron,
        "the membrane is not finite from step %d on, its spikes and gradients are"
        " wrong. %s",
        int(lost.nonzero()[0]),
        fix,
    )


def warn_once(neuron: "AELIF", text: str, *values: Any) -> None:
    """Log a warning about neurons, each ``text`` once for each population."""
    if text not in neuron.said:
        neuron.said.add(text)
        name = neuron.descriptor or neuron.name or type(neuron).__name__
        log.warning(f"%s: {text}", name, *values)
