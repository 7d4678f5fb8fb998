"""Networks of documents against a plain loop over steps, neuron by neuron."""

import numpy as np
import pytest
import torch

from core.build import build
from core.errors import NetworkError
from core.loops import shifted
from core.on_chip import weight_scale
from core.simulate import input_spikes, simulate
from core.spec.chip import IDEAL
from core.spec.experiment import ExperimentSpec, RecordingSpec, RunSpec
from core.spec.fields import each
from core.spec.network import (
    AELIFSpec,
    InputSpec,
    LIFSpec,
    LISpec,
    NetworkSpec,
    ProjectionSpec,
    Value,
)
from core.spec.stimulus import ConstantCurrent, PoissonSpikes

DT = 1e-6


def reference(spec, inputs):
    """Return membranes and spikes by population, in double precision."""
    network, steps = spec.network, spec.run.steps
    neurons = [p for p in network.populations if isinstance(p, LISpec)]
    spikes = {n: x[:, 0].double().numpy() for n, x in inputs.items()}
    state, membranes = {}, {}
    for p in neurons:
        spikes[p.name] = np.zeros((steps, p.size))
        membranes[p.name] = np.zeros((steps, p.size))
        start = each(p.leak.model, p.size) if p.leaky else np.zeros(p.size)
        state[p.name] = [start.copy(), *(np.zeros(p.size) for _ in range(3))]
    rank = {}
    for t in range(steps):
        for p in neurons:  # drawn sources first: spikes pass on at once, but in a loop
            step(p, state[p.name], arrived(spec, p, spikes, t, rank), spec.run.dt)
            membranes[p.name][t] = state[p.name][0]
            spikes[p.name][t] = state[p.name][4]
        for p in network.projections if spec.run.loops == "prompt" else ():
            if rank[p.source, p.target] and p.delay == 0:
                jump = p.weights.astype(float) @ spikes[p.source][t]
                state[p.target][1] = state[p.target][1] + jump
    return membranes, spikes


def in_loop(spec, a, b):
    """Return whether a path leads from ``b`` back to ``a``."""
    seen, todo = set(), [b]
    while todo:
        name = todo.pop()
        if name == a:
            return True
        if name not in seen:
            seen.add(name)
            todo += [p.target for p in spec.network.projections if p.source == name]
    return False


def arrived(spec, population, spikes, t, rank):
    """Return synaptic jumps and constant currents of step ``t``."""
    jump = np.zeros(population.size)
    for p in spec.network.incoming(population.name):
        key = p.source, p.target
        rank.setdefault(key, in_loop(spec, p.source, p.target))
        prompt = rank[key] and spec.run.loops == "prompt"
        at = t - round(p.delay / spec.run.dt) - (rank[key] and not prompt)
        if at >= 0 and not (prompt and p.delay == 0):  # or it is added after the step
            jump = jump + p.weights.astype(float) @ spikes[p.source][at]
    steady = np.zeros(population.size)
    for s in spec.stimuli:
        if isinstance(s, ConstantCurrent) and s.population == population.name:
            first = round(s.start / spec.run.dt)
            last = spec.run.steps if s.stop is None else round(s.stop / spec.run.dt)
            if first <= t < last:
                steady = steady + each(s.current, population.size)
    return jump, steady


def step(p, state, arriving, dt):
    """Advance one population; the equations are those of `core.functional.aelif`."""

    def value(name):
        found = getattr(p, name)
        return each(found.model if isinstance(found, Value) else found, p.size)

    v, syn, w, counter = state[:4]
    c, g = value("membrane_capacitance"), value("membrane_capacitance")
    g = g / value("tau_mem") * p.leaky
    total = syn + (state[5] if len(state) > 5 else 0.0)
    slope = g * (value("leak") - v) + total
    if isinstance(p, AELIFSpec):
        if p.exponential:
            d = value("exponential_slope")
            slope += g * d * np.exp((v - value("exponential_threshold")) / d)
        slope -= w
    v = v + dt / c * slope
    tau = np.full(p.size, dt) if p.tau_syn is None else value("tau_syn")
    syn = syn * (1 - dt / tau) + arriving[0]
    z = np.zeros(p.size)
    if p.spiking:
        z = (v > value("threshold")).astype(float)
        if isinstance(p, AELIFSpec):
            a = value("subthreshold_adaptation_strength") * p.subthreshold_adaptation
            b = value("spike_triggered_adaptation_increment")
            rate = dt / value("tau_adap")
            w = w * (1 - rate) + rate * a * (v - value("leak"))
            w = w + b * p.spike_triggered_adaptation * z
        v = np.where(z > 0, value("reset"), v)
        held = counter > 0
        v, z = np.where(held, value("reset"), v), np.where(held, 0, z)
        counter = np.maximum(counter - held, 0)
        counter = np.where(z > 0, np.rint(value("refractory_time") / dt), counter)
    state[:] = [v, syn, w, counter, z, arriving[1]]


