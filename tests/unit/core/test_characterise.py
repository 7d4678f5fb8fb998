import numpy as np
import pytest

from core.characterise import (
    f_i_curve,
    fit_exponentials,
    interval_statistics,
    membrane_decay,
    psp,
    transfer,
)
from core.chip.pipeline import StageMemory
from core.errors import NetworkError, ParameterError
from core.simulate import simulate
from core.spec.chip import IDEAL
from core.spec.examples import first_steps, leak_over_threshold
from core.spec.experiment import ExperimentSpec, RunSpec
from core.spec.network import InputSpec, LIFSpec, NetworkSpec, Value
from core.units import us

DT = 0.1 * us


def document(mode="mock", size=1, dt=DT, **changes):
    """Return neurons with time constants that differ, and an input beside them."""
    given = {
        "tau_mem": 10 * us,
        "tau_syn": 5 * us,
        "membrane_capacitance": 10 * us,
        "reset": Value(-0.2),
        "refractory_time": 2 * us,
    }
    neurons = LIFSpec("neurons", size, **(given | changes))
    return ExperimentSpec(
        network=NetworkSpec((InputSpec("input", 3), neurons), (), ("neurons",)),
        run=RunSpec(mode=mode, dt=dt),
    )


def lif_period(v_inf, reset, threshold, tau, refractory):
    return refractory + tau * np.log((v_inf - reset) / (v_inf - threshold))


def test_the_f_i_curve_is_the_closed_form():
    currents = np.array([0.5, 1.2, 1.5, 2.0, 3.0])
    found = f_i_curve(document(), "neurons", currents)
    # C = tau_mem, so the current is the shift of the potential at rest
    periods = lif_period(currents[1:], -0.2, 1.0, 10 * us, 2 * us)
    assert found.mean[0] == 0
    # spikes are on the grid, Euler's decay is a little faster: two steps in all
    assert np.abs(1 / found.mean[1:] - periods).max() < 2 * DT
    assert (found.x_label, found.y_label) == (
        "current (model units)",
        "firing rate (Hz)",
    )


@pytest.mark.parametrize(
    ("parameter", "values", "period"),
    [
        ("leak", [1.2, 1.5, 2.0], lambda x: lif_period(x, -0.2, 1, 10 * us, 2 * us)),
        (
            "threshold",
            [0.5, 0.8, 1.2],
            lambda x: lif_period(1.4, -0.2, x, 10 * us, 2 * us),
        ),
        (
            "tau_mem",
            [5 * us, 10 * us, 20 * us],
            lambda x: lif_period(1.4, -0.2, 1, x, 2 * us),
        ),
        (
            "refractory_time",
            [0, 1 * us, 5 * us],
            lambda x: lif_period(1.4, -0.2, 1, 10 * us, x),
        ),
    ],
)
def test_a_transfer_curve_is_the_closed_form(parameter, values, period):
    found = transfer(document(leak=Value(1.4)), "neurons", parameter, values)
    assert np.abs(1 / found.mean - period(np.array(values))).max() < 2 * DT


@pytest.mark.parametrize("tau_syn", [3 * us, 10 * us])
def test_a_psp_is_the_closed_form(tau_syn):
    weights = np.array([-1.0, 0.5, 3.0])  # the largest would make it spike
    tau = 10 * us
    found = psp(document(tau_syn=tau_syn), "neurons", weights)
    t = found.time
    if tau_syn == tau:
        shape = t / tau * np.exp(-t / tau)
    else:
        shape = (np.exp(-t / tau) - np.exp(-t / tau_syn)) / (tau - tau_syn) * tau_syn
    # Euler is of first order: 1 % for steps of dt, and a spike that acts a step later
    allowed = 2 * DT / tau_syn * np.abs(shape).max()
    for weight, trace in zip(weights, found.traces, strict=True):
        assert np.abs(trace[:, 0] - weight * shape).max() < abs(weight) * allowed
    peak = shape.argmax()
    assert found.t_peak[1, 0] == pytest.approx(t[peak], abs=3 * DT)
    assert found.amplitude[:, 0] == pytest.approx(weights * shape[peak], rel=0.02)
    late = t[peak:][shape[peak:] < shape[peak] / np.e][0]
    assert found.decay[1, 0] == pytest.approx(late - t[peak], rel=0.03)
    rise = np.interp([0.1, 0.9], shape[: peak + 1] / shape[peak], t[: peak + 1])
    assert found.rise[1, 0] == pytest.approx(np.diff(rise)[0], rel=0.03)


