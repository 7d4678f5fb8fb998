"""Parameters of neurons on their way into the numerics.

A parameter is a number or a tensor that broadcasts to (batch, neurons). What the
equations divide by has to be above zero, and everything has to be finite: a NaN would
silence a neuron without a word.
"""

import math
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.errors import ParameterError, ShapeError


def parameter(name: str, value: Any, like: Tensor, above: float | None = None) -> Any:
    """Return a checked parameter that computes with ``like``.

    :param name: what the message calls it
    :param value: number, array or tensor
    :param like: graded spikes, shape (time, batch, neurons); gives dtype and device
    :param above: bound below, which is not allowed itself; None is no bound
    :returns: a float, or a tensor with dtype and device of ``like``
    :raises ParameterError: if a value is not finite or too small
    :raises ShapeError: if it does not broadcast to (batch, neurons)

    >>> parameter("tau_mem", 0.0, torch.zeros(5, 1, 2), above=0)
    Traceback (most recent call last):
    core.errors.ParameterError: tau_mem: is 0. Give a finite number above 0.
    """
    checked = check_parameter(name, value, above)
    if not isinstance(checked, Tensor):
        return checked
    size = like.shape[-2:]
    missing = len(size) - checked.ndim
    shape = (*[1] * missing, *checked.shape)
    if missing < 0 or any(n not in (1, m) for n, m in zip(shape, size, strict=True)):
        raise ShapeError(
            name,
            f"has shape {tuple(checked.shape)}, there are {size[0]} batch entries of "
            f"{size[1]} neurons.",
            f"Give one number, or one for each neuron: shape ({size[1]},).",
        )
    return checked.to(like)


def check_parameter(name: str, value: Any, above: float | None = None) -> Any:
    """Return ``value`` as a float or a tensor, or raise.

    :raises ParameterError: if a value is no number, not finite or too small
    """
    wished = "a finite number" if above is None else f"a finite number above {above:g}"
    if not isinstance(value, float):  # most are, and this is the quickest test
        if isinstance(value, np.ndarray):
            value = torch.as_tensor(value)
        if isinstance(value, Tensor):
            good = torch.isfinite(value)
            if above is not None:
                good = good & (value > above)
            if not good.all():
                wrong = value.detach()[~good].flatten()[0].item()
                raise ParameterError(name, f"is {wrong:.6g}.", f"Give {wished}.")
            return value
        if not isinstance(value, Real):
            several = isinstance(value, list | tuple)
            fix = f"a tensor: torch.tensor({value!r})" if several else wished
            raise ParameterError(name, f"is {value!r}, not a number.", f"Give {fix}.")
    number = float(value)
    if not math.isfinite(number) or (above is not None and number <= above):
        raise ParameterError(name, f"is {number:.6g}.", f"Give {wished}.")
    return number


def all_finite(values: Tensor) -> bool:
    """Return whether all values are finite.

    >>> all_finite(torch.ones(2)), all_finite(torch.tensor([1.0, float("nan")]))
    (True, False)
    """
    # The quick way first: a sum is not finite if one of its terms is not.
    return math.isfinite(values.sum()) or bool(torch.isfinite(values).all())


def leak_conductance(c_mem: Any, tau_mem: Any) -> Any:
    """Return ``C / tau_mem``.

    :param c_mem: membrane capacitance, s, number or tensor
    :param tau_mem: membrane time constant, s, number or tensor
    :raises ParameterError: if one of them is not finite and above zero

    >>> leak_conductance(10e-6, 5e-6)
    2.0
    """
    return check_parameter("membrane_capacitance", c_mem, 0) / check_parameter(
        "tau_mem", tau_mem, 0
    )
