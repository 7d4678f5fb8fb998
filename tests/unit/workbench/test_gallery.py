"""The gallery without a browser: what is opened, edited, measured and trained."""

import dataclasses

import pytest

from core.spec.examples import psp
from core.training import ToyData, TrainSpec
from tests.unit.workbench.test_page_parts import FOREIGN, settle
from tests.unit.workbench.test_trainer import until
from workbench import demos as package
from workbench.app import Workbench
from workbench.demos import demos
from workbench.project import Project
from workbench.runner import Runner
from workbench.views import gallery as module
from workbench.views.gallery import Gallery
from workbench.views.training_view import TrainingView


@pytest.fixture
def gallery():
    project = Project()
    made = Gallery(project, Runner(project))
    made.open("f_i_curve")
    made.active = True
    settle(made.runner)
    return made


def test_an_opened_demo_is_run_and_measured(gallery):
    assert gallery.project.spec.title == "f–I curve"
    assert "200 to 270 wanted" in gallery._meter.text
    assert 'role="meter"' in gallery._meter.text


def test_each_demo_opens_beside_the_result_of_another_document(gallery):
    for name in demos():
        gallery.open("f_i_curve")
        settle(gallery.runner)
        gallery.open(name)
        assert gallery.project.spec.title == demos()[name].title


def test_an_edit_moves_the_document_within_the_range_only(gallery):
    gallery._edited("0", 2.2)
    assert gallery.project.spec.network.populations[0].threshold.model == 2.2
    gallery._edited("0", 1e6)
    assert gallery.project.spec.network.populations[0].threshold.model == 3
    before = gallery.project.spec
    for name, value in (("7", 1.0), ("0", "x"), ("0", float("nan")), (None, 1.0)):
        gallery._edited(name, value)
    assert gallery.project.spec == before


def test_the_solution_fills_the_meter_and_marks_the_card(gallery):
    gallery._show_solution()
    settle(gallery.runner)
    settle(gallery.runner)
    assert 'aria-valuenow="1.00"' in gallery._meter.text
    gallery.close()
    reached = [card["name"] for card in gallery._cards.cards if card["reached"]]
    assert reached == ["f_i_curve"]


def test_another_document_does_not_reach_a_goal(gallery):
    gallery.project.open(psp())
    settle(gallery.runner)
    assert "another document is open" in gallery._meter.text
    assert not gallery._form.lines
    gallery.start()
    settle(gallery.runner)
    assert "another document" not in gallery._meter.text


@pytest.mark.filterwarnings(FOREIGN)
@pytest.mark.parametrize("mode", ["mock", "both"])
def test_a_demo_is_trained_by_the_tool_and_its_document_gets_the_weights(
    monkeypatch, mode
):
    small = (
        ToyData(train_size=50, validation_size=20, test_size=20),
        TrainSpec(epochs=1),
    )
    demo = dataclasses.replace(demos()["yin_yang"], training=small)
    monkeypatch.setattr(module, "demos", lambda: {"yin_yang": demo})
    # a toy set has two classes, the network has an output for each of three
    monkeypatch.setattr(ToyData, "classes", ("a", "b", "c"))
    project, back = Project(), []
    runner = Runner(project)
    tool = TrainingView(project, runner)
    gallery = Gallery(project, runner, lambda: tool, lambda: back.append("came"))
    gallery.open("yin_yang")
    project.edit(
        project.spec.replace(run=project.spec.run.replace(mode=mode)), key="mode"
    )
    before = project.spec
    gallery._open_training()
    assert tool.trainer.data == small[0]
    assert tool.trainer.settings.mode == ("mock" if mode == "mock" else "chip")
    if mode == "mock":
        tool.trainer.start()
        until(lambda: tool.trainer.state == "done")
        plan = tool.trainer.plan
        assert plan.spec.run.runtime == demo.sample  # one sample, not four
        assert project.spec.network != before.network
        assert project.spec.run == before.run
        assert project.spec.stimuli == before.stimuli
        until(lambda: "of the test samples" in gallery._said.text)
    settle(runner)
    tool._go_back()
    assert back == ["came"]


@pytest.mark.filterwarnings(FOREIGN)
def test_a_gallery_alone_shows_the_training_itself():
    project = Project()
    gallery = Gallery(project, Runner(project))
    gallery.open("yin_yang")
    for _ in range(2):
        gallery._open_training()
    assert len(gallery._training) == 3  # button, sentence, one tool
    assert gallery._own.trainer.settings.epochs == 4


@pytest.mark.filterwarnings(FOREIGN)
def test_what_a_demo_prepared_is_not_used_for_another_document():
    project = Project()
    tool = TrainingView(project, Runner(project))
    gallery = Gallery(project, tool.runner, lambda: tool)
    gallery.open("yin_yang")
    gallery._open_training()
    project.open(psp())
    assert tool.trainer._to_train() == psp()


def test_every_picture_is_drawn(gallery):
    assert module.picture("sudoku", False).startswith("data:image/png;base64,")
    assert module.picture("sudoku", False) != module.picture("sudoku", True)


@pytest.mark.filterwarnings(FOREIGN)
def test_a_teachers_page_keeps_the_other_tools_closed():
    made = Workbench(demos()["sudoku"].start())
    made.tools.view("demos").show("sudoku", locked=True)
    made.tools.keep("demos")
    made.tools.toggle("code")
    made.tools.open = "inspector"
    assert made.tools.open == "demos"
    assert [tool["name"] for tool in made.tools.rail.tools] == ["demos"]


@pytest.mark.filterwarnings(FOREIGN)
def test_a_teachers_page_of_a_demo_that_is_trained_keeps_the_training():
    made = Workbench(demos()["yin_yang"].start())
    made.tools.view("demos").show("yin_yang", locked=True)
    made.tools.keep("demos", "train")
    made.tools.open = "code"
    assert made.tools.open == "demos"
    made.tools.view("demos")._open_training()
    assert made.tools.open == "train"
    assert [tool["name"] for tool in made.tools.rail.tools] == ["demos", "train"]


def test_a_demo_is_found_by_its_file_alone(tmp_path, monkeypatch):
    (tmp_path / "another.py").write_text(
        "import dataclasses\n"
        "from workbench.demos.sudoku import DEMO\n"
        "DEMO = dataclasses.replace(DEMO, order=0, title='Another')\n"
    )
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    found = demos.__wrapped__()
    assert next(iter(found)) == "another"
    assert len(found) == 11
