import csv
import importlib
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import core
from core import connection
from core.backend.hardware_results import HardwareResults
from core.compat import install
from core.compat.install import _NOT_COVERED

HERE = Path(__file__).parent
STAND_INS = (HERE / "stand_ins.txt").read_text().split()
with (HERE.parent / "data" / "interface.csv").open(newline="") as file:
    #: Module below hxtorch.spiking and a public class or function in it.
    INTERFACE = sorted(
        {
            (row["module"], name)
            for row in csv.DictReader(file)
            for name in [row["name"].removeprefix("class ")]
            if re.fullmatch(r"[A-Za-z]\w*", name)
        }
    )
EXPORTS = (HERE / "exports.txt").read_text().split()
#: What a script writes, and what it then has.
IMPORTS = {
    "import hxtorch": "hxtorch.snn is hxtorch.spiking",
    "import hxtorch.spiking as hxsnn": "hxsnn.LIF.__module__.startswith('core.')",
    "import hxtorch.snn as hxsnn": "hxsnn.morphology.SingleCompartmentNeuron(2)",
    "import hxtorch.spiking.run": "callable(hxtorch.spiking.run)",
    "import hxtorch.snn.functional as F": "F.superspike.SuperSpike is F.SuperSpike",
    "from hxtorch.snn.functional import superspike": "superspike.superspike_func",
    "from hxtorch.snn.transforms import weight_transforms": (
        "weight_transforms.linear_saturating"
    ),
    "from hxtorch.snn.datasets.yinyang import YinYangDataset": "YinYangDataset",
    "import hxtorch.spiking.functional.step_integration_code_factory as s": (
        "s.CuBaStepCode"
    ),
    "from hxtorch.core.parameter import HXParameter": "HXParameter(3)",
    "from hxtorch.core.utils.readout_source import ReadoutSource": (
        "ReadoutSource.VOLTAGE"
    ),
    "from hxtorch import logger": "logger.get('x')",
    "import hxtorch.perceptron": "hxtorch.perceptron",
    "import hxtorch.ann": "hxtorch.ann",
    "from hxtorch.spiking.utils.dynamic_range.boundary import get_dynamic_range": (
        "get_dynamic_range"
    ),
    "import hxtorch.spiking.utils.calib_helper as c": "c.nightly_calix_native_path",
    "from hxtorch.spiking.modules.types import Population": "Population",
    "from dlens_vx_v3 import hal, halco, hxcomm, lola, sta": "halco.iter_all",
    "import pygrenade_vx as grenade": "grenade.network.routing.PortfolioRouter()",
    "import pygrenade_vx.network as n": "n.routing.PortfolioRouter",
    "from dlens_vx_v3.halco.common import Enum": "Enum(3)",
    "import quantities as pq": "pq.us.rescale('ns')",
    "import calix.spiking.neuron": "calix.spiking.neuron.NeuronCalibTarget",
}


@pytest.mark.parametrize("name", STAND_INS)
def test_every_foreign_name_exists(name, installed):
    parts = name.split(".")
    found = next(
        (
            parts[:n]
            for n in range(len(parts), 0, -1)
            if ".".join(parts[:n]) in sys.modules
        ),
        [],
    )
    assert found, f"no module for {name}"
    value = importlib.import_module(".".join(found))
    for part in parts[len(found) :]:
        value = getattr(value, part)


@pytest.mark.parametrize("root", ["hxtorch.spiking", "hxtorch.snn", "hxtorch.core"])
def test_every_module_of_the_interface_has_its_names(root, installed):
    missing = [
        f"{module}.{name}"
        for module, name in INTERFACE
        if not hasattr(importlib.import_module(f"{root}.{module}"), name)
    ]
    assert missing == []
    assert len(INTERFACE) > 80


@pytest.mark.parametrize("name", EXPORTS)
def test_the_package_has_every_name_that_scripts_take_from_it(name, installed):
    hxsnn = importlib.import_module("hxtorch.spiking")
    assert hasattr(hxsnn, name)


@pytest.mark.parametrize("line", IMPORTS)
def test_every_form_of_import_works(line, installed):
    scope = {}
    exec(f"{line}\nfound = {IMPORTS[line]}", scope)  # noqa: S102, text of this file
    assert scope["found"]


