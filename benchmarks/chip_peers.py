"""Other emulations of the same circuits: a prototype, and a plain loop in NumPy.

Both take what our kernel takes, so all have the same circuits and the same events. Both
have less: neither feeds spikes back into the chip, the prototype has no MADC, the loop
no events inside a sub-step and no CADC.
"""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np

from benchmarks.chip_workloads import ChipWorkload
from core.chip import signal_flow
from core.chip.events import INPUT_LATENCY
from core.chip.lanes import lanes as lanes_of
from core.chip.network import Integers
from core.kernels import emulation_rows as row

_STEPS_PER_CADC = 9  # 1.8 µs


def load(path: Path) -> ModuleType:
    """Import the prototype; its own imports are beside it or in ``bench``."""
    sys.path[:0] = [str(path.parent), str(path.parents[2] / "bench")]
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def kernel_alone(work: ChipWorkload) -> Callable[[], object]:
    """Return a run of the kernel with what `emulate` gives it, in one thread."""
    given: list[tuple[object, ...]] = []
    whole = signal_flow.run_entries

    def listen(*arguments: object) -> object:
        given.append(arguments)
        return whole(*arguments)

    signal_flow.run_entries = listen
    try:
        work.run()
    finally:
        signal_flow.run_entries = whole
    (arguments,) = given
    return lambda: whole(*arguments)


def prototype(work: ChipWorkload, kernels: ModuleType) -> Callable[[], int]:
    """Return a run of the prototype, one call for each batch entry.

    It knows sources of one sign only, so each source becomes one of each sign.
    """
    given = lanes_of(work.config, work.mismatch, work.chip, 0)
    drive, lanes, table = given.drive, given.values, given.table
    sources, n = drive.shape[1:]
    weights = np.ascontiguousarray(drive.reshape(2 * sources, n))
    used = weights.any(1)
    inhibitory = np.arange(2 * sources) >= sources
    # One block of lanes: rows have the length that its array has.
    us = -(-work.runtime_cycles // (row.STEP_CYCLES * row.STEPS_PER_NOISE))
    steps = us * row.STEPS_PER_NOISE
    run = kernels.make_lif(1, 1, 1)
    cadc = np.zeros((steps // _STEPS_PER_CADC + 2, n), np.uint8)
    times, neurons = np.zeros(1 << 17), np.zeros(1 << 17, np.int32)
    entries = []
    for b in range(work.batch):
        mine = work.inputs.batch == b
        cycle = work.inputs.cycle[mine] + INPUT_LATENCY
        source = work.inputs.neuron[mine]
        inside = cycle < steps * row.STEP_CYCLES
        cycle = np.repeat(cycle[inside], 2)
        source = np.stack([source[inside], source[inside] + sources], 1).ravel()
        cycle, source = cycle[used[source]], source[used[source]]
        step = cycle // row.STEP_CYCLES
        first = np.searchsorted(step, np.arange(steps + 1)).astype(np.int64)
        left = (row.STEP_CYCLES * (step + 1) - cycle).astype(np.int64)
        entries.append((first, left, source.astype(np.int64)))
    single = np.float32
    constant = (
        lanes[row.RATE],
        lanes[row.RATE_EXC],
        lanes[row.RATE_INH],
        lanes[row.THRESHOLD],
        lanes[row.RESET],
        given.tau_ref,
        lanes[row.SIGMA].astype(single),
    )
    potential = np.ascontiguousarray(table[0])
    current = np.ascontiguousarray(table[1])

    def call() -> int:
        total = 0
        for b, (first, left, source) in enumerate(entries):
            total += run(
                first, left, source, weights, inhibitory, *constant, row.STEP_US, 0,
                row.STEPS_PER_NOISE, us, potential, current, b, _STEPS_PER_CADC, cadc,
                times, neurons, 0,
            )  # fmt: skip
        return total

    return call


def plain_loop(work: ChipWorkload) -> Callable[[], int]:
    """Return a run of all entries in NumPy, sub-step by sub-step.

    Exact propagation with the events at the start of a sub-step, spikes on the grid of
    sub-steps: what one writes first.
    """
    given = lanes_of(work.config, work.mismatch, work.chip, 0)
    drive, lanes, table = given.drive, given.values, given.table
    n = drive.shape[2]
    steps = -(-work.runtime_cycles // row.STEP_CYCLES)
    keep = np.exp(-lanes[row.RATE] * row.STEP_US)
    noise_gain = (1 - keep) / lanes[row.RATE]
    held_steps = np.ceil(given.tau_ref / row.STEP_US)
    by_step = [
        _events_by_step(work.inputs.cycle[mine], work.inputs.neuron[mine], steps)
        for mine in (work.inputs.batch == b for b in range(work.batch))
    ]

    def call() -> int:
        rng = np.random.default_rng(0)
        v, e, i = np.zeros((3, work.batch, n), np.float32)
        held = np.zeros((work.batch, n))
        noise = np.zeros((work.batch, n), np.float32)
        total = 0
        for step in range(steps):
            for b in range(work.batch):
                for source in by_step[b].get(step, ()):
                    e[b] += drive[0, source]
                    i[b] += drive[1, source]
            if step % row.STEPS_PER_NOISE == 0:
                draws = rng.standard_normal((work.batch, n), np.float32)
                noise = lanes[row.SIGMA] * draws
            v = v * keep + e * table[0, 0, -1] - i * table[0, 1, -1]
            v += noise * noise_gain
            e *= table[1, 0, -1]
            i *= table[1, 1, -1]
            np.clip(v, lanes[row.LOW], lanes[row.HIGH], out=v)
            v = np.where(held > 0, lanes[row.RESET], v)
            fired = v > lanes[row.THRESHOLD]
            v = np.where(fired, lanes[row.RESET], v)
            held = np.where(fired, held_steps, held - 1)
            total += int(fired.sum())
        return total

    return call


def _events_by_step(
    cycle: Integers, source: Integers, steps: int
) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for c, s in zip((cycle + INPUT_LATENCY) // row.STEP_CYCLES, source, strict=True):
        if c < steps:
            found.setdefault(int(c), []).append(int(s))
    return found
