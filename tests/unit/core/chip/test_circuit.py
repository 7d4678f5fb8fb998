import numpy as np
import pytest

from core.chip.circuit import physical
from core.chip.mismatch import sample_mismatch
from core.chip.nominal import (
    DRIVE,
    potential_code,
    psp_height,
    tau_mem_code,
    tau_mem_of,
    tau_syn_code,
    tau_syn_of,
)
from core.spec.chip import IDEAL

TAUS = np.geomspace(1.0, 30, 20)  # µs


def typical(**codes):
    count = len(next(iter(codes.values())))
    full = {
        "leak": np.full(count, 650.0),
        "reset": np.full(count, 650.0),
        "threshold": np.full(count, 400.0),
        "tau_mem": np.full(count, 164.0),
        "tau_mem_range": np.zeros(count),
        "tau_syn": np.full((2, count), 82.0),
        "tau_syn_range": np.zeros((2, count)),
        "strength": np.full((2, count), 500.0),
        "synapse_dac": np.full(count, 600.0),
    }
    capacitance = codes.pop("capacitance", np.full(count, 63.0))
    mismatch = sample_mismatch(IDEAL).at(np.arange(count))
    return physical(full | codes, mismatch, capacitance)


@pytest.mark.parametrize("name", ["leak", "reset", "threshold"])
def test_typical_codes_give_the_wanted_potential(name):
    volts = np.arange(50.0, 160.0)
    found = getattr(typical(**{name: potential_code(name, volts).astype(float)}), name)
    # Half a code is 0.21 LSB, the bend up to 0.3 LSB.
    np.testing.assert_allclose(found, volts, atol=0.51)


def test_typical_codes_give_the_wanted_membrane_time_constant():
    code, switch = tau_mem_code(TAUS, np.full(20, 63.0))
    found = typical(tau_mem=code.astype(float), tau_mem_range=switch.astype(float))
    np.testing.assert_allclose(found.tau_mem, TAUS, rtol=0.02)  # half of code 30
    assert set(switch) == {-1, 0, 1}


def test_all_synaptic_time_constants_that_are_allowed_have_a_code():
    taus = np.geomspace(0.3, 30, 20)
    code, switch = tau_syn_code(taus)
    assert set(switch) == {-1, 0, 1}
    assert code.min() >= 30
    assert code.max() <= 700
    np.testing.assert_allclose(tau_syn_of(code) / 8.0**switch, taus, rtol=0.04)


def test_typical_codes_give_the_wanted_synaptic_time_constant():
    code, switch = tau_syn_code(np.stack([TAUS, TAUS]))
    found = typical(
        capacitance=np.full(20, 63.0),
        tau_syn=code.astype(float),
        tau_syn_range=switch.astype(float),
        leak=np.full(20, 650.0),
    )
    np.testing.assert_allclose(found.tau_syn[0], TAUS, rtol=0.02)


def test_a_smaller_capacitance_is_faster_and_stronger():
    small = typical(capacitance=np.array([30.0]))
    large = typical(capacitance=np.array([63.0]))
    assert small.tau_mem[0] == pytest.approx(large.tau_mem[0] / 2)
    assert small.strength[0, 0] == pytest.approx(large.strength[0, 0] * 2)


def test_strength_follows_both_biases():
    one = typical(strength=np.full((2, 2), 500.0), synapse_dac=np.full(2, 600.0))
    more = typical(strength=np.full((2, 2), 250.0), synapse_dac=np.full(2, 1200.0))
    np.testing.assert_allclose(one.strength, DRIVE)
    np.testing.assert_allclose(more.strength, DRIVE)


def test_codes_of_time_constants_can_be_turned_back():
    full = np.full(20, 63.0)
    code, switch = tau_mem_code(TAUS, full)
    back = tau_mem_of(code) / 8.0**switch
    np.testing.assert_allclose(back, TAUS, rtol=0.04)  # the floor is 0.4 % of 6 µs
    code, switch = tau_syn_code(TAUS)
    np.testing.assert_allclose(tau_syn_of(code) / 8.0**switch, TAUS, rtol=0.04)


def test_psp_height_has_no_pole_at_equal_time_constants():
    tau = np.array([9.999, 10.0, 10.001])
    np.testing.assert_allclose(psp_height(tau, np.full(3, 10.0)), 10 / np.e, rtol=1e-3)
