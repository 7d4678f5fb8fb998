import threading
import time

import pytest

from core.errors import HXError, NetworkError, Problem
from core.simulate import simulate
from core.spec import edit
from core.spec.examples import psp
from core.spec.fields import fingerprint
from core.units import us
from workbench import runner as module
from workbench.project import Project
from workbench.runner import POOL, Runner

TIMEOUT = 20  # s; a run takes milliseconds, the first one compiles


def settle(runner):
    """Wait until nothing is in flight and both threads are free again."""
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        meeting = threading.Barrier(3)
        for _ in range(2):
            POOL.submit(meeting.wait, TIMEOUT)
        meeting.wait(TIMEOUT)
        if not runner.busy:
            return
    pytest.fail("the runner is still busy")


class Chip:
    """Stands before `simulate`: counts the runs, holds them, makes them fail."""

    def __init__(self):
        self.specs = []
        self.entered = threading.Event()
        self.open = threading.Event()
        self.open.set()
        self.fails = None

    def __call__(self, spec, memory=None, *, truth=False):
        self.specs.append(spec)
        self.entered.set()
        assert self.open.wait(TIMEOUT)
        if self.fails is not None:
            raise self.fails
        return simulate(spec, memory, truth=truth)


@pytest.fixture
def chip(monkeypatch):
    chip = Chip()
    monkeypatch.setattr(module, "simulate", chip)
    yield chip
    chip.open.set()


@pytest.fixture
def project():
    return Project(psp())


@pytest.fixture
def runner(project, chip):
    """Return a runner that has run once."""
    runner = Runner(project)
    runner.run()
    settle(runner)
    chip.specs.clear()
    chip.entered.clear()
    return runner


def slow(spec, tau_us):
    network = spec.network
    membrane = network.population("membrane").replace(tau_mem=tau_us * us)
    return spec.replace(network=network.with_population(membrane))


def hold(chip, runner, project):
    """Start a run that stays in flight."""
    chip.open.clear()
    project.edit(slow(project.spec, 11))
    assert chip.entered.wait(TIMEOUT)
    assert runner.busy


def test_the_first_run_gives_the_result_of_the_document(runner, project):
    assert runner.result.fingerprint == fingerprint(project.spec)
    assert (runner.current, runner.busy, runner.problems) == (True, False, ())
    assert runner.previous is None


def test_the_page_can_be_drawn_with_its_first_result(project, chip):
    runner = Runner(project)
    runner.run_first()
    assert chip.specs == [project.spec]
    assert runner.result.fingerprint == fingerprint(project.spec)
    assert (runner.current, runner.busy) == (True, False)


def test_after_the_first_result_only_changes_run(project, chip):
    runner = Runner(project)
    runner.run_first()
    project.select(None)
    settle(runner)
    assert len(chip.specs) == 1
    project.edit(slow(project.spec, 11))
    settle(runner)
    assert len(chip.specs) == 2
    assert runner.current


@pytest.mark.parametrize("error", [HXError("a", "is wrong."), RuntimeError("boom")])
def test_a_first_run_that_fails_is_said(project, chip, error):
    chip.fails = error
    runner = Runner(project)
    runner.run_first()
    assert runner.problems
    assert runner.result is None
    chip.fails = None
    project.edit(slow(project.spec, 11))
    settle(runner)
    assert runner.current


def test_a_first_document_with_errors_is_not_run(chip):
    runner = Runner(Project(slow(psp(), 1e6)))
    runner.run_first()
    assert chip.specs == []
    assert not runner.current


def test_a_change_runs_and_the_result_before_is_kept(runner, project, chip):
    before = runner.result
    project.edit(slow(project.spec, 11))
    settle(runner)
    assert chip.specs == [project.spec]
    assert runner.result.fingerprint == fingerprint(project.spec)
    assert runner.previous is before
    assert runner.current


def test_a_run_of_the_same_document_keeps_the_result_before(runner, project):
    project.edit(slow(project.spec, 11))
    settle(runner)
    before = runner.previous
    runner.run()
    settle(runner)
    assert runner.previous is before


def test_the_newest_change_wins(runner, project, chip):
    hold(chip, runner, project)
    held = project.spec
    for tau in range(12, 20):
        project.edit(slow(project.spec, tau))
    chip.open.set()
    settle(runner)
    assert chip.specs == [held, project.spec]
    assert runner.result.fingerprint == fingerprint(project.spec)
    assert runner.current


def test_only_one_run_is_in_flight(runner, project, chip):
    hold(chip, runner, project)
    project.edit(slow(project.spec, 12))
    runner.run()
    assert len(chip.specs) == 1


def test_a_result_is_not_current_while_a_newer_one_is_computed(runner, project, chip):
    hold(chip, runner, project)
    assert not runner.current
    assert runner.result is not None


def test_a_change_that_is_taken_back_ends_with_its_own_result(runner, project, chip):
    start = project.spec
    hold(chip, runner, project)
    project.undo()
    chip.open.set()
    settle(runner)
    assert runner.result.fingerprint == fingerprint(start)
    assert runner.current


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.edit(edit.move(p.spec, {"membrane": (1.0, 2.0)})),
        lambda p: p.select("input"),
        lambda p: p.edit(p.spec.replace(title="other")),
        lambda p: p.edit(
            p.spec.replace(
                network=p.spec.network.with_population(
                    p.spec.network.population("membrane").replace(color=3)
                )
            )
        ),
    ],
    ids=["move", "select", "title", "colour"],
)
def test_what_changes_no_result_does_not_run(runner, project, chip, change):
    change(project)
    settle(runner)
    assert chip.specs == []
    assert runner.current


