"""Find the codes that bring every circuit to its targets, by measuring.

Two ways, both see the chip through a `core.chip.port.Port` only:

* `calibrate` looks codes up in the curves of the chip, which are measured once
  (`core.chip.characterisation`) and corrects them by one measurement. Each parameter is
  remembered by what it depends on, so a changed target repeats only what it changes.
* `calibrate_by_search` measures from scratch.

Both are functions of chip and targets: what was calibrated before changes nothing.
"""

import logging
from functools import cache, partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.chip.bench import Bench, shown
from core.chip.characterisation import Characterisation, Progress, characterise
from core.chip.correction import ORDER, Found, find
from core.chip.curve_store import LastUsed, recall
from core.chip.geometry import CIRCUITS
from core.chip.measure import (
    Targets,
    measure_all,
    reference,
    strength_reader,
    typical_codes,
)
from core.chip.mismatch import Mismatch
from core.chip.network import Floats, Integers, Network
from core.chip.nominal import POTENTIALS, relative_capacitance, relative_current
from core.chip.results import CalibResult, PlacementResult
from core.chip.rules import doubtful_targets
from core.chip.search import search
from core.spec.chip import ChipSpec
from core.units import us

log = logging.getLogger(__name__)

#: How far a result may be off: LSB for potentials (8 LSB is calix's test tolerance for
#: thresholds), relative for the others.
TOLERANCE: Final = {
    "leak": 5.0,
    "reset": 5.0,
    "threshold": 8.0,
    "tau_mem": 0.2,
    "tau_syn": 0.2,
    "strength": 0.3,
}
#: Sessions on the bench, each with noise of its own; steps of `ORDER` come after them.
_CURVES, _TYPICAL, _SEARCH, _JUDGE, _STEPS = range(5)
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
    for doubt in doubtful_targets(network):
        log.warning("%s", doubt)
    circuits = _in_use(network, placement)
    targets, start = _targets(network, placement)
    known = characterised(chip, mismatch, progress)
    wanted = _wanted(targets, _typical_strength(known, targets))
    if not network.calibrated:
        bench = Bench(chip, mismatch, circuits, _JUDGE)
        achieved = measure_all(bench, targets, start)
        return _result(targets, wanted, start, achieved, circuits)
    there = _at(known, circuits)
    codes, achieved = dict(start), {}
    for number, name in enumerate(ORDER):
        if progress is not None:
            progress("calibrate", number / len(ORDER))
        needs = _needs(name, targets, codes)
        key = (shown(chip), circuits, name, wanted[name], start[name], needs)
        bench = Bench(chip, mismatch, circuits, _STEPS + number)
        found = _memory().recall(
            key,
            partial(find, name, bench, targets, wanted[name], codes, there),
        )
        codes[name], achieved[name] = found.codes, found.achieved
    if progress is not None:
        progress("calibrate", 1.0)
    return _result(targets, wanted, codes, achieved, circuits)


def calibrate_by_search(
    network: Network,
    placement: PlacementResult,
    chip: ChipSpec,
    mismatch: Mismatch,
    progress: Progress | None = None,
) -> CalibResult:
    """Calibrate the circuits in use by measurement alone, as `calibrate`."""
    circuits = _in_use(network, placement)
    targets, start = _targets(network, placement)
    everywhere = Bench(chip, mismatch, np.arange(CIRCUITS), _TYPICAL)
    at = reference(targets.i_synin_gm, targets.synapse_dac_bias, CIRCUITS)
    strength = np.median(strength_reader(everywhere, at, typical_codes(at))())
    wanted = _wanted(targets, float(strength))
    bench = Bench(chip, mismatch, circuits, _SEARCH)
    codes = search(bench, targets, wanted, start, progress)
    # A result is judged after a fresh write, with noise that chose nothing.
    achieved = measure_all(Bench(chip, mismatch, circuits, _JUDGE), targets, codes)
    return _result(targets, wanted, codes, achieved, circuits)


