"""Several populations or projections are edited together."""

import numpy as np
import pytest

from core.spec.examples import first_steps
from workbench.forms import common_lines, subjects
from workbench.project import Project
from workbench.views.inspector import Inspector

BOTH = ("hidden", "out")


def common(spec, names=BOTH):
    return {line.id: line for line in common_lines(spec, names)}


def tau(spec, name):
    return spec.network.population(name).tau_mem


def test_lines_that_not_all_have_are_left_out():
    found = common(first_steps())
    assert "tau_mem" in found
    assert {"name", "threshold", "refractory_time"}.isdisjoint(found)


def test_an_edit_changes_all_of_them_and_nothing_else():
    spec = first_steps()
    after = common(spec)["tau_mem"].put(spec, 12.5)
    assert [tau(after, name) for name in BOTH] == pytest.approx([12.5e-6] * 2)
    assert after.replace(network=spec.network) == spec


def test_values_that_differ_are_mixed_until_they_are_edited_together():
    spec = first_steps()
    hidden = spec.network.population("hidden").replace(tau_mem=20e-6)
    spec = spec.replace(network=spec.network.with_population(hidden))
    line = common(spec)["tau_mem"]
    assert line.mixed
    assert line.also.endswith(" to 20 µs")
    again = common(line.put(spec, 15))["tau_mem"]
    assert (again.mixed, again.value) == (False, 15)


def test_values_of_neurons_are_drawn_for_all_that_have_as_many():
    spec = first_steps()  # 8 and 2 neurons
    assert common(spec)["tau_mem"].each is None
    spec = common(spec)["size"].put(spec, 4)
    line = common(spec)["tau_mem"]
    wanted = {"kind": "normal", "mean": 10, "spread": 1, "seed": 3}
    after = line.acts["draw"](spec, wanted)
    np.testing.assert_array_equal(tau(after, "hidden"), tau(after, "out"))
    assert len(set(tau(after, "out"))) == 4


def test_currents_of_several_populations_do_not_replace_each_other():
    spec = first_steps()
    after = common(spec)["current.kind"].put(spec, "constant")
    assert [s.population for s in after.stimuli] == ["input", "hidden", "out"]


def test_boxes_come_before_the_arrows_that_were_caught_with_them():
    spec = first_steps()
    assert subjects(spec, ("hidden_out", "hidden", "out")) == BOTH
    both = ("input_hidden", "hidden_out")
    assert subjects(spec, both) == both
    scale = common(spec, both)["weight_scale"].put(spec, 33)
    assert [p.weight_scale for p in scale.network.projections] == [33, 33]


def test_the_inspector_edits_what_is_chosen_together_in_one_step():
    project = Project()
    inspector = Inspector(project)
    project.select(None)
    inspector.chosen = (*BOTH, "gone")
    assert inspector._subject.value == "several"
    inspector._edited("tau_mem", 12.5)
    inspector._edited("tau_mem", 13)
    assert tau(project.spec, "out") == pytest.approx(13e-6)
    project.undo()
    assert tau(project.spec, "out") == tau(first_steps(), "out")
    inspector._deleted()
    assert [p.name for p in project.spec.network.populations] == ["input"]
    assert inspector.together == ()
