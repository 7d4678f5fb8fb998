"""From CapMem codes to physical values: the transfer functions of a neuron circuit.

Potentials are linear in their code with a slight bend, time constants and synaptic
strength follow a power of their bias code. The parameters and what their codes set::

    leak, reset, threshold   potentials
    tau_mem                  leak bias;              tau_mem_range    ×8 or ÷8 switch
    tau_syn    (exc, inh)    resistor bias;          tau_syn_range    high resistance
    strength   (exc, inh)    i_synin_gm;             synapse_dac      current per weight

The numbers reproduce the mean codes of two published calibrations of real chips.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from core.chip.mismatch import Mismatch
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
_TAU_MEM_POINT: Final = (6.0, 164.0)
_TAU_SYN_POINT: Final = (6.0, 82.0)
_TAU_MEM_POWER: Final = 0.93
_TAU_SYN_POWER: Final = 0.97
#: Conductance that is left at code 0, relative to the point above.
_TAU_MEM_FLOOR: Final = 0.004
_TAU_SYN_FLOOR: Final = 0.003
#: Ratio of the bias ranges; 8 for the membrane on the real chip, assumed for synapses.
_RANGE: Final = 8.0

#: Drive of one weight LSB, LSB/µs, at C = 63, gm = 500, synapse DAC = 600.
#: Gives a peak of 22 LSB for a weight of 63 at τ = 10/10 µs.
DRIVE: Final = 0.095
#: Capacitance of an empty circuit, LSB of the membrane capacitance (assumed).
INTRINSIC_CAPACITANCE: Final = 3.0
#: Constant current of one code onto the full capacitor, LSB/µs (assumed; code 1000
#: drives a membrane with τ = 10 µs to its limit).
CONSTANT_CURRENT: Final = 0.03


@dataclass(frozen=True)
class Circuits:
    """What circuits do; shape (circuits,) or (2, circuits) = (exc/inh, circuits).

    :param leak: resting potential, LSB
    :param reset: LSB
    :param threshold: LSB
    :param tau_mem: µs
    :param tau_syn: shape (2, circuits), µs
    :param strength: shape (2, circuits), LSB/µs per weight LSB
    """

    leak: Floats
    reset: Floats
    threshold: Floats
    tau_mem: Floats
    tau_syn: Floats
    strength: Floats


def physical(
    codes: dict[str, Floats],
    mismatch: Mismatch,
    capacitance: Floats,
    constant_current: Floats | Integers | float = 0.0,
) -> Circuits:
    """Return what the written ``codes`` make of circuits with this ``mismatch``.

    :param codes: what the cells hold, not necessarily whole numbers
    :param capacitance: shape (circuits,), LSB 0…63
    :param constant_current: code onto the membrane, negative draws it down; shape
        (circuits,)
    """
    load = relative_capacitance(capacitance)
    tau, code = _TAU_MEM_POINT
    rate = (codes["tau_mem"] / code) ** _TAU_MEM_POWER * mismatch.conductance
    rate = (rate + _TAU_MEM_FLOOR) * _RANGE ** codes["tau_mem_range"]
    tau_mem = tau * load / rate
    tau, code = _TAU_SYN_POINT
    rate = (codes["tau_syn"] / code) ** _TAU_SYN_POWER * mismatch.tau_syn
    tau_syn = tau / ((rate + _TAU_SYN_FLOOR) * _RANGE ** codes["tau_syn_range"])
    strength = nominal_strength(codes["strength"], codes["synapse_dac"], capacitance)
    return Circuits(
        leak=_potential("leak", codes, mismatch)
        + mismatch.offset_current * tau_mem / 10
        + CONSTANT_CURRENT * constant_current / load * tau_mem,
        reset=_potential("reset", codes, mismatch),
        threshold=_potential("threshold", codes, mismatch),
        tau_mem=tau_mem,
        tau_syn=tau_syn,
        strength=strength * mismatch.strength,
    )


def relative_capacitance(capacitance: Floats) -> Floats:
    """Return the membrane capacitance, 1 at the setting 63."""
    return (capacitance + INTRINSIC_CAPACITANCE) / (63 + INTRINSIC_CAPACITANCE)


def nominal_strength(
    gm: Floats | Integers, dac: Floats | Integers, capacitance: Floats
) -> Floats:
    """Return the drive of a typical circuit, LSB/µs per weight LSB."""
    drive = DRIVE * (gm / 500) * (dac / 600) / relative_capacitance(capacitance)
    return np.asarray(drive)


def _potential(name: str, codes: dict[str, Floats], mismatch: Mismatch) -> Floats:
    volts, code = POTENTIAL_POINT[name]
    slope = mismatch.slope[POTENTIALS.index(name)]
    steps = (codes[name] - code) * slope + getattr(mismatch, name)
    v = volts + LSB_PER_CODE * steps
    return np.asarray(v - 8e-5 * (v - 110) * np.abs(v - 110))


def potential_code(name: str, lsb: Floats) -> Integers:
    """Return the code that brings a typical circuit to a potential."""
    volts, code = POTENTIAL_POINT[name]
    return _whole(code + (lsb - volts) / LSB_PER_CODE)


def tau_mem_code(tau: Floats, capacitance: Floats) -> tuple[Integers, Integers]:
    """Return bias code and range switch for a membrane time constant in µs."""
    point, code = _TAU_MEM_POINT
    rate = point * relative_capacitance(capacitance) / tau

    def bias(switch: Integers) -> Floats:
        ratio = np.maximum(rate / _RANGE ** switch.astype(float) - _TAU_MEM_FLOOR, 1e-9)
        return np.asarray(code * ratio ** (1 / _TAU_MEM_POWER))

    plain = bias(np.zeros(rate.shape, np.int64))
    # Above 700 slow circuits would not reach it, below 30 one code is 3 %.
    switch = (plain > 700).astype(np.int64) - (plain < 30)
    return _whole(bias(switch)), switch


def tau_syn_code(tau: Floats) -> tuple[Integers, Integers]:
    """Return bias code and range switch for a synaptic time constant in µs."""
    point, code = _TAU_SYN_POINT
    switch = -(tau > point * (code / 30) ** _TAU_SYN_POWER).astype(np.int64)
    ratio = point / tau / _RANGE ** switch.astype(float) - _TAU_SYN_FLOOR
    return _whole(code * np.maximum(ratio, 1e-9) ** (1 / _TAU_SYN_POWER)), switch


def _whole(code: Floats) -> Integers:
    return np.clip(np.round(code), 0, CODE_MAX).astype(np.int64)
