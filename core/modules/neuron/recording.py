"""From recorded traces to traces in model units."""

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import torch
from torch import Tensor

from core.errors import ParameterError, RecordingError
from core.handle import DataHandle, Handle
from core.observables import AnalogObservable, HardwareObservables, ReadoutSource


@dataclass(frozen=True)
class TraceScale:
    """How a CADC trace, raw − 128, becomes a trace in model units.

    ``v = (trace - offset) * scale``, after a shift in time.

    :param offset: scalar or shape (neurons,), LSB
    :param scale: scalar or shape (neurons,), model units per LSB
    :param time_shift: steps; positive moves the trace to earlier times
    :param to_first: subtract the first value of each trace instead of the offset
    """

    offset: Any = 0.0
    scale: Any = 1.0
    time_shift: int = 0
    to_first: bool = False

    def apply(self, trace: Tensor) -> Tensor:
        """Return ``trace``, shape (time, batch, neurons), in model units."""
        if self.time_shift != int(self.time_shift):
            raise ParameterError(
                "CADC traces",
                f"cadc_time_shift is {self.time_shift!r}.",
                "Give a whole number of time steps.",
            )
        row = torch.arange(len(trace)) + int(self.time_shift)
        trace = trace[row.clamp(0, len(trace) - 1)]
        offset = trace[0] if self.to_first else self.offset
        scaled: Tensor = (trace - offset) * self.scale
        return scaled


def observe(
    hw_data: HardwareObservables,
    runtime: float,
    dt: float,
    *,
    spikes: bool,
    cadc: bool,
    scale: TraceScale,
    interpolation_mode: str,
    cadc_source: ReadoutSource = ReadoutSource.VOLTAGE,
    madc_source: ReadoutSource = ReadoutSource.VOLTAGE,
) -> DataHandle:
    """Return what was recorded as tensors.

    :param runtime: s
    :param dt: step width, s
    :param spikes: whether spikes are recorded
    :param cadc: whether this population is recorded with the CADC
    :param cadc_source: what the CADC read; it decides what its trace is of
    :param madc_source: what the MADC read
    :returns: handle with ``voltage``, ``adaptation`` and ``spikes``; what was read of a
        synaptic line is in neither, only in ``hw_data``
    """
    trace = None
    if cadc and hw_data.cadc is not None:
        trace = scale.apply(hw_data.cadc.to_dense(runtime, dt, interpolation_mode))
    dense = None
    if spikes and hw_data.spikes is not None:
        dense = hw_data.spikes.to_dense(runtime, dt).float()
    madc = None if hw_data.madc is None else hw_data.madc.to_raw()
    analog = {
        source: AnalogObservable(
            trace if cadc_source is source else None,
            madc if madc_source is source else None,
        )
        for source in (ReadoutSource.VOLTAGE, ReadoutSource.ADAPTATION)
    }
    return Handle(
        voltage=analog[ReadoutSource.VOLTAGE],
        adaptation=analog[ReadoutSource.ADAPTATION],
        spikes=dense,
    )


def madc_neuron(where: str, size: int, neuron: Any, taken: bool) -> int:
    """Return the neuron that the MADC reads.

    :param taken: whether the MADC reads another population
    :raises RecordingError: if it does
    :raises ParameterError: if there is no such neuron
    """
    if taken:
        raise RecordingError(
            where,
            "Another HXModule already registered MADC recording.",
            "The chip has one MADC: enable it for one population only.",
        )
    if not isinstance(neuron, Integral) or not 0 <= int(neuron) < size:
        raise ParameterError(
            where,
            f"the MADC cannot read neuron {neuron}, there are {size} neurons.",
            f"Give record_neuron_id from 0 to {size - 1}.",
        )
    return int(neuron)


def check_sources(where: str, *sources: Any) -> None:
    """Raise if an ADC is to read something that is no line of a neuron.

    :raises ParameterError: then
    """
    for source in sources:
        if not isinstance(source, ReadoutSource):
            raise ParameterError(
                where,
                f"its readout source is {source!r}.",
                f"Give one of {', '.join(map(str, ReadoutSource))}.",
            )
