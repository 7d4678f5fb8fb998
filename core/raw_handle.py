"""Raw recordings of a population, and how they become tensors.

===============  ===================================================================
class            data as lists; cycles are FPGA cycles of 8 ns
===============  ===================================================================
`SpikeHandle`    ``data[batch][neuron]`` lists the cycles of the spikes
`CADCHandle`     ``data[batch][neuron]`` lists pairs of cycle and value, raw − 128
`MADCHandle`     ``data[batch]`` lists pairs of cycle and value 0…1023 of the one
                 neuron that the MADC reads
===============  ===================================================================

A run gives them to ``post_process``; lists are put in the order of time. Dense tensors
lie on the time grid of the experiment and have ``ceil(runtime / dt) + 1`` rows: shape
(time, batch, neurons).
"""

import math
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core import raw_lists
from core.chip.network import Integers
from core.chip.results import Events
from core.errors import NotEmulatedError, ParameterError, ShapeError
from core.raw_lists import Sample
from core.units import CADC_SIGNED_OFFSET, CYCLE, MADC_MAX

INTERPOLATION_MODES = ("linear", "nn")


class ModeError(ParameterError, RuntimeError):
    """There is no such interpolation mode."""


def rows(runtime: float, dt: float) -> int:
    """Return the number of rows of a dense tensor.

    :param runtime: s
    :param dt: step width, s
    :raises ParameterError: if they are no times
    """
    if not (0 < dt < math.inf and 0 <= runtime < math.inf):
        raise ParameterError(
            "dense recording",
            f"its runtime is {runtime:g} s and the step width {dt:g} s.",
            "Give a runtime of 0 or more and a positive step width, in seconds.",
        )
    return math.ceil(runtime / dt - 1e-6) + 1  # 100 steps may be 100.0000001


class SpikeHandle:
    """Spikes of one population.

    :param data: cycles by batch entry and neuron, or events of the chip
    :param batch_size: number of batch entries
    :param population_size: number of neurons
    :ivar events: the spikes as arrays; of one batch entry, in the order of their time
    :raises ShapeError: if ``data`` are no lists for so many entries and neurons
    :raises ParameterError: if a cycle is no whole number of 0 or more

    >>> handle = SpikeHandle([[[], [250]]], batch_size=1, population_size=2)
    >>> handle.to_dense(3e-6, 1e-6)[:, 0]
    tensor([[0, 0],
            [0, 0],
            [0, 1],
            [0, 0]], dtype=torch.uint8)
    """

    events: Events

    def __init__(
        self,
        data: Sequence[Sequence[Sequence[int]]] | Events,
        batch_size: int,
        population_size: int,
    ) -> None:
        self.batch_size, self.population_size = batch_size, population_size
        self.set_data(data)

    @property
    def batch(self) -> int:
        """Number of batch entries."""
        return self.batch_size

    def get_data(self) -> list[list[list[int]]]:
        """Return the cycles by batch entry and neuron."""
        neurons = range(self.population_size)
        lists: list[list[list[int]]] = [
            [[] for _ in neurons] for _ in range(self.batch_size)
        ]
        for cycle, batch, neuron in self.to_raw().T.tolist():
            lists[batch][neuron].append(cycle)
        return lists

    def set_data(self, data: Sequence[Sequence[Sequence[int]]] | Events) -> None:
        """Replace the spikes.

        :raises ShapeError: if the batch entries or neurons are others
        :raises ParameterError: if a cycle is no whole number of 0 or more
        """
        if isinstance(data, Events):
            self.events = data
            return
        sizes = self.batch_size, self.population_size
        flat = [
            (raw_lists.cycle("SpikeHandle", cycle), *divmod(index, sizes[1]))
            for index, column in enumerate(
                raw_lists.by_neuron("SpikeHandle", data, *sizes)
            )
            for cycle in raw_lists.listed("SpikeHandle", "spikes", column)
        ]
        self.events = Events(*np.array(sorted(flat), np.int64).reshape(-1, 3).T)

    def to_raw(self) -> Tensor:
        """Return cycle, batch entry and neuron of all spikes, in the order of time.

        :returns: int64, shape (3, spikes)
        """
        parts = (self.events.cycle, self.events.batch, self.events.neuron)
        order = np.lexsort(parts[::-1])
        return torch.as_tensor(
            np.stack([np.asarray(p, np.int64)[order] for p in parts])
        )

    def to_dense(self, runtime: float, dt: float) -> Tensor:
        """Return the spikes on the time grid; later ones are dropped.

        :param runtime: s
        :param dt: step width, s
        :returns: uint8, shape (time, batch, neurons), 0 or 1
        :raises ParameterError: if they are no times
        """
        shape = rows(runtime, dt), self.batch_size, self.population_size
        dense = torch.zeros(shape, dtype=torch.uint8)
        # Half a step rounds up, even where the division of two floats falls short.
        step = np.round(self.events.cycle * (CYCLE / dt), 6)
        row = np.floor(step + 0.5).astype(np.int64)
        kept = row < len(dense)
        index = (row[kept], self.events.batch[kept], self.events.neuron[kept])
        dense[tuple(torch.as_tensor(i) for i in index)] = 1
        return dense


