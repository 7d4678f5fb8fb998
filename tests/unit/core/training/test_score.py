import json

import pytest
import torch

from core.errors import NetworkError
from core.handle import LIFObservables
from core.spec.json_data import from_data, to_data
from core.spec.network import LIFSpec, LISpec
from core.training import ToyData
from core.training.score import FirstSpike, loss, penalty, scores
from core.training.settings import TrainSpec
from core.units import us

LIF = LIFSpec("out", 2, tau_mem=5 * us)
TARGETS = torch.tensor([0, 1])
#: (time, batch, neurons): the first neuron fires at 1 and 3, the other never.
SPIKES = torch.zeros(4, 1, 2)
SPIKES[1, 0, 0] = SPIKES[3, 0, 0] = 1


@pytest.mark.parametrize(
    ("decoder", "expected"),
    [
        ("max over time", [[3.0, 1.0]]),
        ("spike count", [[2.0, 0.0]]),
        # 1 µs and the end of the run, 4 µs, over tau_mem
        ("first spike", [[-0.2, -0.8]]),
    ],
)
def test_a_decoder_makes_one_score_of_each_neuron(decoder, expected):
    membrane = torch.tensor([[[0.0, 1.0]], [[3.0, 0.5]]])
    output = LIFObservables(spikes=SPIKES, membrane_cadc=membrane)
    found = scores(output, LIF, TrainSpec(decoder=decoder), us)
    assert torch.allclose(found, torch.tensor(expected))


@pytest.mark.parametrize("decoder", ["spike count", "first spike"])
def test_spikes_of_integrators_cannot_be_decoded(decoder):
    with pytest.raises(NetworkError, match=r"'out': never spikes.*maximum over time"):
        scores(LIFObservables(), LISpec("out", 2), TrainSpec(decoder=decoder), us)


def test_an_earlier_spike_is_a_larger_one_to_the_gradient():
    spikes = SPIKES.clone().requires_grad_()
    FirstSpike.apply(spikes).sum().backward()
    assert spikes.grad[:, 0].tolist() == [[0, 0], [-1, 0], [0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("changes", "found", "expected"),
    [
        ({"score_scale": 1.0}, [[0.0, 0.0], [0.0, 0.0]], 0.6931),  # ln 2
        ({"score_scale": 1e3}, [[1.0, 0.0], [0.0, 1.0]], 0.0),
        ({"loss": "mean square"}, [[1.0, 0.5], [0.0, 1.0]], 0.0625),  # 0.5² / 4
        ({"loss": "margin", "score_scale": 1.0}, [[0.5, 0.0], [0.0, 2.0]], 0.125),
        (
            # targets 15 and 30 µs over tau_mem
            {"loss": "mean square", "decoder": "first spike"},
            [[-3.0, -6.0], [-6.0, -1.0]],
            1.0,
        ),
    ],
)
def test_a_loss_is_what_its_formula_says(changes, found, expected):
    value = loss(torch.tensor(found), TARGETS, LIF, TrainSpec(**changes))
    assert float(value) == pytest.approx(expected, abs=1e-4)


def test_penalties_add_up():
    found, weights = torch.tensor([[2.0, 0.0]]), {"p": torch.full((2, 2), 3.0)}
    settings = TrainSpec(
        readout_penalty=1.0, rate_penalty=1.0, rate_target=1.0, weight_penalty=1.0
    )
    total = penalty(found, {"h": SPIKES}, weights, settings)
    # scores (4 + 0) / 2, one spike too many in one of two neurons, weights 9
    assert float(total) == pytest.approx(2 + 0.5 + 9)
    none = settings.replace(readout_penalty=0, rate_penalty=0, weight_penalty=0)
    assert float(penalty(found, {"h": SPIKES}, weights, none)) == 0


@pytest.mark.parametrize("value", [TrainSpec(alpha=3.0), ToyData(shape="xor")])
def test_settings_and_data_sets_go_through_json(value):
    assert from_data(type(value), json.loads(json.dumps(to_data(value)))) == value


@pytest.mark.parametrize(
    ("changes", "rates"),
    [
        ({"schedule": "constant"}, [1, 1, 1, 1, 1]),
        ({"schedule": "exponential", "decay": 0.5}, [1, 0.5, 0.25, 0.125, 0.0625]),
        ({"schedule": "steps", "decay": 0.1, "decay_every": 2}, [1, 1, 0.1, 0.1, 0.01]),
        ({"schedule": "cosine", "epochs": 4}, [1, 0.85355, 0.5, 0.14645, 0]),
    ],
)
def test_a_schedule_is_a_function_of_the_epoch(changes, rates):
    settings = TrainSpec(learning_rate=1, **changes)
    assert [settings.rate(e) for e in range(5)] == pytest.approx(rates, abs=1e-5)
