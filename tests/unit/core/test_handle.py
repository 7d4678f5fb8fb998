import copy
import pickle

import pytest
import torch

from core.errors import ParameterError
from core.handle import (
    DataHandle,
    Handle,
    LIFObservables,
    LIObservables,
    SynapseHandle,
    TensorHandle,
)


def test_same_names_give_the_same_type_in_any_order() -> None:
    assert type(Handle("b", "a")) is type(Handle(a=1, b=2))
    assert type(Handle("b", "a")).__name__ == "Handle_a_b"


def test_library_handles_are_made_by_the_factory() -> None:
    assert type(Handle("tensor")) is TensorHandle
    assert type(Handle("graded_spikes")) is SynapseHandle
    assert LIObservables.names() == ("current", "membrane_cadc", "membrane_madc")
    assert LIFObservables.names() == (*LIObservables.names(), "spikes")


def test_handle_without_names_has_no_fields() -> None:
    assert type(Handle()).__name__ == "Handle_"
    assert Handle().names() == ()


def test_new_handle_is_empty() -> None:
    handle = LIFObservables()
    assert handle.spikes is None
    assert not handle.holds("spikes")
    assert not handle.holds("no such field")


def test_positional_values_are_alphabetical() -> None:
    assert LIFObservables(1, 2, 3, 4).spikes == 4


def test_names_with_values_for_all_of_them_are_accepted() -> None:
    assert Handle("a", a=1, b=2).b == 2


def test_names_without_value_beside_values_are_ambiguous() -> None:
    with pytest.raises(
        ParameterError, match=r"Ambiguous Handle construction mode: b has"
    ):
        Handle("b", a=1)


def test_unknown_field_is_refused() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'spike'"):
        LIFObservables(spike=1)


def test_clone_copies_all_fields() -> None:
    handle, full = LIObservables(), LIObservables(1, 2, 3)
    handle.clone(full)
    assert handle == full


def test_clone_refuses_other_fields() -> None:
    with pytest.raises(AssertionError, match="cannot copy fields"):
        LIObservables().clone(TensorHandle())


@pytest.mark.parametrize(
    ("value", "same"),
    [
        (torch.ones(2), True),
        (torch.zeros(2), False),
        (torch.ones(3), False),
        (None, False),
    ],
)
def test_equality_compares_tensors_by_content(value: object, same: bool) -> None:
    assert (TensorHandle(torch.ones(2)) == TensorHandle(value)) is same


def test_handle_differs_from_other_types() -> None:
    assert TensorHandle(1) != SynapseHandle(1)
    assert TensorHandle(1) != 1


def test_handle_is_not_hashable() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(TensorHandle())


def test_text_shows_current_values() -> None:
    handle = TensorHandle()
    handle.tensor = 7
    assert str(handle) == "Handle_tensor(tensor=7)"


def test_handle_survives_copy_and_pickle() -> None:
    handle = Handle(a=1, b="x")
    assert copy.deepcopy(handle) == handle
    assert pickle.loads(pickle.dumps(handle)) == handle


def test_a_copy_has_the_data_but_no_history() -> None:
    weight = torch.ones(3, requires_grad=True)
    handle = LIFObservables(spikes=2 * weight)
    copied = copy.deepcopy(handle)
    assert torch.equal(copied.spikes, handle.spikes)
    assert not copied.spikes.requires_grad
    assert copied.spikes is not handle.spikes


def test_handle_types_are_saved_by_their_fields() -> None:
    for made in (type(Handle("b", "a")), DataHandle):
        assert pickle.loads(pickle.dumps(made)) is made
