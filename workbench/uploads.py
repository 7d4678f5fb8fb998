"""Read files that people upload: JSON documents and NIR graphs.

HDF5 of others is dangerous: it can name any local file as its data, link in circles,
unpack to hundreds of gigabytes or make the C library hang. So `workbench.read_upload`
opens it in a child process with limits on memory, time, output and files, and hands
back our own JSON. This process reads nothing but that.
"""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from core.errors import ConversionError, Problem
from core.spec.experiment import ExperimentSpec, RecordingSpec, RunSpec, ViewSpec
from core.spec.json_data import from_data
from core.spec.json_io import from_json, parse
from core.spec.network import InputSpec, LISpec, NetworkSpec
from core.spec.stimulus import PoissonSpikes

#: Bytes of a file; wall time of the child, s.
MAX_BYTES: Final = 20_000_000
TIMEOUT: Final = 15.0
#: Limits that the child sets for itself: bytes of memory and output, s of CPU time.
MEMORY: Final = 2 << 30
OUTPUT: Final = 64_000_000
CPU_SECONDS: Final = 10

#: What the child gets of our environment: how to find Python and its libraries.
_ENVIRONMENT = ("HOME", "LANG", "LC_ALL", "PATH", "PYTHONHOME", "PYTHONPATH", "TMPDIR")
_LIBRARIES = ("LD_", "DYLD_")
#: HDF5 loads no plugins; NumPy starts no threads, which would cost memory.
_QUIET = {"HDF5_PLUGIN_PRELOAD": "::", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Upload:
    """What a file holds: a document, or a network alone.

    :param spec: the document of a JSON file, else None
    :param network: the network of a NIR file, else None
    :param notes: what was changed on reading
    :param time_factor: of a NIR file: file number × this = seconds on the chip
    :param dt: of a NIR file: the step that it counts in, chip seconds, if it tells
    """

    spec: ExperimentSpec | None = None
    network: NetworkSpec | None = None
    notes: tuple[Problem, ...] = ()
    time_factor: float | None = None
    dt: float | None = None

    def document(self, title: str) -> ExperimentSpec:
        """Return the document of the file, or one made for its network."""
        if self.spec is not None:
            return self.spec
        return experiment_of(self.network or NetworkSpec(), title, self.dt)


def read_upload(name: str, raw: bytes, time_factor: float | None = None) -> Upload:
    """Return what the file ``name`` with the content ``raw`` holds.

    :param time_factor: for NIR: file number × this = seconds on the chip
    :raises ConversionError: if it cannot be read; lists all reasons
    """
    kind = Path(name).suffix.lower()
    if kind not in (".json", ".nir"):
        what = "this kind of file is unknown."
        raise ConversionError(name, what, "Open a .json or a .nir file.")
    if len(raw) > MAX_BYTES:
        what = f"it has {len(raw) / 1e6:.0f} MB, {MAX_BYTES / 1e6:.0f} are allowed."
        raise ConversionError(name, what, "Save a smaller network.")
    try:
        if sys.platform == "win32":
            return _read_here(kind, raw)
        return _read_in_child(kind, raw, time_factor)
    except ConversionError as error:
        raise ConversionError.of(
            Problem(f"{name}, {problem.where}", problem.what, problem.fix)
            for problem in error.problems
        ) from None


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
    if kind == ".nir":
        raise ConversionError(
            "NIR file",
            "on Windows the files of others cannot be opened safely.",
            "Convert it with core.spec.nir_io, or run HX Workbench on Linux or macOS.",
        )
    return Upload(spec=from_json(decoded(raw)))


def decoded(raw: bytes) -> str:
    """Return the text of a JSON file.

    :raises ConversionError: if it is no text
    """
    try:
        return raw.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        what = f"byte {error.start} is no text in UTF-8."
        raise ConversionError("document", what, "Open a saved document.") from None


def _read_in_child(kind: str, raw: bytes, time_factor: float | None) -> Upload:
    answer = _answer(kind, raw, time_factor)
    try:
        if "problems" in answer:
            raise ConversionError.of(_problems(answer["problems"]))
        if kind == ".json":
            return Upload(spec=from_json(answer["document"]))
        return Upload(
            network=from_data(NetworkSpec, answer["network"]),
            notes=_problems(answer["notes"]),
            time_factor=answer["time_factor"],
            dt=answer["dt"],
        )
    except (AttributeError, KeyError, TypeError):
        raise ConversionError("file", _FAILED, _DAMAGED) from None


def _answer(kind: str, raw: bytes, time_factor: float | None) -> dict[str, Any]:
    """Return what the child says about the file."""
    command = [sys.executable, "-P", "-c", _LIGHT, kind]
    command += [] if time_factor is None else [repr(float(time_factor))]
    # A file, because a limit of the child's keeps it short; a pipe could fill memory.
    with tempfile.TemporaryFile() as output:
        try:
            done = subprocess.run(
                command,
                input=raw,
                stdout=output,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            what = "reading it took too long, so it was stopped."
            raise ConversionError("file", what, _DAMAGED) from None
        output.seek(0)
        text = output.read(OUTPUT + 1)
    try:
        if done.returncode or len(text) > OUTPUT:
            raise ConversionError("file", _FAILED, _DAMAGED)
        answer = parse(text.decode())
    except UnicodeDecodeError:
        raise ConversionError("file", _FAILED, _DAMAGED) from None
    return answer if isinstance(answer, dict) else {}


#: Starts the child without ``core/__init__``, which would load torch: 3 s.
_LIGHT: Final = """
import os, sys, types
core = sys.modules["core"] = types.ModuleType("core")
core.__path__ = [os.path.join(path, "core") for path in sys.path]
from workbench.read_upload import main
main()
"""

_FAILED = "reading it failed: it is damaged, or unpacks to too much."
_DAMAGED = "Save the file again, or save less."


def _environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _ENVIRONMENT or name.startswith(_LIBRARIES)
    }
    root = str(Path(__file__).resolve().parent.parent)
    paths = [root, kept.get("PYTHONPATH", "")]
    kept["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    return kept | _QUIET


def _problems(answers: list[dict[str, str]]) -> tuple[Problem, ...]:
    return tuple(Problem(**answer) for answer in answers)


def as_answer(problems: tuple[Problem, ...]) -> list[dict[str, str]]:
    """Return ``problems`` as the child writes them."""
    return [
        {"where": p.where, "what": p.what, "fix": p.fix, "severity": p.severity}
        for p in problems
    ]