def test_a_class_is_the_same_under_all_its_names(installed):
    for module in {module for module, _ in INTERFACE}:
        spiking, snn, own = (
            importlib.import_module(f"{root}.{module}")
            for root in ("hxtorch.spiking", "hxtorch.snn", "hxtorch.core")
        )
        assert spiking is snn is own
        assert spiking.__name__.startswith("core.")
    synapse = importlib.import_module("hxtorch.snn.modules.synapse").Synapse
    assert synapse is core.Synapse


def test_run_stays_a_function_after_its_module_was_imported(installed):
    importlib.import_module("hxtorch.spiking.run")
    assert importlib.import_module("hxtorch.snn").run is core.run
    assert callable(core.run)


def test_installing_twice_changes_nothing(installed):
    before, finders = dict(sys.modules), list(sys.meta_path)
    install()
    assert sys.modules == before
    assert sys.meta_path == finders


def test_the_launcher_itself_has_no_foreign_name(installed):
    assert "hxtorch.spiking.compat" not in sys.modules


@pytest.mark.parametrize("name", _NOT_COVERED)
@pytest.mark.parametrize("line", ["import {}", "import {}.below", "from {} import x"])
def test_what_is_not_covered_says_so(name, line, installed):
    with pytest.raises(ModuleNotFoundError) as caught:
        exec(line.format(name))  # noqa: S102, text of this file
    assert str(caught.value) == (
        f"{name}: it is not covered by this emulator. {_NOT_COVERED[name]}"
    )
    assert caught.value.name == name


@pytest.mark.parametrize("name", _NOT_COVERED)
def test_a_script_can_ask_for_what_is_not_covered(name, installed):
    assert importlib.util.find_spec(name) is None
    assert name not in sys.modules


def test_a_module_that_does_not_exist_is_named(installed):
    with pytest.raises(ModuleNotFoundError, match=r"hxtorch\.spiking\.nonsense"):
        importlib.import_module("hxtorch.spiking.nonsense")


def test_a_connection_is_required_and_results_are_a_pair(installed):
    assert connection.required
    experiment = core.Experiment(mock=True)
    synapse, neuron = core.Synapse(1, 1, experiment), core.LI(1, experiment)
    neuron(synapse(core.LIFObservables(spikes=torch.ones(5, 1, 1))))
    results, info = experiment.get_hw_results(None)
    assert results == {}
    assert info is None


@pytest.fixture
def filled(installed):
    results = HardwareResults()
    results.update({"b": 1, "a": 2})
    results.execution_info = "info"
    return results


def test_results_are_read_as_a_pair(filled):
    assert (filled[0], filled[1]) == ({"a": 2, "b": 1}, "info")
    assert filled[-1] == "info"
    assert type(filled[0]) is dict
    assert list(filled) == [filled[0], filled[1]]
    with pytest.raises(IndexError):
        filled[2]


def test_results_of_a_pair_are_still_a_dictionary(filled):
    assert filled["a"] == 2
    assert sorted(filled.keys()) == sorted(filled[0]) == ["a", "b"]
    assert dict(filled) == dict(filled.items()) == {**filled} == filled[0]
    assert (len(filled), "a" in filled, filled.get("c")) == (2, True, None)
    with pytest.raises(KeyError, match="c"):
        filled["c"]


def test_results_without_the_launcher_are_a_dictionary_only():
    results = HardwareResults()
    results.update({"b": 1, "a": 2})
    assert sorted(results) == ["a", "b"]
    with pytest.raises(KeyError, match="0"):
        results[0]


def test_importing_core_brings_no_foreign_name():
    code = (
        "import sys, core, core.compat\n"
        "roots = {name.partition('.')[0] for name in sys.modules}\n"
        "print(roots & {'hxtorch', '_hxtorch_core', '_hxtorch_spiking', 'calix',"
        " 'dlens_vx_v3', 'pygrenade_vx', 'pylogging', 'pynn_brainscales',"
        " 'quantities'})\n"
        "from core import connection\n"
        "print(connection.required)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["set()", "False"]