def test_without_live_a_change_does_not_run(runner, project, chip):
    runner.live = False
    project.edit(slow(project.spec, 11))
    settle(runner)
    assert chip.specs == []
    assert not runner.current


def test_without_live_a_run_can_be_asked_for(runner, project, chip):
    runner.live = False
    project.edit(slow(project.spec, 11))
    runner.run()
    settle(runner)
    assert chip.specs == [project.spec]
    assert runner.current


def test_a_run_can_be_asked_for_without_a_change(runner, project, chip):
    runner.run()
    settle(runner)
    assert chip.specs == [project.spec]


def test_live_again_runs_what_was_missed(runner, project, chip):
    runner.live = False
    project.edit(slow(project.spec, 11))
    runner.live = True
    settle(runner)
    assert chip.specs == [project.spec]


def test_an_error_of_the_run_is_shown_and_the_old_result_stays(runner, project, chip):
    before = runner.result
    problems = [Problem("a", "is wrong."), Problem("b", "too.")]
    chip.fails = NetworkError.of(problems)
    project.edit(slow(project.spec, 11))
    settle(runner)
    assert runner.problems == tuple(problems)
    assert runner.result is before
    assert not runner.current


def test_the_next_good_run_clears_the_problems(runner, project, chip):
    chip.fails = HXError("a", "is wrong.")
    project.edit(slow(project.spec, 11))
    settle(runner)
    chip.fails = None
    project.edit(slow(project.spec, 12))
    settle(runner)
    assert runner.problems == ()
    assert runner.current


def test_undoing_the_change_that_failed_runs_again(runner, project, chip):
    chip.fails = HXError("a", "is wrong.")
    project.edit(slow(project.spec, 11))
    settle(runner)
    chip.fails = None
    project.undo()
    settle(runner)
    assert runner.problems == ()
    assert runner.current


def test_a_defect_is_shown_and_the_runner_goes_on(runner, project, chip):
    before = runner.result
    chip.fails = RuntimeError("boom")
    project.edit(slow(project.spec, 11))
    settle(runner)
    (problem,) = runner.problems
    assert "boom" in problem.what
    assert problem.fix
    assert runner.result is before
    chip.fails = None
    project.edit(slow(project.spec, 12))
    settle(runner)
    assert runner.current


def test_a_failing_run_does_not_hold_up_the_newest_change(runner, project, chip):
    hold(chip, runner, project)
    project.edit(slow(project.spec, 12))
    chip.fails = RuntimeError("boom")
    waiting = chip.open
    chip.open = threading.Event()  # the second run is held, too
    chip.entered.clear()
    waiting.set()
    assert chip.entered.wait(TIMEOUT)
    chip.fails = None
    chip.open.set()
    settle(runner)
    assert (runner.current, runner.problems) == (True, ())


def test_a_document_with_errors_is_not_run(runner, project, chip):
    before = runner.result
    project.edit(slow(project.spec, 1e6))
    settle(runner)
    assert chip.specs == []
    assert runner.result is before
    assert not runner.current


def test_a_document_with_errors_is_not_run_when_asked_for_either(runner, project, chip):
    project.edit(slow(project.spec, 1e6))
    runner.run()
    settle(runner)
    assert chip.specs == []


def test_a_corrected_document_is_current_again(runner, project, chip):
    project.edit(slow(project.spec, 1e6))
    project.undo()
    settle(runner)
    assert runner.current


def test_an_error_takes_back_what_was_wanted(runner, project, chip):
    hold(chip, runner, project)
    project.edit(slow(project.spec, 12))
    project.edit(slow(project.spec, 1e6))
    chip.open.set()
    settle(runner)
    assert len(chip.specs) == 1
    assert not runner.current


def test_the_failure_of_an_older_document_is_not_said_of_one_with_errors(
    runner, project, chip
):
    hold(chip, runner, project)
    project.edit(slow(project.spec, 1e6))
    chip.fails = HXError("old", "is wrong.")
    chip.open.set()
    settle(runner)
    assert runner.problems == ()


def test_a_note_of_the_document_does_not_keep_it_from_running(runner, project, chip):
    project.edit(project.spec.replace(stimuli=()))
    settle(runner)
    assert chip.specs == [project.spec]
    assert runner.current


def test_work_aside_is_done_off_the_thread_and_handed_back(runner):
    found = []
    done = threading.Event()

    def take(future):
        found.append(future.result())
        done.set()

    runner.aside(threading.current_thread, take)
    assert done.wait(TIMEOUT)
    assert found != [threading.current_thread()]


def test_two_projects_run_independently(runner, chip):
    other = Runner(Project(psp()))
    chip.open.clear()
    runner.run()
    chip.entered.wait(TIMEOUT)
    other.run()
    chip.open.set()
    settle(runner)
    settle(other)
    assert other.current
    assert runner.current