class CADCHandle:
    """CADC samples of one population.

    :param data: pairs of cycle and value, raw − 128, by batch entry and neuron
    :param batch_size: number of batch entries
    :param population_size: number of neurons
    :raises ShapeError: if ``data`` are no lists for so many entries and neurons
    :raises ParameterError: if a value is not from −128 to 127, or a cycle no whole
        number of 0 or more

    >>> handle = CADCHandle([[[(0, -48), (250, -38)]]], batch_size=1, population_size=1)
    >>> handle.to_dense(3e-6, 1e-6).flatten().tolist()
    [-48.0, -43.0, -38.0, -38.0]
    >>> dense, dt = handle.to_dense(3e-6, "nn")
    >>> dense.shape, dt
    (torch.Size([3, 1, 1]), 2e-06)
    """

    # Neurons of one group are sampled at the same time. _values: (samples, batch,
    # neurons), _cycles: (samples, batch, groups), _counts: (batch, groups), _group:
    # (neurons,). Where there are fewer samples, the last one is repeated.
    _values: NDArray[np.int16]
    _cycles: Integers
    _counts: Integers
    _group: Integers

    def __init__(
        self,
        data: Sequence[Sequence[Sequence[Sample]]],
        batch_size: int,
        population_size: int,
    ) -> None:
        self.batch_size, self.population_size = batch_size, population_size
        self.set_data(data)

    @classmethod
    def of_arrays(
        cls,
        samples: NDArray[np.uint8],
        cycles: Integers,
        group: Integers,
        counts: Integers | None = None,
    ) -> Self:
        """Return what the chip recorded.

        :param samples: shape (samples, batch, neurons), raw 0…255
        :param cycles: shape (samples, batch, groups), FPGA cycles
        :param group: shape (neurons,), whose cycles are those of a neuron
        :param counts: shape (batch, groups), how many samples there are; None is all
        """
        handle = cls.__new__(cls)
        count, handle.batch_size, handle.population_size = samples.shape
        handle._values = samples.astype(np.int16) - CADC_SIGNED_OFFSET
        handle._cycles, handle._group = cycles, group
        full = np.full(cycles.shape[1:], count)
        handle._counts = full if counts is None else counts
        return handle

    def get_data(self) -> list[list[list[Sample]]]:
        """Return the pairs of cycle and value by batch entry and neuron."""
        return [
            [self._column(entry, neuron) for neuron in range(self.population_size)]
            for entry in range(self.batch_size)
        ]

    def _column(self, entry: int, neuron: int) -> list[Sample]:
        group = self._group[neuron]
        count = self._counts[entry, group]
        return _pairs(
            self._cycles[:count, entry, group], self._values[:count, entry, neuron]
        )

    def set_data(self, data: Sequence[Sequence[Sequence[Sample]]]) -> None:
        """Replace the samples.

        :raises ShapeError: if the batch entries or neurons are others
        :raises ParameterError: if a value is not from −128 to 127, or a cycle no whole
            number of 0 or more
        """
        limits = -CADC_SIGNED_OFFSET, CADC_SIGNED_OFFSET - 1
        shape = self.batch_size, self.population_size
        columns = raw_lists.by_neuron("CADCHandle", data, *shape)
        cycles, values, counts = raw_lists.padded(
            [raw_lists.samples("CADCHandle", column, *limits) for column in columns]
        )
        self._values = values.astype(np.int16).reshape(len(values), *shape)
        self._cycles = cycles.reshape(len(cycles), *shape)
        self._counts = counts.reshape(shape)
        self._group = np.arange(self.population_size)

    def to_raw(self) -> tuple[Tensor, Tensor]:
        """Return values and their cycles, as many as the neuron with fewest has.

        :returns: raw − 128 as int8, and cycles as int64; shapes (samples, batch,
            neurons)
        """
        values = self._values[: self._fewest()].astype(np.int8)
        cycles = self._cycles[: len(values), :, self._group]
        return torch.as_tensor(values), torch.as_tensor(cycles)

    def to_dense(
        self, runtime: float, dt: float | str | None = None, mode: str = "linear"
    ) -> Any:
        """Return the samples on the time grid.

        Before the first sample stands its value, after the last its value.

        :param runtime: s
        :param dt: step width, s; without it, the mean distance of the samples is taken
            and returned, too. ``mode`` may stand in its place
        :param mode: ``"linear"`` or ``"nn"``, the nearest sample
        :returns: float32, raw − 128, shape (time, batch, neurons); without ``dt`` a
            pair of it and the mean step, s
        :raises ModeError: if ``mode`` is another
        :raises ShapeError: if a neuron has no sample, or without ``dt`` only one
        :raises ParameterError: if runtime and step width are no times
        """
        if isinstance(dt, str):
            return self.to_dense(runtime, mode=dt)
        if mode not in INTERPOLATION_MODES:
            raise ModeError(
                "CADC samples",
                f"Mode '{mode}' is not supported yet.",
                "Supported modes are: 'linear', 'nn'.",
            )
        needed = 2 if dt is None else 1
        if self._fewest() < needed:
            raise ShapeError(
                "CADCHandle",
                f"a neuron has fewer than {needed} samples.",
                "Record longer." if needed == 1 else "Record longer, or give dt.",
            )
        step = self._mean_step() if dt is None else dt
        grid: NDArray[Any] = np.arange(rows(runtime, step)) * (step / CYCLE)
        dense = self._resampled(grid, mode)
        return (dense, step) if dt is None else dense

    def _fewest(self) -> int:
        counts = self._counts[:, self._group]
        return int(counts.min(initial=len(self._values)))

    def _mean_step(self) -> float:
        """Return the mean distance of two samples, s."""
        span = (self._cycles[-1] - self._cycles[0])[:, self._group]
        steps = (self._counts - 1)[:, self._group]
        return float(span.sum() / steps.sum() * CYCLE)

    def _resampled(self, grid: NDArray[np.float64], mode: str) -> Tensor:
        """Return the values at the times ``grid``, cycles."""
        values = self._values.astype(np.float32)
        dense = np.empty((len(grid), *values.shape[1:]), np.float32)
        for group in np.unique(self._group):
            mine = self._group == group
            for entry in range(self.batch_size):
                dense[:, entry, mine] = _resample(
                    self._cycles[:, entry, group], values[:, entry, mine], grid, mode
                )
        return torch.from_numpy(dense)


