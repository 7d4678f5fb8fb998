"""The door for files of others: a warm process that reads them in its children.

Starting Python takes half a second, a fork 10 ms: so one process of `read_upload` stays
and is asked file by file. It is replaced if it does not answer in time or says what it
should not. Nothing of an answer is believed: who asks checks it as any document.
"""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final

from core.errors import ConversionError, Problem

#: Limits of the child that reads one file: bytes of memory and of its answer, seconds
#: of CPU time and of wall time.
MEMORY: Final = 1 << 30
OUTPUT: Final = 64_000_000
CPU_SECONDS: Final = 10
WALL_SECONDS: Final = 12
#: What the warm process may take to start and, beyond its child, to answer, s.
START_SECONDS: Final = 60.0
SLACK_SECONDS: Final = 5.0
#: Problems of an answer, and characters of each of their texts.
MAX_PROBLEMS: Final = 100
MAX_TEXT: Final = 1_000

#: What it gets of our environment: how to find Python and its libraries.
_ENVIRONMENT = ("HOME", "LANG", "LC_ALL", "PATH", "PYTHONHOME", "PYTHONPATH", "TMPDIR")
_LIBRARIES = ("LD_", "DYLD_")
#: HDF5 loads no plugins; NumPy starts no threads, which would cost memory.
_QUIET = {"HDF5_PLUGIN_PRELOAD": "::", "OPENBLAS_NUM_THREADS": "1"}

#: Starts the process without ``core/__init__``, which would load torch: 3 s.
LIGHT: Final = """
import os, sys, types
core = sys.modules["core"] = types.ModuleType("core")
core.__path__ = [os.path.join(path, "core") for path in sys.path]
from workbench.read_upload import main
main()
"""

#: What a process that ends, hangs or says nonsense raises.
_BROKEN = (OSError, ValueError, TypeError, LookupError, RecursionError)

DAMAGED: Final = "Save the file again."
TOO_MUCH: Final = "Save a smaller network, or fewer spikes."


@dataclass(frozen=True)
class Answer:
    """What the child said about one file.

    :param head: an object of JSON
    :param arrays: content of an NPZ file, or nothing
    :param memory: the most bytes that the child had in memory
    :param seconds: its computing time
    """

    head: Mapping[str, Any]
    arrays: bytes = b""
    memory: int = 0
    seconds: float = 0.0


class CrashError(ConversionError):
    """A file that the child did not survive, or did not finish in time.

    :ivar signal: what ended it
    :ivar memory: the most bytes that it had in memory
    """

    signal: int = 0
    memory: int = 0


