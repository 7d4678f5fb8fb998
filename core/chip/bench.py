"""The chip on the measuring bench: write codes, read what the converters say.

A calibration may use the door, `core.chip.port.Port`, and nothing else. What the
circuits really do stays in the bench, and so does what it reads wrongly: thresholds
under an offset current, time constants of large steps and strengths at the point of
operation of a calibration are not quite those of a run (``*_bias`` of `Mismatch`).
"""

from math import prod
from typing import Any, Final

import numpy as np

from core.chip.capmem import held
from core.chip.circuit import Circuits, physical
from core.chip.geometry import CIRCUITS, quadrant_of
from core.chip.mismatch import Mismatch
from core.chip.network import Floats, Integers
from core.chip.nominal import psp_height
from core.chip.readout import MADC_PER_LSB
from core.kernels.noise import READING, normals, uniforms
from core.spec.chip import ChipSpec
from core.units import CADC_MAX

#: Fields of a chip that the bench can show; all others change no calibration.
SHOWN: Final = (
    "number",
    "calibration",
    "mismatch",
    "noise",
    "voltage_spread",
    "own_voltage_spread",
    "threshold_spread",
    "slope_spread",
    "offset_current_spread",
    "tau_spread",
    "leak_spread",
    "gain_spread",
    "quadrant_gain_spread",
    "chip_gain_spread",
    "threshold_bias",
    "threshold_miss",
    "tau_bias",
    "gain_bias",
    "weak_cells",
    "voltage_write_noise",
    "write_noise",
    "baseline_shift",
    "membrane_noise",
    "cadc_noise",
    "cadc_offset_spread",
    "madc_noise",
    "membrane_low",
    "membrane_high",
)
_MADC_SPACING_US = 0.034
_CADC_SAMPLES = 20
_DECAY_POINTS = 64
_DECAY_REPETITIONS = 16
_DECAY_STEP = 30.0  # LSB, height from which a decay is recorded
_SPIKES = 10  # periods over which a threshold is measured
_OFFSET_CURRENT = 6.0  # LSB/µs, makes every neuron fire
_PSP_REPETITIONS = 32


def shown(chip: ChipSpec) -> tuple[object, ...]:
    """Return all of ``chip`` that its calibration depends on."""
    return tuple(getattr(chip, name) for name in SHOWN)


