"""The numbers that the NIR node of a population holds.

Plain style: the textbook convention, with w_in = 1 and r = tau_mem / C, and weights as
they are. Step style: what frameworks that count in steps of dt run as we do, because
for them a spike is a current of height w during one step::

    CubaLIF, CubaLI   r = tau_mem / dt, w_in = tau_syn / dt     weights × dt / C
    LIF, LI           r = 1                                     weights × tau_mem / C
    LIF in a loop with itself, or with several tau_mem
                      r = tau_mem / dt                          weights × dt / C
    IF, I             r = 1 / dt                                weights × dt / C

Counted style: the step style, but with r = tau_mem / dt for all that leaks, which is
how snnTorch writes. A file of others that counts in steps is written with it again.

With r = 1 a LIF is the same for Norse, which ignores r, and for snnTorch, which divides
the threshold by r dt / tau; recurrent layers of snnTorch demand r = tau / dt.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.spec.network import LIFSpec, LISpec, Value
from core.spec.nir.neurons import PARAMETERS

#: Stands for no leak in a node that needs a tau_mem, s on the chip.
NO_LEAK = 1.0


class Style(NamedTuple):
    """How numbers are written.

    :param step: dt in seconds on the chip, None for the plain style
    :param looped: the population sends to itself
    :param exact: double precision, else single
    :param counted: r of a LIF counts in steps as well
    """

    step: float | None = None
    looped: bool = False
    exact: bool = False
    counted: bool = False


def node_type(population: LISpec) -> str:
    """Return the type of the node that ``population`` becomes."""
    fires = isinstance(population, LIFSpec)
    if population.tau_syn is not None:
        return "CubaLIF" if fires else "CubaLI"
    if population.leaky:
        return "LIF" if fires else "LI"
    return "IF" if fires else "I"


def numbers(population: LISpec, time_factor: float, style: Style) -> dict[str, Any]:
    """Return the parameters by our names, one or one per neuron."""
    kind, capacitance = node_type(population), _capacitance(population, style)
    tau_mem = population.tau_mem if population.leaky else NO_LEAK
    with np.errstate(all="ignore"):
        values: dict[str, Any] = {
            "tau_mem": np.divide(tau_mem, time_factor),
            "r": np.divide(tau_mem, capacitance),
            "w_in": 1.0,
        }
        if population.tau_syn is not None:
            values["tau_syn"] = np.divide(population.tau_syn, time_factor)
            if style.step is not None:
                values["w_in"] = np.divide(population.tau_syn, style.step)
        if kind in ("IF", "I"):
            values["r"] = np.divide(time_factor, capacitance)
        for name, field in (
            ("v_leak", "leak"),
            ("v_reset", "reset"),
            ("v_threshold", "threshold"),
        ):
            value = getattr(population, field, None)
            if isinstance(value, Value):
                values[name] = value.model
        if style.exact:  # without the rounding errors of the last operations
            return {name: _fifteen_digits(values[name]) for name in PARAMETERS[kind]}
        return {name: np.asarray(values[name], np.float32) for name in PARAMETERS[kind]}


def _fifteen_digits(values: Any) -> NDArray[np.float64]:
    found = np.asarray(values, np.float64)
    return np.array([float(f"{x:.15g}") for x in found.flat]).reshape(found.shape)


def weight_factor(population: LISpec, style: Style) -> Any:
    """Return what multiplies the weights into ``population``, one or one per neuron."""
    capacitance = _capacitance(population, style)
    return np.divide(capacitance, population.membrane_capacitance)


def _capacitance(population: LISpec, style: Style) -> Any:
    """Return the capacitance that r tells, s."""
    if style.step is None:
        return population.membrane_capacitance
    one_tau = np.ndim(population.tau_mem) == 0 and not (style.looped or style.counted)
    if node_type(population) in ("LIF", "LI") and one_tau:
        return population.tau_mem
    return style.step
