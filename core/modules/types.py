"""Kinds of modules on the chip: populations of neurons and projections between them."""

import logging
from collections.abc import Sequence
from copy import copy
from dataclasses import asdict
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from core.chip.network import Floats, NetworkBuilder, NeuronTarget
from core.errors import NetworkError, ParameterError, ShapeError, did_you_mean
from core.functional.parameters import all_finite
from core.modules import calibration
from core.modules.defaults import POPULATION
from core.modules.hx_module import HXModule
from core.parameter import (
    HXBaseParameter,
    HXParameter,
    MixedHXModelParameter,
    ParameterType,
    hardware_array,
)
from core.plain_values import refuse_units

if TYPE_CHECKING:
    from core.experiment import Experiment

log = logging.getLogger(__name__)
_PARAMETERS = tuple(asdict(POPULATION))


class SpikesError(ShapeError, TypeError):
    """The spikes that a module reads are no dense tensor."""


class BasePopulation(HXModule):
    """A group of neurons or of channels.

    :param size: number of neurons

    >>> BasePopulation(3, None).has_trainable_params()
    False
    """

    size: int

    def __init__(
        self,
        size: int,
        experiment: "Experiment | None",
        execution_instance: Any = None,
        chip_coordinate: Any = None,
    ) -> None:
        super().__init__(experiment, execution_instance, chip_coordinate)
        self.size = _count(type(self).__name__, "size", size)

    def has_trainable_params(self) -> bool:
        """Return whether a parameter is trained."""
        return False

    def register_hw_entity(self) -> None:
        """Announce the population to its experiment, which names it."""
        if self.experiment is not None:
            self.experiment.register_population(self)

    def add_to_network_graph(self, builder: NetworkBuilder) -> str:
        """Add the population to the network of the chip and return its name.

        :raises NotImplementedError: a class of the user has to define it
        """
        raise NotImplementedError(
            f"{type(self).__name__} does not say what it is on the chip. Define"
            " add_to_network_graph, derive from LIF, or run with mock=True."
        )

    def extra_repr(self) -> str:
        """Return what is printed of the module."""
        return f"size={self.size}, {super().extra_repr()}"


class InputPopulation(BasePopulation):
    """A group of channels outside of the chip.

    >>> import core
    >>> isinstance(core.InputNeuron(5, None), InputPopulation)
    True
    """


