"""Codes on the circuits of a chip: joined membranes, adaptation, what is true."""

from dataclasses import replace

import numpy as np
import pytest

from core.chip.adex import active_terms, adex_terms
from core.chip.circuit import Circuits
from core.chip.joined import RIGHT, Membranes
from core.chip.mismatch import sample_mismatch
from core.chip.neuron_block import NeuronBlock, NeuronSettings
from core.chip.pipeline import execute
from core.chip.setting_notes import setting_notes
from core.chip.signal_flow import emulate
from core.kernels import emulation_rows as row
from core.spec.chip import IDEAL, TYPICAL


def run(network, change, *, chip=IDEAL, us=200, **options):
    """Run ``network`` without inputs, after ``change`` of its circuits."""
    first = execute(network, {}, 1, us * 125, chip)
    settings = NeuronSettings.unused()
    settings.stored = {n: a.copy() for n, a in first.config.stored.items()}
    settings.codes = {n: a.copy() for n, a in first.config.codes.items()}
    settings.capacitance = first.config.capacitance.copy()
    change(NeuronBlock(settings).atomic_neurons)
    config = replace(
        first.config,
        stored=settings.stored,
        codes=settings.codes,
        capacitance=settings.capacitance,
    )
    nothing = first.output.events
    nothing = replace(nothing, cycle=nothing.cycle[:0], batch=nothing.batch[:0],
                      neuron=nothing.neuron[:0])  # fmt: skip
    return emulate(config, sample_mismatch(chip), nothing, 1, us * 125, chip, **options)


def test_a_spike_triggered_adaptation_slows_a_neuron_down(network):
    net = network([[0]] * 2, leak=150.0)

    def adapt(circuits):
        circuits[0].adaptation.enable = True
        circuits[0].adaptation.enable_pulse = True
        circuits[0].adaptation.i_bias_tau = 100
        circuits[0].adaptation.i_bias_b = 100
        circuits[0].adaptation.clock_scale = 5

    out = run(net, adapt, keep_truth=True)
    first, other = (np.flatnonzero(out.events.neuron == k) for k in (0, 1))
    intervals = np.diff(out.events.cycle[first])
    assert len(first) < len(other)
    assert intervals[-1] > 1.3 * intervals[0]
    truth = out.truth
    assert truth.circuits.tolist() == [0, 1]
    assert truth.adaptation.shape == (1000, 1, 2)
    # One jump: 100 codes times 0.04 per µs of a pulse of 2⁶ / 250 MHz.
    assert truth.adaptation[:, 0, 0].max() > 100 * 0.04 * 0.256
    assert np.abs(truth.adaptation[:, 0, 1]).max() == 0


def test_an_exponential_onset_lets_a_neuron_fire_below_its_threshold(network):
    net = network([[0]] * 2, leak=110.0, threshold=140.0)

    def onset(circuits):
        circuits[0].exponential.enable = True
        circuits[0].exponential.i_bias = 300
        circuits[0].exponential.v_exp = 290  # 104 LSB

    out = run(net, onset)
    assert set(out.events.neuron.tolist()) == {0}
    # What is off leaves the other circuit alone.
    assert len(out.events.cycle) > 3


def test_a_silenced_circuit_adds_its_intrinsic_capacitance(network):
    net = network([[0]] * 2, leak=150.0)

    def join(circuits):
        circuits[0].multicompartment.connect_right = True
        circuits[1].leak.i_bias = 0
        circuits[1].leak.enable_division = True
        circuits[1].membrane_capacitance.capacitance = 0
        circuits[1].threshold.enable = False

    alone = run(net, lambda circuits: None, keep_membrane=True)
    out = run(net, join, keep_membrane=True)
    assert set(out.events.neuron.tolist()) == {0}
    np.testing.assert_array_equal(out.membrane[..., 0], out.membrane[..., 1])
    single = alone.events.cycle[alone.events.neuron == 0]
    # C and g of the second circuit are 3 of 66 and 0.05 % of the first; 1 µs of each
    # period is refractory. Codes differ by one from circuit to circuit.
    ratio = (np.diff(out.events.cycle).mean() - 128) / (np.diff(single).mean() - 128)
    assert ratio == pytest.approx(69 / 66, rel=0.02)


