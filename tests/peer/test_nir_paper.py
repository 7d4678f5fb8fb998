"""Task 1 of the NIR paper: one LIF, whose published spike steps are an oracle.

The graph is given: Affine(1, bias 0) and a LIF with tau 2.5 ms, r 1, threshold 0.1, in
steps of 0.1 ms. The 34 input spikes are not printed, so the test builds a train that
must give the same steps: of every platform but two, 460 510 710 760.
"""

import nir
import numpy as np
import pytest
import torch

from core.build import build
from core.spec.experiment import ExperimentSpec, RunSpec
from core.spec.nir_io import from_nir

STEP, STEPS = 1e-4, 1000
#: dt / tau: a spike raises the membrane by this.
JUMP = STEP / 0.0025


def task_1():
    one = np.ones(1)
    return nir.NIRGraph(
        {
            "input": nir.Input({"input": np.array([1])}),
            "0": nir.Affine(np.ones((1, 1)), np.zeros(1)),
            "1": nir.LIF(0.0025 * one, one, 0 * one, 0.1 * one, 0 * one),
            "output": nir.Output({"output": np.array([1])}),
        },
        # Edges in any order.
        [("1", "output"), ("input", "0"), ("0", "1")],
        type_check=False,
    )


def exact(spikes):
    """Return the steps of the spikes by the equation, v decaying exponentially."""
    v, fired = 0.0, []
    for step, x in enumerate(spikes):
        v = v * np.exp(-JUMP) + JUMP * x
        if v > 0.1:
            fired.append(step)
            v = 0.0
    return fired


def train():
    """Return single spikes, which stay below the threshold, and four bursts."""
    spikes = np.zeros(STEPS, np.float32)
    spikes[[*range(20, 381, 40), 560, 600, 640, *range(810, 971, 40)]] = 1
    for end in (460, 510, 710, 760):
        # Four jumps of 0.04, eight steps apart, reach 0.1 with the last one only.
        spikes[end - 24 : end + 1 : 8] = 1
    return spikes


@pytest.mark.peer
def test_task_1_of_the_nir_paper_spikes_at_the_published_steps():
    spikes = train()
    assert spikes.sum() == 34
    assert exact(spikes) == [460, 510, 710, 760]
    found = from_nir(task_1(), 1e-2)  # 0.1 ms of the file are 1 µs here
    run = RunSpec(runtime=STEPS * 1e-6, dt=1e-6)
    spec = ExperimentSpec(network=found.network, run=run)
    handles = build(spec, mock=True)({"input": torch.tensor(spikes)[:, None, None]})
    fired = np.flatnonzero(handles["1"].spikes[:, 0, 0].detach().numpy())
    # One step of latency and one of Euler: platforms differ by as much.
    assert np.abs(fired - [460, 510, 710, 760]).max() <= 1
