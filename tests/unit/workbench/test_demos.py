"""Every demo: it runs on the model and on chips, and its solution reaches its goal."""

from pathlib import Path

import numpy as np
import pytest

from core.demo import MEASURED_ON_CHIP, PLOTS, meter, observed
from core.simulate import StageMemory, simulate
from core.spec.check import check
from core.spec.packed import pack, unpack
from workbench import demos as package
from workbench.demos import demos, sudoku

NAMES = list(demos())
ROOT = Path(__file__).parents[3]
CHIPS = (1, 2, 3)
#: Kept over all tests of this file: the characterisation of a chip is measured once.
MEMORY = StageMemory()


def placed(name, chip):
    """Return the demo and its start, on the model (0) or on a chip."""
    demo = demos()[name]
    spec = demo.start()
    spec = spec.replace(run=spec.run.replace(mode="both" if chip else "mock"))
    return demo, spec.replace(chip=spec.chip.replace(number=chip or 1))


def tried(name, chip):
    """Return the meters of start and solution, and what the solution shows."""
    demo, start = placed(name, chip)
    solved = demo.solution(start)
    begun, ended = simulate(start, MEMORY), simulate(solved, MEMORY)
    seen = {
        f"{o.published}: {o.condition.said(value)}": o.condition.holds(value)
        for o in demo.observations
        for value in [observed(o.condition, solved, ended)]
    }
    return meter(demo, start, begun), meter(demo, solved, ended), seen


def test_there_are_ten_demos_and_each_is_a_file():
    files = {p.stem for p in Path(package.__file__).parent.glob("*.py")}
    assert set(NAMES) == files - {"__init__"}
    assert len(NAMES) == 10
    orders = [demo.order for demo in demos().values()]
    assert orders == sorted(set(orders))


@pytest.mark.parametrize("name", NAMES)
def test_a_demo_is_complete(name):
    demo, start = placed(name, 0)
    assert not [p for p in check(start) if p.is_error]
    texts = (demo.title, demo.sentence, demo.task, demo.hint, demo.source)
    assert all(texts)
    assert demo.goal
    assert demo.observations
    assert set(demo.plots) <= set(PLOTS)
    assert unpack(pack(start)) == start  # it can be saved and sent
    if demo.needs_chip:
        assert MEASURED_ON_CHIP in demo.goal


@pytest.mark.parametrize("name", NAMES)
def test_each_control_shows_what_it_put_and_stays_within_its_range(name):
    demo, start = placed(name, 0)
    for control in demo.controls:
        value = control.value(start)
        assert value is not None, control.label
        assert control.low <= value <= control.high, control.label
        for shown in (control.low, control.high):
            moved = control.put(start, shown)
            assert not [p for p in check(moved) if p.is_error], control.label
            # weights are float32
            assert control.value(moved) == pytest.approx(shown, rel=1e-5, abs=1e-6)


def marks(name, chip):
    return [pytest.mark.slow] if chip > 1 or name == "yin_yang" else []


@pytest.mark.parametrize(
    ("name", "chip"),
    [
        pytest.param(name, chip, marks=marks(name, chip))
        for name in NAMES
        for chip in (0, *CHIPS)
    ],
)
def test_the_solution_reaches_the_goal_the_start_does_not(name, chip):
    demo = demos()[name]
    start, solved, seen = tried(name, chip)
    assert solved.reached, solved.sentence
    assert solved.share == 1
    if demo.find:
        assert not start.reached, start.sentence
    missed = [said for said, holds in seen.items() if not holds]
    assert not missed


@pytest.mark.parametrize("name", NAMES)
def test_what_deviates_from_the_published_number_is_explained(name):
    page = (ROOT / "docs" / "demos.md").read_text(encoding="utf-8")
    demo = demos()[name]
    for text in (
        demo.title,
        demo.equivalents,
        *(o.deviation for o in demo.observations),
    ):
        assert text in page


@pytest.mark.parametrize(("count", "solutions"), [(5, 2), (6, 1), (8, 1)])
def test_the_clues_of_the_sudoku_leave_as_many_grids_as_it_says(count, solutions):
    exclude = sudoku.rules() > 0
    given = {cell: sudoku.SOLUTION[cell] for cell in sudoku.ORDER[:count]}

    def grids(cell, chosen):
        if cell == sudoku.CELLS:
            return 1
        digits = [given[cell]] if cell in given else range(sudoku.DIGITS)
        neurons = [cell * sudoku.DIGITS + digit for digit in digits]
        free = [n for n in neurons if not exclude[n, chosen].any()]
        return sum(grids(cell + 1, [*chosen, n]) for n in free)

    assert grids(0, []) == solutions
    # 3 other digits of the cell, 3 in the row, 3 in the column, 1 more in the block
    assert np.all(exclude.sum(1) == 10)