def document(populations, projections, stimuli=(), **run):
    sources = [p.name for p in populations if isinstance(p, InputSpec)]
    drives = tuple(PoissonSpikes(n, rate=6e4, seed=k) for k, n in enumerate(sources))
    run = {"runtime": 120e-6, "dt": DT} | run
    return ExperimentSpec(
        NetworkSpec(tuple(populations), tuple(projections)),
        (*drives, *stimuli),
        RecordingSpec(),
        RunSpec(**run),
    )


def link(source, target, shape, seed, mean=0.3, **fields):
    weights = np.random.default_rng(seed).normal(mean, 0.3, shape)
    return ProjectionSpec(f"{source}{target}", source, target, weights, **fields)


IN, A, B = InputSpec("i", 5), LIFSpec("a", 4), LIFSpec("b", 3, tau_mem=7e-6)
FORWARD = link("i", "a", (4, 5), 1, 0.6)
CASES = {
    "values of single neurons": document(
        [
            IN,
            LIFSpec(
                "a",
                4,
                tau_mem=[6e-6, 8e-6, 1e-5, 2e-5],
                tau_syn=[3e-6, 5e-6, 1e-5, 1e-5],
                membrane_capacitance=[5e-6, 1e-5, 2e-5, 8e-6],
                leak=Value([0, 0.1, 0.2, 0.3]),
                reset=Value([-0.5, 0, 0, 0.1]),
                threshold=Value([0.5, 0.7, 1, 1.2]),
                refractory_time=[0, 1e-6, 3e-6, 5e-6],
            ),
        ],
        [FORWARD],
    ),
    "spikes without a current": document(
        [IN, LIFSpec("a", 4, tau_syn=None)], [link("i", "a", (4, 5), 1, 5)]
    ),
    "membranes without a leak": document(
        [IN, LIFSpec("a", 4, leaky=False), LISpec("o", 2, leaky=False)],
        [FORWARD, link("a", "o", (2, 4), 2)],
    ),
    "AdEx": document([IN, AELIFSpec("a", 4)], [FORWARD]),
    "a delay": document(
        [IN, A, LISpec("o", 2)],
        [FORWARD.replace(delay=7e-6), link("a", "o", (2, 4), 2, delay=3e-6)],
    ),
    "currents": document(
        [IN, LIFSpec("a", 4, tau_syn=None), LISpec("o", 2)],
        [link("i", "a", (4, 5), 1, 3), link("a", "o", (2, 4), 2)],
        (
            ConstantCurrent("a", current=[0.1, 0.4, -0.2, 1.2]),
            ConstantCurrent("o", current=0.3, start=10e-6, stop=50e-6),
            ConstantCurrent("o", current=0.2, start=40e-6),
        ),
    ),
    "a loop of one": document([IN, A], [FORWARD, link("a", "a", (4, 4), 3)]),
    "a loop of two": document(
        [IN, A, B, LISpec("o", 2)],
        [
            FORWARD,
            link("a", "b", (3, 4), 3, 0.5),
            link("b", "a", (4, 3), 4),
            link("b", "b", (3, 3), 5, -0.2),
            link("b", "o", (2, 3), 6),
        ],
    ),
    "a loop of different kinds": document(
        [
            IN,
            AELIFSpec("a", 4, exponential_slope=Value([0.05, 0.1, 0.05, 0.1])),
            LIFSpec("b", 3, tau_syn=None, leaky=False, refractory_time=0),
        ],
        [FORWARD, link("a", "b", (3, 4), 3, 2), link("b", "a", (4, 3), 4)],
        (ConstantCurrent("b", current=0.5),),
    ),
    "a loop with delays": document(
        [IN, A, B],
        [
            FORWARD,
            link("a", "b", (3, 4), 3, 0.5, delay=4e-6),
            link("b", "a", (4, 3), 4),
            link("b", "b", (3, 3), 5, 0.2, delay=2e-6),
        ],
    ),
}

CASES |= {
    f"{name}, promptly": spec.replace(run=spec.run.replace(loops="prompt"))
    for name, spec in CASES.items()
    if "loop" in name
}