def characterised(
    chip: ChipSpec, mismatch: Mismatch, progress: Progress | None = None
) -> Characterisation:
    """Return the curves of ``chip``, measured unless they are known already."""
    bench = Bench(chip, mismatch, np.arange(CIRCUITS), _CURVES)
    return recall(chip, lambda: characterise(bench, progress))


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


def _in_use(network: Network, placement: PlacementResult) -> Integers:
    parts = [placement.groups(p.name).ravel() for p in network.populations]
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _targets(
    network: Network, placement: PlacementResult
) -> tuple[Targets, dict[str, Integers]]:
    """Return the targets of all circuits in use, and the codes to start from.

    Codes that are given have no target and stay.
    """
    populations = [p for p in network.populations if p.size]

    # All circuits of a neuron get its targets.
    each = [placement.groups(p.name).shape[1] for p in populations]

    def joined(name: str, scale: float = 1.0) -> Floats:
        parts = [
            np.repeat(np.asarray(getattr(p.target, name), float), n, axis=-1)
            for p, n in zip(populations, each, strict=True)
        ]
        shape = (2, 0) if name == "tau_syn" else (0,)
        return np.concatenate([np.zeros(shape), *parts], axis=-1) * scale

    given = {n: joined(f"{n}_code").astype(np.int64) for n in POTENTIALS}
    potentials = {n: np.where(given[n] >= 0, np.nan, joined(n)) for n in POTENTIALS}
    fires = [
        np.full(p.size * n, p.fires) for p, n in zip(populations, each, strict=True)
    ]
    silent = ~np.concatenate([np.zeros(0, bool), *fires])
    potentials["threshold"] = np.where(silent, np.nan, potentials["threshold"])
    targets = Targets(
        potentials,
        joined("tau_mem", 1 / us),
        joined("tau_syn", 1 / us),
        joined("membrane_capacitance"),
        network.i_synin_gm,
        network.synapse_dac_bias,
    )
    typical = typical_codes(targets)
    fixed = {n: np.where(c >= 0, c, typical[n]) for n, c in given.items()}
    return targets, typical | fixed


def _wanted(targets: Targets, strength: float) -> dict[str, Floats]:
    """Return what shall be measured; strengths at C = 63."""
    return targets.potentials | {
        "tau_mem": targets.tau_mem,
        "tau_syn": targets.tau_syn,
        "strength": np.full((2, len(targets.capacitance)), strength),
    }


def _result(
    targets: Targets,
    wanted: dict[str, Floats],
    codes: dict[str, Integers],
    achieved: dict[str, Floats],
    circuits: Integers,
) -> CalibResult:
    load = relative_capacitance(targets.capacitance)

    def si(values: dict[str, Floats]) -> dict[str, Floats]:
        unit: dict[str, Any] = {"tau_mem": us, "tau_syn": us, "strength": 1 / load}
        return {
            name: _spread(v * unit.get(name, 1.0), circuits)
            for name, v in values.items()
        }

    return CalibResult(
        target=si(wanted),
        codes={name: _spread(code, circuits) for name, code in codes.items()},
        achieved=si(achieved),
        success=_success(wanted, achieved, circuits),
    )


def _success(
    wanted: dict[str, Floats], achieved: dict[str, Floats], circuits: Integers
) -> NDArray[np.bool_]:
    good = np.ones(CIRCUITS, bool)
    for name, target in wanted.items():
        error = np.abs(achieved[name] - target)
        if name not in POTENTIALS:
            error = error / np.maximum(target, 1e-9)
        missed = error > TOLERANCE[name]  # False where the target is NaN
        good[circuits] &= ~np.atleast_2d(missed).any(0)
    return good


def _spread(values: NDArray, circuits: Integers) -> NDArray:  # type: ignore[type-arg]
    """Return ``values`` on all 512 circuits; NaN or −1 where unused."""
    unused = np.nan if values.dtype.kind == "f" else -1
    out = np.full((*values.shape[:-1], CIRCUITS), unused, values.dtype)
    out[..., circuits] = values
    return out