class Bench:
    """Some circuits of one chip, with converters attached.

    A dither of one LSB makes means finer than the step of a converter.

    :param mismatch: of the whole chip
    :param circuits: which ones; what is read of one does not depend on the others
    :param session: each session on a chip has noise of its own
    """

    def __init__(
        self,
        chip: ChipSpec,
        mismatch: Mismatch,
        circuits: Integers,
        session: int,
    ) -> None:
        self._chip = chip
        self._mismatch = mismatch.at(circuits)
        self._circuit = circuits
        self._session = session
        self._readings = 0
        self._held: dict[str, Floats] = {}
        self._truth: Circuits | None = None

    def write(self, **codes: Integers | Floats) -> None:
        """Write CapMem codes; no cell ever holds its code exactly."""
        shift = self._normal((), CIRCUITS + quadrant_of(self._circuit))
        for name, code in codes.items():
            error = self._normal(code.shape)
            self._held[name] = held(name, code, error, shift, self._chip, self._circuit)
        self._truth = None

    def read_leak(self) -> Floats:
        """Return the mean of CADC samples of a resting membrane, LSB."""
        return self._cadc(self._circuits.leak)

    def read_reset(self) -> Floats:
        """Return the mean of CADC samples in a long refractory time, LSB."""
        return self._cadc(self._circuits.reset)

    def read_threshold(self) -> Floats:
        """Return the mean over spikes of the highest samples, LSB.

        The MADC misses 0.1 LSB on average, the CADC of real calibrations more.
        """
        threshold = self._circuits.threshold + self._mismatch.threshold_bias
        threshold = threshold - self._chip.threshold_miss
        shape = (4, _SPIKES, len(threshold))
        phase = self._uniform(shape[1:]) + np.arange(4)[:, None, None]
        v = threshold - phase * (_MADC_SPACING_US * _OFFSET_CURRENT)
        return np.asarray(self._madc(v, shape).max(0).mean(0))

    def read_decay(self, window: Floats) -> tuple[Floats, Floats]:
        """Return times (µs) and MADC values after a step of the offset current."""
        return self._decay(self._circuits.tau_mem * self._mismatch.tau_bias, window)

    def read_synaptic_decay(self, line: int, window: Floats) -> tuple[Floats, Floats]:
        """Return times (µs) and MADC values of a synaptic line after an event."""
        return self._decay(self._circuits.tau_syn[line], window)

    def read_psp(self, line: int, weight: Floats) -> Floats:
        """Return the mean distance of the peak from rest, by the MADC, LSB."""
        c = self._circuits
        drive = weight * c.strength[line] * self._mismatch.gain_bias[line]
        height = drive * psp_height(c.tau_mem, c.tau_syn[line])
        peak = self._clip(c.leak + (height if line == 0 else -height))
        shape = (_PSP_REPETITIONS, len(peak))
        rest = self._madc(c.leak, shape).mean(0)
        return np.asarray(np.abs(self._madc(peak, shape).mean(0) - rest))

    @property
    def _circuits(self) -> Circuits:
        if self._truth is None:
            capacitance = self._held["capacitance"]
            self._truth = physical(self._held, self._mismatch, capacitance)
        return self._truth

    def _clip(self, v: Floats) -> Floats:
        return np.clip(v, self._chip.membrane_low, self._chip.membrane_high)

    def _cadc(self, v: Floats) -> Floats:
        chip = self._chip
        sigma = chip.noise * np.hypot(chip.cadc_noise, chip.membrane_noise)
        v = self._clip(v) + self._mismatch.cadc_offset
        v = v + sigma * self._normal((_CADC_SAMPLES, len(v)))
        dither = self._uniform(v.shape)
        return np.asarray(np.clip(np.floor(v + dither), 0, CADC_MAX).mean(0))

    def _madc(self, v: Floats, shape: tuple[int, ...]) -> Floats:
        sigma = self._chip.noise * self._chip.madc_noise
        raw = MADC_PER_LSB * self._clip(v) + sigma * self._normal(shape)
        return np.floor(raw + self._uniform(shape)) / MADC_PER_LSB

    def _decay(self, tau: Floats, window: Floats) -> tuple[Floats, Floats]:
        chip = self._chip
        t = np.linspace(0, 1, _DECAY_POINTS)[:, None] * window
        # Samples 34 ns apart are averaged to a point; membrane noise does not average.
        group = np.maximum(window / (_DECAY_POINTS * _MADC_SPACING_US), 1)
        sigma = chip.noise * np.hypot(
            chip.madc_noise / np.sqrt(group), MADC_PER_LSB * chip.membrane_noise
        )
        noise = sigma / np.sqrt(_DECAY_REPETITIONS) * self._normal(t.shape)
        return t, MADC_PER_LSB * _DECAY_STEP * np.exp(-t / tau) + noise

    def _normal(
        self, shape: tuple[int, ...], circuits: Integers | None = None
    ) -> Floats:
        return normals(*self._names(shape, circuits)).astype(float)

    def _uniform(self, shape: tuple[int, ...]) -> Floats:
        return uniforms(*self._names(shape))

    def _names(
        self, shape: tuple[int, ...], circuits: Integers | None = None
    ) -> tuple[Any, ...]:
        """Return names of new random numbers.

        :param shape: ends with the circuits
        :param circuits: whose numbers they are; by default those on the bench
        """
        self._readings += 1
        circuits = self._circuit if circuits is None else circuits
        step = np.arange(prod(shape[:-1])).reshape(*shape[:-1], 1)
        names = self._chip.number, self._session, self._readings, circuits
        return (*names, step, READING)
