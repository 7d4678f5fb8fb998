import pytest
import torch

from core.errors import ParameterError, ShapeError
from core.functional import linear_exponential_clamp, linear_sparse


def test_connections_of_another_shape_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"have shape \(2, 3\), weights \(3, 2\)"):
        linear_sparse(torch.ones(4, 1, 2), torch.ones(3, 2), torch.ones(2, 3).bool())


@pytest.mark.parametrize(
    "wrong", [{"start_weight": 63}, {"start_weight": -1}, {"cap": 0}]
)
def test_a_clamp_without_room_to_roll_off_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match="cap above 0, and a start_weight from 0"):
        linear_exponential_clamp(torch.ones(1, 1, 1), torch.ones(1, 1), **wrong)
