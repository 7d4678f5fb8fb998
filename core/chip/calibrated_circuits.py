"""Between the targets of a network and arrays over the circuits in use, and back.

All circuits of a neuron get its targets. Inside a calibration times are µs, and
strengths those at C = 63; a `CalibResult` has SI units and the capacitance in use.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.chip.geometry import CIRCUITS
from core.chip.measure import Targets, typical_codes
from core.chip.network import Floats, Integers, Network
from core.chip.nominal import POTENTIALS, relative_capacitance
from core.chip.results import CalibResult, PlacementResult
from core.units import us

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


def in_use(network: Network, placement: PlacementResult) -> Integers:
    """Return the circuits of all populations, neuron by neuron."""
    parts = [placement.groups(p.name).ravel() for p in network.populations]
    return np.concatenate([np.zeros(0, np.int64), *parts])


def targets_of(
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


def wanted_of(targets: Targets, strength: float) -> dict[str, Floats]:
    """Return what shall be measured; strengths at C = 63."""
    return targets.potentials | {
        "tau_mem": targets.tau_mem,
        "tau_syn": targets.tau_syn,
        "strength": np.full((2, len(targets.capacitance)), strength),
    }


def result_of(
    targets: Targets,
    wanted: dict[str, Floats],
    codes: dict[str, Integers],
    achieved: dict[str, Floats],
    circuits: Integers,
) -> CalibResult:
    """Return what was found, over all 512 circuits and with success flags."""
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