class Population(BasePopulation):
    """A group of neurons with parameters.

    Each parameter of `core.modules.defaults.NeuronDefaults` becomes an attribute;
    plain values become an `HXParameter`. Values are scalar or of shape (neurons,).

    :param size: number of neurons
    :param hxparams: values that differ from the defaults; unknown names are logged
    :ivar codes: CapMem codes by ``"leak"``, ``"reset"`` or ``"threshold"``, written to
        all neurons as they are, without calibration
    :ivar unit_ids: numbers of the neurons on their chip, None before a run there
    :ivar read_params_from_calibration: False keeps the own values when a calibration is
        loaded

    >>> population = Population(3, None, leak=90)
    >>> population.leak.hardware_value, population.tau_mem.model_value
    (90, 1e-05)
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
        self.unit_ids: Any = None
        self.read_params_from_calibration = True
        self._calib_key: dict[str, Any] | None = None
        self._generate_hxparameters(hxparams)

    def _generate_hxparameters(self, hxparams: dict[str, Any]) -> None:
        """Make an attribute of each parameter; plain values become `HXParameter`.

        :raises ParameterError: if a value has a unit
        """
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
            if not isinstance(value, HXBaseParameter):
                refuse_units(f"{type(self).__name__}.{name}", value)
                value = HXParameter(value)
            setattr(self, name, value)

    def params_dict(self) -> dict[str, HXBaseParameter]:
        """Return all parameters by name."""
        own: dict[str, Any] = self._modules  # quicker than attributes
        return {name: own.get(name) or getattr(self, name) for name in _PARAMETERS}

    def has_trainable_params(self) -> bool:
        """Return whether a parameter is trained."""
        return any(p.is_trainable() for p in self.params_dict().values())

    def set_trainable_params(self, chip: Any) -> None:
        """Write all trained values to ``chip``.

        :param chip: `core.chip.neuron_block.Chip`
        :raises ParameterError: if a trained parameter has no function to do so
        """
        for parameter in self.params_dict().values():
            if parameter.is_trainable():
                parameter.set_on_chip(chip, self.coordinates)

    @property
    def coordinates(self) -> list[Any]:
        """Where the neurons are on the chip: one `LogicalNeuronOnDLS` for each."""
        if self.execution_instance is None or self.unit_ids is None:
            raise NetworkError(
                str(self.descriptor or type(self).__name__),
                "has no place on a chip yet.",
                "Run the experiment with mock=False first.",
            )
        placement = self.execution_instance.neuron_placement
        return list(placement.id2logicalneuron(self.unit_ids))

    def calib_changed_since_last_run(self) -> bool:
        """Return whether a value on the chip changed since this was asked last."""
        key = {
            name: _content(parameter.hardware_value_detach())
            for name, parameter in self.params_dict().items()
            if not parameter.is_trainable()
        }
        changed = key != self._calib_key
        self._calib_key = key
        return changed

    def params_from_calibration(self, targets: Any, neurons: Sequence[Any]) -> None:
        """Take the targets of a calibration over as values on the chip.

        What the circuits were not calibrated for keeps its value. A parameter that gets
        another value is copied first: it may belong to other populations, too.

        :param targets: `core.chip.calibration_target.SpikingCalibTarget`; times in s
        :param neurons: `LogicalNeuronOnDLS` of each neuron; its first circuit counts
        """
        found = calibration.of_neurons(targets, calibration.first_circuits(neurons))
        if not getattr(self, "fire", True):
            del found["refractory_time"]
        for name, value in found.items():
            parameter = getattr(self, name)
            if parameter.is_trainable():
                continue  # its own function writes it
            value = calibration.where_known(name, value, parameter)
            if isinstance(value, Tensor) and value.ndim == 2:
                # The model has one time constant for both inputs.
                model = parameter.model_value
                if isinstance(parameter, HXParameter):
                    model = value.mean(0)
                own: HXBaseParameter = MixedHXModelParameter(model, value)
            else:
                own = copy(parameter)
                own.hardware_value = value
            before, after = (
                _content(p.hardware_value_detach()) for p in (parameter, own)
            )
            if before != after:
                setattr(self, name, own)

    def calibration_from_params(self, targets: Any, neurons: Sequence[Any]) -> Any:
        """Write the values on the chip into the targets of a calibration.

        :param targets: `core.chip.calibration_target.SpikingCalibTarget`; times in s
        :param neurons: `LogicalNeuronOnDLS` of each neuron
        :returns: the targets of the neurons, changed in place
        :raises SharedValueError: if populations differ in ``i_synin_gm`` or
            ``synapse_dac_bias``
        """
        builder = NetworkBuilder()
        others = getattr(self.execution_instance, "modules", ())
        for population in (self, *(p for p in others if isinstance(p, Population))):
            population.share_values(builder)
        values = self.params_dict()
        if not getattr(self, "fire", True):
            del values["refractory_time"]
        return calibration.to_neurons(targets, values, neurons)

    _resize = staticmethod(calibration.resize)
    _get_an_indices = staticmethod(calibration.circuits)
    _get_in_pop_indices = staticmethod(calibration.neuron_of_circuits)
    _get_an_to_in_pop_indices = staticmethod(calibration.first_circuits)

    def share_values(self, builder: NetworkBuilder) -> None:
        """Note the values that the chip has only once.

        :raises SharedValueError: if another population has other values
        """
        for name in ("i_synin_gm", "synapse_dac_bias"):
            builder.share(name, hardware_array(getattr(self, name)))

    def neuron_target(self) -> NeuronTarget:
        """Return the calibration targets of the neurons.

        :raises ParameterError: if a value does not fit the number of neurons
        """

        def floats(name: str, shape: tuple[int, ...] = (self.size,)) -> Floats:
            # A trained value is written by its own function, not found by calibration.
            if getattr(self, name).is_trainable():
                return np.full(shape, float(getattr(POPULATION, name)))
            return self._per_neuron(name, shape)

        def codes(name: str) -> Any:
            return np.full(self.size, self.codes.get(name, -1), dtype=np.int64)

        return NeuronTarget(
            leak=floats("leak"),
            reset=floats("reset"),
            threshold=floats("threshold"),
            tau_mem=floats("tau_mem"),
            tau_syn=floats("tau_syn", (2, self.size)),
            refractory_time=floats("refractory_time"),
            membrane_capacitance=floats("membrane_capacitance"),
            leak_code=codes("leak"),
            reset_code=codes("reset"),
            threshold_code=codes("threshold"),
            holdoff_time=floats("holdoff_time"),
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


class Projection(HXModule):
    """Synapses between two populations.

    :param in_features: number of sources
    :param out_features: number of targets
    :ivar weight: shape (target, source), model units
    :ivar receptor: kept, the emulated neurons have one excitatory and one inhibitory
        receptor, chosen by the sign of a weight

    >>> import core
    >>> isinstance(core.Synapse(2, 3, None), Projection)
    True
    """

    weight: Tensor
    receptor: Any = None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        experiment: "Experiment | None",
        execution_instance: Any = None,
        chip_coordinate: Any = None,
    ) -> None:
        super().__init__(experiment, execution_instance, chip_coordinate)
        name = type(self).__name__
        self.in_features = _count(name, "number of sources", in_features)
        self.out_features = _count(name, "number of targets", out_features)

    def source_population(self) -> BasePopulation:
        """Return the population before the projection.

        :raises NetworkError: if it is not called between two populations
        """
        return self._neighbour("source_populations")

    def target_population(self) -> BasePopulation:
        """Return the population after the projection.

        :raises NetworkError: if it is not called between two populations
        """
        return self._neighbour("target_populations")

    def _neighbour(self, side: str) -> BasePopulation:
        manager = None if self.experiment is None else self.experiment.modules
        found: list[BasePopulation] = []
        if manager is not None and self in manager.connected():
            found = getattr(manager, side)(self)
        if len(found) != 1:
            raise NetworkError(
                str(self.descriptor or type(self).__name__),
                f"has {len(found)} {side.replace('_', ' ')}.",
                "Call it between two populations first.",
            )
        return found[0]

    def register_hw_entity(self) -> None:
        """Announce the projection to its experiment, which names it."""
        if self.experiment is not None:
            self.experiment.register_projection(self)

    def add_to_network_graph(self, pre: str, post: str, builder: NetworkBuilder) -> Any:
        """Add the projection to the network of the chip and return its name.

        :raises NotImplementedError: a class of the user has to define it
        """
        raise NotImplementedError(
            f"{type(self).__name__} does not say what it is on the chip. Define"
            " add_to_network_graph, derive from Synapse, or run with mock=True."
        )

    def extra_repr(self) -> str:
        """Return what is printed of the module."""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"{super().extra_repr()}"
        )


#: What a population accepts for a parameter: a kind of parameter, or a plain value.
ModuleParameterType = ParameterType | float | int | Tensor | None


def integer_weights(weight: Tensor) -> Any:
    """Return ``weight`` as integers; a half is rounded away from zero.

    :raises ParameterError: if a weight is not finite
    """
    weight = weight.detach().double().cpu()
    if not torch.isfinite(weight).all():
        raise ParameterError(
            "weights",
            f"{int((~torch.isfinite(weight)).sum())} of {weight.numel()} are not finite"
            " after their transform.",
            "Look for NaN in the training, or let the transform saturate.",
        )
    rounded = torch.sign(weight) * torch.floor(weight.abs() + 0.5)
    return rounded.numpy().astype(np.int64)


def _count(where: str, what: str, number: Any) -> int:
    """Return a number of neurons.

    :raises ParameterError: if it is not a whole number of 0 or more
    """
    if isinstance(number, bool) or not isinstance(number, Integral) or number < 0:
        raise ParameterError(
            where, f"the {what} is {number!r}.", "Give a whole number, 0 or more."
        )
    return int(number)


def dense_spikes(where: str, spikes: Any) -> Tensor:
    """Return ``spikes``, if they are a dense tensor.

    :raises SpikesError: if they are not
    """
    tensor = isinstance(spikes, Tensor)
    if not tensor or spikes.layout is not torch.strided:
        kind = "a sparse tensor" if tensor else type(spikes).__name__
        raise SpikesError(
            where,
            f"its spikes are {kind}.",
            "Give a dense tensor of shape (time, batch, neurons).",
        )
    found: Tensor = spikes
    return found


def finite_spikes(where: str, spikes: Any) -> Tensor:
    """Return ``spikes``, if they are a dense tensor of finite numbers.

    Only what enters an experiment is checked: neurons send 0 and 1.

    :raises SpikesError: if they are no dense tensor
    :raises ParameterError: if a value is not finite
    """
    found = dense_spikes(where, spikes)
    if not all_finite(found.detach()):
        raise ParameterError(
            where, "some of its spikes are not finite.", "Give 0 or 1."
        )
    return found


def _content(value: Any) -> Any:
    """Return something that differs if ``value`` does."""
    if isinstance(value, Tensor):
        value = value.cpu().numpy()
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    return repr(value)
