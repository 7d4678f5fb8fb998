"""Parameters of neurons: one value for the model, one for the chip.

====================================  =====================  =====================
class                                 value on the chip      value in the model
====================================  =====================  =====================
`HXParameter`                         given                  the same
`MixedHXModelParameter`               given                  given, independent
`HXTransformedModelParameter`         function of the model  given
`ModelParameter`                      the same               given
====================================  =====================  =====================

Values are numbers, tensors that broadcast to (batch, neurons), or None; none has a
unit.
"""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import torch
from torch import nn

from core.errors import ParameterError
from core.plain_values import refuse_units

SetOnChip = Callable[..., None]


class HXBaseParameter(nn.Module):
    """Base of all parameters.

    :param hardware_value: value on the chip, in the units of the chip
    :param model_value: value in the model, in model units
    :raises ParameterError: if a value has a unit, then or when it is set later

    >>> parameter = HXBaseParameter(80, 0.0).make_trainable()
    >>> parameter.model_value.requires_grad, parameter.hardware_value
    (True, 80)
    """

    def __init__(self, hardware_value: Any, model_value: Any) -> None:
        super().__init__()
        self._hardware_value = self._plain(hardware_value)
        self._model_value = self._plain(model_value)
        self.set_on_chip_func: SetOnChip | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(getattr(type(self), name, None), property):
            object.__setattr__(self, name, value)  # nn.Module skips setters
        else:
            super().__setattr__(name, value)

    def __copy__(self) -> Self:
        """Return a parameter with the same values; setting one leaves the other."""
        twin = type(self).__new__(type(self))
        twin.__dict__ = self.__dict__ | {"_parameters": dict(self._parameters)}
        return twin

    def _plain(self, value: Any) -> Any:
        """Return ``value``.

        :raises ParameterError: if it has a unit
        """
        refuse_units(type(self).__name__, value)
        return value

    @property
    def hardware_value(self) -> Any:
        """Value on the chip."""
        return self._hardware_value

    @hardware_value.setter
    def hardware_value(self, value: Any) -> None:
        self._hardware_value = self._plain(value)

    @property
    def model_value(self) -> Any:
        """Value in the model."""
        return self._model_value

    @model_value.setter
    def model_value(self, value: Any) -> None:
        self._store(value)

    def _store(self, value: Any) -> None:
        """Set the model value; one that is trained stays the same `nn.Parameter`."""
        self._plain(value)
        if not self.is_trainable() or isinstance(value, nn.Parameter):
            self._model_value = value
            return
        with torch.no_grad():
            self._model_value.copy_(torch.as_tensor(value))

    def forward(self) -> Any:
        """Return the model value."""
        return self.model_value

    def is_trainable(self) -> bool:
        """Return whether gradients are taken with respect to the model value."""
        return isinstance(self._model_value, nn.Parameter)

    def make_trainable(self, set_on_chip_func: SetOnChip | None = None) -> Self:
        """Turn the model value into an `nn.Parameter` of floating point.

        :param set_on_chip_func: called by `set_on_chip`
        :returns: the parameter itself
        """
        value = torch.as_tensor(self._model_value)
        if not value.is_floating_point():
            value = value.to(torch.get_default_dtype())
        self._model_value = nn.Parameter(value.detach().clone())
        self.set_on_chip_func = set_on_chip_func
        return self

    def set_on_chip(self, chip: Any, neuron_coordinates: Any) -> None:
        """Write the trained value to ``chip`` at ``neuron_coordinates``.

        :raises ParameterError: if no function was given to do so
        """
        if self.set_on_chip_func is None:
            raise ParameterError(
                type(self).__name__,
                "When executing on HW,set_on_chip_func needs to be provided.",
                "Give it to make_trainable.",
            )
        self.set_on_chip_func(self.hardware_value_detach(), chip, neuron_coordinates)

    def set_hw_config(self, neuron_coordinates: Any, neuron_configs: Any) -> None:
        """Write the trained value to ``neuron_configs``."""
        self.set_on_chip(neuron_configs, neuron_coordinates)

    def model_value_detach(self) -> Any:
        """Return the model value without its gradient."""
        return detached(self.model_value)

    def hardware_value_detach(self) -> Any:
        """Return the value on the chip without its gradient."""
        return detached(self.hardware_value)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(at ({id(self)}), "
            f"hardware_value={self.hardware_value}, "
            f"model_value={self.model_value}, trainable={self.is_trainable()})"
        )


