"""From targets to codes: the curves of the chip, then one correction by measurement.

Each parameter is a step of its own. The curve gives a code; it is written and measured;
a part of the error is corrected; the new code is written, and what is then measured is
what was achieved. Only a part is corrected because a reading is less certain than the
curve: the cell will not hold at the next write what it held at this one.

The membrane comes before the leak, which leakage moves in proportion to τ_mem. All
other steps stand alone, and the noise of a step does not depend on earlier ones. So the
codes are a function of chip and targets, whatever was calibrated before.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.chip.characterisation import Characterisation, Curve, expected_tau_mem
from core.chip.measure import (
    Targets,
    read_strength,
    read_tau_mem,
    read_tau_syn,
    reference,
    typical_codes,
)
from core.chip.network import Floats, Integers
from core.chip.nominal import (
    RANGE_STEP,
    relative_capacitance,
    relative_current,
)
from core.chip.port import Port

#: Parameters in the order in which they are found.
ORDER: Final = ("tau_mem", "leak", "reset", "threshold", "tau_syn", "strength")
#: Share of the measured error that is corrected.
_GAIN: Final = 0.3


@dataclass(frozen=True)
class Found:
    """What one step found.

    :param codes: shape (circuits,) or (2, circuits)
    :param achieved: measured after the last write, LSB, µs or LSB/µs, same shape
    """

    codes: Integers
    achieved: Floats


def find(
    name: str,
    port: Port,
    targets: Targets,
    wanted: Floats,
    codes: dict[str, Integers],
    known: Characterisation,
) -> Found:
    """Return the codes of one parameter.

    :param wanted: goal, NaN where the given code stays; strengths at C = 63
    :param codes: all codes, of this parameter those of a typical circuit
    :param known: curves of these circuits
    """
    if name == "strength":
        return _strength(port, targets, wanted, known)
    reads: dict[str, Callable[[], Floats]] = {
        "tau_mem": lambda: read_tau_mem(port, targets.tau_mem),
        "leak": port.read_leak,
        "reset": port.read_reset,
        "threshold": port.read_threshold,
        "tau_syn": lambda: read_tau_syn(port, targets.tau_syn),
    }
    factor, shift = np.ones(()), np.zeros(())
    if name in ("tau_mem", "tau_syn"):
        factor = RANGE_STEP ** -codes[f"{name}_range"].astype(float)
    if name == "tau_mem":
        factor = factor * relative_capacitance(targets.capacitance)
    if name == "leak":
        bias, switch = codes["tau_mem"], codes["tau_mem_range"]
        curve = known.curves["tau_mem"]
        tau = expected_tau_mem(curve, bias, switch, targets.capacitance)
        shift = known.leakage * (tau - known.leak_tau)
    step = _Step(name, port, known.curves[name], reads[name], factor, shift)
    return step.run(codes, targets.capacitance, wanted)


def _strength(
    port: Port, targets: Targets, wanted: Floats, known: Characterisation
) -> Found:
    """Return the strengths, found where they are compared, whatever the targets."""
    count = len(targets.capacitance)
    at = reference(targets.i_synin_gm, targets.synapse_dac_bias, count)
    codes = typical_codes(at)
    tau_mem = expected_tau_mem(
        known.curves["tau_mem"], codes["tau_mem"], codes["tau_mem_range"]
    )
    tau_syn = known.curves["tau_syn"].value(codes["tau_syn"])
    step = _Step(
        "strength",
        port,
        known.curves["strength"],
        lambda: read_strength(port, codes, tau_mem, tau_syn),
        relative_current(targets.synapse_dac_bias),
    )
    return step.run(codes, at.capacitance, wanted)


@dataclass(frozen=True)
class _Step:
    """How one parameter is reached: value = factor · curve + shift."""

    name: str
    port: Port
    curve: Curve
    read: Callable[[], Floats]
    factor: Floats
    shift: Floats = field(default_factory=lambda: np.zeros(()))

    def run(
        self, codes: dict[str, Integers], capacitance: Floats, wanted: Floats
    ) -> Found:
        """Return what brings the circuits to what is wanted."""
        given = codes[self.name]
        asked = np.isfinite(wanted)
        goal = np.where(asked, wanted, 1.0)
        # Without any current there is no strength, whatever the code.
        code = self.curve.code((goal - self.shift) / np.maximum(self.factor, 1e-9))
        first = _whole(code, asked, given)
        self.port.write(**{**codes, self.name: first}, capacitance=capacitance)
        error = self.curve.scale(goal) - self.curve.scale(self.read())
        written = _whole(self.curve.corrected(code, _GAIN * error), asked, given)
        self.port.write(**{self.name: written})
        return Found(written, self.read())


def _whole(code: Floats, asked: NDArray[np.bool_], given: Integers) -> Integers:
    return np.where(asked, np.round(code).astype(np.int64), given)