@pytest.mark.parametrize("spec", CASES.values(), ids=CASES)
def test_the_model_is_what_the_equations_say_neuron_by_neuron(spec):
    membranes, spikes = reference(spec, input_spikes(spec))
    result = simulate(spec)
    fired = 0
    for name, expected in membranes.items():
        found = result.populations[name]
        # single against double precision, over some hundred steps
        np.testing.assert_allclose(
            found.membrane.values, expected, rtol=1e-4, atol=2e-5, err_msg=name
        )
        if found.model_spikes is not None:
            rows, neurons = np.nonzero(spikes[name])
            np.testing.assert_array_equal(found.model_spikes.neuron, neurons)
            np.testing.assert_allclose(found.model_spikes.time, rows * DT, atol=1e-12)
            fired += len(rows)
    assert fired > 5  # or nothing was shown


def test_two_populations_in_a_loop_are_one_with_the_same_weights():
    spec = CASES["a loop of two"]
    whole = np.zeros((7, 7))
    for p in spec.network.projections:
        at = {"a": slice(0, 4), "b": slice(4, 7)}
        if p.source in at and p.target in at:
            whole[at[p.target], at[p.source]] = p.weights
    entering = np.vstack([FORWARD.weights, np.zeros((3, 5))])
    one = document(
        [IN, LIFSpec("n", 7, tau_mem=[1e-5] * 4 + [7e-6] * 3)],
        [
            ProjectionSpec("in", "i", "n", entering),
            ProjectionSpec("nn", "n", "n", whole),
        ],
    )
    parts, n = simulate(spec).populations, simulate(one).populations["n"]
    both = np.hstack([parts[name].membrane.values for name in "ab"])
    # Spikes of the two arrive in the same sums; only their order differs.
    np.testing.assert_allclose(both, n.membrane.values, atol=1e-6)


@pytest.mark.parametrize(
    "name", ["a loop of two", "a loop with delays", "a loop of two, promptly"]
)
def test_gradients_of_a_loop_reach_all_weights_and_agree_with_the_plain_loop(name):
    spec = CASES[name]
    spec = spec.replace(run=spec.run.replace(runtime=80e-6))
    spec = spec.replace(stimuli=(*spec.stimuli, ConstantCurrent("b", current=1.5)))
    found = []
    for plain in (False, True):
        snn = build(spec, mock=True)
        if plain:
            snn.double()
        inputs = {k: v.double() if plain else v for k, v in input_spikes(spec).items()}
        torch.manual_seed(0)
        handles = snn(inputs)
        loss = sum(h.membrane_cadc.pow(2).sum() for h in handles.values())
        loss.backward()
        found.append({n: p.grad.double() for n, p in snn.named_parameters()})
    assert len(found[0]) == len(spec.network.projections)
    for weight, gradient in found[0].items():
        assert gradient.abs().max() > 0, weight
        # The loop of torch in double precision; kernels compute in single.
        torch.testing.assert_close(gradient, found[1][weight], rtol=2e-3, atol=1e-3)


def test_training_of_a_loop_changes_the_result():
    spec = CASES["a loop of two"]
    snn, inputs = build(spec, mock=True), input_spikes(spec)
    before = snn(inputs)["a"].membrane_cadc.detach().clone()
    with torch.no_grad():
        snn.modules_by_name["ba"].weight.add_(1)
    assert not torch.equal(snn(inputs)["a"].membrane_cadc, before)


def test_a_batch_in_a_loop_is_as_its_entries():
    spec = CASES["a loop of different kinds"]
    inputs = {k: v.repeat(1, 3, 1) for k, v in input_spikes(spec).items()}
    inputs["i"][:, 1] = 0
    batch = build(spec, mock=True)(inputs)["a"].membrane_cadc
    one = build(spec, mock=True)(input_spikes(spec))["a"].membrane_cadc
    torch.testing.assert_close(batch[:, [0, 2]], one.expand(-1, 2, -1))
    assert not torch.equal(batch[:, 1], batch[:, 0])


def test_shifting_by_more_than_there_is_leaves_nothing():
    assert shifted(torch.ones(3, 1, 1), 5).sum() == 0


# -- on the chip -----------------------------------------------------------------


def on_chip(spec, **changes):
    run = spec.run.replace(mode="both")
    return spec.replace(run=run, chip=IDEAL, **changes)


