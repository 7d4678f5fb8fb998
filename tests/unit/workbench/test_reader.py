"""The process that reads files of others: what it may not do, and what if it does."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import ConversionError
from core.spec.examples import first_steps
from core.spec.json_io import to_json
from workbench import reader, uploads
from workbench.reader import LIGHT, CrashError, Reader
from workbench.uploads import read_upload

ROOT = Path(__file__).parents[3]
DOCUMENT = to_json(first_steps()).encode()

#: A reader that does what a file says, if its kind is ".evil".
EVIL = LIGHT.replace(
    "main()",
    """
import workbench.read_upload as r
read, r.WALL_SECONDS, kept = r.read, 1, []
def evil(kind, raw, *factors):
    if kind == ".evil":
        exec(raw.decode(), {"os": os, "kept": kept, "r": r})
        return {"kept": len(kept)}, b""
    return read(kind, raw, *factors)
r.read = evil
r.main()
""",
)


@pytest.fixture(scope="module")
def evil():
    with closing(Reader(("-P", "-c", EVIL))) as made:
        yield made


@pytest.mark.parametrize(
    ("code", "message", "number"),
    [
        ("while True: pass", "it took more than 12 s, so it was s", signal.SIGALRM),
        ("os.kill(os.getpid(), 11)", "reading it failed (SIGSEGV): it is da", 11),
        ("os.kill(os.getpid(), 24)", "more than 10 s of computing time", 24),
        ("os._exit(3)", "reading it failed: it is damaged.", 0),
        (
            "r.json.dumps = lambda _: 'x' * 70_000_000",
            "it is too big: opened it has more than 64 MB. Save",
            0,
        ),
        ("open('/etc/hosts')", "it is damaged", 0),
        ("os.write(1, b'x')", "it is damaged", 0),
        ("os.read(0, 1)", "it is damaged", 0),
    ],
)
def test_a_child_that_misbehaves_is_ended_and_the_next_file_opens(
    evil, code, message, number
):
    with pytest.raises(CrashError) as caught:
        evil.ask(".evil", code.encode())
    assert message in str(caught.value)
    assert caught.value.signal == number
    assert "document" in evil.ask(".json", DOCUMENT).head


def test_too_much_memory_is_refused_by_its_limit(evil):
    answer = evil.ask(".evil", b"bytes(2 << 30)")
    text = answer.head["problems"][0]["what"]
    assert text == "reading it needs more than 1 GB of memory."
    assert answer.memory < reader.MEMORY


def test_nothing_that_one_file_leaves_reaches_the_next(evil):
    for _ in range(2):
        assert evil.ask(".evil", b"kept.append(1)").head == {"kept": 1}


def fake(answer):
    """Return a reader whose process says ``answer`` to everything."""
    code = (
        "import sys\nout = sys.stdout.buffer\nout.write(b'ready\\n'); out.flush()\n"
        f"sys.stdin.buffer.readline(); out.write({answer!r}); out.flush()\n"
        "sys.stdin.buffer.read()"
    )
    return Reader(("-c", code))


def framed(content, **changes):
    head = {
        "length": len(content),
        "signal": 0,
        "code": 0,
        "memory": 1,
        "seconds": 0,
        **changes,
    }
    return str(head).replace("'", '"').encode() + b"\n" + content


@pytest.mark.parametrize(
    "answer",
    [
        b"no json\n",
        b"[]\n",
        b"x" * 5_000,
        framed(b"", length=10**12),
        framed(b"", length=-1),
        framed(b"\xff"),
        framed(b"[1]"),
        framed(b"{}x"),
        framed(b"{}") + b"more",
        framed(b"[" * 100_000),
        framed(b"{}"),
        framed(b'{"problems": 3}'),
        framed(b'{"document": 3}'),
        framed(b'{"network": [], "notes": [], "dt": null, "time_factor": "x"}'),
        framed(b'{"recordings": [{}], "notes": []}\nPK'),
        framed(b'{"problems": [{"where": "a"}]}'),
    ],
)
def test_a_process_that_answers_nonsense_is_not_believed(monkeypatch, answer):
    with closing(fake(answer)) as liar:
        monkeypatch.setattr(uploads, "READER", liar)
        with pytest.raises(ConversionError, match=r"^a\.nir, "):
            read_upload("a.nir", b"")


def test_a_process_that_is_silent_is_ended_in_time(monkeypatch):
    monkeypatch.setattr(reader, "WALL_SECONDS", 0.1)
    monkeypatch.setattr(reader, "SLACK_SECONDS", 0.1)
    before = time.monotonic()
    stopped = pytest.raises(CrashError, match=r"more than 0\.1 s, so it was stopped")
    with closing(fake(b"")) as silent, stopped:
        silent.ask(".nir", b"")
    assert time.monotonic() - before < 5


def test_a_process_that_died_is_replaced():
    with closing(Reader()) as mortal:
        mortal.ask(".json", DOCUMENT)
        os.kill(mortal._process.pid, signal.SIGKILL)
        mortal._process.wait()
        assert "document" in mortal.ask(".json", DOCUMENT).head


def test_the_process_ends_with_the_server():
    code = LIGHT.removesuffix("main()\n") + (
        "from workbench.reader import READER\n"
        "try: READER.ask('.json', b'')\n"
        "finally: print(READER._process.pid, flush=True)"
    )
    pid = int(in_a_process(code).splitlines()[0])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def in_a_process(code):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False
    )
    return done.stdout.strip() or done.stderr


def test_the_reader_loads_neither_torch_nor_the_page():
    start = LIGHT.removesuffix("main()\n")
    code = f"{start}\nprint({{'torch', 'panel', 'bokeh', 'numba'}} & set(sys.modules))"
    assert in_a_process(code) == "set()"


def test_the_reader_is_found_from_any_folder(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit('wrong json')")
    (tmp_path / "workbench").mkdir()
    monkeypatch.chdir(tmp_path)
    with closing(Reader()) as found:
        monkeypatch.setattr(uploads, "READER", found)
        assert read_upload("a.json", DOCUMENT).spec == first_steps()
