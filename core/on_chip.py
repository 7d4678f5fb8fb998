"""What of a document has another form on the chip: codes of terms, currents, weights.

Adaptation, exponential onset and constant currents are set by codes that nothing
calibrates, so they follow from the model by the transfer of a typical circuit. With
the gain of the voltage scale (LSB per model unit) and the capacitance C in µs::

    D   LSB      = gain · slope            A   1/µs    = strength / C
    b   LSB/µs   = gain · increment / C    I   LSB/µs  = gain · current / C

A chip has no synapse without a current of its own. It gets the shortest one, tau, and
weights times dt / tau, so that a spike brings the same charge.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.chip.adex import term_codes
from core.chip.circuit import CONSTANT_CURRENT
from core.chip.nominal import relative_capacitance
from core.chip.target_ranges import RANGES
from core.errors import Problem
from core.spec.experiment import ExperimentSpec
from core.spec.fields import each
from core.spec.network import AELIFSpec, LISpec, ProjectionSpec, Value
from core.spec.stimulus import ConstantCurrent
from core.units import CODE_MAX, format_quantity, us

#: The shortest synaptic time constant that a calibration reaches, s.
SHORTEST_TAU_SYN: Final = RANGES["tau_syn"].low
#: What switches each parameter of an `AELIFSpec` on; tau_adap needs one of two.
_SWITCHES: Final = {
    "exponential_slope": ("exponential",),
    "exponential_threshold": ("exponential",),
    "subthreshold_adaptation_strength": ("subthreshold_adaptation",),
    "spike_triggered_adaptation_increment": ("spike_triggered_adaptation",),
    "tau_adap": ("subthreshold_adaptation", "spike_triggered_adaptation"),
}
#: The codes that have a sign.
_SIGNED: Final = (
    "subthreshold_adaptation_strength",
    "spike_triggered_adaptation_increment",
)


@dataclass(frozen=True)
class TermCodes:
    """Codes of exponential onset and adaptation.

    :param codes: by parameter of `AELIFSpec`, shape (neurons,), not clipped
    :param clock_scale: of the pulse that makes the jump of the adaptation
    """

    codes: dict[str, NDArray[np.int64]]
    clock_scale: int


def adex_codes(population: AELIFSpec) -> TermCodes:
    """Return the codes of the terms: those of the document, or by a typical circuit."""
    size, gain = population.size, population.scale.gain
    c = each(population.membrane_capacitance, size) / us

    def model(name: str) -> NDArray[np.float64]:
        return each(getattr(population, name).model, size)

    found = term_codes(
        slope=gain * model("exponential_slope"),
        onset=each(population.scale.lsb(population.exponential_threshold), size),
        coupling=model("subthreshold_adaptation_strength") / c,
        jump=gain * model("spike_triggered_adaptation_increment") / c,
        tau_adap=each(population.tau_adap, size) / us,
        tau_mem=each(population.tau_mem, size) / us,
        capacitance=each(population.capacitor, size),
    )
    codes = {name: np.rint(found[name]).astype(np.int64) for name in _SWITCHES}
    for name in codes:
        value = getattr(population, name)
        if isinstance(value, Value) and value.code is not None:
            codes[name] = each(value.code, size).astype(np.int64)
    return TermCodes(codes, int(found["clock_scale"]))


def current_codes(spec: ExperimentSpec, population: LISpec) -> NDArray[np.int64] | None:
    """Return the codes of the constant current, shape (neurons,); None without one.

    Positive ones lift the membrane.
    """
    found = [
        each(s.current, population.size)
        for s in spec.stimuli
        if isinstance(s, ConstantCurrent) and s.population == population.name
    ]
    if not found:
        return None
    return np.rint(sum(found) * _codes_per_current(population)).astype(np.int64)


def _codes_per_current(population: LISpec) -> NDArray[np.float64]:
    """Return the code of a current of 1 model unit, shape (neurons,)."""
    c = each(population.membrane_capacitance, population.size) / us
    load = relative_capacitance(each(population.capacitor, population.size))
    return np.asarray(population.scale.gain / c * load / CONSTANT_CURRENT)


def weight_scale(projection: ProjectionSpec, spec: ExperimentSpec) -> float:
    """Return the weight LSB of a model weight of 1, with the charge of the model."""
    target = spec.network.population(projection.target)
    if isinstance(target, LISpec) and target.tau_syn is None:
        return projection.weight_scale * spec.run.dt / SHORTEST_TAU_SYN
    return projection.weight_scale


def problems(spec: ExperimentSpec) -> Iterator[Problem]:
    """Yield a problem for each code that the chip does not have.

    :param spec: a document without errors
    """
    for population in spec.network.populations:
        if not isinstance(population, LISpec):
            continue
        where, name = f"population '{population.name}'", population.name
        for field, codes in _codes(spec, population):
            low = -CODE_MAX if field in (*_SIGNED, "current") else 0
            wrong = codes[(codes < low) | (codes > CODE_MAX)]
            if len(wrong):
                label = "current"
                if field != "current":
                    label = population.info(field).label
                yield Problem(
                    where,
                    f"the {label} would need the code {wrong[0]}.",
                    f"The chip has {low} to {CODE_MAX}: use a value that fits.",
                    "error",
                    name,
                    field,
                )


def _codes(
    spec: ExperimentSpec, population: LISpec
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield field and codes of what is on."""
    if isinstance(population, AELIFSpec):
        for field, codes in adex_codes(population).codes.items():
            if any(getattr(population, switch) for switch in _SWITCHES[field]):
                yield field, codes
    currents = current_codes(spec, population)
    if currents is not None:
        yield "current", currents


def notes(spec: ExperimentSpec) -> Iterator[Problem]:
    """Yield a note for each population that is something else on the chip."""
    for population in spec.network.populations:
        if not isinstance(population, LISpec):
            continue
        where, name = f"population '{population.name}'", population.name
        if population.tau_syn is None:
            factor = spec.run.dt / SHORTEST_TAU_SYN
            yield Problem(
                where,
                "a chip has no synapse without a current of its own: it decays with "
                f"{format_quantity(SHORTEST_TAU_SYN, 's')}, weights are multiplied by "
                f"{factor:.3g}.",
                "",
                "note",
                name,
                "tau_syn",
            )
        for field, codes in _codes(spec, population):
            given = getattr(population, field, None)
            if isinstance(given, Value) and given.code is not None:
                continue
            label = "current" if field == "current" else population.info(field).label
            low, high = codes.min(), codes.max()
            shown = f"{low}" if low == high else f"{low} to {high}"
            yield Problem(
                where,
                f"the {label} has the code {shown}, by the transfer of a typical "
                "circuit: nothing calibrates it.",
                "",
                "note",
                name,
                field,
            )
