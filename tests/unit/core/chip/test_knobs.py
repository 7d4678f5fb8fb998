"""A knob that does nothing says so, and one that says so does nothing."""

from dataclasses import replace

import numpy as np
import pytest

from core.chip.knobs import silent_knobs
from core.chip.pipeline import execute
from core.spec.chip import IDEAL, TYPICAL, ChipSpec

#: Some of each kind; a chip with other mismatch is characterised anew.
KNOBS = (
    "voltage_spread",
    "row_spread",
    "weak_cells",
    "threshold_bias",
    "tau_bias",
    "gain_bias",
    "write_noise",
    "membrane_noise",
    "cadc_noise",
    "madc_noise",
)


@pytest.mark.parametrize(
    ("setting", "calibrated"),
    [({"mismatch": 0.0}, True), ({"noise": 0.0}, True), ({}, False)],
    ids=["no mismatch", "no noise", "not calibrated"],
)
def test_a_knob_that_is_said_to_do_nothing_does_nothing(
    network, poisson, setting, calibrated
):
    net = network([[40] * 5] * 6, calibrated=calibrated, madc=("lif", 0))
    inputs = {"in": poisson(5, 40, 0.05)}

    def outcome(chip):
        run = execute(net, inputs, 1, 40 * 125, chip, keep_membrane=True)
        return run.output.membrane, run.output.cadc, run.output.madc, run.notes

    chip = TYPICAL.replace(**setting)
    before, said = outcome(chip), set()
    for name in KNOBS:
        info = ChipSpec.info(name)
        value = info.high if getattr(chip, name) != info.high else info.low
        turned = chip.replace(**{name: value})
        notes = [n for n in silent_knobs(turned, net) if name in n]
        if notes:
            said.add(name)
            after = outcome(turned)
            assert notes[0] in after[3]
            for a, b in zip(before[:3], after[:3], strict=True):
                np.testing.assert_array_equal(a, b, err_msg=name)
    assert "tau_bias" in said or setting == {"noise": 0.0}
    assert len(said) >= 3


def test_presets_are_no_turned_knobs_without_effect(network):
    net = network(np.ones((2, 2)))
    assert not list(silent_knobs(TYPICAL, net))
    assert not list(silent_knobs(IDEAL, net))


@pytest.mark.parametrize(("fires", "told"), [(True, 1), (False, 2)])
def test_parts_that_no_circuit_uses_are_told(network, fires, told):
    chip = IDEAL.replace(mismatch=1.0, term_spread=0.3, tau_reset=2e-6)
    run = execute(network([[0]], fires=fires), {}, 1, 1250, chip)
    unused = [n for n in run.notes if "term_spread" in n or "tau_reset" in n]
    assert len(unused) == told
    stored = {
        name: np.ones(512, np.int64)
        for name in ("exponential.enable", "exponential.i_bias")
    }
    config = replace(run.config, stored=stored)
    left = " ".join(silent_knobs(chip, run.network, config))
    assert "term_spread" not in left
    assert ("tau_reset" in left) != fires
