"""The command that measures layers, on workloads of a few neurons."""

import json
from pathlib import Path

import pytest
import torch

from benchmarks import floors, layers, tables
from benchmarks.measure import Samples
from benchmarks.peers import LOOP, OURS, PROTOTYPE, candidates
from benchmarks.results import Result
from benchmarks.targets import Target
from benchmarks.workloads import SHAPES, Shape, Workload

DOCUMENT = Path(__file__).parents[3] / "docs" / "performance.md"
SMALL = {
    "W1": Shape("net", 30, 3, 8, 6, 2, density=0.3),
    "W3": Shape("layer", 60, 2, 0, 5, density=0.3),
    "W4": Shape("projection", 20, 2, 5, 4, density=0.3),
    "W5": Shape("adex", 60, 2, 0, 5, density=0.3),
    "W6": Shape("recurrent", 20, 3, 6, 5, 2, density=0.3),
}
BOTH_LINES = "<!-- layers: {0} -->\nold\n<!-- end of layers: {0} -->\n"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("gc.collect", lambda: 0)  # half a second with all of pytest


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(floors, "COPIED", 1 << 10)
    for name, shape in SMALL.items():
        monkeypatch.setitem(SHAPES, name, shape)


def result(**seconds):
    taken = {name: Samples((time,)) for name, time in seconds.items()}
    return Result("W3", SMALL["W3"], tuple(seconds), taken, {}, {})


@pytest.mark.parametrize("name", SMALL)
def test_ours_and_the_loop_compute_the_same_network(name):
    spikes, gradients = [], []
    for each in (OURS, LOOP):
        work = Workload(SMALL[name])
        weights = work.weights()
        work.weights = lambda weights=weights: weights
        candidate = candidates(work, [each])[each]
        spikes.append(candidate.spikes().detach())
        gradients.append([weight.grad for weight in weights])
    assert spikes[0].sum() > 0
    assert torch.equal(*spikes)
    for own, other in zip(*gradients, strict=True):
        torch.testing.assert_close(own, other)  # of sums in another order


def test_the_command_prints_and_writes_what_it_measured(small, tmp_path, capsys):
    document, samples = tmp_path / "document.md", tmp_path / "samples.json"
    parts = ("machine", "workloads", "targets")
    document.write_text("before\n" + "".join(map(BOTH_LINES.format, parts)) + "after")
    arguments = ["--only", "W1", "--rounds", "2", "--peers", ""]
    arguments += ["--write", str(document), "--json", str(samples)]
    assert layers.main(arguments) == 0
    written = document.read_text()
    assert written.startswith("before\n")
    assert written.endswith("after")
    assert "old" not in written
    table = written.split("<!-- layers: workloads -->")[1].split("<!--")[0].strip()
    assert table in capsys.readouterr().out
    assert "| torch loop |" in table
    (workload,) = json.loads(samples.read_text())["workloads"]
    assert len(workload["taken"][OURS]["seconds"]) == 2
    assert workload["spike_rates"][OURS] == workload["spike_rates"][LOOP] > 0
    assert workload["saved"][OURS] > 0


PROTOTYPE_TEXT = """
import time
import torch

def lif(x, *, alpha=0, fire=True, **values):
    until = time.process_time() + {seconds}
    while time.process_time() < until:
        pass
    return torch.zeros_like(x), torch.zeros_like(x)
"""


@pytest.mark.parametrize(("seconds", "status"), [(0.0, 1), (0.2, 0)])
def test_the_exit_status_tells_whether_the_gate_is_passed(
    small, tmp_path, capsys, seconds, status
):
    prototype = tmp_path / "fast_or_slow.py"
    prototype.write_text(PROTOTYPE_TEXT.format(seconds=seconds))
    arguments = ["--only", "W3", "--rounds", "1", "--peers", ""]
    assert layers.main([*arguments, "--against", str(prototype)]) == status
    verdict = "**misses**" if status else "passes"
    assert f"| {verdict} |" in capsys.readouterr().out


def test_a_workload_without_a_layer_of_ours_misses_the_gate():
    found = result(prototype=1.0, floor=1.0)
    assert not found.passes()
    assert "| W3 | n/a | **misses** |" in tables.gate([found])


@pytest.mark.parametrize(("time", "passes"), [(1.05, True), (1.06, False)])
def test_the_gate_is_five_percent_above_the_prototype(time, passes):
    assert result(**{OURS: time, PROTOTYPE: 1.0}).passes() is passes


@pytest.mark.parametrize(
    ("taken", "reached"),
    [
        ({"ours": 1.0, "jax": 4.5, "floor": 0.6}, True),
        ({"ours": 1.0, "jax": 4.4, "floor": 0.6}, False),
        ({"ours": 1.0, "jax": 4.5, "floor": 0.5}, False),
        ({"ours": 1.0, "jax": 4.5}, None),
    ],
)
def test_a_target_is_reached_if_all_its_limits_hold(taken, reached):
    target = Target(faster={"jax": 4.5}, within={"floor": 1.8})
    assert target.reached(result(**taken).taken) is reached


def test_unknown_workloads_are_named(capsys):
    with pytest.raises(SystemExit):
        layers.main(["--only", "W1,W9"])
    assert "unknown: W9; there are W1, W2" in capsys.readouterr().err


def test_a_missing_prototype_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no prototype .*none\.py"):
        layers.main(["--against", str(tmp_path / "none.py")])


@pytest.mark.parametrize(
    "document",
    [
        "no lines",
        "<!-- layers: x -->\n",
        "<!-- end of layers: x -->\n<!-- layers: x -->\n",
        BOTH_LINES.format("x") * 2,
    ],
)
def test_a_document_without_a_place_for_a_table_is_refused(document):
    with pytest.raises(ValueError, match="once and in this order"):
        tables.replaced(document, "x", "text")


@pytest.mark.parametrize(
    "part", ["machine", "workloads", "targets", "gate", *layers.PARTS]
)
def test_the_document_of_the_house_has_a_place_for_each_table(part):
    text = tables.replaced(DOCUMENT.read_text(), part, "the table")
    assert tables.replaced(text, part, "the table") == text
