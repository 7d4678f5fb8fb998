"""Read the numbers of a CubaLIF or CubaLI node; conventions in `core.spec.nir_io`."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import Problem
from core.spec.network import LIFSpec, LISpec, PopulationSpec, Value
from core.spec.nir_export import is_plain, numbers, representable
from core.units import format_quantity

#: Where metadata of a node hold the refractory time, for which NIR has no field.
REFRACTORY_KEY = "refractory_time"
#: Fields of a population that a number of the node decides.
_FIELDS = {
    "tau_mem": ("tau_mem", "membrane_capacitance"),
    "tau_syn": ("tau_syn",),
    "r": ("membrane_capacitance",),
    "v_leak": ("leak",),
    "v_reset": ("reset",),
    "v_threshold": ("threshold",),
}
_TIMES = ("tau_mem", "tau_syn", "membrane_capacitance")


@dataclass(frozen=True)
class Neurons:
    """What one node says, in the units of the file.

    :param values: one number per parameter, without w_in
    :param size: number of neurons, 1 if the parameters are scalars
    :param gain: what multiplies incoming weights, shape (neurons,) or (1,)
    :param step: the time step that r and w_in agree on, file time; None: none
    :param refractory_time: what the metadata say, file time; None: nothing
    """

    kind: type[LISpec]
    values: dict[str, float]
    size: int
    gain: NDArray[Any]
    step: float | None
    refractory_time: float | None = None


def read_neurons(name: str, node: Any, problems: list[Problem]) -> Neurons | None:
    """Return the numbers of the node, or None after adding to ``problems``."""
    where, count = f"node '{name}'", len(problems)
    kind = LIFSpec if hasattr(node, "v_threshold") else LISpec
    arrays = {
        parameter: _array(getattr(node, parameter), parameter, where, problems)
        for parameter in (*_FIELDS, "w_in")
        if hasattr(node, parameter)
    }
    lengths = {len(array) for array in arrays.values() if len(array) != 1}
    if len(lengths) > 1 or 0 in lengths:
        what = "its parameters differ in length."
        problems.append(Problem(where, what, "Give each one value per neuron."))
    gain = arrays.pop("w_in")
    values = {}
    for parameter, array in arrays.items():
        values[parameter] = _decimal(array[0]) if len(array) else 0.0
        if len(array) and not _equal(array):
            what = (
                f"{parameter} differs between its neurons "
                f"({array.min():.4g} to {array.max():.4g})."
            )
            fix = "Use one value for all, or split the node."
            problems.append(Problem(where, what, fix))
    for parameter in ("tau_mem", "r", "tau_syn"):
        value = values[parameter]
        if not representable(value):
            what, fix = f"{parameter} is {value:g}.", "It must be above 0."
            problems.append(Problem(where, what, fix))
    refractory_time = _refractory_time(node, where, problems)
    if len(problems) > count:
        return None
    step = _step(values, gain)
    if step is not None:
        gain = np.ones(1)
    size = max(lengths, default=1)
    return Neurons(kind, values, size, gain, step, refractory_time)


def _refractory_time(node: Any, where: str, problems: list[Problem]) -> float | None:
    metadata = getattr(node, "metadata", None)
    found = metadata.get(REFRACTORY_KEY) if isinstance(metadata, dict) else None
    if found is None:
        return None
    array = _array(found, REFRACTORY_KEY, where, problems)
    if not _equal(array) or array[0] < 0:
        what = f"{REFRACTORY_KEY} in its metadata is {found}."
        problems.append(Problem(where, what, "Give one time, 0 or more."))
    return _decimal(array[0])


def _array(data: Any, name: str, where: str, problems: list[Problem]) -> NDArray[Any]:
    array = np.asarray(data)
    if array.dtype.kind not in "fiu":
        what = f"{name} holds no numbers."
    elif array.ndim > 1 and array.size != max(array.shape):
        what = f"{name} has shape {array.shape}."
    elif not np.isfinite(array).all():
        what = f"{name} holds numbers that are not finite."
    else:
        return array.reshape(-1)
    problems.append(Problem(where, what, "Give one number per neuron."))
    return np.ones(1)


def _equal(array: NDArray[Any]) -> bool:
    """Whether all entries are the same in the precision of the file."""
    return bool(np.isclose(array, array[0], rtol=1e-6, atol=0).all())


def _decimal(x: Any) -> float:
    """Return the short decimal number that ``x`` is meant to be.

    Single precision turns 1e-5 into 1.0000001e-5 after one division.
    """
    exact, short = float(x), float(f"{x:.6g}")
    single = x.dtype.itemsize <= 4 and math.isclose(exact, short, rel_tol=5e-7)
    return short if single else float(str(x))


def _step(values: dict[str, float], gain: NDArray[Any]) -> float | None:
    """Return dt if r = tau_mem / dt and w_in = tau_syn / dt, as snnTorch writes."""
    w_in = float(gain[0])
    # A step is shorter than the time constants; w_in = 1 is the plain convention.
    if not _equal(gain) or w_in < 1 + 1e-6 or values["r"] <= 1:
        return None
    step = values["tau_mem"] / values["r"]
    # The file has about seven digits.
    agree = math.isclose(step, values["tau_syn"] / w_in, rel_tol=1e-3)
    return step if agree else None


def population_of(name: str, neurons: Neurons, size: int, time_factor: float) -> LISpec:
    """Return the population with default hardware values."""
    values = neurons.values
    fields: dict[str, Any] = {
        "tau_mem": values["tau_mem"] * time_factor,
        "tau_syn": values["tau_syn"] * time_factor,
        "membrane_capacitance": values["tau_mem"] * time_factor / values["r"],
        "leak": Value(values["v_leak"]),
    }
    if neurons.kind is LIFSpec:
        fields["reset"] = Value(values["v_reset"])
        fields["threshold"] = Value(values["v_threshold"])
        if neurons.refractory_time is not None:
            fields["refractory_time"] = neurons.refractory_time * time_factor
    return neurons.kind(name=name, size=size, **fields)


def merged(
    own: LISpec, read: LISpec, neurons: Neurons, time_factor: float
) -> tuple[LISpec, list[str]]:
    """Return ``own`` with what the file says otherwise, and those parameters.

    :param own: the population as it was when our file was written
    :param read: the population as the numbers of the file say
    """
    if not is_plain(own) or own.membrane_capacitance <= 0:
        return read, ["membrane_capacitance"]
    changed = []
    mine = numbers(own, time_factor)
    for parameter, value in neurons.values.items():
        same = math.isclose(mine[parameter], value, rel_tol=1e-6)
        if same or mine[parameter] == np.float32(value):
            continue
        changed.append(parameter)
        for field in _FIELDS[parameter]:
            old, new = getattr(own, field), getattr(read, field)
            new = old.replace(model=new.model) if isinstance(old, Value) else new
            own = own.replace(**{field: new})
    return own, changed


def stretched(own: PopulationSpec, ratio: float) -> PopulationSpec:
    """Return ``own`` with all its times multiplied by ``ratio``."""
    times = [name for name, info in own.infos().items() if info.unit == "s"]
    old = {n: getattr(own, n) for n in times if getattr(own, n) is not None}
    return own.replace(**{name: time * ratio for name, time in old.items()})


def unreachable(populations: Iterable[PopulationSpec]) -> list[str]:
    """Return the times that the chip cannot reach, in words."""
    outside = []
    for population, name, time in _times(populations):
        info = population.info(name)
        low, high = float(info.low or 0), float(info.high or math.inf)
        # A value computed in µs may miss its bound by a rounding error.
        if not low * (1 - 1e-9) <= time <= high * (1 + 1e-9):
            shown = format_quantity(time, "s")
            outside.append(f"{info.label} of '{population.name}' = {shown}")
    return outside


def fitting_factor(
    populations: Iterable[PopulationSpec], time_factor: float
) -> float | None:
    """Return a round time factor with which the chip reaches all times, or None.

    :param time_factor: the one that the populations were read with
    """
    ranges = [
        (float(p.info(name).low or 0) / time, float(p.info(name).high or 0) / time)
        for p, name, time in _times(populations)
    ]
    low, high = max(r[0] for r in ranges), min(r[1] for r in ranges)
    return _round_factor(low * time_factor, high * time_factor)


def range_notes(
    populations: Iterable[PopulationSpec], time_factor: float
) -> list[Problem]:
    """Return a note if the chip cannot reach a time, with a factor that fits."""
    populations = tuple(populations)
    outside = unreachable(populations)
    if not outside:
        return []
    shown = "; ".join(outside[:4]) + (" …" if len(outside) > 4 else "")
    what = f"with time_factor {time_factor:g} the chip does not reach {shown}."
    fit = fitting_factor(populations, time_factor)
    fix = (
        "No time_factor fits all: change the times."
        if fit is None
        else f"Open it with time_factor {fit:g}."
    )
    return [Problem("NIR file", what, fix, "note")]


def _times(
    populations: Iterable[PopulationSpec],
) -> list[tuple[LISpec, str, float]]:
    return [
        (population, name, getattr(population, name))
        for population in populations
        if isinstance(population, LISpec)
        for name in _TIMES
    ]


def _round_factor(low: float, high: float) -> float | None:
    """Return a round number between ``low`` and ``high``, near their middle."""
    if low > high:
        return None
    middle = (math.log10(low) + math.log10(high)) / 2
    for digits in ((1,), (1, 2, 5)):
        near = [d * 10.0**e for d in digits for e in range(-15, 16)]
        fitting = [float(f"{f:.0e}") for f in near if low <= f <= high]
        if fitting:
            return min(fitting, key=lambda f: abs(math.log10(f) - middle))
    return None