@pytest.mark.parametrize("tau", [5 * us, 10 * us, 40 * us])
def test_the_time_constant_of_a_decay_is_that_of_the_membrane(tau):
    found = membrane_decay(document(tau_mem=tau, leak=Value(0.3)), "neurons")
    # what is left of the synapse after 5 of its time constants: 2 % for tau of 5 µs
    assert found.tau[0] == pytest.approx(tau, rel=0.025)
    end = 0.3 + (found.traces[0, 0] - 0.3) * np.exp(-found.time[-1] / tau)
    assert found.traces[-1, 0] == pytest.approx(end, abs=2e-3)
    assert found.residual[0] < 2e-3


def test_an_exponential_is_found_under_noise(rng):
    time = np.linspace(0, 60 * us, 200)
    taus = np.array([3.0, 10.0, 25.0]) * us
    traces = 0.5 - 0.4 * np.exp(-time[:, None] / taus)
    noisy = traces + 0.002 * rng.normal(size=traces.shape)
    tau, fit = fit_exponentials(time, noisy)
    assert tau == pytest.approx(taus, rel=0.03)  # three times what 50 seeds spread
    assert np.abs(fit - traces).max() < 0.004  # twice the noise, at the steep start


def test_the_intervals_of_regular_firing_do_not_vary():
    found = interval_statistics(simulate(leak_over_threshold()), "neuron")
    assert found.cv[0] == pytest.approx(0, abs=1e-9)
    assert found.last_over_first[0] == pytest.approx(1)
    # at once, because it starts at its leak, and every 15 µs from there
    assert found.count[0] == 14


def test_potentials_on_an_ideal_chip_are_those_of_the_model():
    model = document(dt=us, capacitance_lsb=63)
    chip = model.replace(run=model.run.replace(mode="both"), chip=IDEAL)
    weights = [0.55, 1.1]
    one, other = (psp(spec, "neurons", weights) for spec in (model, chip))
    # strengths follow the calibrated circuits, not the model: shapes are compared
    # a CADC sample every 1.7 µs, and 0.8 µs from the input to the synapse
    assert other.t_peak[1] == pytest.approx(one.t_peak[1], abs=2.6 * us)
    # whole LSB of a small response, every 1.7 µs
    assert other.decay[1] == pytest.approx(one.decay[1], abs=3 * us)
    ratio = other.amplitude[1] / other.amplitude[0]
    assert ratio == pytest.approx([2], rel=0.1)  # weights and samples are integers


def test_calibrated_circuits_have_the_time_constants_they_should():
    memory = StageMemory()
    spec = document(mode="chip", size=40, dt=us)
    tau = membrane_decay(spec, "neurons", trials=5, memory=memory).tau
    # calibrated ones spread by about 5 % (literature: at most 6 %), found: 4.7 %
    assert np.median(tau) == pytest.approx(10 * us, rel=0.06)
    assert 0.02 < tau.std() / tau.mean() < 0.08


def test_the_f_i_curve_of_a_chip_rises_and_differs_from_neuron_to_neuron():
    spec = document(mode="chip", size=20, dt=us)
    found = f_i_curve(spec, "neurons", [0.6, 1.3, 2.0, 3.0], memory=StageMemory())
    assert found.y.shape == (4, 20)
    assert (np.diff(found.mean) > 0).all()
    assert found.y[-1].std() > 0


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        (lambda: psp(first_steps(), "input", [1]), "'input': is an input"),
        (lambda: f_i_curve(first_steps(), "out", [1]), "'out': does not spike"),
        (
            lambda: transfer(first_steps(), "hidden", "threshold", [9.0]),
            r"threshold is 9\. Use",
        ),
    ],
)
def test_what_cannot_be_characterised_is_said(measure, message):
    with pytest.raises(NetworkError, match=message):
        measure()


def test_at_least_one_trial_is_needed():
    with pytest.raises(ParameterError, match="0 trials"):
        psp(document(), "neurons", [1], trials=0)
