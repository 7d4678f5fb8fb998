"""A population sits on the circuits that its document names, wherever it goes."""

import subprocess
import sys

import pytest

from core.build import build
from core.chip_layout import layout
from core.describe import describe
from core.errors import NetworkError
from core.feasibility import feasibility
from core.script.program import launcher_options, to_script
from core.simulate import StageMemory, input_spikes, simulate
from core.spec import edit
from core.spec.check import check
from core.spec.examples import first_steps
from core.spec.json_io import from_json, to_json
from core.spec.nir_io import from_nir, to_nir
from core.units import us


@pytest.fixture
def spec():
    """Populations of 8 and 2 neurons, the second on circuits 300 and 301."""
    found = edit.place(first_steps(), "out", 300)
    run = found.run.replace(mode="chip", runtime=20 * us, calibration="uncalibrated")
    return found.replace(run=run)


def placed(spec, name):
    return layout(spec).placement.circuits[name].tolist()


def test_others_make_room_for_who_has_chosen(spec):
    assert placed(spec, "out") == [300, 301]
    moved = edit.place(spec, "out", 0)
    assert placed(moved, "out") == [0, 1]
    assert not set(placed(moved, "hidden")) & {0, 1}
    assert placed(edit.place(moved, "out", None), "hidden")[0] == 0


def test_the_emulated_chip_runs_it_there(spec):
    execution = simulate(spec, StageMemory()).execution
    assert execution.placement.circuits["out"].tolist() == [300, 301]
    assert feasibility(spec).placement.circuits["out"].tolist() == [300, 301]


def test_files_carry_the_place(spec):
    assert from_json(to_json(spec)) == spec
    again = from_nir(to_nir(spec.network))
    assert again.network.population("out").first_circuit == 300
    assert again.network.population("hidden").first_circuit is None


@pytest.mark.slow  # a process of its own: 6 s
def test_a_script_asks_for_the_place_in_the_words_of_the_api(spec, tmp_path):
    text = to_script(spec)
    assert "placement_constraint=[place(n) for n in range(300, 302)]" in text
    text += "print([int(c.get_atomic_neurons()[0]) for c in out.coordinates])\n"
    path = tmp_path / "placed.py"
    path.write_text(text)
    options = launcher_options(spec)
    command = [sys.executable, "-m", "core.compat", *options, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[300, 301]"


def test_the_modules_are_described_with_it(spec):
    snn = build(spec, mock=True)
    snn(input_spikes(spec))
    found = describe(snn.exp).network
    assert found.population("out").first_circuit == 300
    assert found.population("hidden").first_circuit is None


def test_a_place_that_is_taken_says_by_whom(spec):
    with pytest.raises(NetworkError, match=r"'out' sits on 300–301.*300–301 can be"):
        edit.place(spec, "hidden", 295)
    with pytest.raises(NetworkError, match=r"505–512, the last one is 511.*504"):
        edit.place(spec, "hidden", 505)
    with pytest.raises(NetworkError, match="takes no circuits"):
        edit.place(spec, "input", 3)


def test_a_document_may_hold_it_and_says_so_at_both(spec):
    hidden = spec.network.population("hidden").replace(first_circuit=301)
    wrong = spec.replace(network=spec.network.with_population(hidden))
    found = {p.subject: p for p in check(wrong) if p.parameter == "first_circuit"}
    assert set(found) == {"hidden", "out"}
    assert "'hidden' sits on 301–308" in found["out"].what
    assert not feasibility(wrong).fits
    mock = wrong.replace(run=wrong.run.replace(mode="mock"))
    assert not [p for p in check(mock) if p.is_error]  # a model has no circuits


def test_a_copy_finds_a_place_of_its_own(spec):
    copied, (name,) = edit.paste(spec, spec, ["out"])
    assert copied.network.population(name).first_circuit is None
    assert not [p for p in check(copied) if p.is_error]
