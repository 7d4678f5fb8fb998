"""The process that reads uploads: it is told a file, and forks a child to read it.

Run by `workbench.reader`. The process itself looks into no file. Its child limits its
own memory, time and output, closes its input, gives up the right to open any file or
start any process, and only then looks; so nothing that one file does reaches the next.

A request is one line of JSON, ``{"kind", "length", "time_factor", "of_network"}``, and
the file. An answer is one line, ``{"length", "signal", "code", "memory", "seconds"}``,
and what the child has written: one line of JSON and, for recordings, an NPZ file with
their arrays.
"""

import gc
import json
import os
import signal
import sys
import tempfile
from contextlib import suppress
from typing import Any, BinaryIO

import numpy as np

from core.errors import ConversionError, Problem
from core.spec.json_data import to_data
from core.spec.json_io import from_json, to_json
from core.spec.network import InputSpec, NetworkSpec
from core.spec.nir.report import HEADINGS
from core.spec.nir_io import from_nir, read_nir_bytes, to_nir, write_nir_bytes
from core.spec.nir_membranes import membranes
from core.spec.nir_recordings import (
    WHOLE,
    from_graph_data,
    read_nir_data_bytes,
    to_graph_data,
    write_nir_data_bytes,
)
from core.spec.recordings import Recording
from core.spec.spike_table import from_csv, from_npz, read_npz, to_npz, write_npz
from core.spec.trace_table import (
    TraceRecording,
    head_of,
    holds_traces,
    traces_from_csv,
    traces_from_npz,
)
from workbench.hdf5_check import MAGIC, check_hdf5
from workbench.reader import CPU_SECONDS, MEMORY, OUTPUT, WALL_SECONDS, as_answer
from workbench.uploads import decoded

#: The kind of the files of `workbench.training_file`, and how many arrays one may hold.
TRAINING = ".training.npz"
#: Begins the kind of a file of recordings that are laid over a run: ``.measured.csv``.
MEASURED = ".measured"
MAX_ENTRIES = 1_000


def main() -> None:
    """Answer requests until there are no more."""
    load_all()
    gc.freeze()  # the memory of this process stays shared with its children
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(b"ready\n")
    answers.flush()
    while line := requests.readline():
        request = json.loads(line)
        raw = requests.read(request["length"])
        with tempfile.TemporaryFile() as output:
            ended = in_child(request, raw, output)
            length = output.seek(0, os.SEEK_END)
            output.seek(0)
            head = json.dumps({"length": length, **ended})
            answers.write(head.encode() + b"\n" + output.read(length))
        answers.flush()


