"""What the configured chip does with its inputs."""

import os
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.chip.capmem import write
from core.chip.circuit import Circuits, physical
from core.chip.events import INPUT_LATENCY
from core.chip.geometry import CIRCUITS, HEMISPHERES
from core.chip.mismatch import Mismatch
from core.chip.network import Integers
from core.chip.readout import Recording, cadc, madc_codes, madc_samples, repeat_last
from core.chip.results import ChipConfig, Events, OutputData
from core.chip.synapse_array import synaptic_drive
from core.kernels import emulation_rows as row
from core.kernels.emulation import run_entries
from core.kernels.lanes import pool
from core.spec.chip import ChipSpec

#: Sub-steps times lanes that take a thread about a millisecond.
_WORK_OF_A_THREAD = 500_000
_DEFAULT = Recording()


def emulate(
    config: ChipConfig,
    mismatch: Mismatch,
    inputs: Events,
    batch: int,
    runtime_cycles: int,
    chip: ChipSpec,
    *,
    trial: int = 0,
    recording: Recording = _DEFAULT,
    keep_membrane: bool = False,
) -> OutputData:
    """Run the chip for ``batch`` entries, each from rest.

    It sees what is written to the chip and what physics hides, never the network: a
    fault in routing shows as a wrong raster.

    :param inputs: events by source
    :param trial: seeds all temporal noise and the inexactness of this configuration
    :param recording: what the converters read
    """
    written = write(config.codes, chip, trial)
    used = np.flatnonzero(config.used)
    offset = mismatch.cadc_offset[used]
    sampled = cadc(recording, used, offset, chip, runtime_cycles, batch, trial)
    madc_circuit = recording.madc_circuit
    codes = {name: code[..., used] for name, code in written.items()}
    circuits = physical(
        codes,
        mismatch.at(used),
        config.capacitance[used],
        config.constant_current[used],
    )
    steps = -(-runtime_cycles // row.STEP_CYCLES)
    trace_lane = (
        -1 if madc_circuit is None else int(np.searchsorted(used, madc_circuit))
    )
    trace = np.empty((batch, 1 if madc_circuit is None else steps + 1), np.float32)
    us = -(-steps // row.STEPS_PER_NOISE) if keep_membrane else 0
    membrane = np.empty((batch, us, len(used)), np.float32)
    arguments = (
        steps,
        np.searchsorted(inputs.batch, np.arange(batch + 1)),
        inputs.cycle + INPUT_LATENCY,
        inputs.neuron,
        synaptic_drive(config, circuits, used, mismatch.rows),
        lane_parameters(config, circuits, used, chip),
        response_tables(circuits),
        np.maximum(config.refractory_cycles[used], 1) * np.float64(row.CYCLE_US),
        config.circuit_source[used],
        config.event_output[used],
        used,
        int(np.searchsorted(used, CIRCUITS // HEMISPHERES)),
        chip.number,
        trial,
        sampled,
        trace_lane,
        recording.madc_line,
        trace,
        membrane,
    )
    found = _run(arguments, batch, steps * len(used))
    repeat_last(sampled.codes, sampled.counts)
    output = OutputData(
        events=_sorted_events(found, used, runtime_cycles),
        cadc=sampled.codes,
        cadc_cycles=sampled.cycles,
        cadc_counts=sampled.counts,
        membrane=membrane.swapaxes(0, 1) if keep_membrane else None,
        runtime_cycles=runtime_cycles,
    )
    if madc_circuit is None:
        return output
    raw = madc_codes(trace, runtime_cycles, madc_circuit, chip, trial)
    values, cycles, counts = madc_samples(
        raw, runtime_cycles, madc_circuit, chip, trial
    )
    return replace(output, madc=values, madc_cycles=cycles, madc_counts=counts)


def _run(arguments: tuple[Any, ...], batch: int, work: int) -> Integers:
    """Return the spikes, the entries shared out to threads if that is worth it.

    :param work: sub-steps times lanes of one entry
    """
    threads = min(batch, os.cpu_count() or 1, 1 + batch * work // _WORK_OF_A_THREAD)
    if threads <= 1:
        return run_entries(0, batch, *arguments)
    bounds = [batch * k // threads for k in range(threads + 1)]
    parts = pool().map(
        lambda k: run_entries(bounds[k], bounds[k + 1], *arguments), range(threads)
    )
    return np.concatenate(list(parts), axis=1)


def lane_parameters(
    config: ChipConfig, circuits: Circuits, used: Integers, chip: ChipSpec
) -> NDArray[np.float32]:
    """Return the parameters of the lanes as the kernel wants them."""
    a = 1 / circuits.tau_mem
    decay = np.exp(-a)  # over the microsecond for which the noise current holds
    leak = circuits.leak
    reachable = circuits.threshold < chip.membrane_high
    fires = config.fires[used] & reachable
    lanes = np.empty((row.LANE_ROWS, len(used)), np.float32)
    lanes[row.RATE] = a
    lanes[row.RATE_EXC] = 1 / circuits.tau_syn[0]
    lanes[row.RATE_INH] = 1 / circuits.tau_syn[1]
    lanes[row.THRESHOLD] = np.where(fires, circuits.threshold - leak, row.NEVER)
    limits = (chip.membrane_low, chip.membrane_high)
    lanes[row.RESET] = np.clip(circuits.reset, *limits) - leak
    lanes[row.LOW] = chip.membrane_low - leak
    lanes[row.HIGH] = chip.membrane_high - leak
    # This current makes a resting membrane wander with the wanted deviation.
    sigma = chip.noise * chip.membrane_noise
    lanes[row.SIGMA] = sigma * a * np.sqrt((1 + decay) / (1 - decay))
    lanes[row.LEAK] = leak
    return lanes


def response_tables(circuits: Circuits) -> NDArray[np.float32]:
    """Return what a unit event adds 0…25 cycles later, shape (2, 2, 26, lanes).

    First axis: to the potential, to the current; second: excitatory, inhibitory.
    """
    d = (np.arange(row.STEP_CYCLES + 1) * row.CYCLE_US)[:, None]
    a, b = 1 / circuits.tau_mem, 1 / circuits.tau_syn[:, None]
    x = 0.5 * d * (a - b)
    small = np.abs(x) < 1e-3
    ratio = np.where(small, 1 + x * x / 6, np.sinh(x) / np.where(small, 1, x))
    potential = d * np.exp(-0.5 * d * (a + b)) * ratio
    table = np.stack([potential, np.exp(-d * b)])
    return np.ascontiguousarray(table, np.float32)


def _sorted_events(found: Integers, used: Integers, runtime_cycles: int) -> Events:
    cycle, entry, lane = found[:, found[0] < runtime_cycles]
    # Nearly in order already: one key and a merging sort are fastest.
    key = (entry * (runtime_cycles + 1) + cycle) * CIRCUITS + lane
    order = np.argsort(key, kind="stable")
    return Events(cycle[order], entry[order], used[lane[order]])
