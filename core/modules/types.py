"""Kinds of modules on the chip: populations of neurons and projections between them."""

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from core.chip.network import Floats, NetworkBuilder, NeuronTarget
from core.errors import HXError, ParameterError, did_you_mean
from core.modules.defaults import POPULATION
from core.modules.hx_module import HXModule
from core.parameter import HXBaseParameter, HXParameter, detached

if TYPE_CHECKING:
    from core.experiment import Experiment

log = logging.getLogger(__name__)


class SharedValueError(HXError, AttributeError):
    """Populations differ in a value that the chip has only once."""


class BasePopulation(HXModule):
    """A group of neurons or of channels.

    :param size: number of neurons
    """

    def __init__(
        self,
        size: int,
        experiment: "Experiment | None",
        execution_instance: Any = None,
        chip_coordinate: Any = None,
    ) -> None:
        super().__init__(experiment, execution_instance, chip_coordinate)
        self.size = size

    def has_trainable_params(self) -> bool:
        """Return whether a parameter is trained."""
        return False

    def register_hw_entity(self) -> None:
        """Announce the population to its experiment, which names it."""
        if self.experiment is not None:
            self.experiment.register_population(self)

    def add_to_network_graph(self, builder: NetworkBuilder) -> str:
        """Add the population to the network of the chip and return its name."""
        raise NotImplementedError

    def extra_repr(self) -> str:
        """Return what is printed of the module."""
        return f"size={self.size}, {super().extra_repr()}"


class InputPopulation(BasePopulation):
    """A group of channels outside of the chip."""


class Population(BasePopulation):
    """A group of neurons with parameters.

    Each parameter of `core.modules.defaults.NeuronDefaults` becomes an attribute;
    plain values become an `HXParameter`. Values are scalar or of shape (neurons,).

    :param size: number of neurons
    :param hxparams: values that differ from the defaults; unknown names are logged
    :ivar codes: CapMem codes by ``"leak"``, ``"reset"`` or ``"threshold"``, written to
        all neurons as they are, without calibration
    """

    def __init__(
        self,
        size: int,
        experiment: "Experiment | None",
        execution_instance: Any = None,
        chip_coordinate: Any = None,
        **hxparams: Any,
    ) -> None:
        super().__init__(size, experiment, execution_instance, chip_coordinate)
        self.codes: dict[str, int] = {}
        known = asdict(POPULATION)
        for name in hxparams.keys() - known.keys():
            log.warning(
                "%s has no parameter '%s', it is ignored.%s",
                type(self).__name__,
                name,
                did_you_mean(name, known),
            )
        for name, default in known.items():
            value = hxparams.get(name, default)
            is_parameter = isinstance(value, HXBaseParameter)
            setattr(self, name, value if is_parameter else HXParameter(value))

    def params_dict(self) -> dict[str, HXBaseParameter]:
        """Return all parameters by name."""
        return {name: getattr(self, name) for name in asdict(POPULATION)}

    def has_trainable_params(self) -> bool:
        """Return whether a parameter is trained."""
        return any(p.is_trainable() for p in self.params_dict().values())

    def neuron_target(self) -> NeuronTarget:
        """Return the calibration targets of the neurons.

        :raises ParameterError: if a value does not fit the number of neurons
        """

        def floats(name: str) -> Floats:
            return self._per_neuron(name, (self.size,))

        def codes(name: str) -> Any:
            return np.full(self.size, self.codes.get(name, -1), dtype=np.int64)

        return NeuronTarget(
            leak=floats("leak"),
            reset=floats("reset"),
            threshold=floats("threshold"),
            tau_mem=floats("tau_mem"),
            tau_syn=self._per_neuron("tau_syn", (2, self.size)),
            refractory_time=floats("refractory_time"),
            membrane_capacitance=floats("membrane_capacitance"),
            leak_code=codes("leak"),
            reset_code=codes("reset"),
            threshold_code=codes("threshold"),
        )

    def _per_neuron(self, name: str, shape: tuple[int, ...]) -> Floats:
        value = hardware_array(getattr(self, name))
        try:
            return np.broadcast_to(value.astype(np.float64), shape)
        except (TypeError, ValueError):
            raise ParameterError(
                f"{type(self).__name__}.{name}",
                f"has the value {value} on the chip, there are {self.size} neurons.",
                f"Give one number, or one for each neuron: shape {shape}.",
            ) from None


def hardware_array(parameter: HXBaseParameter) -> Any:
    """Return the value on the chip as a NumPy array."""
    value = detached(parameter.hardware_value)
    return value.cpu().numpy() if isinstance(value, Tensor) else np.asarray(value)


def shared_value(populations: list[Population], name: str, default: int) -> int:
    """Return a value that the chip has only once.

    :raises SharedValueError: if the populations differ
    """
    values = [hardware_array(getattr(p, name)).ravel() for p in populations]
    found = np.unique(np.concatenate(values)) if values else np.array([default])
    if len(found) > 1:
        label = f"'{name}[0]'" if name == "i_synin_gm" else f"'{name}'"
        raise SharedValueError(
            "populations",
            f"{label} requires same value for all neurons, found {found.tolist()}.",
            "Give all populations of the experiment the same value.",
        )
    return int(found[0])


class Projection(HXModule):
    """Synapses between two populations.

    :param in_features: number of sources
    :param out_features: number of targets
    """

    weight: Tensor

    def __init__(
        self,
        in_features: int,
        out_features: int,
        experiment: "Experiment | None",
        execution_instance: Any = None,
        chip_coordinate: Any = None,
    ) -> None:
        super().__init__(experiment, execution_instance, chip_coordinate)
        self.in_features = in_features
        self.out_features = out_features

    def register_hw_entity(self) -> None:
        """Announce the projection to its experiment, which names it."""
        if self.experiment is not None:
            self.experiment.register_projection(self)

    def add_to_network_graph(self, pre: str, post: str, builder: NetworkBuilder) -> Any:
        """Add the projection to the network of the chip and return its name."""
        raise NotImplementedError

    def extra_repr(self) -> str:
        """Return what is printed of the module."""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"{super().extra_repr()}"
        )


def integer_weights(weight: Tensor) -> Any:
    """Return ``weight`` as integers; a half is rounded away from zero."""
    rounded = torch.sign(weight) * torch.floor(weight.abs() + 0.5)
    return rounded.detach().cpu().numpy().astype(np.int64)
