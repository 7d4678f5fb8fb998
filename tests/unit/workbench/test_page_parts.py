import contextlib
import threading
import time

import panel as pn
import pytest
from panel.io.state import state

from core.simulate import simulate
from core.spec import edit
from core.spec.examples import first_steps
from core.units import us
from workbench import runner as runner_module
from workbench.app import Workbench
from workbench.project import Project
from workbench.runner import POOL, Runner
from workbench.views.graph_editor import GraphEditor
from workbench.views.inspector import Inspector
from workbench.views.keys import Keys
from workbench.views.plots_view import PlotsView
from workbench.views.run_controls import RunControls
from workbench.views.run_status import RunStatus

TIMEOUT = 20  # s; a run takes milliseconds, the first one compiles
NAN, INF = float("nan"), float("inf")
IMG = "<img src=x onerror=alert(1)>"
# panel-material-ui gives its own FileDownload both names of the variant.
FOREIGN = "ignore:Both 'variant' and 'button_style':PendingDeprecationWarning"


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


@pytest.fixture
def project():
    return Project()


@pytest.fixture
def runner(project):
    """Return a runner that runs only when asked."""
    assert state.curdoc is None
    runner = Runner(project)
    runner.live = False
    return runner


@pytest.fixture
def editor(project, runner):
    return GraphEditor(project, runner)


@pytest.fixture
def inspector(project):
    return Inspector(project)


@pytest.fixture
def controls(project, runner):
    return RunControls(project, runner)


# -- names are text, never HTML --------------------------------------------------


def html(*views):
    """Return the text of all HTML panes."""
    found = []
    for view in views:
        root = view.__panel__()
        found += [pane.object for pane in root.select(pn.pane.HTML)]
    return "".join(found)


@pytest.mark.parametrize("old", ["input", "hidden", "out", "hidden_out"])
def test_names_are_escaped_wherever_they_are_shown(old):
    project = Project(edit.rename(first_steps(), old, IMG))
    runner = Runner(project)
    runner.live = False
    editor, plots = GraphEditor(project, runner), PlotsView(project, runner)
    runner.run()
    settle(runner)
    project.attempt(lambda: edit.rename(project.spec, IMG, "x" if old == IMG else ""))
    shown = html(editor, plots)
    assert "&lt;img" in shown  # it is shown: the refused gesture names it
    assert "<img" not in shown


def test_problems_of_the_document_are_escaped(editor, project):
    spec = edit.rename(project.spec, "hidden", IMG)
    bad = spec.network.population(IMG).replace(tau_mem=1.0)
    project.edit(spec.replace(network=spec.network.with_population(bad)))
    assert "&lt;img" in editor.problems.text
    assert "<img" not in editor.problems.text


@pytest.mark.filterwarnings(FOREIGN)
def test_names_in_the_summary_of_spikes_are_escaped():
    workbench = Workbench(edit.rename(first_steps(), "hidden", IMG))
    settle(workbench.runner)
    shown = workbench.plots._summary.text
    assert "&lt;img" in shown
    assert "<img" not in shown


def test_a_long_list_of_problems_is_cut_short(editor, project):
    spec = project.spec
    hidden = spec.network.population("hidden").replace(
        tau_mem=1.0, tau_syn=1.0, membrane_capacitance=1.0, refractory_time=1.0, size=0
    )
    project.edit(spec.replace(network=spec.network.with_population(hidden)))
    assert len(project.problems) > 5
    assert f"and {len(project.problems) - 4} more" in editor.problems.text


# -- the plots -------------------------------------------------------------------


def test_the_summary_counts_the_spikes_of_each_population(project, runner):
    plots = PlotsView(project, runner)
    runner.run()
    settle(runner)
    count = len(runner.result.populations["hidden"].spikes.time)
    assert f"{count} spikes" in plots._summary.text
    # A read-out does not spike: it says which neuron is highest.
    assert "out</b> highest peak: neuron" in plots._summary.text


def test_a_result_that_is_not_current_is_faded(project, runner):
    plots = PlotsView(project, runner)
    runner.run()
    settle(runner)
    assert plots._plots.styles["opacity"] == "1"
    project.edit(project.spec.replace(run=project.spec.run.replace(runtime=50 * us)))
    assert plots._plots.styles["opacity"] == "0.65"


