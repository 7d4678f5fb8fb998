"""The dialog of a projection: a draft that becomes one step, or nothing."""

import numpy as np
import pytest

from core.spec import edit
from core.spec.examples import first_steps
from core.spec.network import KINDS
from core.spec.weight_rule import WeightRule
from workbench.project import Project
from workbench.views.connection_dialog import EXPLICIT, ConnectionDialog


@pytest.fixture
def project():
    return Project()


@pytest.fixture
def dialog(project):
    return ConnectionDialog(project)


def weights(project, name="input_hidden"):
    return project.spec.network.projection(name).weights


@pytest.mark.parametrize("pairs", ["dense", "sparse"])
@pytest.mark.parametrize("distribution", ["constant", "normal", "uniform"])
def test_a_rule_is_drawn_into_the_document_as_one_step(
    dialog, project, pairs, distribution
):
    before = weights(project)
    dialog.open("input_hidden")
    dialog.pairs.value = pairs
    dialog.distribution.value = distribution
    dialog.numbers["seed"].value = 7
    assert weights(project) is before  # a draft
    dialog.apply()
    rule = WeightRule(pairs, weights=distribution, seed=7)
    np.testing.assert_array_equal(weights(project), rule.draw(6, 8))
    assert not dialog.dialog.open
    project.undo()
    np.testing.assert_array_equal(weights(project), before)
    assert not project.can_undo


def test_an_unchanged_matrix_is_no_step(dialog, project):
    dialog.open("input_hidden")
    dialog.apply()
    assert not project.can_undo


def test_one_weight_is_changed_and_the_matrix_is_explicit(dialog, project):
    before = np.array(weights(project))
    dialog.open("input_hidden")
    dialog.pairs.value = "dense"
    dialog.pairs.value = EXPLICIT
    dialog.open("input_hidden")
    dialog.editor.map.cell = [3, 5]
    assert (dialog.editor.target.value, dialog.editor.source.value) == (3, 5)
    assert dialog.editor.value.value == pytest.approx(before[3, 5], abs=1e-6)
    dialog.editor.value.value = -2.5
    assert dialog.pairs.value == EXPLICIT
    dialog.apply()
    before[3, 5] = -2.5
    np.testing.assert_array_equal(weights(project), before)


def test_the_cell_follows_the_typed_indices(dialog):
    dialog.open("input_hidden")
    dialog.editor.source.value = 4
    dialog.editor.target.value = 2
    assert dialog.editor.map.cell == [2, 4]


@pytest.mark.parametrize("cell", [[8, 0], [-1, 0], [0, 99]])
def test_a_cell_outside_of_the_matrix_is_not_shown(dialog, cell):
    dialog.open("input_hidden")
    shown = dialog.editor.value.value
    dialog.editor.map.cell = cell
    assert dialog.editor.value.value == shown


def test_clipped_weights_are_counted(dialog, project):
    dialog.open("input_hidden")
    assert "clipped" not in dialog.editor.count.object
    dialog.pairs.value, dialog.distribution.value = "dense", "constant"
    dialog.numbers["mean"].value = 1.3  # 74 LSB at a scale of 57
    assert "48 clipped to 6 bit" in dialog.editor.count.object
    assert dialog.editor.map.limit == pytest.approx(63 / 57)


def test_a_new_connection_starts_with_a_pair_that_is_possible(dialog, project):
    project.edit(edit.add_population(project.spec, KINDS["LI"], (0.0, 0.0)))
    dialog.open(source="hidden")
    assert (dialog.source.value, dialog.target.value) == ("hidden", "hidden")
    dialog.pairs.value = "one-to-one"
    dialog.apply()
    loop = project.spec.network.projections[-1]
    assert (loop.source, loop.target) == ("hidden", "hidden")
    assert np.count_nonzero(loop.weights) == 8


def test_an_impossible_connection_says_why_and_cannot_be_applied(dialog):
    dialog.open()
    dialog.source.value, dialog.target.value = "input", "hidden"
    assert "exists already" in dialog._said.object
    assert dialog._apply.disabled


def test_one_to_one_of_unequal_sizes_says_why(dialog):
    dialog.open("input_hidden")
    dialog.pairs.value = "one-to-one"
    assert "the source has 6 neurons, the target 8" in dialog._said.object
    assert dialog._apply.disabled


def test_a_population_resized_meanwhile_refuses_the_old_matrix(dialog, project):
    dialog.open("input_hidden")
    project.edit(edit.resize(project.spec, "hidden", 5))
    dialog.apply()
    assert "other sizes" in dialog._said.object
    assert dialog.dialog.open


@pytest.mark.parametrize("number", [None, float("nan"), float("inf"), -5, 1e300])
def test_no_number_breaks_the_draft(dialog, number):
    dialog.open("input_hidden")
    dialog.pairs.value = "sparse"
    dialog.numbers["mean"].param.update(start=None, end=None)
    dialog.numbers["mean"].value = number
    assert np.isfinite(dialog._draft).all()


def test_names_are_text(project):
    spec = edit.rename(first_steps(), "hidden", "<img src=x>")
    dialog = ConnectionDialog(Project(spec))
    dialog.open("input_hidden")
    assert "<img" not in dialog.editor.ends.object
    dialog.pairs.value = "one-to-one"
    assert "<img" not in dialog._said.object
