import torch
from hypothesis import given
from hypothesis import strategies as st

import core
from core.transforms.weight_transforms import linear_saturating


@given(st.floats(-200, 200, width=32), st.floats(0.1, 100))
def test_weights_are_scaled_and_clipped_to_the_chip(weight, scale):
    found = linear_saturating(torch.tensor(weight), scale).item()
    assert -63 <= found <= 63
    if abs(scale * weight) < 63:
        # Single precision: one rounding of the product.
        assert abs(found - scale * weight) <= 1e-5 * abs(scale * weight) + 1e-30


def test_limits_can_be_set_and_stop_the_gradient():
    weight = torch.tensor([-1.0, 0.1, 1.0], requires_grad=True)
    found = linear_saturating(weight, 50.0, min_weight=-10, max_weight=20)
    assert found.tolist() == [-10.0, 5.0, 20.0]
    found.sum().backward()
    assert weight.grad.tolist() == [0.0, 50.0, 0.0]


def test_transforms_are_attributes_of_their_package():
    assert core.transforms.weight_transforms.linear_saturating is linear_saturating
    assert core.transforms.encode.CoordinatesToSpikes
    assert core.transforms.decode.MaxOverTime
