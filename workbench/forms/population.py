"""The form of a population of neurons, by circuit block; what is off has no lines."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from core.chip.geometry import CIRCUITS
from core.chip.target_ranges import RANGES
from core.feasibility import feasibility
from core.on_chip import adex_codes
from core.spec import edit
from core.spec.experiment import ExperimentSpec
from core.spec.fields import FieldInfo, each
from core.spec.network import AELIFSpec, LISpec, PopulationSpec, Value, VoltageScale
from core.spec.population import CAPACITANCE_FULL, CAPACITANCE_LSB
from core.units import display_unit
from workbench.forms.chip_codes import Codes
from workbench.forms.line import Line, Put, Scale, blank, number_line, switch_line
from workbench.forms.neurons import with_neurons
from workbench.forms.potential import potential_line
from workbench.forms.stimulus import current_lines

#: Blocks of a population, the ones that are moved most first.
GROUPS = (
    "population",
    "membrane",
    "threshold",
    "synaptic input",
    "exponential",
    "adaptation",
    "current",
    "chip",
)
#: What is without meaning while none of its switches is on.
SWITCHED = {
    "tau_mem": ("leaky",),
    "exponential_slope": ("exponential",),
    "exponential_threshold": ("exponential",),
    "subthreshold_adaptation_strength": ("subthreshold_adaptation",),
    "spike_triggered_adaptation_increment": ("spike_triggered_adaptation",),
    "tau_adap": ("subthreshold_adaptation", "spike_triggered_adaptation"),
}


def name_and_size(population: PopulationSpec) -> list[Line]:
    """Return the first two lines of any population."""
    name = population.name
    return [
        Line(
            "name",
            "name",
            name,
            lambda s, v: edit.rename(s, name, str(v)),
            "population",
        ),
        number_line(
            "size",
            population.info("size"),
            population.size,
            None,
            lambda s, v: edit.resize(s, name, v),
            group="population",
        ),
    ]


def population_lines(
    spec: ExperimentSpec, population: LISpec, codes: Codes
) -> list[Line]:
    """Return the lines of ``population``.

    :param codes: of the last run on the chip
    """
    name = population.name

    def change(field: str) -> Put:
        return lambda document, value: document.replace(
            network=document.network.with_population(
                document.network.population(name).replace(**{field: value})
            )
        )

    if isinstance(population, AELIFSpec):
        codes = replace(codes, terms=adex_codes(population).codes)
    found = name_and_size(population)
    for field, info in population.infos().items():
        value = getattr(population, field)
        switches = SWITCHED.get(field, ())
        if switches and not any(getattr(population, s) for s in switches):
            continue
        if isinstance(value, Value):
            found.append(potential_line(field, population, change, codes))
        elif isinstance(value, VoltageScale):
            found += _scale(value, change)
        elif isinstance(value, bool):
            if _has_switch(field, population):
                found.append(switch_line(field, info, value, change(field)))
        elif field == "tau_syn":
            found += _synaptic(population, change, codes)
        elif field == "membrane_capacitance":
            found.append(_capacitance(population, change))
        elif field == "first_circuit":
            found += _place_lines(spec, population, change)
        elif field != "capacitance_lsb" and info.unit and info.low is not None:
            found.append(_time(field, population, change, codes))
    found += current_lines(spec, population)
    return sorted(found, key=lambda line: _place(line.group))


def _place(group: str) -> int:
    return GROUPS.index(group if group in GROUPS else "current")


def _has_switch(field: str, population: LISpec) -> bool:
    """Whether the switch can be moved: an AdEx neuron must leak."""
    return not (
        field == "leaky" and isinstance(population, AELIFSpec) and population.leaky
    )


def _time(
    field: str, population: LISpec, change: Callable[[str], Put], codes: Codes
) -> Line:
    """Return the line of a time, with its code on the chip if it has one."""
    info, value = population.info(field), getattr(population, field)
    default = getattr(blank(population), field)
    line = number_line(field, info, value, default, change(field))
    line = with_neurons(line, population.size, value, display_unit(info.unit)[1])
    if field not in codes.codes and field not in ("tau_mem", "tau_syn"):
        return line
    text, size = codes.text(field), population.size
    old = text != "–" and not codes.fits(field, each(value, size))
    why = "Known after a run on the chip."
    if text != "–":
        why = "Of an earlier value." if old else "Median and range of the circuits."
        if field == "tau_syn":
            why += " Excitatory, then inhibitory."
    shown = "per neuron" if np.ndim(value) else f"{line.value:.4g} {line.unit}"
    return replace(
        line,
        scales=(
            Scale("model", shown, info.doc, chosen=True),
            Scale("code", f"code {text}", why, old=old),
        ),
    )


def _synaptic(
    population: LISpec, change: Callable[[str], Put], codes: Codes
) -> list[Line]:
    """Return the switch of the synaptic current and, if it is on, its decay."""
    info = FieldInfo(
        "Off: a spike is a current of one time step.",
        label="current decays",
        group="synaptic input",
    )
    default = blank(population).tau_syn

    def put(spec: ExperimentSpec, on: Any) -> ExperimentSpec:
        now = population.tau_syn
        kept = default if now is None else now
        return change("tau_syn")(spec, kept if on else None)

    on = population.tau_syn is not None
    switch = switch_line("synaptic_current", info, on, put)
    return [switch, _time("tau_syn", population, change, codes)] if on else [switch]


def _capacitance(population: LISpec, change: Callable[[str], Put]) -> Line:
    """Return the line of the capacitance: of the model, or of the capacitor in LSB."""
    given = population.capacitance_lsb is not None
    field = "capacitance_lsb" if given else "membrane_capacitance"
    model = population.info("membrane_capacitance")
    info = replace(population.info(field), label=model.label, doc=model.doc)
    value = getattr(population, field)
    lsb = population.capacitor
    plain = blank(population)
    default = CAPACITANCE_LSB if given else plain.membrane_capacitance

    def choose(spec: ExperimentSpec, wanted: Any) -> ExperimentSpec:
        return change("capacitance_lsb")(
            spec, np.rint(lsb) if wanted == "LSB" else None
        )

    shown = np.mean(population.membrane_capacitance) / display_unit(model.unit)[1]
    known = RANGES["membrane_capacitance"]
    to_model = CAPACITANCE_FULL / CAPACITANCE_LSB / display_unit(model.unit)[1]
    line = number_line(
        "membrane_capacitance",
        info,
        value,
        default,
        change(field),
        reach=None if given else (known.low * to_model, known.high * to_model),
        scales=(
            Scale(
                "model",
                f"{shown:.4g} µs",
                "Edit the value of the model; the chip follows.",
                not given,
                True,
            ),
            Scale(
                "LSB",
                f"{np.mean(lsb):.0f} LSB",
                "Give the chip a capacitor of its own, 0 to 63.",
                given,
                True,
            ),
        ),
    )
    line = with_neurons(line, population.size, value, display_unit(info.unit)[1])
    return replace(line, acts={**line.acts, "scale": choose})


def _place_lines(
    spec: ExperimentSpec, population: LISpec, change: Callable[[str], Put]
) -> list[Line]:
    """Return the switch of a place of one's own and, if it is on, the place."""
    info = population.info("first_circuit")
    label, doc = "place is chosen", "Off: the chip finds free circuits."
    first, put = population.first_circuit, change("first_circuit")

    def switch(document: ExperimentSpec, on: Any) -> ExperimentSpec:
        placed = feasibility(document).placement
        here = 0 if placed is None else int(placed.circuits[population.name][0])
        here = min(here, CIRCUITS - population.size)
        return put(document, here if on else None)

    chosen = replace(info, label=label, doc=doc)
    found = [switch_line("placed", chosen, first is not None, switch)]
    if first is not None:
        last = first + population.size - 1
        line = number_line("first_circuit", info, first, None, put)
        also = f"to {last}" if last > first else ""
        found.append(replace(line, also=also))
    return found


def _scale(scale: VoltageScale, change: Callable[[str], Put]) -> list[Line]:
    labels = {"offset": "LSB of model 0", "gain": "LSB per model unit"}
    found = []
    for field, label in labels.items():
        info = replace(scale.info(field), label=label, group="chip")

        def put(s: ExperimentSpec, v: Any, field: str = field) -> ExperimentSpec:
            return change("scale")(s, scale.replace(**{field: v}))

        default = getattr(VoltageScale(), field)
        found.append(number_line(field, info, getattr(scale, field), default, put))
    return found
