"""What the measurements of scales share: neurons under a constant current, a run."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from inspect import signature
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from core import connection
from core.chip.atomic_neuron import CurrentType
from core.chip.coordinates import CompartmentOnLogicalNeuron, LogicalNeuronOnDLS
from core.chip.geometry import CIRCUITS
from core.chip.neuron_block import NeuronBlock
from core.chip.pipeline import StageMemory
from core.errors import ParameterError
from core.execution_instance import ExecutionInstance
from core.experiment import Experiment
from core.handle import DataHandle, LIFObservables
from core.modules import LI, LIF, Synapse
from core.modules.defaults import NEURON
from core.modules.neuron.in_model import LI_TERMS, LIF_TERMS
from core.morphology import SingleCompartmentNeuron
from core.parameter import (
    HXBaseParameter,
    HXParameter,
    detached,
    hardware_array,
)
from core.run import run

#: Time steps of a run, and inputs of neurons that are not driven.
STEPS, INPUTS = 100, 20
#: Code of the constant current: it drives a membrane to its limit.
OFFSET_CODE = 1000


class ConstantCurrentMixin:
    """Neurons with a constant current onto their membrane, on the chip.

    :ivar current_type: a source lifts the membrane, a sink draws it down
    :ivar enable_current: whether the current flows
    """

    current_type: CurrentType = CurrentType.source
    enable_current: bool = True

    def configure_hw_entity(
        self, neuron_id: int, neuron_block: NeuronBlock, coord: LogicalNeuronOnDLS
    ) -> None:
        """Set the current of the first circuit of one neuron.

        :param neuron_id: its number on the chip
        :param neuron_block: the settings of all circuits
        :param coord: where it is
        """
        super().configure_hw_entity(neuron_id, neuron_block, coord)  # type: ignore[misc]
        compartment = coord.get_placed_compartments()[CompartmentOnLogicalNeuron(0)]
        current = neuron_block.atomic_neurons[compartment[0]].constant_current
        current.i_offset = OFFSET_CODE
        current.type = CurrentType(self.current_type)
        current.enable = self.enable_current


class ConstantCurrentNeuron(ConstantCurrentMixin, LIF):
    """`LIF` neurons under a constant current.

    >>> import core
    >>> neuron = ConstantCurrentNeuron(3, core.Experiment(mock=True))
    >>> neuron.enable_current
    True
    """


class ConstantCurrentReadoutNeuron(ConstantCurrentMixin, LI):
    """`LI` neurons under a constant current.

    >>> import core
    >>> neuron = ConstantCurrentReadoutNeuron(3, core.Experiment(mock=True))
    >>> neuron.current_type.name
    'source'
    """


class OwnArgumentError(ParameterError, TypeError):
    """Parameters of neurons hold what is an argument of the measurement."""


class Measurement:
    """Several runs of neurons that fill the chip, with one calibration.

    :param params: parameters of the neurons
    :param calib_path: calibration file; None calibrates for ``params``
    :param batch_size: number of repetitions
    :param neuron_structure: circuits of a neuron; None is one
    :cvar own_arguments: what the neurons get from elsewhere than ``params``
    :raises OwnArgumentError: if ``params`` hold one of them
    """

    own_arguments: ClassVar[tuple[str, ...]] = (
        "size",
        "experiment",
        "neuron_structure",
        *LIF_TERMS,
    )

    def __init__(
        self,
        params: Mapping[str, Any] | None = None,
        calib_path: str | Path | None = None,
        batch_size: int = 100,
        neuron_structure: SingleCompartmentNeuron | None = None,
    ) -> None:
        if not isinstance(params, Mapping | None):
            raise ParameterError(
                f"{type(self).__name__}.params",
                f"are {params!r}.",
                "Give a dict of parameters of the neurons.",
            )
        self.params = dict(params or {})
        self._check_params()
        self.calib_path = calib_path
        self.batch_size = batch_size
        self.neuron_structure = neuron_structure or SingleCompartmentNeuron(1)
        self._memory = StageMemory()

    def _check_params(self) -> None:
        name = type(self).__name__
        wrong = [n for n in self.params if n in self.own_arguments]
        if wrong:
            arguments = signature(type(self)).parameters
            own = [n for n in wrong if n in arguments]
            raise OwnArgumentError(
                f"{name}.params",
                f"{', '.join(wrong)} cannot be a parameter of its neurons.",
                f"Give {', '.join(own)} to {name} itself."
                if own
                else "Leave it out: the measurement sets it.",
            )

    @property
    def size(self) -> int:
        """Number of neurons that fill the chip."""
        return CIRCUITS // self.neuron_structure.size

    def experiment(self, dt: float = 1e-6, mock: bool = False) -> Experiment:
        """Return a new experiment that remembers the calibration of the others."""
        exp = Experiment(mock=mock, dt=dt)
        exp.default_execution_instance = ExecutionInstance(
            None if mock else self.calib_path, memory=self._memory
        )
        return exp

    def silence(self) -> Tensor:
        """Return inputs without spikes, shape (time, batch, channels)."""
        return torch.zeros(STEPS, self.batch_size, INPUTS)


def undriven(inputs: Tensor, neurons: LI | LIF) -> DataHandle:
    """Call ``neurons`` behind synapses of weight 0; return their handle.

    :param inputs: spikes, shape (time, batch, channels)
    """
    synapse = Synapse(inputs.shape[-1], neurons.size, neurons.experiment)
    synapse.weight.data.zero_()
    handle: DataHandle = neurons(synapse(LIFObservables(spikes=inputs)))
    return handle


def trace_of(handle: DataHandle, exp: Experiment) -> Tensor:
    """Run and return the CADC trace of a handle, shape (time, batch, neurons)."""
    run(exp, STEPS)
    trace: Tensor = handle.membrane_cadc.detach()
    return trace


@contextmanager
def connected() -> Iterator[None]:
    """Open the connection for some runs and leave it as it was found."""
    was_open = connection.present()
    connection.open()
    try:
        yield
    finally:
        if not was_open:
            connection.close()


def readout(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that neurons without spikes take."""
    return {k: v for k, v in params.items() if k not in LI_TERMS}