def test_the_neurons_to_show_can_be_chosen(project, runner):
    choice = PlotsView(project, runner).choice
    choice.neurons.value = "5, 0-2"
    assert project.spec.recording.madc_neuron == 5
    assert project.spec.view.neurons == (0, 1, 2)
    choice.population.value = "out"
    recording = project.spec.recording
    assert (recording.madc_population, recording.madc_neuron) == ("out", 0)
    assert choice.neurons.value == "0"


@pytest.mark.parametrize("text", ["8", "x", "", "3-", "-1", "c5", "1e3", "0, 99"])
def test_neurons_that_are_none_are_said_and_not_taken(project, runner, text):
    choice = PlotsView(project, runner).choice
    before = project.spec
    choice.neurons.value = text
    assert project.spec is before
    assert project.message is not None
    assert choice.neurons.value == "0"


# -- the inspector ---------------------------------------------------------------


def test_an_edited_line_changes_the_document(inspector, project):
    inspector._edited("tau_mem", 12.5)
    assert project.spec.network.population("hidden").tau_mem == pytest.approx(12.5e-6)


def test_49_steps_of_a_slider_are_one_step_back(inspector, project):
    for tau in range(11, 60):
        inspector._edited("tau_mem", tau)
    project.undo()
    assert project.spec == first_steps()
    assert not project.can_undo


BAD_VALUES = [NAN, INF, -INF, "3", "", None, [3], {"a": 1}, True, 10**400]


@pytest.mark.parametrize("value", BAD_VALUES, ids=lambda v: str(v)[:20])
@pytest.mark.parametrize("line", ["tau_mem", "threshold", "size", "gain"])
def test_what_is_no_number_changes_nothing(inspector, project, line, value):
    before = project.spec
    inspector._edited(line, value)
    assert project.spec is before
    assert "number" in str(project.message)


@pytest.mark.parametrize("size", [10**15, 1e300, -5, 0], ids=str)
def test_a_size_out_of_bounds_is_said_and_makes_no_weights(inspector, project, size):
    inspector._edited("size", size)
    said = [str(p) for p in (project.message, *project.problems) if p is not None]
    assert "512" in "".join(said)
    weights = project.spec.network.projection("input_hidden").weights
    assert weights.size <= 512 * 6


@pytest.mark.parametrize("value", [None, 5, 1.5, True, [1], {"a": 1}], ids=str)
def test_a_name_is_text(inspector, project, value):
    before = project.spec
    inspector._edited("name", value)
    assert project.spec is before


@pytest.mark.parametrize("value", ["", "  ", "out"])
def test_a_refused_name_is_said_and_does_not_stay(inspector, project, value):
    before = project.spec
    inspector._edited("name", value)
    assert project.spec is before
    assert project.message is not None
    (line,) = [row for row in inspector._form.lines if row["id"] == "name"]
    assert line["value"] == "hidden"


@pytest.mark.parametrize("value", ["nope", "", None, 5, NAN, ["Poisson"], {"a": 1}])
def test_a_choice_that_is_not_offered_changes_nothing(inspector, project, value):
    project.select("input")
    before = project.spec
    inspector._edited("stimulus", value)
    assert project.spec is before


@pytest.mark.parametrize("name", ["nope", "", None, 5, ["tau_mem"], {"a": 1}, "put"])
def test_a_line_that_is_not_shown_changes_nothing(inspector, project, name):
    before = project.spec
    inspector._edited(name, 1)
    assert project.spec is before


@pytest.mark.parametrize(
    "message", [None, 5, "tau_mem", [], {}, {"id": "tau_mem"}, {"value": 3}], ids=str
)
def test_a_message_without_its_parts_changes_nothing(inspector, project, message):
    before = project.spec
    with contextlib.suppress(KeyError, TypeError):
        inspector._form._handle_msg(message)
    assert project.spec is before


def test_the_menu_selects(inspector, project):
    inspector._subject.value = "out"
    assert project.spec.view.selected == "out"
    inspector._subject.value = "experiment"
    assert project.spec.view.selected is None


def test_the_menu_follows_the_document(inspector, project):
    project.select("hidden_out")
    assert inspector._subject.value == "hidden_out"
    assert "whole experiment" in inspector._subject.options


def test_only_possible_targets_are_offered(inspector, project):
    project.select("input")
    assert inspector._connect.options == ["", "out"]
    project.select("out")
    assert not inspector._connect.visible


def test_connecting_from_the_menu_adds_a_projection(inspector, project):
    project.select("input")
    inspector._connect.value = "out"
    added = project.spec.network.projections[-1]
    assert (added.source, added.target) == ("input", "out")


