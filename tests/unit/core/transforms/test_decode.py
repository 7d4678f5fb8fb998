import pytest
import torch

from core.transforms.decode import MaxOverTime, MeanOverTime, SumOverTime


@pytest.mark.parametrize(
    ("decoder", "function"),
    [(MaxOverTime, torch.amax), (SumOverTime, torch.sum), (MeanOverTime, torch.mean)],
)
def test_time_is_the_first_axis(decoder, function):
    traces = torch.rand(7, 2, 3)
    found = decoder()(traces)
    assert found.shape == (2, 3)
    assert torch.equal(found, function(traces, 0))


def test_equal_maxima_share_the_gradient():
    traces = torch.tensor([[[1.0]], [[4.0]], [[4.0]]], requires_grad=True)
    MaxOverTime()(traces).sum().backward()
    assert traces.grad.flatten().tolist() == [0.0, 0.5, 0.5]
