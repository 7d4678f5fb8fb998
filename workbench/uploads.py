"""Read files that people upload: documents, NIR graphs, and recorded spikes.

HDF5 of others is dangerous: it can name any local file as its data, link in circles,
unpack to hundreds of gigabytes or make the C library hang. So `workbench.reader` has
it read by a child process with limits on memory, time, output and files, which hands
back our own JSON and NPZ. This process reads nothing but that, and checks it.
"""

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import ConversionError, Problem
from core.spec.experiment import ExperimentSpec, RecordingSpec, RunSpec, ViewSpec
from core.spec.json_data import from_data
from core.spec.json_io import from_json
from core.spec.network import InputSpec, LISpec, NetworkSpec
from core.spec.nir.report import HEADINGS, ImportReport
from core.spec.packed import embedded
from core.spec.recordings import Recording, as_stimuli, checked
from core.spec.spike_table import from_csv, read_npz
from core.spec.stimulus import ConstantCurrent, PoissonSpikes, Stimulus
from workbench.reader import DAMAGED, READER, Answer, problems_of

#: Bytes of a file.
MAX_BYTES: Final = 20_000_000
#: What the files of networks, documents and recordings are called.
KINDS: Final = (".json", ".nir", ".h5", ".hdf5", ".csv", ".npz", ".svg", ".png")


@dataclass(frozen=True)
class Upload:
    """What a file holds: a document, a network alone, or recordings.

    :param spec: the document of a JSON file, else None
    :param network: the network of a NIR file, else None
    :param recordings: spikes of a NIRData, CSV or NPZ file
    :param notes: what was changed on reading
    :param time_factor: of a NIR file: file number × this = seconds on the chip
    :param report: of a NIR file: all that was done with it
    :param dt: of a NIR file: the step that it counts in, chip seconds, if it tells
    :param currents: of a NIR file: its biases
    :param loops: of a NIR file: when spikes in loops arrive, as of `RunSpec`
    """

    spec: ExperimentSpec | None = None
    network: NetworkSpec | None = None
    recordings: tuple[Recording, ...] = ()
    notes: tuple[Problem, ...] = ()
    time_factor: float | None = None
    report: ImportReport | None = None
    dt: float | None = None
    currents: tuple[ConstantCurrent, ...] = ()
    loops: str = "late"

    def document(self, title: str) -> ExperimentSpec:
        """Return the document of the file, or one made for its network or spikes."""
        if self.spec is not None:
            return self.spec
        if self.network is None and self.recordings:
            inputs = tuple(
                InputSpec(name=r.name or f"input {n}", size=max(1, r.size))
                for n, r in enumerate(self.recordings, start=1)
            )
            empty = experiment_of(NetworkSpec(inputs), title)
            return as_stimuli(empty, self.recordings)[0]
        made = experiment_of(self.network or NetworkSpec(), title, self.dt)
        run = made.run.replace(loops=self.loops)
        return made.replace(stimuli=(*made.stimuli, *self.currents), run=run)

    def opened_over(
        self, open_document: ExperimentSpec, title: str
    ) -> tuple[ExperimentSpec, tuple[Problem, ...]]:
        """Return the document to show, and notes: recordings drive the open one.

        :raises ConversionError: if recordings fit no input of it
        """
        if not self.recordings:
            return self.document(title), self.notes
        spec, notes = as_stimuli(open_document, self.recordings)
        return spec, (*notes, *self.notes)


def read_upload(
    name: str,
    raw: bytes,
    time_factor: float | None = None,
    *,
    of_network: float | None = None,
) -> Upload:
    """Return what the file ``name`` with the content ``raw`` holds.

    :param time_factor: for NIR: file number × this = seconds on the chip
    :param of_network: the factor of the open network, which NIRData is read with
    :raises ConversionError: if it cannot be read; lists all reasons
    """
    kind = Path(name).suffix.lower()
    if kind not in KINDS:
        what = "this kind of file is unknown."
        fix = f"Open one of {', '.join(KINDS)}."
        raise ConversionError(name, what, fix)
    if len(raw) > MAX_BYTES:
        what = f"it has {len(raw) / 1e6:.0f} MB, {MAX_BYTES / 1e6:.0f} are allowed."
        raise ConversionError(name, what, "Save a smaller network.")
    try:
        if kind in (".svg", ".png"):
            kind, raw = ".json", _carried(raw)
        if sys.platform == "win32":
            return _read_here(kind, raw)
        return believed(READER.ask(kind, raw, time_factor, of_network=of_network))
    except ConversionError as error:
        raise ConversionError.of(
            Problem(f"{name}, {problem.where}", problem.what, problem.fix)
            for problem in error.problems
        ) from None


