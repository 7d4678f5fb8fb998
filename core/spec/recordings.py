"""Recorded spikes of populations, as values; and what they are as stimuli.

A `Recording` is a list of events: spike k is one of neuron ``neurons[k]`` at
``times[k]`` seconds. Their files are read and written by `core.spec.spike_table` (CSV,
NPZ) and `core.spec.nir_recordings` (NIRData).
"""

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import ConversionError, Problem
from core.spec.experiment import ExperimentSpec, RunSpec
from core.spec.network import InputSpec
from core.spec.stimulus import SpikeTimes
from core.units import format_quantity

#: Larger files are refused: a document is hashed at each edit, spike by spike.
MAX_SPIKES: Final = 100_000
MAX_NEURONS: Final = 100_000
MAX_POPULATIONS: Final = 1_000


@dataclass(frozen=True, eq=False)
class Recording:
    """Spikes of one population.

    :param name: of the population; may be empty
    :param size: number of neurons
    :param duration: how long was recorded, s
    :param times: of the spikes, shape (spikes,), s
    :param neurons: which neuron each is of, shape (spikes,)
    """

    name: str
    size: int
    duration: float
    times: NDArray[np.float64]
    neurons: NDArray[np.int64]

    def trains(self, size: int) -> tuple[tuple[float, ...], ...]:
        """Return the times of each of ``size`` neurons, s, in order."""
        order = np.lexsort((self.times, self.neurons))
        ends = np.searchsorted(self.neurons[order], np.arange(size + 1))
        times = self.times[order].tolist()
        return tuple(tuple(times[start:end]) for start, end in itertools.pairwise(ends))


def file_names(names: Iterable[str]) -> dict[str, str]:
    """Return a name for each of ``names`` that a node in a file can have."""
    taken: dict[str, str] = {}
    for name in names:
        safe = re.sub(r"[/\x00]", "_", name)
        safe = base = "_" if safe in ("", ".", "..") else safe
        count = 1
        while safe in taken:
            count += 1
            safe = f"{base}_{count}"
        taken[safe] = name
    return {name: safe for safe, name in taken.items()}


def checked(recordings: Sequence[Recording]) -> tuple[Recording, ...]:
    """Return ``recordings`` if each is one.

    :raises ConversionError: lists all problems
    """
    if len(recordings) > MAX_POPULATIONS:
        what = f"it holds {len(recordings)} populations, {MAX_POPULATIONS} are allowed."
        raise ConversionError("recording", what, "Record fewer.")
    count = sum(len(recording.times) for recording in recordings)
    if count > MAX_SPIKES:
        what = f"it holds {count} spikes, {MAX_SPIKES} are allowed."
        raise ConversionError("recording", what, "Record fewer neurons or less time.")
    problems = [problem for r in recordings for problem in _problems(r)]
    if problems:
        raise ConversionError.of(problems)
    return tuple(recordings)


def _problems(recording: Recording) -> list[Problem]:
    where = f"spikes of '{recording.name}'" if recording.name else "spikes"
    times, neurons = recording.times, recording.neurons
    problems = []
    if not np.isfinite(recording.duration) or recording.duration < 0:
        what = f"they last {recording.duration:g} s."
        problems.append(Problem(where, what, "Write how long was recorded."))
    if not 0 <= recording.size <= MAX_NEURONS:
        what = f"they have {recording.size} neurons, {MAX_NEURONS} are allowed."
        problems.append(Problem(where, what, "Record fewer neurons."))
    if times.shape != neurons.shape or times.ndim != 1:
        what = f"there are {times.size} times and {neurons.size} neurons."
        problems.append(Problem(where, what, "Write one neuron for each time."))
        return problems
    if not (np.isfinite(times) & (times >= 0)).all():
        what = "some times are negative or no numbers."
        problems.append(Problem(where, what, "Count from the start of the run."))
    outside = (neurons < 0) | (neurons >= recording.size)
    if outside.any():
        what = f"a spike is of neuron {neurons[outside][0]}."
        fix = f"Neurons are 0 to {recording.size - 1}."
        problems.append(Problem(where, what, fix))
    return problems


def as_stimuli(
    spec: ExperimentSpec, recordings: Sequence[Recording]
) -> tuple[ExperimentSpec, tuple[Problem, ...]]:
    """Return ``spec`` with its inputs driven by ``recordings``, and notes.

    A recording drives the input of its name. If no name fits, and there are one
    recording and one input, it drives that. The run becomes as long as what it sends.

    :raises ConversionError: if nothing fits; lists all reasons
    """
    inputs = {p.name: p for p in spec.network.populations if isinstance(p, InputSpec)}
    in_files = file_names(p.name for p in spec.network.populations)
    by_name = {r.name: r for r in recordings}
    found = {name: by_name.get(name, by_name.get(in_files[name])) for name in inputs}
    chosen = {name: r for name, r in found.items() if r is not None}
    if not chosen and len(recordings) == len(inputs) == 1:
        chosen = {next(iter(inputs)): recordings[0]}
    if not chosen:
        raise ConversionError(
            "recording",
            f"it holds spikes of {_listed(r.name for r in recordings)}; the document"
            f" has the inputs {_listed(inputs)}.",
            "Give an input the name of the recorded population.",
        )
    _refuse_small(inputs, chosen)
    driven = {
        name: SpikeTimes(population=name, times=recording.trains(inputs[name].size))
        for name, recording in chosen.items()
    }
    stimuli = [s for s in spec.stimuli if s.population not in driven]
    run, notes = _long_enough(spec.run, max(r.duration for r in chosen.values()))
    left = [r for r in recordings if all(r is not c for c in chosen.values())]
    if left:
        what = f"the spikes of {_listed(r.name for r in left)} are of no input."
        notes.append(Problem("recording", what, "They are left out.", "note"))
    for name in driven:
        what = f"it sends the {len(chosen[name].times)} spikes of the file."
        notes.append(Problem(f"input '{name}'", what, severity="note", subject=name))
    changed = spec.replace(stimuli=(*stimuli, *driven.values()), run=run)
    return changed, tuple(notes)


def _refuse_small(inputs: dict[str, InputSpec], chosen: dict[str, Recording]) -> None:
    problems = [
        Problem(
            f"input '{name}'",
            f"it has {inputs[name].size} channels, the recording spikes of neuron"
            f" {recording.neurons.max()}.",
            f"Set its size to {recording.size}.",
            subject=name,
            parameter="size",
        )
        for name, recording in chosen.items()
        if recording.neurons.size and recording.neurons.max() >= inputs[name].size
    ]
    if problems:
        raise ConversionError.of(problems)


def _long_enough(run: RunSpec, duration: float) -> tuple[RunSpec, list[Problem]]:
    """Return ``run``, as long as ``duration`` if it was shorter, and notes."""
    longest = RunSpec.info("runtime").high or duration
    if duration <= run.runtime * (1 + 1e-9):
        return run, []
    runtime = min(duration, longest)
    what = f"it lasts {format_quantity(runtime, 's')} now, as long as the recording."
    if runtime < duration:
        what = (
            f"the recording lasts {format_quantity(duration, 's')}, a run at most"
            f" {format_quantity(longest, 's')}: later spikes are not sent."
        )
    return run.replace(runtime=runtime), [Problem("run", what, severity="note")]


def _listed(names: Any) -> str:
    shown = [f"'{name}'" for name in names]
    if len(shown) > 8:
        shown = [*shown[:8], f"{len(shown) - 8} more"]
    return ", ".join(shown) or "nothing"
