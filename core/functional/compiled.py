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

log = logging.getLogger(__name__)

_wanted: ContextVar[bool] = ContextVar("reference", default=False)


@contextmanager
def reference() -> Iterator[None]:
    """Integrate with the reference loop inside, for derivatives of gradients.

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


@cache
def _say(why: str) -> None:
    log.info("neurons are integrated by the reference loop: %s", why)


def reason(input: Tensor, values: Mapping[str, Any]) -> str | None:
    """Return why the kernels may not compute with ``input``, or None if they may.

    :param values: the parameters of the neurons

    >>> reason(torch.zeros(9, 1, 3, dtype=torch.float64), {})
    'the input is float64'
    """
    if _wanted.get():
        return "the reference loop was asked for"
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
    return None