def in_child(request: dict[str, Any], raw: bytes, output: BinaryIO) -> dict[str, Any]:
    """Let a child read the file and write to ``output``; return how it ended."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(sys.stdin.fileno())
            os.close(sys.stdout.fileno())
            limit()
            output.write(answer(request, raw))
            output.flush()
            code = 0
        finally:
            os._exit(code)
    _, status, usage = os.wait4(child, 0)
    ended = os.WIFSIGNALED(status)
    return {
        "signal": os.WTERMSIG(status) if ended else 0,
        "code": 0 if ended else os.WEXITSTATUS(status),
        "memory": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "seconds": usage.ru_utime + usage.ru_stime,
    }


def load_all() -> None:
    """Read files of our own, so that no module remains to be loaded."""
    nothing = np.zeros(1), np.zeros(1, int)
    recordings = (Recording("a", 1, 1e-6, *nothing),)
    read(".nir", write_nir_bytes(to_nir(NetworkSpec((InputSpec(name="a"),)))), None)
    read(".nir", write_nir_data_bytes(to_graph_data(recordings)), None)
    read(".npz", to_npz(recordings), None)
    read(".csv", b"time_s,neuron\n0,0\n", None)
    read(MEASURED + ".csv", b"time_s,value\n0,0\n", None)
    for kind, raw in ((".nir", MAGIC), (".json", b"{}"), (".npz", b"PK")):
        with suppress(ConversionError):
            read(kind, raw, None)


def limit() -> None:
    """Limit this process, for good."""
    import resource  # not on Windows, where nothing is read here

    def at_most(name: int, amount: int) -> None:
        with suppress(ValueError, OSError):  # macOS refuses some limits
            resource.setrlimit(name, (amount, amount))

    at_most(resource.RLIMIT_AS, MEMORY)
    at_most(resource.RLIMIT_CPU, CPU_SECONDS)
    at_most(resource.RLIMIT_FSIZE, OUTPUT)
    at_most(resource.RLIMIT_CORE, 0)
    # No file can be opened and no process started: what is open remains so.
    at_most(resource.RLIMIT_NOFILE, 0)
    at_most(resource.RLIMIT_NPROC, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends us even inside of HDF5
    signal.setitimer(signal.ITIMER_REAL, WALL_SECONDS)


def answer(request: dict[str, Any], raw: bytes) -> bytes:
    """Return what the file holds, or why it cannot be read."""
    try:
        factors = request["time_factor"], request["of_network"]
        head, arrays = read(request["kind"], raw, *factors)
    except ConversionError as error:
        head, arrays = {"problems": as_answer(error.problems)}, b""
    except MemoryError:
        what = f"reading it needs more than {MEMORY / 2**30:g} GB of memory."
        problem = Problem("file", what, "Save a smaller network.")
        head, arrays = {"problems": as_answer((problem,))}, b""
    return json.dumps(head).encode() + b"\n" + arrays


def read(
    kind: str,
    raw: bytes,
    time_factor: float | None = None,
    of_network: float | None = None,
) -> tuple[dict[str, Any], bytes]:
    """Return what the file holds, in our words, and its arrays.

    :param time_factor: file number × this = seconds on the chip
    :param of_network: the factor of the open network, for recordings
    :raises ConversionError: if it cannot be read
    """
    if kind == ".json":
        return {"document": to_json(from_json(decoded(raw)))}, b""
    if kind == TRAINING:
        return {}, write_npz(**read_npz(raw, most=MAX_ENTRIES))
    if kind.startswith(MEASURED):
        return measured(kind.removeprefix(MEASURED), raw, of_network)
    if kind == ".csv":
        return packed(from_csv(decoded(raw)))
    if kind == ".npz":
        return packed(from_npz(raw))
    if check_hdf5(raw) == "NIRGraphData":
        data = read_nir_data_bytes(raw)
        recordings, notes, factor = from_graph_data(
            data, time_factor, of_network=of_network
        )
        return packed(recordings, notes, factor)
    found = from_nir(read_nir_bytes(raw), time_factor)
    head = {
        "network": to_data(found.network),
        "notes": as_answer(found.notes),
        "report": {n: as_answer(getattr(found.report, n)) for n in HEADINGS},
        "time_factor": found.time_factor,
        "fitting_factor": found.report.fitting_factor,
        "dt": found.dt,
        "loops": found.loops,
        "stimuli": [to_data(stimulus) for stimulus in found.stimuli],
    }
    return head, b""


def measured(
    kind: str, raw: bytes, of_network: float | None
) -> tuple[dict[str, Any], bytes]:
    """Return spikes and potentials of a file that is laid over a run."""
    recordings: tuple[Recording, ...] = ()
    traces: tuple[TraceRecording, ...] = ()
    notes: tuple[Problem, ...] = ()
    if kind == ".csv":
        text = decoded(raw)
        if "neuron" in head_of(text) and not holds_traces(head_of(text)):
            recordings = from_csv(text)
        else:
            traces = traces_from_csv(text)
    elif kind == ".npz":
        arrays = read_npz(raw)
        if "neuron" in arrays and not holds_traces(arrays):
            recordings = from_npz(raw)
        else:
            traces = traces_from_npz(raw)
    elif check_hdf5(raw) == "NIRGraphData":
        data = read_nir_data_bytes(raw)
        recordings, said, factor = from_graph_data(data, of_network=of_network)
        notes = tuple(n for n in said if n.where == WHOLE)  # membranes are used here
        traces = membranes(data, factor)
    else:
        what = "it is a network, no recording."
        raise ConversionError("file", what, "Open it with Open….")
    entries = [
        {"name": t.name, "neuron": t.neuron, "lsb": t.lsb, "count": len(t.time)}
        for t in traces
    ]
    nothing = np.zeros(0)
    head, columns = described(recordings, notes)
    columns |= {
        "trace_times": np.concatenate([nothing, *(t.time for t in traces)]),
        "trace_values": np.concatenate([nothing, *(t.values for t in traces)]),
    }
    return {**head, "traces": entries}, write_npz(**columns)


def packed(
    recordings: tuple[Recording, ...],
    notes: tuple[Problem, ...] = (),
    time_factor: float | None = None,
) -> tuple[dict[str, Any], bytes]:
    """Return recordings as JSON and NPZ."""
    head, arrays = described(recordings, notes)
    return {**head, "time_factor": time_factor}, write_npz(**arrays)


def described(
    recordings: tuple[Recording, ...], notes: tuple[Problem, ...]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return recordings as JSON and all their spikes as two arrays, one by one."""
    head = {
        "recordings": [
            {
                "name": r.name,
                "size": r.size,
                "duration": r.duration,
                "count": len(r.times),
            }
            for r in recordings
        ],
        "notes": as_answer(notes),
    }
    times = np.concatenate([np.zeros(0), *(r.times for r in recordings)])
    neurons = np.concatenate([np.zeros(0, int), *(r.neurons for r in recordings)])
    return head, {"times": times, "neurons": neurons.astype(np.int64)}
