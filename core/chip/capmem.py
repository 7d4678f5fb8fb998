"""The analog memory: cells that hold about what was written to them."""

import numpy as np

from core.chip.geometry import CIRCUITS
from core.chip.network import Floats, Integers
from core.kernels.noise import CELL, normals
from core.spec.chip import ChipSpec
from core.units import CODE_MAX

#: Codes that are digital switches; all others are analog and never exact.
_SWITCHES = ("tau_mem_range", "tau_syn_range")
#: Names of the analog cells; the place in this list names the noise of a write.
_CELLS = (
    "leak",
    "reset",
    "threshold",
    "tau_mem",
    "tau_syn",
    "strength",
    "synapse_dac",
)


def write(codes: dict[str, Integers], chip: ChipSpec, trial: int) -> dict[str, Floats]:
    """Return what the analog cells hold after ``codes`` were written to all circuits.

    No cell holds exactly its code, and each write comes out differently.

    :param codes: shape (512,) or (2, 512) = (exc/inh, circuit)
    """
    written = {}
    for name, code in codes.items():
        cells = code.astype(float)
        if name not in _SWITCHES:
            circuit = np.arange(CIRCUITS)
            line = np.arange(code.size // CIRCUITS)[:, None]
            cell = _CELLS.index(name)
            noise = normals(chip.number, trial, cell, circuit, line, CELL)
            cells += chip.write_noise * noise.reshape(code.shape)
            cells = np.clip(cells, 0.5, CODE_MAX + 1)
        written[name] = cells
    return written
