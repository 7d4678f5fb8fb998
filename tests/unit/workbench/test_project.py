import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConversionError, NetworkError, Problem
from core.spec import edit
from core.spec.examples import first_steps, psp
from core.spec.network import KINDS
from workbench import project as module
from workbench.project import GESTURE_SECONDS, Project


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module.time, "monotonic", clock)
    return clock


@pytest.fixture
def project():
    return Project()


def heard(project):
    """Return a list that grows with each event of the document."""
    events = []
    project.param.watch(lambda *e: events.append(e), ["spec", "problems"])
    return events


def moved(spec, x):
    return edit.move(spec, {"hidden": (float(x), 0.0)})


def undos(project):
    count = 0
    while project.can_undo:
        project.undo()
        count += 1
    return count


def content(spec):
    """Return the document without what is selected: undo leaves that alone."""
    return spec.replace(view=first_steps().view)


def test_a_new_project_shows_an_example_without_history(project):
    assert project.spec == first_steps()
    assert (project.can_undo, project.can_redo) == (False, False)


def test_an_equal_edit_does_nothing(project):
    before, events = project.spec, heard(project)
    project.edit(first_steps())
    assert project.spec is before
    assert events == []
    assert not project.can_undo


def test_an_equal_edit_leaves_the_steps_to_redo(project):
    project.edit(moved(project.spec, 1))
    project.undo()
    project.edit(first_steps())
    assert project.can_redo


def test_an_edit_is_one_event(project):
    events = heard(project)
    project.edit(moved(project.spec, 1))
    assert len(events) == 1


def test_49_edits_of_one_gesture_are_one_step(project, clock):
    for x in range(1, 50):
        clock.now += 0.02
        project.edit(moved(project.spec, x), key="drag")
    assert undos(project) == 1
    assert project.spec == first_steps()


def test_a_long_gesture_without_a_pause_stays_one_step(project, clock):
    for x in range(1, 50):
        clock.now += 0.9 * GESTURE_SECONDS
        project.edit(moved(project.spec, x), key="drag")
    assert undos(project) == 1


def test_another_key_is_another_step(project, clock):
    project.edit(moved(project.spec, 1), key="drag")
    project.edit(moved(project.spec, 2), key="slide")
    assert undos(project) == 2


def test_after_a_pause_the_same_key_is_another_step(project, clock):
    project.edit(moved(project.spec, 1), key="drag")
    clock.now += GESTURE_SECONDS
    project.edit(moved(project.spec, 2), key="drag")
    assert undos(project) == 2


def test_edits_without_a_key_are_steps_of_their_own(project, clock):
    project.edit(moved(project.spec, 1))
    project.edit(moved(project.spec, 2))
    assert undos(project) == 2


def test_an_edit_after_an_undo_is_a_step_even_with_the_same_key(project, clock):
    project.edit(moved(project.spec, 1))
    project.edit(moved(project.spec, 2), key="drag")
    project.undo()
    project.edit(moved(project.spec, 3), key="drag")
    project.undo()
    assert project.spec.network.population("hidden").position == (1.0, 0.0)


def test_a_gesture_right_after_the_clock_started_can_be_undone(project, clock):
    clock.now = 0.0
    project.edit(moved(project.spec, 1), key="drag")
    assert project.can_undo


def test_undo_and_redo_share_the_weights(project):
    weights = project.spec.network.projections[0].weights
    project.edit(moved(project.spec, 1))
    project.undo()
    assert project.spec.network.projections[0].weights is weights
    project.redo()
    assert project.spec.network.projections[0].weights is weights
    assert project.spec == moved(first_steps(), 1)


def test_an_edit_forgets_what_was_undone(project):
    project.edit(moved(project.spec, 1))
    project.undo()
    project.edit(moved(project.spec, 2))
    assert not project.can_redo


def test_undo_and_redo_at_the_ends_do_nothing(project):
    events = heard(project)
    project.undo()
    project.redo()
    assert events == []


def test_problems_follow_the_document(project):
    hidden = project.spec.network.population("hidden").replace(tau_mem=1.0)
    network = project.spec.network.with_population(hidden)
    project.edit(project.spec.replace(network=network))
    assert [p.parameter for p in project.problems] == ["tau_mem"]
    project.undo()
    assert project.problems == ()


def test_selecting_is_no_step(project):
    project.select("out")
    assert project.spec.view.selected == "out"
    assert not project.can_undo


def test_selecting_again_is_no_event(project):
    events = heard(project)
    project.select(project.spec.view.selected)
    assert events == []


def test_showing_another_neuron_is_no_step(project):
    project.record("out", 1)
    recording = project.spec.recording
    assert (recording.madc_population, recording.madc_neuron) == ("out", 1)
    assert not project.can_undo


def test_selecting_does_not_forget_what_was_undone(project):
    project.edit(moved(project.spec, 1))
    project.undo()
    project.select("out")
    project.redo()
    assert project.spec.network == moved(first_steps(), 1).network


def test_the_selection_survives_an_undo(project):
    project.edit(moved(project.spec, 1))
    project.select("out")
    project.undo()
    assert project.spec.view.selected == "out"


