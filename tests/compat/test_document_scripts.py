"""The program of a document does what the document does."""

import ast
import dataclasses
import inspect
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

import core
from core.errors import ConversionError
from core.experiment import ChipDefaults, Experiment
from core.script.program import identifiers, launcher_options, to_script
from core.script.text import number
from core.simulate import simulate
from core.spec import edit
from core.spec.chip import TYPICAL
from core.spec.examples import EXAMPLES, first_steps
from core.spec.network import AELIFSpec, Value
from core.spec.stimulus import ConstantCurrent

#: The documents of the interface, as they were published.
API = Path(__file__).parents[1] / "api"
CASES = {title: make() for title, make in EXAMPLES.items()}


def first_steps_with(**changes):
    """Return the first example with fields of its hidden population changed."""
    spec = first_steps()
    hidden = spec.network.population("hidden").replace(**changes)
    return spec.replace(network=spec.network.with_population(hidden))


def driven():
    spec = first_steps()
    currents = (
        ConstantCurrent("hidden", current=0.4),
        ConstantCurrent("out", current=np.array([0.2, -0.1])),
    )
    return spec.replace(stimuli=(*spec.stimuli, *currents))


def adaptive():
    spec = first_steps()
    old = spec.network.population("hidden")
    fields = {f.name: getattr(old, f.name) for f in dataclasses.fields(old)}
    hidden = AELIFSpec(**fields, exponential=False)
    return spec.replace(network=spec.network.with_population(hidden))


CASES |= {
    "values of single neurons": first_steps_with(
        threshold=Value(np.linspace(0.8, 1.2, 8)), tau_mem=np.linspace(6e-6, 12e-6, 8)
    ),
    "constant currents": driven(),
    "AdEx": adaptive(),
    "an input of two projections": edit.connect(first_steps(), "input", "out"),
    "currents of one step": first_steps_with(tau_syn=None, threshold=Value(0.1)),
}
MODEL_ONLY = {
    "integrators": first_steps_with(leaky=False),
    "a current from 20 to 60 µs": first_steps().replace(
        stimuli=(ConstantCurrent("hidden", current=1.5, start=20e-6, stop=60e-6),)
    ),
}


@pytest.fixture
def ran(request, tmp_path):
    """Runs the program of a document; its results by population."""

    def run(spec):
        request.getfixturevalue("installed")
        path = tmp_path / "program.py"
        path.write_text(to_script(spec), encoding="utf-8")
        return runpy.run_path(str(path), run_name="__main__")["results"]

    return run


@pytest.mark.parametrize(
    ("title", "mode"),
    [(title, mode) for title in CASES for mode in ("mock", "chip")]
    + [(title, "mock") for title in MODEL_ONLY],
)
def test_the_program_gives_the_results_of_the_document(title, mode, ran):
    spec = (CASES | MODEL_ONLY)[title]
    spec = spec.replace(run=spec.run.replace(mode=mode))
    expected = simulate(spec)
    for name, handle in ran(spec).items():
        population = expected.populations[name]
        if handle.holds("spikes"):
            steps, neurons = np.nonzero(handle.spikes[:, 0].detach().numpy())
            raster = population.spikes
            on_grid = np.rint(raster.time / spec.run.dt).astype(int)
            found = sorted(zip(steps.tolist(), neurons.tolist(), strict=True))
            inside = on_grid < spec.run.steps
            wanted = set(zip(on_grid[inside], raster.neuron[inside], strict=True))
            assert found == sorted((int(t), int(n)) for t, n in wanted)
        if mode == "mock":
            np.testing.assert_array_equal(
                handle.membrane_cadc[:, 0].detach().numpy(), population.membrane.values
            )


def test_the_launcher_runs_it_on_the_same_chip(launch, tmp_path):
    spec = first_steps()
    spec = spec.replace(
        chip=TYPICAL.replace(number=7),
        run=spec.run.replace(mode="chip", trial=3, calibration="uncalibrated"),
    )
    path = tmp_path / "program.py"
    path.write_text(to_script(spec), encoding="utf-8")
    options = launcher_options(spec)
    assert options == ["--chip 7", "--trial 3", "--uncalibrated"]
    done = launch(*" ".join(options).split(), str(path))
    raster = simulate(spec).populations["hidden"].spikes
    steps = np.rint(raster.time * 1e6).astype(int)
    inside = steps < spec.run.steps
    grid = {*zip(steps[inside], raster.neuron[inside], strict=True)}
    assert f"hidden: {len(grid)} spikes" in done.stdout


