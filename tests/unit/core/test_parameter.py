import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch

from core.compat import quantities as pq
from core.errors import ParameterError
from core.parameter import (
    HXBaseParameter,
    HXParameter,
    HXTransformedModelParameter,
    MixedHXModelParameter,
    MockParameter,
    ModelParameter,
    TrainableHXParameter,
    TrainableHXTransformedModelParameter,
    TrainableMixedHXModelParameter,
    TrainableModelParameter,
    hardware_array,
)


def test_hx_parameter_is_one_value() -> None:
    parameter = HXParameter(1)
    parameter.hardware_value = 2
    assert (parameter.model_value, parameter.hardware_value) == (2, 2)
    with pytest.raises(AttributeError, match="no setter"):
        parameter.model_value = 3


def test_mixed_parameter_has_independent_values() -> None:
    parameter = MixedHXModelParameter(1, 2)
    parameter.model_value = 3
    assert (parameter.model_value, parameter.hardware_value) == (3, 2)
    parameter.hardware_value = 4
    assert (parameter.model_value, parameter.hardware_value) == (3, 4)


def test_transformed_parameter_follows_the_model() -> None:
    parameter = HXTransformedModelParameter(1, lambda value: 10 * value)
    parameter.hardware_value = 7
    assert parameter.hardware_value == 10
    parameter.model_value = 2
    assert parameter.hardware_value == 20


def test_model_parameter_ignores_a_hardware_value() -> None:
    parameter = ModelParameter(1)
    parameter.hardware_value = 7
    parameter.model_value = 2
    assert (parameter.model_value, parameter.hardware_value) == (2, 2)


def test_any_value_is_stored() -> None:
    assert HXParameter(len).model_value is len
    assert HXParameter(None)() is None


MAKERS: list[Callable[[float], HXBaseParameter]] = [
    HXParameter,
    lambda value: MixedHXModelParameter(value, 80),
    lambda value: HXTransformedModelParameter(value, lambda v: 2 * v),
    ModelParameter,
]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("value", [2, 2.0, torch.tensor([2.0, 3.0])])
def test_make_trainable_gives_gradients(
    make: Callable[[object], HXBaseParameter], value: object
) -> None:
    parameter = make(value)
    assert parameter.make_trainable() is parameter
    assert parameter.is_trainable()
    assert len(list(parameter.parameters())) == 1
    parameter().sum().backward()
    assert parameter.model_value.grad is not None


def test_trained_hx_parameter_reaches_the_chip() -> None:
    parameter = HXParameter(2).make_trainable()
    with torch.no_grad():
        parameter.model_value.add_(1)
    assert parameter.hardware_value == 3
    assert not parameter.hardware_value.requires_grad


def test_new_value_keeps_the_trained_tensor() -> None:
    parameter = ModelParameter(1.0).make_trainable()
    trained = parameter.model_value
    parameter.model_value = 5.0
    assert parameter.model_value is trained
    assert trained == 5


def test_value_set_before_training_is_trained() -> None:
    parameter = MixedHXModelParameter(1.0, 80)
    parameter.model_value = torch.tensor([1.0, 2.0])
    assert parameter.make_trainable().model_value.shape == (2,)


def test_set_on_chip_calls_the_function() -> None:
    calls: list[object] = []
    parameter = HXParameter(2.0).make_trainable(lambda *args: calls.append(args))
    parameter.set_on_chip("chip", "coordinate")
    assert calls == [(2.0, "chip", "coordinate")]


def test_set_on_chip_needs_a_function() -> None:
    with pytest.raises(ParameterError, match="set_on_chip_func needs to be provided"):
        HXParameter(2.0).make_trainable().set_on_chip(None, None)


def test_trainable_kinds_train_at_once() -> None:
    kinds = [
        TrainableHXParameter(1.0),
        TrainableMixedHXModelParameter(1.0, 80.0),
        TrainableHXTransformedModelParameter(1.0, lambda value: 80 * value),
        TrainableModelParameter(1.0),
    ]
    assert all(kind.is_trainable() for kind in kinds)
    assert [float(kind.hardware_value_detach()) for kind in kinds] == [1, 80, 80, 1]
    assert not kinds[2].model_value_detach().requires_grad


def test_text_names_both_values() -> None:
    text = str(MixedHXModelParameter(1, 2))
    assert text.startswith("MixedHXModelParameter(at (")
    assert text.endswith("hardware_value=2, model_value=1, trainable=False)")


def test_parameter_can_be_copied() -> None:
    parameter = copy.deepcopy(HXTransformedModelParameter(1.0, float))
    assert parameter.hardware_value == 1


@pytest.mark.parametrize("make", MAKERS)
def test_a_copy_is_set_and_trained_by_itself(
    make: Callable[[object], HXBaseParameter],
) -> None:
    parameter = make(1.0)
    twin = copy.copy(parameter)
    assert type(twin) is type(parameter)
    twin.hardware_value = 7.0
    twin.make_trainable()
    assert parameter.model_value == 1
    assert parameter.hardware_value != 7
    assert not list(parameter.parameters())


#: What is done with a value that has a unit.
WITH_UNIT: dict[str, Callable[[Any], object]] = {
    "value": HXParameter,
    "model value": lambda value: MixedHXModelParameter(value, 80),
    "value on the chip": lambda value: MixedHXModelParameter(1.0, value),
    "model value alone": ModelParameter,
    "transformed": lambda value: HXTransformedModelParameter(value, float),
    "trained": TrainableHXParameter,
    "mean": MockParameter,
    "deviation": lambda value: MockParameter(1.0, value),
    "list": lambda value: HXParameter([1.0, value]),
    "set": lambda value: setattr(HXParameter(1.0), "hardware_value", value),
    "set in the model": lambda value: setattr(ModelParameter(1), "model_value", value),
    "set on the chip": lambda value: setattr(
        MixedHXModelParameter(1.0, 80), "hardware_value", value
    ),
    "set while it is trained": lambda value: setattr(
        TrainableModelParameter(1.0), "model_value", value
    ),
    "set as mean": lambda value: setattr(MockParameter(1.0), "mean", value),
    "of a function": lambda value: hardware_array(
        HXTransformedModelParameter(1.0, lambda _: value)
    ),
}


@pytest.mark.parametrize("use", WITH_UNIT.values(), ids=WITH_UNIT)
def test_a_value_with_a_unit_is_refused(use: Callable[[Any], object]) -> None:
    with pytest.raises(ParameterError, match=r"8\.0 us\. Give seconds: 8e-6\.") as e:
        use(8 * pq.us)
    assert e.value.problems[0].where.endswith("Parameter")
    with pytest.raises(ParameterError, match=r"Give a number without a unit\."):
        use(8 * pq.mV)