class Reader:
    """One warm process, asked by one thread at a time.

    :param command: what to run, after the name of Python
    """

    def __init__(self, command: Sequence[str] = ("-P", "-c", LIGHT)) -> None:
        self.command = tuple(command)
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(
        self,
        kind: str,
        raw: bytes,
        time_factor: float | None = None,
        *,
        of_network: float | None = None,
    ) -> Answer:
        """Return what the child says about a file.

        :param kind: ending of its name, ``".nir"``
        :param time_factor: for NIR: file number × this = seconds on the chip
        :param of_network: the factor of the open network, for recordings
        :raises ConversionError: if it did not survive, or says nothing that counts
        """
        request = {
            "kind": kind,
            "length": len(raw),
            "time_factor": time_factor,
            "of_network": of_network,
        }
        with self._lock:
            try:
                process = self._started()
                assert process.stdin is not None
                process.stdin.write(json.dumps(request).encode() + b"\n")
                process.stdin.write(raw)
                process.stdin.flush()
                return self._answer(process)
            except CrashError:
                raise
            except _BROKEN as error:
                self.close()
                late = isinstance(error, TimeoutError)
                what = (
                    f"reading it took more than {WALL_SECONDS} s, so it was stopped."
                    if late
                    else "the process that reads files broke off."
                )
                fix = TOO_MUCH if late else DAMAGED
                raise CrashError("file", what, fix) from None

    def close(self) -> None:
        """End the process, and whatever child it has."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):  # it may hold what was not sent
                    pipe.close()
        process.wait()

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        process = subprocess.Popen(
            [sys.executable, *self.command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            bufsize=0,
            start_new_session=True,  # so that it can be ended with its child
        )
        self._process = process
        if _Stream(process, START_SECONDS).line() != b"ready":
            raise ValueError("the process that reads files does not start")
        return process

    def _answer(self, process: "subprocess.Popen[bytes]") -> Answer:
        stream = _Stream(process, WALL_SECONDS + SLACK_SECONDS)
        ended = json.loads(stream.line())
        length = int(ended["length"])
        if not 0 <= length <= OUTPUT:
            raise ValueError("the answer is too long")
        content = stream.read(length)
        memory = int(ended["memory"])
        _refuse_crash(int(ended["signal"]), int(ended["code"]), memory, length)
        line, _, arrays = content.partition(b"\n")
        head = json.loads(line)
        if not isinstance(head, dict):
            raise ValueError("the answer is no object")
        return Answer(head, arrays, memory, float(ended["seconds"]))


class _Stream:
    """What a process writes, read until a deadline."""

    def __init__(self, process: "subprocess.Popen[bytes]", seconds: float) -> None:
        assert process.stdout is not None
        self.pipe = process.stdout.fileno()
        self.end = time.monotonic() + seconds
        self.rest = b""

    def line(self) -> bytes:
        while b"\n" not in self.rest:
            if len(self.rest) > MAX_TEXT:
                raise ValueError("the line does not end")
            self.rest += self._more()
        line, _, self.rest = self.rest.partition(b"\n")
        return line

    def read(self, length: int) -> bytes:
        parts, have = [self.rest], len(self.rest)
        while have < length:
            parts.append(self._more())
            have += len(parts[-1])
        if have > length:
            raise ValueError("there is more than was announced")
        return b"".join(parts)

    def _more(self) -> bytes:
        left = self.end - time.monotonic()
        if left <= 0 or not select.select([self.pipe], [], [], left)[0]:
            raise TimeoutError
        part = os.read(self.pipe, 1 << 20)
        if not part:
            raise ValueError("the process has ended")
        return part


def _refuse_crash(number: int, code: int, memory: int, length: int) -> None:
    """Raise if the child did not end well.

    :param length: bytes of its answer
    """
    if not number and not code:
        return
    fix = TOO_MUCH
    if number == signal.SIGALRM:
        what = f"reading it took more than {WALL_SECONDS} s, so it was stopped."
    elif number == signal.SIGXCPU:
        what = f"reading it took more than {CPU_SECONDS} s of computing time."
    elif number:
        name = signal.Signals(number).name
        what, fix = f"reading it failed ({name}): it is damaged.", DAMAGED
    elif length >= OUTPUT:
        what = f"it is too big: opened it has more than {OUTPUT / 1e6:g} MB."
    else:
        what, fix = "reading it failed: it is damaged.", DAMAGED
    crash = CrashError("file", what, fix)
    crash.signal, crash.memory = number, memory
    raise crash


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


def problems_of(answers: Sequence[Mapping[str, Any]]) -> tuple[Problem, ...]:
    """Return the problems in an answer, cut to what a person reads."""
    fields = ("where", "what", "fix", "severity")
    return tuple(
        Problem(**{name: str(answer[name])[:MAX_TEXT] for name in fields})
        for answer in answers[:MAX_PROBLEMS]
    )


def as_answer(problems: Sequence[Problem]) -> list[dict[str, str]]:
    """Return ``problems`` as the child writes them."""
    return [
        {"where": p.where, "what": p.what, "fix": p.fix, "severity": p.severity}
        for p in problems
    ]


#: The one that the server asks.
READER: Final = Reader()
atexit.register(READER.close)
