"""Values are plain numbers: what has a unit, as those of `quantities`, is refused."""

from typing import Any

import numpy as np

from core.errors import ParameterError


def refuse_units(where: str, value: Any) -> None:
    """Raise if ``value``, or one in a list of values, is a quantity with a unit.

    As a bare number, 8 µs would be 8.

    :raises ParameterError: if it is
    """
    if isinstance(value, (list, tuple)):
        for part in value:
            refuse_units(where, part)
    if not hasattr(value, "rescale"):
        return
    try:
        seconds = np.asarray(value.rescale("s").magnitude, float)
    except ValueError:  # it is no time
        fix = "Give a number without a unit."
    else:
        number = np.format_float_scientific(
            next(iter(seconds.flat), 0.0), precision=6, trim="-", exp_digits=1
        )
        fix = f"Give seconds: {number}{', …' if seconds.size > 1 else ''}."
    raise ParameterError(where, f"has a unit: {value}.", fix)