def test_what_the_interface_has_no_words_for_is_named():
    spec = first_steps()
    delayed = spec.network.projections[0].replace(delay=2e-6)
    loop = spec.network.projections[0].replace(
        name="loop", source="hidden", weights=np.zeros((8, 8))
    )
    network = spec.network.with_projection(delayed)
    network = network.replace(projections=(*network.projections, loop))
    with pytest.raises(ConversionError) as caught:
        to_script(spec.replace(network=network))
    assert [p.subject for p in caught.value.problems] == [delayed.name, "loop"]


def test_when_spikes_in_loops_arrive_is_nothing_to_a_program_without_loops():
    spec = first_steps()
    prompt = spec.replace(run=spec.run.replace(loops="prompt"))
    assert to_script(prompt) == to_script(spec)


def test_codes_of_the_document_are_written_by_the_program(ran):
    spec = first_steps()
    hidden = spec.network.population("hidden").replace(threshold=Value(1, code=700))
    spec = spec.replace(
        network=spec.network.with_population(hidden),
        run=spec.run.replace(mode="chip"),
    )
    expected = simulate(spec).populations["hidden"]
    found = int(ran(spec)["hidden"].spikes.sum())
    assert found == len(expected.spikes.time)


def test_a_chip_of_its_own_comes_with_the_document():
    spec = first_steps()
    spec = spec.replace(chip=TYPICAL.replace(noise=0.5))
    assert launcher_options(spec) == ["--document FILE.json"]
    assert "--document FILE.json" in to_script(spec)


def test_an_experiment_that_names_no_chip_takes_the_default(monkeypatch):
    monkeypatch.setattr(
        Experiment, "defaults", ChipDefaults(TYPICAL.replace(number=5), 2, False)
    )
    experiment = Experiment()
    found = (experiment.chip_spec.number, experiment.trial, experiment.calibrated)
    assert found == (5, 2, False)
    assert Experiment(chip_spec=TYPICAL).chip_spec == TYPICAL


def test_any_name_becomes_an_identifier_of_its_own():
    names = ("a b", "a-b", "class", "torch", "3", "größe", "", "match")
    found = identifiers(names)
    assert len(set(found.values())) == len(names)
    for name in found.values():
        ast.parse(f"{name} = 1")


@pytest.mark.parametrize("x", [1e-5, 6e-6, 0.1, 1 / 3, 5e-324, 1e300, 0.0, -2e-6, 1e-3])
def test_numbers_are_exact(x):
    assert float(number(x)) == x
    single = np.float32(x) if abs(x) < 1e38 else np.float32(3e38)
    assert np.float32(number(single)) == single


def test_the_program_is_well_formatted():
    for spec in CASES.values():
        text = to_script(spec)
        assert max(map(len, text.splitlines())) <= 88


def spoken(text):
    """Return the names of the API that a program uses, and its calls with keywords."""
    tree = ast.parse(text)
    words, calls = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("hxtorch"):
            words |= {*node.module.split("."), *(alias.name for alias in node.names)}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id in ("hxtorch", "hxsnn"):
                words.add(node.attr)
        elif isinstance(node, ast.Call):
            head, _, name = ast.unparse(node.func).rpartition(".")
            if head == "hxsnn":
                calls |= {(name, k.arg) for k in node.keywords}
    return words, calls


#: Programs of users.
PROGRAMS = Path(__file__).parents[1] / "scripts"
#: Ours alone.
OWN = {"chip_spec", "trial", "calibrated", "memory"}


def test_programs_use_only_names_of_the_published_interface():
    published = (*API.glob("*.txt"), *PROGRAMS.glob("*.py"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in published)
    known = set(re.findall(r"\w+", text))
    for spec in CASES.values():
        words, calls = spoken(to_script(spec))
        assert {"Experiment", "run"} <= words
        assert words <= known, words - known
        assert ("Experiment", "mock") in calls
        for name, keyword in calls:
            parameters = inspect.signature(getattr(core, name)).parameters
            values = name.endswith(("Observables", "Handle"))
            assert values or keyword in set(parameters) - OWN, f"{name}({keyword}=)"
