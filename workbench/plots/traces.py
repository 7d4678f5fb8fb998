"""Which lines a membrane plot shows: kinds of traces, neurons, units, shades.

Four views of one potential: the ideal *model*; the *true* membrane of the emulated
chip, which no experiment on silicon can show; the *CADC* and the *MADC* that read it.
The *ghost* is an earlier run, in grey; *recorded* is a real recording laid over it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.simulate import PopulationResult, Signal
from core.spec.network import LIFSpec, LISpec, Value

#: Kinds of traces in the order they are drawn, the last on top.
KINDS: Final = ("ghost", "true", "madc", "model", "cadc", "recorded")
#: The kinds in words.
NAMES: Final = {
    "ghost": "previous run",
    "true": "true",
    "madc": "MADC",
    "model": "model",
    "cadc": "CADC",
    "recorded": "recording",
}
#: More neurons than this cannot be told apart.
MOST_NEURONS: Final = 8


@dataclass(frozen=True)
class Trace:
    """One line: time in s, shape (samples,), and values, same shape."""

    kind: str
    neuron: int
    time: NDArray[Any]
    values: NDArray[Any]


@dataclass(frozen=True)
class Difference:
    """What lies between the CADC samples of one neuron and what was expected.

    :param expected: kind of the trace that says so: ``model``, or ``true`` without one
    :param time: of the samples, s
    :param low: the expected trace at these times, same shape
    :param high: the samples, same shape
    """

    expected: str
    neuron: int
    time: NDArray[Any]
    low: NDArray[Any]
    high: NDArray[Any]


@dataclass(frozen=True)
class Membrane:
    """What the membrane plot shows.

    :param traces: of all neurons and kinds
    :param neurons: those shown, the leading one first
    :param levels: by name: ``leak``, ``reset``, ``threshold``, in the unit of the plot
    :param spikes: spike times of the leading neuron, s
    :param unit: of the potentials, in words
    :param difference: to be shaded, of the leading neuron
    """

    traces: tuple[Trace, ...] = ()
    neurons: tuple[int, ...] = (0,)
    levels: dict[str, float] = field(default_factory=dict)
    spikes: NDArray[Any] = field(default_factory=lambda: np.zeros(0))
    unit: str = "model units"
    difference: Difference | None = None

    def of(self, kind: str) -> list[Trace]:
        """Return the traces of one kind."""
        return [trace for trace in self.traces if trace.kind == kind]


def membrane_of(
    population: LISpec,
    found: PopulationResult,
    earlier: PopulationResult | None,
    neurons: Sequence[int],
    *,
    hidden: Sequence[str] = (),
    lsb: bool = False,
    recorded: Trace | None = None,
    difference: bool = False,
) -> Membrane:
    """Return the traces and levels of some neurons of a population.

    :param found: what the population did
    :param earlier: what it did in the run that is drawn in grey
    :param neurons: indices, the leading one first
    :param hidden: kinds that are not to be drawn
    :param lsb: potentials in CADC LSB instead of model units
    :param recorded: a recording to draw over them, in the unit of the plot
    :param difference: shade what lies between the samples and what was expected
    """

    def of_kind(kind: str, neurons: Sequence[int]) -> list[Trace]:
        traces = _of_kind(kind, found, earlier, neurons)
        if not lsb:
            return traces
        to_lsb = population.scale
        return [
            Trace(t.kind, t.neuron, t.time, to_lsb.offset + to_lsb.gain * t.values)
            for t in traces
        ]

    kinds = [kind for kind in KINDS if kind not in (*hidden, "recorded")]
    traces = [t for kind in kinds for t in of_kind(kind, neurons)]
    shaded = None
    if difference:
        parts = [of_kind(kind, neurons[:1]) for kind in ("model", "true", "cadc")]
        shaded = _difference(parts[0] or parts[1], parts[2])
    if recorded is not None and "recorded" not in hidden:
        traces.append(recorded)
    spikes = np.zeros(0)
    if found.spikes is not None and len(neurons):
        spikes = found.spikes.time[found.spikes.neuron == neurons[0]]
    return Membrane(
        tuple(traces),
        tuple(neurons),
        levels(population, neurons[0] if len(neurons) else 0, lsb=lsb),
        spikes,
        "CADC LSB" if lsb else "model units",
        shaded,
    )


def _difference(expected: list[Trace], samples: list[Trace]) -> Difference | None:
    """Return what lies between two traces of one neuron, None if one is missing."""
    if not expected or not samples:
        return None
    wanted, found = expected[0], samples[0]
    low = np.interp(found.time, wanted.time, wanted.values)
    return Difference(wanted.kind, found.neuron, found.time, low, found.values)


def adaptation_of(
    found: PopulationResult,
    earlier: PopulationResult | None,
    neurons: Sequence[int],
    hidden: Sequence[str] = (),
) -> Membrane | None:
    """Return the adaptation currents of some neurons; None if they do not adapt."""
    traces: list[Trace] = []
    if earlier is not None and earlier.adaptation is not None:
        traces += signal_traces("ghost", earlier.adaptation, neurons[:1])
    if found.adaptation_madc is not None and found.madc_neuron is not None:
        read = found.adaptation_madc
        traces.append(Trace("madc", found.madc_neuron, read.time, read.values[:, 0]))
    if found.adaptation is not None:
        traces += signal_traces("model", found.adaptation, neurons)
    if all(trace.kind == "ghost" for trace in traces):
        return None
    shown = [t for t in traces if t.kind not in hidden and t.neuron in neurons]
    return Membrane(tuple(shown), tuple(neurons))


def levels(population: LISpec, neuron: int, *, lsb: bool) -> dict[str, float]:
    """Return where the potentials that were set lie, by name."""

    def at(value: Value) -> float:
        number = population.scale.lsb(value) if lsb else value.model
        return float(np.broadcast_to(number, (population.size,))[neuron])

    found = {"leak": at(population.leak)}
    if isinstance(population, LIFSpec):
        found |= {"reset": at(population.reset), "threshold": at(population.threshold)}
    return found


def _of_kind(
    kind: str,
    found: PopulationResult,
    earlier: PopulationResult | None,
    neurons: Sequence[int],
) -> list[Trace]:
    if kind == "ghost":
        if earlier is None:
            return []
        for one in ("model", "cadc", "madc"):
            traces = _of_kind(one, earlier, None, neurons[:1])
            if traces:
                return [Trace(kind, t.neuron, t.time, t.values) for t in traces]
        return []
    if kind == "madc":
        read, neuron = found.madc, found.madc_neuron
        if read is None or neuron is None or neuron not in neurons:
            return []
        return [Trace(kind, neuron, read.time, read.values[:, 0])]
    signal = {"model": found.membrane, "true": found.true, "cadc": found.cadc}[kind]
    return [] if signal is None else signal_traces(kind, signal, neurons)


def signal_traces(kind: str, signal: Signal, neurons: Sequence[int]) -> list[Trace]:
    """Return one trace for each of ``neurons`` that the signal has."""
    known = [n for n in neurons if n < signal.values.shape[1]]
    time = signal.time
    return [
        Trace(kind, n, time if time.ndim == 1 else time[:, n], signal.values[:, n])
        for n in known
    ]


def parse_indices(text: str, size: int) -> tuple[int, ...]:
    """Return the neurons that a person typed: ``"0, 3-5"`` is 0, 3, 4, 5.

    :raises ValueError: if it is no list of indices, with the reason in words
    """
    found: list[int] = []
    for part in filter(None, re.split(r"[,;\s]+", text.replace("–", "-"))):
        match = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", part)
        if match is None:
            raise ValueError(f"'{part}' is no index: write for example 0, 3-5.")
        first, last = int(match[1]), int(match[2] or match[1])
        if max(first, last) >= size:
            raise ValueError(f"'{part}' is too large: neurons are 0 to {size - 1}.")
        step = 1 if last >= first else -1
        found += [n for n in range(first, last + step, step) if n not in found]
    if not found:
        raise ValueError("Write at least one index, for example 0, 3-5.")
    return tuple(found[:MOST_NEURONS])


def format_indices(neurons: Sequence[int]) -> str:
    """Return what `parse_indices` reads: runs of three or more are written as 3-5."""
    runs: list[list[int]] = []
    for n in neurons:
        if runs and n == runs[-1][-1] + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    return ", ".join(
        f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run))
        for run in runs
    )


def shade(color: str, place: int, dark: bool) -> str:
    """Return the colour of the trace number ``place``: lighter and darker in turn."""
    towards = (255, 255, 255) if (place % 2 == 1) != dark else (0, 0, 0)
    share = 0.0 if place == 0 else 0.22 + 0.11 * ((place - 1) // 2)
    rgb = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    mixed = (round(c + share * (t - c)) for c, t in zip(rgb, towards, strict=True))
    return "#" + "".join(f"{c:02x}" for c in mixed)
