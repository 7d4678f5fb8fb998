import numpy as np
import pytest

from core.spec.check import check
from core.spec.examples import EXAMPLES, first_steps, yin_yang
from core.spec.experiment import ExperimentSpec
from core.spec.network import AELIFSpec, LIFSpec, NetworkSpec, ProjectionSpec, Value
from core.spec.stimulus import ConstantCurrent, PoissonSpikes, RegularSpikes


def neuron(**changes):
    return ExperimentSpec(network=NetworkSpec(populations=(LIFSpec("n", **changes),)))


def network(spec, **changes):
    return spec.replace(network=spec.network.replace(**changes))


@pytest.mark.parametrize("make", EXAMPLES.values(), ids=list(EXAMPLES))
def test_the_examples_have_no_problems(make):
    assert check(make()) == []


def test_an_empty_document_has_no_problems():
    assert check(ExperimentSpec()) == []


HIDDEN_OUT = ProjectionSpec("back", "out", "hidden", np.zeros((8, 2)))
LOOP = ProjectionSpec("loop", "hidden", "hidden", np.zeros((8, 8)))

CASES = [
    (neuron(tau_mem=1e-3), "membrane time constant is 1000 µs", "Use 0.5 to 60 µs"),
    (neuron(threshold=Value(9)), "threshold is 9.", "Use -0.5 to 3."),
    (neuron(leak=Value(0, hardware=300)), "hardware value is 300 LSB", "Use 0 to 255"),
    (neuron(leak=Value(0, code=1023)), "code value is 1023", "Use 0 to 1022"),
    (
        neuron(size=2, tau_mem=[1e-5, 1e-3]),
        "membrane time constant of neuron 1 is 1000 µs",
        "Use 0.5 to 60 µs",
    ),
    (
        neuron(size=3, threshold=Value([1, 2])),
        "the threshold has shape (2,), there are 3 neurons",
        "one for each neuron",
    ),
    (
        neuron(size=2, tau_syn=[1e-5, np.nan]),
        "synaptic time constant of neuron 1 is nan",
        "Use 0.3 to 30 µs",
    ),
    (
        neuron(size=2, reset=Value(0, code=[3, 2000])),
        "reset: the code value of neuron 1 is 2000",
        "Use 0 to 1022",
    ),
    (
        network(
            first_steps(),
            projections=(
                ProjectionSpec("p", "input", "hidden", np.zeros((8, 6)), delay=2.5e-6),
            ),
        ),
        "the delay, 2.5 µs, is no multiple of the step, 1 µs",
        "Change the delay or the step",
    ),
    (
        ExperimentSpec(network=NetworkSpec((AELIFSpec("n", leaky=False),))),
        "an AdEx neuron leaks",
        "Use a LIF",
    ),
    (
        neuron().replace(stimuli=(ConstantCurrent("m"),)),
        "'m' is no population of neurons",
        "Choose a population",
    ),
    (
        neuron().replace(stimuli=(ConstantCurrent("n", current=[1, 2]),)),
        "the current has shape (2,), there are 1 neurons",
        "one for each neuron",
    ),
    (
        neuron().replace(stimuli=(ConstantCurrent("n", start=2e-5, stop=1e-5),)),
        "it stops before it starts",
        "Let it stop later",
    ),
    (neuron(size=600), "neurons is 600", "Use 1 to 512"),
    (
        neuron(tau_syn=0.5e-6),
        "is shorter than the step, 1 µs",
        "Make the step smaller",
    ),
    (
        network(first_steps(), projections=(HIDDEN_OUT,)),
        "LI 'out' cannot project to LIF 'hidden'",
        "Remove it",
    ),
    (
        network(
            first_steps(),
            projections=(ProjectionSpec("p", "input", "hiden", np.zeros((8, 6))),),
        ),
        "no population 'hiden'. Did you mean 'hidden'?",
        "Connect it anew",
    ),
    (
        network(
            first_steps(),
            projections=(ProjectionSpec("p", "input", "hidden", np.zeros((6, 8))),),
        ),
        "have shape (6, 8), the populations need (8, 6)",
        "Resize",
    ),
    (
        network(
            first_steps(),
            projections=(
                ProjectionSpec("p", "input", "hidden", np.full((8, 6), np.nan)),
            ),
        ),
        "not finite",
        "numbers",
    ),
    (
        network(
            ExperimentSpec(), populations=(LIFSpec("a"), LIFSpec("a"), LIFSpec(" "))
        ),
        "2 populations or projections have this name",
        "Rename all but one",
    ),
    (
        first_steps().replace(stimuli=(PoissonSpikes("hidden"),)),
        "it drives 'hidden', which is no input",
        "Choose an input population",
    ),
    (
        first_steps().replace(stimuli=(PoissonSpikes("input"), RegularSpikes("input"))),
        "2 stimuli drive this input",
        "Keep one",
    ),
    (
        first_steps().replace(recording=first_steps().recording.replace(madc_neuron=8)),
        "the MADC reads neuron 8 of 8",
        "Choose 0 to 7",
    ),
    (
        first_steps().replace(
            recording=first_steps().recording.replace(madc_population="input")
        ),
        "the MADC reads 'input', which has no membrane",
        "Choose a population of neurons",
    ),
    (
        first_steps().replace(run=first_steps().run.replace(mode="silicon")),
        "run on is 'silicon'",
        "Use one of 'mock', 'chip', 'both'",
    ),
    (
        first_steps().replace(run=first_steps().run.replace(runtime=9e-3, dt=0.06e-6)),
        "the run has 150000 steps",
        "Use at most 100000",
    ),
    (
        yin_yang().replace(stimuli=(yin_yang().stimuli[0].replace(index=5000),)),
        "sample is 5000",
        "Use 0 to 999",
    ),
]


@pytest.mark.parametrize(("spec", "what", "fix"), CASES, ids=[c[1] for c in CASES])
def test_every_problem_says_what_and_how_to_fix_it(spec, what, fix):
    texts = [str(problem) for problem in check(spec)]
    assert any(what in text and fix in text for text in texts), texts


def test_a_loop_is_no_problem():
    assert check(network(first_steps(), projections=(LOOP,))) == []


@pytest.mark.parametrize("delay", [3e-6, 0.0])
def test_a_delay_of_whole_steps_is_no_problem_of_the_model(delay):
    late = tuple(p.replace(delay=delay) for p in first_steps().network.projections)
    assert check(network(first_steps(), projections=late)) == []


@pytest.mark.parametrize("mode", ["chip", "both"])
def test_what_only_the_model_can_do_is_an_error_of_a_chip(mode):
    spec = first_steps()
    late = spec.network.projections[0].replace(delay=2e-6)
    spec = network(spec, projections=(late,))
    spec = spec.replace(run=spec.run.replace(mode=mode))
    (problem,) = check(spec)
    assert (problem.subject, problem.parameter) == ("input_hidden", "delay")


def test_a_data_set_with_the_wrong_number_of_channels_is_a_problem_of_the_input():
    spec = yin_yang()
    wrong = spec.network.population("input").replace(size=4)
    problems = check(spec.replace(network=spec.network.with_population(wrong)))
    assert any("has 5 channels, the input 4" in p.what for p in problems)


def test_an_undriven_input_is_a_note_and_no_error():
    problems = check(first_steps().replace(stimuli=()))
    assert [p.severity for p in problems] == ["note"]
    assert problems[0].subject == "input"


def test_errors_come_before_notes():
    spec = first_steps().replace(stimuli=())
    spec = spec.replace(run=spec.run.replace(runtime=1))
    assert [p.severity for p in check(spec)] == ["error", "error", "note"]
