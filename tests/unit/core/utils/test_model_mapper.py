import logging

import pytest
import torch
from torch import nn

from core import LI, Experiment, Synapse
from core.errors import HXError, NetworkError, ShapeError
from core.utils.model_mapper import MixinHXModelMapper


class Model(MixinHXModelMapper, nn.Module):
    def __init__(self):
        super().__init__()
        exp = Experiment(mock=True)
        self.hidden, self.readout = Synapse(2, 3, exp), Synapse(3, 1, exp)
        self.neuron = LI(1, exp)


def foreign(**renamed):
    tensors = {"hidden.weight": torch.ones(3, 2), "readout.weight": torch.ones(1, 3)}
    return {renamed.get(n.split(".")[0], n): t * 5 for n, t in tensors.items()}


def test_tensors_are_found_by_their_own_name_or_by_the_mapping():
    model = Model()
    model.map_from(foreign(readout="out"), {"readout.weight": "out"})
    assert model.hidden.weight.unique().tolist() == [5]
    assert model.readout.weight.unique().tolist() == [5]


def test_their_own_name_goes_first():
    state = foreign() | {"other": torch.zeros(3, 2)}
    model = Model()
    model.map_from(state, {"hidden.weight": "other"})
    assert model.hidden.weight.unique().tolist() == [5]


def test_a_mapping_alone_leaves_the_rest():
    model = Model()
    before = model.hidden.weight.detach().clone()
    model.map_from(foreign(readout="out"), {"readout.weight": "out"}, map_all=False)
    assert torch.equal(model.hidden.weight, before)
    assert model.readout.weight.unique().tolist() == [5]


def test_copies_do_not_share_memory():
    model, state = Model(), foreign()
    model.map_from(state, {})
    state["hidden.weight"].zero_()
    assert model.hidden.weight.unique().tolist() == [5]


def test_all_missing_tensors_are_named_and_nothing_is_copied():
    model = Model()
    before = model.hidden.weight.detach().clone()
    with pytest.raises(KeyError) as caught:
        model.map_from({"hiden.weight": torch.ones(3, 2)}, {"readout.weight": "x"})
    assert isinstance(caught.value, HXError)
    text = str(caught.value)
    assert "tensor 'hidden.weight': the other state has none for it." in text
    assert "Did you mean 'hiden.weight'?" in text
    assert "tensor 'readout.weight'" in text
    assert torch.equal(model.hidden.weight, before)


def test_a_mapping_of_no_tensor_is_told(caplog):
    with caplog.at_level(logging.WARNING):
        Model().map_from(foreign(), {"redout.weight": "x"})
    assert "has no tensor 'redout.weight'" in caplog.text
    assert "Did you mean 'readout.weight'?" in caplog.text


def test_tensors_of_another_shape_are_named_and_nothing_is_copied():
    model = Model()
    before = model.hidden.weight.detach().clone()
    wrong = {"hidden.weight": torch.ones(3, 2), "readout.weight": torch.ones(2, 3)}
    with pytest.raises(ShapeError) as caught:
        model.map_from(wrong, {})
    assert "'readout.weight': has shape (1, 3), its counterpart (2, 3)" in str(
        caught.value
    )
    assert torch.equal(model.hidden.weight, before)


def test_it_mixes_in_on_either_side_and_says_where_it_cannot():
    class Last(nn.Module, MixinHXModelMapper):
        pass

    Last().map_from({}, {})

    class Alone(MixinHXModelMapper):
        pass

    with pytest.raises(NetworkError, match="has no tensors"):
        Alone().map_from({}, {})
