"""From the output of the chip to tensors.

Times on the chip are FPGA cycles of 8 ns. Dense tensors lie on the time grid of the
experiment and have ``ceil(runtime / dt) + 1`` rows: shape (time, batch, neurons).
"""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.chip.network import Network
from core.chip.results import Events, Execution
from core.errors import ParameterError
from core.units import CADC_SIGNED_OFFSET, CYCLE

INTERPOLATION_MODES = ("linear", "nn")


class ReadoutSource(Enum):
    """What an ADC reads of a neuron.

    >>> ReadoutSource.VOLTAGE.name
    'VOLTAGE'
    """

    VOLTAGE = "voltage"
    ADAPTATION = "adaptation"


class ModeError(ParameterError, RuntimeError):
    """There is no such interpolation mode."""


def rows(runtime: float, dt: float) -> int:
    """Return the number of rows of a dense tensor.

    :param runtime: s
    :param dt: step width, s
    """
    return math.ceil(runtime / dt - 1e-6) + 1  # 100 steps may be 100.0000001


@dataclass(frozen=True)
class SpikeHandle:
    """Recorded spikes of one population.

    >>> one = np.array([250]), np.array([0]), np.array([1])  # cycle, entry, neuron
    >>> SpikeHandle(Events(*one), batch=1, size=2).to_dense(3e-6, 1e-6)[:, 0]
    tensor([[0., 0.],
            [0., 0.],
            [0., 1.],
            [0., 0.]])

    :param events: spikes, by neuron of the population
    :param batch: number of batch entries
    :param size: number of neurons
    """

    events: Events
    batch: int
    size: int

    def to_dense(self, runtime: float, dt: float) -> Tensor:
        """Return the spikes on the time grid; later ones are dropped.

        :param runtime: s
        :param dt: step width, s
        :returns: shape (time, batch, neurons), float32, 0 or 1
        """
        dense = torch.zeros(rows(runtime, dt), self.batch, self.size)
        row = np.floor(self.events.cycle * (CYCLE / dt) + 0.5).astype(np.int64)
        kept = row < len(dense)
        index = (row[kept], self.events.batch[kept], self.events.neuron[kept])
        dense[tuple(torch.as_tensor(i) for i in index)] = 1.0
        return dense


@dataclass(frozen=True)
class CADCHandle:
    """CADC samples of one population.

    >>> samples = np.array([80, 90], np.uint8).reshape(2, 1, 1)
    >>> handle = CADCHandle(samples, cycles=np.array([[0], [250]]))
    >>> handle.to_dense(3e-6, 1e-6).flatten().tolist()
    [-48.0, -43.0, -38.0, -38.0]

    :param samples: shape (samples, batch, neurons), raw 0…255
    :param cycles: shape (samples, neurons), FPGA cycles
    """

    samples: NDArray[np.uint8]
    cycles: NDArray[np.int64]

    def to_raw(self) -> tuple[Tensor, Tensor]:
        """Return the samples, raw − 128, and their FPGA cycles."""
        signed = self.samples.astype(np.int16) - CADC_SIGNED_OFFSET
        return torch.from_numpy(signed.astype(np.int8)), torch.as_tensor(self.cycles)

    def to_dense(self, runtime: float, dt: float, mode: str = "linear") -> Tensor:
        """Return the samples on the time grid.

        Before the first sample stands its value, after the last its value.

        :param runtime: s
        :param dt: step width, s
        :param mode: ``"linear"`` or ``"nn"``, the nearest sample
        :returns: shape (time, batch, neurons), float32, raw − 128
        :raises ModeError: if ``mode`` is another
        """
        if mode not in INTERPOLATION_MODES:
            raise ModeError(
                "CADC samples",
                f"Mode '{mode}' is not supported yet.",
                "Supported modes are: 'linear', 'nn'.",
            )
        grid = np.arange(rows(runtime, dt)) * (dt / CYCLE)
        values = self.samples.astype(np.float32) - CADC_SIGNED_OFFSET
        dense = np.empty((len(grid), *values.shape[1:]), np.float32)
        # Neurons of one hemisphere are sampled at the same time.
        times, group = np.unique(self.cycles, axis=1, return_inverse=True)
        for column in range(times.shape[1]):
            mine = group.ravel() == column
            dense[:, :, mine] = _resample(
                times[:, column], values[:, :, mine], grid, mode
            )
        return torch.from_numpy(dense)