def test_deleting_removes_what_is_selected(inspector, project):
    project.select("hidden")
    inspector._deleted()
    assert [p.name for p in project.spec.network.populations] == ["input", "out"]
    assert project.spec.view.selected is None
    inspector._deleted()
    assert len(project.spec.network.populations) == 2


# -- run controls ----------------------------------------------------------------


def test_the_mode_is_that_of_the_document_both_ways(controls, project):
    controls._mode.value = "both"
    assert project.spec.run.mode == "both"
    project.undo()
    assert controls._mode.value == "mock"


def test_the_chip_number_is_that_of_the_document_both_ways(controls, project):
    controls._chip.value = 77
    assert project.spec.chip.number == 77
    project.undo()
    assert controls._chip.value == 1


def test_a_chip_can_be_chosen_only_where_one_runs(controls):
    assert controls._chip.disabled
    controls._mode.value = "chip"
    assert not controls._chip.disabled


@pytest.mark.parametrize(("field", "name"), [("runtime", "runtime"), ("step", "dt")])
def test_times_of_the_run_are_in_microseconds(project, runner, field, name):
    status = RunStatus(project, runner)
    given = getattr(status, field)
    assert given.value == pytest.approx(getattr(project.spec.run, name) / us)
    given.value = 3.5
    assert getattr(project.spec.run, name) == pytest.approx(3.5e-6)
    project.undo()
    assert given.value == pytest.approx(getattr(project.spec.run, name) / us)


@pytest.mark.parametrize("value", [0, None, NAN, INF, -INF], ids=str)
@pytest.mark.parametrize("field", ["runtime", "step"])
def test_a_time_that_is_none_is_not_taken(project, runner, field, value):
    status, before = RunStatus(project, runner), project.spec
    shown = getattr(status, field).value
    getattr(status, field).value = value
    assert project.spec.run == before.run
    assert getattr(status, field).value == shown


def test_a_new_trial_changes_the_noise_alone(controls, project):
    before = project.spec
    controls.new_trial()
    assert project.spec == before.replace(run=before.run.replace(trial=1))


def test_a_new_chip_changes_its_number_alone(controls, project, monkeypatch):
    monkeypatch.setattr("secrets.randbelow", lambda n: n - 1)
    before = project.spec
    controls.new_chip()
    assert project.spec == before.replace(chip=before.chip.replace(number=9999))
    assert project.problems == ()


def test_a_new_chip_is_another_one(controls, project, monkeypatch):
    draws = iter([0, 0, 4])
    monkeypatch.setattr("secrets.randbelow", lambda n: next(draws))
    controls.new_chip()
    assert project.spec.chip.number != 1


def test_rewinding_runs_again_with_the_first_seeds(
    controls, project, runner, monkeypatch
):
    specs = []

    def counted(spec, memory, *, truth):
        specs.append(spec)
        return simulate(spec, memory, truth=truth)

    monkeypatch.setattr(runner_module, "simulate", counted)
    controls.new_trial()
    chip = project.spec.chip
    controls.rewind()
    settle(runner)
    assert project.spec.run.trial == 0
    assert project.spec.chip == chip
    assert specs == [project.spec]
    controls.rewind()
    settle(runner)
    assert len(specs) == 2


def test_live_is_that_of_the_runner_both_ways(controls, runner):
    runner.live = True
    assert controls._live.value is True
    controls._live.value = False
    assert runner.live is False
    settle(runner)


def test_the_switch_shows_the_state_of_a_runner_that_is_not_live(project, runner):
    assert RunControls(project, runner)._live.value is False


# -- keys ------------------------------------------------------------------------


def test_a_key_does_what_it_is_for_and_others_nothing():
    done = []
    keys = Keys({"n": lambda: done.append("n")})
    for message in ("n", "x", None, {"a": 1}, ["n"], 10**400 % 7):
        keys._handle_msg(message)
    assert done == ["n"]


@pytest.mark.filterwarnings(FOREIGN)
def test_keys_of_the_page_undo_and_redo():
    workbench = Workbench(first_steps())
    project = workbench.project
    project.edit(edit.move(project.spec, {"out": (1.0, 1.0)}))
    workbench.keys._handle_msg("ctrl+z")
    assert project.can_redo
    workbench.keys._handle_msg("ctrl+y")
    assert project.can_undo
    settle(workbench.runner)
