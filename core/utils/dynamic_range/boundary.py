"""How far the membranes of the chip reach.

A constant current drives all membranes to their upper and to their lower limit; what
the CADC then reads, raw − 128, is the range of the traces.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from core.chip.atomic_neuron import CurrentType
from core.experiment import Experiment
from core.handle import DataHandle
from core.morphology import SingleCompartmentNeuron
from core.utils.dynamic_range.helper import (
    ConstantCurrentReadoutNeuron,
    Measurement,
    connected,
    readout,
    trace_of,
    undriven,
)

#: A membrane is taken to be at its limit in the last part of a run.
_LAST = 0.2


class Boundaries(Measurement):
    """Measures the range of the membranes; the arguments are those of `Measurement`.

    >>> import torch
    >>> traces = [torch.full((10, 2, 3), value) for value in (-45.0, 100.0, -103.0)]
    >>> [float(value) for value in Boundaries().post_process(*traces)]
    [-45.0, 100.0, -103.0]
    """

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
        neurons = ConstantCurrentReadoutNeuron(
            self.size,
            exp,
            neuron_structure=self.neuron_structure,
            **readout(self.params),
        )
        neurons.enable_current = enable_current
        if current_type is not None:
            neurons.current_type = current_type
        return undriven(inputs, neurons)

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
        exp = self.experiment(dt)
        handle = self.build_model(self.silence(), exp, current_type, enable_current)
        return trace_of(handle, exp)

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
