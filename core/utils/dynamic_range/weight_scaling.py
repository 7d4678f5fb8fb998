"""How many weight LSB a weight of the model is, from responses to single spikes.

The height of a response is proportional to the weight. With its slopes s, a least
squares fit through the origin for each neuron, in the model and on the chip::

    scale = mean(s_model / s_chip) · (threshold - leak on the chip, LSB)
                                   / (threshold - leak in the model)
"""

from collections.abc import Mapping
from functools import partial
from numbers import Integral
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.errors import ParameterError
from core.handle import LIFObservables
from core.modules import LI, Synapse
from core.morphology import SingleCompartmentNeuron
from core.transforms.weight_transforms import linear_saturating
from core.units import WEIGHT_MAX
from core.utils.dynamic_range.helper import (
    STEPS,
    Measurement,
    connected,
    readout,
    threshold_in_model,
    threshold_on_chip,
    trace_of,
)

#: Time step of the one spike.
_SPIKE = 10
#: Weights that are tried in the model.
_MODEL_WEIGHTS = torch.linspace(-1, 1, 21)
#: Number of weights that are tried on the chip, every sixth of them.
WEIGHTS = 22


class WeightScaling(Measurement):
    """Measures the response to a spike for many weights.

    Arguments as of `Measurement`, and:

    :param trace_scale: model units per LSB of a trace
    :cvar max_weight: largest weight on the chip
    :cvar min_weight: smallest one

    >>> scaling = WeightScaling()
    >>> traces = torch.tensor([-48.0, -26.0, -40.0]).reshape(3, 1, 1)
    >>> scaling.post_process(traces, 63).tolist()
    [22.0]
    """

    max_weight = WEIGHT_MAX
    min_weight = -WEIGHT_MAX
    own_arguments = (*Measurement.own_arguments, "trace_scale")

    def __init__(
        self,
        params: Mapping[str, Any] | None = None,
        calib_path: str | Path | None = None,
        batch_size: int = 100,
        trace_scale: float = 1.0,
        neuron_structure: SingleCompartmentNeuron | None = None,
    ) -> None:
        super().__init__(params, calib_path, batch_size, neuron_structure)
        self.trace_scale = trace_scale

    def execute(self, weight: float, mock: bool = False) -> Tensor:
        """Return the traces after one spike, shape (time, batch, neurons).

        :param weight: LSB on the chip, model units in the model
        :param mock: run the model; there one batch entry is enough
        """
        exp = self.experiment(mock=mock)
        bounds = partial(
            linear_saturating, min_weight=self.min_weight, max_weight=self.max_weight
        )
        synapse = Synapse(1, self.size, exp, transform=bounds)
        synapse.weight.data.fill_(weight)
        neurons = LI(
            self.size,
            exp,
            trace_scale=self.trace_scale,
            neuron_structure=self.neuron_structure,
            **readout(self.params),
        )
        spikes = torch.zeros(STEPS, 1 if mock else self.batch_size, 1)
        spikes[_SPIKE] = 1
        return trace_of(neurons(synapse(LIFObservables(spikes=spikes))), exp)

    def post_process(self, traces: Tensor, weight: float) -> Tensor:
        """Return the height of the response of each neuron, shape (neurons,).

        :param traces: shape (time, batch, neurons)
        :param weight: its sign says whether the response goes up or down
        """
        shifted = traces - traces[0]
        extreme = shifted.amax(0) if weight >= 0 else shifted.amin(0)
        return extreme.mean(0)

    def run(
        self, weight_step: int = WEIGHTS
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Measure.

        :param weight_step: number of weights on the chip, evenly from −63 to 63
        :returns: mean of model slope / chip slope; that of each neuron; slopes on the
            chip and in the model, shape (neurons,); heights on the chip and in the
            model, shape (weights, neurons)
        :raises ParameterError: if there is no weight other than 0
        """
        weights = hardware_weights(weight_step, self.min_weight, self.max_weight)
        with connected():
            on_chip = self._heights(weights, mock=False)
        in_model = self._heights(_MODEL_WEIGHTS, mock=True)
        hw_scales = slope(weights, on_chip)
        sw_scales = slope(_MODEL_WEIGHTS, in_model)
        scales = sw_scales / hw_scales
        return scales.mean(), scales, hw_scales, sw_scales, on_chip, in_model

    def _heights(self, weights: Tensor, mock: bool) -> Tensor:
        return torch.stack(
            [self.post_process(self.execute(w, mock), w) for w in weights.tolist()]
        )


def hardware_weights(count: int, low: float, high: float) -> Tensor:
    """Return ``count`` whole weights, evenly from ``low`` to ``high``.

    :raises ParameterError: if ``count`` is no whole number, or there is none but 0

    >>> hardware_weights(4, -63, 63)
    tensor([-63., -21.,  21.,  63.])
    """
    whole = isinstance(count, Integral)
    weights = torch.linspace(low, high, max(int(count), 0) if whole else 0).round()
    if not weights.any():
        raise ParameterError(
            "weight scaling",
            f"weight_step is {count!r}, the number of weights.",
            f"Use a whole number of 2 or more, {WEIGHTS} for example.",
        )
    return weights


def slope(weights: Tensor, heights: Tensor) -> Tensor:
    """Return the slopes of lines through the origin, by least squares.

    :param weights: shape (weights,)
    :param heights: shape (weights, neurons)
    :returns: shape (neurons,)

    >>> slope(torch.tensor([-1.0, 2.0]), torch.tensor([[-3.0], [6.0]]))
    tensor([3.])
    """
    return (weights @ heights) / (weights @ weights)


def get_weight_scaling(
    params: Mapping[str, Any] | None = None,
    weight_step: int = WEIGHTS,
    calib_path: str | Path | None = None,
    neuron_structure: SingleCompartmentNeuron | None = None,
) -> Tensor:
    """Return the weight LSB of a model weight of 1: a ``scale`` of the transform.

    :param params: parameters of the neurons, with ``leak`` and ``threshold``
    :param weight_step: number of weights that are tried on the chip
    :param calib_path: calibration file; None calibrates for ``params``
    :param neuron_structure: circuits of a neuron; None is one
    :raises ParameterError: if there is no weight other than 0, or the threshold is not
        above the leak
    """
    measurement = WeightScaling(params, calib_path, neuron_structure=neuron_structure)
    lsb_per_unit = threshold_on_chip(measurement.params) / threshold_in_model(
        measurement.params
    )
    mean, *_ = measurement.run(weight_step)
    return torch.as_tensor(mean * lsb_per_unit)
