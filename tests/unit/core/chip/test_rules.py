from dataclasses import replace

import numpy as np
import pytest
import torch

import core
from core.chip.rules import doubtful_targets
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
        ("holdoff_time", -1e-6, "holdoff_time is -1e-06 s"),
        ("i_synin_gm", 1023, "chip: i_synin_gm is 1023 code. Use 0 to 1022 code"),
        ("synapse_dac_bias", -1, "chip: synapse_dac_bias is -1 code"),
    ],
)
def test_a_target_that_is_no_setting_is_refused(name, value, text):
    with pytest.raises(ParameterError, match=text):
        run_on_chip(**{name: value})


def test_the_defaults_run():
    assert torch.isfinite(run_on_chip().membrane_cadc).all()
    assert np.isfinite(run_on_chip(weight=500.0).spikes.sum().item())


def test_a_target_that_may_be_missed_runs_with_a_warning(caplog):
    run_on_chip(tau_mem=80e-6, i_synin_gm=20)
    told = [record.getMessage() for record in caplog.records]
    assert any("tau_mem is 8e-05 s, outside of 5e-07 to 6e-05 s" in t for t in told)
    assert any("chip: i_synin_gm is 20 code" in t for t in told)
    assert sum("tau_mem is" in t for t in told) == 1, "said once"


def test_neurons_that_never_spike_have_no_doubtful_refractory_time(network):
    net = network(np.ones((2, 2)), refractory_time=0.0)
    assert "refractory_time is 0 s" in " ".join(doubtful_targets(net))
    silent = replace(net, populations=(replace(net.populations[0], fires=False),))
    assert not list(doubtful_targets(silent))
