import pytest
import torch

from core.errors import ParameterError, ShapeError
from core.transforms.encode import CoordinatesToSpikes, SpikeTimesToDense


def test_times_outside_the_grid_are_dropped() -> None:
    times = torch.tensor([-1e-6, 0.0, 3e-6, float("inf")])
    dense = SpikeTimesToDense(1e-6, size=3)(times)
    assert dense.nonzero().tolist() == [[0, 1]]


def test_coordinates_need_two_axes() -> None:
    with pytest.raises(ShapeError, match=r"have shape \(4,\)"):
        CoordinatesToSpikes(10, 1e-6, 3e-6)(torch.zeros(4))


@pytest.mark.parametrize(("value", "t_bias"), [(1.5, None), (0.0, 20e-6)])
def test_spikes_outside_the_time_steps_are_refused(
    value: float, t_bias: float | None
) -> None:
    encode = CoordinatesToSpikes(10, 1e-6, 9e-6, t_bias=t_bias)
    with pytest.raises(ParameterError, match="there are steps 0 to 9"):
        encode(torch.tensor([[value]]))
