"""The whole list of names, arguments and defaults that scripts rely on.

``tests/data/interface.csv`` holds one row per class, method, attribute and function of
the interface, down to private ones that programs in the wild use.
"""

import ast
import csv
import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[2] / "data" / "interface.csv"
with DATA.open(newline="") as file:
    ROWS = [
        (row["name"], row["content"], row["module"]) for row in csv.DictReader(file)
    ]

#: Where a module of the interface is called differently here.
MODULES = {
    "functional.superspike": "functional.threshold",
    "functional.step_integration_code_factory": "functional.step_code",
}
#: Attributes that exist on instances only.
INSTANCE_ONLY = {
    "BasePopulation attributes",
    "Population attributes",
    "Projection attributes",
    "SparseSynapse attributes",
    "NeuronPlacement attributes",
    "CuBaStepCode attributes",
    "HardwareObservablesExtractor attributes",
}
#: Private functions that nothing here needs.
ABSENT = {"_get_keys": "a graph is read by core.spec.nir.graph.GraphReader"}
#: Rows whose arguments or defaults differ here, with the reason.
DIFFERENT = {
    "WeightScaling.run": "the default of one weight gave no slope",
    "get_weight_scaling": "the default of one weight gave no slope",
}


def find(name: str, module: str) -> Any:
    path = "core." + MODULES.get(module, module)
    found: Any = importlib.import_module(path)
    for part in name.removeprefix("class ").split("."):
        found = inspect.getattr_static(found, part, None) or getattr(found, part)
    return found


ROWS = [row for row in ROWS if row[0] not in ABSENT]


@pytest.mark.parametrize(("name", "content", "module"), ROWS, ids=[r[0] for r in ROWS])
def test_interface_row(name: str, content: str, module: str) -> None:
    if name.endswith(" attributes"):
        owner = find(name.removesuffix(" attributes"), module)
        for entry in content.split("; "):
            attribute = entry.split("=")[0].strip()
            if attribute.isidentifier() and name not in INSTANCE_ONLY:
                fields = getattr(owner, "__dataclass_fields__", {})
                assert hasattr(owner, attribute) or attribute in fields, attribute
        return
    found = find(name, module)
    if name in DIFFERENT or not content.startswith("(") or "[property]" in content:
        return
    if "[setter]" in content:
        assert isinstance(found, property)
        assert found.fset is not None
        return
    compare_arguments(found, content)


def compare_arguments(found: Any, content: str) -> None:
    text = content[: content.rindex(")") + 1].split(" bases:")[0].split(" [")[0]
    try:
        wanted = ast.parse(f"def f{text}: ...").body[0].args  # type: ignore[attr-defined]
    except SyntaxError:  # a default is the repr of an object
        return
    if isinstance(found, (staticmethod, classmethod)):
        found = found.__func__
    target = found.__init__ if inspect.isclass(found) else found
    parameters = dict(inspect.signature(target).parameters)
    if not inspect.isclass(found):
        parameters.pop("self", None)
    names = [
        a.arg for a in wanted.args + wanted.kwonlyargs if a.arg not in ("inherited",)
    ]
    open_ended = any(p.kind is p.VAR_POSITIONAL for p in parameters.values())
    here = [n for n in parameters if n != "self"]
    if not open_ended:
        assert [n for n in here if n in names] == names
    for argument, default in zip(
        wanted.args[len(wanted.args) - len(wanted.defaults) :],
        wanted.defaults,
        strict=True,
    ):
        try:
            expected = ast.literal_eval(default)
        except ValueError:
            continue
        if argument.arg in parameters and expected is not None and expected != {}:
            assert parameters[argument.arg].default == expected, argument.arg
