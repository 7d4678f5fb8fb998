import numpy as np
import pytest

from core.chip.calibration_target import NeuronCalibTarget, SpikingCalibTarget
from core.chip.pipeline import StageMemory, calibrated
from core.chip.stored_calibration import StoredCalibration, calibrate_whole_chip
from core.errors import CalibrationError, ParameterError
from core.spec.chip import IDEAL, TYPICAL
from core.units import us


def test_a_whole_chip_reaches_the_default_targets():
    stored = calibrate_whole_chip()
    # Weak cells make 1 to 5 % of the circuits miss a target.
    assert 0.95 <= stored.result.success.mean() <= 0.99
    assert np.median(stored.result.achieved["leak"]) == pytest.approx(80, abs=0.5)
    assert np.median(stored.result.achieved["reset"]) == pytest.approx(70, abs=0.5)
    assert np.median(stored.result.achieved["tau_mem"]) == pytest.approx(
        10 * us, rel=0.02
    )
    assert all((codes >= -1).all() for codes in stored.result.codes.values())
    assert (stored.result.codes["leak"] >= 0).all()


def test_every_circuit_may_have_a_target_of_its_own():
    leak = np.linspace(60, 120, 512)
    tau_syn = np.array([[5 * us], [12 * us]]) * np.ones(512)
    target = NeuronCalibTarget(leak=leak, tau_syn=tau_syn, membrane_capacitance=40)
    stored = calibrate_whole_chip(target, IDEAL)
    # One code is 0.42 LSB and 2 % of a time constant; the mean of 20 dithered samples
    # is known to 0.1 LSB.
    np.testing.assert_allclose(stored.result.achieved["leak"], leak, atol=0.75)
    np.testing.assert_allclose(stored.result.achieved["tau_syn"], tau_syn, rtol=0.03)
    found = stored.target.neuron_target
    np.testing.assert_array_equal(found.leak, leak)
    np.testing.assert_array_equal(found.tau_syn, tau_syn)
    np.testing.assert_array_equal(found.membrane_capacitance, np.full(512, 40.0))


def test_all_targets_that_are_no_setting_are_named():
    target = NeuronCalibTarget(leak=-1, tau_mem=0.05 * us, i_synin_gm=[500, 1023])
    with pytest.raises(ParameterError) as caught:
        calibrate_whole_chip(target)
    assert str(caught.value).splitlines() == [
        "calibration target: leak is -1 LSB. Use 0 to 255 LSB.",
        "calibration target: tau_mem is 5e-08 s. Use 1e-07 to 0.002 s.",
        "calibration target: i_synin_gm is 1023 code. Use 0 to 1022 code.",
    ]


def test_what_a_calibration_may_miss_is_a_warning_as_in_calix(caplog):
    NeuronCalibTarget(leak=49, tau_mem=61 * us, i_synin_gm=[500, 801]).check()
    assert [record.getMessage() for record in caplog.records] == [
        "calibration target: leak is 49 LSB, outside of 50 to 160 LSB: circuits may"
        " miss it.",
        "calibration target: tau_mem is 6.1e-05 s, outside of 5e-07 to 6e-05 s:"
        " circuits may miss it.",
        "calibration target: i_synin_gm is 801 code, outside of 30 to 800 code:"
        " circuits may miss it.",
    ]


def test_the_ends_of_a_range_are_in_it(caplog):
    NeuronCalibTarget(leak=50, tau_mem=0.5 * us, tau_syn=30 * us).check()
    assert not caplog.records
    with pytest.raises(ParameterError, match="threshold is nan"):
        NeuronCalibTarget(threshold=np.nan).check()


def test_two_strengths_are_refused():
    with pytest.raises(CalibrationError, match=r"i_synin_gm is \[400, 500\]"):
        calibrate_whole_chip(NeuronCalibTarget(i_synin_gm=[400, 500]))


def test_a_dense_target_has_a_value_for_each_circuit():
    dense = NeuronCalibTarget.DenseDefault
    for name in ("leak", "reset", "threshold", "tau_mem", "membrane_capacitance"):
        assert getattr(dense, name).shape == (512,)
    assert dense.tau_syn.shape == (2, 512)
    assert dense.i_synin_gm.tolist() == [500, 500]
    assert dense.i_synin_gm.dtype == np.int64
    assert dense.synapse_dac_bias == 600
    assert np.isnan(dense.tau_icc).all()
    assert dense.e_coba_reversal[:, 0].tolist() == [np.inf, -np.inf]
    assert np.isnan(dense.e_coba_reference).all()
    assert dense.e_coba_reference.shape == (2, 512)


def test_default_targets_are_never_shared():
    NeuronCalibTarget.DenseDefault.leak[:] = 0
    assert NeuronCalibTarget.DenseDefault.leak.tolist() == [80.0] * 512
    dense = NeuronCalibTarget().dense()
    dense.dense().leak[:] = 0
    assert dense.leak[0] == 80
    SpikingCalibTarget().neuron_target.leak = 90
    assert SpikingCalibTarget().neuron_target.leak == 80


def test_a_target_of_another_length_is_refused():
    with pytest.raises(ParameterError, match=r"leak has shape \(3,\)"):
        NeuronCalibTarget(leak=np.zeros(3)).dense()


def test_the_target_of_a_calibration_is_a_copy():
    stored = calibrate_whole_chip()
    stored.target.neuron_target.leak[:] = 0
    stored.chip_settings().neuron_block.settings.codes["leak"][:] = 0
    assert stored.target.neuron_target.leak[0] == 80
    assert stored.result.codes["leak"].min() > 0


def test_settings_hold_what_was_calibrated():
    stored = calibrate_whole_chip(NeuronCalibTarget(membrane_capacitance=30))
    settings = stored.chip_settings().neuron_block.settings
    for name, codes in stored.result.codes.items():
        np.testing.assert_array_equal(settings.codes[name], codes)
    assert settings.capacitance.tolist() == [30.0] * 512
    assert settings.fires.all()
    assert not settings.constant_current.any()


def test_settings_alone_are_a_calibration_without_a_target():
    chip = calibrate_whole_chip().chip_settings()
    chip.neuron_block.settings.constant_current[3] = 17
    stored = StoredCalibration.from_chip(chip)
    assert not stored.has_target
    assert stored.synapse_dac_bias == 600
    again = stored.chip_settings().neuron_block.settings
    assert again.constant_current[3] == 17
    chip.neuron_block.settings.constant_current[3] = 0
    assert again.constant_current[3] == 17
    empty = StoredCalibration.from_chip(type(chip)())
    assert (empty.i_synin_gm, empty.has_target) == (0, False)


def test_a_calibration_of_a_network_keeps_its_targets(network):
    net = network(
        np.ones((4, 2)),
        refractory_time=3 * us,
        membrane_capacitance=20.0,
        holdoff_time=1 * us,
    )
    stored = StoredCalibration.of(
        TYPICAL, net, *calibrated(net, TYPICAL, StageMemory())
    )
    assert stored.has_target
    assert stored.chip == TYPICAL
    target = stored.target.neuron_target
    assert target.refractory_time[:4] == pytest.approx([3 * us] * 4)
    assert target.holdoff_time[:5] == pytest.approx([1 * us] * 4 + [0.0])
    assert target.membrane_capacitance[:4].tolist() == [20.0] * 4
    assert target.threshold[:4].tolist() == [125.0] * 4
    assert np.isnan(target.leak[4:]).all()
    assert not stored.chip_settings().neuron_block.settings.fires[4:].any()
