import re
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core import (
    LI,
    Experiment,
    InputNeuron,
    LIFObservables,
    SparseSynapse,
    Synapse,
    run,
)
from core.errors import HXError, ParameterError
from core.observables import HardwareObservables, SpikeHandle


def test_events_are_sorted_by_batch_entry_then_time() -> None:
    spikes = torch.zeros(4, 2, 3)
    spikes[1, 1, 2] = spikes[3, 0, 0] = spikes[0, 1, 1] = 0.5  # the value is ignored
    events = InputNeuron(3, None).input_events(spikes, dt=2e-6)
    assert events.batch.tolist() == [0, 1, 1]
    assert events.cycle.tolist() == [750, 0, 250]
    assert events.neuron.tolist() == [0, 1, 2]


def test_recorded_spikes_become_dense() -> None:
    neuron = InputNeuron(3, Experiment(), enable_spike_loopback=True)
    assert neuron.post_process(HardwareObservables(), 4e-6) is None
    events = neuron.input_events(torch.ones(2, 1, 3), dt=1e-6)
    data = HardwareObservables(spikes=SpikeHandle(events, 1, 3))
    assert neuron.post_process(data, 4e-6).sum() == 6
    assert InputNeuron(3, Experiment()).post_process(data, 4e-6) is None


@given(st.integers(0, 2**32), st.sampled_from([8e-9, 0.1e-6, 0.3e-6, 0.5e-6, 1e-6]))
def test_events_come_back_on_the_step_they_were_sent(seed: int, dt: float) -> None:
    spikes = torch.rand(40, 2, 3, generator=torch.Generator().manual_seed(seed)).round()
    neuron = InputNeuron(3, Experiment(dt=dt, input_loopback=True))
    data = SpikeHandle(neuron.input_events(spikes, dt), 2, 3)
    dense = neuron.post_process(HardwareObservables(spikes=data), 40 * dt)
    assert torch.equal(dense[:40], spikes)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ([1], "is a list"),
        ("x", "is a str"),
        (5, "is a int"),
        ({"spikes": 1}, "is a dict"),
        (torch.ones(9, 2, 3), "has shape (9, 2, 3), the input (4, 1, 3)"),
    ],
)
def test_what_is_no_measured_data_is_refused(wrong: Any, text: str) -> None:
    handle = LIFObservables(spikes=torch.ones(4, 1, 3))
    neuron = InputNeuron(3, Experiment(mock=True))
    with pytest.raises(HXError, match=f"measured data: {re.escape(text)}"):
        neuron.func((handle,), hw_data=wrong)
    sent = neuron.func((handle,), hw_data=torch.zeros(5, 1, 3))
    assert not sent.spikes.any()


@pytest.mark.parametrize("mock", [True, False])
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
@pytest.mark.parametrize("sparse", [True, False])
def test_spikes_that_are_not_finite_are_refused(
    mock: bool, value: float, sparse: bool
) -> None:
    exp = Experiment(mock=mock)
    synapse = SparseSynapse(torch.ones(5, 3), exp) if sparse else Synapse(5, 3, exp)
    spikes = torch.zeros(20, 1, 5)
    spikes[3, 0, 0] = value
    LI(3, exp)(synapse(LIFObservables(spikes=spikes)))
    with pytest.raises(ParameterError, match=r"spikes are not finite\. Give 0 or 1"):
        run(exp, 20)


def test_many_spikes_are_finite_where_their_sum_is_not() -> None:
    handle = LIFObservables(spikes=torch.full((4, 1, 3), 6e4, dtype=torch.float16))
    sent = InputNeuron(3, Experiment(mock=True)).func((handle,))
    assert sent.spikes is handle.spikes


def test_loopback_gives_what_was_recorded_at_the_cycle_it_was_sent() -> None:
    exp = Experiment(input_loopback=True, dt=16e-9)  # two cycles
    synapse = Synapse(6, 3, exp)
    spikes = torch.zeros(1000, 2, 6)
    spikes[10] = 1
    graded = LI(3, exp)(synapse(LIFObservables(spikes=spikes)))
    run(exp, 1000)
    assert graded.membrane_cadc is not None
    (source,) = (m for m in exp.modules.nodes if isinstance(m, InputNeuron))
    recorded = source.hw_observables.spikes.to_raw()
    # Six events of one time need six cycles.
    for entry in range(2):
        mine = recorded[:, recorded[1] == entry]
        assert mine[0].tolist() == [20, 21, 22, 23, 24, 25]
        assert mine[2].tolist() == [0, 1, 2, 3, 4, 5]
    loop = source.post_process(source.hw_observables, 1000 * 16e-9)
    # Halves of a step are rounded up.
    assert loop[:, 0].nonzero().tolist() == [
        [10, 0], [11, 1], [11, 2], [12, 3], [12, 4], [13, 5],
    ]  # fmt: skip