def test_terms_follow_their_codes_and_their_mismatch():
    n = 4
    stored = {name: np.zeros(512, np.int64) for name in (
        "exponential.enable", "exponential.i_bias", "exponential.v_exp",
        "adaptation.enable", "adaptation.i_bias_tau", "adaptation.i_bias_a",
        "adaptation.invert_a", "adaptation.v_leak",
    )}  # fmt: skip
    stored["exponential.enable"][:2] = stored["adaptation.enable"][1:3] = 1
    stored["exponential.i_bias"][:] = 300
    stored["exponential.v_exp"][:] = 400
    stored["adaptation.i_bias_tau"][:] = 100
    stored["adaptation.i_bias_a"][:] = 500
    stored["adaptation.invert_a"][2] = 1
    stored["adaptation.v_leak"][:] = 650
    assert {k: list(v) for k, v in active_terms(stored).items()} == {
        "exponential": [0, 1],
        "subthreshold adaptation": [1, 2],
    }
    flat, codes = np.full(n, 10.0), {}
    for name, code in {"leak": 650, "reset": 650, "threshold": 400, "tau_mem": 164,
                       "tau_mem_range": 0, "synapse_dac": 600}.items():  # fmt: skip
        codes[name] = np.full(512, code)
    for name, code in {"tau_syn": 82, "tau_syn_range": 0, "strength": 500}.items():
        codes[name] = np.full((2, 512), code)
    circuits = Circuits(flat * 8, flat * 8, flat * 12, flat, flat, flat)
    alone = Membranes(circuits, np.arange(n))

    class Config:
        capacitance = np.full(512, 63.0)

    Config.stored, Config.codes = stored, codes
    ideal = adex_terms(Config, sample_mismatch(IDEAL), alone, np.arange(n), IDEAL, 0)
    assert ideal.runs.tolist() == [[0, 3]]
    rows = dict(
        zip(("on", "D", "vT", "A", "rate", "b", "bias"), ideal.values, strict=False)
    )
    np.testing.assert_allclose(rows["on"], [1, 1, 1, 0])
    np.testing.assert_allclose(rows["D"][:2], 3.0)
    np.testing.assert_allclose(rows["vT"][:2], 70.0)  # 150 LSB, relative to the leak
    assert rows["vT"][2] == np.float32(row.NEVER)
    np.testing.assert_allclose(rows["A"], [0, 0.05, -0.05, 0])
    np.testing.assert_allclose(rows["rate"][:3], 0.01)
    # At 650 codes the bend of the leak's transfer gives 80.07 LSB.
    np.testing.assert_allclose(rows["bias"][1:3], [0.0036, -0.0036], atol=2e-3)
    spread = adex_terms(
        Config, sample_mismatch(TYPICAL), alone, np.arange(n), TYPICAL, 0
    )
    assert spread.values[1, 0] != spread.values[1, 1]
    again = adex_terms(
        Config, sample_mismatch(TYPICAL), alone, np.arange(n), TYPICAL, 1
    )
    # Slope, onset, A and rate are written anew in each trial: by a code or two.
    changed = again.values[1:5, 1] / spread.values[1:5, 1]
    assert np.all(changed != 1)
    np.testing.assert_allclose(changed, 1, rtol=0.1)
    none = {RIGHT: stored["adaptation.invert_a"]}
    Config.stored = none
    empty = adex_terms(Config, sample_mismatch(IDEAL), alone, np.arange(n), IDEAL, 0)
    assert empty.runs.shape == (0, 2)


def test_what_does_nothing_on_a_joined_membrane_is_told(network):
    config = execute(network([[0]] * 5), {}, 1, 1250, IDEAL).config
    names = "exponential.enable", "exponential.i_bias"
    stored = {name: np.zeros(512, np.int64) for name in (RIGHT, *names)}
    stored[RIGHT][[0, 2]] = 1  # 0 and 1, 2 and 3, 4 alone
    fires = config.fires.copy()
    fires[1] = False
    for name in names:
        stored[name][[1, 4]] = 1
    notes = list(setting_notes(replace(config, stored=stored, fires=fires)))
    assert len(notes) == 2
    assert notes[0].startswith(
        "1 membranes of joined circuits have several comparators"
    )
    assert notes[1].startswith("exponential is on in 1 circuits")
    # The circuit with the comparator is the one whose term counts.
    fires[[0, 1, 2]] = False, True, False
    assert not list(setting_notes(replace(config, stored=stored, fires=fires)))
