"""Where the compiled kernels apply: single precision on the CPU.

`reason` says once, before a loop or a product, why they do not; then torch computes.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from core.errors import ParameterError

log = logging.getLogger(__name__)

_ASKED = "the reference loop was asked for"
_wanted: ContextVar[bool] = ContextVar("reference", default=False)


@contextmanager
def reference() -> Iterator[None]:
    """Integrate with the reference loop inside, for derivatives of gradients.

    It holds for the thread that asks for it.

    >>> import core
    >>> with reference():
    ...     reason(torch.zeros(9, 1, 3), {})
    'the reference loop was asked for'
    """
    token = _wanted.set(True)
    try:
        yield
    finally:
        _wanted.reset(token)


def applies(input: Tensor, values: Mapping[str, Any]) -> bool:
    """Return whether the kernels may integrate ``input``; log why not, each why once.

    :param values: the parameters of the neurons
    """
    why = reason(input, values)
    if why is not None:
        _say(why)
    return why is None


def refuse_transforms() -> None:
    """Raise inside `torch.func`, which cannot see through surrogate gradients.

    :raises ParameterError: then
    """
    if _transforms():
        raise ParameterError(
            "integration",
            "torch.func cannot transform neurons that fire.",
            "Use loss.backward() or torch.autograd.grad.",
        )


def _transforms() -> bool:
    return bool(torch._C._are_functorch_transforms_active())


@cache
def _say(why: str) -> None:
    level = logging.INFO if why == _ASKED else logging.WARNING  # it is 100 times slower
    log.log(level, "neurons are integrated by the reference loop: %s", why)


def _is_dual(tensor: Tensor) -> bool:
    """Return whether a derivative is taken along with the values of ``tensor``."""
    if forward_ad._current_level < 0:
        return False
    dual = forward_ad.unpack_dual(tensor)  # type: ignore[no-untyped-call]
    return dual.tangent is not None


def reason(input: Tensor, values: Mapping[str, Any]) -> str | None:
    """Return why the kernels may not compute with ``input``, or None if they may.

    :param values: the parameters of the neurons

    >>> reason(torch.zeros(9, 1, 3, dtype=torch.float64), {})
    'the input is float64'
    """
    if _wanted.get():
        return _ASKED
    if _transforms():
        return "torch.func transforms it"
    named = {"input": input, **values}
    if isinstance(values.get("alpha"), Tensor):
        return "the steepness alpha differs between neurons"
    for name, tensor in named.items():
        if not isinstance(tensor, Tensor):
            continue
        if tensor.dtype != torch.float32:
            return f"the {name} is {str(tensor.dtype).removeprefix('torch.')}"
        if tensor.device.type != "cpu":
            return f"the {name} is on the device {tensor.device}"
        if _is_dual(tensor):
            return f"the {name} has a derivative in forward mode"
    return None
