"""A tiny calibration curve: what a code of a potential does in the median circuit.

Drawn from the curves that were measured of the chip (`core.chip.characterisation`),
with the point that is set now: the code to the right, LSB upwards.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from core.spec.network import LISpec, Value
from workbench.forms.chip_codes import Codes

#: Of the picture, px.
WIDTH: Final = 46
HEIGHT: Final = 20
_POINTS: Final = 16


@dataclass(frozen=True)
class CalibrationCurve:
    """An SVG path in a box of `WIDTH` and `HEIGHT`, and the point of now.

    :param text: the point in words
    """

    path: str
    x: float
    y: float
    text: str


def calibration_curve(
    field: str, population: LISpec, value: Value, codes: Codes
) -> CalibrationCurve | None:
    """Return the curve of a potential, None while the chip is not characterised."""
    curve = codes.curves.get(field)
    if curve is None:
        return None
    low, high = curve.centre - curve.width, curve.centre + curve.width
    at = np.linspace(low, high, _POINTS)
    lsb = np.array([np.median(curve.value(code)) for code in at])
    if value.code is not None:
        code = float(np.median(value.code))
        now = float(np.median(curve.value(np.asarray(code))))
    else:
        now = float(np.median(population.scale.lsb(value)))
        code = float(np.median(curve.code(np.asarray(now))))

    def x(codes: float) -> float:
        return round(float(np.clip((codes - low) / (high - low), 0, 1)) * WIDTH, 1)

    def y(potential: float) -> float:
        share = (potential - lsb.min()) / max(np.ptp(lsb), 1e-9)
        return round((1 - float(np.clip(share, 0, 1))) * HEIGHT, 1)

    points = [f"{x(c):g} {y(v):g}" for c, v in zip(at, lsb, strict=True)]
    text = f"code {code:.0f} gives {now:.0f} LSB in the median circuit"
    return CalibrationCurve(f"M{'L'.join(points)}", x(code), y(now), text)
