import pytest
import torch

from core.errors import ShapeError
from core.functional import batch_dropout


def test_masked_neurons_are_silent_and_have_no_gradient() -> None:
    spikes = torch.ones(4, 2, 3, requires_grad=True)
    left = batch_dropout(spikes, torch.tensor([True, False, True]))
    left.sum().backward()
    assert left.dtype == torch.float32
    assert left.sum((0, 1)).tolist() == [8, 0, 8]  # not scaled up
    assert spikes.grad is not None
    assert spikes.grad[0, 0].tolist() == [1, 0, 1]


@pytest.mark.parametrize("size", [(2,), (1,), (2, 3)])
def test_a_mask_of_another_size_names_both(size: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"mask has shape .*, the spikes have \(4, 2"):
        batch_dropout(torch.ones(4, 2, 3), torch.ones(size, dtype=torch.bool))
