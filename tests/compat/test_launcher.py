import hashlib
import re
from pathlib import Path

import pytest

from core.compat.__main__ import _warn_of_namesake, main

SCRIPTS = Path(__file__).parents[1] / "scripts"


def script(folder, text):
    folder.mkdir(exist_ok=True)
    path = folder / "script.py"
    path.write_text(text)
    return path


@pytest.mark.parametrize("line", (SCRIPTS / "sha256sums.txt").read_text().splitlines())
def test_the_scripts_are_as_their_authors_wrote_them(line):
    digest, name = line.split()
    assert hashlib.sha256((SCRIPTS / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("name", ["single_neuron", "li_target", "partition"])
def test_a_script_for_the_real_chip_runs_on_the_ideal_model(name, launch):
    done = launch(SCRIPTS / f"{name}.py", "--mock")
    assert done.stdout.startswith("ok ")


def test_training_runs_for_an_epoch(launch):
    done = launch(SCRIPTS / "yinyang.py", "--mock", "--epochs", "1")
    assert re.match(r"ok accuracy 0\.\d+$", done.stdout)
    assert re.search(r"INFO .* yinyang epoch 0 accuracy 0\.", done.stderr)


@pytest.mark.slow
def test_training_reaches_its_accuracy_in_five_epochs(launch):
    assert launch(SCRIPTS / "yinyang.py", "--mock").stdout.startswith("ok accuracy")


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["single_neuron", "li_target", "partition", "scaling", "yinyang"]
)
def test_a_script_runs_on_the_emulated_chip(name, launch):
    assert launch(SCRIPTS / f"{name}.py").stdout.startswith("ok")


def test_a_script_finds_itself_as_if_it_were_called_directly(tmp_path, launch):
    folder = tmp_path / "elsewhere"
    script(
        folder,
        "import sys, neighbour, pickle\n"
        "class Mine: pass\n"
        "assert __name__ == '__main__' and sys.modules['__main__'].Mine is Mine\n"
        "assert isinstance(pickle.loads(pickle.dumps(Mine())), Mine)\n"
        "print(sys.argv, sys.path[0], __file__)\n"
        "sys.exit(3)\n",
    )
    (folder / "neighbour.py").write_text("")
    done = launch("elsewhere/script.py", "--mock", "-h", code=3)
    path = "elsewhere/script.py"
    assert done.stdout == f"['{path}', '--mock', '-h'] {folder} {path}\n"


def test_it_is_said_that_no_hardware_is_used(tmp_path, launch):
    done = launch(script(tmp_path / "a", "print('x')"))
    assert "script.py runs on an EMULATED chip, no hardware is used." in done.stderr
    assert done.stdout == "x\n"


def test_a_package_core_of_the_script_is_named_with_a_way_out(tmp_path, launch):
    path = script(
        tmp_path / "mine",
        "import core, hxtorch.snn as hxsnn\nprint(core.LIF is hxsnn.LIF)",
    )
    (path.parent / "core.py").write_text("")
    done = launch(path)
    assert done.stderr.splitlines()[1:] == [
        f"core.compat: the script cannot import {path.parent / 'core.py'}: here, 'core'"
        " is the package of the emulator. If the script needs it, rename it, for"
        " example to 'mine_core'."
    ]
    assert done.stdout == "True\n"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("core.py", True),
        ("core/__init__.py", True),
        ("core/helpers.py", True),
        ("core/data.txt", False),
        ("cores.py", False),
    ],
)
def test_only_programs_called_core_are_namesakes(name, found, tmp_path, capsys):
    own = tmp_path / name
    own.parent.mkdir(exist_ok=True)
    own.write_text("")
    _warn_of_namesake(tmp_path)
    assert (f"cannot import {own}:" in capsys.readouterr().err) == found


def test_our_own_core_beside_a_script_is_no_namesake(capsys):
    _warn_of_namesake(SCRIPTS.parents[1])
    assert capsys.readouterr().err == ""


def test_an_error_of_the_script_keeps_its_traceback(tmp_path, launch):
    path = script(
        tmp_path / "a",
        "import torch, hxtorch.snn as hxsnn\n"
        "exp = hxsnn.Experiment(mock=False)\n"
        "syn, li = hxsnn.Synapse(1, 1, exp), hxsnn.LI(1, exp)\n"
        "li(syn(hxsnn.LIFObservables(spikes=torch.zeros(5, 1, 1))))\n"
        "hxsnn.run(exp, 5)  # without init_hardware\n",
    )
    done = launch(path, code=1)
    assert f'File "{path}", line 5, in <module>' in done.stderr
    assert "No connection present." in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("path", ["missing.py", "."])
def test_a_script_that_is_not_there_is_named(path, capsys):
    with pytest.raises(SystemExit) as caught:
        main([path, "--mock"])
    assert caught.value.code == 2
    assert f"there is no script '{path}'" in capsys.readouterr().err


def test_the_launcher_explains_itself(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    assert "python -m core.compat" in capsys.readouterr().out
