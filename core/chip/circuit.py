"""From CapMem codes to physical values: what a given circuit makes of its codes.

The transfer functions of a typical circuit (`core.chip.nominal`) with the deviations of
this one, and a slight bend of the potentials::

    v     = p − 8·10⁻⁵ (p − 110) |p − 110|,   p linear in the code (LSB)
    1 / τ = a code^power + floor
    leak  = v + leakage · τ_mem + constant current · τ_mem / C

A calibration must not look here; it sees the chip through a `core.chip.port.Port`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from core.chip.mismatch import Mismatch
from core.chip.network import Floats, Integers
from core.chip.nominal import (
    LSB_PER_CODE,
    POTENTIAL_POINT,
    POTENTIALS,
    RANGE_STEP,
    TAU_MEM_FLOOR,
    TAU_MEM_POINT,
    TAU_MEM_POWER,
    TAU_SYN_FLOOR,
    TAU_SYN_POINT,
    TAU_SYN_POWER,
    nominal_strength,
    relative_capacitance,
)

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
    tau, code = TAU_MEM_POINT
    rate = (codes["tau_mem"] / code) ** TAU_MEM_POWER * mismatch.conductance
    rate = (rate + TAU_MEM_FLOOR) * RANGE_STEP ** codes["tau_mem_range"]
    tau_mem = tau * load / rate
    tau, code = TAU_SYN_POINT
    rate = (codes["tau_syn"] / code) ** TAU_SYN_POWER * mismatch.tau_syn
    tau_syn = tau / ((rate + TAU_SYN_FLOOR) * RANGE_STEP ** codes["tau_syn_range"])
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


def _potential(name: str, codes: dict[str, Floats], mismatch: Mismatch) -> Floats:
    volts, code = POTENTIAL_POINT[name]
    slope = mismatch.slope[POTENTIALS.index(name)]
    steps = (codes[name] - code) * slope + getattr(mismatch, name)
    v = volts + LSB_PER_CODE * steps
    return np.asarray(v - 8e-5 * (v - 110) * np.abs(v - 110))
