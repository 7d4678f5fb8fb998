"""What the configured chip does with its inputs."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.chip.bypass import bypassed
from core.chip.events import INPUT_LATENCY
from core.chip.geometry import CIRCUITS, HEMISPHERES
from core.chip.lanes import lanes
from core.chip.mismatch import Mismatch
from core.chip.network import Integers
from core.chip.readout import Recording, cadc, madc_codes, madc_samples, repeat_last
from core.chip.results import ChipConfig, Events, OutputData, Truth
from core.kernels import emulation_rows as row
from core.kernels.emulation import run_entries
from core.kernels.lanes import run_parts, threads
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
    keep_truth: bool = False,
) -> OutputData:
    """Run the chip for ``batch`` entries, each from rest.

    It sees what is written to the chip and what physics hides, never the network: a
    fault in routing shows as a wrong raster.

    :param inputs: events by source
    :param keep_membrane: also return the true membranes each µs
    :param keep_truth: also return all that is true, at each sub-step of 0.2 µs
    :param trial: seeds all temporal noise and the inexactness of this configuration
    :param recording: what the converters read
    """
    if config.bypass:
        return bypassed(config, inputs, batch, runtime_cycles, chip)
    used = lanes(config, mismatch, chip, trial)
    n = len(used.circuits)
    offset = mismatch.cadc_offset[used.circuits]
    sampled = cadc(recording, used.circuits, offset, chip, runtime_cycles, batch, trial)
    madc_circuit = recording.madc_circuit
    steps = -(-runtime_cycles // row.STEP_CYCLES)
    trace = np.empty((batch, 1 if madc_circuit is None else steps + 1), np.float32)
    trace_lane = -1
    if madc_circuit is not None:
        trace_lane = int(np.searchsorted(used.circuits, madc_circuit))
    truth = _room_for_truth(keep_membrane, keep_truth, batch, steps, n)
    arguments = (
        steps,
        np.searchsorted(inputs.batch, np.arange(batch + 1)),
        inputs.cycle + INPUT_LATENCY,
        inputs.neuron,
        used.drive,
        used.values,
        used.table,
        used.tau_ref,
        used.source,
        used.emits,
        used.heads,
        used.member_start,
        used.member,
        used.adex,
        used.adex_lanes,
        used.circuits,
        int(np.searchsorted(used.circuits, CIRCUITS // HEMISPHERES)),
        chip.number,
        trial,
        sampled,
        trace_lane,
        recording.madc_line,
        trace,
        truth,
        1 if keep_truth else row.STEPS_PER_NOISE,
    )
    found = _run(arguments, batch, steps * n)
    repeat_last(sampled.codes, sampled.counts)
    output = OutputData(
        events=_sorted_events(found, used.circuits, runtime_cycles),
        cadc=sampled.codes,
        cadc_cycles=sampled.cycles,
        cadc_counts=sampled.counts,
        membrane=_membrane(truth, config, used.circuits) if keep_membrane else None,
        truth=_truth(truth, used.circuits) if keep_truth else None,
        runtime_cycles=runtime_cycles,
    )
    if madc_circuit is None:
        return output
    raw = madc_codes(trace, runtime_cycles, madc_circuit, chip, trial)
    values, cycles, counts = madc_samples(
        raw, runtime_cycles, madc_circuit, chip, trial
    )
    return replace(output, madc=values, madc_cycles=cycles, madc_counts=counts)


def _room_for_truth(
    membrane: bool, everything: bool, batch: int, steps: int, n: int
) -> NDArray[np.float32]:
    """Return where the kernel writes what is true: each µs, or each sub-step."""
    if everything:
        return np.empty((4, batch, steps, n), np.float32)
    us = -(-steps // row.STEPS_PER_NOISE) if membrane else 0
    return np.empty((1, batch, us, n), np.float32)


def _membrane(
    truth: NDArray[np.float32], config: ChipConfig, circuits: Integers
) -> NDArray[np.float32]:
    """Return the membranes of the used circuits each µs."""
    every = row.STEPS_PER_NOISE if len(truth) > 1 else 1
    return truth[0, :, ::every, config.used[circuits]].transpose(2, 1, 0)


def _truth(kept: NDArray[np.float32], circuits: Integers) -> Truth:
    membrane, excitatory, inhibitory, adaptation = kept.swapaxes(1, 2)
    return Truth(circuits, membrane, excitatory, inhibitory, adaptation)


def _run(arguments: tuple[Any, ...], batch: int, work: int) -> Integers:
    """Return the spikes, the entries shared out to threads if that is worth it.

    :param work: sub-steps times lanes of one entry
    """
    parts = max(1, min(batch, threads(), 1 + batch * work // _WORK_OF_A_THREAD))
    bounds = [batch * k // parts for k in range(parts + 1)]
    found = run_parts(
        lambda part: run_entries(*part, *arguments),
        list(pairwise(bounds)),
    )
    return np.concatenate(found, axis=1)


def _sorted_events(found: Integers, used: Integers, runtime_cycles: int) -> Events:
    cycle, entry, lane = found[:, found[0] < runtime_cycles]
    # Nearly in order already: one key and a merging sort are fastest.
    key = (entry * (runtime_cycles + 1) + cycle) * CIRCUITS + lane
    order = np.argsort(key, kind="stable")
    return Events(cycle[order], entry[order], used[lane[order]])
