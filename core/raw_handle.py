"""Raw recordings of a population as lists, and how they become tensors.

===============  ===================================================================
class            data; cycles are FPGA cycles of 8 ns
===============  ===================================================================
`SpikeHandle`    ``data[batch][neuron]`` lists the cycles of the spikes
`CADCHandle`     ``data[batch][neuron]`` lists pairs of cycle and value, raw − 128
`MADCHandle`     ``data[batch]`` lists pairs of cycle and value 0…1023 of the one
                 neuron that the MADC reads
===============  ===================================================================

`core.observables` holds the same as arrays, which is what a run of the chip gives, and
puts both on the time grid.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core import observables
from core.chip.results import Events
from core.errors import NotEmulatedError, ParameterError, ShapeError
from core.units import CADC_SIGNED_OFFSET, CYCLE, MADC_MAX

#: A cycle and a value.
Sample = tuple[int, int]


class SpikeHandle:
    """Spikes of one population.

    :param data: cycles by batch entry and neuron
    :param batch_size: number of batch entries
    :param population_size: number of neurons
    :raises ShapeError: if there are other numbers of them in ``data``

    >>> handle = SpikeHandle([[[], [250]]], batch_size=1, population_size=2)
    >>> handle.to_dense(3e-6, 1e-6)[:, 0]
    tensor([[0, 0],
            [0, 0],
            [0, 1],
            [0, 0]], dtype=torch.uint8)
    """

    def __init__(
        self,
        data: Sequence[Sequence[Sequence[int]]],
        batch_size: int,
        population_size: int,
    ) -> None:
        self.batch_size, self.population_size = batch_size, population_size
        self.set_data(data)

    def get_data(self) -> list[list[list[int]]]:
        """Return the cycles by batch entry and neuron."""
        return self._data

    def set_data(self, data: Sequence[Sequence[Sequence[int]]]) -> None:
        """Replace the spikes.

        :raises ShapeError: if the batch entries or neurons are others
        """
        _check_counts("SpikeHandle", data, self.batch_size, self.population_size)
        self._data = [[_cycles(neuron) for neuron in entry] for entry in data]

    @property
    def batch(self) -> int:
        """Number of batch entries, as `core.observables.SpikeHandle` calls it."""
        return self.batch_size

    @property
    def events(self) -> Events:
        """The spikes as arrays, in the order of their time."""
        return Events(*self.to_raw().numpy())

    def to_raw(self) -> Tensor:
        """Return cycle, batch entry and neuron of all spikes, in the order of time.

        :returns: int64, shape (3, spikes)
        """
        flat = [
            (cycle, batch, neuron)
            for batch, entry in enumerate(self._data)
            for neuron, cycles in enumerate(entry)
            for cycle in cycles
        ]
        return torch.tensor(sorted(flat), dtype=torch.int64).reshape(-1, 3).T

    def to_dense(self, runtime: float, dt: float) -> Tensor:
        """Return the spikes on the time grid; later ones are dropped.

        :param runtime: s
        :param dt: step width, s
        :returns: uint8, shape (time, batch, neurons), 0 or 1
        """
        sizes = self.batch_size, self.population_size
        return observables.SpikeHandle(self.events, *sizes).to_dense(runtime, dt).byte()


class CADCHandle:
    """CADC samples of one population.

    :param data: pairs of cycle and value, raw − 128, by batch entry and neuron
    :param batch_size: number of batch entries
    :param population_size: number of neurons
    :raises ShapeError: if there are other numbers of them in ``data``
    :raises ParameterError: if a value is not from −128 to 127

    >>> handle = CADCHandle([[[(0, -48), (250, -38)]]], batch_size=1, population_size=1)
    >>> handle.to_dense(3e-6, 1e-6).flatten().tolist()
    [-48.0, -43.0, -38.0, -38.0]
    >>> dense, dt = handle.to_dense(3e-6, "nn")
    >>> dense.shape, dt
    (torch.Size([3, 1, 1]), 2e-06)
    """

    def __init__(
        self,
        data: Sequence[Sequence[Sequence[Sample]]],
        batch_size: int,
        population_size: int,
    ) -> None:
        self.batch_size, self.population_size = batch_size, population_size
        self.set_data(data)

    def get_data(self) -> list[list[list[Sample]]]:
        """Return the pairs of cycle and value by batch entry and neuron."""
        return self._data

    def set_data(self, data: Sequence[Sequence[Sequence[Sample]]]) -> None:
        """Replace the samples.

        :raises ShapeError: if the batch entries or neurons are others
        :raises ParameterError: if a value is not from −128 to 127
        """
        where = "CADCHandle"
        _check_counts(where, data, self.batch_size, self.population_size)
        low, high = -CADC_SIGNED_OFFSET, CADC_SIGNED_OFFSET - 1
        self._data = [
            [_samples(where, neuron, low, high) for neuron in entry] for entry in data
        ]

    def to_raw(self) -> tuple[Tensor, Tensor]:
        """Return values and their cycles, as many as the neuron with fewest has.

        :returns: raw − 128 as int8, and cycles as int64; shapes (samples, batch,
            neurons)
        """
        columns = [neuron for entry in self._data for neuron in entry]
        count = min(map(len, columns), default=0)
        cut = [column[:count] for column in columns]
        values, cycles = self._measured(cut, count).to_raw()
        return values.reshape(self._shape(count)), cycles.reshape(self._shape(count))

    def to_dense(
        self, runtime: float, dt: float | str | None = None, mode: str = "linear"
    ) -> Any:
        """Return the samples on a time grid.

        :param runtime: s
        :param dt: step width, s; without it, the mean distance of the samples is taken
            and returned, too. ``mode`` may stand in its place
        :param mode: ``"linear"`` or ``"nn"``, the nearest sample
        :returns: float32, raw − 128, shape (time, batch, neurons); without ``dt`` a
            pair of it and the mean step, s
        :raises ModeError: if ``mode`` is another
        :raises ShapeError: if a neuron has no sample, or without ``dt`` only one
        """
        if isinstance(dt, str):
            return self.to_dense(runtime, mode=dt)
        columns = [neuron for entry in self._data for neuron in entry]
        needed = 2 if dt is None else 1
        if min(map(len, columns), default=0) < needed:
            raise ShapeError(
                "CADCHandle",
                f"a neuron has fewer than {needed} samples.",
                "Record longer." if needed == 1 else "Record longer, or give dt.",
            )
        step = _mean_step(columns) if dt is None else dt
        longest = max(map(len, columns))
        # A trace holds its last value, so repeating that changes nothing.
        full = [c + c[-1:] * (longest - len(c)) for c in columns]
        dense = self._measured(full, longest).to_dense(runtime, step, mode)
        dense = dense.reshape(self._shape(len(dense)))
        return (dense, step) if dt is None else dense

    def _measured(
        self, columns: list[list[Sample]], count: int
    ) -> observables.CADCHandle:
        """Return ``count`` samples of each neuron and entry as one batch entry."""
        shape = len(columns), count, 2
        pairs = np.array(columns, np.int64).reshape(shape).T  # (2, samples, column)
        raw = (pairs[1] + CADC_SIGNED_OFFSET).astype(np.uint8)[:, None]
        return observables.CADCHandle(raw, pairs[0])

    def _shape(self, count: int) -> tuple[int, int, int]:
        return count, self.batch_size, self.population_size


class MADCHandle:
    """MADC samples of one neuron.

    :param data: pairs of cycle and value 0…1023 by batch entry
    :param batch_size: number of batch entries
    :param population_size: kept: the MADC reads one neuron of the population
    :raises ShapeError: if there are more or fewer batch entries in ``data``
    :raises ParameterError: if a value is not from 0 to 1023

    >>> MADCHandle([[(4, 305)]], batch_size=1, population_size=3).to_raw().tolist()
    [[[4.0]], [[305.0]]]
    """

    def __init__(
        self, data: Sequence[Sequence[Sample]], batch_size: int, population_size: int
    ) -> None:
        self.batch_size, self.population_size = batch_size, population_size
        self.set_data(data)

    def get_data(self) -> list[list[Sample]]:
        """Return the pairs of cycle and value by batch entry."""
        return self._data

    def set_data(self, data: Sequence[Sequence[Sample]]) -> None:
        """Replace the samples.

        :raises ShapeError: if there are more or fewer batch entries
        :raises ParameterError: if a value is not from 0 to 1023
        """
        _check_count("MADCHandle", "batch entries", len(data), self.batch_size)
        self._data = [_samples("MADCHandle", e, 0, MADC_MAX) for e in data]

    def to_raw(self) -> Tensor:
        """Return cycles and values, as many as the batch entry with fewest has.

        :returns: float32, shape (2, samples, batch)
        """
        count = min(map(len, self._data), default=0)
        pairs = np.array([entry[:count] for entry in self._data], np.float64)
        shaped = pairs.reshape(len(self._data), count, 2).transpose(2, 1, 0)
        return observables.MADCHandle(shaped).to_raw()

    def to_dense(self, runtime: float, dt: float | None = None, mode: str = "") -> Any:
        """Raise: there are 34 ns between two samples, no time grid is as fine.

        :raises NotEmulatedError: always
        """
        raise NotEmulatedError(
            "MADCHandle.to_dense",
            "MADC samples are not put on the time grid.",
            "Use to_raw(): it gives cycles and values.",
        )


def _cycles(cycles: Sequence[int]) -> list[int]:
    return [int(cycle) for cycle in cycles]


def _samples(where: str, samples: Sequence[Any], low: int, high: int) -> list[Sample]:
    """Return pairs of cycle and value.

    :raises ParameterError: if a value is out of range
    """
    pairs = [(int(cycle), int(value)) for cycle, value in samples]
    wrong = [value for _, value in pairs if not low <= value <= high]
    if wrong:
        raise ParameterError(
            where, f"a value is {wrong[0]}.", f"Give values from {low} to {high}."
        )
    return pairs


def _check_counts(where: str, data: Any, batches: int, neurons: int) -> None:
    _check_count(where, "batch entries", len(data), batches)
    for entry in data:
        _check_count(where, "neurons", len(entry), neurons)


def _check_count(where: str, what: str, found: int, wanted: int) -> None:
    if found != wanted:
        raise ShapeError(
            where,
            f"the data have {found} {what} instead of {wanted}.",
            "Give a list for each of them; it may be empty.",
        )


def _mean_step(columns: list[list[Sample]]) -> float:
    """Return the mean distance of samples, s."""
    spans = sum(column[-1][0] - column[0][0] for column in columns)
    return spans / sum(len(column) - 1 for column in columns) * CYCLE