def threshold_on_chip(params: Mapping[str, Any]) -> float:
    """Return how far the threshold is above the leak on the chip, LSB.

    :raises ParameterError: if it is not above it, or one of them is no number
    """
    leak, threshold = (
        float(np.mean(_numbers(name, hardware_array(_parameter(params, name)))))
        for name in ("leak", "threshold")
    )
    if not threshold > leak:
        raise ParameterError(
            "parameters",
            f"on the chip the threshold is {threshold:g} LSB, the leak {leak:g} LSB.",
            "Set the threshold above the leak.",
        )
    return threshold - leak


def threshold_in_model(params: Mapping[str, Any]) -> Any:
    """Return how far the threshold is above the leak, model units.

    Where the leak is not below it, as the default of 80 LSB is not, traces are counted
    from rest.

    :raises ParameterError: if one of them is no number
    """
    leak, threshold = (
        detached(_parameter(params, name).model_value) for name in ("leak", "threshold")
    )
    for name, value in (("leak", leak), ("threshold", threshold)):
        _numbers(name, value)
    above = threshold - leak
    return above if bool(torch.as_tensor(above > 0).all()) else threshold


def _numbers(name: str, values: Any) -> Any:
    """Return ``values`` as an array of numbers.

    :raises ParameterError: if they are none
    """
    array = np.asarray(values.cpu() if torch.is_tensor(values) else values)
    if array.dtype.kind not in "iuf":
        raise ParameterError(
            name, f"is {array.tolist()!r}, not a number.", "Give a number."
        )
    return array


def _parameter(params: Mapping[str, Any], name: str) -> HXBaseParameter:
    value = params.get(name, getattr(NEURON, name))
    return value if isinstance(value, HXBaseParameter) else HXParameter(value)
