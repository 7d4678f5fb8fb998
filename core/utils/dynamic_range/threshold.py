"""How many model units an LSB of a trace is, from where neurons spike.

Under a constant current the highest sample of a trace is the threshold::

    scale = threshold in the model / (highest sample - baseline)
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.experiment import Experiment
from core.handle import DataHandle
from core.morphology import SingleCompartmentNeuron
from core.utils.dynamic_range.helper import (
    ConstantCurrentNeuron,
    Measurement,
    connected,
    threshold_in_model,
    trace_of,
    undriven,
)


class Threshold(Measurement):
    """Measures how far the thresholds are above the resting membranes.

    The arguments are those of `Measurement`.

    >>> traces = torch.tensor([-48.0, -3.0, -20.0]).reshape(3, 1, 1)
    >>> mean, thresholds = Threshold().post_process(traces, torch.tensor([-48.0]))
    >>> float(mean), thresholds.tolist()
    (45.0, [45.0])
    """

    _neurons: ConstantCurrentNeuron | None = None

    def build_model(
        self, inputs: Tensor, exp: Experiment, enable_current: bool = True
    ) -> DataHandle:
        """Connect neurons that fill the chip; return their handle, filled by a run.

        :param inputs: spikes, shape (time, batch, channels)
        """
        neurons = ConstantCurrentNeuron(
            self.size, exp, neuron_structure=self.neuron_structure, **self.params
        )
        neurons.enable_current = enable_current
        self._neurons = neurons
        return undriven(inputs, neurons)

    def run(self, dt: float = 1e-6) -> tuple[Tensor, Tensor, Tensor, list[Any]]:
        """Measure.

        :param dt: step width, s
        :returns: mean distance of threshold and baseline, LSB; that of each neuron;
            traces under the current, shape (time, batch, neurons), LSB, raw − 128;
            coordinates of the neurons
        """
        with connected():
            baselines = self._measure(dt, enable_current=False).mean((0, 1))
            traces = self._measure(dt, enable_current=True)
        mean, thresholds = self.post_process(traces, baselines)
        assert self._neurons is not None, "built for the measurement"
        return mean, thresholds, traces, list(self._neurons.coordinates)

    def _measure(self, dt: float, enable_current: bool) -> Tensor:
        exp = self.experiment(dt)
        return trace_of(self.build_model(self.silence(), exp, enable_current), exp)

    def post_process(self, traces: Tensor, baselines: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean distance of threshold and baseline, and that of each neuron.

        :param traces: under the current, shape (time, batch, neurons), LSB
        :param baselines: shape (neurons,), LSB
        """
        thresholds = (traces - baselines).amax(0).mean(0)  # (neurons,)
        return thresholds.mean(), thresholds


def get_trace_scaling(
    params: Mapping[str, Any] | None = None,
    calib_path: str | Path | None = None,
    neuron_structure: SingleCompartmentNeuron | None = None,
) -> Tensor:
    """Return the model units of one LSB of a CADC trace: a ``trace_scale``.

    :param params: parameters of the neurons, with ``leak`` and ``threshold``
    :param calib_path: calibration file; None calibrates for ``params``
    :param neuron_structure: circuits of a neuron; None is one
    """
    measurement = Threshold(params, calib_path, neuron_structure=neuron_structure)
    mean, *_ = measurement.run()
    return torch.as_tensor(threshold_in_model(measurement.params) / mean)
