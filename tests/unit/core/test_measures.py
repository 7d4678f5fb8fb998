import numpy as np
import pytest

from core.errors import ParameterError, RecordingError
from core.measures import (
    MEASURES,
    deflection,
    firing_rates,
    first_spikes,
    intervals,
    measured,
)
from core.simulate import PopulationResult, Raster, RunResult, Signal
from core.units import us

#: Neuron 0 fires at 1, 2 and 4 µs, neuron 1 once, neuron 2 never; out of order.
RASTER = Raster(np.array([4, 1, 7, 2]) * us, np.array([0, 0, 1, 0]))
MODEL = Signal(np.arange(3) * us, np.array([[1.0, 0], [0.5, 0], [1.2, 0.3]]))
CHIP = Signal(np.arange(2) * us, np.array([[5.0, 5.0], [4.0, 7.0]]))


def run(**changes):
    population = PopulationResult("n", 3, model_spikes=RASTER, membrane=MODEL)
    population = PopulationResult(**(vars(population) | changes))
    return RunResult("", "mock", 10 * us, {"n": population})


def test_intervals_are_those_of_each_neuron():
    found = intervals(RASTER, 3)
    assert found.count.tolist() == [3, 1, 0]
    assert found.mean[0] == pytest.approx(1.5 * us)
    assert found.cv[0] == pytest.approx(0.5 / 1.5)  # of 1 and 2 µs
    assert found.last_over_first[0] == pytest.approx(2)
    for values in (found.mean, found.cv, found.last_over_first):
        assert np.isnan(values[1:]).all()


def test_a_rate_comes_from_intervals_where_there_are_some():
    rates = firing_rates(RASTER, 3, 10 * us)
    assert rates == pytest.approx([1 / (1.5 * us), 1 / (10 * us), 0])


def test_a_silent_neuron_has_no_first_spike():
    assert first_spikes(RASTER, 3)[:2] == pytest.approx([1 * us, 7 * us])
    assert np.isnan(first_spikes(RASTER, 3)[2])


def test_a_deflection_keeps_its_sign():
    assert deflection(MODEL) == pytest.approx([-0.5, 0.3])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("spike count", [3, 1, 0]),
        ("rate", [3e5, 1e5, 0]),
        ("rate of intervals", [1 / (1.5 * us), 1e5, 0]),
        ("first spike", [1 * us, 7 * us, np.nan]),
        ("mean interval", [1.5 * us, np.nan, np.nan]),
        ("interval CV", [1 / 3, np.nan, np.nan]),
        ("last / first interval", [2, np.nan, np.nan]),
        ("amplitude", [-0.5, 0.3]),
        ("mean membrane", [0.9, 0.1]),
        ("highest membrane", [1.2, 0.3]),
        ("lowest membrane", [0.5, 0]),
    ],
)
def test_a_measure_is_what_its_name_says(name, expected):
    assert measured(run(), "n", name) == pytest.approx(expected, nan_ok=True)
    assert MEASURES[name].unit in ("s", "Hz", "model", "")


def test_the_table_above_holds_all_measures():
    (mark,) = (
        m
        for m in test_a_measure_is_what_its_name_says.pytestmark
        if m.name == "parametrize"
    )
    assert {name for name, _ in mark.args[1]} == set(MEASURES)


def test_the_chip_is_measured_where_it_ran():
    both = run(chip_spikes=Raster(np.zeros(1), np.zeros(1, int)), cadc=CHIP)
    assert measured(both, "n", "spike count").tolist() == [1, 0, 0]
    assert measured(both, "n", "highest membrane").tolist() == [5, 7]


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("spike cuont", ParameterError, "Did you mean 'spike count'"),
        ("rate", RecordingError, r"'n': has no spikes\. Take a population that"),
        ("amplitude", RecordingError, r"were not recorded\. Record the CADC"),
    ],
)
def test_what_cannot_be_measured_is_said(name, error, message):
    with pytest.raises(error, match=message):
        measured(run(model_spikes=None, membrane=None), "n", name)
