import numpy as np
import pytest
import torch

import core
from core.errors import ParameterError


def run_on_chip(weight=20.0, **parameters):
    experiment = core.Experiment(mock=False)
    synapse = core.Synapse(2, 3, experiment)
    synapse.weight.data.fill_(weight)
    neurons = core.LIF(3, experiment, **parameters)
    spikes = torch.zeros(20, 1, 2)
    spikes[5] = 1
    handle = neurons(synapse(core.LIFObservables(spikes=spikes)))
    core.run(experiment, 20)
    return handle


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("threshold", float("nan"), "threshold is nan LSB"),
        ("threshold", 300.0, "Use 0 to 255 LSB"),
        ("leak", -5.0, "leak is -5 LSB"),
        ("tau_mem", -1e-6, "tau_mem is -1e-06 s"),
        ("refractory_time", 1.0, "refractory_time is 1 s"),
    ],
)
def test_a_target_that_is_no_setting_is_refused(name, value, text):
    with pytest.raises(ParameterError, match=text):
        run_on_chip(**{name: value})


def test_the_defaults_run():
    assert torch.isfinite(run_on_chip().membrane_cadc).all()
    assert np.isfinite(run_on_chip(weight=500.0).spikes.sum().item())
