"""Values of modules as those of a document: numbers, potentials, codes, scales."""

import math
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core import on_chip
from core.modules import AELIF
from core.parameter import detached
from core.spec.network import AELIFSpec, Value, VoltageScale
from core.transforms.weight_transforms import linear_saturating


def array(value: Any) -> NDArray[Any]:
    """Return a number or tensor as an array, without its gradient."""
    value = detached(value)
    return value.cpu().numpy() if torch.is_tensor(value) else np.asarray(value)


def number(value: Any) -> Any:
    """Return a number, or an array (neurons,) of double precision."""
    found = array(value)
    if found.dtype == np.float32:  # 1e-5 is 9.9999997e-06 there
        found = np.array([float(f"{x:.7g}") for x in found.flat]).reshape(found.shape)
    return found.astype(float) if found.ndim else float(found)


def model_value(module: AELIF, name: str) -> Any:
    """Return a parameter of the model, a number or shape (neurons,)."""
    return number(getattr(module, name).model_value)


def chip_value(module: AELIF, name: str) -> Any:
    """Return a parameter on the chip, a number or an array."""
    return number(getattr(module, name).hardware_value)


def is_delta(module: AELIF, dt: float) -> bool:
    """Whether a spike is a current of one time step; a chip has another value then."""
    model, chip = model_value(module, "tau_syn"), chip_value(module, "tau_syn")
    return np.ndim(model) == 0 and model == dt and np.ndim(chip) == 0 and chip != dt


def potential(module: AELIF, name: str, scale: VoltageScale) -> Value:
    """Return a potential; the chip's is left out if it follows from the model's."""
    made = Value(model_value(module, name), code=module.codes.get(name))
    lsb = chip_value(module, name)
    return made if close(lsb, scale.lsb(made)) else made.replace(hardware=lsb)


def with_codes(made: AELIFSpec, module: AELIF) -> AELIFSpec:
    """Return the population with the codes that do not follow from its model."""
    follow = on_chip.adex_codes(made).codes
    for name, codes in follow.items():
        written = chip_value(module, name)
        value = getattr(made, name)
        if isinstance(value, Value) and not close(written, codes):
            code = np.rint(written).astype(np.int64)
            made = made.replace(**{name: value.replace(code=code)})
    return made


def close(a: Any, b: Any) -> bool:
    """Whether two values differ by rounding only."""
    return bool(np.allclose(a, b, rtol=1e-9, atol=1e-9))


def weight_scale(transform: Any) -> float:
    """Return the weight LSB of a small model weight, per model unit."""
    if isinstance(transform, partial) and transform.func is linear_saturating:
        known = transform.keywords.get("scale")
        if known is not None:
            return float(known)
    small = 1e-3
    return float(transform(torch.full((1, 1), small)).item()) / small


def clean(number: float) -> float:
    """Return ``number`` without the rounding error of the last operation."""
    return float(f"{number:.12g}") if math.isfinite(number) else number
