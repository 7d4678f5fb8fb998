"""What would be written to the chip, put together from the earlier stages."""

import numpy as np

from core.chip.compartment import join
from core.chip.geometry import CIRCUITS
from core.chip.network import Integers, Network
from core.chip.neuron_block import NeuronSettings
from core.chip.refractory import quantise_holdoff, quantise_refractory, tick_of
from core.chip.results import CalibResult, ChipConfig, PlacementResult, RoutingResult
from core.chip.synapse_matrix import SynapseMatrix, synapse_matrix
from core.units import WEIGHT_MAX


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
    holdoff = np.zeros(CIRCUITS)
    used = np.zeros(CIRCUITS, bool)
    for population in network.populations:
        circuits = placement.circuits[population.name]
        refractory[circuits] = population.target.refractory_time
        holdoff[circuits] = population.target.holdoff_time
        used[placement.groups(population.name)] = True
    synapses = synapse_matrix(network, placement, routing)
    wiring = routing.wiring
    assert wiring is not None, "route adds it"
    fires = settings.fires & used
    cycles, too_long = quantise_refractory(refractory, fires)
    released, shortened = quantise_holdoff(holdoff, tick_of(refractory, fires), cycles)
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
        holdoff_cycles=released,
        bypass=settings.bypass,
        notes=_notes(synapses, routing, too_long, shortened),
    )


def _circuit_sources(placement: PlacementResult, routing: RoutingResult) -> Integers:
    source = np.full(CIRCUITS, -1, np.int64)
    for index, (name, neuron) in enumerate(routing.sources):
        if name in placement.circuits:
            source[placement.circuits[name][neuron]] = index
    return source


def _notes(
    synapses: SynapseMatrix, routing: RoutingResult, too_long: int, holdoff: int
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
        names = ", ".join(f"'{name}'" for name in synapses.clipped_sources)
        notes.append(
            f"{synapses.clipped} synapse weights from {names} were clipped to"
            f" {WEIGHT_MAX}: no free synapse was left for the rest. Place its neurons"
            " in other columns, or use smaller weights."
        )
    if too_long:
        notes.append(
            f"{too_long} refractory times are longer than the counter allows and were"
            " shortened."
        )
    if holdoff:
        notes.append(
            f"{holdoff} holdoff times are longer than 31 ticks of the refractory clock,"
            " or than the refractory time, and were shortened."
        )
    return tuple(notes)
