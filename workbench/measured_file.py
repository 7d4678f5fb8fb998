"""Files of real recordings: spikes, potentials, or both, to be laid over a run.

CSV and NPZ hold one table (`core.spec.spike_table`, `core.spec.trace_table`), NIRData
both. Read by the child of `workbench.reader`, checked here.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.errors import ConversionError, Problem
from core.spec.recordings import Recording, checked
from core.spec.spike_table import read_npz
from core.spec.trace_table import TraceRecording, checked_traces
from workbench.read_upload import MEASURED
from workbench.reader import DAMAGED, READER, Answer, problems_of
from workbench.uploads import MAX_BYTES, recordings_of

#: What such files are called.
KINDS: Final = (".csv", ".npz", ".nir")


@dataclass(frozen=True)
class Measured:
    """What a file holds.

    :param name: of the file
    :param spikes: by population
    :param traces: potentials
    :param notes: what was changed on reading
    """

    name: str
    spikes: tuple[Recording, ...] = ()
    traces: tuple[TraceRecording, ...] = ()
    notes: tuple[Problem, ...] = ()


def read_measured(name: str, raw: bytes, of_network: float | None = None) -> Measured:
    """Return the recordings in the file ``name`` with the content ``raw``.

    :param of_network: the time factor of the open network, which NIRData is read with
    :raises ConversionError: if it holds none; lists all reasons
    """
    kind = Path(name).suffix.lower()
    if kind not in KINDS:
        what = "this kind of file holds no recording."
        raise ConversionError(name, what, f"Open one of {', '.join(KINDS)}.")
    if len(raw) > MAX_BYTES:
        what = f"it has {len(raw) / 1e6:.0f} MB, {MAX_BYTES / 1e6:.0f} are allowed."
        raise ConversionError(name, what, "Save less of it.")
    if sys.platform == "win32":
        what = "on Windows the files of others cannot be read safely."
        raise ConversionError(name, what, "Run HX Workbench on Linux or macOS.")
    try:
        return _believed(name, READER.ask(MEASURED + kind, raw, of_network=of_network))
    except ConversionError as error:
        raise ConversionError.of(
            Problem(f"{name}, {problem.where}", problem.what, problem.fix)
            for problem in error.problems
        ) from None


def _believed(name: str, answer: Answer) -> Measured:
    """Return what the child has read, if it is what it should be."""
    head = answer.head
    try:
        if "problems" in head:
            raise ConversionError.of(problems_of(head["problems"]))
        arrays = read_npz(answer.arrays)
        spikes = checked(recordings_of(head, arrays)) if head["recordings"] else ()
        traces = checked_traces(_traces(head["traces"], arrays))
        return Measured(name, spikes, traces, problems_of(head["notes"]))
    except (AttributeError, IndexError, KeyError, TypeError, OverflowError):
        what = "reading it failed: it is damaged."
        raise ConversionError("file", what, DAMAGED) from None


def _traces(entries: Any, arrays: Any) -> list[TraceRecording]:
    times, values = arrays["trace_times"], arrays["trace_values"]
    if {times.dtype.str, values.dtype.str} != {"<f8"}:
        raise TypeError(times.dtype)
    found, start = [], 0
    for entry in entries:
        part = slice(start, start + int(entry["count"]))
        start = part.stop
        found.append(
            TraceRecording(
                str(entry["name"]),
                int(entry["neuron"]),
                entry["lsb"] is True,
                times[part],
                values[part],
            )
        )
    return found
