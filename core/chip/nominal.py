"""The data sheet: which codes bring a typical circuit to which values.

This is what anybody may know of a chip before measuring it; a calibration starts from
here. How a given circuit differs is in `core.chip.circuit`. Potentials are linear in
their code, time constants and synaptic strength follow a power of their bias code::

    leak, reset, threshold   potentials
    tau_mem                  leak bias;              tau_mem_range    ×8 or ÷8 switch
    tau_syn    (exc, inh)    resistor bias;          tau_syn_range    ×8 or ÷8 switch
    strength   (exc, inh)    i_synin_gm;             synapse_dac      current per weight

The numbers reproduce the mean codes of two published calibrations of real chips.
"""

import math
from typing import Final

import numpy as np

from core.chip.network import Floats, Integers
from core.units import CODE_MAX

#: 70…550 CapMem codes span 20…220 CADC LSB.
LSB_PER_CODE: Final = 200 / 480
#: Potential (LSB) and the code that gives it on a typical circuit.
POTENTIAL_POINT: Final = {
    "leak": (80.0, 650.0),
    "reset": (80.0, 650.0),
    "threshold": (150.0, 400.0),
}
POTENTIALS: Final = tuple(POTENTIAL_POINT)

#: Time constant (µs) and the bias code that gives it on a typical circuit.
TAU_MEM_POINT: Final = (6.0, 164.0)
TAU_SYN_POINT: Final = (6.0, 82.0)
TAU_MEM_POWER: Final = 0.93
TAU_SYN_POWER: Final = 0.97
#: Conductance that is left at code 0, relative to the point above.
TAU_MEM_FLOOR: Final = 0.004
TAU_SYN_FLOOR: Final = 0.003
#: Ratio of the bias ranges; 8 for the membrane on the real chip, assumed for synapses.
#: Slow ones have a high resistance. Which setting gives the 0.3 µs that calibrations
#: reach is not known; a fast range is assumed.
RANGE_STEP: Final = 8.0

#: Drive of one weight LSB, LSB/µs, at C = 63, gm = 500, synapse DAC = 600.
DRIVE: Final = 0.0872
#: Peak of the response that this gives to a weight of 63 at τ = 10/10 µs, LSB.
FULL_RESPONSE: Final = DRIVE * 63 * 10 / math.e
#: Potential at which inputs have that drive, LSB; it falls as the membrane moves on.
NOMINAL_POTENTIAL: Final = 80.0
#: Capacitance of an empty circuit, LSB of the membrane capacitance (assumed).
INTRINSIC_CAPACITANCE: Final = 3.0


def relative_capacitance(capacitance: Floats | float) -> Floats:
    """Return the membrane capacitance, 1 at the setting 63."""
    load = (capacitance + INTRINSIC_CAPACITANCE) / (63 + INTRINSIC_CAPACITANCE)
    return np.asarray(load)


def nominal_strength(
    gm: Floats | Integers, dac: Floats | Integers, capacitance: Floats | float = 63.0
) -> Floats:
    """Return the drive of a typical circuit, LSB/µs per weight LSB."""
    drive = DRIVE * (gm / 500) * relative_current(dac)
    return np.asarray(drive / relative_capacitance(capacitance))


def relative_current(synapse_dac_bias: Floats | Integers | int) -> Floats:
    """Return the current of a weight, 1 at the bias 600."""
    return np.asarray(synapse_dac_bias / 600)


def potential_code(name: str, lsb: Floats) -> Integers:
    """Return the code that brings a typical circuit to a potential."""
    volts, code = POTENTIAL_POINT[name]
    return _whole(code + (lsb - volts) / LSB_PER_CODE)


def tau_mem_code(tau: Floats, capacitance: Floats) -> tuple[Integers, Integers]:
    """Return bias code and range switch for a membrane time constant in µs."""
    point, code = TAU_MEM_POINT
    rate = point * relative_capacitance(capacitance) / tau
    return _bias_code(rate, code, TAU_MEM_POWER, TAU_MEM_FLOOR)


def tau_mem_of(code: Floats | Integers | int) -> Floats:
    """Return the membrane time constant of a typical circuit at C = 63, µs."""
    tau, at = TAU_MEM_POINT
    return np.asarray(tau / ((code / at) ** TAU_MEM_POWER + TAU_MEM_FLOOR))


def tau_syn_of(code: Floats | Integers | int) -> Floats:
    """Return the synaptic time constant of a typical circuit, µs."""
    tau, at = TAU_SYN_POINT
    return np.asarray(tau / ((code / at) ** TAU_SYN_POWER + TAU_SYN_FLOOR))


def tau_syn_code(tau: Floats) -> tuple[Integers, Integers]:
    """Return bias code and range switch for a synaptic time constant in µs."""
    point, code = TAU_SYN_POINT
    return _bias_code(point / tau, code, TAU_SYN_POWER, TAU_SYN_FLOOR)


def _bias_code(
    rate: Floats, code: float, power: float, floor: float
) -> tuple[Integers, Integers]:
    """Return bias code and range switch for a rate relative to that at ``code``."""

    def bias(switch: Integers) -> Floats:
        ratio = np.maximum(rate / RANGE_STEP ** switch.astype(float) - floor, 1e-9)
        return np.asarray(code * ratio ** (1 / power))

    plain = bias(np.zeros(np.shape(rate), np.int64))
    # Above 700 slow circuits would not reach it, below 30 one code is 3 %.
    switch = (plain > 700).astype(np.int64) - (plain < 30)
    return _whole(bias(switch)), switch


def psp_height(tau_mem: Floats, tau_syn: Floats) -> Floats:
    """Return the peak potential per initial drive, µs: τ_m r^(−r / (r − 1)).

    r = τ_m / τ_s; written with log r so that equal time constants give τ / e.
    """
    x = np.log(tau_mem / tau_syn)
    x = np.where(np.abs(x) < 1e-4, 1e-4, x)
    r = np.exp(x)
    return np.asarray(tau_mem * np.exp(-x * r / (r - 1)))


def _whole(code: Floats) -> Integers:
    return np.clip(np.round(code), 0, CODE_MAX).astype(np.int64)
