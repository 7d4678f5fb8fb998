"""Sources of spikes outside of the chip."""

from typing import Any

import numpy as np
from torch import Tensor

from core.chip.network import ExternalPopulation, NetworkBuilder
from core.chip.results import Events
from core.errors import ShapeError
from core.functional.spike_source import input_neuron
from core.handle import DataHandle, LIFObservables
from core.modules.types import InputPopulation
from core.observables import HardwareObservables
from core.units import CYCLE


class InputNeuron(InputPopulation):
    """Sends spikes to the chip; made by the experiment in front of open synapses.

    Every non-zero entry of the input is one event at its time step. With loopback the
    recorded events take the place of the input and gradients pass.

    :param size: number of channels

    >>> import core
    >>> core.InputNeuron(5, core.Experiment(mock=True)).size
    5
    """

    output_type = LIFObservables

    def add_to_network_graph(self, builder: NetworkBuilder) -> str:
        """Add the source to the network of the chip and return its name."""
        assert self.descriptor is not None, "registered before"
        return builder.add(ExternalPopulation(self.descriptor, self.size))

    def input_events(self, spikes: Tensor, dt: float) -> Events:
        """Return the events of dense spikes.

        :param spikes: shape (time, batch, neurons)
        :param dt: step width, s
        :raises ShapeError: if the number of channels differs
        """
        if spikes.ndim != 3 or spikes.shape[-1] != self.size:
            raise ShapeError(
                f"input '{self.descriptor}'",
                f"has {self.size} channels, its spikes have shape "
                f"{tuple(spikes.shape)}.",
                f"Give them the shape (time, batch, {self.size}).",
            )
        batch, step, neuron = np.nonzero(spikes.detach().cpu().numpy().swapaxes(0, 1))
        cycle = np.rint(step * (dt / CYCLE)).astype(np.int64)
        return Events(cycle, batch, neuron)

    def post_process(self, hw_data: HardwareObservables, runtime: float) -> Any:
        """Return the recorded spikes, shape (time, batch, neurons); None without."""
        if hw_data.spikes is None or self.experiment is None:
            return None
        return hw_data.spikes.to_dense(runtime, self.experiment.dt)

    def forward_func(  # type: ignore[override]
        self, input: DataHandle, hw_data: Any = None
    ) -> DataHandle:
        """Return the spikes of ``input``, or those recorded."""
        return LIFObservables(spikes=input_neuron(input.spikes, hw_data))
