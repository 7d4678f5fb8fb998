"""Eight firing patterns of the adaptive exponential neuron, as one population.

Parameters are those that Brian2 ships for Naud et al. (2008); counts and times of the
reference come from a Runge-Kutta integration with steps of 0.5 µs (section 5 of the
collected literature).

Biological units are pF, nS, mV, ms and pA: ``pA / pF = mV / ms``, ``nS mV = pA``. In
the model, potentials are mV, currents pA and conductances nS. The chip is 1000 times
faster: 1 ms of biology is 1 µs, so a time constant of x ms is x µs here, and::

    membrane_capacitance = C [pF] 1e-6 s nS,  tau_mem = C / g_l [ms] 1e-6

A synapse with ``tau_syn = dt`` forgets its current in one step. So the current is its
input, constant from the first step on.
"""

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from core import AELIF, Experiment, SynapseHandle, run

pytestmark = pytest.mark.peer

#: C pF, g_l nS, E_L mV, a nS, tau_w ms, b pA, V_r mV, I pA
PATTERNS: dict[str, tuple[float, ...]] = {
    "tonic": (200, 10, -70, 2, 30, 0, -58, 500),
    "adaptation": (200, 12, -70, 2, 300, 60, -58, 500),
    "initial burst": (130, 18, -58, 4, 150, 120, -50, 400),
    "regular bursting": (200, 10, -58, 2, 120, 100, -46, 210),
    "delayed accelerating": (200, 12, -70, -10, 300, 0, -58, 300),
    "delayed regular bursting": (100, 10, -65, -10, 90, 30, -47, 110),
    "transient": (100, 10, -65, 10, 90, 100, -47, 180),
    "irregular": (100, 12, -60, -11, 130, 30, -48, 160),
}
#: Number of spikes in 600 ms and times of the first, ms.
REFERENCE: dict[str, tuple[int, tuple[float, ...]]] = {
    "tonic": (62, (14.22, 23.15, 32.24, 41.46)),
    "adaptation": (12, (14.90, 26.17, 40.55, 60.16)),
    "initial burst": (12, (5.464, 8.884, 16.20, 70.95)),
    "regular bursting": (11, (16.16, 19.08, 24.20, 155.96)),
    "delayed accelerating": (46, (33.57, 54.17, 73.25, 91.18)),
    "delayed regular bursting": (32, (57.18, 60.40, 64.70, 72.12)),
    "transient": (1, (30.29,)),
    "irregular": (33, (15.645, 19.09, 23.56, 30.27)),
}
ONSET, SLOPE = -50.0, 2.0  # V_T and Delta_T, mV
#: From here the membrane needs 1 µs to 0 mV, where Brian2 counts the spike. An Euler
#: step from further up would overshoot by volts, which the adaptation would see.
THRESHOLD = -30.0
DURATION, FIRST = 600e-6, 160e-6  # s; all first four spikes are before `FIRST`


@cache
def spike_times(dt: float, duration: float) -> dict[str, Any]:
    """Return the spike times of each pattern in `core`, ms of biology."""
    table = torch.tensor(list(PATTERNS.values()), dtype=torch.float32)
    C, g, E, a, tau, b, reset, drive = table.T
    experiment = Experiment(mock=True, dt=dt)
    neuron = AELIF(
        len(PATTERNS),
        experiment,
        leak=E,
        reset=reset,
        threshold=THRESHOLD,
        tau_mem=C / g * 1e-6,
        tau_syn=dt,
        membrane_capacitance=C * 1e-6,
        refractory_time=0.0,
        exponential_slope=SLOPE,
        exponential_threshold=ONSET,
        subthreshold_adaptation_strength=a,
        spike_triggered_adaptation_increment=b,
        tau_adap=tau * 1e-6,
    )
    current = drive.expand(round(duration / dt), 1, -1)
    with torch.no_grad():
        out = neuron(SynapseHandle(graded_spikes=current))
        run(experiment, None)
    assert torch.equal(out.current, current)
    return {
        name: out.spikes[:, 0, k].nonzero()[:, 0].numpy() * dt / 1e-6
        for k, name in enumerate(PATTERNS)
    }


def first_errors(found: dict[str, Any]) -> Any:
    """Return time minus reference of the first four spikes of all patterns, ms."""
    return np.concatenate(
        [found[name][: len(first)] - first for name, (_, first) in REFERENCE.items()]
    )


def test_eight_patterns_have_the_counts_and_first_spikes_of_the_reference() -> None:
    found = spike_times(5e-9, DURATION)
    for name, (count, first) in REFERENCE.items():
        # the irregular pattern is chaotic: its count changes with the last digit
        assert abs(len(found[name]) - count) <= 2 * (name == "irregular"), name
        # 0.5 %: a step is 0.1 % of the first interval, Euler is first order in it
        np.testing.assert_allclose(found[name][: len(first)], first, rtol=5e-3)


def test_error_of_the_first_spikes_halves_with_the_step() -> None:
    runs = ((20e-9, FIRST), (10e-9, FIRST), (5e-9, DURATION))
    errors = [first_errors(spike_times(*both)).mean() for both in runs]
    # rounding of 29 spikes to steps: 0.05 steps of their mean; the rest is second order
    for coarse, fine in pairwise(errors):
        assert coarse / fine == pytest.approx(2, abs=0.25)
