"""The fixed pattern of one chip: how each circuit differs from the typical one.

Production spread has two parts, one per quadrant (each has its own analog memory) and
one per circuit. All voltages of a circuit share an offset, so its leak, reset and
threshold are wrong in the same direction::

    leak, reset  = shared + own              shared = quadrant + circuit
    threshold    = 0.29 shared + own
    conductance  = exp(quadrant + circuit)   and so the synaptic rates and strengths

The last three deviations are what a calibration cannot see: the circuit measured is not
quite the circuit that runs, because it is measured at another point of operation.
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
    :param threshold_bias: what a calibration reads of the threshold too much, LSB
    :param tau_bias: factor on the membrane time constant as a calibration reads it
    :param gain_bias: shape (2, 512), factor on the strength as a calibration reads it
    :param drive_slope: shape (2, 512), what the slope of a typical input is off by
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
    threshold_bias: Floats
    tau_bias: Floats
    gain_bias: Floats
    drive_slope: Floats

    def at(self, circuits: Integers) -> "Mismatch":
        """Return the deviations of some circuits only."""
        names = [f.name for f in fields(self) if f.name != "rows"]
        return replace(self, **{n: getattr(self, n)[..., circuits] for n in names})


def sample_mismatch(chip: ChipSpec) -> Mismatch:
    """Draw the fixed pattern of ``chip``; the same number gives the same chip.

    Parts that are no field of `ChipSpec` follow, relative to one, the codes of two
    published calibrations of real chips.
    """
    rng = np.random.default_rng([_SEED_DOMAIN, chip.number])
    quadrant = quadrant_of(np.arange(CIRCUITS))

    def spread(per_quadrant: float, per_circuit: float) -> Floats:
        coarse = per_quadrant * rng.standard_normal(QUADRANTS)[quadrant]
        fine = per_circuit * rng.standard_normal(CIRCUITS)
        return chip.mismatch * (coarse + fine)

    volts, tau, gain = chip.voltage_spread, chip.tau_spread, chip.gain_spread
    shared = spread(0.45 * volts, volts)
    leak = shared + spread(0, chip.own_voltage_spread)
    reset = shared + spread(0, chip.own_voltage_spread)
    # The threshold passes the shared part of the read-out only partly.
    own = spread(0.37 * chip.threshold_spread, chip.threshold_spread)
    threshold = 0.29 * shared + own
    slope = np.stack([1 + spread(0, chip.slope_spread) for _ in range(3)])
    offset_current = spread(0, chip.offset_current_spread)
    conductance = np.exp(spread(0.42 * chip.leak_spread, chip.leak_spread))
    common = spread(0.53 * tau, 0.53 * tau)
    tau_syn = np.exp(np.stack([common + spread(0, tau) for _ in range(2)]))
    # Both inputs share the quadrant's part and half of the circuit's variance.
    common = spread(chip.quadrant_gain_spread, 0.7 * gain)
    strength = np.stack([common + spread(0, 0.7 * gain) for _ in range(2)])
    # What is typical of a chip has a spread of its own, smaller than that of quadrants.
    of_chip = chip.mismatch * chip.chip_gain_spread * rng.standard_normal()
    strength = np.exp(strength - np.median(strength) + of_chip)
    cadc_offset = spread(0, chip.cadc_offset_spread)
    drivers = rng.standard_normal((HEMISPHERES, SYNAPSE_ROWS // 2))
    rows = np.exp(chip.mismatch * chip.row_spread * np.repeat(drivers, 2, axis=1))
    bias = chip.gain_bias
    common = spread(0, 0.83 * bias)
    gain_bias = np.exp(np.stack([common + spread(0, 0.55 * bias) for _ in range(2)]))
    threshold_bias = spread(0, chip.threshold_bias)
    tau_bias = np.exp(spread(0, chip.tau_bias))
    common = spread(0.4 * chip.drive_slope_spread, 0.6 * chip.drive_slope_spread)
    alone = 0.69 * chip.drive_slope_spread
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
        threshold_bias=threshold_bias,
        tau_bias=tau_bias,
        gain_bias=gain_bias,
        drive_slope=np.stack([common + spread(0, alone) for _ in range(2)]),
    )
