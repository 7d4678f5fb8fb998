import torch

import core
from core.execution_info import ChipHealth, ExecutionHealthInfo, ExecutionInfo
from core.spec.chip import TYPICAL


def test_a_run_counts_what_passed_the_link_and_the_converters() -> None:
    exp = core.Experiment()
    exp.default_execution_instance.chip_spec = TYPICAL
    synapse = core.Synapse(5, 4, exp)
    neuron = core.LIF(4, exp, enable_madc_recording=True, record_neuron_id=1)
    synapse.weight.data.fill_(63)
    out = neuron(synapse(core.LIFObservables(spikes=torch.ones(60, 3, 5))))
    info = core.run(exp, 60)
    assert info is not None
    (health,) = info.health.chips.values()
    assert health.sent == 60 * 3 * 5
    assert health.received >= out.spikes.sum() > 0  # several may share a step
    assert health.madc_samples == 3 * int(60 / 0.034)
    # Two hemispheres, three entries, 60 µs in 1.7 µs: one more or less in each.
    assert abs(health.cadc_samples - 6 * 60 / 1.7) <= 6
    assert health.peak_in == 5
    assert 1 <= health.peak_out <= health.received
    assert info.health.lost_events == {int(exp.default_execution_instance.ID): 0}
    assert str(info).startswith("180 µs on 1 chip\n")
    assert f"{health.sent} events sent, {health.received} received" in str(info)


def test_losses_of_both_ways_add_up() -> None:
    health = ExecutionHealthInfo({3: ChipHealth(lost_in=2, lost_out=5)}, ("a note",))
    assert health.lost_events == {3: 7}
    text = str(ExecutionInfo.of(1e-3, health))
    assert "chip 3: 0 events sent" in text
    assert "2 lost on the way in, 5 on the way out" in text
    assert text.endswith("a note")