def test_a_loop_runs_in_real_time_on_the_chip():
    """Excitation in a circle keeps going after the input has stopped."""
    a, b = (LIFSpec(n, 2, refractory_time=5e-6) for n in "ab")
    ring = [
        ProjectionSpec("ia", "i", "a", np.full((2, 5), 1.0)),
        ProjectionSpec("ab", "a", "b", np.full((2, 2), 1.2)),
        ProjectionSpec("ba", "b", "a", np.full((2, 2), 1.2)),
    ]
    spec = document([IN, a, b], ring, runtime=100e-6)
    stop = spec.replace(
        stimuli=(PoissonSpikes("i", rate=0), ConstantCurrent("a", current=1.5))
    )
    found = simulate(on_chip(stop)).populations
    assert len(found["a"].chip_spikes.time) > 3
    assert len(found["b"].chip_spikes.time) > 3
    cut = stop.replace(
        network=stop.network.replace(projections=stop.network.projections[::2])
    )
    assert len(simulate(on_chip(cut)).populations["b"].chip_spikes.time) == 0


def test_a_current_lifts_a_membrane_of_the_chip_as_in_the_model():
    spec = document(
        [LISpec("o", 4)], [], (ConstantCurrent("o", current=[0.4, 0, -0.3, 0.8]),)
    )
    result = simulate(on_chip(spec))
    found = result.populations["o"]
    # an ideal chip: what remains is a code and a CADC LSB, and noise-free calibration
    np.testing.assert_allclose(
        found.cadc.values[60:].mean(0), found.membrane.values[-1], atol=0.06
    )
    assert any("the current has the code -" in p.what for p in result.problems)


def test_an_adex_neuron_adapts_on_the_chip_about_as_in_the_model():
    spec = document(
        [AELIFSpec("a", tau_mem=20e-6, exponential_slope=Value(0.1))],
        [],
        (ConstantCurrent("a", current=0.8),),
        runtime=300e-6,
    )
    recording = RecordingSpec(madc_population="a", madc_source="adaptation")
    found = simulate(on_chip(spec, recording=recording)).populations["a"]
    rate, expected = len(found.chip_spikes.time), len(found.model_spikes.time)
    assert expected > 5
    # codes of a typical circuit, in steps of 1; the model is coarse near its onset
    assert rate == pytest.approx(expected, rel=0.3)
    assert found.madc is None
    half = len(found.adaptation_madc.values) // 2
    assert found.adaptation_madc.values[half:].mean() == pytest.approx(
        found.adaptation.values[150:].mean(), rel=0.3
    )


def test_what_no_chip_can_do_is_listed_at_once():
    spec = document(
        [IN, LIFSpec("a", 4, leaky=False), LISpec("o", 2)],
        [FORWARD.replace(delay=2e-6)],
        (ConstantCurrent("o", stop=10e-6),),
    )
    simulate(spec)
    with pytest.raises(NetworkError) as caught:
        build(spec, mock=False)
    named = {(p.subject, p.parameter) for p in caught.value.problems}
    assert named == {("a", "leaky"), ("ia", "delay"), ("o", "stop")}
    both = spec.replace(run=spec.run.replace(mode="both"))
    with pytest.raises(NetworkError, match="a chip delivers spikes at once"):
        simulate(both)
    build(both, mock=True)  # what the chip cannot do is no matter of the model


def test_codes_that_the_chip_does_not_have_are_listed():
    spec = document(
        [AELIFSpec("a", exponential_slope=Value(1)), LISpec("o", 2)],
        [],
        (ConstantCurrent("o", current=50),),
    )
    with pytest.raises(NetworkError) as caught:
        build(spec, mock=False)
    texts = [str(p) for p in caught.value.problems]
    assert any("the slope would need the code 4500" in text for text in texts)
    assert any("the current would need the code 7500" in text for text in texts)


def test_spikes_without_a_current_bring_the_same_charge_to_the_chip():
    dt = 0.3e-6  # the shortest current of a chip: weights stay as they are
    spec = document(
        [InputSpec("i"), LISpec("o", tau_syn=None, tau_mem=20e-6)],
        [ProjectionSpec("io", "i", "o", [[1.2]], weight_scale=47.4)],
        dt=dt,
    )
    spec = spec.replace(stimuli=(PoissonSpikes("i", rate=4e5),))
    scales = [on_chip_scale(spec), on_chip_scale(finer(spec, dt / 3))]
    assert scales == pytest.approx([47.4, 47.4 / 3])
    result = simulate(on_chip(spec))
    found = result.populations["o"]
    # 47.4 LSB is a typical circuit's weight of 1; strengths are calibrated to some %
    assert found.cadc.values[-40:].mean() == pytest.approx(
        found.membrane.values[200:].mean(), rel=0.15
    )
    assert any("multiplied by 1." in p.what for p in result.problems)


def on_chip_scale(spec):
    return weight_scale(spec.network.projections[0], spec)


def finer(spec, dt):
    return spec.replace(run=spec.run.replace(dt=dt))
