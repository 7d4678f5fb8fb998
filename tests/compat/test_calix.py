"""Targets of a calibration, and parameters of neurons, whose times have a unit."""

import copy
import pickle

import numpy as np
import pytest

from core import AELIF, LIF
from core.compat import quantities as pq
from core.compat.calix import spiking
from core.errors import ParameterError
from core.modules.calibration import of_neurons
from core.modules.types import Population
from core.parameter import (
    HXParameter,
    HXTransformedModelParameter,
    MixedHXModelParameter,
)

NeuronCalibTarget = spiking.neuron.NeuronCalibTarget
_PAIR = (5 * pq.us, 6 * pq.us)


@pytest.fixture
def target():
    return NeuronCalibTarget.DenseDefault


def assert_microseconds(times, expected):
    # The default of 10 µs is a product, and a conversion rounds once more.
    np.testing.assert_allclose(times.rescale("us").magnitude, expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("value", "microseconds"),
    [
        (5 * pq.us, 5),
        (0.005 * pq.ms, 5),
        (np.arange(1, 11) * pq.us, np.arange(1, 11)),
        (5e-6, 5),  # a bare number is seconds
        ([5 * pq.us] * 9 + [0.006 * pq.ms], [5] * 9 + [6]),
        ((5e-6,) * 9 + (6 * pq.us,), [5] * 9 + [6]),
        (np.array([5 * pq.us] * 10, object), 5),
    ],
)
def test_times_are_converted_when_they_are_assigned_to_some_circuits(
    value, microseconds, target
):
    target.tau_mem[:10] = value
    assert_microseconds(target.tau_mem[:10], microseconds)
    assert_microseconds(target.tau_mem[10:], 10)
    target.tau_syn[0][:10] = value
    assert_microseconds(target.tau_syn[0, :10], microseconds)
    assert_microseconds(target.tau_syn[1], 10)


@pytest.mark.parametrize(
    "write",
    [
        lambda t: setattr(t, "tau_mem", [5 * pq.us, 6 * pq.us]),
        lambda t: setattr(t, "tau_mem", NeuronCalibTarget(tau_mem=_PAIR).tau_mem),
        lambda t: t.tau_mem.__setitem__(slice(2), [5, 6] * pq.us),
        lambda t: t.tau_mem[:2].put([0, 1], _PAIR),
        lambda t: np.copyto(t.tau_mem[:2], _PAIR),
        lambda t: np.copyto(t.tau_mem[:2], [5000, 6000] * pq.ns),
        lambda t: np.putmask(t.tau_mem, np.arange(512) < 2, _PAIR),
        lambda t: (t.tau_mem.fill(5 * pq.us), t.tau_mem[1:].fill(0.006 * pq.ms)),
    ],
)
def test_lists_of_times_are_converted_however_they_are_written(write, target):
    write(target)
    assert_microseconds(target.tau_mem[:2], [5, 6])


def test_a_pair_of_times_is_one_for_each_synaptic_input():
    dense = NeuronCalibTarget(tau_syn=_PAIR).dense()
    assert_microseconds(dense.tau_syn, np.repeat([[5], [6]], 512, axis=1))


@pytest.mark.parametrize(
    "value",
    [
        [5, 6],
        np.asarray([5, 6] * pq.us),
        np.full(2, 5 * pq.us),  # NumPy makes no array with a unit, and asks nobody
        np.array([[5, 6] * pq.us])[0],
    ],
)
@pytest.mark.parametrize(
    "write",
    [
        lambda t, value: setattr(t, "tau_mem", value),
        lambda t, value: t.tau_mem.__setitem__(slice(2), value),
        lambda t, value: t.tau_mem.put([0, 1], value),
        lambda t, value: np.copyto(t.tau_mem[:2], value),
        lambda t, value: NeuronCalibTarget(refractory_time=value),
    ],
)
def test_times_that_lost_their_unit_are_refused(write, value, target):
    with pytest.raises(ParameterError) as caught:
        write(target, value)
    assert str(caught.value) == (
        "calibration target: a time is 5 s: a bare number is seconds. Give it a unit,"
        " 5 * pq.us or [5, …] * pq.us; an array that NumPy makes of a list of"
        " quantities has none."
    )
    assert_microseconds(target.tau_mem, 10)


