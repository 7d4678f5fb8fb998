"""Interpreters that a launched script starts know the foreign names, too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.compat.child import sitecustomize
from core.compat.install import _NAMES, install

CHILD = Path(sitecustomize.__file__).parent
SCRIPT = """\
import core
import multiprocessing, subprocess, sys
from concurrent.futures import ProcessPoolExecutor
import hxtorch
import hxtorch.snn as hxsnn
import quantities

def size(neuron):
    import calix
    assert isinstance(neuron, core.LIF) and core.LIF is hxsnn.LIF
    return neuron.size

if __name__ == "__main__":
    for method in sys.argv[1:]:
        context = multiprocessing.get_context(method)
        with ProcessPoolExecutor(1, context) as pool:
            print(method, pool.submit(size, hxsnn.LIF(3, None)).result())
    code = (
        "import pylogging, hxtorch.spiking.run;"
        "print(hxtorch.__spec__.name, callable(hxtorch.spiking.run))"
    )
    print(subprocess.check_output([sys.executable, "-c", code], text=True), end="")
"""


def interpreter(code, *path):
    """Run ``code`` in a new interpreter and return what it prints."""
    return subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_workers_and_programs_import_the_foreign_names(tmp_path, launch):
    folder = tmp_path / "script"
    (folder / "core").mkdir(parents=True)
    (folder / "core" / "__init__.py").write_text("print('a namesake was imported')")
    (folder / "script.py").write_text(SCRIPT)
    methods = ["spawn", "forkserver"] if os.name == "posix" else ["spawn"]
    done = launch(folder / "script.py", *methods)
    assert done.stdout.splitlines() == [
        *(f"{method} 3" for method in methods),
        "core.compat.hxtorch True",
    ]


def test_nothing_is_loaded_before_a_foreign_name_is_imported():
    code = (
        "import sys, json, importlib.util\n"
        "print(sorted({'core', 'torch', 'numpy', 'hxtorch'} & set(sys.modules)))\n"
        "print(importlib.util.find_spec('no_such_module'))\n"
    )
    assert interpreter(code, CHILD) == "[]\nNone\n"


IN_A_CHILD = {
    # What it imports, and a sentence that is true then: all came with the first name.
    "import hxtorch": "hxtorch is sys.modules['hxtorch'] is core.compat.hxtorch"
    " and hxtorch.spiking is hxtorch.snn is core",
    # Questions before the import; a name below first, as its parent comes with it.
    "spec = importlib.util.find_spec('hxtorch.spiking'); import hxtorch": (
        "spec.name == 'core' and hxtorch.spiking is core"
        " and importlib.util.find_spec('hxtorch.nonsense') is None"
    ),
    "spec = importlib.util.find_spec('calix'); import calix, hxtorch.spiking": (
        "spec.name == 'calix' and calix.__spec__.name == 'core.compat.calix'"
        " and hxtorch.spiking is core"
    ),
}


@pytest.mark.parametrize("code", IN_A_CHILD)
def test_a_child_has_the_same_modules_as_the_launched_script(code):
    text = f"import sys, importlib.util; {code}; import core; print({IN_A_CHILD[code]})"
    assert interpreter(text, CHILD) == "True\n"


@pytest.fixture
def namesake(tmp_path):
    """A folder with a package `core` of the user, and that package's first file."""
    own = tmp_path / "core" / "__init__.py"
    own.parent.mkdir()
    own.write_text("print('namesake')")
    return own


def test_a_child_that_has_imported_another_core_is_told_so(namesake, tmp_path):
    code = (
        "import core\n"
        "for _ in range(2):\n"
        "    try: import hxtorch.spiking\n"
        "    except ImportError as error: print(error.name, error)"
    )
    line = (
        "hxtorch hxtorch: its emulator is a package 'core', and this program has"
        f" imported another one, {namesake}. Rename that one.\n"
    )
    assert interpreter(code, CHILD, tmp_path) == "namesake\n" + line * 2


def test_a_program_without_foreign_names_keeps_its_core(namesake, tmp_path):
    assert interpreter("import core", CHILD, tmp_path) == "namesake\n"


def test_in_a_child_core_is_ours_after_the_first_foreign_name(namesake, tmp_path):
    code = "import pylogging, core; print(core.LIF.__name__)"
    assert interpreter(code, CHILD, tmp_path) == "LIF\n"


def test_a_sitecustomize_of_the_user_is_loaded_as_well(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("value = 3")
    code = (
        "import sys, sitecustomize\n"
        "print(sitecustomize.value, type(sys.meta_path[0]).__name__)"
    )
    assert interpreter(code, CHILD, tmp_path) == "3 OnDemand\n"


def test_it_waits_for_every_foreign_name():
    foreign = {name.partition(".")[0] for names in _NAMES.values() for name in names}
    assert foreign | {"quantities"} == sitecustomize.ROOTS


def test_what_was_on_the_path_stays_there(tmp_path, launch):
    (tmp_path / "script.py").write_text("import os; print(os.environ['PYTHONPATH'])")
    first, *others = launch("script.py", path=["x"]).stdout.strip().split(os.pathsep)
    assert Path(first) == CHILD
    assert others[-1] == "x"


def test_without_the_launcher_children_are_left_alone(installed):
    before = dict(os.environ)
    install()
    assert dict(os.environ) == before
    assert not any(isinstance(f, sitecustomize.OnDemand) for f in sys.meta_path)