def _carried(picture: bytes) -> bytes:
    """Return the JSON document inside of a picture."""
    text = embedded(picture)
    if text is None:
        what = "this picture carries no document."
        raise ConversionError("picture", what, "Open one that was saved here.")
    return text.encode()


def experiment_of(
    network: NetworkSpec, title: str = "untitled", dt: float | None = None
) -> ExperimentSpec:
    """Return a document for ``network``: Poisson spikes into each input, 100 µs.

    :param dt: the step that the file counts in, s; None takes 1 µs, or less if a time
        constant is shorter than five of them
    """
    inputs = [p.name for p in network.populations if isinstance(p, InputSpec)]
    stimuli = tuple(
        PoissonSpikes(population=name, seed=seed)
        for seed, name in enumerate(inputs, start=1)
    )
    if dt is None:
        taus = [
            float(np.min(tau))
            for p in network.populations
            if isinstance(p, LISpec)
            for tau in (p.tau_mem, p.tau_syn)
            if tau is not None and np.size(tau)
        ]
        dt = min([1e-6, *(tau / 5 for tau in taus)])
    low, high = RunSpec.info("dt").low or 0.0, RunSpec.info("dt").high or 1.0
    run = RunSpec(dt=min(max(dt, low), high))
    first = next((p.name for p in network.populations if isinstance(p, LISpec)), None)
    return ExperimentSpec(
        network=network,
        stimuli=stimuli,
        recording=RecordingSpec(madc_population=first),
        run=run,
        view=ViewSpec(selected=first),
        title=title,
    )


def _read_here(kind: str, raw: bytes) -> Upload:
    if kind == ".csv":
        return Upload(recordings=from_csv(decoded(raw)))
    if kind == ".json":
        return Upload(spec=from_json(decoded(raw)))
    raise ConversionError(
        "file",
        "on Windows the files of others cannot be opened safely.",
        "Convert it with core.spec.nir_io, or run HX Workbench on Linux or macOS.",
    )


def decoded(raw: bytes) -> str:
    """Return the text of a JSON file.

    :raises ConversionError: if it is no text
    """
    try:
        return raw.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        what = f"byte {error.start} is no text in UTF-8."
        raise ConversionError("document", what, "Open a saved document.") from None


def believed(answer: Answer) -> Upload:
    """Return what the child has read, if it is what it should be.

    :raises ConversionError: with its reasons, or because it is nonsense
    """
    head = answer.head
    try:
        if "problems" in head:
            raise ConversionError.of(problems_of(head["problems"]))
        if "document" in head:
            return Upload(spec=from_json(head["document"]))
        notes = problems_of(head["notes"])
        if "recordings" in head:
            recordings = checked(recordings_of(head, read_npz(answer.arrays)))
            return Upload(recordings=recordings, notes=notes)
        return Upload(
            network=from_data(NetworkSpec, head["network"]),
            notes=notes,
            time_factor=_number(head["time_factor"]),
            report=_report(head),
            dt=None if head["dt"] is None else _number(head["dt"]),
            currents=tuple(_current(data) for data in head["stimuli"]),
            loops="prompt" if head["loops"] == "prompt" else "late",
        )
    except (AttributeError, IndexError, KeyError, TypeError, OverflowError):
        what = "reading it failed: it is damaged."
        raise ConversionError("file", what, DAMAGED) from None


def _report(head: Mapping[str, Any]) -> ImportReport:
    fit = head["fitting_factor"]
    return ImportReport(
        **{name: problems_of(head["report"][name]) for name in HEADINGS},
        time_factor=_number(head["time_factor"]),
        fitting_factor=None if fit is None else _number(fit),
    )


def _current(data: Any) -> ConstantCurrent:
    stimulus = from_data(Stimulus, data)
    if not isinstance(stimulus, ConstantCurrent):
        raise TypeError(stimulus)
    return stimulus


def _number(value: Any) -> float:
    if not math.isfinite(value) or value <= 0:
        raise TypeError(value)
    return float(value)


def recordings_of(
    head: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> list[Recording]:
    """Return the recorded spikes of an answer, unchecked."""
    times, neurons = arrays["times"], arrays["neurons"]
    if times.dtype != np.float64 or neurons.dtype != np.int64:
        raise TypeError(times.dtype)
    found, start = [], 0
    entries: list[Mapping[str, Any]] = head["recordings"]
    for entry in entries:
        part = slice(start, start + int(entry["count"]))
        start = part.stop
        found.append(
            Recording(
                str(entry["name"]),
                int(entry["size"]),
                float(entry["duration"]),
                times[part],
                neurons[part],
            )
        )
    return found
