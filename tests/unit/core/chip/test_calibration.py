import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.fidelity.calibration import truth
from core.chip import calibration, curve_store
from core.chip.calibrated_circuits import TOLERANCE
from core.chip.calibration import calibrate, calibrate_by_search
from core.chip.characterisation import characterise
from core.chip.correction import find
from core.chip.measure import fit_time_constant
from core.chip.mismatch import sample_mismatch
from core.chip.network import Network
from core.chip.nominal import DRIVE
from core.chip.pipeline import StageMemory, execute
from core.chip.placement import place
from core.chip.port import Port
from core.chip.results import PlacementResult
from core.chip.search import Knob, secant
from core.chip.target_ranges import RANGES
from core.spec.chip import IDEAL, TYPICAL
from core.units import us

BOTH = pytest.mark.parametrize("how", [calibrate, calibrate_by_search])


def calibrated(chip, *populations, how=calibrate, **options):
    net = Network(populations, **options)
    return how(net, place(net), chip, sample_mismatch(chip))


@BOTH
def test_medians_are_on_target(population, how):
    # The first would move a quadrant by 0.8 LSB, the other all thresholds.
    chip = TYPICAL.replace(baseline_shift=0.0, threshold_miss=0.0)
    found = truth(calibrated(chip, population("p", 512), how=how), chip, 7)
    assert np.median(found["leak"]) == pytest.approx(80, abs=0.3)
    assert np.median(found["threshold"]) == pytest.approx(125, abs=0.6)
    assert np.median(found["tau_mem"]) == pytest.approx(10, rel=0.015)
    assert np.median(found["tau_syn_exc"]) == pytest.approx(10, rel=0.015)


@BOTH
def test_the_ideal_chip_reaches_its_targets_within_a_code(population, how):
    found = truth(calibrated(IDEAL, population("p", 512), how=how), IDEAL, 7)
    assert np.abs(found["leak"] - 80).max() < 0.42
    assert np.abs(found["reset"] - 80).max() < 0.42
    assert np.abs(found["threshold"] - 125).max() < 0.42
    assert np.abs(found["tau_mem"] / 10 - 1).max() < 1 / 94
    assert np.abs(found["tau_syn_exc"] / 10 - 1).max() < 1 / 48
    # Half of each of the steps above, and 1 % for those of the strength.
    assert np.abs(found["psp"] / (DRIVE * 10 / np.e) - 1).max() < 0.02


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("leak", 140.0),
        ("reset", 60.0),
        ("threshold", 180.0),
        ("tau_mem", 25 * us),
        ("tau_syn", 4 * us),
        ("membrane_capacitance", 20.0),
    ],
)
def test_every_target_is_reached_from_the_curves(population, name, value):
    result = calibrated(TYPICAL, population("p", 512, **{name: value}))
    # The median of 512 is known to 0.1 LSB, that of a quadrant's shift to 0.4 LSB.
    for potential in ("leak", "reset", "threshold"):
        error = result.achieved[potential] - result.target[potential]
        assert abs(np.median(error)) < 1.5, potential
    for relative in ("tau_mem", "tau_syn", "strength"):
        ratio = result.achieved[relative] / result.target[relative]
        assert np.median(ratio) == pytest.approx(1, abs=0.015), relative
    assert 0.94 < result.success.mean() < 1


@pytest.mark.parametrize("end", ["low", "high"])
@pytest.mark.parametrize(
    "name", ["leak", "reset", "threshold", "tau_mem", "tau_syn", "membrane_capacitance"]
)
def test_the_ends_of_what_is_allowed_are_reached(population, name, end):
    value = getattr(RANGES[name], end)
    result = calibrated(TYPICAL, population("p", 512, **{name: value}))
    # As many as for the defaults; an empty capacitor makes one code 4 % of τ_mem.
    assert result.success.mean() > 0.94


@pytest.mark.parametrize(
    ("name", "code"),
    [("i_synin_gm", 30), ("i_synin_gm", 800), ("synapse_dac_bias", 1022)],
)
def test_the_strength_is_found_for_all_common_biases(population, name, code):
    result = calibrated(TYPICAL, population("p", 512), **{name: code})
    ratio = result.achieved["strength"] / result.target["strength"]
    assert np.median(ratio) == pytest.approx(1, abs=0.015)
    assert result.success.mean() > 0.94


