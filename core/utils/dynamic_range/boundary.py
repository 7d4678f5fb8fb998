"""How far the membranes of the chip reach.

A constant current drives all membranes to their upper and to their lower limit; what
the CADC then reads, raw − 128, is the range of the traces.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.chip.atomic_neuron import CurrentType
from core.chip.geometry import CIRCUITS
from core.chip.pipeline import StageMemory
from core.execution_instance import ExecutionInstance
from core.experiment import Experiment
from core.handle import DataHandle, LIFObservables
from core.modules import Synapse
from core.morphology import SingleCompartmentNeuron
from core.run import run
from core.utils.dynamic_range.helper import (
    ConstantCurrentReadoutNeuron,
    connected,
    readout,
)

#: Time steps of a run, and inputs, which stay silent.
STEPS, INPUTS = 100, 20
#: A membrane is taken to be at its limit in the last part of a run.
_LAST = 0.2


class Boundaries:
    """Measures the range of the membranes.

    :param params: parameters of the neurons
    :param calib_path: calibration file; None calibrates for ``params``
    :param batch_size: number of measurements
    :param neuron_structure: circuits of a neuron; None is one

    >>> traces = [torch.full((10, 2, 3), value) for value in (-45.0, 100.0, -103.0)]
    >>> [float(value) for value in Boundaries().post_process(*traces)]
    [-45.0, 100.0, -103.0]
    """

    def __init__(
        self,
        params: Mapping[str, Any] | None = None,
        calib_path: str | Path | None = None,
        batch_size: int = 100,
        neuron_structure: SingleCompartmentNeuron | None = None,
    ) -> None:
        self.params = dict(params or {})
        self.calib_path = calib_path
        self.batch_size = batch_size
        self.neuron_structure = neuron_structure or SingleCompartmentNeuron(1)
        self._memory = StageMemory()

    @property
    def size(self) -> int:
        """Number of neurons that fill the chip."""
        return CIRCUITS // self.neuron_structure.size

    def build_model(
        self,
        inputs: Tensor,
        exp: Experiment,
        current_type: CurrentType | None = None,
        enable_current: bool = True,
    ) -> DataHandle:
        """Connect neurons that fill the chip; return their handle, filled by a run.

        :param inputs: spikes, shape (time, batch, channels)
        :param current_type: None leaves the default, a source
        """
        synapse = Synapse(inputs.shape[-1], self.size, exp)
        synapse.weight.data.zero_()
        neurons = ConstantCurrentReadoutNeuron(
            self.size,
            exp,
            neuron_structure=self.neuron_structure,
            **readout(self.params),
        )
        neurons.enable_current = enable_current
        if current_type is not None:
            neurons.current_type = current_type
        handle: DataHandle = neurons(synapse(LIFObservables(spikes=inputs)))
        return handle

    def run(self, dt: float = 1e-6) -> tuple[Tensor, Tensor, Tensor]:
        """Measure; return baseline, upper and lower limit, CADC LSB, raw − 128.

        :param dt: step width, s
        """
        with connected():
            traces = [
                self._measure(dt, current_type, enable_current)
                for current_type, enable_current in (
                    (None, False),
                    (CurrentType.source, True),
                    (CurrentType.sink, True),
                )
            ]
        return self.post_process(*traces)

    def _measure(
        self, dt: float, current_type: CurrentType | None, enable_current: bool
    ) -> Tensor:
        exp = Experiment(mock=False, dt=dt)
        exp.default_execution_instance = ExecutionInstance(
            self.calib_path, memory=self._memory
        )
        inputs = torch.zeros(STEPS, self.batch_size, INPUTS)
        handle = self.build_model(inputs, exp, current_type, enable_current)
        run(exp, STEPS)
        trace: Tensor = handle.membrane_cadc.detach()
        return trace

    def post_process(
        self, baselines: Tensor, upperlines: Tensor, lowerlines: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the means of all traces; of limits in the last 20 % of the time.

        :param baselines: without a current, shape (time, batch, neurons), LSB
        :param upperlines: under a source, same shape
        :param lowerlines: under a sink, same shape
        """
        upper, lower = (
            line[-max(1, round(_LAST * len(line))) :].mean()
            for line in (upperlines, lowerlines)
        )
        return baselines.mean(), upper, lower


def get_dynamic_range(
    neuron_structure: SingleCompartmentNeuron | None = None,
    calib_path: str | Path | None = None,
    params: Mapping[str, Any] | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return baseline, upper and lower limit of the membranes, LSB, raw − 128.

    :param neuron_structure: circuits of a neuron; None is one
    :param calib_path: calibration file; None calibrates for ``params``
    :param params: parameters of the neurons
    """
    return Boundaries(params, calib_path, neuron_structure=neuron_structure).run()
