import pytest
import torch

from core.functional import input_neuron


@pytest.mark.parametrize("rows", [3, 5, 8])
def test_recorded_spikes_take_the_place_of_the_input(rows: int) -> None:
    sent = torch.ones(5, 2, 3, requires_grad=True)
    recorded = torch.rand(rows, 2, 3)
    found = input_neuron(sent, recorded)
    assert torch.equal(found, recorded[:5])
    found.sum().backward()
    assert sent.grad is not None
    # each row that was recorded passes its gradient on
    assert sent.grad.sum((1, 2)).tolist() == [6 if t < rows else 0 for t in range(5)]


def test_without_a_recording_there_is_the_input() -> None:
    sent = torch.ones(5, 2, 3)
    assert input_neuron(sent) is sent
