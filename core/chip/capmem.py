"""The analog memory: cells that hold about what was written to them.

A cell holds its code, the error of this write and, if it is a potential, the shift that
its quadrant has since the chip was configured::

    held = code + noise of the kind of cell · weakness of the cell + shift

All three are named by chip and trial, so the same trial gives the same values.
"""

from functools import lru_cache
from typing import Final

import numpy as np

from core.chip.geometry import CIRCUITS, QUADRANTS, quadrant_of
from core.chip.network import Floats, Integers
from core.chip.nominal import LSB_PER_CODE, POTENTIALS
from core.kernels.noise import CELL, normals
from core.spec.chip import ChipSpec
from core.units import CODE_MAX

#: Settings that are digital; all others are analog and never exact.
SWITCHES: Final = ("tau_mem_range", "tau_syn_range", "capacitance")
#: Names of the analog cells of all circuits; the order names the noise of a write.
CELLS: Final = (
    "leak",
    "reset",
    "threshold",
    "tau_mem",
    "tau_syn",
    "strength",
    "synapse_dac",
)
#: Names of the cells of the exponential onset and of the adaptation.
TERM_CELLS: Final = (
    "exponential.i_bias",
    "exponential.v_exp",
    "adaptation.i_bias_tau",
    "adaptation.i_bias_a",
    "adaptation.i_bias_b",
    "adaptation.v_leak",
)
_VOLTAGES: Final = (*POTENTIALS, "exponential.v_exp", "adaptation.v_leak")
#: Noise of a weak cell, relative to that of others.
_WEAKNESS: Final = 10.0
#: Names the shift of a quadrant among the noises of cells.
_SHIFT: Final = len(CELLS)
_NUMBER: Final = {n: k for k, n in enumerate((*CELLS, "shift", *TERM_CELLS))}
_SEED_DOMAIN: Final = 2  # keeps the weak cells apart from the other mismatch


def write(codes: dict[str, Integers], chip: ChipSpec, trial: int) -> dict[str, Floats]:
    """Return what the cells hold after ``codes`` were written to all circuits.

    :param codes: shape (512,) or (2, 512) = (exc/inh, circuit)
    """
    circuit = np.arange(CIRCUITS)
    quadrant = np.arange(QUADRANTS)
    shift = normals(chip.number, trial, _SHIFT, quadrant, 0, CELL).astype(float)
    written = {}
    for name, code in codes.items():
        cell = _NUMBER.get(name, 0)  # switches have no error
        line = np.arange(code.size // CIRCUITS)[:, None]
        normal = normals(chip.number, trial, cell, circuit, line, CELL)
        error = normal.reshape(code.shape).astype(float)
        written[name] = held(name, code, error, shift[quadrant_of(circuit)], chip)
    return written


def held(
    name: str,
    code: Integers | Floats,
    error: Floats,
    shift: Floats,
    chip: ChipSpec,
    circuits: Integers | slice = slice(None),
) -> Floats:
    """Return what cells of one kind hold.

    :param code: shape (circuits,) or (2, circuits)
    :param error: standard normal, same shape
    :param shift: of the quadrant of each circuit, standard normal, shape (circuits,)
    :param circuits: where the cells are; all by default
    """
    if name in SWITCHES:
        return code.astype(float)
    is_voltage = name in _VOLTAGES
    sigma = chip.voltage_write_noise if is_voltage else chip.write_noise
    weakness = _weakness(chip.number, chip.mismatch * chip.weak_cells)
    cells = code + sigma * error * weakness[name][..., circuits]
    if is_voltage:
        cells = cells + chip.baseline_shift / LSB_PER_CODE * shift
    return np.clip(cells, 0.5, CODE_MAX + 1)


@lru_cache(maxsize=8)
def _weakness(number: int, share: float) -> dict[str, Floats]:
    """Return the noise of each cell of a chip relative to that of a good one."""
    rng = np.random.default_rng([_SEED_DOMAIN, number])
    lines = {"tau_syn": (2, CIRCUITS), "strength": (2, CIRCUITS)}
    names = (*CELLS, *TERM_CELLS)
    weak = {name: rng.random(lines.get(name, CIRCUITS)) < share for name in names}
    return {name: np.where(cells, _WEAKNESS, 1.0) for name, cells in weak.items()}
