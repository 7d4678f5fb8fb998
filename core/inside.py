"""What really happens inside the chip, which no experiment on silicon can show.

A run of the emulated chip is a function of what is written to it, of the chip and of
the trial, so it can be repeated with all that is true kept: membranes, synaptic and
adaptation currents of every circuit at each sub-step of 0.2 µs. The repetition makes
the same spikes and samples; a page asks for it only while somebody looks.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.chip.mismatch import sample_mismatch
from core.chip.network import Floats
from core.chip.observe import recording
from core.chip.results import Execution, Truth
from core.chip.signal_flow import emulate
from core.errors import RecordingError
from core.spec.chip import ChipSpec
from core.units import us

#: Width of a sub-step, s.
SUB_STEP: Final = 0.2 * us
#: Largest number of values that are kept, 256 MB.
_MOST: Final = 64_000_000
_QUANTITIES: Final = 4


@dataclass(frozen=True)
class Inside:
    """All that is true of one neuron of several, batch entry 0; time in s.

    :param time: shape (sub-steps,)
    :param membrane: LSB, same shape
    :param excitatory: current onto the membrane, LSB/µs
    :param inhibitory: current that draws it down, LSB/µs
    :param adaptation: current that draws it down, LSB/µs
    """

    time: Floats
    membrane: NDArray[np.float32]
    excitatory: NDArray[np.float32]
    inhibitory: NDArray[np.float32]
    adaptation: NDArray[np.float32]


def look_inside(execution: Execution, chip: ChipSpec, trial: int) -> Truth:
    """Repeat a run and return all that is true of it.

    :param execution: of the run
    :param chip: it ran on
    :param trial: of the run
    :raises RecordingError: if there is too much of it, or nothing ran
    """
    config, placement, output = execution.config, execution.placement, execution.output
    if config is None or placement is None or output is None or config.bypass:
        raise RecordingError(
            "inside view", "the chip did not run.", "Run it first, in mode chip."
        )
    steps = output.runtime_cycles * 8e-9 / SUB_STEP
    values = steps * execution.batch * int(config.used.sum()) * _QUANTITIES
    if values > _MOST:
        raise RecordingError(
            "inside view",
            f"{values / 1e6:.0f} million values would have to be kept,"
            f" {_MOST // 1_000_000} million fit.",
            f"Run {values / _MOST:.0f} times shorter, or with fewer neurons.",
        )
    found = emulate(
        config,
        sample_mismatch(chip),
        output.sent,
        execution.batch,
        output.runtime_cycles,
        chip,
        trial=trial,
        recording=recording(execution.network, placement),
        keep_truth=True,
    )
    assert found.truth is not None, "asked for"
    return found.truth


def of_circuit(truth: Truth, circuit: int) -> Inside | None:
    """Return what is true of one circuit, 0…511; None if it is not in use."""
    lanes = np.flatnonzero(truth.circuits == circuit)
    if not len(lanes):
        return None
    lane = int(lanes[0])
    time = np.asarray(np.arange(len(truth.membrane)) * SUB_STEP)
    return Inside(
        time,
        truth.membrane[:, 0, lane],
        truth.excitatory[:, 0, lane],
        truth.inhibitory[:, 0, lane],
        truth.adaptation[:, 0, lane],
    )