def test_only_a_bare_number_can_have_lost_its_unit(target):
    target.tau_mem[0] = 1 * pq.s  # is out of range, which `check` says
    with pytest.raises(ParameterError, match=r"tau_mem is 1 s\. Use 1e-07 to 0.002 s"):
        target.check()
    target.tau_icc = np.nan
    assert np.isnan(target.tau_icc)


@pytest.mark.parametrize("name", ["tau_mem", "refractory_time", "holdoff_time"])
def test_times_that_are_assigned_as_a_whole_become_seconds(name, target):
    setattr(target, name, 2 * pq.us)
    assert np.asarray(getattr(target, name)) == 2e-6
    setattr(target, name, np.array([2000.0, 3000.0]) * pq.ns)
    assert_microseconds(getattr(target, name), [2, 3])
    dense = NeuronCalibTarget(**{name: 3 * pq.us}).dense()
    assert_microseconds(getattr(dense, name), np.full(512, 3))


def test_times_are_read_in_any_unit(target):
    assert target.tau_mem.shape == (512,)
    assert_microseconds(target.tau_mem, 10)
    assert_microseconds(target.tau_mem[0] + 1 * pq.ms, 1010)
    assert (target.tau_mem * 2 > 19 * pq.us).all()
    assert_microseconds(NeuronCalibTarget().refractory_time, 2)


def test_a_time_is_no_voltage(target):
    with pytest.raises(ParameterError, match='between units of "mV" and "s"'):
        target.tau_mem[:] = 5 * pq.mV
    with pytest.raises(ParameterError, match='between units of "mV" and "s"'):
        target.tau_mem = 5 * pq.mV


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))]
)
def test_copies_of_targets_have_times_of_their_own(copied, target):
    other = copied(target)
    other.tau_mem[:] = 5 * pq.us
    assert_microseconds(target.tau_mem, 10)
    assert_microseconds(other.tau_mem, 5)


def test_a_population_reads_and_writes_targets_with_units(target):
    target.tau_mem[7] = 5 * pq.us
    found = of_neurons(target, np.array([7, 8]))["tau_mem"]
    # The values on the chip are 32-bit numbers.
    np.testing.assert_allclose(found, [5e-6, 10e-6], rtol=1e-7)
    Population(1, None, tau_mem=6e-6).calibration_from_params(target, [9])
    assert_microseconds(target.tau_mem[9], 6)


def test_potentials_have_no_unit(target):
    target.leak[:] = 90
    assert not isinstance(target.leak, pq.Quantity)


def test_the_dense_default_is_a_new_one_each_time():
    default = NeuronCalibTarget.DenseDefault
    default.leak[:] = 0
    again = NeuronCalibTarget.DenseDefault
    assert isinstance(again, NeuronCalibTarget)
    assert (again.leak == 80).all()
    assert again.tau_syn.shape == (2, 512)
    assert spiking.SpikingCalibTarget(neuron_target=again).neuron_target is again


@pytest.mark.parametrize("neuron", [LIF, AELIF])
@pytest.mark.parametrize(
    ("value", "fix"),
    [
        (lambda: 8 * pq.us, "has a unit: 8.0 us. Give seconds: 8e-6."),
        (lambda: 0.007 * pq.ms, "Give seconds: 7e-6."),
        (lambda: [1, 2] * pq.us, "Give seconds: 1e-6, …."),
        (lambda: 8 * pq.mV, "Give a number without a unit."),
        (lambda: HXParameter(8 * pq.us), "Give seconds: 8e-6."),
        (lambda: MixedHXModelParameter(8e-6, 7 * pq.us), "Give seconds: 7e-6."),
        (lambda: HXTransformedModelParameter(9 * pq.us, float), "Give seconds: 9e-6."),
    ],
)
def test_a_parameter_of_a_neuron_with_a_unit_is_refused(neuron, value, fix):
    with pytest.raises(ParameterError) as caught:
        neuron(2, None, tau_mem=value())
    assert ": has a unit:" in str(caught.value)
    assert str(caught.value).endswith(fix)
