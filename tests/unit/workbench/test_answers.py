"""The words about a read-out: its highest neuron first, by name where there is one."""

import numpy as np

from core.simulate import PopulationResult, Signal
from core.spec.examples import first_steps, yin_yang
from workbench.plots.answers import answers, class_names

TIME = np.arange(3.0)
MEMBRANE = Signal(TIME, np.array([[0.0, 0.1, 0.0], [0.2, 0.9, 0.0], [0.3, 0.0, -0.1]]))


def test_the_highest_peak_comes_first_with_the_name_of_its_class():
    found = PopulationResult("out", 3, membrane=MEMBRANE)
    names = class_names(yin_yang())
    assert answers(found, names) == "highest peak: yang 0.90, yin 0.30, dot 0.00"
    said = "highest peak: neuron 1 0.90, neuron 0 0.30, neuron 2 0.00"
    assert answers(found, class_names(first_steps())) == said


def test_the_chip_answers_if_it_ran_and_one_neuron_has_no_choice():
    chip = Signal(TIME[:, None] + np.zeros(3), MEMBRANE.values[:, ::-1])
    found = PopulationResult("out", 3, membrane=MEMBRANE, cadc=chip)
    assert answers(found).startswith("highest peak: neuron 1 0.90, neuron 2 0.30")
    one = Signal(TIME, MEMBRANE.values[:, :1])
    assert answers(PopulationResult("out", 1, membrane=one)) == ""
    empty = Signal(np.zeros(0), np.zeros((0, 3)))
    assert answers(PopulationResult("out", 3, membrane=empty)) == ""
