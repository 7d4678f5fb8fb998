"""Sweeps and characterisation without a browser."""

import time

import numpy as np
import pytest

from core.chip.pipeline import StageMemory
from core.spec.examples import first_steps
from core.sweep import Axis, sweep
from core.units import us
from workbench.characteristics import measurements
from workbench.plots.characteristics import CURVES, CharacteristicPlot
from workbench.plots.sweep import Found
from workbench.project import Project
from workbench.runner import Runner
from workbench.sweepable import sweepable
from workbench.views.sweep_view import SweepView

#: s; what is waited for takes less than one.
TIMEOUT = 60


@pytest.fixture
def view():
    project = Project(first_steps())
    runner = Runner(project)
    runner.live = False
    made = SweepView(project, runner, active=True)
    made._draw()
    yield made
    made.cancel()


def until(condition):
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def run(view):
    view.start()
    until(lambda: view._work is None)


def test_each_parameter_that_is_offered_can_be_swept():
    spec = first_steps()
    found = sweepable(spec)
    assert {"hidden: threshold", "input_hidden: weights", "input: rate"} <= set(found)
    assert found["hidden: membrane time constant"].unit == "µs"
    for parameter in found.values():
        low, high = parameter.range()
        assert low < high, parameter.words
        axis = parameter.axis(low, high, 3)
        assert axis.info(spec) is not None


def test_a_sweep_shows_what_the_engine_measures(view):
    view.first.count.value = 3
    run(view)
    spec = view.project.spec
    axis = Axis(("hidden", "threshold"), [0.5, 1.0, 1.5])
    expected = sweep(spec, [axis], ["rate"], population="hidden")
    assert np.array_equal(view.found.values, expected.values["rate"] / 1e3)
    assert (np.diff(view.found.mean()) < 0).all()
    assert view.found.name == "rate of hidden (kHz)"


def test_a_click_is_one_step_to_undo_in_the_unit_of_the_document(view):
    view.first.choice.value = "hidden: membrane time constant"
    view.first.count.value = 2
    run(view)
    before = view.project.spec
    view.curve._on_click(7.0)
    assert view.project.spec.network.population("hidden").tau_mem == pytest.approx(7e-6)
    view.project.undo()
    assert view.project.spec == before


def test_two_parameters_on_two_chips_keep_their_places(view):
    view.mode.value, view.chips.value = "chip", 2
    view.second.choice.value = "hidden: leak"
    view.first.count.value, view.second.count.value = 3, 2
    spec = view.project.spec
    short = spec.replace(run=spec.run.replace(runtime=60 * us))
    view.project.edit(short)
    run(view)
    assert view._problems == ()
    assert view.found.values.shape == (3, 2, 2, 8)
    chips = spec.chip.number, spec.chip.number + 1
    on_chip = short.replace(run=short.run.replace(mode="chip"))
    axes = [
        Axis(p.path, v * p.size)
        for p, v in zip(view._swept, view.found.axes, strict=True)
    ]
    expected = sweep(on_chip, axes, ["rate"], population="hidden", chips=chips)
    assert np.array_equal(view.found.values, expected.values["rate"] / 1e3)


def test_what_cannot_be_run_is_said(view):
    view.first.choice.value = "hidden: membrane time constant"
    view.first.take(-5.0, 5.0)
    run(view)
    assert "hidden" in str(view._problems[0])
    assert view.found is None


def test_the_spread_is_that_over_chips_or_over_neurons():
    values = np.array([[[1.0, 3.0], [5.0, 7.0]], [[2.0, 2.0], [np.nan, np.nan]]])
    two = Found((np.arange(2.0),), ("x",), (1, 2), values, "y")
    assert two.mean().tolist() == [4.0, 2.0]
    assert two.spread().tolist() == [2.0, 0.0]
    one = Found((np.arange(2.0),), ("x",), (1,), values[:, :1], "y")
    assert one.spread().tolist() == [1.0, 0.0]
    assert two.table().columns["chip"].tolist() == [1, 2, 1, 2]


def test_characteristics_agree_with_the_parameters_in_mock():
    spec = first_steps()
    found = tuple(m() for m in measurements(spec, "hidden", "mock", StageMemory()))
    by_name = {c.name: c for c in found}
    assert set(by_name) == set(CURVES)
    tau = float(np.mean(spec.network.population("hidden").tau_mem)) / us
    # the fit of an Euler step is 2.5 % off at most, and a fast synapse kicks
    assert float(by_name["decay"].said.split()[1]) == pytest.approx(tau, rel=0.1)
    rate = by_name["f–I"].y
    assert rate[0] == 0
    assert (np.diff(rate) >= 0).all()
    assert rate[-1] > 0
    plot = CharacteristicPlot("f–I")
    plot.style(True)
    plot.draw(found)
    assert np.array_equal(plot.sources["mock"].data["y"], rate)
    assert not len(plot.sources["chip"].data["y"])


def test_an_output_without_spikes_has_a_psp_and_a_decay():
    found = [m() for m in measurements(first_steps(), "out", "mock", StageMemory())]
    assert [c.name for c in found] == ["PSP", "decay"]
