"""The graph editor without a browser: messages in, document and drawing out."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from core.simulate import simulate
from core.spec import edit
from core.spec.examples import first_steps
from core.spec.network import KINDS
from workbench.project import Project
from workbench.runner import Runner
from workbench.views import graph_canvas
from workbench.views.graph_editor import GraphEditor
from workbench.views.graph_gestures import layered
from workbench.views.graph_toolbar import ENTRIES

NAN, INF = float("nan"), float("inf")
IMG = "<img src=x onerror=alert(1)>"


@pytest.fixture
def project():
    return Project()


@pytest.fixture
def editor(project):
    runner = Runner(project)
    runner.live = False
    return GraphEditor(project, runner)


@pytest.fixture
def told(editor, monkeypatch):
    """What Python asks the browser to do."""
    messages = []
    monkeypatch.setattr(editor.canvas, "_send_msg", messages.append)
    return messages


def send(editor, gesture, **message):
    """Do what the browser does after a gesture on the canvas."""
    editor.canvas._handle_msg({"type": gesture, **message})


def shown(editor, what):
    return {item["id"]: item for item in json.loads(getattr(editor.canvas, what))}


def canvas(editor):
    """Return what the canvas shows: boxes with their places, and arrows."""
    boxes = {n: (box["x"], box["y"]) for n, box in shown(editor, "boxes").items()}
    arrows = {
        n: (arrow["source"], arrow["target"])
        for n, arrow in shown(editor, "arrows").items()
    }
    return boxes, arrows


def drawn(spec):
    boxes = {p.name: p.position for p in spec.network.populations}
    arrows = {p.name: (p.source, p.target) for p in spec.network.projections}
    return boxes, arrows


def names(project):
    return [p.name for p in project.spec.network.populations]


def with_readout(project):
    project.edit(edit.add_population(project.spec, KINDS["LI"], (500.0, 0.0)))
    return project.spec.view.selected


# -- gestures --------------------------------------------------------------------


def test_the_canvas_shows_the_document(editor, project):
    assert canvas(editor) == drawn(project.spec)


def test_a_drawn_edge_is_a_projection(editor, project):
    name = with_readout(project)
    send(editor, "connect", source="hidden", target=name)
    added = project.spec.network.projections[-1]
    assert (added.source, added.target) == ("hidden", name)
    assert added.weights.shape == (4, 8)
    assert canvas(editor) == drawn(project.spec)


@pytest.mark.parametrize(
    ("source", "target", "reason"),
    [
        ("out", "hidden", "never spikes"),
        ("hidden", "input", "receives none"),
        ("input", "hidden", "exists already"),
    ],
)
def test_an_impossible_edge_is_refused_before_and_after_it_is_drawn(
    editor, project, told, source, target, reason
):
    before = project.spec
    send(editor, "connecting", name=source)
    assert reason in told[-1]["reasons"][target]
    send(editor, "connect", source=source, target=target)
    assert project.spec is before
    assert canvas(editor) == drawn(before)
    assert reason in told[-1]["text"]  # at the place
    assert reason in str(project.message)
    assert reason in editor.problems.text


def test_a_line_may_be_drawn_from_its_end(editor, project, told):
    project.edit(edit.remove(project.spec, ["input_hidden"]))
    send(editor, "connecting", name="hidden", backward=True)
    assert set(told[-1]["reasons"]) == {"out"}
    assert "never spikes" in told[-1]["reasons"]["out"]


def test_a_loop_is_not_refused(editor, told):
    send(editor, "connecting", name="hidden")
    assert "hidden" not in told[-1]["reasons"]


def test_moved_boxes_stand_there_in_the_document_in_one_step(editor, project):
    send(editor, "move", places={"hidden": [12.5, -3], "out": [7, 8]})
    assert project.spec.network.population("hidden").position == (12.5, -3.0)
    assert project.spec.network.population("out").position == (7.0, 8.0)
    assert canvas(editor) == drawn(project.spec)
    project.undo()
    assert canvas(editor) == drawn(first_steps())


@pytest.mark.parametrize(
    ("gone", "boxes", "arrows"),
    [
        (["hidden"], ["input", "out"], []),
        (["hidden", "out"], ["input"], []),
        (["input_hidden", "hidden_out"], ["input", "hidden", "out"], []),
        (["hidden_out"], ["input", "hidden", "out"], ["input_hidden"]),
    ],
)
def test_what_is_deleted_together_is_one_step(editor, project, gone, boxes, arrows):
    send(editor, "command", name="delete", names=gone)
    assert names(project) == boxes
    assert [p.name for p in project.spec.network.projections] == arrows
    assert canvas(editor) == drawn(project.spec)
    project.undo()
    assert project.spec.network == first_steps().network
    assert not project.can_undo


@pytest.mark.parametrize(
    ("chosen", "selected"),
    [
        (["out"], "out"),
        (["input_hidden"], "input_hidden"),
        (["out", "hidden"], None),
        (["out", "input_hidden"], None),
        ([], None),
    ],
)
def test_one_selected_thing_is_selected_in_the_document(
    editor, project, chosen, selected
):
    editor.canvas.selected = chosen
    assert project.spec.view.selected == selected
    assert list(editor.selection) == chosen
    assert not project.can_undo


def test_what_is_selected_elsewhere_is_selected_on_the_canvas(editor, project):
    editor.canvas.selected = ["hidden", "out"]
    project.select("input")
    assert editor.canvas.selected == ["input"]
    project.edit(edit.remove(project.spec, ["input"]))
    assert editor.canvas.selected == []


def test_a_selected_population_shows_its_membrane(editor, project):
    editor.canvas.selected = ["out"]
    assert project.spec.recording.madc_population == "out"
    editor.canvas.selected = ["input"]
    assert project.spec.recording.madc_population == "out"


def test_a_rename_on_the_canvas_is_checked(editor, project):
    send(editor, "rename", name="hidden", next="layer")
    assert names(project) == ["input", "layer", "out"]
    send(editor, "rename", name="layer", next="out")
    assert "taken" in str(project.message)
    assert names(project) == ["input", "layer", "out"]


def test_an_edit_elsewhere_is_drawn(editor, project):
    project.edit(edit.rename(project.spec, "hidden", "layer"))
    assert canvas(editor) == drawn(project.spec)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_added_box_stands_on_no_other_or_where_it_was_dropped(editor, project, kind):
    for _ in range(3):
        send(editor, "add", kind=kind)
    send(editor, "add", kind=kind, position=[-300, 40])
    places = [p.position for p in project.spec.network.populations]
    assert len(set(places)) == len(places)
    assert places[-1] == (-300.0, 40.0)
    assert canvas(editor) == drawn(project.spec)


def test_every_kind_is_on_the_palette(editor):
    assert [item["kind"] for item in editor.canvas.kinds] == list(KINDS)
    assert all(len(item["help"]) > 20 for item in editor.canvas.kinds)


def test_parameters_and_weights_are_asked_for_by_name(editor, project):
    asked = []
    editor.on_open = asked.append
    send(editor, "open", name="out")
    assert asked == ["out"]
    send(editor, "weights", name="hidden_out")
    assert editor.connection.dialog.open
    assert editor.connection.source.value == "hidden"
    assert project.spec.view.selected == "out"


# -- commands --------------------------------------------------------------------


def test_pasted_copies_keep_properties_stimuli_and_what_lies_between(editor, project):
    editor.canvas.selected = ["input", "hidden"]
    send(editor, "command", name="copy")
    project.edit(edit.remove(project.spec, ["hidden"]))
    send(editor, "command", name="paste")
    network = project.spec.network
    assert names(project) == ["input", "out", "input2", "hidden"]
    old, new = first_steps().network, network.population("hidden")
    assert new.replace(position=(0, 0), color=0) == old.population("hidden").replace(
        position=(0, 0), color=0
    )
    between = network.projections[-1]
    assert (between.source, between.target) == ("input2", "hidden")
    assert (
        between.weights is old.projection("input_hidden").weights
        or (between.weights == old.projection("input_hidden").weights).all()
    )
    assert project.spec.stimulus("input2").replace(
        population="input"
    ) == project.spec.stimulus("input")
    assert editor.selection == ("input2", "hidden")
    project.undo()
    assert names(project) == ["input", "out"]


def test_a_duplicate_has_a_colour_and_a_place_of_its_own(editor, project):
    editor.canvas.selected = ["hidden"]
    for _ in range(2):
        send(editor, "command", name="duplicate")
    boxes = shown(editor, "boxes")
    assert list(boxes) == ["input", "hidden", "out", "hidden2", "hidden3"]
    for key in ("color", "x"):
        assert len({boxes[n][key] for n in ("hidden", "hidden2", "hidden3")}) == 3
    assert project.spec.view.selected == "hidden3"


def test_nothing_is_pasted_before_something_is_copied(editor, project):
    send(editor, "command", name="paste")
    editor.canvas.selected = ["input_hidden"]  # a projection alone is no box
    send(editor, "command", name="copy")
    send(editor, "command", name="paste")
    assert not project.can_undo


def test_cut_and_paste_bring_back_what_was_cut(editor, project):
    editor.canvas.selected = ["hidden"]
    send(editor, "command", name="cut")
    assert names(project) == ["input", "out"]
    send(editor, "command", name="paste")
    assert names(project) == ["input", "out", "hidden"]


@pytest.mark.parametrize(
    ("command", "x", "y"),
    [
        ("align left", [0, 0, 0], [0, 10, 90]),
        ("align top", [0, 30, 200], [0, 0, 0]),
        ("distribute horizontally", [0, 100, 200], [0, 10, 90]),
        ("distribute vertically", [0, 30, 200], [0, 45, 90]),
    ],
)
def test_boxes_are_lined_up_in_one_step(editor, project, command, x, y):
    places = {"input": (0.0, 0.0), "hidden": (30.0, 10.0), "out": (200.0, 90.0)}
    project.edit(edit.move(project.spec, places))
    editor.canvas.selected = list(places)
    send(editor, "command", name=command)
    found = [p.position for p in project.spec.network.populations]
    assert found == list(zip(map(float, x), map(float, y), strict=True))
    project.undo()
    assert [p.position for p in project.spec.network.populations] == list(
        places.values()
    )


def test_a_selection_is_laid_out_where_it_stands(editor, project):
    project.edit(edit.move(project.spec, {"hidden": (500.0, 300.0)}))
    editor.canvas.selected = ["hidden", "out"]
    before = project.spec.network.population("input").position
    send(editor, "command", name="layout")
    network = project.spec.network
    assert network.population("input").position == before
    hidden, out = (network.population(n).position for n in ("hidden", "out"))
    assert hidden[0] < out[0]
    assert min(hidden[1], out[1]) == first_steps().network.population("out").position[1]


def test_laying_out_puts_sources_left_of_their_targets():
    spec = first_steps()
    places = layered(spec)
    for projection in spec.network.projections:
        assert places[projection.source][0] < places[projection.target][0]


def test_laying_out_a_loop_gives_each_box_its_own_place():
    spec = edit.connect(first_steps(), "hidden", "hidden")
    places = layered(spec)
    assert len(set(places.values())) == len(places) == 3


def test_every_gesture_has_an_entry_in_the_menu(editor, project, told):
    for text, name, key in ENTRIES:
        project.open(first_steps())
        editor.canvas.selected = ["hidden"]
        editor.toolbar._clicked({"label": f"{text} ({key})" if key else text})
        assert name in editor.commands._acts
    asked = [message["type"] for message in told]
    assert asked == ["rename", "join", "fit", "fit"]  # the layout is shown whole


def test_undo_and_redo_are_enabled_only_with_steps(editor, project):
    undo, redo = editor.toolbar.undo, editor.toolbar.redo
    assert undo.disabled
    assert redo.disabled
    project.edit(edit.move(project.spec, {"out": (1.0, 1.0)}))
    assert not undo.disabled
    project.undo()
    assert not redo.disabled


def test_more_steps_can_be_undone_than_anybody_takes(editor, project):
    start = project.spec.network
    for step in range(300):
        project.edit(edit.move(project.spec, {"out": (float(step), 1.0)}))
    for _ in range(300):
        project.undo()
    assert project.spec.network == start


# -- what arrows and badges say --------------------------------------------------


@pytest.mark.parametrize(
    ("weights", "sign", "dashed"),
    [
        ([[0.5, 0.2]], "excitatory", False),
        ([[-0.5, -0.2]], "inhibitory", True),
        ([[-0.5, 0.2]], "mixed", True),
        ([[0.5, -0.2]], "mixed", False),
        ([[0.0, 0.0]], "excitatory", False),
    ],
)
def test_an_arrow_shows_its_sign_in_shape_and_line(
    editor, project, weights, sign, dashed
):
    spec = edit.resize(edit.resize(project.spec, "hidden", 2), "out", 1)
    new = spec.network.projection("hidden_out").replace(weights=weights)
    project.edit(spec.replace(network=spec.network.with_projection(new)))
    arrow = shown(editor, "arrows")["hidden_out"]
    assert (arrow["sign"], arrow["dashed"]) == (sign, dashed)
    assert sign in arrow["words"]


def test_a_stronger_projection_is_drawn_thicker(editor, project):
    def width(factor):
        old = first_steps().network.projection("input_hidden")
        new = old.replace(weights=old.weights * factor)
        project.edit(
            project.spec.replace(network=project.spec.network.with_projection(new))
        )
        return shown(editor, "arrows")["input_hidden"]["width"]

    widths = [width(factor) for factor in (0, 0.1, 1, 10, 1000)]
    assert widths == sorted(set(widths))
    assert widths[0] >= 1.5
    assert widths[-1] <= 5.5


def test_a_problem_is_a_badge_on_its_box(editor, project):
    spec = project.spec
    bad = spec.network.population("hidden").replace(tau_mem=1.0)
    project.edit(spec.replace(network=spec.network.with_population(bad)))
    boxes = shown(editor, "boxes")
    problem = next(p for p in project.problems if p.subject == "hidden")
    assert boxes["hidden"]["badge"]["level"] == "error"
    assert problem.what in boxes["hidden"]["badge"]["text"]
    assert problem.what in boxes["hidden"]["words"]  # said, not only shown
    assert boxes["input"]["badge"] is None
    project.undo()
    assert shown(editor, "boxes")["hidden"]["badge"] is None


def test_boxes_carry_a_picture_of_the_run(editor, project):
    with_result = simulate(project.spec)
    editor.runner._set(result=with_result)
    found = json.loads(editor.canvas.pictures)
    assert set(found) == {"input", "hidden", "out"}
    assert found["hidden"]["path"].count("v") == len(
        with_result.populations["hidden"].spikes.time
    )


def test_the_canvas_is_built_from_its_sources():
    folder = Path(graph_canvas.__file__).parent
    mark = hashlib.sha256()
    for path in sorted((folder / "canvas").iterdir()):
        if re.search(r"\.(jsx?|css)$", path.name):
            mark.update(path.read_bytes())
    with (folder / "graph_canvas.bundle.js").open() as bundle:
        first = bundle.readline()
    assert mark.hexdigest() in first, "run 'npm ci && npm run build' in canvas/"


# -- messages that no honest browser sends ---------------------------------------

HOSTILE = [
    {"type": "connect", "source": "nope", "target": "hidden"},
    {"type": "connect", "source": "input", "target": "input_hidden"},
    {"type": "connect", "source": None, "target": None},
    {"type": "connect", "source": ["input"], "target": {"a": 1}},
    {"type": "connect", "source": IMG, "target": IMG},
    {"type": "connect"},
    {"type": "connecting", "name": "nope"},
    {"type": "connecting", "name": ["hidden"]},
    *(
        {"type": "move", "places": {"hidden": place}}
        for place in (
            [NAN, 1], [1, INF], ["a", 1], [None, 1], [10**400, 1], [7], [], "here",
            [1, 2, 3], None, {"x": 1}, 5,
        )
    ),
    {"type": "move", "places": {"nope": [1, 1]}},
    {"type": "move", "places": ["hidden"]},
    {"type": "move", "places": 5},
    {"type": "move"},
    {"type": "add", "kind": "???"},
    {"type": "add", "kind": ["LIF"]},
    {"type": "add"},
    {"type": "rename", "name": "nope", "next": "x"},
    {"type": "rename", "name": "hidden", "next": 5},
    {"type": "rename", "name": ["hidden"], "next": "x"},
    {"type": "rename", "name": "hidden", "next": " "},
    {"type": "rename"},
    {"type": "command", "name": "delete", "names": ["nope", None, 5, ["hidden"]]},
    {"type": "command", "name": "???"},
    {"type": "command", "name": ["delete"]},
    {"type": "command", "name": "delete", "names": 5},
    {"type": "open", "name": "nope"},
    {"type": "weights", "name": ["hidden_out"]},
    {"type": "weights"},
    {"type": ["add"]},
    {"type": "???"},
    {},
]  # fmt: skip


def unselected(spec):
    """Return the document without what is only looked at."""
    return spec.replace(view=first_steps().view)


@pytest.mark.parametrize("message", HOSTILE, ids=lambda m: str(m)[:90])
def test_a_hostile_message_changes_nothing(editor, project, message):
    editor.choose(())
    before = unselected(project.spec)
    editor.canvas._handle_msg(message)
    assert unselected(project.spec) == before
    assert not project.can_undo
    assert canvas(editor) == drawn(project.spec)


@pytest.mark.parametrize("chosen", [["nope"], [None, NAN], [["hidden"]], [{}]])
def test_a_hostile_selection_selects_nothing(editor, project, chosen):
    editor.canvas.selected = chosen
    assert editor.selection == ()
    assert project.spec.view.selected is None


def test_a_refused_gesture_draws_the_canvas_anew(editor):
    before = editor.canvas.drawn
    send(editor, "move", places={"hidden": [NAN, 1]})
    assert editor.canvas.drawn == before + 1
