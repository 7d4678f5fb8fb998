"""From codes to the exponential onset and the adaptation of a circuit.

No number of these transfers is published: all are assumed, chosen so that codes of some
hundred give the firing patterns of the model at a thousandfold speed. With the bias
codes i of the cells, the capacitance C (1 at the setting 63) and t = 10 µs::

    D   = i_exp · 0.01 LSB             slope of the onset        exponential.i_bias
    I   = D / (t C) exp((v − v_exp) / D)                         exponential.v_exp
    τ_w = 10 ms / i_tau                                          adaptation.i_bias_tau
    A   = ± i_a · 10⁻⁴ / (µs C)        w follows A (v − E)       adaptation.i_bias_a
    b   = ± i_b · 0.04 p LSB / (µs² C)       at a spike          adaptation.i_bias_b
    p   = 2^(s + 1) / 250 MHz          length of the pulse       adaptation.clock_scale
    E                                  by the leak's transfer    adaptation.v_leak

``w`` draws the membrane down; ``invert_a`` and ``invert_b`` turn the signs. A term is
off without its switch or with a code of 0. Nothing calibrates these cells, so what they
give differs from circuit to circuit, and from write to write as for all cells.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.chip.capmem import TERM_CELLS, write
from core.chip.circuit import physical
from core.chip.geometry import CIRCUITS
from core.chip.joined import Membranes
from core.chip.mismatch import Mismatch
from core.chip.network import Floats, Integers
from core.chip.nominal import LSB_PER_CODE, relative_capacitance
from core.chip.results import ChipConfig
from core.kernels import emulation_rows as row
from core.spec.chip import ChipSpec
from core.units import CODE_MAX

_SEED_DOMAIN: Final = 11  # keeps these draws apart from those of other parameters

#: Slope of the onset, LSB per code.
_SLOPE: Final = 0.01
#: Potential (LSB) and the code of v_exp that gives it.
_ONSET_POINT: Final = (150.0, 400.0)
#: Time constant of the leak at which the onset current at v_exp is that of D, µs.
_ONSET_TAU: Final = 10.0
#: Time constant of the adaptation at code 1, µs.
_TAU_W: Final = 1e4
#: Coupling of the adaptation per code, 1/µs.
_COUPLING: Final = 1e-4
#: Jump per code and µs of its pulse, LSB/µs².
_JUMP: Final = 0.04
#: Shortest pulse, µs: 2 ticks of 250 MHz.
_PULSE: Final = 0.008
#: Shortest and longest scale of the clock that times it.
_CLOCK_SCALES: Final = (0, 15)


@dataclass(frozen=True)
class AdexTerms:
    """The terms of some lanes.

    :param values: shape (ADEX_ROWS, lanes), see `emulation_rows`
    :param runs: shape (runs, 2), first and last + 1 of neighbouring lanes with a term
    """

    values: NDArray[np.float32]
    runs: Integers


#: What switches a term on, or another one beside it: see `active_terms`.
SWITCHES: Final = (
    "exponential.enable",
    "adaptation.enable",
    "adaptation.enable_pulse",
    "adaptation.i_bias_a",
)


def active_terms(stored: dict[str, Integers]) -> dict[str, Integers]:
    """Return what is on beside leak, inputs and threshold: its name and its circuits.

    A term is on if it is enabled and its codes are not 0.

    :param stored: settings by name, see `ChipConfig.stored`
    """

    def on(*names: str) -> NDArray[np.bool_]:
        off = np.zeros(CIRCUITS, np.int64)
        return np.asarray(np.all([stored.get(n, off) != 0 for n in names], axis=0))

    adapts = on("adaptation.enable", "adaptation.i_bias_tau")
    terms = {
        "exponential": on("exponential.enable", "exponential.i_bias"),
        "subthreshold adaptation": adapts & on("adaptation.i_bias_a"),
        "spike-triggered adaptation": adapts
        & on("adaptation.enable_pulse", "adaptation.i_bias_b"),
    }
    return {name: np.flatnonzero(t) for name, t in terms.items() if t.any()}


def adex_terms(
    config: ChipConfig,
    mismatch: Mismatch,
    membranes: Membranes,
    used: Integers,
    chip: ChipSpec,
    trial: int,
) -> AdexTerms:
    """Return the terms of the circuits ``used``, each on the membrane that it is on.

    Of joined circuits only the terms of the head count.

    :param membranes: of these circuits
    :param trial: names the errors of the write
    """
    values = np.zeros((row.ADEX_ROWS, len(used)), np.float32)
    terms = active_terms(config.stored)
    on = {name: np.isin(used, circuits) for name, circuits in terms.items()}
    head = membranes.head == np.arange(len(used))
    lanes = np.flatnonzero(head & np.any([*on.values(), np.zeros(len(used))], axis=0))
    if len(lanes) == 0:
        return AdexTerms(values, np.zeros((0, 2), np.int64))
    at = used[lanes]
    off = np.zeros(CIRCUITS, np.int64)
    cells = _cells(config, chip, trial)

    def code(name: str, term: str) -> Floats:
        """Return codes where the term is on, else 0."""
        if term not in on:
            return np.zeros(len(at))
        found = np.where(on[term][lanes], cells.get(name, off)[at], 0.0)
        return np.asarray(found)

    def sign(name: str) -> Floats:
        return np.where(config.stored.get(name, off)[at] != 0, -1.0, 1.0)

    factor, offset = _spread(chip)
    factor, offset = factor[:, at], offset[at]
    a = 1 / membranes.circuits.tau_mem[lanes]
    leak = membranes.circuits.leak[lanes]
    load = np.bincount(membranes.head, relative_capacitance(config.capacitance[used]))
    load = load[lanes]

    slope = code("exponential.i_bias", "exponential") * _SLOPE * factor[0]
    has_onset = slope > 0
    slope = np.where(has_onset, slope, 1.0)
    volts, point = _ONSET_POINT
    v_exp = volts + LSB_PER_CODE * (cells.get("exponential.v_exp", off)[at]
                                    - point + offset)  # fmt: skip
    # The loop has the onset in units of the leak: a D exp((v − v_T) / D).
    onset = v_exp + slope * np.log(a * _ONSET_TAU * load) - leak
    onset = np.where(has_onset, onset, row.NEVER)

    i_tau = cells.get("adaptation.i_bias_tau", off)[at]
    rate = np.maximum(i_tau, 1) / _TAU_W * factor[1]
    coupling = code("adaptation.i_bias_a", "subthreshold adaptation") * _COUPLING
    coupling *= sign("adaptation.invert_a") * factor[2] / load
    pulse = _PULSE * 2.0 ** config.stored.get("adaptation.clock_scale", off)[at]
    jump = code("adaptation.i_bias_b", "spike-triggered adaptation") * _JUMP * pulse
    jump *= sign("adaptation.invert_b") * factor[3] / load
    rest = _adaptation_leak(config, cells, mismatch, at) - leak

    values[0, lanes] = 1
    found = slope, onset, coupling, rate, jump, coupling * rest
    values[1 : 1 + len(found), lanes] = found
    values[1 + len(found) :, lanes] = linear_step(a, coupling, rate)
    return AdexTerms(values, _runs(lanes))


def term_codes(
    *,
    slope: Floats,
    onset: Floats,
    coupling: Floats,
    jump: Floats,
    tau_adap: Floats,
    tau_mem: Floats,
    capacitance: Floats,
) -> dict[str, Floats]:
    """Return the codes with which a typical circuit has these terms, not rounded.

    :param slope: D, LSB
    :param onset: where the current of the onset is that of the leak over D, LSB
    :param coupling: A, 1/µs
    :param jump: b, LSB/µs
    :param tau_adap: µs
    :param tau_mem: µs
    :param capacitance: LSB 0…63
    :returns: by parameter, and ``clock_scale`` with which all jumps have a code
    """
    load = relative_capacitance(capacitance)
    volts, point = _ONSET_POINT
    v_exp = onset - slope * np.log(_ONSET_TAU * load / tau_mem)
    weak = np.abs(jump) * load / (_JUMP * _PULSE)  # the code at the shortest pulse
    most = max(float(np.max(weak, initial=0.0)), 1.0)
    scale = int(np.clip(np.ceil(np.log2(most / CODE_MAX)), *_CLOCK_SCALES))
    return {
        "exponential_slope": slope / _SLOPE,
        "exponential_threshold": point + (v_exp - volts) / LSB_PER_CODE,
        "subthreshold_adaptation_strength": coupling * load / _COUPLING,
        "spike_triggered_adaptation_increment": np.sign(jump) * weak / 2.0**scale,
        "tau_adap": _TAU_W / tau_adap,
        "clock_scale": np.asarray(scale),
    }


def linear_step(a: Floats, coupling: Floats, rate: Floats) -> Floats:
    """Return how v and w follow from v and w one sub-step earlier, shape (4, lanes).

    The exponential of [[−a, −1], [A r, −r]], as V_TO_V, W_TO_V, V_TO_W, W_TO_W.
    """
    h = row.STEP_US
    mean, half = -(a + rate) / 2, (rate - a) / 2
    root = half * half - coupling * rate  # the eigenvalues are mean ± √root
    s = np.sqrt(np.abs(root)) * h
    small = np.where(s > 1e-4, s, 1.0)
    ratio = np.where(root > 0, np.sinh(s), np.sin(s)) / small
    ratio = np.where(s > 1e-4, ratio, 1.0) * h
    even = np.where(root > 0, np.cosh(s), np.cos(s))
    decay = np.exp(mean * h)
    return np.asarray(
        [
            decay * (even + ratio * half),
            -decay * ratio,
            decay * ratio * coupling * rate,
            decay * (even - ratio * half),
        ]
    )


def _spread(chip: ChipSpec) -> tuple[Floats, Floats]:
    """Return factors on slope, τ_w, A and b, and the offset of v_exp in codes."""
    rng = np.random.default_rng([_SEED_DOMAIN, chip.number])
    factor = np.exp(chip.mismatch * chip.term_spread * rng.normal(size=(4, CIRCUITS)))
    offset = chip.mismatch * chip.voltage_spread * rng.standard_normal(CIRCUITS)
    return factor, offset


def _cells(config: ChipConfig, chip: ChipSpec, trial: int) -> dict[str, Floats]:
    """Return what the cells of the terms hold, shape (512,) each.

    The adaptation has the potential of the leak if it was given none.
    """
    codes = {name: config.stored[name] for name in TERM_CELLS if name in config.stored}
    return write({"adaptation.v_leak": config.codes["leak"]} | codes, chip, trial)


def _adaptation_leak(
    config: ChipConfig, cells: dict[str, Floats], mismatch: Mismatch, at: Integers
) -> Floats:
    """Return the potential at which the adaptation does not follow, LSB."""
    codes = {name: c[..., at].astype(float) for name, c in config.codes.items()}
    codes["leak"] = cells["adaptation.v_leak"][at]
    own = mismatch.at(at)
    own = replace(own, offset_current=np.zeros(len(at)))
    return physical(codes, own, config.capacitance[at]).leak


def _runs(lanes: Integers) -> Integers:
    """Return first and last + 1 of runs of neighbours, shape (runs, 2)."""
    cut = np.flatnonzero(np.diff(lanes) > 1)
    first = np.concatenate([lanes[:1], lanes[cut + 1]])
    last = np.concatenate([lanes[cut], lanes[-1:]]) + 1
    return np.stack([first, last], axis=1)