def _resample(
    times: Integers, values: NDArray[np.float32], grid: NDArray[np.float64], mode: str
) -> NDArray[np.float32]:
    """Return ``values`` (samples, neurons) at the times ``grid``."""
    after = np.clip(np.searchsorted(times, grid, "right"), 1, max(1, len(times) - 1))
    after = np.minimum(after, len(times) - 1)
    before = np.maximum(after - 1, 0)
    span = np.maximum(times[after] - times[before], 1)
    share = np.clip((grid - times[before]) / span, 0, 1).astype(np.float32)
    if mode == "nn":
        share = np.floor(share + 0.5)
    share = share[:, None]
    resampled: NDArray[np.float32] = (
        values[before] * (1 - share) + values[after] * share
    )
    return resampled


class MADCHandle:
    """MADC samples of one neuron.

    :param data: pairs of cycle and value 0…1023 by batch entry
    :param batch_size: number of batch entries
    :param population_size: kept: the MADC reads one neuron of the population
    :raises ShapeError: if ``data`` are no lists for so many batch entries
    :raises ParameterError: if a value is not from 0 to 1023, or a cycle no whole number
        of 0 or more

    >>> MADCHandle([[(4, 305)]], batch_size=1, population_size=3).to_raw().tolist()
    [[[4.0]], [[305.0]]]
    """

    # Shape (2, samples, batch), and (batch,): an entry with fewer repeats its last one.
    _samples: NDArray[np.float64] | Integers
    _counts: Integers

    def __init__(
        self, data: Sequence[Sequence[Sample]], batch_size: int, population_size: int
    ) -> None:
        self.batch_size, self.population_size = batch_size, population_size
        self.set_data(data)

    @classmethod
    def of_arrays(
        cls,
        samples: NDArray[np.float64],
        population_size: int,
        counts: Integers | None = None,
    ) -> Self:
        """Return what the chip recorded.

        :param samples: shape (2, samples, batch): FPGA cycle and raw value 0…1023
        :param counts: shape (batch,), how many samples there are; None is all
        """
        handle = cls.__new__(cls)
        handle.batch_size, handle.population_size = samples.shape[2], population_size
        handle._samples = samples
        full = np.full(samples.shape[2], samples.shape[1])
        handle._counts = full if counts is None else counts
        return handle

    def get_data(self) -> list[list[Sample]]:
        """Return the pairs of cycle and value by batch entry."""
        return [
            _pairs(*self._samples[:, :count, batch])
            for batch, count in enumerate(self._counts)
        ]

    def set_data(self, data: Sequence[Sequence[Sample]]) -> None:
        """Replace the samples.

        :raises ShapeError: if there are more or fewer batch entries
        :raises ParameterError: if a value is not from 0 to 1023, or a cycle no whole
            number of 0 or more
        """
        where = "MADCHandle"
        entries = raw_lists.listed(where, "batch entries", data, self.batch_size)
        cycles, values, self._counts = raw_lists.padded(
            [raw_lists.samples(where, entry, 0, MADC_MAX) for entry in entries]
        )
        self._samples = np.stack([cycles, values])

    def to_raw(self) -> Tensor:
        """Return cycles and values, as many as the batch entry with fewest has.

        :returns: float32, shape (2, samples, batch)
        """
        fewest = self._counts.min(initial=self._samples.shape[1])
        return torch.as_tensor(self._samples[:, :fewest], dtype=torch.float32)

    def to_dense(self, runtime: float, dt: float | None = None, mode: str = "") -> Any:
        """Raise: there are 34 ns between two samples, no time grid is as fine.

        :raises NotEmulatedError: always
        """
        raise NotEmulatedError(
            "MADCHandle.to_dense",
            "MADC samples are not put on the time grid.",
            "Use to_raw(): it gives cycles and values.",
        )


def _pairs(cycles: NDArray[Any], values: NDArray[Any]) -> list[Sample]:
    return [(int(c), int(v)) for c, v in zip(cycles, values, strict=True)]
