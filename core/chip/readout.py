"""The two converters that read membranes: the CADC of every column, and the MADC."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.chip.geometry import CIRCUITS, HEMISPHERES
from core.chip.network import Floats, Integers
from core.kernels.emulation_readout import digitise
from core.kernels.emulation_rows import STEP_CYCLES
from core.kernels.noise import CADC_PHASE, MADC, normals, uniforms
from core.spec.chip import ChipSpec
from core.units import CYCLES_PER_US, MADC_MAX, us

#: Samples of one run that the memory next to the CADC holds.
CADC_MEMORY: Final = 100
#: 500 MHz / (12 + 5): one MADC sample each 34 ns, 4.25 FPGA cycles.
MADC_PERIOD_CYCLES: Final = 4.25
#: MADC = 65 + 3.0 · CADC, from tutorial figures.
MADC_OFFSET: Final = 65.0
MADC_PER_LSB: Final = 3.0


def cadc_cycles(chip: ChipSpec, runtime_cycles: int, trial: int) -> Integers:
    """Return when the CADCs sample, shape (samples, 2), FPGA cycles.

    Each hemisphere runs freely with a phase of its own. Samples from 0 to the end of
    the run are kept, up to `CADC_MEMORY`.
    """
    period = chip.cadc_period / us * CYCLES_PER_US
    hemisphere = np.arange(HEMISPHERES)
    phase = uniforms(chip.number, trial, 0, hemisphere, 0, CADC_PHASE) * period
    count = min(CADC_MEMORY, int(runtime_cycles / period) + 1)
    cycles = np.floor(phase + period * np.arange(count)[:, None]).astype(np.int64)
    return cycles[(cycles < runtime_cycles).all(1)]


def cadc_codes(
    values: NDArray[np.float32],
    circuits: Integers,
    offset: Floats,
    chip: ChipSpec,
    trial: int,
) -> NDArray[np.uint8]:
    """Return raw CADC values, shape (samples, batch, 512), 0 at unused circuits.

    :param values: membranes, shape (samples, batch, used circuits), LSB
    :param offset: shape (used circuits,), LSB
    """
    codes = np.zeros((*values.shape[:2], CIRCUITS), np.uint8)
    sigma = chip.noise * chip.cadc_noise
    digitise(values, offset, sigma, circuits, chip.number, trial, codes)
    return codes


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
) -> Integers:
    """Return raw MADC values, shape (samples, batch).

    :param trace: membrane at every sub-step, shape (batch, sub-steps + 1), LSB
    :param circuit: the one that is read
    """
    samples = len(madc_cycles(runtime_cycles))
    at = np.arange(samples) * (MADC_PERIOD_CYCLES / STEP_CYCLES)
    before = at.astype(np.int64)
    share = at - before
    v = trace[:, before] * (1 - share) + trace[:, before + 1] * share
    raw = MADC_OFFSET + MADC_PER_LSB * v
    entry = np.arange(len(raw))[:, None]
    noise = normals(chip.number, trial, entry, circuit, np.arange(samples), MADC)
    raw += chip.noise * chip.madc_noise * noise
    codes = np.clip(np.floor(raw + 0.5), 0, MADC_MAX)
    return np.ascontiguousarray(codes.T, np.int64)