def test_the_leak_follows_a_slow_membrane(population):
    # Leakage of 3 LSB at 10 µs is 15 LSB at 50 µs, and known to about 1 LSB.
    slow = calibrated(TYPICAL, population("p", 512, tau_mem=50 * us))
    found = np.sort(truth(slow, TYPICAL, 7)["leak"])
    assert found[26:-26].std() < 2.5
    assert np.std(slow.codes["leak"] - calibrated(
        TYPICAL, population("p", 512)).codes["leak"]) > 20  # fmt: skip


def test_the_codes_do_not_depend_on_what_was_calibrated_before(population):
    direct = calibrated(TYPICAL, population("p", 40, threshold=140.0))
    calibrated(TYPICAL, population("p", 40, leak=95.0, tau_mem=20 * us))
    calibrated(TYPICAL, population("p", 40, threshold=111.0, tau_syn=3 * us))
    calibration.forget()
    again = calibrated(TYPICAL, population("p", 40, threshold=140.0))
    for name, codes in direct.codes.items():
        np.testing.assert_array_equal(codes, again.codes[name], err_msg=name)
        if name in direct.achieved:
            np.testing.assert_array_equal(
                direct.achieved[name], again.achieved[name], err_msg=name
            )


@pytest.mark.parametrize(
    ("change", "steps"),
    [
        ({}, set()),
        ({"threshold": 130.0}, {"threshold"}),
        ({"tau_mem": 12 * us}, {"tau_mem", "leak"}),
        ({"tau_syn": 12 * us}, {"tau_syn"}),
        ({"membrane_capacitance": 50.0}, {"tau_mem", "leak"}),
    ],
)
def test_a_changed_target_repeats_only_what_depends_on_it(
    population, monkeypatch, change, steps
):
    calibrated(TYPICAL, population("p", 30))
    done = []
    monkeypatch.setattr(
        calibration, "find", lambda name, *a: done.append(name) or find(name, *a)
    )
    calibrated(TYPICAL, population("p", 30, **change))
    assert set(done) == steps
    assert len(done) == len(steps)


def test_all_circuits_of_a_neuron_get_its_targets(population):
    leak = np.array([70.0, 90.0, 110.0])
    net = Network((replace(population("p", 3), target=replace(
        population("p", 3).target, leak=leak)),))  # fmt: skip
    joined = np.array([[0, 256], [1, 257], [2, 258]])
    placement = PlacementResult({"p": joined[:, 0]}, {"p": joined})
    chip = IDEAL.replace(mismatch=1.0)
    result = calibrate(net, placement, chip, sample_mismatch(chip))
    np.testing.assert_array_equal(
        result.target["leak"][joined], np.stack([leak, leak], 1)
    )
    np.testing.assert_allclose(result.achieved["leak"][joined[:, 1]], leak, atol=0.75)
    assert np.isnan(result.target["leak"][259])


@BOTH
def test_a_calibration_sees_nothing_but_the_port(
    population, monkeypatch, tmp_path, how
):
    allowed = {name for name in vars(Port) if not name.startswith("_")}
    seen = set()

    class Guarded:
        def __init__(self, *arguments):
            self.__inner = bench(*arguments)

        def __getattr__(self, name):
            assert name in allowed, f"a calibration must not read {name}"
            seen.add(name)
            return getattr(self.__inner, name)

    bench = calibration.Bench
    free = calibrated(TYPICAL, population("p", 8), how=how)
    monkeypatch.setattr(calibration, "Bench", Guarded)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # characterise once more
    curve_store.memory().clear()
    calibration.forget()
    guarded = calibrated(TYPICAL, population("p", 8), how=how)
    assert seen == allowed
    for name, codes in free.codes.items():
        np.testing.assert_array_equal(codes, guarded.codes[name])


def test_the_finders_of_codes_know_no_circuits():
    """What is told apart by an import contract is told apart in its list, too."""
    root = Path(calibration.__file__).parents[2]
    contracts = tomllib.loads((root / "pyproject.toml").read_text())
    (contract,) = (
        c
        for c in contracts["tool"]["importlinter"]["contracts"]
        if c["name"] == "A calibration sees a chip through its port"
    )
    assert {"core.chip.mismatch", "core.chip.circuit", "core.chip.bench"} <= set(
        contract["forbidden_modules"]
    )
    finders = {find.__module__, characterise.__module__, secant.__module__}
    assert finders <= set(contract["source_modules"])


