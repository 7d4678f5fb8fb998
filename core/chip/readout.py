"""The two converters that read neurons: the CADC of every column, and the MADC.

CADC: the two hemispheres run freely. A loop starts `CADC_LEAD` before each batch entry
and takes one sample of all columns after the other, the k-th at::

    t[k] = −CADC_LEAD + period · (phase + k + jitter · (ε[1] + … + ε[k]))

with a phase of each hemisphere and entry, 0…1, and ε ~ N(0, 1). Its memory holds
`CADC_MEMORY` samples of an entry, in DRAM more, at a longer period. About three are
spent before the entry begins; kept are those with 0 ≤ t < runtime. The clock of the
CADC is not that of the chip: what is recorded at t was read at t − `cadc_late`, before
an entry at rest and after its end as at the end.

MADC: one sample of one neuron each 34 ns. Nothing is published on the even and odd
codes that figures show, so there are none.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.chip.geometry import CIRCUITS, COLUMNS, HEMISPHERES
from core.chip.network import Floats, Integers
from core.chip.readout_source import LINE, ReadoutSource
from core.kernels.emulation_readout import Cadc
from core.kernels.emulation_rows import STEP_CYCLES
from core.kernels.noise import CADC_PHASE, MADC, MADC_LOSS, normals, uniforms
from core.spec.chip import ChipSpec
from core.units import CYCLE, MADC_MAX, us

#: Samples of a batch entry that the memory next to the CADC holds, and the DRAM.
CADC_MEMORY: Final = 100
CADC_MEMORY_DRAM: Final = 204_800
#: From the first CADC sample to the beginning of an entry: a wait of 15 µs, of which
#: the loop takes 10 µs to start.
CADC_LEAD: Final = 5 * us
#: 500 MHz / (12 + 5): one MADC sample each 34 ns, 4.25 FPGA cycles.
MADC_PERIOD_CYCLES: Final = 4.25
#: MADC = 65 + 3.0 · CADC, from tutorial figures.
MADC_OFFSET: Final = 65.0
MADC_PER_LSB: Final = 3.0

_CHUNK = 1 << 16  # MADC samples that are computed at once


@dataclass(frozen=True)
class Recording:
    """What the converters of one chip shall record.

    :param cadc: whether the CADC records
    :param dram: whether it writes to the DRAM
    :param source: shape (512,), number of what the CADC reads, see `LINE`
    :param madc_circuit: the circuit that the MADC reads, None for none
    :param madc_source: what it reads
    """

    cadc: bool = True
    dram: bool = False
    source: Integers = field(default_factory=lambda: np.zeros(CIRCUITS, np.int64))
    madc_circuit: int | None = None
    madc_source: ReadoutSource = ReadoutSource.VOLTAGE

    @property
    def madc_line(self) -> int:
        """The number of what the MADC reads."""
        return LINE[self.madc_source]

    @property
    def memory(self) -> int:
        """How many CADC samples of a batch entry are held."""
        return CADC_MEMORY_DRAM if self.dram else CADC_MEMORY

    def period(self, chip: ChipSpec) -> float:
        """Return the time between two CADC samples, s."""
        return chip.cadc_period_dram if self.dram else chip.cadc_period


def cadc_cycles(
    recording: Recording, chip: ChipSpec, runtime_cycles: int, batch: int, trial: int
) -> tuple[Integers, Integers]:
    """Return when the CADCs sample, and how often.

    :returns: FPGA cycles, shape (samples, batch, 2), where an entry with fewer samples
        repeats its last, and the counts, shape (batch, 2); an entry that ends before
        its first sample has one at its beginning
    """
    if not recording.cadc or runtime_cycles <= 0:
        nothing = np.zeros((1, batch, HEMISPHERES), np.int64)
        return nothing[1:], nothing[0]
    period = recording.period(chip)
    jitter = chip.noise * chip.cadc_jitter
    span = (runtime_cycles * CYCLE + CADC_LEAD) / period
    # Six deviations of the sum, so that no sample is missing at the end.
    most = min(recording.memory, int(span + 6 * jitter * np.sqrt(span)) + 2)
    name = (chip.number, trial, np.arange(batch)[:, None], np.arange(HEMISPHERES))
    k = np.arange(most)[:, None, None]
    at = uniforms(*name, 0, CADC_PHASE) + k  # (samples, batch, 2)
    if jitter:
        steps = normals(*name, k[1:], CADC_PHASE)
        at[1:] += jitter * np.cumsum(steps, axis=0, dtype=np.float64)
    cycle = np.floor((at * period - CADC_LEAD) / CYCLE).astype(np.int64)
    early = (cycle < 0).sum(0)
    taken = np.maximum((cycle < runtime_cycles).sum(0) - early, 0)
    counts = np.maximum(taken, 1)
    last = counts - 1
    index = early + np.minimum(k[: counts.max(initial=0)], last)  # (samples, batch, 2)
    cycles = np.take_along_axis(cycle, np.minimum(index, most - 1), axis=0)
    return np.where(taken > 0, cycles, 0), counts


def cadc(
    recording: Recording,
    circuits: Integers,
    offset: Floats,
    chip: ChipSpec,
    runtime_cycles: int,
    batch: int,
    trial: int,
) -> Cadc:
    """Return the CADC of a run, to be filled by `core.kernels.emulation`.

    The codes have a column for each circuit up to the last one in use.

    :param circuits: shape (used circuits,); the codes of all others are 0
    :param offset: shape (used circuits,), LSB
    """
    cycles, counts = cadc_cycles(recording, chip, runtime_cycles, batch, trial)
    columns = int(circuits.max(initial=-1)) + 1
    return Cadc(
        cycles=cycles,
        counts=counts,
        late=round(chip.cadc_late / CYCLE),
        last=runtime_cycles - 1,
        source=recording.source[circuits],
        circuit=circuits,
        offset=offset.astype(np.float32),
        sigma=chip.noise * chip.cadc_noise,
        chip=chip.number,
        trial=trial,
        codes=np.zeros((len(cycles), batch, columns), np.uint8),
    )


def repeat_last(codes: NDArray[np.uint8], counts: Integers) -> None:
    """Let entries with fewer CADC samples repeat their last one.

    :param codes: shape (samples, batch, circuits)
    :param counts: shape (batch, 2)
    """
    for entry, hemisphere in np.argwhere(counts < len(codes)):
        taken = counts[entry, hemisphere]
        if taken:
            half = codes[:, entry, COLUMNS * hemisphere : COLUMNS * (hemisphere + 1)]
            half[taken:] = half[taken - 1]


def madc_cycles(runtime_cycles: int) -> Integers:
    """Return when the MADC samples, shape (samples,), FPGA cycles."""
    count = int(runtime_cycles / MADC_PERIOD_CYCLES)
    return np.asarray(np.arange(count) * MADC_PERIOD_CYCLES, dtype=np.int64)


def madc_codes(
    trace: NDArray[np.float32],
    runtime_cycles: int,
    circuit: int,
    chip: ChipSpec,
    trial: int,
) -> NDArray[np.int16]:
    """Return raw MADC values, shape (samples, batch), before any is lost.

    :param trace: what is read at every sub-step, shape (batch, sub-steps + 1), LSB
    :param circuit: the one that is read
    """
    samples = len(madc_cycles(runtime_cycles))
    codes = np.empty((samples, len(trace)), np.int16)
    entry = np.arange(len(trace))[:, None]
    for first in range(0, samples, _CHUNK):
        sample = np.arange(first, min(first + _CHUNK, samples))
        at = sample * (MADC_PERIOD_CYCLES / STEP_CYCLES)
        before = at.astype(np.int64)
        share = at - before
        v = trace[:, before] * (1 - share) + trace[:, before + 1] * share
        raw = MADC_OFFSET + MADC_PER_LSB * v
        noise = normals(chip.number, trial, entry, circuit, sample, MADC)
        raw += chip.noise * chip.madc_noise * noise
        codes[sample] = np.clip(np.floor(raw + 0.5), 0, MADC_MAX).T
    return codes


def madc_samples(
    codes: NDArray[np.int16],
    runtime_cycles: int,
    circuit: int,
    chip: ChipSpec,
    trial: int,
) -> tuple[NDArray[np.int16], Integers, Integers]:
    """Return the MADC samples that are not lost.

    :param codes: shape (samples, batch)
    :returns: codes and their FPGA cycles, shapes (samples, batch), where an entry with
        fewer samples repeats its last, and the counts, shape (batch,)
    """
    samples, batch = codes.shape
    cycles = madc_cycles(runtime_cycles)
    counts = np.full(batch, samples)
    if chip.madc_loss == 0:
        return codes, np.broadcast_to(cycles[:, None], codes.shape), counts
    left = codes.copy()
    times = np.repeat(cycles[:, None], batch, 1)
    for entry in range(batch):
        name = (chip.number, trial, entry, circuit)
        draw = uniforms(*name, np.arange(samples), MADC_LOSS)
        kept = np.flatnonzero(draw >= chip.madc_loss)
        index = np.concatenate([kept, np.repeat(kept[-1:], samples - len(kept))])
        left[: len(index), entry] = codes[index, entry]
        times[: len(index), entry] = cycles[index]
        counts[entry] = len(kept)
    most = int(counts.max(initial=0))
    return left[:most], times[:most], counts
