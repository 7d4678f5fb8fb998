"""Sources of spikes outside of the chip."""

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from core.chip.network import ExternalPopulation, NetworkBuilder
from core.chip.results import Events
from core.errors import ShapeError
from core.functional.measured import MeasuredDataError
from core.functional.spike_source import input_neuron
from core.handle import DataHandle, LIFObservables
from core.modules.types import InputPopulation, dense_spikes, finite_spikes
from core.observables import HardwareObservables
from core.units import CYCLE

if TYPE_CHECKING:
    from core.experiment import Experiment

log = logging.getLogger(__name__)


class InputNeuron(InputPopulation):
    """Sends spikes to the chip; made by the experiment in front of open synapses.

    Every non-zero entry of the input is one event at its time step. With loopback the
    recorded events take the place of the input and gradients pass.

    :param size: number of channels
    :param enable_spike_loopback: record the spikes that are sent and use them for the
        gradients; without it the execution instance decides

    >>> import core
    >>> core.InputNeuron(5, core.Experiment(mock=True)).size
    5
    """

    output_type = LIFObservables

    def __init__(
        self,
        size: int,
        experiment: "Experiment | None",
        execution_instance: Any = None,
        chip_coordinate: Any = None,
        *,
        enable_spike_loopback: bool = False,
    ) -> None:
        if isinstance(chip_coordinate, bool):  # as newer scripts place it
            chip_coordinate, enable_spike_loopback = None, chip_coordinate
        super().__init__(size, experiment, execution_instance, chip_coordinate)
        self.enable_spike_loopback = enable_spike_loopback
        self._graded = False  # it was said that spikes are no 0 or 1

    def add_to_network_graph(self, builder: NetworkBuilder) -> str:
        """Add the source to the network of the chip and return its name."""
        assert self.descriptor is not None, "registered before"
        return builder.add(ExternalPopulation(self.descriptor, self.size))

    def add_to_input_generator(
        self, input: DataHandle, builder: dict[str, Events], dt: float | None = None
    ) -> None:
        """Add the events of this source to ``builder``, by its name.

        :param input: with ``spikes`` of shape (time, batch, neurons)
        :param dt: step width, s; None takes that of the experiment
        :raises ShapeError: if the number of channels differs
        """
        if dt is None:
            dt = 1e-6 if self.experiment is None else self.experiment.dt
        builder[str(self.descriptor)] = self.input_events(input.spikes, dt)

    def input_events(self, spikes: Tensor | None, dt: float) -> Events:
        """Return the events of dense spikes.

        :param spikes: shape (time, batch, neurons)
        :param dt: step width, s
        :raises SpikesError: if they are no dense tensor
        :raises ShapeError: if the number of channels differs
        :raises ParameterError: if a value is not finite
        """
        where = f"input '{self.descriptor}'"
        spikes = finite_spikes(where, spikes)
        if spikes.ndim != 3 or spikes.shape[-1] != self.size:
            raise ShapeError(
                where,
                f"has {self.size} channels, its spikes have shape "
                f"{tuple(spikes.shape)}.",
                f"Give them the shape (time, batch, {self.size}).",
            )
        values = spikes.detach().cpu().numpy().swapaxes(0, 1)
        batch, step, neuron = np.nonzero(values)
        if not self._graded and (values[batch, step, neuron] != 1).any():
            self._graded = True
            log.warning(
                "%s: some spikes are neither 0 nor 1. The chip gets one spike for each,"
                " the model what they are.",
                where,
            )
        cycle = np.rint(step * (dt / CYCLE)).astype(np.int64)
        return Events(cycle, batch, neuron)

    def post_process(self, hw_data: HardwareObservables, runtime: float) -> Any:
        """Return the spikes that were sent; None without loopback.

        :param runtime: s
        :returns: shape (time, batch, neurons)
        """
        instance = self.execution_instance
        loopback = self.enable_spike_loopback or getattr(
            instance, "input_loopback", False
        )
        if not loopback or hw_data.spikes is None or self.experiment is None:
            return None
        return hw_data.spikes.to_dense(runtime, self.experiment.dt).float()

    def forward_func(  # type: ignore[override]
        self, input: DataHandle, hw_data: Any = None
    ) -> DataHandle:
        """Return the spikes of ``input``, or those recorded.

        :param input: with ``spikes`` of shape (time, batch, neurons)
        :param hw_data: what `post_process` returned
        :raises SpikesError: if the spikes are no dense tensor
        :raises MeasuredDataError: if ``hw_data`` is no tensor
        :raises ShapeError: if it is of other batch entries or channels
        """
        spikes = dense_spikes(type(self).__name__, input.spikes)
        if hw_data is not None and not isinstance(hw_data, Tensor):
            raise MeasuredDataError(
                "measured data",
                f"is a {type(hw_data).__name__}.",
                "Give the tensor that post_process returned, or None.",
            )
        if hw_data is not None and hw_data.shape[1:] != spikes.shape[1:]:
            raise ShapeError(
                "measured data",
                f"has shape {tuple(hw_data.shape)}, the input {tuple(spikes.shape)}.",
                "Give both the same batch entries and neurons.",
            )
        return LIFObservables(spikes=input_neuron(spikes, hw_data))