def test_progress_rises_to_the_end(population, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # no curves on disk
    told = []
    for how in (calibrate, calibrate_by_search):
        net = Network((population("p", 4),))
        chip = TYPICAL.replace(number=4711)
        curve_store.memory().clear()
        how(net, place(net), chip, sample_mismatch(chip), lambda *at: told.append(at))
    shares = [share for name, share in told if name == "calibrate"]
    assert shares[0] == 0
    assert shares.count(1.0) == 2
    assert ("characterise", 0.0) in told


def test_a_run_tells_how_far_its_calibration_is(network):
    memory, told = StageMemory(), []
    memory.progress = lambda name, share: told.append((name, share))
    net = network(np.ones((3, 2)))
    for expected in (("calibrate", 1.0), None):  # the second time it is remembered
        told.clear()
        execute(net, {}, 1, 1000, TYPICAL, memory=memory)
        assert (told[-1] if told else None) == expected


def test_calibration_is_repeatable(population):
    a, b = (calibrated(TYPICAL, population("p", 8)) for _ in range(2))
    for name in a.codes:
        np.testing.assert_array_equal(a.codes[name], b.codes[name])
    np.testing.assert_array_equal(a.achieved["tau_mem"], b.achieved["tau_mem"])


def test_another_calibration_of_a_chip_has_noise_of_its_own(population):
    # The codes differ by the noise of a write at most, not by the pattern of the chip.
    first, second = (
        calibrated(TYPICAL.replace(calibration=n), population("p", 256)).codes["leak"]
        for n in (0, 1)
    )
    difference = (first - second)[:256]
    assert 0 < np.sort(difference)[13:-13].std() < 0.1 * first[:256].std()


def test_another_chip_needs_other_codes(population):
    a = calibrated(TYPICAL, population("p", 8))
    b = calibrated(TYPICAL.replace(number=9), population("p", 8))
    assert np.any(a.codes["leak"] != b.codes["leak"])


def test_results_are_in_si_and_empty_where_unused(population):
    result = calibrated(TYPICAL, population("p", 2))
    assert result.target["tau_mem"][0] == pytest.approx(10 * us)
    assert result.achieved["tau_syn"][1, 1] == pytest.approx(10 * us, rel=0.1)
    assert np.isnan(result.target["leak"][2:]).all()
    assert np.all(result.codes["leak"][2:] == -1)
    assert result.success.all()


def test_a_given_code_is_written_as_it_is(population):
    result = calibrated(TYPICAL, population("p", 4, leak_code=700, threshold_code=500))
    assert np.all(result.codes["leak"][:4] == 700)
    assert np.all(result.codes["threshold"][:4] == 500)
    assert np.isnan(result.target["leak"]).all()
    assert result.success.all()


def test_without_calibration_all_circuits_get_the_same_codes(population):
    result = calibrated(TYPICAL, population("p", 100), calibrated=False)
    for name, codes in result.codes.items():
        assert len(np.unique(codes[..., :100])) == 1, name
    assert result.achieved["leak"][:100].std() > 5


def test_a_target_out_of_reach_is_reported(population):
    result = calibrated(TYPICAL, population("p", 4, leak=250.0))
    assert not result.success[:4].any()
    assert result.success[4:].all()


def test_strength_follows_the_common_bias(population):
    weak = calibrated(IDEAL, population("p", 4), i_synin_gm=250)
    assert weak.codes["strength"][0, :4] == pytest.approx(250, abs=3)
    assert weak.achieved["strength"][0, 0] == pytest.approx(DRIVE / 2, rel=0.01)


def test_a_threshold_no_membrane_reaches_is_reported(population):
    # The membrane ends at 228 LSB.
    result = calibrated(TYPICAL, population("p", 4, threshold=240.0))
    assert not result.success[:4].any()


def test_fit_finds_a_time_constant_and_ignores_the_offset():
    t = np.linspace(0, 40, 64)[:, None] * np.ones(3)
    y = 17 + 90 * np.exp(-t / np.array([5.0, 10.0, 20.0]))
    np.testing.assert_allclose(fit_time_constant(t, y), [5, 10, 20], rtol=0.01)


def test_secant_finds_codes_of_a_bent_characteristic():
    state = {}

    def measure():
        return 20 + 0.4 * state["code"] + 1e-4 * state["code"] ** 2

    target = np.array([100.0, 200.0, np.nan])
    code = secant(
        measure,
        lambda c: state.update(code=c),
        target,
        np.array([500, 500, 7]),
        Knob(0.4),
    )
    state["code"] = code.astype(float)
    np.testing.assert_allclose(measure()[:2], target[:2], atol=0.6)  # one code
    assert code[2] == 7


def test_tolerances_cover_all_targets(population):
    assert set(calibrated(IDEAL, population("p", 1)).target) == set(TOLERANCE)
