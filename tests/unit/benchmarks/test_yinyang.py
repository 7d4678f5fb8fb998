import json

import pytest

from benchmarks.yinyang import WAYS, main, report


def run(test):
    return {
        "test": test,
        "validation": [0.5, test],
        "loss": [1.0, 0.5],
        "rate": 90.0,
        "seconds": 3.0,
    }


def test_a_way_is_reported_with_the_mean_of_its_runs():
    text = report({"surrogate": [run(0.96), run(0.98)], "chip": [run(0.9)]})
    rows = text.splitlines()[2:]
    assert rows[0].split("|")[1:-1] == [
        " mock, surrogate ",
        f" {WAYS['surrogate'].settings.epochs} ",
        " 97.0 ",
        " 96.0, 98.0 ",
        " yes: ≥ 95 ",
        " 90 ",
        " 1.5 ",
    ]
    assert "**no**: ≥ 93" in rows[1]


@pytest.mark.parametrize(("test", "status"), [(0.97, 0), (0.91, 1)])
def test_a_missed_goal_is_the_exit_status(test, status, tmp_path, capsys):
    known = tmp_path / "runs.json"
    known.write_text(json.dumps({"surrogate 1": run(test)}))
    assert main(["--json", str(known), "--known", "--only", "surrogate"]) == status
    assert f"{100 * test:.1f}" in capsys.readouterr().out
