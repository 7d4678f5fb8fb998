"""What is measured to calibrate a circuit, each through the door of the bench only.

Strengths are compared where both time constants matter little, as calix does: a slow
membrane, fast synapses, a potential in the middle. There a response of weight w has the
height w · strength · h(τ_mem, τ_syn), `core.chip.nominal.psp_height`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.chip.network import Floats, Integers
from core.chip.nominal import (
    POTENTIALS,
    nominal_strength,
    potential_code,
    psp_height,
    tau_mem_code,
    tau_syn_code,
)
from core.chip.port import Port
from core.units import WEIGHT_MAX

#: Height of the responses by which strengths are compared, LSB.
_PSP_LSB = 25.0
#: A decay is recorded for so many time constants.
_DECAY_WINDOW = 4.0
#: Where strengths are compared: LSB and µs.
_REFERENCE_LEAK: Final = 120.0
_REFERENCE_TAU_MEM: Final = 60.0
_REFERENCE_TAU_SYN: Final = 1.5
#: Where a potential is put that is not wanted, LSB.
_ANYWHERE: Final = 80.0


@dataclass(frozen=True)
class Targets:
    """What is wanted from some circuits; LSB and µs, NaN where nothing is wanted.

    :param potentials: leak, reset and threshold -> shape (circuits,)
    :param tau_mem: shape (circuits,)
    :param tau_syn: shape (2, circuits)
    :param capacitance: shape (circuits,), LSB 0…63
    :param i_synin_gm: strength of the synaptic inputs, code, one for the chip
    :param synapse_dac_bias: current of one weight LSB, code, one for the chip
    """

    potentials: dict[str, Floats]
    tau_mem: Floats
    tau_syn: Floats
    capacitance: Floats
    i_synin_gm: int
    synapse_dac_bias: int


def typical_codes(targets: Targets) -> dict[str, Integers]:
    """Return the codes that a typical circuit needs."""
    count = len(targets.capacitance)
    codes = {
        name: potential_code(
            name, np.nan_to_num(targets.potentials[name], nan=_ANYWHERE)
        )
        for name in POTENTIALS
    }
    bias, switch = tau_mem_code(targets.tau_mem, targets.capacitance)
    codes |= {"tau_mem": bias, "tau_mem_range": switch}
    bias, switch = tau_syn_code(targets.tau_syn)
    codes |= {"tau_syn": bias, "tau_syn_range": switch}
    codes["strength"] = np.full((2, count), targets.i_synin_gm, np.int64)
    codes["synapse_dac"] = np.full(count, targets.synapse_dac_bias, np.int64)
    return codes


def reference(i_synin_gm: int, synapse_dac_bias: int, count: int) -> Targets:
    """Return the point of operation at which strengths are compared, at C = 63."""
    potentials = {"leak": _REFERENCE_LEAK, "reset": _ANYWHERE, "threshold": 200.0}
    return Targets(
        {name: np.full(count, v) for name, v in potentials.items()},
        np.full(count, _REFERENCE_TAU_MEM),
        np.full((2, count), _REFERENCE_TAU_SYN),
        np.full(count, 63.0),
        i_synin_gm,
        synapse_dac_bias,
    )


def measure_all(
    port: Port, targets: Targets, codes: dict[str, Integers]
) -> dict[str, Floats]:
    """Write ``codes`` and return what each parameter then is, LSB and µs.

    Strengths are those at C = 63, LSB/µs.
    """
    port.write(**codes, capacitance=targets.capacitance)
    found = {
        "leak": port.read_leak(),
        "reset": port.read_reset(),
        "threshold": port.read_threshold(),
        "tau_mem": read_tau_mem(port, targets.tau_mem),
        "tau_syn": read_tau_syn(port, targets.tau_syn),
    }
    return found | {"strength": strength_reader(port, targets, codes)()}


def strength_reader(
    port: Port, targets: Targets, codes: dict[str, Integers]
) -> Callable[[], Floats]:
    """Bring the circuits to the reference and return what reads strengths there.

    The time constants that were written are measured once.

    :param codes: whose strengths are written
    """
    count = len(targets.capacitance)
    at = reference(targets.i_synin_gm, targets.synapse_dac_bias, count)
    written = typical_codes(at) | {"strength": codes["strength"]}
    port.write(**written, capacitance=at.capacitance)
    tau_mem = read_tau_mem(port, at.tau_mem)
    tau_syn = read_tau_syn(port, at.tau_syn)
    return lambda: read_strength(port, written, tau_mem, tau_syn)


def read_tau_mem(port: Port, expected: Floats) -> Floats:
    """Return membrane time constants, µs, from decays that last a few ``expected``."""
    return fit_time_constant(*port.read_decay(_DECAY_WINDOW * expected))


def read_tau_syn(port: Port, expected: Floats) -> Floats:
    """Return synaptic time constants, shape (2, circuits), as `read_tau_mem`."""
    return np.stack(
        [
            fit_time_constant(*port.read_synaptic_decay(line, _DECAY_WINDOW * tau))
            for line, tau in enumerate(expected)
        ]
    )


def read_strength(
    port: Port, codes: dict[str, Integers], tau_mem: Floats, tau_syn: Floats
) -> Floats:
    """Return the drive per weight LSB at C = 63, LSB/µs, shape (2, circuits).

    :param codes: that are written, at the reference
    :param tau_mem: that the circuits have there, µs
    :param tau_syn: shape (2, circuits), µs
    """
    expected = nominal_strength(codes["strength"], codes["synapse_dac"])
    found = []
    for line in range(2):
        height = psp_height(tau_mem, tau_syn[line])
        weight = np.round(_PSP_LSB / np.maximum(expected[line] * height, 1e-3))
        weight = np.clip(weight, 1, 4 * WEIGHT_MAX)  # up to four synapses at once
        found.append(port.read_psp(line, weight) / (weight * height))
    return np.stack(found)


def fit_time_constant(t: Floats, y: Floats) -> Floats:
    """Return the time constants of decays to an unknown level, in closed form.

    With the running integral S of y, a decay obeys y − y(0) = −(S − t y(∞)) / τ, so it
    is a linear regression of y on S and t.

    :param t: times, shape (points, circuits), µs
    :param y: values, same shape
    """
    total = np.zeros_like(y)
    total[1:] = np.cumsum(0.5 * (y[1:] + y[:-1]) * np.diff(t, axis=0), 0)
    s, u, z = (part - part.mean(0) for part in (total, t, y))
    ss, su, uu = (s * s).sum(0), (s * u).sum(0), (u * u).sum(0)
    slope = ((s * z).sum(0) * uu - (u * z).sum(0) * su) / (ss * uu - su * su)
    return np.asarray(np.clip(-1 / np.minimum(slope, -1e-3), 0.01, 1e3))
