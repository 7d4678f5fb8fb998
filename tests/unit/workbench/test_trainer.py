"""A training as the page drives it: states, weights in the document, files."""

import threading
import time

import numpy as np
import pytest

from core.errors import ConversionError
from core.spec.examples import first_steps
from core.training import (
    SpikePatternData,
    ToyData,
    TrainSpec,
    YinYangData,
    train,
    yin_yang_network,
)
from workbench.project import Project
from workbench.runner import Runner
from workbench.trainer import Trainer

SMALL = ToyData(train_size=60, validation_size=20, test_size=20)
#: s; what is waited for takes less than one.
TIMEOUT = 60


def small_network():
    return yin_yang_network(hidden=8, classes=2)


@pytest.fixture
def trainer(monkeypatch):
    """A small training that tells each of its steps."""
    monkeypatch.setattr("workbench.long_work.TELL_SECONDS", 0.0)
    project = Project(small_network())
    runner = Runner(project)
    runner.live = False
    made = Trainer(project, runner)
    made.data = SMALL
    made.settings = TrainSpec(epochs=3, batch_size=20, class_map=8)
    yield made
    made.cancel()


def until(condition):
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def steps_of(trainer, wanted, act):
    """Call ``act`` when so many steps are done, in the thread that trains."""
    seen = []

    def watch(event):
        done = event.new.steps
        if done >= wanted and not seen:
            seen.append(done)
            act()

    trainer.param.watch(watch, "seen")
    return seen


def test_a_training_gives_what_one_call_gives_and_is_one_step_to_undo(trainer):
    before = trainer.project.spec
    trainer.start()
    until(lambda: trainer.state == "done")
    expected = train(before, SMALL, trainer.settings)
    project = trainer.project
    assert trainer.taken
    assert project.spec.network == expected.spec.network
    assert trainer.result.test.accuracy == expected.test.accuracy
    assert trainer.seen.steps == len(expected.history.step_loss) == 9
    project.undo()
    assert project.spec == before
    assert not project.can_undo


def test_a_document_that_was_changed_meanwhile_is_left_alone_until_asked(trainer):
    other = yin_yang_network(hidden=8, classes=2, seed=3)
    steps_of(trainer, 1, lambda: trainer.project.edit(other))
    trainer.start()
    until(lambda: trainer.state == "done")
    assert trainer.project.spec == other
    assert not trainer.taken
    assert trainer.take_weights()
    taken = trainer.project.spec.network.projection("hidden_label").weights
    assert np.array_equal(taken, trainer.result.best_weights["hidden_label"])
    trainer.project.open(first_steps())
    assert not trainer.take_weights()
    assert "other projections" in trainer.project.message.what


def test_a_cancel_takes_effect_before_the_next_step_and_can_be_gone_on_from(trainer):
    expected = train(trainer.project.spec, SMALL, trainer.settings)
    seen = steps_of(trainer, 4, trainer.cancel)
    trainer.start()
    until(lambda: trainer.state == "cancelled")
    assert trainer.seen.steps == seen[0] == 4
    assert not trainer.taken
    trainer.go_on()
    until(lambda: trainer.state == "done")
    assert np.array_equal(trainer.seen.loss, expected.history.step_loss)


def test_a_pause_waits_and_its_file_goes_on_to_the_same_curve(trainer):
    start = trainer.project.spec
    expected = train(start, SMALL, trainer.settings)
    steps_of(trainer, 4, trainer.pause)
    trainer.start()
    until(lambda: trainer.may_save)
    time.sleep(0.2)
    assert trainer.seen.steps == 4  # it waits
    file = trainer.save()
    trainer.cancel()
    until(lambda: trainer.state == "cancelled")

    other = Trainer(Project(first_steps()), Runner(Project(first_steps())))
    done = threading.Event()
    other.param.watch(lambda *_: done.set(), ["state", "problems"])
    other.load("small.training.npz", file)
    assert done.wait(TIMEOUT)
    assert other.problems == ()
    assert other.project.spec == start
    assert (other.data, other.settings) == (SMALL, trainer.settings)
    other.go_on()
    until(lambda: other.state == "done")
    assert np.array_equal(other.seen.loss, expected.history.step_loss)


def test_a_finished_training_goes_on_with_more_epochs(trainer):
    trainer.settings = trainer.settings.replace(epochs=1)
    trainer.start()
    until(lambda: trainer.state == "done")
    assert not trainer.may_go_on
    trainer.settings = trainer.settings.replace(epochs=2)
    assert trainer.may_go_on
    trainer.go_on()
    until(lambda: trainer.state == "done")
    assert trainer.result.history.epochs == 2


@pytest.mark.parametrize(
    ("raw", "said"),
    [(b"PK\x03\x04no", "damaged"), (b"", "damaged"), (None, "holds no training")],
)
def test_a_file_of_others_is_refused_and_the_document_stays(trainer, raw, said):
    if raw is None:
        from core.spec.spike_table import write_npz

        raw = write_npz(state=np.zeros(3, np.uint8))
    before = trainer.project.spec
    heard = threading.Event()
    trainer.param.watch(lambda *_: heard.set(), "problems")
    trainer.load("x.npz", raw)
    assert heard.wait(TIMEOUT)
    assert said in str(trainer.problems[0])
    assert trainer.project.spec == before
    assert trainer.state == "ready"


def test_what_a_document_lacks_is_said_and_the_ready_network_fits(trainer):
    trainer.project.open(first_steps())
    assert trainer.misfit() is not None
    trainer.start()
    until(lambda: trainer.problems)
    assert trainer.state == "ready"
    for data in (SMALL, SpikePatternData(), YinYangData()):
        trainer.data = data
        trainer.open_ready_network()
        assert trainer.misfit() is None
        assert not [p for p in trainer.project.problems if p.is_error]
        (sample,) = trainer.project.spec.stimuli
        assert (
            sum(map(len, sample.times))
            == trainer.project.spec.network.population("input").size
        )  # each channel has one spike


def test_a_checkpoint_of_nonsense_is_refused():
    from core.training import Checkpoint

    with pytest.raises(ConversionError, match="no checkpoint"):
        Checkpoint.of_entries({"state": np.zeros(2, np.uint8)})
