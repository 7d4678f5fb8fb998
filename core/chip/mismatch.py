"""The fixed pattern of one chip: how each circuit differs from the typical one.

Production spread has two parts, one per quadrant (each has its own analog memory) and
one per circuit. All voltages of a circuit share an offset, so its leak, reset and
threshold are wrong in the same direction.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from core.chip.geometry import (
    CIRCUITS,
    HEMISPHERES,
    QUADRANTS,
    SYNAPSE_ROWS,
    quadrant_of,
)
from core.chip.network import Floats, Integers
from core.spec.chip import ChipSpec

_SEED_DOMAIN = 1  # keeps these draws apart from those of calibration and runs


@dataclass(frozen=True)
class Mismatch:
    """Deviations per circuit; shape (512,) or (2, 512) = (exc/inh, circuit).

    :param leak: offset of the leak potential, CapMem codes
    :param reset: offset of the reset potential, CapMem codes
    :param threshold: offset of the threshold, CapMem codes
    :param slope: shape (3, 512), factor on LSB per code of leak, reset, threshold
    :param offset_current: shift of the resting potential at τ_mem = 10 µs, LSB
    :param conductance: factor on the leak conductance
    :param tau_syn: shape (2, 512), factor on the rate of synaptic decay
    :param strength: shape (2, 512), factor on the synaptic strength
    :param cadc_offset: what the read-out channel adds, LSB
    :param rows: shape (2, 256) = (hemisphere, row), factor on the charge of a row's
        pulses; both rows of a driver share it
    """

    leak: Floats
    reset: Floats
    threshold: Floats
    slope: Floats
    offset_current: Floats
    conductance: Floats
    tau_syn: Floats
    strength: Floats
    cadc_offset: Floats
    rows: Floats

    def at(self, circuits: Integers) -> "Mismatch":
        """Return the deviations of some circuits only."""
        names = [f.name for f in fields(self) if f.name != "rows"]
        return replace(self, **{n: getattr(self, n)[..., circuits] for n in names})


def sample_mismatch(chip: ChipSpec) -> Mismatch:
    """Draw the fixed pattern of ``chip``; the same number gives the same chip.

    The sizes relative to the spreads in `ChipSpec`, quadrant parts included, follow the
    codes of two published calibrations of real chips: leak and reset codes correlate
    with about 0.7, leak and threshold with about 0.4.
    """
    rng = np.random.default_rng([_SEED_DOMAIN, chip.number])
    quadrant = quadrant_of(np.arange(CIRCUITS))

    def spread(per_quadrant: float, per_circuit: float) -> Floats:
        coarse = per_quadrant * rng.standard_normal(QUADRANTS)[quadrant]
        fine = per_circuit * rng.standard_normal(CIRCUITS)
        return chip.mismatch * (coarse + fine)

    volts, tau, gain = chip.voltage_spread, chip.tau_spread, chip.gain_spread
    shared = spread(0.54 * volts, volts)
    leak = shared + spread(0, 0.75 * volts)
    reset = shared + spread(0, 0.75 * volts)
    # The threshold passes the shared part of the read-out only partly.
    threshold = 0.29 * shared + spread(0.21 * volts, 0.57 * volts)
    # 2 % on the slopes, 3 LSB of offset current: chosen, no published number.
    slope = np.stack([1 + spread(0, 0.02) for _ in range(3)])
    offset_current = spread(0, 3.0)
    conductance = np.exp(spread(0.42 * chip.leak_spread, chip.leak_spread))
    common = spread(0.53 * tau, 0.53 * tau)
    tau_syn = np.exp(np.stack([common + spread(0, tau) for _ in range(2)]))
    # Quadrant means of the strength differ by 20 % on a real chip, circuits by 7 %.
    common = spread(2.9 * gain, 0.43 * gain)
    strength = np.exp(np.stack([common + spread(0, 0.9 * gain) for _ in range(2)]))
    cadc_offset = spread(0, chip.cadc_offset_spread)
    drivers = rng.standard_normal((HEMISPHERES, SYNAPSE_ROWS // 2))
    rows = np.exp(chip.mismatch * chip.row_spread * np.repeat(drivers, 2, axis=1))
    return Mismatch(
        leak=leak,
        reset=reset,
        threshold=threshold,
        slope=slope,
        offset_current=offset_current,
        conductance=conductance,
        tau_syn=tau_syn,
        strength=strength,
        cadc_offset=cadc_offset,
        rows=rows,
    )
