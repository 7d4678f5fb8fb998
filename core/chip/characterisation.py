"""What was measured of a chip once: a transfer curve of every circuit and parameter.

Nine codes, each written twice, give a parabola per circuit, in the code for potentials
and between logarithms for time constants and strengths::

    y = a + b u + c u²,    u = (x − centre) / width,    x = code or log code

Clipped readings are left out. The resting potential is measured at a fast and at a slow
membrane, too, because leakage moves it in proportion to τ_mem.

All curves are taken at C = 63 and without range switches; what these do to a typical
circuit is known (`core.chip.nominal`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.chip.geometry import CIRCUITS
from core.chip.measure import (
    read_strength,
    read_tau_mem,
    read_tau_syn,
    reference,
    typical_codes,
)
from core.chip.network import Floats, Integers
from core.chip.nominal import (
    LSB_PER_CODE,
    RANGE_STEP,
    TAU_MEM_POWER,
    TAU_SYN_POWER,
    relative_capacitance,
    tau_mem_code,
    tau_mem_of,
    tau_syn_of,
)
from core.chip.port import Port
from core.units import CODE_MAX

#: Told how far a piece of work is: its name, the share that is done.
Progress = Callable[[str, float], None]

_REPETITIONS: Final = 2
#: First and last of the nine codes; they cover all targets that may be given.
_SPANS: Final = {
    "tau_mem": (20, 1000),
    "tau_syn": (12, 1000),
    "leak": (440, 990),
    "reset": (440, 990),
    "threshold": (110, 610),
    "strength": (25, 1020),
}
_POINTS: Final = 9
#: Change of the measurement per code (LSB) or its power, of a typical circuit.
_SLOPES: Final = {
    "tau_mem": -TAU_MEM_POWER,
    "tau_syn": -TAU_SYN_POWER,
    "leak": LSB_PER_CODE,
    "reset": LSB_PER_CODE,
    "threshold": LSB_PER_CODE,
    "strength": 1.0,
}
_LOGARITHMIC: Final = ("tau_mem", "tau_syn", "strength")
#: Readings outside are taken for clipped, LSB.
_READABLE: Final = (32.0, 220.0)
#: Potentials, LSB, and time constants, µs, between which leakage is measured.
_LEAKAGE_TAUS: Final = (10.0, 60.0)
_LEAKAGE_WRITES: Final = 6
#: Pulls a curve with few points towards that of a typical circuit, in its points.
_PULL: Final = np.array([1e-6, 1e-3, 1e-2])


@dataclass(frozen=True)
class Curve:
    """One transfer curve per circuit.

    :param coefficients: a, b, c, shape (3, circuits) or (3, 2, circuits)
    """

    log: bool
    centre: float
    width: float
    coefficients: Floats

    def at(self, circuits: Integers) -> "Curve":
        """Return the curves of some circuits."""
        found = self.coefficients[..., circuits]
        return Curve(self.log, self.centre, self.width, found)

    def value(self, code: Floats | Integers | int) -> Floats:
        """Return what a circuit is expected to do, LSB, µs or LSB/µs."""
        a, b, c = self.coefficients
        # Code 0 has no logarithm, and far from all points a parabola says nothing.
        at = np.maximum(np.asarray(code, float), 1.0 if self.log else 0.0)
        u = (self.scale(at) - self.centre) / self.width
        return np.asarray(np.exp(a + b * u + c * u * u) if self.log else _p(a, b, c, u))

    def code(self, value: Floats) -> Floats:
        """Return the codes, not rounded, at which `value` is expected."""
        a, b, c = self.coefficients
        missing = a - self.scale(value)
        root = np.sqrt(np.maximum(b * b - 4 * c * missing, 0.0))
        u = -2 * missing / (b + np.copysign(np.maximum(root, 1e-9), b))
        return self.unscale(self.centre + self.width * u)

    def corrected(self, code: Floats, error: Floats) -> Floats:
        """Return codes moved so that the value rises by ``error``.

        :param error: difference, or logarithm of the ratio for logarithmic curves
        """
        _, b, c = self.coefficients
        x = self.scale(code)
        u = (x - self.centre) / self.width
        slope = b + 2 * c * u
        # A curve that turns back outside of its points keeps a sensible slope.
        slope = np.where(slope * b > 0.1 * b * b, slope, 0.1 * b)
        return self.unscale(x + self.width * error / slope)

    def scale(self, values: Floats) -> Floats:
        """Return values or codes as the curve has them."""
        return np.log(np.maximum(values, 1e-9)) if self.log else values

    def unscale(self, x: Floats) -> Floats:
        """Return codes from `scale`, within what can be written."""
        x = np.clip(x, 0.0, np.log(CODE_MAX) if self.log else CODE_MAX)
        return np.asarray(np.exp(x) if self.log else x)


def _p(a: Floats, b: Floats, c: Floats, u: Floats) -> Floats:
    return a + b * u + c * u * u


@dataclass(frozen=True)
class Characterisation:
    """The curves of one chip.

    :param curves: by parameter: leak, reset, threshold, tau_mem, tau_syn, strength
        (at a synapse DAC of 600)
    :param leakage: shape (512,), shift of the resting potential per τ_mem, LSB/µs
    :param leak_tau: shape (512,), τ_mem at which the leak curve was taken, µs
    """

    curves: dict[str, Curve]
    leakage: Floats
    leak_tau: Floats


def characterise(port: Port, progress: Progress | None = None) -> Characterisation:
    """Measure the curves of all circuits of a chip through ``port``.

    :param port: all 512 circuits
    """
    tell = progress or (lambda name, share: None)
    targets = reference(500, 600, CIRCUITS)
    capacitance = targets.capacitance
    codes = typical_codes(targets)
    port.write(**codes, capacitance=capacitance)
    curves: dict[str, Curve] = {}

    def sweep(name: str, read: Callable[[int], Floats]) -> None:
        tell("characterise", len(curves) / len(_SPANS))
        curves[name] = _sweep(port, name, codes[name].shape, read)
        port.write(**{name: codes[name]})

    tau_mem, tau_syn = targets.tau_mem, targets.tau_syn
    held = [
        (read_tau_mem(port, tau_mem), read_tau_syn(port, tau_syn)) for _ in range(4)
    ]
    held_mem = np.mean([mem for mem, _ in held], 0)
    held_syn = np.mean([syn for _, syn in held], 0)

    def strength(gm: int) -> Floats:
        written = codes | {"strength": np.full((2, CIRCUITS), gm)}
        return read_strength(port, written, held_mem, held_syn)

    sweep("strength", strength)
    port.write(tau_mem_range=np.zeros(CIRCUITS, np.int64))
    sweep("tau_mem", lambda c: read_tau_mem(port, _all(tau_mem_of(c))))
    sweep("tau_syn", lambda c: read_tau_syn(port, np.stack([_all(tau_syn_of(c))] * 2)))
    points = [tau_mem_code(np.full(CIRCUITS, t), capacitance) for t in _LEAKAGE_TAUS]
    _write_bias(port, points[0])
    leak_tau = read_tau_mem(port, np.full(CIRCUITS, _LEAKAGE_TAUS[0]))
    sweep("leak", lambda c: port.read_leak())
    sweep("reset", lambda c: port.read_reset())
    sweep("threshold", lambda c: port.read_threshold())
    fast, slow = (_rest(port, point, codes["leak"]) for point in points)
    taus = [expected_tau_mem(curves["tau_mem"], *point) for point in points]
    leakage = (slow - fast) / (taus[1] - taus[0])
    tell("characterise", 1.0)
    return Characterisation(curves, leakage, leak_tau)


def _all(value: Floats) -> Floats:
    return np.full(CIRCUITS, float(value))


def expected_tau_mem(
    curve: Curve, bias: Integers, switch: Integers, capacitance: Floats | float = 63.0
) -> Floats:
    """Return the membrane time constants that circuits should have, µs.

    :param curve: of ``tau_mem``
    """
    load = relative_capacitance(capacitance)
    return np.asarray(curve.value(bias) * load / RANGE_STEP ** switch.astype(float))


def _write_bias(port: Port, point: tuple[Integers, Integers]) -> None:
    port.write(tau_mem=point[0], tau_mem_range=point[1])


def _rest(port: Port, point: tuple[Integers, Integers], leak: Integers) -> Floats:
    """Return the mean resting potential of some writes of the same codes, LSB."""
    readings = []
    for _ in range(_LEAKAGE_WRITES):
        _write_bias(port, point)
        port.write(leak=leak)
        readings.append(port.read_leak())
    return np.asarray(np.mean(readings, 0))


def _sweep(
    port: Port, name: str, shape: tuple[int, ...], read: Callable[[int], Floats]
) -> Curve:
    """Return the curves of one parameter."""
    first, last = _SPANS[name]
    log = name in _LOGARITHMIC
    points = (
        np.geomspace(first, last, _POINTS) if log else np.linspace(first, last, _POINTS)
    )
    swept = np.repeat(np.round(points).astype(int), _REPETITIONS)
    readings = []
    for code in swept:
        port.write(**{name: np.full(shape, code)})
        readings.append(read(int(code)))
    y = np.stack(readings)
    valid = (y > _READABLE[0]) & (y < _READABLE[1]) | log
    x = np.log(swept) if log else swept.astype(float)
    centre, width = float(x.mean()), float(np.ptp(x) / 2)
    u = (x - centre) / width
    slope = _SLOPES[name] * width
    y = (np.log(np.maximum(y, 1e-9)) if log else y).reshape(len(u), -1)
    coefficients = _parabolas(u, y, valid.reshape(y.shape), slope)
    return Curve(log, centre, width, coefficients.reshape(3, *shape))


def _parabolas(u: Floats, y: Floats, valid: NDArray[np.bool_], slope: float) -> Floats:
    """Return a, b, c of least squares, shape (3, circuits).

    :param u: shape (points,)
    :param y: shape (points, circuits)
    :param valid: which points count, same shape
    :param slope: b of a typical circuit
    """
    powers = np.stack([np.ones_like(u), u, u * u])  # (3, points)
    weight = valid.astype(float)
    matrix = np.einsum("ip,jp,pc->cij", powers, powers, weight) + np.diag(_PULL)
    right = np.einsum("ip,pc->ci", powers, weight * (y - slope * u[:, None]))
    found = np.linalg.solve(matrix, right[..., None])[..., 0].T
    found[1] += slope
    return np.asarray(found)
