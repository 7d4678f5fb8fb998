"""What would be written to the chip, put together from the earlier stages."""

import numpy as np
from numpy.typing import NDArray

from core.chip.compartment import join
from core.chip.geometry import CIRCUITS
from core.chip.network import Floats, Integers, Network
from core.chip.neuron_block import NeuronSettings
from core.chip.results import CalibResult, ChipConfig, PlacementResult, RoutingResult
from core.chip.synapse_matrix import SynapseMatrix, synapse_matrix
from core.units import WEIGHT_MAX

_COUNTER_MAX = 255
_FASTEST_CLOCK = 125e6  # Hz: 250 MHz / 2^(scale + 1), one FPGA cycle at scale 0


def neuron_settings(
    network: Network, placement: PlacementResult, calibration: CalibResult
) -> NeuronSettings:
    """Return the settings of all circuits, before anybody changes them by hand."""
    capacitance = np.zeros(CIRCUITS)
    fires = np.zeros(CIRCUITS, bool)
    event_output = np.zeros(CIRCUITS, bool)
    for population in network.populations:
        circuits = placement.circuits[population.name]
        capacitance[circuits] = population.target.membrane_capacitance
        fires[circuits] = population.fires
        event_output[circuits] = population.fires
        if population.mask is not None:
            event_output[circuits] &= population.mask
    settings = NeuronSettings(
        codes={name: code.copy() for name, code in calibration.codes.items()},
        capacitance=capacitance,
        constant_current=np.zeros(CIRCUITS, np.int64),
        fires=fires,
        event_output=event_output,
    )
    for groups in placement.joined.values():
        join(settings, groups)
    return settings


def assemble(
    network: Network,
    placement: PlacementResult,
    settings: NeuronSettings,
    routing: RoutingResult,
) -> ChipConfig:
    """Return the settings of the whole chip, with notes on what did not fit."""
    refractory = np.zeros(CIRCUITS)
    used = np.zeros(CIRCUITS, bool)
    for population in network.populations:
        circuits = placement.circuits[population.name]
        refractory[circuits] = population.target.refractory_time
        used[placement.groups(population.name)] = True
    synapses = synapse_matrix(network, placement, routing)
    wiring = routing.wiring
    assert wiring is not None, "route adds it"
    cycles, too_long = quantise_refractory(refractory, settings.fires & used)
    return ChipConfig(
        weights=synapses.weights,
        labels=synapses.labels,
        row_source=routing.row_source,
        row_sign=synapses.row_sign,
        driver_mask=wiring.driver_mask,
        crossbar=wiring.crossbar,
        source_labels=wiring.labels,
        circuit_label=wiring.circuit_label,
        codes=settings.codes,
        capacitance=settings.capacitance,
        refractory_cycles=cycles,
        fires=settings.fires,
        event_output=settings.event_output,
        used=used,
        circuit_source=_circuit_sources(placement, routing),
        constant_current=settings.constant_current,
        stored=settings.stored,
        bypass=settings.bypass,
        notes=_notes(synapses, routing, too_long),
    )


def _circuit_sources(placement: PlacementResult, routing: RoutingResult) -> Integers:
    source = np.full(CIRCUITS, -1, np.int64)
    for index, (name, neuron) in enumerate(routing.sources):
        if name in placement.circuits:
            source[placement.circuits[name][neuron]] = index
    return source


def quantise_refractory(
    seconds: Floats, fires: NDArray[np.bool_]
) -> tuple[Integers, int]:
    """Return refractory times in FPGA cycles and how many did not fit the counter.

    Two clocks serve the chip, a fast and a slow one; neurons up to the mean time take
    the fast one. A circuit counts up to 255 ticks of its clock.
    """
    cycles = np.zeros(seconds.shape, np.int64)
    if not fires.any():
        return cycles, 0
    mean = seconds[fires].mean() * (1 + 1e-9)
    too_long = 0
    for group in (fires & (seconds <= mean), fires & (seconds > mean)):
        if group.any():
            times = seconds[group]
            scale = _clock_scale(float(times.min()), float(times.max()))
            ticks = np.floor(times * _FASTEST_CLOCK / 2**scale + 1e-6).astype(int) + 1
            too_long += int((ticks > _COUNTER_MAX + 1).sum())
            cycles[group] = np.minimum(ticks, _COUNTER_MAX) * 2**scale
    return cycles, too_long


def _clock_scale(shortest: float, longest: float) -> int:
    """Return s of the clock 250 MHz / 2^(s + 1), by the rule of calix.

    The longest time must fit the counter; the shortest should count 30 ticks.
    """
    low = longest / _COUNTER_MAX
    high = max(shortest / 30, 2 * low)
    scale = 4
    while scale > 0 and 2**scale / _FASTEST_CLOCK > high:
        scale -= 1
    while scale < 15 and 2**scale / _FASTEST_CLOCK < low:
        scale += 1
    return scale


def _notes(
    synapses: SynapseMatrix, routing: RoutingResult, too_long: int
) -> tuple[str, ...]:
    notes = []
    labels = [] if routing.wiring is None else (routing.wiring.labels >= 0).sum(1)
    several = int((np.asarray(labels) > 1).sum())
    if several:
        notes.append(
            f"{several} outside sources use several buses and take a label for each;"
            " the link counts their events once."
        )
    if synapses.added:
        notes.append(
            f"{synapses.added} more synapses carry what a weight is above {WEIGHT_MAX}."
        )
    if synapses.clipped:
        notes.append(
            f"{synapses.clipped} synapse weights were clipped to {WEIGHT_MAX}."
        )
    if too_long:
        notes.append(
            f"{too_long} refractory times are longer than the counter allows and were"
            " shortened."
        )
    return tuple(notes)
