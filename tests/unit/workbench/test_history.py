import numpy as np
import pytest

from core.simulate import RunResult
from core.spec import edit
from core.spec.examples import first_steps, psp, yin_yang
from core.spec.network import KINDS, Value
from workbench import history as module
from workbench.differences import differences, in_words
from workbench.history import KEPT, RunHistory


def changed(spec, **values):
    hidden = spec.network.population("hidden").replace(**values)
    return spec.replace(network=spec.network.with_population(hidden))


def with_run(spec, **values):
    return spec.replace(run=spec.run.replace(**values))


SPEC = first_steps()
WEIGHTS = SPEC.network.projection("input_hidden")


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (SPEC, []),
        (SPEC.replace(title="other"), []),
        (edit.move(SPEC, {"hidden": (1.0, 2.0)}), []),
        (changed(SPEC, threshold=Value(1.5)), ["hidden: threshold 1 → 1.5"]),
        (
            changed(SPEC, leak=Value(0, hardware=90)),
            ["hidden: leak none → 90 LSB"],
        ),
        (
            changed(SPEC, tau_mem=12e-6),
            ["hidden: membrane time constant 10 µs → 12 µs"],
        ),
        (with_run(SPEC, mode="both"), ["run on mock → both"]),
        (with_run(SPEC, trial=3), ["trial 0 → 3"]),
        (
            SPEC.replace(chip=SPEC.chip.replace(number=7)),
            ["chip: number 1 → 7"],
        ),
        (
            SPEC.replace(
                network=SPEC.network.with_projection(
                    WEIGHTS.replace(weights=2 * np.asarray(WEIGHTS.weights))
                )
            ),
            ["input_hidden: weights changed"],
        ),
        (
            edit.remove(SPEC, ["out"]),
            ["population out removed", "projection hidden_out removed"],
        ),
        (
            edit.add_population(SPEC, KINDS["LI"], (0, 0)),
            ["new population readout"],
        ),
        (
            SPEC.replace(stimuli=()),
            ["input: no stimulus"],
        ),
        (
            SPEC.replace(stimuli=(SPEC.stimuli[0].replace(rate=40e3),)),
            ["stimulus of input: rate 30 kHz → 40 kHz"],
        ),
    ],
)
def test_what_changed_is_said_in_words(new, words):
    assert differences(SPEC, new) == words


def test_every_pair_of_examples_differs_in_words():
    for other in (psp(), yin_yang()):
        assert differences(SPEC, other)
        assert "and" in in_words(differences(SPEC, other))


class Clock:
    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def result():
    return RunResult("", "mock", 1e-4, {})


def test_runs_are_kept_newest_first_with_what_changed(clock):
    history = RunHistory()
    for threshold in (1.0, 1.2, 1.2):
        history.add(changed(SPEC, threshold=Value(threshold)), result())
        clock.now += 10
    said = [(run.number, run.changed) for run in history.runs]
    assert said == [
        (3, "the same again"),
        (2, "hidden: threshold 1 → 1.2"),
        (1, "first run"),
    ]


def test_the_runs_of_one_drag_are_one_entry(clock):
    history = RunHistory()
    history.add(SPEC, result())
    clock.now += 10
    for threshold in (1.1, 1.2, 1.3):
        history.add(changed(SPEC, threshold=Value(threshold)), result())
        clock.now += 0.1
    history.add(changed(SPEC, threshold=Value(1.3), reset=Value(-0.1)), result())
    assert [run.changed for run in history.runs] == [
        "hidden: reset 0 → -0.1",
        "hidden: threshold 1 → 1.3",
        "first run",
    ]


def test_only_the_last_runs_are_kept(clock):
    history = RunHistory()
    for trial in range(KEPT + 5):
        history.add(with_run(SPEC, trial=trial), result())
        clock.now += 10
    assert len(history.runs) == KEPT
    assert history.runs[0].number == KEPT + 5
