import os
import threading
from pathlib import Path

import pytest

from core.spec.examples import first_steps, psp
from core.spec.json_io import to_json
from workbench import cli
from workbench.runner import POOL
from workbench.serve import FILE_VARIABLE, workbench

# panel-material-ui gives its own FileDownload both names of the variant.
FOREIGN = "ignore:Both 'variant' and 'button_style':PendingDeprecationWarning"
pytestmark = pytest.mark.filterwarnings(FOREIGN)


@pytest.fixture(autouse=True)
def no_file(monkeypatch):
    """Start without the variable, and put back what the test has done to it."""
    monkeypatch.setenv(FILE_VARIABLE, "")


@pytest.fixture
def panel(monkeypatch):
    """Return the command lines that Panel was started with."""
    calls = []
    monkeypatch.setattr("panel.command.main", calls.append)
    return calls


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "net.json"
    path.write_text(to_json(psp()))
    return path


@pytest.fixture
def opened():
    """Return a function that opens a workbench; wait for its run at the end."""
    yield workbench
    meeting = threading.Barrier(3)
    for _ in range(2):
        POOL.submit(meeting.wait, 20)
    meeting.wait(20)


def option(call, name):
    return call[call.index(name) + 1]


def test_a_missing_file_is_said_and_nothing_is_served(panel, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["nowhere.json"])
    assert caught.value.code == 2
    assert "there is no file nowhere.json" in capsys.readouterr().err
    assert panel == []
    assert not os.environ[FILE_VARIABLE]


def test_a_folder_is_no_file(panel, tmp_path):
    with pytest.raises(SystemExit):
        cli.main([str(tmp_path)])


def test_the_page_is_served_to_this_machine_only(panel):
    assert cli.main([]) == 0
    (call,) = panel
    assert call[:2] == ["panel", "serve"]
    assert Path(call[2]).name == "served.py"
    assert Path(call[2]).is_file()
    assert option(call, "--address") == "127.0.0.1"
    assert option(call, "--port") == "5006"
    assert "--show" in call


def test_the_port_can_be_chosen_and_the_browser_left_alone(panel):
    cli.main(["--port", "7001", "--no-browser"])
    (call,) = panel
    assert option(call, "--port") == "7001"
    assert "--show" not in call


def test_a_port_that_is_no_number_is_refused(panel, capsys):
    with pytest.raises(SystemExit):
        cli.main(["--port", "high"])
    assert "high" in capsys.readouterr().err


def test_a_file_is_handed_over_with_its_whole_path(panel, document, monkeypatch):
    monkeypatch.chdir(document.parent)
    cli.main([document.name])
    assert os.environ[FILE_VARIABLE] == str(document)
    assert len(panel) == 1


def test_without_a_file_the_example_is_opened(opened):
    assert opened().project.spec == first_steps()


def test_the_file_that_was_asked_for_is_opened(opened, document, monkeypatch):
    monkeypatch.setenv(FILE_VARIABLE, str(document))
    project = opened().project
    assert project.spec == psp()
    assert project.message is None
    assert not project.can_undo


def test_a_broken_file_opens_the_example_and_says_so(opened, tmp_path, monkeypatch):
    path = tmp_path / "broken.json"
    path.write_text('{"network": ')
    monkeypatch.setenv(FILE_VARIABLE, str(path))
    project = opened().project
    assert project.spec == first_steps()
    assert "broken.json" in str(project.message)


def test_a_file_that_has_gone_opens_the_example_and_says_so(
    opened, tmp_path, monkeypatch
):
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "gone.json"))
    project = opened().project
    assert project.spec == first_steps()
    assert "gone.json" in str(project.message)


def test_a_file_of_another_kind_opens_the_example_and_says_which_are_known(
    opened, tmp_path, monkeypatch
):
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    monkeypatch.setenv(FILE_VARIABLE, str(path))
    assert "Open one of .json, .nir," in str(opened().project.message)
