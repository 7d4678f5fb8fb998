"""The configured circuits as lanes of the emulation kernel.

A lane is a circuit in use. Circuits that are joined to one in use are in use, too.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.chip.adex import adex_terms
from core.chip.capmem import write
from core.chip.circuit import Circuits, physical
from core.chip.joined import Membranes, joined, membrane_of
from core.chip.mismatch import Mismatch
from core.chip.network import Floats, Integers
from core.chip.nominal import (
    DRIVE,
    FULL_RESPONSE,
    NOMINAL_POTENTIAL,
    relative_capacitance,
)
from core.chip.results import ChipConfig
from core.chip.synapse_array import synaptic_drive
from core.kernels import emulation_rows as row
from core.spec.chip import ChipSpec
from core.units import us

Singles = NDArray[np.float32]

#: No input changes its sign between the limits of a membrane.
_STEEPEST: Final = 1 / 150


@dataclass(frozen=True)
class Lanes:
    """What the kernel needs to know of the circuits, in the order of their numbers.

    :ivar circuits: shape (n,), the circuit of each lane
    :ivar drive: see `core.chip.synapse_array.synaptic_drive`
    :ivar values: shape (LANE_ROWS, n), µs and LSB relative to the leak
    :ivar table: see `response_tables`
    :ivar tau_ref: shape (n,), how long the reset holds, µs
    :ivar source: shape (n,), source a lane is for other lanes, −1 for none
    :ivar emits: shape (n,), False keeps the events of a lane inside
    :ivar heads: lanes that have the membrane of several circuits
    :ivar member_start: shape (n + 1,), where the members of a lane begin in ``member``
    :ivar adex: shape (ADEX_ROWS, n), exponential onset and adaptation
    :ivar adex_lanes: shape (runs, 2), first and last + 1 of lanes with such a term
    """

    circuits: Integers
    drive: Singles
    values: Singles
    table: Singles
    tau_ref: Floats
    source: Integers
    emits: NDArray[np.bool_]
    heads: Integers
    member_start: Integers
    member: Integers
    adex: Singles
    adex_lanes: Integers


def lanes(config: ChipConfig, mismatch: Mismatch, chip: ChipSpec, trial: int) -> Lanes:
    """Return the lanes of a chip that is configured now, for the run ``trial``."""
    membrane = membrane_of(config.stored)
    used = np.flatnonzero(np.isin(membrane, membrane[config.used]))
    written = write(config.codes, chip, trial)
    codes = {name: code[..., used] for name, code in written.items()}
    capacitance = config.capacitance[used]
    current = config.constant_current[used]
    alone = physical(codes, mismatch.at(used), capacitance, current)
    fires = config.fires[used] & (alone.threshold < chip.membrane_high)
    together = joined(alone, relative_capacitance(capacitance), fires, membrane[used])
    circuits = together.circuits
    fires &= together.head == np.arange(len(used))
    member_start, member = together.members()
    terms = adex_terms(config, mismatch, together, used, chip, trial)
    values = lane_values(circuits, together, fires, codes["synapse_dac"], chip)
    values[row.TILT_EXC : row.TILT_INH + 1] = tilts(chip, mismatch.at(used))
    refractory, holdoff = config.refractory_cycles[used], config.holdoff_cycles[used]
    values[row.HOLDOFF] = holdoff * row.CYCLE_US
    return Lanes(
        circuits=used,
        drive=synaptic_drive(config, circuits, used, mismatch.rows),
        values=values,
        table=response_tables(circuits),
        tau_ref=np.maximum(refractory - holdoff, 1) * row.CYCLE_US,
        source=config.circuit_source[used],
        emits=config.event_output[used],
        heads=together.heads,
        member_start=member_start,
        member=member,
        adex=terms.values,
        adex_lanes=terms.runs,
    )


def lane_values(
    circuits: Circuits,
    membranes: Membranes,
    fires: NDArray[np.bool_],
    synapse_dac: Floats,
    chip: ChipSpec,
) -> Singles:
    """Return parameters of lanes, tilt and holdoff not, as rows of `emulation_rows`.

    :param fires: shape (lanes,), its comparator decides
    :param synapse_dac: shape (lanes,), codes as they were written
    """
    a = 1 / circuits.tau_mem
    decay = np.exp(-a)  # over the microsecond for which the noise current holds
    leak = circuits.leak
    values = np.zeros((row.LANE_ROWS, len(leak)), np.float32)
    values[row.RATE] = a
    values[row.RATE_EXC] = 1 / circuits.tau_syn[0]
    values[row.RATE_INH] = 1 / circuits.tau_syn[1]
    values[row.THRESHOLD] = np.where(fires, circuits.threshold - leak, row.NEVER)
    limits = (chip.membrane_low, chip.membrane_high)
    values[row.RESET] = np.clip(circuits.reset, *limits) - leak
    values[row.LOW] = chip.membrane_low - leak
    values[row.HIGH] = chip.membrane_high - leak
    # This current makes a resting membrane wander with the wanted deviation.
    sigma = chip.noise * chip.membrane_noise * a * np.sqrt((1 + decay) / (1 - decay))
    values[row.SIGMA] = np.where(membranes.head == np.arange(len(leak)), sigma, 0)
    values[row.LEAK] = leak
    values[row.LEVEL] = NOMINAL_POTENTIAL - leak
    values[row.RESET_RATE] = us / chip.tau_reset if chip.tau_reset else 0
    values[row.CURVE_EXC : row.CURVE_INH + 1] = _curves(circuits, synapse_dac, chip)
    return values


def _curves(circuits: Circuits, synapse_dac: Floats, chip: ChipSpec) -> Floats:
    """Return 1 / limit² of the currents of both inputs, 0 without limit, (µs/LSB)².

    The amplifier of an input has the limit, so it follows i_synin_gm and the membrane
    capacitance as the strength does, but not the synapse DAC.
    """
    if chip.drive_limit == 0:
        return np.zeros_like(circuits.strength)
    typical = DRIVE * synapse_dac / 600
    return np.asarray((typical / (circuits.strength * chip.drive_limit)) ** 2)


def tilts(chip: ChipSpec, mismatch: Mismatch) -> Floats:
    """Return what the inputs lose per LSB, relative, shape (2, circuits), 1/LSB.

    :param mismatch: of these circuits
    """
    if chip.drive_slope == 0:
        return np.zeros_like(mismatch.drive_slope)
    slope = chip.drive_slope + mismatch.drive_slope
    return np.clip(slope / FULL_RESPONSE, -_STEEPEST, _STEEPEST)


def response_tables(circuits: Circuits) -> Singles:
    """Return what a unit event adds 0…25 cycles later, shape (2, 2, 26, lanes).

    First axis: to the potential, to the current; second: excitatory, inhibitory.
    """
    d = (np.arange(row.STEP_CYCLES + 1) * row.CYCLE_US)[:, None]
    a, b = 1 / circuits.tau_mem, 1 / circuits.tau_syn[:, None]
    x = 0.5 * d * (a - b)
    small = np.abs(x) < 1e-3
    ratio = np.where(small, 1 + x * x / 6, np.sinh(x) / np.where(small, 1, x))
    potential = d * np.exp(-0.5 * d * (a + b)) * ratio
    table = np.stack([potential, np.exp(-d * b)])
    return np.ascontiguousarray(table, np.float32)
