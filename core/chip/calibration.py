"""Find the codes that bring every circuit to its targets, by measuring.

Two ways, both see the chip through a `core.chip.port.Port` only:

* `calibrate` looks codes up in the curves of the chip, which are measured once
  (`core.chip.characterisation`) and corrects them by one measurement. Each parameter is
  remembered by what it depends on, so a changed target repeats only what it changes.
* `calibrate_by_search` measures from scratch.

Both are functions of chip and targets: what was calibrated before changes nothing.
"""

from functools import cache, partial
from typing import Final

import numpy as np

from core.chip.bench import Bench, shown
from core.chip.calibrated_circuits import in_use, result_of, targets_of, wanted_of
from core.chip.characterisation import Characterisation, Progress, characterise
from core.chip.correction import ORDER, Found, find
from core.chip.curve_store import recall
from core.chip.geometry import CIRCUITS
from core.chip.last_used import LastUsed
from core.chip.measure import (
    Targets,
    measure_all,
    reference,
    strength_reader,
    typical_codes,
)
from core.chip.mismatch import Mismatch
from core.chip.network import Integers, Network
from core.chip.nominal import relative_current
from core.chip.results import CalibResult, PlacementResult
from core.chip.search import search
from core.spec.chip import ChipSpec

#: Sessions on the bench, each with noise of its own; steps of `ORDER` come after them.
_CURVES, _TYPICAL, _SEARCH, _JUDGE, _STEPS = range(5)
_SESSIONS: Final = 16  # of one calibration
#: Steps that are remembered: the targets of the last few moves of a slider.
_REMEMBERED: Final = 64


def calibrate(
    network: Network,
    placement: PlacementResult,
    chip: ChipSpec,
    mismatch: Mismatch,
    progress: Progress | None = None,
) -> CalibResult:
    """Calibrate the circuits in use by the curves of the chip and one correction.

    Without ``network.calibrated`` all circuits get the codes of a typical one, and the
    result says how far off they are. All circuits of a neuron get its targets.

    :param progress: told how far it is
    """
    circuits = in_use(network, placement)
    targets, start = targets_of(network, placement)
    known = characterised(chip, mismatch, progress)
    wanted = wanted_of(targets, _typical_strength(known, targets))
    if not network.calibrated:
        bench = _bench(chip, mismatch, circuits, _JUDGE)
        achieved = measure_all(bench, targets, start)
        return result_of(targets, wanted, start, achieved, circuits)
    there = _at(known, circuits)
    codes, achieved = dict(start), {}
    for number, name in enumerate(ORDER):
        if progress is not None:
            progress("calibrate", number / len(ORDER))
        needs = _needs(name, targets, codes)
        key = (shown(chip), circuits, name, wanted[name], start[name], needs)
        bench = _bench(chip, mismatch, circuits, _STEPS + number)
        found = _memory().recall(
            key,
            partial(find, name, bench, targets, wanted[name], codes, there),
        )
        codes[name], achieved[name] = found.codes, found.achieved
    if progress is not None:
        progress("calibrate", 1.0)
    return result_of(targets, wanted, codes, achieved, circuits)


def calibrate_by_search(
    network: Network,
    placement: PlacementResult,
    chip: ChipSpec,
    mismatch: Mismatch,
    progress: Progress | None = None,
) -> CalibResult:
    """Calibrate the circuits in use by measurement alone, as `calibrate`."""
    circuits = in_use(network, placement)
    targets, start = targets_of(network, placement)
    everywhere = _bench(chip, mismatch, np.arange(CIRCUITS), _TYPICAL)
    at = reference(targets.i_synin_gm, targets.synapse_dac_bias, CIRCUITS)
    strength = np.median(strength_reader(everywhere, at, typical_codes(at))())
    wanted = wanted_of(targets, float(strength))
    bench = _bench(chip, mismatch, circuits, _SEARCH)
    codes = search(bench, targets, wanted, start, progress)
    # A result is judged after a fresh write, with noise that chose nothing.
    judge = _bench(chip, mismatch, circuits, _JUDGE)
    achieved = measure_all(judge, targets, codes)
    return result_of(targets, wanted, codes, achieved, circuits)


def characterised(
    chip: ChipSpec, mismatch: Mismatch, progress: Progress | None = None
) -> Characterisation:
    """Return the curves of ``chip``, measured unless they are known already."""
    bench = _bench(chip, mismatch, np.arange(CIRCUITS), _CURVES)
    return recall(chip, lambda: characterise(bench, progress))


def _bench(
    chip: ChipSpec, mismatch: Mismatch, circuits: Integers, session: int
) -> Bench:
    session += _SESSIONS * chip.calibration
    return Bench(chip, mismatch, circuits, session)


@cache
def _memory() -> LastUsed[Found]:
    """Return the steps of this process."""
    return LastUsed(_REMEMBERED)


def forget() -> None:
    """Forget all steps of this process; they would come out the same."""
    _memory().clear()


def _at(known: Characterisation, circuits: Integers) -> Characterisation:
    return Characterisation(
        {name: curve.at(circuits) for name, curve in known.curves.items()},
        known.leakage[circuits],
        known.leak_tau[circuits],
    )


def _needs(
    name: str, targets: Targets, codes: dict[str, Integers]
) -> tuple[object, ...]:
    """Return what a step depends on beside the chip and its goal."""
    switch = (codes["tau_mem_range"], targets.capacitance)
    return {
        "tau_mem": switch,
        "leak": (*switch, codes["tau_mem"]),
        "tau_syn": (codes["tau_syn_range"],),
        "strength": (targets.i_synin_gm, targets.synapse_dac_bias),
    }.get(name, ())


def _typical_strength(known: Characterisation, targets: Targets) -> float:
    """Return the median drive of all circuits at C = 63, LSB/µs per weight LSB."""
    curve = known.curves["strength"].value(targets.i_synin_gm)
    return float(np.median(curve) * relative_current(targets.synapse_dac_bias))