def _resample(
    times: NDArray[Any], values: NDArray[np.float32], grid: NDArray[Any], mode: str
) -> NDArray[np.float32]:
    """Return ``values`` (samples, batch, neurons) at the times ``grid``."""
    after = np.clip(np.searchsorted(times, grid, "right"), 1, max(1, len(times) - 1))
    after = np.minimum(after, len(times) - 1)
    before = np.maximum(after - 1, 0)
    span = np.maximum(times[after] - times[before], 1)
    share = np.clip((grid - times[before]) / span, 0, 1).astype(np.float32)
    if mode == "nn":
        share = np.floor(share + 0.5)
    share = share[:, None, None]
    resampled: NDArray[np.float32] = (
        values[before] * (1 - share) + values[after] * share
    )
    return resampled


@dataclass(frozen=True)
class MADCHandle:
    """MADC samples of one neuron.

    >>> MADCHandle(np.array([[[4.0]], [[305.0]]])).to_raw().shape
    torch.Size([2, 1, 1])

    :param samples: shape (2, samples, batch): FPGA cycle and raw value 0…1023
    """

    samples: NDArray[np.float64]

    def to_raw(self) -> Tensor:
        """Return FPGA cycle and raw value, shape (2, samples, batch), float32."""
        return torch.as_tensor(self.samples, dtype=torch.float32)


@dataclass
class AnalogObservable:
    """A membrane or an adaptation as measured; None is what was not recorded.

    >>> AnalogObservable(cadc=torch.zeros(5, 1, 3)).madc is None
    True

    :param cadc: shape (time, batch, neurons)
    :param madc: shape (2, samples, batch)
    """

    cadc: Tensor | None = None
    madc: Tensor | None = None


@dataclass
class HardwareObservables:
    """The output of the chip for one module; None is what was not recorded.

    >>> HardwareObservables()
    HardwareObservables(spikes=None, cadc=None, madc=None)
    """

    spikes: SpikeHandle | None = None
    cadc: CADCHandle | None = None
    madc: MADCHandle | None = None

    def set_data(self, spikes: Any = None, cadc: Any = None, madc: Any = None) -> None:
        """Replace all three."""
        self.spikes, self.cadc, self.madc = spikes, cadc, madc


HXTorchObservables = HardwareObservables


class HardwareObservablesExtractor:
    """Looks up the output of one chip by the name of a module.

    >>> HardwareObservablesExtractor().get("hidden")
    HardwareObservables(spikes=None, cadc=None, madc=None)
    """

    def __init__(self) -> None:
        self._spikes: dict[str, SpikeHandle] = {}
        self._cadc_samples: dict[str, CADCHandle] = {}
        self._madc_samples: dict[str, MADCHandle] = {}

    def set_data(self, network_graph: Network, result_map: Execution) -> None:
        """Take the output of a run.

        :param network_graph: what was run
        :param result_map: all stages of the run
        """
        sizes = {p.name: p.size for p in network_graph.populations}
        sizes |= {p.name: p.size for p in network_graph.externals}
        events = result_map.inputs | {
            name: found.events for name, found in result_map.observables.items()
        }
        self._spikes = {
            name: SpikeHandle(found, result_map.batch, sizes[name])
            for name, found in events.items()
        }
        measured = result_map.observables.items()
        self._cadc_samples = {
            name: CADCHandle(found.cadc, found.cadc_cycles)
            for name, found in measured
            if len(found.cadc)
        }
        self._madc_samples = {
            name: MADCHandle(found.madc)
            for name, found in measured
            if found.madc is not None
        }

    def get(self, descriptor: str | None = None) -> HardwareObservables:
        """Return the output for one module; nothing for a module without any."""
        name = str(descriptor)
        return HardwareObservables(
            self._spikes.get(name),
            self._cadc_samples.get(name),
            self._madc_samples.get(name),
        )
