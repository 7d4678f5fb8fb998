"""The line of a `Value`: one number on three scales, of which one is edited.

Model units are edited if nothing else is given. Choosing LSB gives the chip a target of
its own, choosing the code writes that code without calibration; choosing the model
clears both.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from core.chip.nominal import potential_code
from core.chip.target_ranges import RANGES
from core.spec.check import SIGNED_CODES
from core.spec.experiment import ExperimentSpec
from core.spec.fields import FieldInfo, each
from core.spec.network import LISpec, Value
from core.units import CADC_MAX, CODE_MAX
from workbench.forms.calibration_curve import calibration_curve
from workbench.forms.chip_codes import Codes
from workbench.forms.line import Line, Put, Scale, blank, number_line
from workbench.forms.neurons import with_neurons

#: The potentials that a calibration has targets for.
CALIBRATED = ("leak", "reset", "threshold")
#: The scales by the field of a `Value` that holds them.
PARTS: Mapping[str, str] = {"model": "model", "LSB": "hardware", "code": "code"}


def potential_line(
    field: str,
    population: LISpec,
    change: Callable[[str], Put],
    codes: Codes,
) -> Line:
    """Return the line of the potential ``field``.

    :param codes: of the last run on the chip
    """
    value: Value = getattr(population, field)
    default: Value = getattr(blank(population), field)
    scale = _chosen(value)
    part = PARTS[scale]
    info = _info(population.info(field), field, scale)

    def put(spec: ExperimentSpec, number: Any) -> ExperimentSpec:
        if scale == "code":
            number = np.rint(number).astype(int) if np.ndim(number) else round(number)
        return change(field)(spec, value.replace(**{part: number}))

    def choose(spec: ExperimentSpec, wanted: Any) -> ExperimentSpec:
        new = _unlocked(field, population, value, str(wanted), codes)
        return change(field)(spec, new)

    now = getattr(value, part)
    line = number_line(
        field,
        info,
        now,
        _default(field, population, default, scale, codes),
        put,
        reach=_reach(field, population, scale),
        scales=_scales(field, population, value, codes),
        also=_apart(field, population, value),
        curve=calibration_curve(field, population, value, codes),
    )
    line = with_neurons(line, population.size, now, 1.0)
    return replace(line, acts={**line.acts, "scale": choose})


def _chosen(value: Value) -> str:
    if value.code is not None:
        return "code"
    return "model" if value.hardware is None else "LSB"


def _info(info: FieldInfo, field: str, scale: str) -> FieldInfo:
    """Return bounds and unit on ``scale``."""
    if scale == "LSB":
        return replace(info, unit="LSB", low=0, high=CADC_MAX, step=1)
    if scale == "code":
        low = -CODE_MAX if field in SIGNED_CODES else 0
        return replace(info, unit="code", low=low, high=CODE_MAX, step=1, whole=True)
    return info


def _unlocked(
    field: str, population: LISpec, value: Value, scale: str, codes: Codes
) -> Value:
    """Return ``value`` with ``scale`` the one that is edited."""
    if scale == "LSB" and field in CALIBRATED:
        lsb = np.rint(population.scale.lsb(value))
        return value.replace(hardware=lsb if np.ndim(lsb) else float(lsb), code=None)
    if scale == "code":
        return value.replace(code=_code(field, population, value, codes))
    return value.replace(hardware=None, code=None)


def _code(field: str, population: LISpec, value: Value, codes: Codes) -> int:
    """Return the code of the last run, or that of a typical circuit."""
    if field in codes.terms:
        found = float(np.median(codes.terms[field]))
    elif (median := codes.median(field)) is not None:
        found = median
    else:
        lsb = np.median(population.scale.lsb(value))
        found = float(potential_code(field, np.asarray([lsb]))[0])
    low = -CODE_MAX if field in SIGNED_CODES else 0
    return round(min(max(found, low), CODE_MAX))


def _default(
    field: str, population: LISpec, default: Value, scale: str, codes: Codes
) -> Any:
    if scale == "code":
        return codes.median(field)
    return population.scale.lsb(default) if scale == "LSB" else default.model


def _reach(field: str, population: LISpec, scale: str) -> tuple[float, float] | None:
    known, lsb = RANGES.get(field), population.scale
    if known is None or scale == "code" or lsb.gain <= 0:
        return None
    if scale == "LSB":
        return (known.low, known.high)
    return (float(lsb.model(known.low)), float(lsb.model(known.high)))


def _scales(
    field: str, population: LISpec, value: Value, codes: Codes
) -> tuple[Scale, ...]:
    chosen = _chosen(value)
    found = [
        Scale(
            "model",
            _short(value.model, "model"),
            "Edit the value of the model; the chip follows.",
            chosen == "model",
            True,
        )
    ]
    lsb = population.scale.lsb(value)
    if field in CALIBRATED:
        found.append(
            Scale(
                "LSB",
                f"{_short(lsb, '.0f')} LSB",
                "Give the chip a target of its own, as its CADC reads it.",
                chosen == "LSB",
                True,
            )
        )
    text, old, why = _code_text(field, population, value, codes)
    found.append(Scale("code", text, why, chosen == "code", True, old))
    return tuple(found)


def _code_text(
    field: str, population: LISpec, value: Value, codes: Codes
) -> tuple[str, bool, str]:
    """Return the code, whether it is of an earlier target, and what it means."""
    own = "Write a code of your own, without calibration."
    if value.code is not None:
        return f"code {_short(value.code, '.0f')}", False, own
    if field in codes.terms:
        found = np.unique(codes.terms[field])
        ends = f"{found[0]}" if len(found) == 1 else f"{found[0]}–{found[-1]}"
        return f"code {ends}", False, f"Of a typical circuit. {own}"
    text = codes.text(field)
    if text == "–":
        return "code –", False, f"Known after a run on the chip. {own}"
    wanted = each(population.scale.lsb(value), population.size)
    old = not codes.fits(field, wanted)
    of = "an earlier target" if old else "the circuits, median and range"
    return f"code {text}", old, f"Of {of}, last run. {own}"


def _short(value: Any, form: str) -> str:
    """Return a number, or the range of several; ``"model"``: with two decimals."""

    def one(number: float) -> str:
        if form != "model":
            return format(number, form)
        return f"{number:.2f}" if abs(number) >= 0.1 or not number else f"{number:.3g}"

    if not np.ndim(value):
        return one(value)
    if not np.size(value):
        return "none"
    low, high = one(np.min(value)), one(np.max(value))
    return low if low == high else f"{low}…{high}"


def _apart(field: str, population: LISpec, value: Value) -> str:
    """Return what the target on the chip would be in the model, if they differ."""
    if value.code is not None:
        return "Written as it is, not calibrated; the model keeps its value."
    if value.hardware is None or field not in CALIBRATED:
        return ""
    there = np.mean(population.scale.model(np.asarray(value.hardware, float)))
    here = float(np.mean(value.model))
    half = 0.51 / population.scale.gain  # an LSB is rounded
    return (
        "" if abs(there - here) <= half else f"On the chip {there:.3g}, not {here:g}."
    )
