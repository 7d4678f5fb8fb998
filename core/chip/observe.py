"""What the converters and the link gave, by population, and what they could not.

`recording` says what is to be read of each circuit, `observe` sorts what came back by
population, `limits` says what is missing.
"""

import numpy as np

from core.chip.events import by_population
from core.chip.geometry import CIRCUITS, hemisphere_of
from core.chip.network import Network
from core.chip.readout import Recording
from core.chip.readout_source import LINE, ReadoutSource
from core.chip.results import Execution, Observables, OutputData, PlacementResult
from core.units import CYCLES_PER_US

_CADC_GAP = 20  # µs without samples at the end of a run that are worth a note


def recording(network: Network, placement: PlacementResult) -> Recording:
    """Return what the converters read, by circuit instead of by population."""
    source = np.zeros(CIRCUITS, np.int64)
    for name, wanted in network.cadc_source.items():
        source[placement.circuits[name]] = LINE[wanted]
    madc = network.madc
    return Recording(
        network.record_cadc,
        network.cadc_dram,
        source,
        None if madc is None else int(placement.circuits[madc[0]][madc[1]]),
        network.madc_source,
    )


def observe(execution: Execution) -> dict[str, Observables]:
    """Return the output of the chip by population instead of by circuit."""
    output, placement, config = (
        execution.output,
        execution.placement,
        execution.config,
    )
    if output is None or placement is None or config is None:
        return {}
    events = by_population(output.events, placement.circuits)
    lane = np.cumsum(config.used) - 1
    observables = {}
    for name, circuits in placement.circuits.items():
        reads = execution.network.madc is not None and execution.network.madc[0] == name
        madc = None
        if reads and output.madc is not None and output.madc_cycles is not None:
            madc = np.stack([output.madc_cycles, output.madc]).astype(float)
        observables[name] = Observables(
            events=events[name],
            cadc=output.cadc[:, :, circuits],
            cadc_cycles=output.cadc_cycles,
            hemisphere=hemisphere_of(circuits),
            madc=madc,
            membrane=None
            if output.membrane is None
            else output.membrane[:, :, lane[circuits]],
            cadc_counts=output.cadc_counts,
            madc_counts=output.madc_counts if reads else None,
        )
    return observables


def limits(network: Network, output: OutputData) -> list[str]:
    """Return what was lost, was not recorded or is raw, one sentence each."""
    return [
        *_losses(output),
        *_raw_lines(network),
        *_cadc_limits(network, output),
    ]


def _losses(output: OutputData) -> list[str]:
    """Return what was lost on the link."""
    notes = []
    if output.lost_in:
        notes.append(
            f"{output.lost_in} input events found no place on the link, or came after"
            " the end of the run."
        )
    if output.lost_out:
        notes.append(
            f"{output.lost_out} spikes of the chip were not recorded: the link was"
            " full, or lost them. Inside the chip they did arrive."
        )
    return notes


def _raw_lines(network: Network) -> list[str]:
    """Return which converters read a synaptic line: nothing scales those."""
    read = [("CADC", n, s) for n, s in network.cadc_source.items()]
    read += [("MADC", network.madc[0], network.madc_source)] if network.madc else []
    return [
        f"The {converter} reads {source.value} of '{name}': there are raw samples only."
        for converter, name, source in read
        if source in (ReadoutSource.EXC_SYNIN, ReadoutSource.INH_SYNIN)
    ]


def _cadc_limits(network: Network, output: OutputData) -> list[str]:
    """Return what the CADC could not record."""
    recording = Recording(network.record_cadc, network.cadc_dram)
    if not recording.cadc or not network.populations:
        return []
    end = output.runtime_cycles / CYCLES_PER_US
    last = output.cadc_cycles[-1:].min(initial=output.runtime_cycles) / CYCLES_PER_US
    if last >= end - _CADC_GAP:
        return []
    more = "" if recording.dram else " The DRAM holds more."
    return [
        f"The CADC memory holds {recording.memory} samples: nothing was recorded after"
        f" {last:.0f} µs.{more}"
    ]