def test_the_selection_of_nothing_survives_an_undo(project):
    project.edit(moved(project.spec, 1))
    project.select(None)
    project.undo()
    assert project.spec.view.selected is None


def test_a_selection_that_undo_takes_away_is_gone(project):
    project.edit(edit.add_population(project.spec, KINDS["LI"], (0, 0)))
    added = project.spec.view.selected
    project.undo()
    assert added not in project.spec.network.names
    assert project.spec.view.selected == "hidden"


def test_a_refused_gesture_leaves_everything_and_says_why(project):
    project.edit(moved(project.spec, 1))
    project.undo()
    before, events = project.spec, heard(project)
    done = project.attempt(lambda: edit.connect(project.spec, "out", "hidden"))
    assert done is False
    assert project.spec is before
    assert events == []
    assert (project.can_undo, project.can_redo) == (False, True)
    assert "never spikes" in str(project.message)


def test_the_next_gesture_clears_the_message(project):
    project.attempt(lambda: edit.connect(project.spec, "out", "hidden"))
    assert project.attempt(lambda: moved(project.spec, 1))
    assert project.message is None


def test_a_defect_in_a_gesture_is_not_hidden(project):
    with pytest.raises(ZeroDivisionError):
        project.attempt(lambda: 1 / 0)


def test_undo_clears_the_message(project):
    project.edit(moved(project.spec, 1))
    project.attempt(lambda: edit.connect(project.spec, "out", "hidden"))
    project.undo()
    assert project.message is None


def test_opening_a_file_is_a_step_back(project):
    note = Problem("file", "was changed.", severity="note")
    project.open(psp(), (note,))
    assert (project.spec, project.notes) == (psp(), (note,))
    project.undo()
    assert content(project.spec) == content(first_steps())


def test_a_file_that_cannot_be_opened_leaves_the_document(project):
    before = project.spec
    problems = [Problem("a.json", "is bad."), Problem("a.json", "is worse.")]
    project.refuse("a.json", ConversionError.of(problems))
    assert project.spec is before
    assert (project.message, project.notes) == (problems[0], (problems[1],))


def test_a_defect_on_opening_is_said_without_its_text(project):
    project.refuse("a.json", RuntimeError("/home/secret"))
    assert "RuntimeError" in str(project.message)
    assert "secret" not in str(project.message)


def test_the_notes_of_a_file_do_not_outlive_a_refused_one(project):
    project.open(psp(), (Problem("old", "note.", severity="note"),))
    project.refuse("b.json", RuntimeError())
    assert project.notes == ()


def test_the_document_cannot_be_set_past_the_history(project):
    with pytest.raises(TypeError, match="Constant"):
        project.spec = psp()


STEPS = st.one_of(
    st.tuples(st.just("move"), st.integers(0, 4), st.sampled_from([None, "a", "b"])),
    st.tuples(st.just("add"), st.sampled_from(list(KINDS)), st.none()),
    st.tuples(st.just("remove"), st.integers(0, 9), st.none()),
    st.tuples(st.just("resize"), st.integers(1, 6), st.sampled_from([None, "a"])),
    st.tuples(st.just("rename"), st.text(max_size=4), st.none()),
    st.tuples(st.just("connect"), st.integers(0, 9), st.integers(0, 9)),
    st.tuples(st.just("select"), st.integers(0, 9), st.none()),
)


def apply(project, kind, a, b):
    spec = project.spec
    names = [p.name for p in spec.network.populations] or ["none"]
    name = names[a % len(names)] if isinstance(a, int) else names[0]
    if kind == "select":
        project.select(name if name in spec.network.names else None)
        return
    changes = {
        "move": lambda: edit.move(spec, {names[0]: (float(a), 0.0)}),
        "add": lambda: edit.add_population(spec, KINDS[a], (0.0, 0.0)),
        "remove": lambda: edit.remove(spec, [name]),
        "resize": lambda: edit.resize(spec, names[0], a),
        "rename": lambda: edit.rename(spec, names[0], a),
        "connect": lambda: edit.connect(spec, name, names[b % len(names)]),
    }
    project.attempt(changes[kind], b if isinstance(b, str) else None)


@settings(max_examples=40, deadline=None)  # a machine may have other work
@given(st.lists(STEPS, max_size=12))
def test_all_undos_lead_to_the_start_and_all_redos_to_the_end(steps):
    project = Project()
    start = project.spec
    for step in steps:
        apply(project, *step)
    end = project.spec
    count = undos(project)
    assert content(project.spec) == content(start)
    for _ in range(count):
        project.redo()
    assert content(project.spec) == content(end)
    assert not project.can_redo


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=8))
def test_there_is_one_step_for_each_edit_that_changed_something(places):
    project, changed = Project(), 0
    for x in places:
        before = project.spec
        project.edit(moved(before, x))
        changed += project.spec is not before
    assert undos(project) == changed


def test_an_error_of_several_problems_is_said_with_its_first(project):
    def make():
        raise NetworkError.of([Problem("a", "first."), Problem("b", "second.")])

    project.attempt(make)
    assert project.message.what == "first."
