"""Find the codes that bring every circuit to its targets, by measuring.

The search sees the chip through a `Port`: it writes codes and reads converters. Order:
the membrane time constant before the leak, because it moves the leak; strength last,
because the height of a response depends on both time constants.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.chip.bench import Bench, Port, psp_height
from core.chip.circuit import (
    LSB_PER_CODE,
    POTENTIALS,
    nominal_strength,
    potential_code,
    relative_capacitance,
    tau_mem_code,
    tau_syn_code,
)
from core.chip.geometry import CIRCUITS
from core.chip.mismatch import Mismatch
from core.chip.network import Floats, Integers, Network
from core.chip.results import CalibResult, PlacementResult
from core.chip.search import Knob, fit_time_constant, secant
from core.spec.chip import ChipSpec
from core.units import WEIGHT_MAX, us

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
#: Height of the responses by which strengths are compared, LSB.
_PSP_LSB = 25.0
#: Time constants (µs) at which the typical strength of the chip is measured.
_REFERENCE_TAU = 10.0
#: A decay is recorded for so many time constants.
_DECAY_WINDOW = 4.0


@dataclass(frozen=True)
class Targets:
    """What is wanted from some circuits; LSB and µs, NaN where nothing is wanted.

    :param potentials: leak, reset and threshold -> shape (circuits,)
    :param tau_mem: shape (circuits,)
    :param tau_syn: shape (2, circuits)
    :param capacitance: shape (circuits,), LSB 0…63
    """

    potentials: dict[str, Floats]
    tau_mem: Floats
    tau_syn: Floats
    capacitance: Floats


def calibrate(
    network: Network, placement: PlacementResult, chip: ChipSpec, mismatch: Mismatch
) -> CalibResult:
    """Calibrate the circuits in use; the result does not depend on any run.

    Without ``network.calibrated`` all circuits get the codes of a typical one, and the
    result says how far off they are.
    """
    circuits = _in_use(network, placement)
    targets, fixed = _targets(network, placement)
    typical = typical_codes(targets, network)
    typical |= {n: np.where(c >= 0, c, typical[n]) for n, c in fixed.items()}
    everywhere = Bench(
        chip, mismatch, np.full(CIRCUITS, 63.0), np.arange(CIRCUITS), session=0
    )
    strength = typical_strength(everywhere, network)
    bench = Bench(chip, mismatch.at(circuits), targets.capacitance, circuits, session=1)
    wanted = _wanted(targets, strength)
    codes = search(bench, targets, wanted, typical) if network.calibrated else typical
    bench.write(**codes)  # once more: a result is judged after a fresh write
    achieved = measure_all(bench, targets, codes)
    return CalibResult(
        target={n: _spread(_si(n, v), circuits) for n, v in wanted.items()},
        codes={n: _spread(v, circuits) for n, v in codes.items()},
        achieved={n: _spread(_si(n, v), circuits) for n, v in achieved.items()},
        success=_success(wanted, achieved, circuits),
    )


def search(
    port: Port,
    targets: Targets,
    wanted: dict[str, Floats],
    start: dict[str, Integers],
) -> dict[str, Integers]:
    """Return the codes found through ``port``.

    :param wanted: parameter name -> what `measure_all` shall read
    :param start: all codes, as for a typical circuit
    """
    codes = dict(start)
    port.write(**codes)

    def find(name: str, measure: Callable[[], Floats], knob: Knob) -> None:
        def write(code: Integers) -> None:
            port.write(**{name: code})

        codes[name] = secant(measure, write, wanted[name], codes[name], knob)
        write(codes[name])

    volts = Knob(LSB_PER_CODE)
    find("tau_mem", lambda: _read_tau_mem(port, targets), Knob(-1.0, log=True))
    find("leak", port.read_leak, volts)
    find("reset", port.read_reset, volts)
    find("threshold", port.read_threshold, volts)
    find("tau_syn", lambda: _read_tau_syn(port, targets), Knob(-1.0, log=True))
    tau_mem, tau_syn = _read_tau_mem(port, targets), _read_tau_syn(port, targets)
    expected = nominal_strength(
        codes["strength"], codes["synapse_dac"], targets.capacitance
    )
    find(
        "strength",
        lambda: _read_strength(port, expected, tau_mem, tau_syn),
        Knob(1.0, log=True),
    )
    return codes


def measure_all(
    port: Port, targets: Targets, codes: dict[str, Integers]
) -> dict[str, Floats]:
    """Return what a last measurement of every parameter reads, LSB and µs."""
    tau_mem, tau_syn = _read_tau_mem(port, targets), _read_tau_syn(port, targets)
    expected = nominal_strength(
        codes["strength"], codes["synapse_dac"], targets.capacitance
    )
    return {
        "leak": port.read_leak(),
        "reset": port.read_reset(),
        "threshold": port.read_threshold(),
        "tau_mem": tau_mem,
        "tau_syn": tau_syn,
        "strength": _read_strength(port, expected, tau_mem, tau_syn),
    }


def typical_codes(targets: Targets, network: Network) -> dict[str, Integers]:
    """Return the codes that a typical circuit needs."""
    count = len(targets.capacitance)
    codes = {
        name: potential_code(name, np.nan_to_num(targets.potentials[name], nan=80.0))
        for name in POTENTIALS
    }
    bias, switch = tau_mem_code(targets.tau_mem, targets.capacitance)
    codes |= {"tau_mem": bias, "tau_mem_range": switch}
    bias, switch = tau_syn_code(targets.tau_syn)
    codes |= {"tau_syn": bias, "tau_syn_range": switch}
    codes["strength"] = np.full((2, count), network.i_synin_gm, np.int64)
    codes["synapse_dac"] = np.full(count, network.synapse_dac_bias, np.int64)
    return codes


def typical_strength(port: Port, network: Network) -> float:
    """Return the median drive of all circuits of the chip, LSB/µs per weight LSB.

    Measured with uncalibrated circuits at C = 63, all with the same codes.
    """
    tau = np.full(CIRCUITS, _REFERENCE_TAU)
    potentials = {"leak": 120.0, "reset": 80.0, "threshold": 200.0}
    targets = Targets(
        {name: np.full(CIRCUITS, v) for name, v in potentials.items()},
        tau,
        np.stack([tau, tau]),
        np.full(CIRCUITS, 63.0),
    )
    codes = typical_codes(targets, network)
    port.write(**codes)
    return float(np.median(measure_all(port, targets, codes)["strength"]))


def _read_tau_mem(port: Port, targets: Targets) -> Floats:
    return fit_time_constant(*port.read_decay(_DECAY_WINDOW * targets.tau_mem))


def _read_tau_syn(port: Port, targets: Targets) -> Floats:
    return np.stack(
        [
            fit_time_constant(*port.read_synaptic_decay(line, _DECAY_WINDOW * tau))
            for line, tau in enumerate(targets.tau_syn)
        ]
    )


def _read_strength(
    port: Port, expected: Floats, tau_mem: Floats, tau_syn: Floats
) -> Floats:
    """Return the drive per weight LSB, with measured time constants."""
    found = []
    for line in range(2):
        height = psp_height(tau_mem, tau_syn[line])
        weight = np.round(_PSP_LSB / np.maximum(expected[line] * height, 1e-3))
        weight = np.clip(weight, 1, 4 * WEIGHT_MAX)  # up to four synapses at once
        found.append(port.read_psp(line, weight) / (weight * height))
    return np.stack(found)


def _in_use(network: Network, placement: PlacementResult) -> Integers:
    parts = [placement.circuits[p.name] for p in network.populations]
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _targets(
    network: Network, placement: PlacementResult
) -> tuple[Targets, dict[str, Integers]]:
    """Return the targets of all circuits in use, and the codes that are given."""
    populations = [p for p in network.populations if p.size]

    def joined(name: str, scale: float = 1.0) -> Floats:
        parts = [np.asarray(getattr(p.target, name), float) for p in populations]
        shape = (2, 0) if name == "tau_syn" else (0,)
        return np.concatenate([np.zeros(shape), *parts], axis=-1) * scale

    given = {n: joined(f"{n}_code").astype(np.int64) for n in POTENTIALS}
    potentials = {n: np.where(given[n] >= 0, np.nan, joined(n)) for n in POTENTIALS}
    fires = [np.full(p.size, p.fires) for p in populations]
    silent = ~np.concatenate([np.zeros(0, bool), *fires])
    potentials["threshold"] = np.where(silent, np.nan, potentials["threshold"])
    targets = Targets(
        potentials,
        joined("tau_mem", 1 / us),
        joined("tau_syn", 1 / us),
        joined("membrane_capacitance"),
    )
    return targets, given


def _wanted(targets: Targets, strength: float) -> dict[str, Floats]:
    drive = strength / relative_capacitance(targets.capacitance)
    return targets.potentials | {
        "tau_mem": targets.tau_mem,
        "tau_syn": targets.tau_syn,
        "strength": np.stack([drive, drive]),
    }


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


def _si(name: str, values: Floats) -> Floats:
    return values * us if name.startswith("tau") else values


def _spread(values: NDArray, circuits: Integers) -> NDArray:  # type: ignore[type-arg]
    """Return ``values`` on all 512 circuits; NaN or −1 where unused."""
    unused = np.nan if values.dtype.kind == "f" else -1
    out = np.full((*values.shape[:-1], CIRCUITS), unused, values.dtype)
    out[..., circuits] = values
    return out