def detached(value: Any) -> Any:
    """Return ``value`` without its gradient, if it has one."""
    return value.detach() if isinstance(value, torch.Tensor) else value


def hardware_array(parameter: HXBaseParameter) -> Any:
    """Return the value on the chip as a NumPy array.

    :raises ParameterError: if the function of a parameter gave it a unit
    """
    value = parameter.hardware_value_detach()
    refuse_units(type(parameter).__name__, value)
    return value.cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)


class HXParameter(HXBaseParameter):
    """One value for the chip and the model.

    >>> threshold = HXParameter(125)
    >>> threshold.hardware_value, threshold.model_value
    (125, 125)
    """

    def __init__(self, value: Any) -> None:
        super().__init__(None, value)

    @property
    def hardware_value(self) -> Any:
        """The one value, without gradient."""
        return detached(self._model_value)

    @hardware_value.setter
    def hardware_value(self, value: Any) -> None:
        self._store(value)

    @property  # type: ignore[misc]  # it has no setter
    def model_value(self) -> Any:
        """The one value."""
        return self._model_value


class MixedHXModelParameter(HXBaseParameter):
    """Independent values for the model and the chip.

    >>> leak = MixedHXModelParameter(model_value=0.0, hardware_value=80)
    >>> leak.hardware_value, leak.model_value
    (80, 0.0)
    """

    def __init__(self, model_value: Any, hardware_value: Any) -> None:
        super().__init__(hardware_value, model_value)


class HXTransformedModelParameter(HXBaseParameter):
    """The value on the chip is a function of the model value.

    >>> capacitance = HXTransformedModelParameter(10.0, lambda value: 6.3 * value)
    >>> capacitance.hardware_value
    63.0
    """

    def __init__(self, model_value: Any, transform_func: Callable[[Any], Any]) -> None:
        super().__init__(None, model_value)
        self.transform_func = transform_func

    @property
    def hardware_value(self) -> Any:
        """Function of the current model value; assignments are ignored."""
        return self.transform_func(self.model_value)

    @hardware_value.setter
    def hardware_value(self, value: Any) -> None:
        """Ignore ``value``: it follows from the model."""


class ModelParameter(HXBaseParameter):
    """The chip takes the value of the model; assignments to it are ignored.

    >>> ModelParameter(1e-6).hardware_value
    1e-06
    """

    def __init__(self, model_value: Any) -> None:
        super().__init__(None, model_value)

    @property
    def hardware_value(self) -> Any:
        """The model value; assignments are ignored."""
        return self.model_value

    @hardware_value.setter
    def hardware_value(self, value: Any) -> None:
        """Ignore ``value``: it follows from the model."""


class TrainableHXParameter(HXParameter):
    """An `HXParameter` that is trained from the start.

    :param value: on the chip and in the model
    :param set_on_hw_func: see `HXBaseParameter.set_on_chip`

    >>> threshold = TrainableHXParameter(125)
    >>> threshold.is_trainable(), threshold.hardware_value
    (True, tensor(125.))
    """

    def __init__(self, value: Any, set_on_hw_func: SetOnChip | None = None) -> None:
        super().__init__(value)
        self.make_trainable(set_on_hw_func)


