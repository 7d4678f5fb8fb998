"""``python -m benchmarks.yinyang`` trains Yin-Yang every way; writes docs/training.md.

Canonical splits, 120 hidden neurons, the defaults of `core.training.TrainSpec`. What
is reported is the test accuracy of the epoch that was best on the validation samples.
Runs that ``--json`` holds already are not repeated.
"""

import argparse
import json
import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.tables import replaced, table
from core.chip.pipeline import StageMemory
from core.spec.chip import chip_number
from core.training import TrainSpec, YinYangData, train, yin_yang_network
from core.training.settings import EVENTPROP, SURROGATE

DOCUMENT = Path("docs/training.md")
PICTURE = Path("images/training.svg")


@dataclass(frozen=True)
class Way:
    """One way to train, several times.

    :param repeats: seeds of weights and order in mock, chip numbers on the chip
    :param goal: mean test accuracy that is aimed at
    """

    label: str
    settings: TrainSpec
    repeats: tuple[int, ...]
    goal: float
    color: str


_GRID, _INTERPOLATED = EVENTPROP
WAYS: Final = {
    "surrogate": Way("mock, surrogate", TrainSpec(), (0, 1, 2), 0.95, "#0a6e8a"),
    "grid": Way(
        "mock, EventProp, grid", TrainSpec(gradient=_GRID), (0, 1, 2), 0.90, "#c2410c"
    ),
    "interpolated": Way(
        "mock, EventProp, interpolated",
        TrainSpec(gradient=_INTERPOLATED),
        (0, 1, 2),
        0.94,
        "#7c3aed",
    ),
    "chip": Way(
        "chip in the loop, surrogate",
        TrainSpec(mode="chip", gradient=SURROGATE),
        (1, 2, 3),
        0.93,
        "#15803d",
    ),
}


def run(way: Way, repeat: int) -> dict[str, Any]:
    """Train once; return the curves and the result as plain numbers."""
    on_chip = way.settings.mode == "chip"
    spec = yin_yang_network(
        seed=0 if on_chip else repeat, chip=chip_number(repeat if on_chip else 1)
    )
    settings = way.settings.replace(seed=0 if on_chip else repeat)
    started = time.process_time()
    result = train(spec, YinYangData(), settings, memory=StageMemory())
    seconds = time.process_time() - started
    assert result.test is not None, "not cancelled"
    return {
        "test": result.test.accuracy,
        "validation": result.history.validation_accuracy.tolist(),
        "loss": result.history.loss.tolist(),
        "rate": float(result.history.rate[-1]),
        "seconds": seconds,
    }


def report(found: dict[str, list[dict[str, Any]]]) -> str:
    """Return the table of all ways that were run."""
    rows = []
    for name, runs in found.items():
        way = WAYS[name]
        tests = np.array([r["test"] for r in runs])
        each = ", ".join(f"{100 * t:.1f}" for t in tests)
        seconds = np.mean([r["seconds"] / len(r["loss"]) for r in runs])
        reached = "yes" if tests.mean() >= way.goal else "**no**"
        rows.append(
            [
                way.label,
                str(way.settings.epochs),
                f"{100 * tests.mean():.1f}",
                each,
                f"{reached}: ≥ {100 * way.goal:.0f}",
                f"{np.mean([r['rate'] for r in runs]):.0f}",
                f"{seconds:.1f}",
            ]
        )
    head = ["", "epochs", "test, %", "each run, %", "goal", "spikes per sample", "s"]
    return table(head, rows)


def draw(found: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """Write the validation curves of all runs."""
    # Needed for pictures only, a machine that only runs tests lacks them.
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from benchmarks.fidelity.figures import STYLE

    path.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.4, 3.2), layout="constrained")
        axes = figure.subplots()
        for name, runs in found.items():
            way = WAYS[name]
            for index, r in enumerate(runs):
                epochs = np.arange(1, 1 + len(r["validation"]))
                label = way.label if index == 0 else None
                curve = 100 * np.array(r["validation"])
                axes.plot(epochs, curve, color=way.color, lw=1, label=label)
        axes.set(xlabel="epoch", ylabel="validation accuracy, %", ylim=(70, 100))
        axes.legend(loc="lower right")
        figure.savefig(path, metadata={"Date": None})


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, print and write; return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.yinyang")
    parser.add_argument("--only", default=",".join(WAYS), help="ways, by comma")
    parser.add_argument("--json", type=Path, help="keeps the runs between calls")
    parser.add_argument("--known", action="store_true", help="report only these")
    parser.add_argument("--write", type=Path, metavar="FILE", help=f"{DOCUMENT}, say")
    given = parser.parse_args(arguments)
    logging.getLogger("core").setLevel(logging.ERROR)
    known: dict[str, Any] = {}
    if given.json is not None and given.json.exists():
        known = json.loads(given.json.read_text())
    found: dict[str, list[dict[str, Any]]] = {}
    for name in given.only.split(","):
        for repeat in WAYS[name].repeats:
            key = f"{name} {repeat}"
            if key not in known and given.known:
                continue
            if key not in known:
                known[key] = run(WAYS[name], repeat)
                print(key, f"{known[key]['test']:.3f}", flush=True)
                if given.json is not None:
                    given.json.write_text(json.dumps(known))
            found.setdefault(name, []).append(known[key])
    text = report(found)
    print(text)
    if given.write is not None:
        draw(found, given.write.parent / PICTURE)
        document = replaced(
            given.write.read_text(), "accuracy", f"\n{text}\n", "yinyang"
        )
        given.write.write_text(document)
    return int("**no**" in text)


if __name__ == "__main__":
    sys.exit(main())
