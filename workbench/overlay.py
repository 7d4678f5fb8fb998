"""A real recording laid over the run: its place, its scale, and what is left over.

A recorded time ``t`` is drawn at ``t + shift``, a value ``y`` at ``scale y + offset``
in the unit of the recording. `core.compare` says how far it is from the run.
"""

import math
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import param
from numpy.typing import NDArray

from core.compare import Pairs, align, coincidences, residual, rms
from core.simulate import PopulationResult, RunResult
from core.spec.network import LISpec
from core.spec.recordings import Recording
from core.spec.trace_table import TraceRecording
from core.units import us
from workbench.measured_file import Measured
from workbench.plots.traces import NAMES, Trace, signal_traces

#: A recorded spike belongs to one of the run if it is no further away, s.
WINDOW: Final = 2 * us
#: What a recording is compared with, the best first.
REFERENCES: Final = ("model", "cadc", "madc")


@dataclass(frozen=True)
class Residual:
    """How far the recorded trace is from one kind of trace of the run."""

    kind: str
    rms: float


class Overlay(param.Parameterized):
    """The recording that is open, at most one trace and the spikes; not saved.

    :ivar shift: of all its times, s
    :ivar scale: of its values, and ``offset``, in the unit of the recording
    """

    spikes: tuple[Recording, ...] = param.ClassSelector(class_=tuple, default=())
    traces: tuple[TraceRecording, ...] = param.ClassSelector(class_=tuple, default=())
    chosen: int = param.Integer(default=0, doc="Which of the traces is drawn.")
    names: tuple[str, ...] = param.ClassSelector(class_=tuple, default=())
    shift: float = param.Number(default=0.0)
    scale: float = param.Number(default=1.0)
    offset: float = param.Number(default=0.0)

    @property
    def is_open(self) -> bool:
        """Whether there is something to draw."""
        return bool(self.spikes or self.traces)

    @property
    def trace(self) -> TraceRecording | None:
        """The trace that is drawn."""
        return self.traces[self.chosen] if self.chosen < len(self.traces) else None

    def take(self, found: Measured) -> None:
        """Lay the content of a file over the run; it replaces what it has, too."""
        changes: dict[str, Any] = {}
        if found.spikes:
            changes["spikes"] = found.spikes
        if found.traces:
            changes |= {"traces": found.traces, "chosen": 0, "scale": 1.0}
            changes["offset"] = 0.0
        both = found.spikes and found.traces
        kept = () if both or not self.is_open else self.names[-1:]
        self.param.update(**changes, names=(*kept, found.name))

    def remove(self) -> None:
        """Take the recording away."""
        self.param.update(
            spikes=(),
            traces=(),
            chosen=0,
            names=(),
            shift=0.0,
            scale=1.0,
            offset=0.0,
        )

    # -- what is drawn -----------------------------------------------------------

    def drawn(self, population: LISpec, neuron: int, *, lsb: bool) -> Trace | None:
        """Return the trace over that of ``neuron``, in the unit of the plot."""
        trace = self.trace
        if trace is None:
            return None
        values = self.scale * trace.values + self.offset
        to_lsb = population.scale
        if trace.lsb and not lsb:
            values = (values - to_lsb.offset) / to_lsb.gain
        elif lsb and not trace.lsb:
            values = to_lsb.offset + to_lsb.gain * values
        return Trace("recorded", neuron, trace.time + self.shift, values)

    def spikes_of(self, found: PopulationResult, shown: str) -> Recording | None:
        """Return the recorded spikes of a population, in the time of the run.

        Spikes without a name are those of the population that is ``shown``.
        """
        for recording in self.spikes:
            if recording.name == found.name or (
                not recording.name and found.name == shown
            ):
                times = recording.times + self.shift
                kept = recording.neurons < found.size
                return replace(
                    recording, times=times[kept], neurons=recording.neurons[kept]
                )
        return None

    # -- what is left over -------------------------------------------------------

    def residuals(
        self, population: LISpec, found: PopulationResult, neuron: int, *, lsb: bool
    ) -> list[Residual]:
        """Return how far the trace is from each kind of the run, in its unit."""
        trace = self.drawn(population, neuron, lsb=lsb)
        if trace is None:
            return []
        left = [
            Residual(
                kind, rms(residual(trace.time, trace.values, run.time, run.values))
            )
            for kind, run in _references(population, found, neuron, lsb).items()
        ]
        return [one for one in left if math.isfinite(one.rms)]

    def pairs(self, result: RunResult, shown: str) -> dict[str, Pairs]:
        """Return which spikes coincide, by population."""
        found = {}
        for name, population in result.populations.items():
            recording = self.spikes_of(population, shown)
            if recording is not None and population.spikes is not None:
                found[name] = coincidences(
                    (recording.times, recording.neurons),
                    (population.spikes.time, population.spikes.neuron),
                    WINDOW,
                    result.duration,
                )
        return found

    def fit(self, population: LISpec, found: PopulationResult, neuron: int) -> bool:
        """Find shift, scale and offset of the trace; return whether there are any."""
        trace = self.trace
        if trace is None:
            return False
        for run in _references(population, found, neuron, trace.lsb).values():
            best = align(trace.time, trace.values, run.time, run.values)
            if best is not None:
                self.param.update(
                    shift=best.shift, scale=best.scale, offset=best.offset
                )
                return True
        return False


def _references(
    population: LISpec, found: PopulationResult, neuron: int, lsb: bool
) -> dict[str, Trace]:
    """Return the traces of the run that a recording is compared with."""
    signals = {"model": found.membrane, "cadc": found.cadc}
    traces = {
        kind: signal_traces(kind, signal, [neuron])
        for kind, signal in signals.items()
        if signal is not None and signal.values.size
    }
    if found.madc is not None and found.madc_neuron == neuron:
        traces["madc"] = [
            Trace("madc", neuron, found.madc.time, found.madc.values[:, 0])
        ]
    gain, offset = (population.scale.gain, population.scale.offset) if lsb else (1, 0)
    return {
        NAMES[kind]: replace(some[0], values=offset + gain * _plain(some[0].values))
        for kind, some in traces.items()
        if some
    }


def _plain(values: Any) -> NDArray[np.float64]:
    return np.asarray(values, float)
