"""Chip lottery without a browser."""

import time

import pytest

from core.spec.chip import IDEAL
from core.spec.examples import first_steps
from core.units import us
from workbench.project import Project
from workbench.runner import Runner
from workbench.views.chip_lottery import CHIPS, ChipLottery

#: s; what is waited for takes a few.
TIMEOUT = 120


@pytest.fixture
def lottery():
    spec = first_steps()
    run = spec.run.replace(runtime=20 * us, calibration="uncalibrated")
    project = Project(spec.replace(run=run, chip=IDEAL))
    runner = Runner(project)
    runner.live = False
    made = ChipLottery(project, runner)
    made.show()
    yield made
    made.cancel()


def until(condition):
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def said(lottery):
    return [chip["said"] for chip in lottery.strip.chips]


def test_it_can_be_cancelled_after_any_chip_and_keeps_what_it_has(lottery):
    assert said(lottery) == [""] * len(CHIPS)
    lottery.start()
    assert lottery._start.disabled
    assert lottery._stop.visible
    until(lambda: said(lottery)[0])
    lottery.cancel()
    until(lambda: lottery._work is None)
    until(lambda: not lottery._start.disabled)
    drawn = [bool(s) for s in said(lottery)]
    assert drawn[0]
    assert not drawn[-1]
    assert drawn == sorted(drawn, reverse=True)  # one after the other
    assert lottery._said.object.count("role") == 0


def test_a_chip_is_taken_as_one_step_and_others_stay_of_the_same_document(lottery):
    lottery.start()
    until(lambda: said(lottery)[0])
    lottery.cancel()
    until(lambda: lottery._work is None)
    before = lottery.project.spec
    lottery.strip._handle_msg(2)
    assert lottery.project.spec.chip == before.chip.replace(number=2)
    until(lambda: lottery.strip.chosen == 2)
    assert not lottery.strip.stale
    lottery.project.undo()
    assert lottery.project.spec.chip == before.chip
    longer = before.run.replace(runtime=30 * us)
    lottery.project.edit(before.replace(run=longer))
    until(lambda: lottery.strip.stale)


@pytest.mark.parametrize("message", [0, 21, -1, "2", None, 2.0, True, {"number": 2}])
def test_what_is_no_chip_of_the_strip_is_not_taken(lottery, message):
    before = lottery.project.spec
    lottery.project.edit(before.replace(chip=before.chip.replace(number=50)))
    lottery.strip._handle_msg(message)
    assert lottery.project.spec.chip.number == 50


def test_a_document_that_no_chip_can_run_says_why(lottery):
    spec = lottery.project.spec
    hidden = spec.network.population("hidden").replace(leaky=False)
    lottery.project.edit(spec.replace(network=spec.network.with_population(hidden)))
    lottery.start()
    until(lambda: lottery._work is None)
    until(lambda: "role" in lottery._said.object)
    assert "does not leak" in lottery._said.object