class TrainableMixedHXModelParameter(MixedHXModelParameter):
    """A `MixedHXModelParameter` whose model value is trained from the start.

    :param set_on_hw_func: see `HXBaseParameter.set_on_chip`

    >>> leak = TrainableMixedHXModelParameter(0.5, 80)
    >>> leak.model_value.requires_grad, leak.hardware_value
    (True, tensor(80))
    """

    def __init__(
        self,
        model_value: Any,
        hardware_value: Any,
        set_on_hw_func: SetOnChip | None = None,
    ) -> None:
        copied = torch.as_tensor(hardware_value).detach().clone()
        super().__init__(model_value, copied)
        self.make_trainable(set_on_hw_func)


class TrainableHXTransformedModelParameter(HXTransformedModelParameter):
    """An `HXTransformedModelParameter` that is trained from the start.

    :param set_on_hw_func: see `HXBaseParameter.set_on_chip`

    >>> written = []
    >>> capacitance = TrainableHXTransformedModelParameter(
    ...     10.0, lambda value: 6.3 * value, lambda value, *_: written.append(value)
    ... )
    >>> capacitance.set_on_chip(chip=None, neuron_coordinates=[])
    >>> written
    [tensor(63.)]
    """

    def __init__(
        self,
        model_value: Any,
        transform_func: Callable[[Any], Any],
        set_on_hw_func: SetOnChip | None = None,
    ) -> None:
        super().__init__(model_value, transform_func)
        self.make_trainable(set_on_hw_func)


class TrainableModelParameter(ModelParameter):
    """A `ModelParameter` that is trained from the start.

    :param set_on_hw_func: see `HXBaseParameter.set_on_chip`

    >>> TrainableModelParameter(1e-6).is_trainable()
    True
    """

    def __init__(
        self, model_value: Any, set_on_hw_func: SetOnChip | None = None
    ) -> None:
        super().__init__(model_value)
        self.make_trainable(set_on_hw_func)


class MockParameter(HXBaseParameter):
    """A value drawn once from a normal distribution: a model of mismatch.

    :param mean: of the distribution
    :param std: its standard deviation; None has none
    :raises ParameterError: if ``std`` is negative or has a unit

    >>> _ = torch.manual_seed(0)
    >>> leak = MockParameter(80.0, 2.0)
    >>> leak.model_value == leak.hardware_value  # fixed until it is drawn again
    tensor(True)
    >>> leak.sample((3,)).shape
    torch.Size([3])
    """

    def __init__(self, mean: Any, std: Any = None) -> None:
        super().__init__(None, mean)
        self._mean, self._std = mean, std
        self.sample()

    @property
    def mean(self) -> Any:
        """Mean of the distribution; setting it draws anew."""
        return self._mean

    @mean.setter
    def mean(self, mean: Any) -> None:
        self._mean = mean
        self.sample()

    @property
    def std(self) -> Any:
        """Standard deviation of the distribution; setting it draws anew."""
        return self._std

    @std.setter
    def std(self, std: Any) -> None:
        self._std = std
        self.sample()

    @property
    def hardware_value(self) -> Any:
        """The value that was drawn; assignments are ignored."""
        return self.model_value

    @hardware_value.setter
    def hardware_value(self, value: Any) -> None:
        """Ignore ``value``: it is drawn."""

    def sample(self, size: tuple[int, ...] | None = None) -> Any:
        """Draw a new value and return it.

        :param size: shape of the value; None takes that of mean and deviation
        """
        for value in (self._mean, self._std):
            self._plain(value)
        mean = torch.as_tensor(self._mean, dtype=torch.get_default_dtype())
        spread = 0.0 if self._std is None else self._std
        std = torch.as_tensor(spread, dtype=mean.dtype)
        if not (std >= 0).all():
            raise ParameterError(
                "MockParameter",
                f"the standard deviation is {self._std!r}.",
                "Give 0 or more.",
            )
        mean, std = mean + torch.zeros_like(std), std + torch.zeros_like(mean)
        if size is not None:
            mean, std = mean.expand(size), std.expand(size)
        self._model_value = torch.normal(mean, std)
        return self._model_value


#: What a neuron accepts for a parameter: any of the kinds, or a plain value.
ParameterType = (
    HXParameter | MixedHXModelParameter | HXTransformedModelParameter | ModelParameter
)
